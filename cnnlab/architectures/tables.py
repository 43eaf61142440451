"""The table of a network at three levels of detail: stages, blocks, layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnlab.architectures.record import Network
from cnnlab.cost import Row, describe
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    LayerScale,
    LocalResponseNorm,
    PadChannels,
    Pool2d,
    Residual,
    Select,
    Shape,
    Split,
)
from cnnlab.receptive import ReceptiveField, receptive_field

__all__ = ["QUIET", "Line", "by_block", "by_layer", "by_stage", "in_short"]

QUIET = (  # go with their neighbour
    Activation,
    BatchNorm2d,
    Dropout,
    Flatten,
    LayerNorm2d,
    LayerScale,
    LocalResponseNorm,
)


@dataclass(frozen=True)
class Line:
    """One line of a table.

    Parameters
    ----------
    name, kind : str
        What it is called and what it is.
    output_shape : tuple of int
        What it makes.
    n_params, macs : int
        What it costs; of `times` equal blocks, all together.
    depth : int
        0 for a stage, 1 for what lies in it, and so on.
    times : int
        How many equal blocks the line stands for.
    sees : int or None
        Of a stage: rows of the picture that a cell at its end sees; None for all of them, 0 for
        other lines.
    """

    name: str
    kind: str
    output_shape: Shape
    n_params: int
    macs: int
    depth: int = 0
    times: int = 1
    sees: int | None = 0


def by_stage(network: Network) -> list[Line]:
    """Return one line for each stage.

    Examples
    --------
    >>> from cnnlab.architectures import NETWORKS
    >>> [line.name for line in by_stage(NETWORKS["resnet18"])]
    ['conv1', 'conv2', 'conv3', 'conv4', 'conv5', 'classifier']
    """
    rows, lines = network.rows, []
    for place, stage in enumerate(network.stages):
        held = _below(rows, (place,))
        lines.append(_line(stage.name, _contents(stage), held))
    return _seeing(lines, network)


def by_block(network: Network) -> list[Line]:
    """Return one line for each stage and, below it, one for each block or layer with weights.

    An activation, a normalisation or the like goes with the layer before it. Equal blocks that
    follow each other share a line.
    """
    rows, lines = network.rows, []
    for place, stage in enumerate(network.stages):
        whole = _line(stage.name, "", _below(rows, (place,)))
        inside: list[Line] = []
        joins: set[str] = set()  # kinds of lines that may share one
        for number, layer in enumerate(stage.layers):
            held = _below(rows, (place, 0, number))
            now = _line(held[-1].name, in_short(layer, whole=True), held, depth=1)
            if isinstance(layer, Block | Concat | Dense):
                joins.add(now.kind)
            if isinstance(layer, QUIET) and inside:
                inside[-1] = _joined(inside[-1], now)
            else:
                inside.append(now)
        if len(inside) == 1:
            lines.append(replace(whole, kind=inside[0].kind))
        else:
            lines += [whole, *_folded(inside, joins)]
    return _seeing(lines, network)


def by_layer(network: Network) -> list[Line]:
    """Return one line for every layer, below its stage and its block."""
    rows, lines = network.rows, []
    for place, stage in enumerate(network.stages):
        lines.append(_line(stage.name, "", _below(rows, (place,))))
        for number, layer in enumerate(stage.layers):
            held = _below(rows, (place, 0, number))
            if isinstance(layer, Block | Residual | Concat | Dense | Gate | Highway | Split):
                lines.append(_line(held[-1].name, in_short(layer), held, depth=1))
                inner = [row for row in held if not _is_wrapper(row)]
                lines += [_line(row.name, row.kind, [row], depth=2) for row in inner]
            else:
                lines.append(_line(held[-1].name, held[-1].kind, held, depth=1))
    return _seeing(lines, network)


def _seeing(lines: list[Line], network: Network) -> list[Line]:
    """Return the lines, those of stages with what a cell at their end sees."""
    field, sees = ReceptiveField(), []
    for stage in network.stages:
        field = receptive_field([stage], before=field)
        sees.append(field.size)
    found = iter(sees)
    return [line if line.depth else replace(line, sees=next(found)) for line in lines]


def _is_wrapper(row: Row) -> bool:
    """Return whether a row is a mere wrapper, which computes nothing itself."""
    return row.kind == "Block"


def in_short(layer: Layer, *, whole: bool = False) -> str:
    """Return what a block consists of, in a few signs.

    Parameters
    ----------
    layer : Layer
        A layer or a join.
    whole : bool
        Whether a single layer is described with all its settings.

    Examples
    --------
    >>> from cnnlab.architectures.resnet import bottleneck
    >>> in_short(bottleneck(64, stride=2)[0])
    '1×1, 64 → 3×3, 64, /2 → 1×1, 256; + input'
    """
    match layer:
        case Conv2d() if not whole:
            size = describe(layer).removeprefix("Conv ").split(",")[0]
            words = [size, str(layer.out_channels)]
            if layer.groups == layer.out_channels > 1:
                words = [f"depthwise {size}"]
            elif layer.groups > 1:
                words.append(f"{layer.groups} groups")
            stride = layer.stride if isinstance(layer.stride, int) else layer.stride[0]
            return ", ".join(words + ([f"/{stride}"] if stride > 1 else []))
        case Pool2d(kernel_size=1, stride=int(step)) if not whole:
            return f"one cell of {step}×{step}"
        case Pool2d() if not whole:
            return describe(layer).split(",")[0].lower()
        case Block():
            return _chain(layer.layers)
        case Residual():
            kept = f"({_chain(layer.shortcut)})" if layer.shortcut else "input"
            return f"{_chain(layer.body)}; + {kept}"
        case Concat():
            return "side by side: " + " | ".join(_chain(branch) for branch in layer.branches)
        case Dense():
            return f"{_chain(layer.body)}; stacked on its input"
        case Split():
            return f"half of the maps: {_chain(layer.body)}; stacked on the other half"
        case Highway():
            return f"{_chain(layer.body)}; mixed with the input by a gate: {_chain(layer.gate)}"
        case ChannelShuffle() if not whole:
            return "shuffle"
        case PadChannels() | Select() if not whole:
            return describe(layer).lower()
        case Gate():
            return "squeeze and excitation"
    return describe(layer)


def _chain(layers: Sequence[Layer]) -> str:
    loud = [
        layer.name if isinstance(layer, Block | Select) and layer.name else in_short(layer)
        for layer in layers
        if not isinstance(layer, QUIET)
    ]
    return " → ".join(loud)


def _contents(stage: Block) -> str:
    """Return what a stage consists of: its blocks counted, or its layers in a chain."""
    loud = [layer for layer in stage.layers if not isinstance(layer, QUIET)]
    blocks = [layer for layer in loud if isinstance(layer, Block | Concat | Dense)]
    if not blocks:
        return _chain([layer for layer in loud if not isinstance(layer, AdaptiveAvgPool2d)])
    kind = {Block: "block", Concat: "module", Dense: "layer"}[type(blocks[0])]
    word = kind if len(blocks) == 1 else f"{kind}s"
    others = [in_short(layer) for layer in loud if layer not in blocks]
    return ", ".join([f"{len(blocks)} {word}", *others])


def _below(rows: Sequence[Row], path: tuple[int, ...]) -> list[Row]:
    return [row for row in rows if row.path[: len(path)] == path]


def _line(name: str, kind: str, held: Sequence[Row], *, depth: int = 0) -> Line:
    n_params, macs = sum(row.n_params for row in held), sum(row.macs for row in held)
    return Line(name, kind, held[-1].output_shape, n_params, macs, depth)


def _joined(line: Line, quiet: Line) -> Line:
    return replace(
        line,
        kind=f"{line.kind} · {quiet.kind}",
        output_shape=quiet.output_shape,
        n_params=line.n_params + quiet.n_params,
        macs=line.macs + quiet.macs,
    )


def _folded(lines: Sequence[Line], kinds: set[str]) -> list[Line]:
    """Return the lines with equal neighbours of some kinds in one."""
    folded: list[Line] = []
    first = ""
    for line in lines:
        last = folded[-1] if folded else None
        one = (last.n_params // last.times, last.macs // last.times) if last else ()
        same = last and (last.kind, last.output_shape) == (line.kind, line.output_shape)
        if last and same and line.kind in kinds and one == (line.n_params, line.macs):
            number = line.name.split()[-1]
            several = first.replace("block", "blocks").replace("cell", "cells")
            folded[-1] = replace(
                last,
                name=f"{several} to {number}",
                n_params=last.n_params + line.n_params,
                macs=last.macs + line.macs,
                times=last.times + 1,
            )
        else:
            folded.append(line)
            first = line.name
    return folded
