"""The ways back through pooling: the gradient, and unpooling with switches."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, as_pair
from cnnlab.pool_windows import Windows, as_maps
from cnnlab.pooling import l2_pool2d

__all__ = [
    "avg_pool2d_gradient",
    "l2_pool2d_gradient",
    "max_pool2d_gradient",
    "max_unpool2d",
    "mean_gradient",
]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Pair = int | tuple[int, int]


def max_unpool2d(values: ArrayLike, switches: ArrayLike, size: tuple[int, int]) -> Floats:
    """Return a map with each pooled number back at its winner's place, zeros elsewhere.

    Parameters
    ----------
    values : array_like of shape (C, oH, oW)
        Pooled numbers.
    switches : array_like of shape (C, oH, oW)
        Flat places, as `max_pool2d` returns them.
    size : (H, W)
        The size of the map to make.

    Returns
    -------
    ndarray of shape (C, H, W)
        The unpooled maps. Where windows share a winner, its number is written once.

    Raises
    ------
    InputError
        If a switch lies outside the map, or there is not one switch for each number.

    References
    ----------
    .. [1] Zeiler and Fergus, 2014, Visualizing and Understanding Convolutional Networks,
       section 2.1.

    Examples
    --------
    >>> max_unpool2d([[[6, 8]]], [[[5, 7]]], (2, 4)).tolist()
    [[[0.0, 0.0, 0.0, 0.0], [0.0, 6.0, 0.0, 8.0]]]
    """
    numbers, places = as_maps(values), _switches(switches, size)
    if places.shape != numbers.shape:
        raise InputError(
            f"each pooled number needs one switch: there are {numbers.size} numbers and "
            f"{places.size} switches"
        )
    maps = np.zeros((len(numbers), size[0] * size[1]))
    for channel, (row, at) in enumerate(zip(numbers, places, strict=True)):
        maps[channel, at.ravel()] = row.ravel()
    return maps.reshape(len(numbers), *size)


def max_pool2d_gradient(upstream: ArrayLike, switches: ArrayLike, size: tuple[int, int]) -> Floats:
    """Return the gradient with respect to the input of max pooling.

    Each number of the gradient that arrives goes to the winner of its window; nothing goes to the
    others. Where one cell wins several windows, its numbers add up.

    Parameters
    ----------
    upstream : array_like of shape (C, oH, oW)
        The gradient with respect to the output.
    switches : array_like of shape (C, oH, oW)
        Flat places of the winners, as `max_pool2d` returns them.
    size : (H, W)
        The size of the input.

    Returns
    -------
    ndarray of shape (C, H, W)
        The gradient.

    Raises
    ------
    InputError
        As for `max_unpool2d`.

    Examples
    --------
    >>> max_pool2d_gradient([[[1, 2]]], [[[1, 1]]], (1, 3)).tolist()
    [[[0.0, 3.0, 0.0]]]
    """
    arriving, places = as_maps(upstream), _switches(switches, size)
    if places.shape != arriving.shape:
        raise InputError(
            f"each number of the gradient needs one switch: there are {arriving.size} numbers and "
            f"{places.size} switches"
        )
    gradient = np.zeros((len(arriving), size[0] * size[1]))
    for channel, (row, at) in enumerate(zip(arriving, places, strict=True)):
        np.add.at(gradient[channel], at.ravel(), row.ravel())
    return gradient.reshape(len(arriving), *size)


def avg_pool2d_gradient(
    upstream: ArrayLike,
    size: tuple[int, int],
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Floats:
    """Return the gradient with respect to the input of average pooling.

    Each number of the gradient that arrives is spread evenly over its window; where windows
    overlap, the parts add up.

    Parameters
    ----------
    upstream : array_like of shape (C, oH, oW)
        The gradient with respect to the output.
    size : (H, W)
        The size of the input.
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As for `avg_pool2d`.

    Returns
    -------
    ndarray of shape (C, H, W)
        The gradient.

    Raises
    ------
    InputError
        If the settings do not fit, or the gradient has another size than the output.

    Examples
    --------
    >>> avg_pool2d_gradient([[[4, 8]]], (1, 3), (1, 2), stride=1).tolist()
    [[[2.0, 6.0, 4.0]]]
    """
    windows = Windows.sliding(size, kernel_size, stride, padding, ceil_mode)
    return mean_gradient(as_maps(upstream), windows, count_include_pad=count_include_pad)


def l2_pool2d_gradient(
    upstream: ArrayLike,
    x: ArrayLike,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    ceil_mode: bool = False,
) -> Floats:
    """Return the gradient with respect to the input of L2 pooling.

    Each cell gets its share: the number in it divided by the output.

    Parameters
    ----------
    upstream : array_like of shape (C, oH, oW)
        The gradient with respect to the output.
    x, kernel_size, stride, ceil_mode
        As for `l2_pool2d`.

    Returns
    -------
    ndarray of shape (C, H, W)
        The gradient. Where a norm is 0 it has none; there, 0 is returned.

    Raises
    ------
    InputError
        As for `l2_pool2d`, or if the gradient has another size than the output.

    Examples
    --------
    >>> l2_pool2d_gradient([[[10]]], [[[3, 4], [0, 0]]], 2).tolist()
    [[[6.0, 8.0], [0.0, 0.0]]]
    """
    maps = as_maps(x)
    norms = l2_pool2d(maps, kernel_size, stride=stride, ceil_mode=ceil_mode)
    arriving = as_maps(upstream)
    windows = Windows.sliding((maps.shape[1], maps.shape[2]), kernel_size, stride, 0, ceil_mode)
    _check_gradient(arriving, windows)
    rows, columns = as_pair(kernel_size, name="kernel_size", low=1)
    slope = np.zeros_like(norms)
    np.divide(arriving, norms, out=slope, where=norms > 0)
    return mean_gradient(slope * (rows * columns), windows) * maps


def mean_gradient(upstream: Floats, windows: Windows, *, count_include_pad: bool = True) -> Floats:
    """Return `upstream` spread evenly over its windows, an ndarray of shape (C, H, W).

    Examples
    --------
    >>> mean_gradient(np.array([[[6.0]]]), Windows.adaptive((1, 3), 1)).tolist()
    [[[2.0, 2.0, 2.0]]]
    """
    _check_gradient(upstream, windows)
    gradient = np.zeros((len(upstream), *windows.size))
    for r, c, rows, columns in windows:
        top, left = windows.data(rows, columns)
        divisor = windows.counted(rows, columns, count_include_pad)
        gradient[:, top, left] += upstream[:, r, c, None, None] / divisor
    return gradient


def _check_gradient(upstream: Floats, windows: Windows) -> None:
    if upstream.shape[1:] != windows.output_size:
        raise InputError(
            "the gradient has {} × {} numbers a channel, the output {} × {}".format(
                *upstream.shape[1:], *windows.output_size
            )
        )


def _switches(switches: ArrayLike, size: tuple[int, int]) -> Places:
    places = np.asarray(switches, dtype=np.int64)
    height, width = size
    if places.size and not (places.min() >= 0 and places.max() < height * width):
        raise InputError(
            f"a switch is a place from 0 to {height * width - 1}, got {places.min()} to "
            f"{places.max()}"
        )
    return places
