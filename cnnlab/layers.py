"""Layers as descriptions: what a network is made of, without any weights.

A network is a tuple of layers. Joins (`Block`, `Residual`, `Concat`, `Dense`, `Gate`, `Highway`,
`Split`) hold layers themselves, so a tuple describes a ResNet as well as a VGG.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Literal, NamedTuple

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    pool_output_size,
    same_padding,
)

__all__ = [
    "Activation",
    "AdaptiveAvgPool2d",
    "AxisWindow",
    "BatchNorm2d",
    "Block",
    "ChannelShuffle",
    "Concat",
    "Conv2d",
    "ConvTranspose2d",
    "Dense",
    "Dropout",
    "Flatten",
    "Gate",
    "Highway",
    "Layer",
    "LayerNorm2d",
    "LayerScale",
    "Linear",
    "LocalResponseNorm",
    "PadChannels",
    "Pool2d",
    "Residual",
    "Select",
    "Shape",
    "Split",
    "half_of",
    "output_shape",
    "shape_text",
    "size_text",
    "window_along",
]

Shape = tuple[int, ...]  # (C, H, W), or (features,) after Flatten
Pair = int | tuple[int, int]  # one number stands for rows and columns
MOST = 10**6  # channels, features, pixels a side; beyond, a number is a slip of the finger


@dataclass(frozen=True)
class Layer:
    """What all layers have: a name for tables; empty where the kind says enough."""

    name: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Conv2d(Layer):
    """A convolution. `padding` is per side, "same" (stride 1 only) or "valid"."""

    out_channels: int
    kernel_size: Pair
    stride: Pair = 1
    padding: Pair | Literal["same", "valid"] = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True


@dataclass(frozen=True)
class ConvTranspose2d(Layer):
    """A transposed convolution."""

    out_channels: int
    kernel_size: Pair
    stride: Pair = 1
    padding: Pair = 0
    output_padding: Pair = 0
    dilation: Pair = 1
    groups: int = 1
    bias: bool = True


@dataclass(frozen=True)
class Pool2d(Layer):
    """Pooling by a window; without a `stride`, windows lie side by side."""

    kernel_size: Pair
    stride: Pair | None = None
    padding: Pair = 0
    dilation: Pair = 1
    ceil_mode: bool = False
    kind: Literal["max", "average", "L2"] = "max"

    @property
    def step(self) -> Pair:
        """The stride, or the kernel size where none is given."""
        return self.kernel_size if self.stride is None else self.stride


@dataclass(frozen=True)
class AdaptiveAvgPool2d(Layer):
    """The mean over so many windows that a given output size results; 1 is global pooling."""

    output_size: Pair = 1


@dataclass(frozen=True)
class BatchNorm2d(Layer):
    """Batch normalisation: one scale and one shift for each channel."""


@dataclass(frozen=True)
class LayerNorm2d(Layer):
    """Layer normalisation of each cell over all channels: one scale and one shift a channel."""


@dataclass(frozen=True)
class LayerScale(Layer):
    """Each channel multiplied by one learned number."""


@dataclass(frozen=True)
class LocalResponseNorm(Layer):
    """Local response normalisation over `size` neighbouring channels; it has no weights."""

    size: int = 5


@dataclass(frozen=True)
class ChannelShuffle(Layer):
    """The same channels in another order: the first of each group, the second of each, and on."""

    groups: int = 2


@dataclass(frozen=True)
class PadChannels(Layer):
    """Channels of zeros after those that are there, so that there are `out_channels`."""

    out_channels: int


@dataclass(frozen=True)
class Select(Layer):
    """Some of the channels: `count` of them, from number `first` on; 0 is the first of all."""

    first: int
    count: int


@dataclass(frozen=True)
class Linear(Layer):
    """A fully connected layer."""

    out_features: int
    bias: bool = True


@dataclass(frozen=True)
class Flatten(Layer):
    """All numbers in one row."""


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout: in training, each number is left out with probability `p`."""

    p: float = 0.5


@dataclass(frozen=True)
class Activation(Layer):
    """A function applied to each number."""

    kind: str = "ReLU"


@dataclass(frozen=True)
class Block(Layer):
    """Layers one after the other, under one name."""

    layers: tuple[Layer, ...]


@dataclass(frozen=True)
class Residual(Layer):
    """The sum of what `body` and `shortcut` make; an empty shortcut is the input itself."""

    body: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class Concat(Layer):
    """Branches side by side, their feature maps stacked."""

    branches: tuple[tuple[Layer, ...], ...]


@dataclass(frozen=True)
class Dense(Layer):
    """The input with what `body` makes of it stacked on top."""

    body: tuple[Layer, ...]


@dataclass(frozen=True)
class Gate(Layer):
    """The input, each channel multiplied by a number that `body` makes: squeeze and excitation."""

    body: tuple[Layer, ...]


@dataclass(frozen=True)
class Highway(Layer):
    """The input mixed with what `body` makes: `gate` says of each number how much of it is new."""

    body: tuple[Layer, ...]
    gate: tuple[Layer, ...]


@dataclass(frozen=True)
class Split(Layer):
    """The first half of the channels, with what `body` makes of the second half stacked on top."""

    body: tuple[Layer, ...]


def output_shape(layer: Layer, shape: Shape) -> Shape:
    """Return the shape of what a layer makes.

    Parameters
    ----------
    layer : Layer
        The layer.
    shape : (C, H, W) or (features,)
        The shape of its input.

    Returns
    -------
    tuple of int
        (C, H, W) or (features,).

    Raises
    ------
    InputError
        If the layer cannot take this input.

    Examples
    --------
    >>> output_shape(Conv2d(64, 7, stride=2, padding=3), (3, 224, 224))
    (64, 112, 112)
    >>> output_shape(Flatten(), (256, 6, 6))
    (9216,)
    """
    match layer:
        case Flatten():
            return (prod(shape),)
        case Linear(out_features=features):
            if len(shape) != 1:
                raise InputError(
                    f"a fully connected layer takes a row of numbers, it gets {shape_text(shape)}: "
                    "put Flatten or global pooling with Flatten before it"
                )
            return (in_range(features, name="out_features", low=1, high=MOST),)
        case Dropout(p=p):
            if not 0 <= p <= 1:
                raise InputError(f"p must be between 0 and 1, got {p:g}")
            return shape
        case Activation():
            return shape
        case Block() | Residual() | Concat() | Dense() | Gate() | Highway() | Split():
            return _joined(layer, shape)
    channels, *size = _picture(layer, shape)
    match layer:
        case BatchNorm2d() | LayerNorm2d() | LayerScale():
            return shape
        case ChannelShuffle():
            groups = in_range(layer.groups, name="groups", low=1, high=MOST)
            if channels % groups:
                raise InputError(f"{groups} groups must divide the {channels} channels")
            return shape
        case PadChannels():
            wanted = in_range(layer.out_channels, name="out_channels", low=1, high=MOST)
            if wanted < channels:
                raise InputError(f"there are {channels} channels already, more than {wanted}")
            return wanted, *size
        case Select():
            first = in_range(layer.first, name="first", low=0, high=MOST)
            count = in_range(layer.count, name="count", low=1, high=MOST)
            if first + count > channels:
                raise InputError(
                    f"channels {first + 1} to {first + count} are wanted, there are {channels}"
                )
            return count, *size
        case LocalResponseNorm():
            in_range(layer.size, name="size", low=1, high=MOST)
            return shape
        case AdaptiveAvgPool2d():
            rows, columns = as_pair(layer.output_size, name="output_size", low=1, high=MOST)
            return channels, rows, columns
        case Pool2d():
            rows, columns = (_pooled(layer, size[axis], axis) for axis in (0, 1))
            return channels, rows, columns
        case Conv2d() | ConvTranspose2d():
            filters = in_range(layer.out_channels, name="out_channels", low=1, high=MOST)
            _check_groups(channels, filters, layer.groups)
            make = _convolved if isinstance(layer, Conv2d) else _transposed
            rows, columns = (make(layer, size[axis], axis) for axis in (0, 1))  # type: ignore[arg-type]
            return filters, rows, columns
    raise TypeError(f"not a layer: {layer!r}")


class AxisWindow(NamedTuple):
    """The settings of a sliding window along one axis, in pixels; `padding` is (before, after)."""

    kernel_size: int
    stride: int
    padding: tuple[int, int]
    dilation: int


def window_along(layer: Conv2d | Pool2d, axis: int, *, high: int | None = None) -> AxisWindow:
    """Return the settings of a layer's window along one axis, as plain numbers.

    Parameters
    ----------
    layer : Conv2d or Pool2d
        The layer.
    axis : int
        0 along the rows' direction (height), 1 along the columns' (width).
    high : int, optional
        The largest number that is accepted.

    Returns
    -------
    AxisWindow
        The stride of a pooling that names none is its kernel size; "same" and "valid" are numbers.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> window_along(Conv2d(8, (3, 4), padding="same"), 1)
    AxisWindow(kernel_size=4, stride=1, padding=(1, 2), dilation=1)
    >>> window_along(Pool2d(2), 0).stride
    2
    """
    kernel_size = as_pair(layer.kernel_size, name="kernel_size", low=1, high=high)[axis]
    given = layer.step if isinstance(layer, Pool2d) else layer.stride
    stride = as_pair(given, name="stride", low=1, high=high)[axis]
    dilation = as_pair(layer.dilation, name="dilation", low=1, high=high)[axis]
    if layer.padding == "same":
        padding = same_padding(kernel_size, dilation=dilation)
    elif layer.padding == "valid":
        padding = 0, 0
    else:
        both = as_pair(layer.padding, name="padding", low=0, high=high)[axis]
        padding = both, both
    return AxisWindow(kernel_size, stride, padding, dilation)


def shape_text(shape: Shape, *, times: str = " × ") -> str:
    """Return a shape for reading, in the order of the numbers.

    Examples
    --------
    >>> shape_text((64, 112, 56)), shape_text((1000,))
    ('64 × 112 × 56', '1000')
    """
    return times.join(str(n) for n in shape)


def size_text(shape: Shape) -> str:
    """Return a shape for reading as papers write it: width × height × depth.

    Examples
    --------
    >>> size_text((64, 112, 56)), size_text((1000,))
    ('56 × 112 × 64', '1000')
    """
    return shape_text((*reversed(shape[1:]), shape[0]))


def _picture(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    if len(shape) != 3:
        raise InputError(
            f"{type(layer).__name__} takes feature maps (channels × rows × columns), it gets "
            f"{shape_text(shape)} number{'s' if shape != (1,) else ''}: put it before Flatten"
        )
    return shape[0], shape[1], shape[2]


def _check_groups(channels: int, filters: int, groups: int) -> None:
    groups = in_range(groups, name="groups", low=1)
    if channels % groups or filters % groups:
        raise InputError(
            f"{groups} groups must divide the {channels} input channels and the {filters} output "
            "channels"
        )


_AXES = ("rows", "columns")


def _convolved(layer: Conv2d, n: int, axis: int) -> int:
    window = window_along(layer, axis, high=MOST)
    if layer.padding == "same" and window.stride != 1:
        raise InputError("padding 'same' goes with stride 1 only, as in PyTorch")
    return conv_output_size(n, **window._asdict(), axis=_AXES[axis])


def _transposed(layer: ConvTranspose2d, n: int, axis: int) -> int:
    return conv_transpose_output_size(
        n,
        kernel_size=as_pair(layer.kernel_size, name="kernel_size", low=1, high=MOST)[axis],
        stride=as_pair(layer.stride, name="stride", low=1, high=MOST)[axis],
        padding=as_pair(layer.padding, name="padding", low=0, high=MOST)[axis],
        output_padding=as_pair(layer.output_padding, name="output_padding", low=0)[axis],
        dilation=as_pair(layer.dilation, name="dilation", low=1, high=MOST)[axis],
        axis=_AXES[axis],
    )


def _pooled(layer: Pool2d, n: int, axis: int) -> int:
    window = window_along(layer, axis)
    return pool_output_size(
        n,
        kernel_size=in_range(window.kernel_size, name="kernel_size", low=1, high=MOST),
        stride=window.stride,
        padding=window.padding[0],
        dilation=window.dilation,
        ceil_mode=layer.ceil_mode,
        axis=_AXES[axis],
    )


def _through(layers: tuple[Layer, ...], shape: Shape) -> Shape:
    for layer in layers:
        shape = output_shape(layer, shape)
    return shape


def _joined(
    layer: Block | Residual | Concat | Dense | Gate | Highway | Split, shape: Shape
) -> Shape:
    match layer:
        case Block():
            return _through(layer.layers, shape)
        case Residual():
            made, kept = _through(layer.body, shape), _through(layer.shortcut, shape)
            if made != kept:
                raise InputError(
                    f"the two ways of a residual block must end in the same shape: its body makes "
                    f"{shape_text(made)}, its shortcut {shape_text(kept)}"
                )
            return made
        case Concat():
            return _stacked([_through(branch, shape) for branch in layer.branches])
        case Dense():
            return _stacked([shape, _through(layer.body, shape)])
        case Split():
            half = half_of(shape)
            return _stacked([half, _through(layer.body, half)])
        case Gate():
            made = _through(layer.body, shape)
            if made[0] != shape[0] or any(n != 1 for n in made[1:]):
                raise InputError(
                    f"a gate needs one number for each of the {shape[0]} channels, its body makes "
                    f"{shape_text(made)}"
                )
            return shape
        case Highway():
            for way, layers in (("body", layer.body), ("gate", layer.gate)):
                if (found := _through(layers, shape)) != shape:
                    raise InputError(
                        f"a highway mixes numbers one by one: its {way} must make "
                        f"{shape_text(shape)} as it gets, it makes {shape_text(found)}"
                    )
            return shape


def half_of(shape: Shape) -> Shape:
    """Return the shape of half of the channels.

    Raises
    ------
    InputError
        If their number is odd.

    Examples
    --------
    >>> half_of((116, 28, 28))
    (58, 28, 28)
    """
    if shape[0] % 2:
        raise InputError(f"a split in halves needs an even number of channels, got {shape[0]}")
    return (shape[0] // 2, *shape[1:])


def _stacked(shapes: list[Shape]) -> Shape:
    if not shapes:
        raise InputError("a stack needs at least one branch")
    sizes = {shape[1:] for shape in shapes}
    if len(sizes) != 1:
        raise InputError(
            "feature maps that are stacked must have the same rows and columns, they are "
            + " and ".join(shape_text(shape) for shape in shapes)
        )
    return (sum(shape[0] for shape in shapes), *sizes.pop())
