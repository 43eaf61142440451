"""Which cells of a feature map a window in the picture can change."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Region", "Span", "same", "touched", "united"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Span:
    """Along one axis: which cells each window can change, and which are computed for it.

    Attributes
    ----------
    low, high : ndarray of shape (N,)
        Window n can change cells from ``low[n]`` to ``high[n] - 1`` and no others.
    start : ndarray of shape (N,)
        First cell that is computed; never behind ``low``.
    size : int
        How many cells are computed, the same for all windows, so that they fit into one batch.
    length : int
        How many cells the axis has.
    """

    low: Ints
    high: Ints
    start: Ints
    size: int
    length: int

    @staticmethod
    def of(low: Ints, high: Ints, length: int) -> Span:
        """Return the span on an axis of `length` cells."""
        low = np.clip(low, 0, length - 1)
        high = np.clip(np.maximum(high, low + 1), 1, length)
        size = int((high - low).max())
        return Span(low, high, np.minimum(low, length - size), size, length)

    def part(self, at: slice) -> Span:
        """Return the span of some of the windows; fewer cells may do for them."""
        return Span.of(self.low[at], self.high[at], self.length)

    def same(self, other: Span) -> bool:
        """Return whether each window can change the same cells."""
        return bool((self.low == other.low).all() and (self.high == other.high).all())


Region = tuple[Span, Span]  # rows, columns


def touched(
    span: Span, *, kernel_size: int, stride: int, padding: int, dilation: int, length: int
) -> Span:
    """Return which outputs of a convolution or pooling see the cells of a span.

    Output o sees the inputs o · stride - padding + d · dilation, d from 0 to kernel_size - 1.

    Parameters
    ----------
    span : Span
        Cells of the input.
    kernel_size, stride, padding, dilation : int
        The layer, along this axis.
    length : int
        How many outputs there are.

    Returns
    -------
    Span
        Cells of the output.

    Examples
    --------
    >>> cells = Span.of(np.array([4]), np.array([6]), 20)
    >>> seen = touched(cells, kernel_size=3, stride=1, padding=1, dilation=1, length=20)
    >>> seen.low, seen.high
    (array([3]), array([7]))
    """
    reach = dilation * (kernel_size - 1)
    low = -((reach - padding - span.low) // stride)  # rounded up
    high = (span.high - 1 + padding) // stride + 1
    return Span.of(low, high, length)


def same(one: Region, other: Region) -> bool:
    """Return whether two regions are the same cells for every window."""
    return one is other or (one[0].same(other[0]) and one[1].same(other[1]))


def united(spans: list[Span], length: int) -> Span:
    """Return the cells that any of several spans holds."""
    low = np.minimum.reduce([span.low for span in spans])
    return Span.of(low, np.maximum.reduce([span.high for span in spans]), length)
