"""Where the windows of a pooling lie, along one axis and over a whole feature map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.shapes import pool_output_size

__all__ = ["Windows", "adaptive_windows", "as_maps", "windows_along"]

Floats = NDArray[np.float64]
Pair = int | tuple[int, int]


def windows_along(
    n: int,
    *,
    kernel_size: int,
    stride: int | None = None,
    padding: int = 0,
    ceil_mode: bool = False,
    axis: str = "pixels",
) -> list[range]:
    """Return which places each window covers along one axis.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    kernel_size, stride, padding, ceil_mode, axis
        As for `pool_output_size`.

    Returns
    -------
    list of range
        Places from ``-padding`` to ``n + padding``; those of the padding are below 0 or from `n`
        on. With `ceil_mode` the last window is cut off where the padded input ends.

    Raises
    ------
    InputError
        As for `pool_output_size`.

    Examples
    --------
    >>> windows_along(5, kernel_size=3, stride=2, padding=1)
    [range(-1, 2), range(1, 4), range(3, 6)]
    >>> windows_along(6, kernel_size=3, stride=2, ceil_mode=True)
    [range(0, 3), range(2, 5), range(4, 6)]
    """
    stride = kernel_size if stride is None else stride
    count = pool_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, ceil_mode=ceil_mode, axis=axis
    )
    starts = [i * stride - padding for i in range(count)]
    return [range(start, min(start + kernel_size, n + padding)) for start in starts]


def adaptive_windows(n: int, output_size: int) -> list[range]:
    """Return which places each window covers so that there are `output_size` windows.

    Parameters
    ----------
    n : int
        Input length along the axis, in pixels.
    output_size : int
        How many windows; with 1, one window covers everything (global pooling).

    Returns
    -------
    list of range
        Window i reaches from floor(i · n / size) to ceil((i + 1) · n / size). The windows may
        differ in length and overlap.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> adaptive_windows(5, 3)
    [range(0, 2), range(1, 4), range(3, 5)]
    """
    n = in_range(n, name="n", low=1)
    size = in_range(output_size, name="output_size", low=1)
    return [range(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]


@dataclass(frozen=True)
class Windows:
    """All windows over a feature map: those along the rows by those along the columns.

    Parameters
    ----------
    rows, columns : list of range
        As `windows_along` or `adaptive_windows` returns them.
    size : (H, W)
        The size of the input.
    """

    rows: list[range]
    columns: list[range]
    size: tuple[int, int]

    @classmethod
    def sliding(
        cls,
        size: tuple[int, int],
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        ceil_mode: bool = False,
    ) -> Windows:
        """Return windows of one size; raise InputError where a setting does not fit."""
        kernel = as_pair(kernel_size, name="kernel_size", low=1)
        steps = kernel if stride is None else as_pair(stride, name="stride", low=1)
        sides = as_pair(padding, name="padding", low=0)
        rows, columns = (
            windows_along(
                size[i],
                kernel_size=kernel[i],
                stride=steps[i],
                padding=sides[i],
                ceil_mode=ceil_mode,
                axis=("rows", "columns")[i],
            )
            for i in (0, 1)
        )
        return cls(rows, columns, size)

    @classmethod
    def adaptive(cls, size: tuple[int, int], output_size: Pair) -> Windows:
        """Return as many windows as are asked for."""
        wanted = as_pair(output_size, name="output_size", low=1)
        rows, columns = (adaptive_windows(size[i], wanted[i]) for i in (0, 1))
        return cls(rows, columns, size)

    @property
    def output_size(self) -> tuple[int, int]:
        """Rows and columns of the output."""
        return len(self.rows), len(self.columns)

    def __iter__(self) -> Iterator[tuple[int, int, range, range]]:
        """Yield for each output cell: its row, its column, and the places its window covers."""
        for r, rows in enumerate(self.rows):
            for c, columns in enumerate(self.columns):
                yield r, c, rows, columns

    def data(self, rows: range, columns: range) -> tuple[slice, slice]:
        """Return the part of a window that lies on the input, not on padding."""
        height, width = self.size
        return (
            slice(max(rows.start, 0), min(rows.stop, height)),
            slice(max(columns.start, 0), min(columns.stop, width)),
        )

    def counted(self, rows: range, columns: range, count_include_pad: bool = True) -> int:
        """Return how many cells the mean of a window counts."""
        if count_include_pad:
            return len(rows) * len(columns)
        top, left = self.data(rows, columns)
        return int((top.stop - top.start) * (left.stop - left.start))


def as_maps(x: ArrayLike) -> Floats:
    """Return `x` as float64 feature maps of shape (C, H, W); raise InputError if it is none."""
    maps = np.asarray(x, dtype=np.float64)
    if maps.ndim != 3 or 0 in maps.shape:
        shape = " × ".join(map(str, maps.shape)) or "a single number"
        raise InputError(f"pooling takes channels × rows × columns of numbers, got {shape}")
    if not np.isfinite(maps).all():
        raise InputError("pooling takes finite numbers; one of them is not")
    return maps
