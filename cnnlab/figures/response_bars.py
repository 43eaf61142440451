"""Responses of channels before and after a normalisation, as pairs of bars in HTML."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlab.figures.theme import ROLES

__all__ = ["response_bars"]

_HEIGHT = 6.5  # rem, of the longest bar


def response_bars(before: Sequence[float], after: Sequence[float], words: Sequence[str]) -> str:
    """Return two bars for each channel: blue before, green and hatched after.

    Parameters
    ----------
    before, after : sequence of float
        One number for each channel. Either row is drawn against its own largest size, since
        what matters is how channels stand to each other.
    words : sequence of str
        The numbers after, for reading.

    Returns
    -------
    str
        HTML for ``st.html``.

    Examples
    --------
    >>> response_bars([1, 2], [0.4, 0.5], ["0.4", "0.5"]).count("channel ")
    4
    """
    tops = [max((abs(value) for value in row), default=0) or 1 for row in (before, after)]
    alt = ", ".join(
        f"channel {place}: {value:g} becomes {word}"
        for place, (value, word) in enumerate(zip(before, words, strict=True), 1)
    )
    blue, green = ROLES["input"].figure, ROLES["output"].figure
    fills = [blue, f"repeating-linear-gradient(135deg,{green} 0 6px,{green}99 6px 9px)"]
    columns = []
    for place, pair in enumerate(zip(before, after, strict=True), 1):
        bars = "".join(
            f'<div style="width:1.5rem;height:{_HEIGHT * abs(value) / top:.3f}rem;'
            f'background:{fill};border-radius:3px 3px 0 0"></div>'
            for value, top, fill in zip(pair, tops, fills, strict=True)
        )
        columns.append(
            f'<div style="text-align:center"><div style="display:flex;gap:2px;align-items:flex-end;'
            f"height:{_HEIGHT}rem;justify-content:center;border-bottom:1px solid "
            f'color-mix(in srgb,currentColor 40%,transparent)">{bars}</div>'
            f'<div style="font-size:0.85rem;margin-top:0.2rem">channel {place}</div></div>'
        )
    chip = (
        '<span style="display:inline-block;width:1rem;height:0.8rem;margin:0 0.4rem 0 0;{}"></span>'
    )
    legend = "".join(
        f'<span style="margin-right:1.4rem">{chip.format("background:" + fill)}{name}</span>'
        for fill, name in zip(fills, ("before", "after"), strict=True)
    )
    return (
        f'<div><div style="font-size:0.95rem;margin-bottom:0.5rem">{legend}</div>'
        f'<div role="img" aria-label="{alt}" style="display:flex;gap:0.9rem;overflow-x:auto">'
        f"{''.join(columns)}</div></div>"
    )
