"""Pooling: one number for each window of each channel.

Where the windows lie, ``pool_windows`` says; the ways back are in ``pool_gradients``. All results
are those of ``torch.nn.functional``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import as_pair
from cnnlab.pool_windows import Windows, as_maps

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "global_avg_pool2d",
    "global_max_pool2d",
    "l2_pool2d",
    "largest_of_windows",
    "max_pool2d",
    "means_of_windows",
]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Pair = int | tuple[int, int]


def max_pool2d(
    x: ArrayLike,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
) -> tuple[Floats, Places]:
    """Return the largest number of each window, and where it stands.

    Parameters
    ----------
    x : array_like of shape (C, H, W)
        The feature maps; each is pooled by itself.
    kernel_size : int or (rows, columns)
        The size of the window.
    stride : int or (rows, columns), optional
        From one window to the next; left out, windows lie side by side.
    padding : int or (rows, columns)
        Cells put around the input, at most half a window. They count as minus infinity, so they
        never win.
    ceil_mode : bool
        Whether a last window may reach beyond the end of the input.

    Returns
    -------
    ndarray of shape (C, oH, oW)
        The largest numbers.
    ndarray of shape (C, oH, oW)
        The switches: flat places of the winners in their own channel, ``row * W + column``. Of
        equal numbers the first wins.

    Raises
    ------
    InputError
        If the settings do not fit the input.

    References
    ----------
    .. [1] PyTorch, ``torch.nn.functional.max_pool2d`` with ``return_indices=True``.

    Examples
    --------
    >>> x = [[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]
    >>> values, switches = max_pool2d(x, 2)
    >>> values.tolist(), switches.tolist()
    ([[[6.0, 8.0], [3.0, 4.0]]], [[[5, 7], [8, 15]]])
    """
    maps = as_maps(x)
    return largest_of_windows(
        maps, Windows.sliding(_size(maps), kernel_size, stride, padding, ceil_mode)
    )


def avg_pool2d(
    x: ArrayLike,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    padding: Pair = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Floats:
    """Return the mean of each window.

    Parameters
    ----------
    x, kernel_size, stride, padding, ceil_mode
        As for `max_pool2d`; cells of the padding are zeros.
    count_include_pad : bool
        Whether the zeros of the padding count in the mean.

    Returns
    -------
    ndarray of shape (C, oH, oW)
        The means.

    Raises
    ------
    InputError
        If the settings do not fit the input.

    References
    ----------
    .. [1] PyTorch, ``torch.nn.functional.avg_pool2d``.

    Examples
    --------
    >>> avg_pool2d([[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]], 2).tolist()
    [[[3.25, 5.25], [2.0, 2.0]]]
    >>> avg_pool2d([[[4, 8]]], (1, 2), stride=1, padding=(0, 1)).tolist()
    [[[2.0, 6.0, 4.0]]]
    """
    maps = as_maps(x)
    windows = Windows.sliding(_size(maps), kernel_size, stride, padding, ceil_mode)
    return means_of_windows(maps, windows, count_include_pad=count_include_pad)


def l2_pool2d(
    x: ArrayLike,
    kernel_size: Pair,
    *,
    stride: Pair | None = None,
    ceil_mode: bool = False,
) -> Floats:
    """Return the L2 norm of each window: the root of the sum of the squares.

    Parameters
    ----------
    x, kernel_size, stride, ceil_mode
        As for `max_pool2d`; there is no padding, as in PyTorch.

    Returns
    -------
    ndarray of shape (C, oH, oW)
        The norms.

    Raises
    ------
    InputError
        If the settings do not fit the input.

    Notes
    -----
    Where `ceil_mode` cuts a window off, PyTorch takes the mean of the squares times the size of a
    whole window, as if the missing cells were like the rest. So does this function.

    References
    ----------
    .. [1] PyTorch, ``torch.nn.functional.lp_pool2d`` with ``norm_type=2``.

    Examples
    --------
    >>> l2_pool2d([[[3, 4], [0, 0]]], 2).tolist()
    [[[5.0]]]
    """
    maps = as_maps(x)
    rows, columns = as_pair(kernel_size, name="kernel_size", low=1)
    windows = Windows.sliding(_size(maps), kernel_size, stride, 0, ceil_mode)
    norms: Floats = np.sqrt(means_of_windows(maps**2, windows) * (rows * columns))
    return norms


def adaptive_avg_pool2d(x: ArrayLike, output_size: Pair) -> Floats:
    """Return the means over so many windows that the output has the size asked for.

    Parameters
    ----------
    x : array_like of shape (C, H, W)
        The feature maps.
    output_size : int or (rows, columns)
        Rows and columns of the output.

    Returns
    -------
    ndarray of shape (C, oH, oW)
        The means.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> adaptive_avg_pool2d([[[1, 2, 3, 4, 5]]], (1, 3)).tolist()
    [[[1.5, 3.0, 4.5]]]
    """
    maps = as_maps(x)
    return means_of_windows(maps, Windows.adaptive(_size(maps), output_size))


def adaptive_max_pool2d(x: ArrayLike, output_size: Pair) -> tuple[Floats, Places]:
    """Return the largest numbers of so many windows, and where they stand.

    Parameters
    ----------
    x, output_size
        As for `adaptive_avg_pool2d`.

    Returns
    -------
    ndarray of shape (C, oH, oW)
        The largest numbers.
    ndarray of shape (C, oH, oW)
        Their flat places, as for `max_pool2d`.

    Raises
    ------
    InputError
        If a number is below 1.

    Examples
    --------
    >>> adaptive_max_pool2d([[[1, 2, 3, 4, 5]]], (1, 3))[0].tolist()
    [[[2.0, 4.0, 5.0]]]
    """
    maps = as_maps(x)
    return largest_of_windows(maps, Windows.adaptive(_size(maps), output_size))


def global_avg_pool2d(x: ArrayLike) -> Floats:
    """Return the mean of each channel, an ndarray of shape (C, 1, 1).

    Examples
    --------
    >>> global_avg_pool2d([[[1, 2], [3, 4]]]).tolist()
    [[[2.5]]]
    """
    return adaptive_avg_pool2d(x, 1)


def global_max_pool2d(x: ArrayLike) -> tuple[Floats, Places]:
    """Return the largest number of each channel and its flat place, ndarrays of shape (C, 1, 1).

    Examples
    --------
    >>> global_max_pool2d([[[1, 2], [3, 4]]])
    (array([[[4.]]]), array([[[3]]]))
    """
    return adaptive_max_pool2d(x, 1)


def largest_of_windows(maps: Floats, windows: Windows) -> tuple[Floats, Places]:
    """Return the largest number of each window and its flat place, each of shape (C, oH, oW)."""
    values = np.zeros((len(maps), *windows.output_size))
    switches = np.zeros(values.shape, dtype=np.int64)
    for r, c, rows, columns in windows:
        top, left = windows.data(rows, columns)
        patch = maps[:, top, left]
        winner = patch.reshape(len(maps), -1).argmax(axis=1)  # the first of equal numbers
        i, j = np.divmod(winner, patch.shape[2])
        values[:, r, c] = patch.max(axis=(1, 2))
        switches[:, r, c] = (top.start + i) * windows.size[1] + left.start + j
    return values, switches


def means_of_windows(maps: Floats, windows: Windows, *, count_include_pad: bool = True) -> Floats:
    """Return the mean of each window, an ndarray of shape (C, oH, oW)."""
    means = np.zeros((len(maps), *windows.output_size))
    for r, c, rows, columns in windows:
        patch = maps[(slice(None), *windows.data(rows, columns))]
        divisor = windows.counted(rows, columns, count_include_pad)
        means[:, r, c] = patch.sum(axis=(1, 2)) / divisor
    return means


def _size(maps: Floats) -> tuple[int, int]:
    return maps.shape[1], maps.shape[2]
