"""Convolution as the libraries mean it: slide a kernel over the input, multiply, add up.

Strictly this is cross-correlation: the kernel is not flipped, unless one asks for it.
`conv2d_by_loops` says what happens in the plainest way, `conv2d` does the same quickly and for
every setting, `conv_transpose2d` runs it backwards. ``conv_steps`` writes down every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.padding import Padding, PaddingMode, Sides, pad2d, padding_sides
from cnnlab.shapes import conv_output_size, conv_transpose_output_size

__all__ = [
    "ConvLayer",
    "TransposedLayer",
    "conv2d",
    "conv2d_by_loops",
    "conv_transpose2d",
    "sliding_windows",
]

Floats = NDArray[np.float64]
Pair = int | tuple[int, int]


def conv2d_by_loops(x: Floats, weight: Floats, *, stride: int = 1, padding: int = 0) -> Floats:
    """Return the feature maps of `x`, one multiplication at a time.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    weight : ndarray of shape (K, C, kH, kW)
        K kernels.
    stride, padding : int
        Layer settings, the same for rows and columns.

    Returns
    -------
    ndarray of shape (K, oH, oW)
        The feature maps.

    Raises
    ------
    InputError
        If the kernel does not fit into the padded input, or has other channels.

    Examples
    --------
    >>> conv2d_by_loops(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)))
    array([[[4., 4.],
            [4., 4.]]])
    """
    n_filters, n_channels, k_rows, k_columns = weight.shape
    if len(x) != n_channels:
        raise InputError(f"the input has {len(x)} channels, each kernel {n_channels}")
    rows = conv_output_size(x.shape[1], kernel_size=k_rows, stride=stride, padding=padding)
    columns = conv_output_size(x.shape[2], kernel_size=k_columns, stride=stride, padding=padding)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    feature_maps = np.zeros((n_filters, rows, columns))
    for k in range(n_filters):
        for row in range(rows):
            for column in range(columns):
                for c in range(n_channels):
                    for i in range(k_rows):
                        for j in range(k_columns):
                            pixel = x[c, row * stride + i, column * stride + j]
                            feature_maps[k, row, column] += pixel * weight[k, c, i, j]
    return feature_maps


def conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Padding = 0,
    dilation: Pair = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
    flip: bool = False,
) -> Floats:
    """Return the feature maps of `x`, as ``torch.nn.Conv2d`` does.

    Parameters
    ----------
    x : array_like of shape (C, H, W)
        The input.
    weight : array_like of shape (K, C / groups, kH, kW)
        K kernels.
    bias : array_like of shape (K,), optional
        Added to each feature map.
    stride, dilation : int or (rows, columns)
        Layer settings.
    padding : int, (rows, columns), ((top, bottom), (left, right)) or a name
        As for `padding_sides`.
    groups : int
        The channels are split into so many groups; each kernel sees one group.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding is filled with.
    flip : bool
        True convolution: turn each kernel by half a turn first. The libraries do not.

    Returns
    -------
    ndarray of shape (K, oH, oW)
        The feature maps, in float64.

    Raises
    ------
    InputError
        If shapes or settings do not fit together, or a value is not a finite number.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285.

    Examples
    --------
    >>> conv2d([[[1, 2, 3], [4, 5, 6], [7, 8, 9]]], [[[[0, 1], [1, 0]]]])
    array([[[ 6.,  8.],
            [12., 14.]]])
    """
    layer = ConvLayer.of(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    windows = sliding_windows(layer.padded, layer.kernel_size, layer.stride, layer.dilation)
    applied = layer.weight[:, :, ::-1, ::-1] if flip else layer.weight
    n_filters, n_channels = applied.shape[:2]
    by_group = windows.reshape(groups, n_channels, *windows.shape[1:])  # (g, C, oH, oW, kH, kW)
    kernels = applied.reshape(groups, n_filters // groups, *applied.shape[1:])
    maps: Floats = np.einsum("gcxyij,gkcij->gkxy", by_group, kernels, optimize=True)
    return maps.reshape(n_filters, *windows.shape[1:3]) + layer.bias[:, None, None]


def conv_transpose2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
) -> Floats:
    """Return the transposed convolution of `x`, as ``torch.nn.ConvTranspose2d`` does.

    Each input pixel stamps the kernel, multiplied by its value, into the output; where stamps
    overlap they are added. It is the gradient of a convolution with the same settings.

    Parameters
    ----------
    x : array_like of shape (C, H, W)
        The input.
    weight : array_like of shape (C, K / groups, kH, kW)
        For each input channel, one kernel an output channel.
    bias : array_like of shape (K,), optional
        Added to each feature map.
    stride, dilation : int or (rows, columns)
        Output pixels from one stamp to the next, and from one weight of a stamp to the next.
    padding : int or (rows, columns)
        Taken away from each side of the output.
    output_padding : int or (rows, columns)
        Added to the bottom and the right of the output.
    groups : int
        The channels are split into so many groups.

    Returns
    -------
    ndarray of shape (K, oH, oW)
        The feature maps, in float64.

    Raises
    ------
    InputError
        If shapes or settings do not fit together, or a value is not a finite number.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285, chapter 4.

    Examples
    --------
    >>> conv_transpose2d([[[1, 2]]], [[[[1, 1, 1]]]], stride=(1, 2))
    array([[[1., 1., 3., 2., 2.]]])
    """
    layer = TransposedLayer.of(x, weight, bias, stride, padding, output_padding, dilation, groups)
    (s_rows, s_columns), (d_rows, d_columns) = layer.stride, layer.dilation
    (_, rows, columns), (top, left) = layer.x.shape, layer.padding
    height, width = layer.output_size
    inputs = layer.x.reshape(groups, -1, rows, columns)
    kernels = layer.weight.reshape(groups, inputs.shape[1], *layer.weight.shape[1:])
    k_rows, k_columns = layer.kernel_size
    # Room for every stamp, and for what output_padding adds.
    whole = np.zeros(
        (
            groups,
            kernels.shape[2],
            2 * top + height + rows * s_rows,
            2 * left + width + columns * s_columns,
        )
    )
    for i in range(k_rows):
        for j in range(k_columns):
            stamps = np.einsum("gchw,gck->gkhw", inputs, kernels[..., i, j])
            below, right = i * d_rows, j * d_columns
            whole[
                ...,
                below : below + rows * s_rows : s_rows,
                right : right + columns * s_columns : s_columns,
            ] += stamps
    maps = whole[..., top : top + height, left : left + width].reshape(-1, height, width)
    return maps + layer.bias[:, None, None]


def sliding_windows(
    padded: NDArray[Any],
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> NDArray[Any]:
    """Return the patch under the kernel at every place.

    Parameters
    ----------
    padded : ndarray of shape (C, H, W)
        The padded input.
    kernel_size, stride, dilation : (rows, columns)
        Layer settings.

    Returns
    -------
    ndarray of shape (C, oH, oW, kH, kW)
        A view into `padded`; nothing is copied.

    Examples
    --------
    >>> sliding_windows(np.arange(4).reshape(1, 1, 4), (1, 2), (1, 2), (1, 1)).tolist()
    [[[[[0, 1]], [[2, 3]]]]]
    """
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, span, axis=(1, 2))
    return windows[:, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


@dataclass(frozen=True)
class ConvLayer:
    """The checked settings of one convolution and its padded input."""

    padded: Floats  # (C, top + H + bottom, left + W + right)
    weight: Floats  # (K, C / groups, kH, kW)
    bias: Floats  # (K,)
    stride: tuple[int, int]
    sides: Sides
    dilation: tuple[int, int]

    @property
    def kernel_size(self) -> tuple[int, int]:
        """Rows and columns of each kernel."""
        return self.weight.shape[2], self.weight.shape[3]

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        weight: ArrayLike,
        bias: ArrayLike | None,
        stride: Pair,
        padding: Padding,
        dilation: Pair,
        groups: int,
        padding_mode: PaddingMode,
    ) -> ConvLayer:
        """Return the layer; raise InputError where the parts do not fit together."""
        x = _finite(x, name="x", ndim=3, axes="(C, H, W)")
        weight = _finite(weight, name="weight", ndim=4, axes="(K, C / groups, kH, kW)")
        bias = _bias(bias, n_filters=len(weight))
        groups = in_range(groups, name="groups", low=1)
        _check_groups(len(x), len(weight), groups)
        if weight.shape[1] != len(x) // groups:
            raise InputError(
                f"each kernel must have {len(x)} / {groups} = {len(x) // groups} channels to fit "
                f"the input, got {weight.shape[1]}"
            )
        kernel_size = (weight.shape[2], weight.shape[3])
        stride = as_pair(stride, name="stride", low=1)
        dilation = as_pair(dilation, name="dilation", low=1)
        sides = padding_sides(padding, kernel_size=kernel_size, stride=stride, dilation=dilation)
        for i, axis in enumerate(("rows", "columns")):
            conv_output_size(
                x.shape[1 + i],
                kernel_size=kernel_size[i],
                stride=stride[i],
                padding=sides[i],
                dilation=dilation[i],
                axis=axis,
            )
        padded = pad2d(x, sides=sides, padding_mode=padding_mode)
        return cls(padded, weight, bias, stride, sides, dilation)


@dataclass(frozen=True)
class TransposedLayer:
    """The checked settings of one transposed convolution."""

    x: Floats  # (C, H, W)
    weight: Floats  # (C, K / groups, kH, kW)
    bias: Floats  # (K,)
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    output_size: tuple[int, int]

    @property
    def kernel_size(self) -> tuple[int, int]:
        """Rows and columns of each kernel."""
        return self.weight.shape[2], self.weight.shape[3]

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        weight: ArrayLike,
        bias: ArrayLike | None,
        stride: Pair,
        padding: Pair,
        output_padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> TransposedLayer:
        """Return the layer; raise InputError where the parts do not fit together."""
        x = _finite(x, name="x", ndim=3, axes="(C, H, W)")
        weight = _finite(weight, name="weight", ndim=4, axes="(C, K / groups, kH, kW)")
        groups = in_range(groups, name="groups", low=1)
        n_filters = weight.shape[1] * groups
        bias = _bias(bias, n_filters=n_filters)
        _check_groups(len(x), n_filters, groups)
        if len(weight) != len(x):
            raise InputError(f"the input has {len(x)} channels, the weight is for {len(weight)}")
        stride = as_pair(stride, name="stride", low=1)
        padding = as_pair(padding, name="padding", low=0)
        output_padding = as_pair(output_padding, name="output_padding", low=0)
        dilation = as_pair(dilation, name="dilation", low=1)
        rows, columns = (
            conv_transpose_output_size(
                x.shape[1 + i],
                kernel_size=weight.shape[2 + i],
                stride=stride[i],
                padding=padding[i],
                output_padding=output_padding[i],
                dilation=dilation[i],
                axis=axis,
            )
            for i, axis in enumerate(("rows", "columns"))
        )
        return cls(x, weight, bias, stride, padding, dilation, (rows, columns))


def _check_groups(n_channels: int, n_filters: int, groups: int) -> None:
    if n_channels % groups or n_filters % groups:
        raise InputError(
            f"groups must divide both the {n_channels} input channels and the {n_filters} "
            f"kernels, got {groups}"
        )


def _bias(bias: ArrayLike | None, *, n_filters: int) -> Floats:
    array = _finite(np.zeros(n_filters) if bias is None else bias, name="bias", ndim=1, axes="(K,)")
    if len(array) != n_filters:
        raise InputError(f"bias needs one value per kernel, {n_filters}, got {len(array)}")
    return array


def _finite(values: ArrayLike, *, name: str, ndim: int, axes: str) -> Floats:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):  # text, or rows of unequal length
        raise InputError(f"{name} must be a table of numbers, every row as long") from None
    if array.ndim != ndim or array.size == 0:
        raise InputError(f"{name} must have the shape {axes} and no empty axis, got {array.shape}")
    if not np.isfinite(array).all():
        raise InputError(f"{name} must hold finite numbers only")
    return array
