"""How the values of a layer are spread, as bars in HTML: no chart library is loaded for it."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from cnnlab.figures.theme import ROLES
from cnnlab.percent import percent

if TYPE_CHECKING:
    from cnnlab.map_statistics import Histogram

__all__ = ["say_spread", "value_bars"]

_HEIGHT = 7.0  # rem, of the tallest bar


def value_bars(found: Histogram, *, title: str, chosen: bool = False) -> str:
    """Return a histogram with its numbers in words.

    Parameters
    ----------
    found : Histogram
        Counts of the values that are not exactly zero; blue bars lie below zero, orange above.
    title : str
        Whose values they are.
    chosen : bool
        Whether it belongs to the chosen layer.

    Returns
    -------
    str
        HTML with a text alternative.
    """
    most = max(1, int(found.counts.max(initial=0)))
    colours = {False: ROLES["kernel"].figure, True: ROLES["input"].figure}
    middles = (found.edges[:-1] + found.edges[1:]) / 2
    bars = "".join(
        f'<div style="flex:1;height:{100 * count / most:.2f}%;min-width:1px;'
        f"{'border-top:1px solid ' + colours[bool(middle < 0)] if count else ''};"
        f'background:{colours[bool(middle < 0)]}"></div>'
        for count, middle in zip(found.counts.tolist(), middles, strict=True)
    )
    low, high = float(found.edges[0]), float(found.edges[-1])
    zero = -low / (high - low) if low < 0 < high else None
    line = (
        f'<div style="position:absolute;left:{100 * zero:.2f}%;top:0;bottom:0;'
        'border-left:1px dashed currentColor"></div>'
        if zero is not None
        else ""
    )
    ends = f"<span>{_number(low)}</span><span>{_number(high)}</span>"
    if zero is not None and 0.12 < zero < 0.88:
        ends = (
            f"<span>{_number(low)}</span>"
            f'<span style="position:absolute;left:{100 * zero:.2f}%;transform:translateX(-50%)">0'
            f"</span><span>{_number(high)}</span>"
        )
    alt = f"Histogram of {title}: {say_spread(found)}"
    edge = f"3px solid {ROLES['cursor'].figure}" if chosen else "3px solid transparent"
    name = f"▸ {title}" if chosen else title
    return (
        f'<div style="border-left:{edge};padding-left:0.7rem;font-variant-numeric:tabular-nums">'
        f'<div style="font-weight:600;overflow-wrap:anywhere">{escape(name)}</div>'
        f'<div role="img" aria-label="{escape(alt)}">'
        f'<div style="position:relative;display:flex;align-items:flex-end;height:{_HEIGHT}rem;'
        'border-bottom:1px solid color-mix(in srgb,currentColor 40%,transparent)">'
        f"{bars}{line}</div>"
        '<div style="position:relative;display:flex;justify-content:space-between;'
        f'font-size:0.85rem">{ends}</div></div>'
        f'<div style="font-size:0.9rem;line-height:1.45">{escape(say_spread(found))}</div></div>'
    )


def say_spread(found: Histogram) -> str:
    """Return mean, deviation and the shares of zeros and negatives in words.

    Parameters
    ----------
    found : Histogram
        Of a layer.

    Examples
    --------
    >>> import numpy as np
    >>> from cnnlab.map_statistics import histogram
    >>> say_spread(histogram(np.array([[[0, 0, 1, 3]]], dtype=np.float32)))
    '0 to 3, mean 1, std 1.225; 50\u202f% exactly 0, 0\u202f% below 0'
    """
    zeros, negative = (percent(count / found.total) for count in (found.zeros, found.negative))
    return (
        f"{_number(found.low)} to {_number(found.high)}, mean {_number(found.mean)}, "
        f"std {_number(found.std)}; {zeros} exactly 0, {negative} below 0"
    )


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")
