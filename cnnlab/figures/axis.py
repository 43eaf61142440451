"""One axis of the input as a drawing: the padding, the kernel's first and last place, the rest."""

from __future__ import annotations

from html import escape

from cnnlab.figures.theme import ROLES
from cnnlab.shapes import conv_output_size, kernel_span, unread_at_end

__all__ = ["axis_drawing"]

_MOST_CELLS = 40  # beyond, single pixels are too narrow to be drawn
_ROW = "position:relative;height:1.1rem;margin-top:0.15rem"
_BOX = "position:absolute;top:0;bottom:0;box-sizing:border-box"


def axis_drawing(
    n: int, *, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> str:
    """Return an axis with the first, the second and the last place of a kernel, as HTML.

    Parameters
    ----------
    n, kernel_size, stride, padding, dilation : int
        As for ``conv_output_size``.

    Returns
    -------
    str
        A ``<div>`` with a text alternative; text takes the colour of the page around it.

    Raises
    ------
    InputError
        If the kernel does not fit at all.
    """
    places = conv_output_size(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    unread = unread_at_end(
        n, kernel_size=kernel_size, stride=stride, padding=padding, dilation=dilation
    )
    span = kernel_span(kernel_size, dilation=dilation)
    whole = n + 2 * padding
    rows = [_pixels(n, padding, unread)]
    last = places - 1
    for place in sorted({0, 1, last} & set(range(places))):
        name = f"place {place + 1}" + (" (the last)" if place == last else "")
        taps = [place * stride + tap * dilation for tap in range(kernel_size)]
        rows.append(_kernel(taps, span, whole, name))
    alt = (
        f"An axis of {n} pixels with padding {padding} on both sides. A kernel of {kernel_size} "
        f"covers {span} and takes {places} places, {stride} apart; {unread} pixels at the end are "
        "never read."
    )
    style = "max-width:46rem;font-size:0.9rem;line-height:1.1rem;margin-bottom:0.6rem"
    return f'<div role="img" aria-label="{escape(alt)}" style="{style}">{"".join(rows)}</div>'


def _box(first: float, count: float, whole: int, style: str) -> str:
    left, width = 100 * first / whole, 100 * count / whole
    return f'<div style="{_BOX};left:{left:.3f}%;width:{width:.3f}%;{style}"></div>'


def _pixels(n: int, padding: int, unread: int) -> str:
    """Draw the pixels: input blue, padding grey and dashed, what is never read crossed out."""
    whole = n + 2 * padding
    parts = []
    for first, count, role in ((0, padding, "padding"), (padding, n, "input")):
        parts += _bar(first, count, whole, role)
    parts += _bar(padding + n, padding, whole, "padding")
    if unread:
        lines = "currentColor 0 2px, transparent 2px 6px"
        hatch = f"background:repeating-linear-gradient(45deg, {lines});min-width:6px"
        parts.append(_box(whole - unread, unread, whole, hatch))
    return f'<div style="{_ROW};height:1.5rem">{"".join(parts)}</div>'


def _bar(first: int, count: int, whole: int, role: str) -> list[str]:
    colour = ROLES[role].figure
    line = "dashed" if role == "padding" else "solid"
    style = f"border:1px {line} {colour};background:color-mix(in srgb, {colour} 30%, transparent)"
    if not count:
        return []
    if whole > _MOST_CELLS:
        return [_box(first, count, whole, style)]
    return [_box(first + i, 1, whole, style) for i in range(count)]


def _kernel(taps: list[int], span: int, whole: int, name: str) -> str:
    """Draw one place of the kernel: a frame round what it covers, a block for each weight."""
    colour = ROLES["kernel"].figure
    blocks = "".join(_box(tap, 1, whole, f"background:{colour}") for tap in taps)
    frame = _box(taps[0], span, whole, f"border:2px solid {colour};min-width:4px")
    ends = 100 * (taps[0] + span) / whole
    if ends < 70:
        where = f"left:calc({ends:.2f}% + 0.5rem)"
    elif taps[0] / whole > 0.3:
        where = f"right:calc({100 - 100 * taps[0] / whole:.2f}% + 0.5rem)"
    else:  # nearly as wide as the axis: the name stands on it
        where = "left:0.5rem;color:#fff;text-shadow:0 0 3px #000"
    text = f'<span style="position:absolute;white-space:nowrap;{where}">{name}</span>'
    return f'<div style="{_ROW}">{blocks}{frame}{text}</div>'
