"""The torch modules that our descriptions of layers stand for: the oracle of several tests.

Shapes come from running torch, never from `cnnlab`, so that the two stay independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    LayerScale,
    Linear,
    LocalResponseNorm,
    PadChannels,
    Pool2d,
    Residual,
    Select,
    Shape,
    Split,
)


class TorchRefuses(Exception):
    """Torch cannot build or run a layer; `path` says which, as `LayerError.path` does."""

    def __init__(self, path: tuple[int, ...], reason: str) -> None:
        super().__init__(reason)
        self.path = path


class Sum(nn.Module):
    """Two ways added; unlike torch's own sum, it does not stretch the smaller one."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made, kept = self.body(x), self.shortcut(x)
        if made.shape != kept.shape:
            raise RuntimeError(f"{made.shape} and {kept.shape}")
        return made + kept


class Stack(nn.Module):
    """Branches side by side, stacked along the channels."""

    def __init__(self, branches: Sequence[nn.Module]) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([branch(x) for branch in self.branches], dim=1)


class Scale(nn.Module):
    """The input, each channel multiplied by one number that the body makes."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ones = [1] * (x.ndim - 2)
        return x * self.body(x).reshape(x.shape[0], x.shape[1], *ones)


class Halves(nn.Module):
    """The first half of the channels, and what the body makes of the second, stacked."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[1] // 2
        first, second = torch.split(x, [half, half], dim=1)
        return torch.cat([first, self.body(second)], dim=1)


class Mixed(nn.Module):
    """The input and what the body makes, mixed number by number as the gate says."""

    def __init__(self, body: nn.Module, gate: nn.Module) -> None:
        super().__init__()
        self.body, self.gate = body, gate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        new, share = self.body(x), self.gate(x)
        if not x.shape == new.shape == share.shape:
            raise RuntimeError(f"{x.shape}, {new.shape} and {share.shape}")
        return share * new + (1 - share) * x


class SomeChannels(nn.Module):
    """Channels from one number up to, but not including, another."""

    def __init__(self, first: int, end: int) -> None:
        super().__init__()
        self.first, self.end = first, end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4 or not 0 <= self.first < self.end <= x.shape[1]:
            raise ValueError("no such channels")
        return x[:, self.first : self.end]


class MoreChannels(nn.Module):
    """Channels of zeros after those that are there."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4 or self.channels < x.shape[1]:
            raise ValueError("nothing to add")
        return nn.functional.pad(x, (0, 0, 0, 0, 0, self.channels - x.shape[1]))


class NormOfCells(nn.LayerNorm):
    """Torch's layer norm over the channels, which it wants last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ScaleOfLayer(nn.Module):
    """Each channel of a picture multiplied by one weight."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.ndim != 4:
            raise ValueError("layer scale takes feature maps")
        return self.weight * x


def network(
    layers: Sequence[Layer], shape: Shape, *, path: tuple[int, ...] = ()
) -> tuple[nn.Sequential, Shape]:
    """Return the torch network of some layers in evaluation mode, and the shape that it makes.

    Raises
    ------
    TorchRefuses
        If torch cannot build or run one of the layers.
    """
    modules = []
    for number, layer in enumerate(layers):
        place = (*path, number)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of layers without weights, in refused settings
                made = _module(layer, shape, place).eval()
                with torch.no_grad():
                    shape = tuple(made(torch.zeros(1, *shape)).shape[1:])
        except (RuntimeError, ValueError, IndexError) as error:
            raise TorchRefuses(place, str(error)) from error
        modules.append(made)
    return nn.Sequential(*modules), shape


def torch_shape(layer: Layer, shape: Shape) -> Shape | None:
    """Return the shape that torch's layer makes, None where torch refuses."""
    try:
        return network([layer], shape)[1]
    except TorchRefuses:
        return None


def n_params(module: nn.Module, ending: str = "") -> int:
    """Return how many parameters there are whose names end in "weight", "bias" or anything."""
    named = module.named_parameters()
    return sum(weight.numel() for name, weight in named if name.endswith(ending))


def n_flops(module: nn.Module, shape: Shape) -> int:
    """Return what torch's own counter finds for one input."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(torch.zeros(1, *shape))
    return counter.get_total_flops()


def fill_with_ones(module: nn.Module) -> nn.Module:
    """Return the module with all weights one and all biases zero, in float64."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.fill_(0.0 if name.endswith("bias") else 1.0)
    return module.double()


def _module(layer: Layer, shape: Shape, place: tuple[int, ...]) -> nn.Module:
    match layer:
        case Conv2d():
            return nn.Conv2d(
                shape[0],
                layer.out_channels,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                dilation=layer.dilation,
                groups=layer.groups,
                bias=layer.bias,
            )
        case ConvTranspose2d():
            return nn.ConvTranspose2d(
                shape[0],
                layer.out_channels,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                output_padding=layer.output_padding,
                dilation=layer.dilation,
                groups=layer.groups,
                bias=layer.bias,
            )
        case Pool2d():
            return _pool(layer)
        case AdaptiveAvgPool2d():
            if len(shape) != 3:  # torch takes means of anything where the output size is 1
                raise ValueError("pooling takes feature maps")
            return nn.AdaptiveAvgPool2d(layer.output_size)
        case BatchNorm2d():
            return nn.BatchNorm2d(shape[0])
        case ChannelShuffle():
            if len(shape) != 3:  # torch shuffles whatever has channels
                raise ValueError("a shuffle takes feature maps")
            return nn.ChannelShuffle(layer.groups)
        case Select():
            return SomeChannels(layer.first, layer.first + layer.count)
        case PadChannels():
            return MoreChannels(layer.out_channels)
        case LayerNorm2d():
            return NormOfCells(shape[0])
        case LayerScale():
            return ScaleOfLayer(shape[0])
        case LocalResponseNorm():
            return nn.LocalResponseNorm(layer.size)
        case Linear():
            if len(shape) != 1:  # torch would take the last axis; the lab asks for Flatten
                raise ValueError("a fully connected layer takes a row of numbers")
            return nn.Linear(shape[0], layer.out_features, bias=layer.bias)
        case Flatten():
            return nn.Flatten()
        case Dropout():
            return nn.Dropout(layer.p)
        case Activation():
            return getattr(nn, layer.kind)()
    return _join(layer, shape, place)


def _pool(layer: Pool2d) -> nn.Module:
    if layer.kind == "max":
        return nn.MaxPool2d(
            layer.kernel_size,
            layer.stride,
            layer.padding,
            layer.dilation,
            ceil_mode=layer.ceil_mode,
        )
    assert layer.dilation == 1, "torch has no dilation here"
    if layer.kind == "average":
        return nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding, layer.ceil_mode)
    assert layer.padding == 0, "torch has no padding here"
    return nn.LPPool2d(2, layer.kernel_size, layer.stride, layer.ceil_mode)


def _join(layer: Layer, shape: Shape, place: tuple[int, ...]) -> nn.Module:
    def way(layers: Sequence[Layer], number: int) -> nn.Module:
        return network(layers, shape, path=(*place, number))[0]

    match layer:
        case Block():
            return way(layer.layers, 0)
        case Residual():
            return Sum(way(layer.body, 0), way(layer.shortcut, 1))
        case Concat():
            return Stack([way(branch, number) for number, branch in enumerate(layer.branches)])
        case Dense():
            return Stack([nn.Identity(), way(layer.body, 0)])
        case Gate():
            return Scale(way(layer.body, 0))
        case Highway():
            return Mixed(way(layer.body, 0), way(layer.gate, 1))
        case Split():
            if shape[0] % 2:
                raise ValueError("halves are of one size")
            return Halves(network(layer.body, (shape[0] // 2, *shape[1:]), path=(*place, 0))[0])
    raise TypeError(f"not a layer: {layer!r}")
