"""The calculation of a step in one line, as detailed as there is room for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cnnlab.animation.look import written
from cnnlab.trace import Trace

__all__ = ["Part", "Sentence", "fitting_sentence"]

Part = tuple[str, str]  # a text and the role in whose colour it is written
Sentence = Callable[[int], list[Part]]
_MOST_TERMS = 32  # more products fit into no line


def fitting_sentence(
    trace: Trace, steps: list[int], fits: Callable[[list[Part]], bool]
) -> Sentence:
    """Return what writes down a step: the most detailed form that fits for all steps.

    Parameters
    ----------
    trace : Trace
        The steps.
    steps : list of int
        Those that are shown.
    fits : callable
        Whether a line of parts is short enough.

    Returns
    -------
    callable
        From a step to the parts of its line: every product, or the sum of each channel, or only
        the result.
    """
    forms = [_Products(trace), _Sums(trace), _Result(trace)]
    return next(
        (form for form in forms if form.says_more and all(fits(form(s)) for s in steps)), forms[-1]
    )


class _Result:
    """Only the result, and what the activation made it of."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace

    @property
    def says_more(self) -> bool:
        return True

    def __call__(self, step: int) -> list[Part]:
        """Return the line of a step."""
        trace = self.trace
        p, *place = np.unravel_index(int(trace.writes[step]), trace.result.values.shape)
        where = ", ".join(
            str(int(n)) for n in ([p, *place] if len(trace.result.values) > 1 else place)
        )
        line = [(f"output[{where}]", "output"), (" = ", "text")]
        inner = self.inner(step)
        if trace.activation.name != "none":
            inner = [(f"{trace.activation.title}(", "text"), *inner, (")", "text")]
        total = (written(trace.totals[step], 6), "output")
        if not inner:
            return [*line, total]
        return [*line, *inner, (" = ", "text"), total]

    def inner(self, step: int) -> list[Part]:
        if self.trace.activation.name == "none":
            return []
        return [(written(self.trace.before[step], 6), "text")]

    def bias(self, step: int) -> list[Part]:
        if not self.trace.has_bias:
            return []
        return [(" + ", "text"), (_bracketed(self.trace.bias[step]), "kernel"), (" (bias)", "text")]


class _Sums(_Result):
    """The sum of each channel."""

    @property
    def says_more(self) -> bool:
        return self.trace.sums.shape[1] > 1 or self.trace.has_bias

    def inner(self, step: int) -> list[Part]:
        parts: list[Part] = []
        for value in self.trace.sums[step]:
            parts += [(" + ", "text"), (_bracketed(value), "text")]
        return parts[1:] + self.bias(step)


class _Products(_Result):
    """Every product."""

    @property
    def says_more(self) -> bool:
        return len(self.trace.group_of) <= _MOST_TERMS

    def inner(self, step: int) -> list[Part]:
        source, weight = self.trace.source.values.ravel(), self.trace.weight.values.ravel()
        parts: list[Part] = []
        for read, used in zip(self.trace.reads[step], self.trace.weights[step], strict=True):
            parts += [
                (" + ", "text"),
                (_bracketed(source[read]), "input"),
                ("·", "text"),
                (_bracketed(weight[used]), "kernel"),
            ]
        return parts[1:] + self.bias(step)


def _bracketed(value: float) -> str:
    """In a sum, what is negative stands in brackets."""
    return f"({written(value)})" if value < 0 else written(value)
