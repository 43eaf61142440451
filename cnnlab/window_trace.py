"""The steps of an operation without weights: each makes one number of the window it looks at.

As `Trace` is for products and sums, this is what the step player shows of a window: which cells it
covers, which of them count, how one number is made of them, and which cell decided it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.trace import Grid, distinct_rows, grid_payload, short

__all__ = ["Part", "Reduction", "WindowTrace", "window_payload"]

Places = NDArray[np.int64]


class Part(NamedTuple):
    """A number on the way to the result: the sign before it, its name, its value at each step."""

    sign: str
    title: str
    values: NDArray[np.float64]  # (S,)


@dataclass(frozen=True)
class Reduction:
    """The words and signs of an operation that makes one number of many.

    Parameters
    ----------
    says : str
        What is said before the numbers, such as "the largest of".
    between : str
        What is written between two numbers, such as ", " or " + ".
    each : str
        What is written behind each number, such as "²".
    wins : str
        What is written on the cell that decides the result; empty where none does.
    """

    says: str
    between: str
    each: str = ""
    wins: str = ""


@dataclass(frozen=True)
class WindowTrace:
    """Every step of one operation: S steps, each makes one number of a window.

    Parameters
    ----------
    source, result : Grid
        What is looked at, what is written. Indices below are flat ones into their ``values``.
        Plane k of the result is made of plane k of the source.
    windows : tuple of S ndarrays
        The source cells that each step covers, row by row.
    shapes : tuple of S (rows, columns)
        The size of each window.
    counted : tuple of S ndarrays
        Which cells of a window take part: places in it.
    opens, closes : tuple of S str
        What is written before and behind the numbers, such as "max(" and ")".
    parts : tuple of Part
        Numbers on the way to the result, in their order.
    writes : ndarray of shape (S,)
        The result cell that the step writes.
    totals : ndarray of shape (S,)
        What it writes there.
    reduction : Reduction
        The words and signs.
    winners : ndarray of shape (S,), optional
        The source cell that decides the result of each step.
    levels : dict
        What the levels of detail are called: "layer" shows all planes, "filter" one.
    """

    source: Grid
    result: Grid
    windows: tuple[Places, ...]
    shapes: tuple[tuple[int, int], ...]
    counted: tuple[Places, ...]
    opens: tuple[str, ...]
    closes: tuple[str, ...]
    parts: tuple[Part, ...]
    writes: Places
    totals: NDArray[np.float64]
    reduction: Reduction
    winners: Places | None = None
    levels: dict[str, str] = field(
        default_factory=lambda: {"layer": "All channels", "filter": "One channel"}
    )

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.writes)

    @property
    def unread(self) -> Places:
        """The source cells that no window covers."""
        covered = np.concatenate(self.windows)
        return np.setdiff1d(np.arange(self.source.values.size), covered)


def window_payload(trace: WindowTrace) -> dict[str, Any]:
    """Return `trace` as plain JSON types, small enough to send to a browser.

    Parameters
    ----------
    trace : WindowTrace
        The steps.

    Returns
    -------
    dict
        As ``trace_payload`` returns it, but ``weight`` is None, and ``steps`` tells of windows:
        step s covers ``read_patterns[read_pattern[s]]`` moved by ``first_read[s]``, an area of
        ``shapes[read_pattern[s]]``; of these cells those at the places
        ``count_patterns[count_pattern[s]]`` count. ``opens`` and ``closes`` are numbers of
        ``texts``.
    """
    first_read = [int(window[0]) for window in trace.windows]
    # The shape is told with the pattern, in case two shapes have the same cells.
    rows = [
        np.array([*shape, *(window - window[0])])
        for window, shape in zip(trace.windows, trace.shapes, strict=True)
    ]
    shaped, read_pattern = distinct_rows(rows)
    count_patterns, count_pattern = distinct_rows(trace.counted)
    texts = list(dict.fromkeys([*trace.opens, *trace.closes]))
    reduction = trace.reduction
    return {
        "source": grid_payload(trace.source),
        "weight": None,
        "result": grid_payload(trace.result),
        "unread": trace.unread.tolist(),
        "levels": trace.levels,
        "reduction": {
            "says": reduction.says,
            "between": reduction.between,
            "each": reduction.each,
            "wins": reduction.wins,
        },
        "steps": {
            "first_read": first_read,
            "read_pattern": read_pattern,
            "read_patterns": [row[2:] for row in shaped],
            "shapes": [row[:2] for row in shaped],
            "count_pattern": count_pattern,
            "count_patterns": count_patterns,
            "texts": texts,
            "opens": [texts.index(text) for text in trace.opens],
            "closes": [texts.index(text) for text in trace.closes],
            "parts": [
                {"sign": part.sign, "title": part.title, "values": short(part.values)}
                for part in trace.parts
            ],
            "winners": None if trace.winners is None else trace.winners.tolist(),
            "writes": trace.writes.tolist(),
            "totals": short(trace.totals),
        },
    }
