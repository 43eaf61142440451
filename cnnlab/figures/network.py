"""A network as a row of boxes, drawn to scale: one box for each feature map that a layer makes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log2

from cnnlab.design import Facts
from cnnlab.figures.theme import ROLES
from cnnlab.layers import Shape, shape_text

__all__ = ["network_drawing"]

_HIGHEST = 10.0  # rem, of the largest feature map
_LOG_STEP = 0.3  # rem, for each doubling of the channels
_LOG_ROW = 0.5  # rem, the same for a row of numbers, which is drawn upright
_KINDS = {  # the first letters of a part, the role whose colour it takes
    "c": "kernel",
    "p": "padding",
    "a": "padding",
    "gap": "padding",
    "flat": "output",
    "fc": "output",
    "add": "cursor",
}


def network_drawing(input_shape: Shape, facts: Sequence[Facts]) -> str:
    """Return the drawing as HTML.

    Layers that only change values (normalisation, activation, dropout) have no box of their own.

    Parameters
    ----------
    input_shape : (C, H, W)
        Of the network.
    facts : sequence of Facts
        Its rows, as ``cnnlab.design.survey`` returns them.

    Returns
    -------
    str
        A ``<div>`` that scrolls in itself, with a text alternative.
    """
    largest = max(
        [max(input_shape[1:])]
        + [max(f.output_shape[1:]) for f in facts if f.output_shape and len(f.output_shape) == 3]
    )
    said = [f"input {shape_text(input_shape)}"]
    parts = [_box("Input", input_shape, "input", largest)]
    in_shortcut = False
    for place, row in enumerate(facts):
        if row.part == "res":
            parts.append(_block_start(facts, place))
        elif row.part == "skip":
            in_shortcut = True
        if row.part == "add":
            in_shortcut = False
            parts.append("</div></div>")
        if row.error:
            parts.append(_broken(row))
            said.append(f"{row.title}: does not fit")
        kind = _kind(row.part)
        if kind and row.output_shape and not in_shortcut:
            parts.append(_box(row.title, row.output_shape, kind, largest))
            said.append(f"{row.title}: {shape_text(row.output_shape)}")
    alt = f"The network from input to output. {'; '.join(said)}."
    style = (
        "display:flex;align-items:center;gap:0.5rem;overflow-x:auto;padding:0.6rem 0.2rem;"
        "font-size:0.8rem;line-height:1.2"
    )
    return f'<div role="img" aria-label="{escape(alt)}" style="{style}">{"".join(parts)}</div>'


def _kind(part: str) -> str:
    if part.startswith(("flat", "fc", "gap", "add")):
        return _KINDS[next(name for name in ("flat", "fc", "gap", "add") if part.startswith(name))]
    return _KINDS.get(part[0], "") if part[1:2].isdigit() else ""


def _box(title: str, shape: Shape, role: str, largest: int) -> str:
    colour = ROLES[role].figure
    if len(shape) == 3:
        height, width = _HIGHEST * shape[1] / largest, 0.2 + _LOG_STEP * log2(shape[0] + 1)
    else:
        height, width = 0.2 + _LOG_ROW * log2(shape[0] + 1), 0.45
    box = (
        f"height:{max(height, 0.2):.2f}rem;width:{width:.2f}rem;box-sizing:border-box;"
        f"border:2px solid {colour};border-radius:2px;"
        f"background:color-mix(in srgb, {colour} 40%, transparent)"
    )
    room = f"height:{_HIGHEST + 0.6}rem;display:flex;align-items:center"
    words = f"{escape(title)}<br><strong>{shape_text(shape, times='×')}</strong>"
    return (
        '<div style="flex:none;width:5.4rem;display:flex;flex-direction:column;'
        'align-items:center;text-align:center">'
        f'<div style="{room}"><div style="{box}"></div></div>'
        f'<div style="min-height:3.8rem">{words}</div></div>'
    )


def _broken(row: Facts) -> str:
    return (
        '<div style="flex:none;width:7rem;text-align:center;align-self:center;'
        'border:2px dashed currentColor;border-radius:0.4rem;padding:0.6rem 0.3rem">'
        f"<strong>✕ does not fit</strong><br>{escape(row.title)}</div>"
    )


def _block_start(facts: Sequence[Facts], place: int) -> str:
    """Open the frame of a residual block; its head says what stands on the shortcut."""
    parts = [row.part for row in facts]
    last = parts.index("add", place)
    skip = next((i for i in range(place, last) if parts[i] == "skip"), last)
    words = ", ".join(row.title for row in facts[skip + 1 : last]) or "the input itself"
    colour = ROLES["cursor"].figure
    return (
        f'<div style="flex:none;border:2px dashed {colour};border-radius:0.5rem;'
        'padding:0.3rem 0.4rem">'
        f'<div style="max-width:{max(12, 6 * (skip - place)):.0f}rem">Shortcut ⤼ '
        f"{escape(words)}</div>"
        '<div style="display:flex;gap:0.5rem;min-width:9rem">'
    )
