"""Every step of a convolution and of a transposed convolution, written down for the step player."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.activations import activation as find_activation
from cnnlab.convolution import ConvLayer, Pair, TransposedLayer, sliding_windows
from cnnlab.padding import Padding, PaddingMode
from cnnlab.trace import Grid, Trace

__all__ = ["spread", "trace_conv2d", "trace_conv_transpose2d"]

Floats = NDArray[np.float64]


def trace_conv2d(
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
    activation: str = "none",
    channel_names: tuple[str, ...] | None = None,
    as_grey: bool = False,
) -> Trace:
    """Return every step of ``conv2d``: filter by filter, row by row, left to right.

    Parameters
    ----------
    x, weight, bias, stride, padding, dilation, groups, padding_mode, flip
        As for `conv2d`.
    activation : str
        What each sum passes through, a key of ``ACTIVATIONS``.
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
    layer = ConvLayer.of(x, weight, bias, stride, padding, dilation, groups, padding_mode)
    n_filters, n_channels, k_rows, k_columns = layer.weight.shape
    names = channel_names or _channel_names(len(layer.padded))
    first_channel = np.arange(n_filters) // (n_filters // groups) * n_channels
    slices = tuple(
        f"filter {k}, {names[first_channel[k] + c]}"
        for k in range(n_filters)
        for c in range(n_channels)
    )
    source = Grid("Input", layer.padded, names, (*layer.sides[0], *layer.sides[1]), _grey(as_grey))
    # For every filter and step: the weight of each term, in the order of the window.
    used = np.arange(layer.weight.size).reshape(layer.weight.shape)
    used = used[:, :, ::-1, ::-1] if flip else used
    return _slide(
        source,
        Grid("Kernel", layer.weight.reshape(-1, k_rows, k_columns), slices),
        used.reshape(n_filters, -1),
        layer.bias,
        first_channel=first_channel,
        window=layer.kernel_size,
        stride=layer.stride,
        dilation=layer.dilation,
        has_bias=bias is not None,
        activation=activation,
        turned=flip,
        as_grey=as_grey,
    )


def trace_conv_transpose2d(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    *,
    stride: Pair = 1,
    padding: Pair = 0,
    output_padding: Pair = 0,
    dilation: Pair = 1,
    groups: int = 1,
    activation: str = "none",
    channel_names: tuple[str, ...] | None = None,
    as_grey: bool = False,
) -> Trace:
    """Return every step of ``conv_transpose2d``, output cell by output cell.

    Seen from its output, a transposed convolution is a convolution at stride 1: the input is
    spread out, with ``stride - 1`` zeros between its pixels, padded by what the kernel covers
    less `padding`, and the kernel is turned by half a turn (Dumoulin and Visin, 2016, chapter 4).

    Parameters
    ----------
    x, weight, bias, stride, padding, output_padding, dilation, groups
        As for `conv_transpose2d`.
    activation, channel_names, as_grey
        As for `trace_conv2d`.

    Returns
    -------
    Trace
        One step per output cell. Source indices point into the spread-out input.

    Raises
    ------
    InputError
        As for `conv_transpose2d`.

    Examples
    --------
    >>> trace = trace_conv_transpose2d([[[1, 2]]], [[[[1, 1, 1]]]], stride=(1, 2))
    >>> trace.source.values.tolist()
    [[[0.0, 0.0, 1.0, 0.0, 2.0, 0.0, 0.0]]]
    >>> trace.totals.tolist()
    [1.0, 1.0, 3.0, 2.0, 2.0]
    """
    layer = TransposedLayer.of(x, weight, bias, stride, padding, output_padding, dilation, groups)
    n_channels, per_group, k_rows, k_columns = layer.weight.shape
    n_filters, in_group = per_group * groups, n_channels // groups
    names = channel_names or _channel_names(n_channels)
    first_channel = np.arange(n_filters) // per_group * in_group
    values, margin = spread(layer)
    source = Grid(
        "Input",
        values,
        names,
        margin,
        _grey(as_grey),
        spacing=layer.stride,
        around="a border of zeros",
    )
    slices = tuple(
        f"{names[c]} to feature map {c // in_group * per_group + k}"
        for c in range(n_channels)
        for k in range(per_group)
    )
    # Filter k reads the turned weights [c, k] of the channels of its group.
    used = np.arange(layer.weight.size).reshape(layer.weight.shape)[:, :, ::-1, ::-1]
    by_filter = np.stack(
        [
            used[first_channel[k] : first_channel[k] + in_group, k % per_group]
            for k in range(n_filters)
        ]
    )
    return _slide(
        source,
        Grid("Kernel", layer.weight.reshape(-1, k_rows, k_columns), slices),
        by_filter.reshape(n_filters, -1),
        layer.bias,
        first_channel=first_channel,
        window=layer.kernel_size,
        stride=(1, 1),
        dilation=layer.dilation,
        has_bias=bias is not None,
        activation=activation,
        turned=True,
        as_grey=as_grey,
    )


def spread(layer: TransposedLayer) -> tuple[Floats, tuple[int, int, int, int]]:
    """Return the input of a transposed convolution as its equivalent convolution reads it.

    Parameters
    ----------
    layer : TransposedLayer
        The layer.

    Returns
    -------
    ndarray of shape (C, oH + covered rows - 1, oW + covered columns - 1)
        The input with zeros between its pixels and around them.
    (top, bottom, left, right)
        How many rows and columns lie around the pixels; below zero where pixels are cut off.
    """
    n_channels, *size = layer.x.shape
    margin: list[int] = []
    shape = []
    for axis in (0, 1):
        reach = layer.dilation[axis] * (layer.kernel_size[axis] - 1)
        length = layer.output_size[axis] + reach
        before = reach - layer.padding[axis]
        shape.append(length)
        margin += [before, length - before - ((size[axis] - 1) * layer.stride[axis] + 1)]
    values = np.zeros((n_channels, *shape))
    rows, columns = (np.arange(size[i]) * layer.stride[i] + margin[2 * i] for i in (0, 1))
    kept = [(at >= 0) & (at < shape[i]) for i, at in enumerate((rows, columns))]
    values[:, rows[kept[0]][:, None], columns[kept[1]]] = layer.x[:, kept[0]][:, :, kept[1]]
    return values, (margin[0], margin[1], margin[2], margin[3])


def _slide(
    source: Grid,
    weight: Grid,
    used: NDArray[np.int64],
    bias: Floats,
    *,
    first_channel: NDArray[np.int64],
    window: tuple[int, int],
    stride: tuple[int, int],
    dilation: tuple[int, int],
    activation: str,
    as_grey: bool,
    **facts: Any,
) -> Trace:
    """Return the steps of windows that slide over `source`.

    `used` has shape (K, terms): the flat indices of the weights of each filter, in the order of
    the window; filter k sees the channels from ``first_channel[k]`` on.
    """
    n_filters, terms = used.shape
    n_channels = terms // (window[0] * window[1])
    # The windows of an array that holds its own flat indices are the indices each window reads.
    places = np.arange(source.values.size).reshape(source.values.shape)
    windows = sliding_windows(places, window, stride, dilation)
    rows, columns = windows.shape[1:3]
    reads = np.concatenate(
        [
            windows[c : c + n_channels].transpose(1, 2, 0, 3, 4).reshape(rows * columns, terms)
            for c in first_channel
        ]
    )
    weights = np.repeat(used, rows * columns, axis=0)
    products = source.values.ravel()[reads] * weight.values.ravel()[weights]
    sums = products.reshape(len(reads), n_channels, -1).sum(axis=2)
    steps_bias = np.repeat(bias, rows * columns)
    before = sums.sum(axis=1) + steps_bias
    passes = find_activation(activation)
    totals = passes.function(before)
    return Trace(
        source=source,
        weight=weight,
        result=Grid(
            "Output",
            totals.reshape(n_filters, rows, columns),
            tuple(f"feature map {k}" for k in range(n_filters)),
            as_grey=(float(totals.min()), float(totals.max())) if as_grey else None,
        ),
        reads=reads,
        weights=weights,
        products=products,
        group_of=np.repeat(np.arange(n_channels), window[0] * window[1]),
        sums=sums,
        bias=steps_bias,
        before=before,
        writes=np.arange(len(reads)),
        totals=totals,
        window=window,
        activation=passes,
        **facts,
    )


def _channel_names(count: int) -> tuple[str, ...]:
    return tuple(f"channel {c}" for c in range(count))


def _grey(as_grey: bool) -> tuple[float, float] | None:
    return (0.0, 255.0) if as_grey else None
