"""Layers as boxes from top to bottom, with branches side by side, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from cnnlab.architectures.tables import QUIET, in_short
from cnnlab.cost import describe
from cnnlab.figures.theme import ROLES
from cnnlab.layers import (
    AdaptiveAvgPool2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dense,
    Flatten,
    Gate,
    Highway,
    Layer,
    Linear,
    Pool2d,
    Residual,
    Select,
    Shape,
    Split,
    half_of,
    output_shape,
    size_text,
)

__all__ = ["block_drawing"]

_COLUMN = "display:flex;flex-direction:column;align-items:center"
_THIN = "color-mix(in srgb, currentColor 55%, transparent)"
_MOST = 4  # branches that are drawn as columns; more are cards
_FEW = (2, 3, 4)  # groups that are drawn one beside the other
_JOINS: dict[type[Layer], tuple[str, str]] = {
    Residual: ("+", "add"),
    Concat: ("stack", "stack"),
    Dense: ("stack", "stack"),
    Gate: ("×", "multiply each map"),
    Highway: ("mix", "mix"),
    Split: ("stack", "stack"),
}


def block_drawing(layers: Sequence[Layer], input_shape: Shape, *, title: str) -> str:
    """Return layers as boxes with arrows, from the input to the output.

    Parameters
    ----------
    layers : sequence of Layer
        What to draw; joins are drawn as branches that meet.
    input_shape : (C, H, W)
        Shape of the input.
    title : str
        What it is, for the text alternative.

    Returns
    -------
    str
        A ``<div>`` with a text alternative; text takes the colour of the page around it.
    """
    inside, shape = _chain(layers, input_shape)
    words = "; then ".join(in_short(x) for x in layers if not isinstance(x, QUIET))
    alt = f"{title}. Input {size_text(input_shape)}; then {words}; output {size_text(shape)}."
    ends = _box(size_text(input_shape), "", "input"), _box(size_text(shape), "", "output")
    style = f"{_COLUMN};font-size:0.85rem;line-height:1.15rem;min-width:0;width:100%"
    return (
        f'<div role="img" aria-label="{escape(alt)}" style="{style}">'
        f"{ends[0]}{inside}{_line()}{ends[1]}</div>"
    )


def _chain(layers: Sequence[Layer], shape: Shape) -> tuple[str, Shape]:
    """Return layers one below the other and the shape that they make."""
    parts: list[str] = []
    at = 0
    while at < len(layers):
        layer = layers[at]
        shape = output_shape(layer, before := shape)
        at += 1
        if isinstance(layer, Block) and layer.name:  # its name stands for what is in it
            parts.append(_line() + _box(layer.name, "", "kernel"))
        elif isinstance(layer, Block):
            parts.append(_chain(layer.layers, before)[0])
        elif type(layer) in _JOINS:
            parts.append(_fork(layer, before))
        else:
            with_it = []
            while at < len(layers) and isinstance(layers[at], QUIET):
                with_it.append(_quiet(layers[at]))
                shape = output_shape(layers[at], shape)
                at += 1
            if isinstance(layer, QUIET):  # several in a row share one box
                words = " · ".join([_quiet(layer), *with_it])
                parts.append(_line() + _box(words, "", "padding"))
                continue
            if isinstance(layer, Conv2d) and layer.groups in _FEW:
                parts.append(_groups(layer, before, " · ".join(with_it)))
                continue
            title, role = _words(layer)
            parts.append(_line() + _box(title, " · ".join(with_it), role))
    return "".join(parts), shape


def _quiet(layer: Layer) -> str:
    return "dropout" if describe(layer).startswith("Dropout") else describe(layer)


def _words(layer: Layer) -> tuple[str, str]:
    """Return what stands in the box of a layer, and its role."""
    match layer:
        case Conv2d():
            size = describe(layer).removeprefix("Conv ").split(",")[0]
            depthwise = layer.groups == layer.out_channels > 1
            words = [f"{size} depthwise" if depthwise else f"{size} conv, {layer.out_channels}"]
            words += [f"{layer.groups} groups"] if layer.groups > 1 and not depthwise else []
            words += [f"stride {layer.stride}"] if layer.stride not in (1, (1, 1)) else []
            return ", ".join(words), "kernel"
        case Pool2d():
            words = [describe(layer).split(",")[0].lower()]
            words += [f"stride {layer.step}"] if layer.step != 1 else []
            return ", ".join(words), "cursor"
        case AdaptiveAvgPool2d():
            return "mean of each map", "cursor"
        case Linear() | Flatten():
            return describe(layer).lower(), "kernel"
        case ChannelShuffle():
            return "shuffle the maps", "padding"
        case Select() if layer.name:
            return layer.name, "input"
    return describe(layer), "padding"


def _box(title: str, note: str, role: str) -> str:
    colour = ROLES[role].figure
    style = (
        f"border:2px solid {colour};border-radius:0.4rem;padding:0.3rem 0.5rem;text-align:center;"
        f"background:color-mix(in srgb, {colour} 22%, transparent);box-sizing:border-box;"
        "max-width:100%;overflow-wrap:anywhere"
    )
    below = f'<div style="font-size:0.75rem;opacity:0.85">{escape(note)}</div>' if note else ""
    return f'<div style="{style}"><strong>{escape(title)}</strong>{below}</div>'


def _line(*, grows: bool = False) -> str:
    """Return a vertical line; one that grows fills the height that is left."""
    size = "flex:1 0 0.8rem" if grows else "flex:0 0 0.8rem"
    return f'<div style="width:2px;{size};min-height:0.8rem;background:{_THIN}"></div>'


def _fork(layer: Layer, shape: Shape) -> str:
    """Draw the branches of a join, and the join."""
    if isinstance(layer, Split):
        return _halves(layer, shape)
    if isinstance(layer, Concat) and _is_wide(layer):
        return _cards(layer, shape)
    match layer:
        case Residual():
            ways = [layer.body, layer.shortcut]
        case Concat():
            ways = list(layer.branches)
        case Dense() | Gate():
            ways = [layer.body, ()]
        case Highway():
            ways = [layer.body, layer.gate, ()]
        case _:
            raise TypeError(f"not a join: {layer!r}")
    columns = []
    for way in ways:
        inside = _chain(way, shape)[0] if way else _line(grows=True) + _plain("unchanged")
        share = 1 if isinstance(layer, Concat) or not way else 2
        columns.append((inside, share))
    if isinstance(layer, Highway):
        names = ("new", "gate", "input")
        columns = [
            (_line() + _plain(name) + inside, share)
            for name, (inside, share) in zip(names, columns, strict=True)
        ]
    sign, words = _JOINS[type(layer)]
    return _meeting(columns) + _box(words if sign == words else f"{sign} {words}", "", "output")


def _is_wide(layer: Concat) -> bool:
    """Return whether branches need more room than columns have: many, or some that fork again."""
    forks = any(isinstance(part, Residual) for branch in layer.branches for part in branch)
    return forks or len(layer.branches) > _MOST


def _cards(layer: Concat, shape: Shape) -> str:
    """Draw many branches as numbered cards, as many in a row as fit, and what they are for."""
    cards = "".join(
        f'<div style="{_COLUMN};flex:1 1 12rem;max-width:15rem;min-width:0;padding:0.3rem;'
        f'border:1px solid {_THIN};border-radius:0.4rem;box-sizing:border-box">'
        f"{_plain(f'part {number}')}{_chain(branch, shape)[0]}</div>"
        for number, branch in enumerate(layer.branches, start=1)
    )
    style = "display:flex;flex-wrap:wrap;gap:0.5rem;justify-content:center;width:100%"
    whole = f'<div style="{style}">{cards}</div>'
    return f"{_line()}{whole}{_line()}" + _box(f"stack {len(layer.branches)} parts", "", "output")


def _halves(layer: Split, shape: Shape) -> str:
    """Draw the half of the maps that is worked on, and beside it the half that is not."""
    half = half_of(shape)
    first, second = (
        _line() + _plain(f"maps {start + 1} to {start + half[0]}") for start in (0, half[0])
    )
    rests = first + _line(grows=True) + _plain("unchanged")
    columns = [(second + _chain(layer.body, half)[0], 2), (rests, 1)]
    return _meeting(columns) + _box("stack", "", "output")


def _groups(layer: Conv2d, shape: Shape, note: str) -> str:
    """Draw the groups of a convolution side by side, each with the maps that it sees."""
    sees = shape[0] // layer.groups
    part = replace(layer, out_channels=layer.out_channels // layer.groups, groups=1)
    columns = [
        (
            _line()
            + _plain(f"maps {group * sees + 1} to {(group + 1) * sees}")
            + _line()
            + _box(_words(part)[0], note, "kernel"),
            1,
        )
        for group in range(layer.groups)
    ]
    return _meeting(columns) + _box("stack", "", "output")


def _meeting(columns: Sequence[tuple[str, int]]) -> str:
    """Draw columns side by side, with their share of the width, that part and meet again."""
    parts = []
    for place, (inside, share) in enumerate(columns):
        ends = f"left:{0 if place else 50}%;right:{0 if place < len(columns) - 1 else 50}%"
        bar = f'<div style="position:absolute;height:2px;background:{_THIN};{ends};'
        style = f"{_COLUMN};position:relative;min-width:0;padding:2px 0.2rem;flex:{share} 1 0"
        parts.append(
            f'<div style="{style}">{bar}top:0"></div>{inside}{_line(grows=True)}'
            f'{bar}bottom:0"></div></div>'
        )
    whole = f'<div style="display:flex;align-items:stretch;width:100%">{"".join(parts)}</div>'
    return f"{_line()}{whole}{_line()}"


def _plain(text: str) -> str:
    return f'<div style="font-size:0.75rem;opacity:0.85;padding:0.1rem 0">{escape(text)}</div>'
