"""What a walk through a network needs to know before any number is computed.

Everything here is found with a network on torch's "meta" device, whose tensors have shapes and no
numbers: what the parts are, how their outputs lie in memory, which normalisation and activation
follow a convolution, which filters it has, and how to draw the network to scale.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.maxvit import WindowDepartition, WindowPartition
from torchvision.ops import Permute

from cnnlab.checks import InputError
from cnnlab.feature_maps import Place
from cnnlab.layers import Shape
from cnnlab.map_layouts import Layout, map_shape
from cnnlab.model_cost import ModelRow, empty_model, input_shape, summarize_model

__all__ = ["FilterShape", "Outline", "Stage", "outline"]

KEPT = 16  # outlines that stay in memory
FEW_STAGES = 6  # a drawing with fewer blocks opens its largest part
_NORMS_AND_ACTIVATIONS = (
    *(nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU, nn.Sigmoid, nn.Hardsigmoid, nn.Tanh),
    *(nn.BatchNorm2d, nn.LayerNorm),
)
_PASSES_ON = (
    "Dropout",
    "StochasticDepth",
    "Flatten",
    "Identity",
)  # gives out the numbers that it got
_WITH_RELU = ("BasicConv2d",)  # GoogLeNet's and Inception's: they apply ReLU by a function


@dataclass(frozen=True)
class FilterShape:
    """The filters of a convolution.

    Parameters
    ----------
    out_channels, in_channels, groups : int
        Channels of output and input, and into how many groups both are split.
    kernel_size : (int, int)
        Rows and columns.
    """

    out_channels: int
    in_channels: int
    groups: int
    kernel_size: tuple[int, int]

    @property
    def slices(self) -> int:
        """How many input channels one filter reads."""
        return self.in_channels // self.groups

    @property
    def depthwise(self) -> bool:
        """Whether each filter reads one channel of its own."""
        return self.groups == self.in_channels > 1

    def inputs_of(self, out_channel: int) -> range:
        """Return which input channels a filter reads."""
        group = out_channel // (self.out_channels // self.groups)
        return range(group * self.slices, (group + 1) * self.slices)

    def readers_of(self, in_channel: int) -> range:
        """Return which filters read an input channel."""
        each = self.out_channels // self.groups
        group = in_channel // self.slices
        return range(group * each, (group + 1) * each)


@dataclass(frozen=True)
class Stage:
    """One block of the drawing: parts in a row whose outputs have one size.

    Parameters
    ----------
    names : tuple of str
        Rows of the outline, in the order in which they run.
    shape : (C, H, W)
        Of what the last of them gives out; a vector has the height and width 1.
    maker : str
        Whose output it is: the last part that computes something. What stands behind it, a dropout
        for instance, passes the same numbers on.
    """

    names: tuple[str, ...]
    shape: tuple[int, int, int]
    maker: str

    @property
    def title(self) -> str:
        """The name of the only part, or those of the first and the last."""
        return self.names[0] if len(self.names) == 1 else f"{self.names[0]} … {self.names[-1]}"

    def holds(self, name: str) -> bool:
        """Return whether a layer is one of the parts or lies in one."""
        return any(f"{name}.".startswith(f"{part}.") for part in self.names)


@dataclass(frozen=True, eq=False)
class Outline:
    """The parts of a network and how they belong together.

    Parameters
    ----------
    name : str
        The network.
    rows : tuple of ModelRow
        As ``cnnlab.model_cost.summarize_model`` returns them, the network itself first.
    layouts : mapping of str to str
        How the output of each row lies that gives one out as a module.
    shapes : mapping of (str, int) to tuple of int
        The shape of what each run of such a row gives out, without the batch.
    chains : mapping of (str, int) to tuple of (str, int)
        For each run of a convolution, a fully connected layer, and of the normalisation and the
        activation right behind it: all of these, in the order in which they run.
    filters : mapping of str to FilterShape
        Of each convolution.
    stages : tuple of Stage
        The blocks of the drawing.
    """

    name: str
    rows: tuple[ModelRow, ...]
    layouts: Mapping[str, Layout]
    shapes: Mapping[Place, Shape]
    chains: Mapping[Place, tuple[Place, ...]]
    filters: Mapping[str, FilterShape]
    stages: tuple[Stage, ...]

    def row(self, name: str) -> ModelRow:
        """Return the row of a layer.

        Raises
        ------
        InputError
            If the network has no such layer.
        """
        for row in self.rows:
            if row.name == name:
                return row
        raise InputError(f"{self.name} has no layer {name!r}")

    def module_name(self, layer: str) -> str:
        """Return the name under which the network knows a row; "" is the network itself."""
        return "" if layer == self.name else layer

    def map_shape(self, place: Place) -> tuple[int, int, int]:
        """Return the shape (C, H, W) that the output of a layer's run has as maps."""
        return map_shape(self.shapes[place], self.layouts[place[0]])

    def chain(self, place: Place) -> tuple[Place, ...]:
        """Return the convolution, normalisation and activation that a run of a layer belongs to."""
        return self.chains.get(place, (place,))

    @property
    def first_layer(self) -> str:
        """The layer to begin with: the first convolution."""
        return next(iter(self.filters), self.rows[0].name)


@lru_cache(maxsize=KEPT)
def outline(name: str) -> Outline:
    """Return what is known of a network without its weights.

    Parameters
    ----------
    name : str
        One of ``cnnlab.catalogue.every_name``.

    Returns
    -------
    Outline
        Parts, layouts, chains, filters and stages.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> found = outline("resnet18")
    >>> found.layouts["layer2.0.conv1"], found.filters["layer2.0.conv1"].slices
    ('maps', 64)
    >>> found.chain(("layer2.0.conv1", 1))
    (('layer2.0.conv1', 1), ('layer2.0.bn1', 1), ('layer2.0.relu', 1))
    >>> [stage.title for stage in found.stages][:3]
    ['conv1 … relu', 'maxpool', 'layer1']
    """
    rows = tuple(summarize_model(name))
    model = empty_model(name)
    modules = dict(model.named_modules())
    shapes, chains = _listen(model, input_shape(name))
    modules[rows[0].name] = modules.pop("")
    shapes = {(place[0] or rows[0].name, place[1]): shape for place, shape in shapes.items()}
    layouts = _layouts(rows, modules, {layer: shape for (layer, _), shape in shapes.items()})
    heard = {place: shape[1:] for place, shape in shapes.items() if place[0] in layouts}
    filters = {row.name: _filters(modules[row.name]) for row in rows if _is_conv(modules, row)}
    return Outline(name, rows, layouts, heard, chains, filters, _stages(rows, layouts))


def _is_conv(modules: Mapping[str, nn.Module], row: ModelRow) -> bool:
    return row.calls > 0 and isinstance(modules.get(row.name), nn.Conv2d)


def _filters(module: Any) -> FilterShape:
    rows, columns = module.kernel_size
    return FilterShape(module.out_channels, module.in_channels, module.groups, (rows, columns))


# Layouts ------------------------------------------------------------------------------------------


def _layouts(
    rows: Sequence[ModelRow], modules: Mapping[str, nn.Module], shapes: Mapping[str, Shape]
) -> dict[str, Layout]:
    """Return how the outputs of the modules lie that are called and give out a tensor.

    Tensors of four axes keep the order of their axes from layer to layer, until a layer comes
    whose work it is to change it. A module with parts gives out what the last of them leaves.
    """
    left: dict[str, Layout] = {}
    now: Layout = "maps"
    for row in rows:
        if row.name in shapes:
            if next(modules[row.name].children(), None) is None:
                now = _after(modules[row.name], now)
            left |= dict.fromkeys(_with_parents(row.name), now)
    left[rows[0].name] = now
    return {
        row.name: _by_axes(len(shapes[row.name]), left[row.name])
        for row in rows
        if row.name in shapes and shapes[row.name][0] == 1
    }


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: depth + 1]) for depth in range(len(parts))]


def _after(module: nn.Module, now: Layout) -> Layout:
    """Return how tensors of four axes lie after a module without parts."""
    match module:
        case Permute():
            return "channels last" if list(module.dims) == [0, 2, 3, 1] else "maps"
        case WindowPartition():
            return "groups"
        case WindowDepartition():
            return "maps"
    return now


def _by_axes(n_axes: int, four: Layout) -> Layout:
    """Return the layout of an output with so many axes, that of the batch among them."""
    if n_axes == 4:
        return four
    return "tokens" if n_axes == 3 else "vector"


# One run, listened to -----------------------------------------------------------------------------


def _listen(
    model: nn.Module, shape: tuple[int, int, int]
) -> tuple[dict[Place, Shape], dict[Place, tuple[Place, ...]]]:
    """Return the shape of what each module gives out, at each of its runs, and the chains.

    A chain follows a convolution's output through what takes exactly this tensor next. The
    network belongs to this function: it gets hooks, which go with it.
    """
    shapes: dict[Place, Shape] = {}
    made: dict[tuple[int, int], Place] = {}  # a tensor and its version: who gave it out
    kept: list[Tensor] = []  # as long as they live, their ids are theirs alone
    after: dict[Place, Place] = {}
    runs: Counter[str] = Counter()

    def note(name: str, module: nn.Module, inputs: Any, output: Any) -> None:
        runs[name] += 1
        output = output[0] if isinstance(output, tuple) else output
        if not isinstance(output, Tensor):
            return
        place = name, runs[name]
        shapes[place] = tuple(output.shape)
        if type(module).__name__ in _WITH_RELU:  # its output is that of its batch norm, after ReLU
            norm = f"{name}.bn"
            after.setdefault((norm, runs[norm]), place)
        elif next(module.children(), None) is None:
            source = made.get(_version(inputs[0]))
            if source is not None and isinstance(module, _NORMS_AND_ACTIVATIONS):
                after.setdefault(source, place)
            made[_version(output)] = place
            kept.append(output)

    for name, module in model.named_modules():
        if getattr(module, "inplace", False) is True:
            module.inplace = False
        module.register_forward_hook(partial(note, name))
    with torch.no_grad():
        model(torch.empty(1, *shape, device="meta"))
    return shapes, _joined(after, dict(model.named_modules()))


def _version(value: Any) -> tuple[int, int]:
    """Return what tells a tensor from others, and from itself after `+=`, which ResNet uses."""
    return id(value), value._version if isinstance(value, Tensor) else 0


def _joined(
    after: Mapping[Place, Place], modules: Mapping[str, nn.Module]
) -> dict[Place, tuple[Place, ...]]:
    """Return chains that begin with a convolution or a fully connected layer, by member."""
    chains: dict[Place, tuple[Place, ...]] = {}
    for source in after:
        if not isinstance(modules[source[0]], (nn.Conv2d, nn.Linear)):
            continue
        chain = [source]
        while chain[-1] in after:
            chain.append(after[chain[-1]])
        for place in chain:
            chains.setdefault(place, tuple(chain))
    return chains


# Stages -------------------------------------------------------------------------------------------


def _stages(rows: Sequence[ModelRow], layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Return the blocks of the drawing."""
    parts = _parts_of(rows, rows[0])
    while True:
        stages = _grouped(parts, layouts)
        opened = [row for row in parts if _has_stages(rows, row, layouts)]
        if not opened and len(stages) < FEW_STAGES:
            opened = [row for row in parts if row.n_parts > 1 and row.macs]
            opened = sorted(opened, key=lambda row: row.macs)[-1:]
        if not opened:
            return stages
        parts = [
            below for row in parts for below in (_parts_of(rows, row) if row in opened else [row])
        ]


def _parts_of(rows: Sequence[ModelRow], row: ModelRow) -> list[ModelRow]:
    depth = len(row.path)
    return [
        other
        for other in rows
        if other.depth == depth + 1 and other.path[:depth] == row.path and other.output_shape
    ]


def _has_stages(rows: Sequence[ModelRow], row: ModelRow, layouts: Mapping[str, Layout]) -> bool:
    """Return whether a part holds stages itself: its parts have three or more sizes of maps."""
    below = _parts_of(rows, row)
    sizes = {_shape(part, layouts)[1:] for part in below}
    plain = row.kind == "Sequential" and all(part.is_leaf for part in below)
    return len(sizes) > 2 or (plain and len(below) > 1)


def _grouped(parts: Sequence[ModelRow], layouts: Mapping[str, Layout]) -> tuple[Stage, ...]:
    """Join layers that keep the size with what stands before them."""
    stages: list[Stage] = []
    for row in parts:
        shape = _shape(row, layouts)
        if stages and row.is_leaf and stages[-1].shape == shape:
            before = stages[-1]
            maker = before.maker if row.kind.startswith(_PASSES_ON) else row.name
            stages[-1] = Stage((*before.names, row.name), shape, maker)
        elif shape:
            stages.append(Stage((row.name,), shape, row.name))
    return tuple(stages)


def _shape(row: ModelRow, layouts: Mapping[str, Layout]) -> tuple[int, int, int]:
    layout = layouts.get(row.name, _by_axes(1 + len(row.output_shape), "maps"))
    return map_shape(row.output_shape, layout)
