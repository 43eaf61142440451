"""The steps of an operation, written down: what each step reads, multiplies and writes.

A trace is what the step player shows. It holds numbers and indices only, so the player can show
any operation of this form without knowing what the operation is, and never computes anything.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.activations import ACTIVATIONS, Activation

__all__ = [
    "Grid",
    "Trace",
    "distinct_rows",
    "grid_payload",
    "packed",
    "short",
    "trace_payload",
]


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
        Cells at the top, bottom, left and right edge that are padding, not data; below zero
        where data was cut off.
    spacing : (rows, columns)
        Cells from one number of the data to the next; those between are filled in, not data.
    around : str
        What the margin is called.
    blank : str
        What stands in a cell of the margin that has no number (NaN).
    as_grey : tuple of float or None
        (black, white): draw cells as shades of grey between these two values, as for a photograph.
    """

    title: str
    values: NDArray[np.float64]
    planes: tuple[str, ...] = ("",)
    margin: tuple[int, int, int, int] = (0, 0, 0, 0)
    as_grey: tuple[float, float] | None = None
    spacing: tuple[int, int] = (1, 1)
    around: str = "padding"
    blank: str = ""


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
    before : ndarray of shape (S,)
        All sums plus bias.
    writes : ndarray of shape (S,)
        The result cell that the step writes.
    totals : ndarray of shape (S,)
        What it writes there: the activation of `before`.
    window : (rows, columns)
        How the products of one group are drawn; they fill it row by row.
    has_bias : bool
        Whether the bias is part of the operation.
    activation : Activation
        What makes `totals` of `before`.
    turned : bool
        Whether the kernel is turned by half a turn before it is laid on the source.
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
    before: NDArray[np.float64]
    writes: NDArray[np.int64]
    totals: NDArray[np.float64]
    window: tuple[int, int]
    has_bias: bool = False
    activation: Activation = ACTIVATIONS["none"]
    turned: bool = False

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.writes)

    @property
    def unread(self) -> NDArray[np.int64]:
        """The source cells that no step reads."""
        return np.setdiff1d(np.arange(self.source.values.size), self.reads)


def trace_payload(trace: Trace) -> dict[str, Any]:
    """Return `trace` as plain JSON types, small enough to send to a browser.

    Steps of one operation read the same pattern at different places. So a step is stored as its
    first cell and the number of its pattern, and each pattern only once; for an irregular
    operation this is still right, just longer. Products are many, so they are packed.

    Parameters
    ----------
    trace : Trace
        The steps.

    Returns
    -------
    dict
        ``source``, ``weight``, ``result`` (shape, planes, margin, values) and ``steps``: step s
        reads ``read_patterns[read_pattern[s]]`` moved by ``first_read[s]``, times the weights
        ``weight_patterns[weight_pattern[s]]``; ``products`` as `packed` returns them, row by row.
    """
    first_read = trace.reads[:, :1]
    read_patterns, read_pattern = distinct_rows(trace.reads - first_read)
    weight_patterns, weight_pattern = distinct_rows(trace.weights)
    return {
        "source": grid_payload(trace.source),
        "weight": grid_payload(trace.weight),
        "result": grid_payload(trace.result),
        "unread": trace.unread.tolist(),
        "steps": {
            "first_read": first_read.ravel().tolist(),
            "read_pattern": read_pattern,
            "read_patterns": read_patterns,
            "weight_pattern": weight_pattern,
            "weight_patterns": weight_patterns,
            "group_of": trace.group_of.tolist(),
            "window": list(trace.window),
            "products": packed(trace.products.ravel()),
            "sums": [short(row) for row in trace.sums],
            "bias": short(trace.bias) if trace.has_bias else None,
            "before": short(trace.before),
            "activation": _activation_payload(trace.activation),
            "turned": trace.turned,
            "writes": trace.writes.tolist(),
            "totals": short(trace.totals),
        },
    }


def packed(values: NDArray[np.float64]) -> dict[str, Any]:
    """Return many numbers in few characters.

    Parameters
    ----------
    values : ndarray of shape (N,)
        The numbers.

    Returns
    -------
    dict
        Where few of them differ: the different ones as ``table``, and as ``index`` for each
        number its place there, of ``bytes`` 1 or 2. Else ``float32``. Bytes are little-endian,
        written in base64. The table keeps 9 significant digits, a float32 keeps 7.

    Examples
    --------
    >>> packed(np.array([2.5, 0.0, 2.5]))
    {'table': [0, 2.5], 'bytes': 1, 'index': 'AQAB'}
    """
    table, index = np.unique(values, return_inverse=True)
    if len(table) > _LARGEST_TABLE:
        return {"float32": _base64(values.astype("<f4"))}
    small = np.min_scalar_type(len(table) - 1).newbyteorder("<")
    return {"table": short(table), "bytes": small.itemsize, "index": _base64(index.astype(small))}


_LARGEST_TABLE = 8192  # beyond, the table costs more than it saves


def _base64(array: NDArray[Any]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")


def distinct_rows(rows: Iterable[NDArray[np.int64]]) -> tuple[list[list[int]], list[int]]:
    """Return the different rows, in the order of their first use, and the number of each row's."""
    number_of: dict[bytes, int] = {}
    distinct: list[list[int]] = []
    numbers = []
    for row in rows:
        name = row.tobytes()
        if name not in number_of:
            number_of[name] = len(distinct)
            distinct.append(row.tolist())
        numbers.append(number_of[name])
    return distinct, numbers


def _activation_payload(activation: Activation) -> dict[str, str] | None:
    if activation.name == "none":
        return None
    return {"title": activation.title, "formula": activation.formula}


def grid_payload(grid: Grid) -> dict[str, Any]:
    """Return a grid as plain JSON types; a cell without a number is None."""
    return {
        "title": grid.title,
        "shape": list(grid.values.shape),
        "planes": list(grid.planes),
        "margin": list(grid.margin),
        "spacing": list(grid.spacing),
        "around": grid.around,
        "blank": grid.blank,
        "as_grey": list(grid.as_grey) if grid.as_grey else None,
        "values": [None if value != value else value for value in short(grid.values.ravel())],
    }


def short(values: NDArray[np.float64]) -> list[float]:
    """Return floats with at most 9 significant digits, whole numbers without a point."""
    rounded = (float(f"{value:.9g}") for value in values.tolist())
    return [int(value) if value.is_integer() else value for value in rounded]
