"""One measured ratio."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = ["Result", "as_dict", "as_table"]


@dataclass(frozen=True)
class Result:
    """A time of ours, the time of the baseline, both in seconds."""

    what: str
    baseline: str
    seconds: float
    baseline_seconds: float

    @property
    def ratio(self) -> float:
        """How many times the baseline's time we take."""
        return self.seconds / self.baseline_seconds


def as_dict(result: Result) -> dict[str, str | float]:
    """Return `result` for JSON."""
    return {**asdict(result), "ratio": result.ratio}


def as_table(results: list[Result]) -> str:
    """Return `results` as a Markdown table."""
    rows = [
        f"| {r.what} | {r.baseline} | {r.seconds * 1e3:.0f} ms | {r.baseline_seconds * 1e3:.0f} ms "
        f"| **{r.ratio:.2f}** |"
        for r in results
    ]
    head = ["| what | against | ours | baseline | ratio |", "|---|---|---|---|---|"]
    return "\n".join(head + rows)
