"""Filter a photograph: weighted sums of neighbours, gradients, and kernels taken apart.

As in every CNN library the kernel is not flipped: strictly, this is cross-correlation.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError

__all__ = [
    "BORDERS",
    "Separation",
    "direction",
    "filter_picture",
    "filter_twice",
    "magnitude",
    "products_per_pixel",
    "separate",
]

Floats = NDArray[np.float64]

BORDERS: dict[str, str] = {
    "mirror": "reflect",
    "repeat the edge": "edge",
    "zeros": "constant",
}
"""What stands beyond the border, and what ``numpy.pad`` calls it."""

_BAND = 32  # rows done at a time, so that they stay in the processor's cache


def filter_picture(
    planes: Floats,
    kernel: Floats,
    *,
    divisor: float = 1.0,
    bias: float = 0.0,
    border: str = "mirror",
) -> Floats:
    """Return a picture in which each pixel is a weighted sum of its neighbours.

    The picture is shifted once for each weight, multiplied by it, and added up. So every weight
    is used for the whole picture at once.

    Parameters
    ----------
    planes : ndarray of shape (C, H, W)
        The picture; each channel is filtered apart.
    kernel : ndarray of shape (kH, kW)
        The weights; both sides are odd.
    divisor, bias : float
        Each sum is divided by `divisor`, then `bias` is added.
    border : str
        A key of `BORDERS`.

    Returns
    -------
    ndarray of shape (C, H, W)
        The result, in float64; not rounded, not clipped.

    Raises
    ------
    InputError
        If a side of the kernel is even, or the divisor is 0.

    Examples
    --------
    >>> step = np.array([[[0.0, 0.0, 9.0, 9.0]]])
    >>> filter_picture(step, np.array([[-1.0, 0.0, 1.0]]))
    array([[[0., 9., 9., 0.]]])
    """
    rows, columns = kernel.shape
    if rows % 2 == 0 or columns % 2 == 0:
        raise InputError(f"a kernel of {rows} × {columns} has no middle: both sides must be odd")
    if divisor == 0:
        raise InputError("the divisor must not be 0")
    beyond = ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2))
    mode: Any = BORDERS[border]
    padded = np.pad(planes, beyond, mode=mode)  # (C, H + kH - 1, W + kW - 1)
    result = np.zeros(planes.shape)
    height, width = planes.shape[1:]
    for top in range(0, height, _BAND):
        band = result[:, top : top + _BAND]
        product = np.empty_like(band)
        for (i, j), weight in np.ndenumerate(kernel):
            if weight:
                shifted = padded[:, top + i : top + i + band.shape[1], j : j + width]
                np.multiply(shifted, weight, out=product)
                band += product
    if divisor != 1:
        result /= divisor
    if bias != 0:
        result += bias
    return result


def magnitude(gx: Floats, gy: Floats) -> Floats:
    """Return how steep the brightness is: the length of the gradient.

    Parameters
    ----------
    gx, gy : ndarray
        The answers to edges across and down, of one shape.

    Returns
    -------
    ndarray
        sqrt(gx² + gy²), of the same shape.

    Examples
    --------
    >>> magnitude(np.array([3.0]), np.array([4.0]))
    array([5.])
    """
    length: Floats = np.sqrt(gx * gx + gy * gy)
    return length


def direction(gx: Floats, gy: Floats) -> Floats:
    """Return where it gets brighter, in degrees.

    Parameters
    ----------
    gx, gy : ndarray
        The answers to edges across and down, of one shape.

    Returns
    -------
    ndarray
        0 is to the right, 90 down, -90 up, 180 to the left; 0 too where there is no gradient.

    Examples
    --------
    >>> direction(np.array([1.0, 0.0, -2.0]), np.array([0.0, 3.0, 2.0]))
    array([  0.,  90., 135.])
    """
    # Adding 0 turns -0 into 0: a gradient of (-0, 0) has no direction, and not 180 degrees.
    degrees: Floats = np.degrees(np.arctan2(gy + 0.0, gx + 0.0))
    return degrees


@dataclass(frozen=True)
class Separation:
    """A kernel as the product of a column and a row, if it is one.

    Parameters
    ----------
    singular_values : tuple of float
        From the largest to the smallest.
    rank : int
        How many of them are not zero (to within rounding): so many products of a column and a
        row add up to the kernel. 0 for a kernel of zeros.
    column : ndarray of shape (kH,) or None
        Works down the columns; None unless the rank is 1.
    row : ndarray of shape (kW,) or None
        Works along the rows.
    """

    singular_values: tuple[float, ...]
    rank: int
    column: Floats | None = None
    row: Floats | None = None


def separate(kernel: Floats) -> Separation:
    """Return whether a kernel can be done in two passes, and the two.

    The singular value decomposition writes any matrix as a sum of products of a column and a row.
    If one product is enough, the matrix has rank 1 and the kernel is separable.

    Parameters
    ----------
    kernel : ndarray of shape (kH, kW)
        The weights.

    Returns
    -------
    Separation
        Where all weights are whole numbers, the column and the row are whole too.

    Examples
    --------
    >>> sobel = separate(np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]))
    >>> sobel.rank, sobel.column, sobel.row
    (1, array([1., 2., 1.]), array([-1.,  0.,  1.]))
    """
    columns, values, rows = np.linalg.svd(kernel)
    rank = int((values > values[0] * max(kernel.shape) * np.finfo(float).eps).sum())
    singular_values = tuple(float(value) for value in values)
    if rank != 1:
        return Separation(singular_values, rank)
    if (kernel == np.rint(kernel)).all():
        column, row = _whole_factors(kernel)
    else:
        scale = np.sqrt(values[0])
        column, row = columns[:, 0] * scale, rows[0] * scale
    # The signs of the pair are free: let the part that smooths be positive.
    first = next((part for part in (column, row) if abs(part.sum()) > 1e-9), row)
    sign = -1.0 if first.sum() < 0 else 1.0
    return Separation(singular_values, rank, sign * column + 0.0, sign * row + 0.0)


def _whole_factors(kernel: Floats) -> tuple[Floats, Floats]:
    """Return the column and the row of a kernel of rank 1 with whole weights, both whole."""
    line = kernel[np.abs(kernel).max(axis=1).argmax()]  # every other row is a multiple of it
    row = line / gcd(*(int(weight) for weight in line))
    place = np.abs(row).argmax()
    return kernel[:, place] / row[place], row


def filter_twice(
    planes: Floats,
    column: Floats,
    row: Floats,
    *,
    divisor: float = 1.0,
    bias: float = 0.0,
    border: str = "mirror",
) -> Floats:
    """Return the picture filtered along the rows, then down the columns.

    Parameters
    ----------
    planes : ndarray of shape (C, H, W)
        The picture.
    column, row : ndarray of shape (kH,) and (kW,)
        The two parts of the kernel.
    divisor, bias, border
        As for `filter_picture`.

    Returns
    -------
    ndarray of shape (C, H, W)
        What `filter_picture` gives with the kernel ``np.outer(column, row)``, up to rounding.

    Examples
    --------
    >>> spot = np.zeros((1, 3, 3))
    >>> spot[0, 1, 1] = 1
    >>> mean = np.array([1.0, 2.0, 1.0])
    >>> filter_twice(spot, mean, mean, border="zeros")
    array([[[1., 2., 1.],
            [2., 4., 2.],
            [1., 2., 1.]]])
    """
    along = filter_picture(planes, row[None, :], border=border)
    return filter_picture(along, column[:, None], divisor=divisor, bias=bias, border=border)


def products_per_pixel(kernel: Floats) -> tuple[int, int]:
    """Return how many products a pixel takes in one pass, and in two passes of one dimension.

    Parameters
    ----------
    kernel : ndarray of shape (kH, kW)
        The weights.

    Returns
    -------
    tuple of int
        (kH · kW, kH + kW); the second is of use only if the kernel is separable.

    Examples
    --------
    >>> products_per_pixel(np.ones((3, 3)))
    (9, 6)
    """
    rows, columns = kernel.shape
    return rows * columns, rows + columns
