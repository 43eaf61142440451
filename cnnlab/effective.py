"""Effective receptive fields: how much each pixel of the field counts, not only whether."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.layers import (
    Activation,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Layer,
    LayerNorm2d,
    LayerScale,
    LocalResponseNorm,
    Pool2d,
    window_along,
)
from cnnlab.receptive import receptive_field

__all__ = ["MOST_PIXELS", "core_margin", "effective_field"]

MOST_PIXELS = 1024  # a side; larger fields are not drawn
Floats = NDArray[np.float64]


def effective_field(layers: Sequence[Layer]) -> Floats:
    """Return how many paths lead from each pixel of the receptive field to one output cell.

    A path takes one weight of each layer. If all weights were equal, a pixel would change the cell
    as much as it has paths: this is the gradient of the cell through kernels of ones. In a pooling
    each pixel of the window counts, as in average pooling.

    Parameters
    ----------
    layers : sequence of Conv2d and Pool2d
        From the input on; layers on single numbers, such as activations, may stand between them.

    Returns
    -------
    ndarray of shape (H, W)
        The numbers of paths, exact up to 2**53; H and W are the sizes of the receptive field.

    Raises
    ------
    InputError
        If a layer slides no window, or the field is larger than `MOST_PIXELS`.

    References
    ----------
    .. [1] Luo, Li, Urtasun and Zemel, 2016, "Understanding the effective receptive field in deep
       convolutional neural networks", arXiv:1701.04128.

    Examples
    --------
    >>> effective_field([Conv2d(1, 3), Conv2d(1, 3)])[2]
    array([3., 6., 9., 6., 3.])
    """
    rows, columns = (_paths(layers, axis) for axis in (0, 1))
    return np.outer(rows, columns)  # a window's rows and columns are chosen one by one


def _paths(layers: Sequence[Layer], axis: int) -> Floats:
    """Return the numbers of paths along one axis: from the cell back to the input."""
    for layer in layers:
        if not isinstance(layer, _WINDOWS | _ON_NUMBERS):
            raise InputError(f"{type(layer).__name__} has no effective field of one size")
    size = receptive_field(layers, axis=axis).size or 0
    if size > MOST_PIXELS:
        raise InputError(
            f"the receptive field is {size:,} pixels wide, too large to count its paths: take "
            f"fewer layers or smaller strides, up to {MOST_PIXELS:,} pixels"
        )
    paths = np.ones(1)
    for layer in reversed(layers):
        if isinstance(layer, _WINDOWS):
            kernel_size, stride, _, dilation = window_along(layer, axis)
            apart = np.zeros((len(paths) - 1) * stride + 1)
            apart[::stride] = paths  # cells of the output lie one stride apart in the input
            paths = np.zeros(len(apart) + (kernel_size - 1) * dilation)
            for tap in range(kernel_size):  # each spreads to every pixel of its window
                paths[tap * dilation :][: len(apart)] += apart
    return paths


_WINDOWS = Conv2d | Pool2d
_ON_NUMBERS = Activation | BatchNorm2d | Dropout | LayerNorm2d | LayerScale | LocalResponseNorm


def core_margin(field: Floats, *, share: float = 0.95) -> int:
    """Return how far the smallest square in the middle that holds a share of all paths lies inside.

    Parameters
    ----------
    field : ndarray of shape (H, W)
        As `effective_field` returns it.
    share : float
        Above 0, at most 1.

    Returns
    -------
    int
        Pixels between the border of the field and that square, on each side.

    Raises
    ------
    InputError
        If the share is no such part.

    Examples
    --------
    >>> core_margin(effective_field([Conv2d(1, 3)] * 4)), core_margin(np.ones((9, 9)))
    (1, 0)
    """
    if not 0 < share <= 1:
        raise InputError(f"share must be above 0 and at most 1, got {share:g}")
    least, margin = share * field.sum() * (1 - 1e-12), 0  # sums of many numbers are rounded
    height, width = field.shape
    while 2 * (margin + 1) < min(height, width):
        inner = field[margin + 1 : height - margin - 1, margin + 1 : width - margin - 1]
        if inner.sum() < least:
            break
        margin += 1
    return margin
