"""The steps of an operation, written down: what each step reads, multiplies and writes.

A trace is what the step player shows. It holds numbers and indices only, so the player can show
any operation of this form without knowing what the operation is, and never computes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grid", "Trace", "trace_payload"]


@dataclass(frozen=True)
class Grid:
    """One array on the board, drawn as planes of cells.

    Parameters
    ----------
    title : str
        The heading above it.
    values : ndarray of shape (P, H, W)
        The numbers, P planes of H rows and W columns.
    planes : tuple of str
        A name for each plane, P of them.
    margin : tuple of int
        Cells at the top, bottom, left and right edge that are padding, not data.
    as_grey : tuple of float or None
        (black, white): draw cells as shades of grey between these two values, as for a photograph.
    """

    title: str
    values: NDArray[np.float64]
    planes: tuple[str, ...] = ("",)
    margin: tuple[int, int, int, int] = (0, 0, 0, 0)
    as_grey: tuple[float, float] | None = None


@dataclass(frozen=True)
class Trace:
    """Every step of one operation: S steps, each a sum of T products in G groups.

    Parameters
    ----------
    source, weight, result : Grid
        What is read, what it is multiplied by, what is written. Indices below are flat ones into
        their ``values``.
    reads, weights : ndarray of shape (S, T)
        The source cell of each product and the weight that it is multiplied by.
    products : ndarray of shape (S, T)
        The products.
    group_of : ndarray of shape (T,)
        The group (input channel) that each product belongs to.
    sums : ndarray of shape (S, G)
        The sum of the products of each group.
    bias : ndarray of shape (S,)
        What is added to the sums.
    writes : ndarray of shape (S,)
        The result cell that the step writes.
    totals : ndarray of shape (S,)
        What it writes there: all sums plus bias.
    """

    source: Grid
    weight: Grid
    result: Grid
    reads: NDArray[np.int64]
    weights: NDArray[np.int64]
    products: NDArray[np.float64]
    group_of: NDArray[np.int64]
    sums: NDArray[np.float64]
    bias: NDArray[np.float64]
    writes: NDArray[np.int64]
    totals: NDArray[np.float64]
    has_bias: bool = False

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.writes)


def trace_payload(trace: Trace) -> dict[str, Any]:
    """Return `trace` as plain JSON types, small enough to send to a browser.

    Steps of one operation read the same pattern at different places. So a step is stored as its
    first cell and the number of its pattern, and each pattern only once; for an irregular
    operation this is still right, just longer.

    Parameters
    ----------
    trace : Trace
        The steps.

    Returns
    -------
    dict
        ``source``, ``weight``, ``result`` (shape, planes, margin, values) and ``steps``: step s
        reads ``read_patterns[read_pattern[s]]`` moved by ``first_read[s]``, times the weights
        ``weight_patterns[weight_pattern[s]]``.
    """
    first_read = trace.reads[:, :1]
    read_patterns, read_pattern = np.unique(trace.reads - first_read, axis=0, return_inverse=True)
    weight_patterns, weight_pattern = np.unique(trace.weights, axis=0, return_inverse=True)
    return {
        "source": _grid_payload(trace.source),
        "weight": _grid_payload(trace.weight),
        "result": _grid_payload(trace.result),
        "steps": {
            "first_read": first_read.ravel().tolist(),
            "read_pattern": read_pattern.ravel().tolist(),
            "read_patterns": read_patterns.tolist(),
            "weight_pattern": weight_pattern.ravel().tolist(),
            "weight_patterns": weight_patterns.tolist(),
            "group_of": trace.group_of.tolist(),
            "products": [_short(row) for row in trace.products],
            "sums": [_short(row) for row in trace.sums],
            "bias": _short(trace.bias) if trace.has_bias else None,
            "writes": trace.writes.tolist(),
            "totals": _short(trace.totals),
        },
    }


def _grid_payload(grid: Grid) -> dict[str, Any]:
    return {
        "title": grid.title,
        "shape": list(grid.values.shape),
        "planes": list(grid.planes),
        "margin": list(grid.margin),
        "as_grey": list(grid.as_grey) if grid.as_grey else None,
        "values": _short(grid.values.ravel()),
    }


def _short(values: NDArray[np.float64]) -> list[float]:
    """Return floats with at most 9 significant digits, whole numbers without a point."""
    rounded = (float(f"{value:.9g}") for value in values.tolist())
    return [int(value) if value.is_integer() else value for value in rounded]
