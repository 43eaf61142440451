"""Every step of a pooling, written down for the step player."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.pool_windows import Windows
from cnnlab.trace import Grid
from cnnlab.window_trace import Part, Reduction, WindowTrace

__all__ = ["Kind", "trace_pool2d"]

Floats = NDArray[np.float64]
Kind = Literal["max", "average", "L2"]

_REDUCTIONS: dict[Kind, Reduction] = {
    "max": Reduction("the largest of", ", ", wins="max"),
    "average": Reduction("the mean of", " + "),
    "L2": Reduction("the root of the sum of the squares of", " + ", each="²"),
}


def trace_pool2d(
    maps: Floats,
    windows: Windows,
    *,
    kind: Kind,
    count_include_pad: bool = True,
    whole: int = 0,
    channel_names: tuple[str, ...] | None = None,
    as_grey: bool = False,
) -> WindowTrace:
    """Return every step of a pooling: channel by channel, row by row, left to right.

    Parameters
    ----------
    maps : ndarray of shape (C, H, W)
        The input.
    windows : Windows
        Where the windows lie.
    kind : {"max", "average", "L2"}
        What is made of a window.
    count_include_pad : bool
        Whether the zeros of the padding count in a mean.
    whole : int
        Cells of a whole window: L2 pooling scales the sum of a window that is cut off by it, as
        PyTorch does; 0 where no window is cut off.
    channel_names : tuple of str, optional
        What the C channels are called.
    as_grey : bool
        Draw input and output as grey values from 0 to 255.

    Returns
    -------
    WindowTrace
        One step per output cell. Source indices point into the padded input.

    Examples
    --------
    >>> trace = trace_pool2d(np.array([[[1.0, 5.0, 2.0, 4.0]]]), Windows.sliding((1, 4), (1, 4)),
    ...     kind="max")
    >>> trace.totals.tolist(), trace.winners.tolist()
    ([5.0], [1])
    """
    names = channel_names or tuple(f"channel {c}" for c in range(len(maps)))
    height, width = windows.size
    top, left = -windows.rows[0].start, -windows.columns[0].start  # the padding
    zeros = kind == "average" and count_include_pad
    padded = np.full((len(maps), height + 2 * top, width + 2 * left), 0.0 if zeros else np.nan)
    padded[:, top : top + height, left : left + width] = maps
    places = np.arange(padded.size).reshape(padded.shape)
    flat = padded.ravel()

    covers, shapes, counted, closes, opens = [], [], [], [], []
    totals, sums, counts, winners = [], [], [], []
    for channel in range(len(maps)):
        for _, _, rows, columns in windows:
            area = places[
                channel,
                top + rows.start : top + rows.stop,
                left + columns.start : left + columns.stop,
            ]
            cells = area.ravel()
            inside = np.flatnonzero(~np.isnan(flat[cells]))
            numbers = flat[cells[inside]]
            opened, closed, value = _made(kind, numbers, whole)
            covers.append(cells)
            shapes.append((len(rows), len(columns)))
            counted.append(inside)
            opens.append(opened)
            closes.append(closed)
            totals.append(value)
            sums.append(float((numbers**2 if kind == "L2" else numbers).sum()))
            counts.append(len(numbers))
            winners.append(int(cells[inside[numbers.argmax()]]))
    result = np.array(totals).reshape(len(maps), *windows.output_size)
    shades = (0.0, 255.0) if as_grey else None
    return WindowTrace(
        source=Grid(
            "Input",
            padded,
            names,
            (top, top, left, left),
            shades,
            blank="−∞" if kind == "max" else "",
        ),
        result=Grid("Output", result, names, as_grey=None if kind == "L2" else shades),
        windows=tuple(covers),
        shapes=tuple(shapes),
        counted=tuple(counted),
        opens=tuple(opens),
        closes=tuple(closes),
        parts=_parts(kind, np.array(sums), np.array(counts, dtype=np.float64), whole),
        writes=np.arange(len(totals)),
        totals=np.array(totals),
        reduction=_REDUCTIONS[kind],
        winners=np.array(winners) if kind == "max" else None,
    )


def _made(kind: Kind, numbers: Floats, whole: int) -> tuple[str, str, float]:
    """Return what is written before and behind the numbers of a window, and what they make."""
    n = len(numbers)
    if kind == "max":
        return "max(", ")", float(numbers.max())
    if kind == "average":
        return "(", f") / {n}", float(numbers.sum() / n)
    if whole and whole != n:
        return "√((", f") · {whole} / {n})", float(np.sqrt((numbers**2).sum() * whole / n))
    return "√(", ")", float(np.sqrt((numbers**2).sum()))


def _parts(kind: Kind, sums: Floats, counts: Floats, whole: int) -> tuple[Part, ...]:
    """Return the numbers on the way to the result."""
    if kind == "max":
        return ()
    if kind == "average":
        return (Part("", "sum", sums), Part("/", "numbers", counts))
    root = (Part("√", "sum of squares", sums),)
    if not whole or (counts == whole).all():
        return root
    return (*root, Part("·", "whole window / cells there", whole / counts))
