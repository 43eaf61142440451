"""Shift a feature map and count what changes: how far pooling is invariant to small shifts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.pool_windows import as_maps
from cnnlab.pooling import avg_pool2d, max_pool2d

__all__ = ["Shifted", "changed", "expected_change", "shift_and_pool", "shifted_view"]

Floats = NDArray[np.float64]
SMALLEST = 1e-9  # a difference below this is rounding, no change


@dataclass(frozen=True)
class Shifted:
    """A map and its shifted copy, both pooled.

    Parameters
    ----------
    before, after : ndarray of shape (H, W)
        The map and the map moved to the right.
    pooled_before, pooled_after : ndarray of shape (oH, oW)
        Each of them pooled.
    """

    before: Floats
    after: Floats
    pooled_before: Floats
    pooled_after: Floats

    @property
    def inputs_changed(self) -> NDArray[np.bool_]:
        """Which numbers of the map differ, an array of shape (H, W)."""
        return changed(self.before, self.after)

    @property
    def outputs_changed(self) -> NDArray[np.bool_]:
        """Which pooled numbers differ, an array of shape (oH, oW)."""
        return changed(self.pooled_before, self.pooled_after)


def changed(before: ArrayLike, after: ArrayLike) -> NDArray[np.bool_]:
    """Return which numbers differ between two arrays of one shape.

    Raises
    ------
    InputError
        If the shapes differ.

    Examples
    --------
    >>> changed([0.1, 1, 0.2, 0.1], [0.3, 0.1, 1, 0.2]).sum()
    np.int64(4)
    """
    first, second = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if first.shape != second.shape:
        raise InputError(
            f"only maps of one size can be compared, got {first.shape} and {second.shape}"
        )
    differs: NDArray[np.bool_] = np.abs(first - second) > SMALLEST
    return differs


def shifted_view(strip: ArrayLike, width: int, shift: int) -> Floats:
    """Return what stands in a frame of `width` columns once `strip` has moved to the right.

    Parameters
    ----------
    strip : array_like of shape (H, L)
        The map with what lies to the left of the frame: the last `width` columns are in the frame
        at shift 0.
    width : int
        Columns of the frame.
    shift : int
        Columns that the strip moves to the right; so many new columns come in on the left.

    Returns
    -------
    ndarray of shape (H, width)
        What is in the frame.

    Raises
    ------
    InputError
        If the strip is too short for the shift.

    Examples
    --------
    >>> shifted_view([[0.3, 0.1, 1, 0.2, 0.1]], 4, 1).tolist()
    [[0.3, 0.1, 1.0, 0.2]]
    """
    columns = np.asarray(strip, dtype=np.float64)
    room = columns.shape[1] - in_range(width, name="width", low=1, high=columns.shape[1])
    start = room - in_range(shift, name="shift", low=0, high=room)
    return columns[:, start : start + width]


def shift_and_pool(
    strip: ArrayLike,
    *,
    width: int,
    shift: int,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
    average: bool = False,
) -> Shifted:
    """Return a map and its shifted copy, each pooled.

    Parameters
    ----------
    strip, width, shift
        As for `shifted_view`.
    kernel_size, stride, padding : (rows, columns)
        As for ``max_pool2d``.
    average : bool
        Take the mean of each window, without the padding, instead of the largest number.

    Returns
    -------
    Shifted
        Both maps and both pooled maps.

    Raises
    ------
    InputError
        If the strip is too short, or the window does not fit.

    References
    ----------
    .. [1] Goodfellow, Bengio and Courville, 2016, Deep Learning, figure 9.8.

    Examples
    --------
    >>> found = shift_and_pool(
    ...     [[0.3, 0.1, 1, 0.2, 0.1]],
    ...     width=4,
    ...     shift=1,
    ...     kernel_size=(1, 3),
    ...     stride=(1, 1),
    ...     padding=(0, 1),
    ... )
    >>> found.pooled_before.tolist(), found.pooled_after.tolist()
    ([[1.0, 1.0, 1.0, 0.2]], [[0.3, 1.0, 1.0, 1.0]])
    >>> found.inputs_changed.sum(), found.outputs_changed.sum()
    (np.int64(4), np.int64(2))
    """

    def pooled(view: Floats) -> Floats:
        maps: Floats
        if average:
            maps = avg_pool2d(
                as_maps([view]),
                kernel_size,
                stride=stride,
                padding=padding,
                count_include_pad=False,
            )
        else:
            maps, _ = max_pool2d(as_maps([view]), kernel_size, stride=stride, padding=padding)
        first: Floats = maps[0]
        return first

    before, after = shifted_view(strip, width, 0), shifted_view(strip, width, shift)
    return Shifted(before, after, pooled(before), pooled(after))


def expected_change(window: int, shift: int) -> Fraction:
    """Return which share of the maxima of a row of random numbers changes under a shift.

    Before and after the shift a window and its copy see window + shift different numbers between
    them. Each is as likely as any other to be the largest, and the maximum stays where it is one
    of the window − shift that both see.

    Parameters
    ----------
    window : int
        Cells of a window.
    shift : int
        Cells that the row is moved.

    Returns
    -------
    Fraction
        From 0 (no shift) to 1 (a shift by the whole window or more).

    Raises
    ------
    InputError
        If `window` is below 1 or `shift` below 0.

    Examples
    --------
    >>> expected_change(3, 1)
    Fraction(1, 2)
    """
    window = in_range(window, name="window", low=1)
    shift = in_range(shift, name="shift", low=0)
    return 1 - Fraction(max(window - shift, 0), window + shift)
