"""Convolution as the libraries mean it: slide a kernel over the input, multiply, add up.

Strictly this is cross-correlation: the kernel is not flipped. `conv2d_by_loops` says what happens
in the plainest way, `conv2d` does the same quickly, and `trace_conv2d` writes down every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.shapes import conv_output_size
from cnnlab.trace import Grid, Trace

__all__ = ["PaddingMode", "conv2d", "conv2d_by_loops", "pad2d", "trace_conv2d"]

Floats = NDArray[np.float64]
PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
_NUMPY_MODE: dict[str, Any] = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


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
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
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
    stride, padding, dilation : int or (rows, columns)
        Layer settings; `padding` is added on both sides.
    groups : int
        The channels are split into so many groups; each kernel sees one group.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding is filled with.

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
    layer = _Layer.of(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    windows = layer.windows()  # (C, oH, oW, kH, kW)
    n_filters, n_channels = layer.weight.shape[:2]
    by_group = windows.reshape(groups, n_channels, *windows.shape[1:])
    kernels = layer.weight.reshape(groups, n_filters // groups, *layer.weight.shape[1:])
    maps: Floats = np.einsum("gcxyij,gkcij->gkxy", by_group, kernels, optimize=True)
    return maps.reshape(n_filters, *windows.shape[1:3]) + layer.bias[:, None, None]


def trace_conv2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    padding_mode: PaddingMode = "zeros",
    channel_names: tuple[str, ...] | None = None,
    as_grey: bool = False,
) -> Trace:
    """Return every step of ``conv2d``: filter by filter, row by row, left to right.

    Parameters
    ----------
    x, weight, bias, stride, padding, dilation, groups, padding_mode
        As for `conv2d`.
    channel_names : tuple of str, optional
        What the C input channels are called.
    as_grey : bool
        Draw the input as grey values from 0 to 255, the output from its smallest to its largest.

    Returns
    -------
    Trace
        One step per output cell; its groups are the input channels that the kernel sees. Source
        indices point into the padded input.

    Raises
    ------
    InputError
        As for `conv2d`.

    Examples
    --------
    >>> trace = trace_conv2d(np.ones((1, 3, 3)), np.ones((1, 1, 2, 2)))
    >>> len(trace), trace.totals.tolist()
    (4, [4.0, 4.0, 4.0, 4.0])
    >>> trace.reads[1].tolist()
    [1, 2, 4, 5]
    """
    layer = _Layer.of(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    n_filters, n_channels, k_rows, k_columns = layer.weight.shape
    terms = n_channels * k_rows * k_columns
    # The windows of an array that holds its own flat indices are the indices each window reads.
    places = np.arange(layer.padded.size).reshape(layer.padded.shape)
    windows = _windows(places, layer.weight.shape[2:], layer.stride, layer.dilation)
    rows, columns = windows.shape[1:3]
    first_channel = np.arange(n_filters) // (n_filters // groups) * n_channels
    reads = np.concatenate(
        [
            windows[c : c + n_channels].transpose(1, 2, 0, 3, 4).reshape(rows * columns, terms)
            for c in first_channel
        ]
    )
    weights = np.repeat(np.arange(n_filters * terms).reshape(n_filters, terms), rows * columns, 0)
    products = layer.padded.ravel()[reads] * layer.weight.ravel()[weights]
    sums = products.reshape(len(reads), n_channels, k_rows * k_columns).sum(axis=2)
    steps_bias = np.repeat(layer.bias, rows * columns)
    totals = sums.sum(axis=1) + steps_bias
    names = channel_names or tuple(f"channel {c}" for c in range(len(layer.padded)))
    filters = tuple(
        f"filter {k}, {names[first_channel[k] + c]}"
        for k in range(n_filters)
        for c in range(n_channels)
    )
    (p_rows, p_columns) = layer.padding
    return Trace(
        source=Grid(
            "Input",
            layer.padded,
            names,
            (p_rows, p_rows, p_columns, p_columns),
            (0.0, 255.0) if as_grey else None,
        ),
        weight=Grid("Kernel", layer.weight.reshape(-1, k_rows, k_columns), filters),
        result=Grid(
            "Output",
            totals.reshape(n_filters, rows, columns),
            tuple(f"feature map {k}" for k in range(n_filters)),
            as_grey=(float(totals.min()), float(totals.max())) if as_grey else None,
        ),
        reads=reads,
        weights=weights,
        products=products,
        group_of=np.repeat(np.arange(n_channels), k_rows * k_columns),
        sums=sums,
        bias=steps_bias,
        writes=np.arange(len(reads)),
        totals=totals,
        has_bias=bias is not None,
    )


def pad2d(x: Floats, *, padding: tuple[int, int], padding_mode: PaddingMode = "zeros") -> Floats:
    """Return `x` with rows and columns added on all four sides.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    padding : (rows, columns)
        Added on both sides.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding is filled with.

    Returns
    -------
    ndarray of shape (C, H + 2 * rows, W + 2 * columns)
        The padded input.

    Raises
    ------
    InputError
        If the mode is unknown, or mirrors or wraps more pixels than there are.

    Examples
    --------
    >>> pad2d(np.array([[[1.0, 2.0, 3.0]]]), padding=(0, 2), padding_mode="reflect")
    array([[[3., 2., 1., 2., 3., 2., 1.]]])
    """
    if padding_mode not in get_args(PaddingMode):
        modes = ", ".join(get_args(PaddingMode))
        raise InputError(f"padding_mode must be one of {modes}, got {padding_mode!r}")
    for axis, size, length in zip(("rows", "columns"), padding, x.shape[1:], strict=True):
        most = {"reflect": length - 1, "circular": length}.get(padding_mode, size)
        if size > most:
            raise InputError(
                f"{padding_mode} padding can add at most {most} to {length} {axis}, got {size}"
            )
    (rows, columns) = padding
    return np.pad(x, ((0, 0), (rows, rows), (columns, columns)), mode=_NUMPY_MODE[padding_mode])


@dataclass(frozen=True)
class _Layer:
    """The checked settings of one convolution and its padded input."""

    padded: Floats  # (C, H + 2 pad, W + 2 pad)
    weight: Floats  # (K, C / groups, kH, kW)
    bias: Floats  # (K,)
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        weight: ArrayLike,
        bias: ArrayLike | None,
        stride: int | tuple[int, int],
        padding: int | tuple[int, int],
        dilation: int | tuple[int, int],
        groups: int,
        padding_mode: PaddingMode,
    ) -> _Layer:
        x = _finite(x, name="x", ndim=3, axes="(C, H, W)")
        weight = _finite(weight, name="weight", ndim=4, axes="(K, C / groups, kH, kW)")
        bias = _finite(
            np.zeros(len(weight)) if bias is None else bias, name="bias", ndim=1, axes="(K,)"
        )
        groups = in_range(groups, name="groups", low=1)
        if len(x) % groups or len(weight) % groups:
            raise InputError(
                f"groups must divide both the {len(x)} input channels and the {len(weight)} "
                f"kernels, got {groups}"
            )
        if weight.shape[1] != len(x) // groups:
            raise InputError(
                f"each kernel must have {len(x)} / {groups} = {len(x) // groups} channels to fit "
                f"the input, got {weight.shape[1]}"
            )
        if len(bias) != len(weight):
            raise InputError(f"bias needs one value per kernel, {len(weight)}, got {len(bias)}")
        stride = as_pair(stride, name="stride", low=1)
        padding = as_pair(padding, name="padding", low=0)
        dilation = as_pair(dilation, name="dilation", low=1)
        for axis in (0, 1):  # refuses what does not fit, before anything is computed
            conv_output_size(
                x.shape[1 + axis],
                kernel_size=weight.shape[2 + axis],
                stride=stride[axis],
                padding=padding[axis],
                dilation=dilation[axis],
            )
        padded = pad2d(x, padding=padding, padding_mode=padding_mode)
        return cls(padded, weight, bias, stride, padding, dilation)

    def windows(self) -> Floats:
        """Return the patch under the kernel at every place, shape (C, oH, oW, kH, kW)."""
        return _windows(self.padded, self.weight.shape[2:], self.stride, self.dilation)


def _windows(
    padded: NDArray[Any],
    kernel_size: tuple[int, ...],
    stride: tuple[int, int],
    dilation: tuple[int, int],
) -> NDArray[Any]:
    span = [d * (k - 1) + 1 for d, k in zip(dilation, kernel_size, strict=True)]
    windows = np.lib.stride_tricks.sliding_window_view(padded, span, axis=(1, 2))
    return windows[:, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


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
