"""The colours of feature maps: grey where nothing is negative, else blue and orange."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from cnnlab.figures.filtered import Shading, shaded
from cnnlab.map_statistics import STEPS, ColourRange

__all__ = ["colour_bar", "palette", "say_colours"]


def palette(*, signed: bool) -> NDArray[np.uint8]:
    """Return the colour of each code that ``cnnlab.map_statistics.encode`` gives.

    Parameters
    ----------
    signed : bool
        Whether there are values below zero: then blue is negative, white 0 and orange positive.
        Otherwise black is 0 and white the largest value.

    Returns
    -------
    ndarray of shape (255, 3)
        Red, green and blue.

    Examples
    --------
    >>> palette(signed=True)[127].tolist(), palette(signed=False)[[0, 254]].tolist()
    ([255, 255, 255], [[0, 0, 0], [255, 255, 255]])
    """
    ramp = np.linspace(-1, 1, STEPS + 1)[None, None]
    drawn = np.array(shaded(ramp, Shading("colours" if signed else "grey", -1, 1)))[0]
    colours: NDArray[np.uint8] = drawn if signed else np.repeat(drawn[:, None], 3, axis=1)
    return colours


def say_colours(span: ColourRange, *, unit: str) -> str:
    """Return what the colours stand for, in words.

    Parameters
    ----------
    span : ColourRange
        The range.
    unit : str
        What the numbers are: "activation".

    Examples
    --------
    >>> say_colours(ColourRange(0, 2.5), unit="activation")
    'black 0, white 2.5 (activation, no unit)'
    >>> say_colours(ColourRange(-1, 1), unit="weight")
    'blue −1, white 0, orange 1 (weight, no unit)'
    """
    high = f"{span.high:.4g}"
    if span.signed:
        return f"blue −{high}, white 0, orange {high} ({unit}, no unit)"
    return f"black 0, white {high} ({unit}, no unit)"


def colour_bar(span: ColourRange, *, unit: str) -> str:
    """Return a colour bar with its numbers, as HTML.

    Parameters
    ----------
    span : ColourRange
        The range.
    unit : str
        What the numbers are: "activation".
    """
    colours = palette(signed=span.signed)
    stops = ",".join("#{:02x}{:02x}{:02x}".format(*colours[place]) for place in range(0, 255, 127))
    ends = [f"−{span.high:.4g}" if span.signed else "0", f"{span.high:.4g}"]
    middle = "<span>0</span>" if span.signed else ""
    return (
        f'<div role="img" aria-label="{escape("Colours: " + say_colours(span, unit=unit))}" '
        'style="max-width:22rem;font-size:0.9rem;font-variant-numeric:tabular-nums">'
        f'<div style="height:0.8rem;border-radius:3px;background:linear-gradient(to right,{stops});'
        'border:1px solid color-mix(in srgb,currentColor 35%,transparent)"></div>'
        '<div style="display:flex;justify-content:space-between">'
        f"<span>{ends[0]}</span>{middle}<span>{ends[1]}</span></div>"
        f"<div>{escape(unit)}, no unit</div></div>"
    )
