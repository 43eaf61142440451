"""Small inputs to convolve by hand, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True)
class Example:
    """One worked example.

    Parameters
    ----------
    name : str
        What it is called.
    rows : tuple of tuple of float
        The input, row by row.
    source : str
        Where it comes from.
    """

    name: str
    rows: tuple[tuple[float, ...], ...]
    source: str

    @property
    def values(self) -> NDArray[np.float64]:
        """The input, ndarray of shape (1, H, W)."""
        return np.array([self.rows], dtype=np.float64)


EXAMPLES: dict[str, Example] = {
    entry.name: entry
    for entry in (
        Example(
            "binary 5 × 5",
            (
                (1, 1, 1, 0, 0),
                (0, 1, 1, 1, 0),
                (0, 0, 1, 1, 1),
                (0, 0, 1, 1, 0),
                (0, 1, 1, 0, 0),
            ),
            "the worked example of many lecture notes",
        ),
        Example(
            "step edge",
            tuple((10.0, 10.0, 10.0, 80.0, 80.0, 80.0) for _ in range(6)),
            "a dark and a bright half: the simplest edge",
        ),
        Example(
            "single bright pixel",
            tuple(tuple(float(r == c == 3) for c in range(7)) for r in range(7)),
            "an impulse: the output shows the kernel itself, turned by half a turn",
        ),
    )
}
