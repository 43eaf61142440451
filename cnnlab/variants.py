"""The same job done by other layers: what weight sharing, grouping and bottlenecks save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnlab.checks import InputError, as_pair
from cnnlab.cost import layer_row, summarize, totals
from cnnlab.layers import Conv2d, Layer, Shape
from cnnlab.receptive import receptive_field

__all__ = ["Variant", "connection_counts", "variants"]


@dataclass(frozen=True)
class Variant:
    """Layers that could stand in for a convolution.

    Parameters
    ----------
    title, idea : str
        What it is called and what it does differently, in a sentence.
    layers : tuple of Layer
        The layers.
    n_params, macs : int
        What they cost.
    sees : int
        Rows of the input that one output cell sees.
    """

    title: str
    idea: str
    layers: tuple[Layer, ...]
    n_params: int
    macs: int
    sees: int


def connection_counts(layer: Conv2d, shape: Shape) -> dict[str, int]:
    """Return the weights of a convolution, of the same layer without sharing, and without locality.

    Parameters
    ----------
    layer : Conv2d
        The convolution.
    shape : (C, H, W)
        The shape of its input.

    Returns
    -------
    dict
        "shared": the convolution; "local": every output cell has weights of its own for its
        window; "full": every output cell has a weight for every input number. Biases not counted.

    Examples
    --------
    >>> connection_counts(Conv2d(5, 7), (3, 30, 30))
    {'shared': 735, 'local': 423360, 'full': 7776000}
    """
    row = layer_row(layer, shape)
    n_in = shape[0] * shape[1] * shape[2]
    return {"shared": row.n_weights, "local": row.macs, "full": n_in * row.n_activations}


def variants(layer: Conv2d, shape: Shape) -> list[Variant]:
    """Return a convolution and what could stand in for it, each with the same output shape.

    Parameters
    ----------
    layer : Conv2d
        The convolution, of one group.
    shape : (C, H, W)
        The shape of its input.

    Returns
    -------
    list of Variant
        The convolution itself first. Those that this layer has no numbers for are left out: a
        grouped one needs channels that 4 divides, a bottleneck at least 8 of them on both sides.

    Raises
    ------
    InputError
        If the layer cannot take this input, or has groups itself.

    References
    ----------
    .. [1] Chollet, 2017, "Xception", arXiv:1610.02357; Howard et al., 2017, "MobileNets",
       arXiv:1704.04861, section 3.1.
    .. [2] He et al., 2016, "Deep residual learning", arXiv:1512.03385, figure 5.
    """
    if layer.groups != 1:
        raise InputError(f"compare a convolution of one group, this one has {layer.groups}")
    channels, filters = shape[0], layer.out_channels
    found = [_variant("Convolution", "Every filter sees every channel.", [layer], shape)]
    if channels % 4 == 0 and filters % 4 == 0:
        grouped = replace(layer, groups=4)
        found.append(
            _variant("4 groups", "A filter sees a quarter of the channels.", [grouped], shape)
        )
    if channels > 1:
        alone = replace(layer, out_channels=channels, groups=channels)
        mixed = Conv2d(filters, 1, bias=layer.bias)
        idea = "One kernel for each channel, then 1 × 1 kernels mix the channels."
        found.append(_variant("Depthwise separable", idea, [alone, mixed], shape))
    if min(channels, filters) >= 8:
        narrow = min(channels, filters) // 4
        layers = [
            Conv2d(narrow, 1, bias=layer.bias),
            replace(layer, out_channels=narrow),
            Conv2d(filters, 1, bias=layer.bias),
        ]
        idea = f"1 × 1 kernels squeeze to {narrow} channels, and widen again afterwards."
        found.append(_variant("Bottleneck", idea, layers, shape))
    rows, columns = as_pair(layer.kernel_size, name="kernel_size", low=1)
    plain = as_pair(layer.dilation, name="dilation", low=1) == (1, 1)
    if plain and rows == columns and rows % 2 == 1 and isinstance(layer.padding, int):
        found += _with_3_by_3(layer, rows, layer.padding, shape)
    return found


def _with_3_by_3(layer: Conv2d, size: int, padding: int, shape: Shape) -> list[Variant]:
    """Return what 3 × 3 kernels can do: dilated, and several of them in a row."""
    if size == 3:
        wider = replace(layer, dilation=2, padding=padding + 1)
        idea = "Gaps between the weights: it sees more at the same cost."
        return [_variant("Dilated by 2", idea, [wider], shape)]
    n_layers = (size - 1) // 2
    if size < 3:
        return []
    sparse = replace(layer, kernel_size=3, dilation=n_layers)
    idea = f"9 weights with gaps cover {size} × {size}."
    found = [_variant(f"3 × 3, dilated by {n_layers}", idea, [sparse], shape)]
    if padding in (0, n_layers):  # the stack's paddings add up to it; its last layer strides
        step = replace(layer, kernel_size=3, padding=padding // n_layers, stride=1)
        stack = [step] * (n_layers - 1) + [replace(step, stride=layer.stride)]
        idea = f"{n_layers} layers see as much as one of {size} × {size}, with more non-linearity."
        found.append(_variant(f"{n_layers} layers of 3 × 3", idea, stack, shape))
    return found


def _variant(title: str, idea: str, layers: Sequence[Layer], shape: Shape) -> Variant:
    total = totals(summarize(layers, shape))
    sees = receptive_field(layers).size or 0
    return Variant(title, idea, tuple(layers), total.n_params, total.macs, sees)
