"""One cell of a feature map as a sum: which inputs went in, times what, channel by channel.

Everything is computed in float64 from the network's own float32 numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CellSum",
    "average_pool_sum",
    "conv_sum",
    "linear_sum",
    "max_pool_sum",
    "region_sum",
]

Floats = NDArray[np.float64]
Array = NDArray[np.floating[Any]]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class CellSum:
    """The products that make one number, by the input channel that they belong to.

    Parameters
    ----------
    inputs : ndarray of shape (n,)
        Numbers of the input channels; of a linear layer, of its input features.
    patches : ndarray of shape (n, kH, kW)
        What lies under the window, 0 where it reaches beyond the input.
    weights : ndarray of shape (n, kH, kW)
        What each number is multiplied by.
    rows, columns : ndarray of shape (kH,), (kW,)
        Where the window lies in the input; below 0 or beyond its size is padding.
    size : (H, W)
        Of the input.
    bias : float or None
        What is added in the end; None where the layer has no bias.
    """

    inputs: NDArray[np.int64]
    patches: Floats
    weights: Floats
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    size: Pair
    bias: float | None = None

    @property
    def products(self) -> Floats:
        """Each number times its weight, shape (n, kH, kW)."""
        return self.patches * self.weights

    @property
    def contributions(self) -> Floats:
        """What each input channel adds: the sum of its products, shape (n,)."""
        sums: Floats = self.products.sum(axis=(1, 2))
        return sums

    @property
    def total(self) -> float:
        """The sum of all contributions and the bias."""
        return float(self.contributions.sum()) + (self.bias or 0.0)

    @property
    def magnitude(self) -> float:
        """The sum of the sizes of all products and the bias: what rounding errors grow with."""
        return float(np.abs(self.products).sum()) + abs(self.bias or 0.0)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which numbers of the window lie in the input, shape (kH, kW)."""
        rows, columns = (
            (places >= 0) & (places < length)
            for places, length in zip((self.rows, self.columns), self.size, strict=True)
        )
        return rows[:, None] & columns

    def by_size(self) -> NDArray[np.int64]:
        """Return the places of the contributions, the largest size first."""
        return np.argsort(-np.abs(self.contributions), kind="stable")

    def strongest_place(self, index: int) -> tuple[int, int] | None:
        """Return row and column of the number that gives a contribution most of its size.

        Parameters
        ----------
        index : int
            Place in `inputs`.

        Returns
        -------
        (row, column) or None
            In the input; None where the window lies wholly in the padding.
        """
        i, j = self._strongest(index)
        return (int(self.rows[i]), int(self.columns[j])) if self.inside[i, j] else None

    def strongest_product(self, index: int) -> float:
        """Return the product at `strongest_place`: the one that adds most, or takes off most."""
        return float(self.products[index][self._strongest(index)])

    def _strongest(self, index: int) -> tuple[int, int]:
        sign = -1.0 if self.contributions[index] < 0 else 1.0
        helped = np.where(self.inside, sign * self.products[index], -np.inf)
        i, j = np.unravel_index(int(helped.argmax()), helped.shape)
        return int(i), int(j)


def conv_sum(
    x: Array,
    weight: Array,
    bias: Array | None,
    *,
    channel: int,
    cell: Pair,
    stride: Pair = (1, 1),
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
) -> CellSum:
    """Return what makes one cell of a convolution's output.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    weight : ndarray of shape (K, C / groups, kH, kW)
        The kernels.
    bias : ndarray of shape (K,) or None
        One number for each output channel.
    channel : int
        The output channel.
    cell : (row, column)
        Of the output.
    stride, padding, dilation : (rows, columns)
        Of the layer; `padding` is at the top and on the left, with zeros.
    groups : int
        A channel only sees the input channels of its group.

    Returns
    -------
    CellSum
        C / groups input channels.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 3, 3)
    >>> found = conv_sum(x, np.ones((1, 1, 3, 3)), None, channel=0, cell=(0, 0), padding=(1, 1))
    >>> found.patches.tolist(), found.total
    ([[[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 3.0, 4.0]]], 8.0)
    """
    n_filters, per_group, *kernel_size = weight.shape
    first = channel // (n_filters // groups) * per_group  # of the group's input channels
    inputs = np.arange(first, first + per_group)
    rows, columns = (
        cell[axis] * stride[axis] - padding[axis] + dilation[axis] * np.arange(kernel_size[axis])
        for axis in (0, 1)
    )
    return CellSum(
        inputs,
        _window(x[first : first + per_group], rows, columns),
        weight[channel].astype(np.float64),
        rows,
        columns,
        (x.shape[1], x.shape[2]),
        None if bias is None else float(bias[channel]),
    )


def linear_sum(x: Array, weight: Array, bias: Array | None, *, channel: int) -> CellSum:
    """Return what makes one output of a fully connected layer: every feature times its weight.

    Parameters
    ----------
    x : ndarray of shape (C,)
        The input features.
    weight : ndarray of shape (K, C)
        The weights.
    bias : ndarray of shape (K,) or None
        One number for each output.
    channel : int
        The output.

    Returns
    -------
    CellSum
        C inputs with windows of one number.

    Examples
    --------
    >>> linear_sum(np.array([2.0, 3]), np.array([[1.0, -1]]), np.array([5.0]), channel=0).total
    4.0
    """
    one = np.zeros(1, dtype=np.int64)
    return CellSum(
        np.arange(len(x)),
        x.astype(np.float64).reshape(-1, 1, 1),
        weight[channel].astype(np.float64).reshape(-1, 1, 1),
        one,
        one,
        (1, 1),
        None if bias is None else float(bias[channel]),
    )


def max_pool_sum(
    x: Array,
    *,
    channel: int,
    cell: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    dilation: Pair = (1, 1),
) -> CellSum:
    """Return what makes one cell of max pooling: the largest number of its window, times 1.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    channel : int
        The channel, of input and output alike.
    cell : (row, column)
        Of the output.
    kernel_size, stride, padding, dilation : (rows, columns)
        Of the layer. Padding never wins.

    Returns
    -------
    CellSum
        One input channel, with weight 1 at the first of the largest numbers, else 0.

    Examples
    --------
    >>> x = np.array([[[1.0, 5], [7, 2]]])
    >>> max_pool_sum(x, channel=0, cell=(0, 0), kernel_size=(2, 2), stride=(2, 2)).weights.tolist()
    [[[0.0, 0.0], [1.0, 0.0]]]
    """
    rows, columns = (
        cell[axis] * stride[axis] - padding[axis] + dilation[axis] * np.arange(kernel_size[axis])
        for axis in (0, 1)
    )
    found = _pooled(x, channel, rows, columns)
    seen = np.where(found.inside, found.patches[0], -np.inf)
    weights = np.zeros_like(found.patches)
    weights[0].flat[int(seen.argmax())] = 1.0
    return CellSum(found.inputs, found.patches, weights, rows, columns, found.size)


def average_pool_sum(
    x: Array,
    *,
    channel: int,
    cell: Pair,
    kernel_size: Pair,
    stride: Pair,
    padding: Pair = (0, 0),
    count_include_pad: bool = True,
    divisor: int | None = None,
) -> CellSum:
    """Return what makes one cell of average pooling: each number times the same share.

    Parameters
    ----------
    x, channel, cell, kernel_size, stride, padding
        As for `max_pool_sum`.
    count_include_pad : bool
        Whether zeros of the padding count among the numbers.
    divisor : int, optional
        What the sum is divided by, whatever the size of the window.

    Returns
    -------
    CellSum
        One input channel.

    Examples
    --------
    >>> x = np.array([[[1.0, 5], [7, 3]]])
    >>> average_pool_sum(x, channel=0, cell=(0, 0), kernel_size=(2, 2), stride=(2, 2)).total
    4.0
    """
    # With rounding up, a window may reach beyond the padding: there is nothing to be counted.
    rows, columns = (
        np.arange(first, min(first + kernel_size[axis], x.shape[axis + 1] + padding[axis]))
        for axis in (0, 1)
        for first in [cell[axis] * stride[axis] - padding[axis]]
    )
    found = _pooled(x, channel, rows, columns)
    count = divisor or (found.patches.size if count_include_pad else int(found.inside.sum()))
    share = np.where(found.inside, 1 / count, 0.0)[None]
    return CellSum(found.inputs, found.patches, share, rows, columns, found.size)


def region_sum(x: Array, *, channel: int, cell: Pair, output_size: Pair) -> CellSum:
    """Return what makes one cell of adaptive average pooling: the mean of a region.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    channel : int
        The channel, of input and output alike.
    cell : (row, column)
        Of the output.
    output_size : (rows, columns)
        How many regions there are; 1 × 1 is the mean of the whole map.

    Returns
    -------
    CellSum
        One input channel.

    Examples
    --------
    >>> x = np.arange(7.0).reshape(1, 1, 7)
    >>> region_sum(x, channel=0, cell=(0, 1), output_size=(1, 3)).columns.tolist()
    [2, 3, 4]
    """
    rows, columns = (
        np.arange(cell[axis] * length // output_size[axis], -(-(cell[axis] + 1) * length // cells))
        for axis, (length, cells) in enumerate(zip(x.shape[1:], output_size, strict=True))
    )
    found = _pooled(x, channel, rows, columns)
    share = np.full(found.patches.shape, 1 / found.patches.size)
    return CellSum(found.inputs, found.patches, share, rows, columns, found.size)


def _pooled(x: Array, channel: int, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> CellSum:
    patch = _window(x[channel : channel + 1], rows, columns)
    size = (x.shape[1], x.shape[2])
    return CellSum(np.array([channel]), patch, np.ones_like(patch), rows, columns, size)


def _window(x: Array, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Floats:
    """Return the numbers at some rows and columns of every channel, 0 beyond the edges."""
    patch = np.zeros((len(x), len(rows), len(columns)))
    within = [(rows >= 0) & (rows < x.shape[1]), (columns >= 0) & (columns < x.shape[2])]
    patch[np.ix_(np.arange(len(x)), *within)] = x[:, rows[within[0]]][:, :, columns[within[1]]]
    return patch
