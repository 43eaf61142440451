"""Grad-CAM's arrays as cards: a picture of the numbers, a colour scale, shape and range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.heat_pictures import drawn_over, scale_bar
from cnnlab.figures.pictures import data_link
from cnnlab.figures.theme import ROLES
from cnnlab.numerals import signed, written
from cnnlab.percent import percent

__all__ = [
    "STYLE",
    "Card",
    "bars",
    "card",
    "cards",
    "contributors",
    "heading",
    "photo_card",
    "range_of",
    "ranges",
]

Floats = NDArray[np.floating[Any]]
STYLE = """
<style>
.st-key-grad_cam_scroll { margin-bottom: -1rem; }
.cam-cards { display: grid; gap: 1.2rem 1.1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(var(--card, 10rem), 100%), 1fr)); }
/* As large as the room allows, but a picture never fills more than most of the window's height. */
.cam-cards figure { margin: 0; max-width: clamp(12rem, 62vh, 30rem); display: grid;
  grid-row: span 2; grid-template-rows: subgrid; row-gap: 0.3rem;
  grid-template-columns: minmax(0, 1fr); }
.cam-cards figcaption { font-weight: 600; overflow-wrap: anywhere; align-self: end; }
.cam-cards img { width: 100%; display: block; border-radius: 4px; }
.cam-cards .cells, .cam-rows .cells { image-rendering: pixelated; }
.cam-cards .scale { height: 0.55rem; border-radius: 2px; margin-top: 0.45rem; }
.cam-cards .ends { display: flex; justify-content: space-between; font-size: 0.9rem;
  font-variant-numeric: tabular-nums; }
.cam-cards p { margin: 0.3rem 0 0; line-height: 1.45; font-size: 0.9rem; }
.cam-cards .note { border-left: 3px solid currentColor; padding-left: 0.6rem; }
.cam-rows table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%;
  max-width: 58rem; }
.cam-rows th, .cam-rows td { padding: 0.3rem 0.8rem 0.3rem 0; text-align: left;
  vertical-align: middle;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.cam-rows img { width: min(9rem, 18vh); height: auto; display: block; border-radius: 3px; }
.cam-rows tbody th { white-space: nowrap; padding-left: 0.4rem; }
.cam-rows .number { text-align: right; white-space: nowrap; padding-right: 1.6rem; }
.cam-rows tr.chosen { outline: 2px solid CURSOR; outline-offset: -1px; }
/* On a phone a row's numbers stand below each other, left of its pictures. */
@media (max-width: 40rem) {
  .cam-rows tr { display: grid; align-items: center; gap: 0 0.4rem; padding: 0.35rem 0;
    grid-template-columns: minmax(0, 1fr) repeat(3, min(4.6rem, 19vw));
    border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
  .cam-rows th, .cam-rows td { border: 0; padding: 0 0 0 0.4rem; }
  .cam-rows :is(th, td) { grid-area: 1 / 1; }
  .cam-rows .number { grid-area: 2 / 1; }
  .cam-rows .number.sum { grid-area: 3 / 1; }
  .cam-rows .map { grid-area: 1 / 2 / span 3; padding: 0; }
  .cam-rows .map:nth-child(4) { grid-column: 3; }
  .cam-rows .map:nth-child(5) { grid-column: 4; }
  .cam-rows .number { text-align: left; font-size: 0.9rem; }
  .cam-rows .number::before, .cam-rows tbody th::before { content: attr(data-name) " ";
    font-weight: 400; }
  .cam-rows .sum { font-weight: 600; }
  .cam-rows img { width: 100%; }
  .cam-rows thead th:not(.map) { clip-path: inset(50%); height: 1px; overflow: hidden;
    position: absolute; }
  .cam-rows tbody .number { line-height: 1.35; }
}
.cam-ranges small { display: none; font-weight: 400; font-size: 0.875rem; }
@media (max-width: 40rem) { .cam-ranges small { display: block; } }
.cam-bars { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 0 0.6rem;
  font-size: 0.9rem; font-variant-numeric: tabular-nums; margin-top: 0.8rem; }
.cam-bars .axis { position: relative; height: 9rem; display: grid; justify-items: end; }
.cam-bars .axis span { grid-area: 1 / 1; position: relative; height: 0; line-height: 0;
  white-space: nowrap; }
.cam-bars .plot { display: flex; align-items: stretch; height: 9rem; position: relative;
  border-left: 1px solid color-mix(in srgb, currentColor 60%, transparent); }
.cam-bars .plot div { flex: 1; min-width: 0; position: relative; }
.cam-bars .ends { grid-column: 2; display: flex; justify-content: space-between;
  margin-top: 0.7rem; }
.cam-bars i { position: absolute; left: 0; right: 0; display: block; }
.cam-bars hr { position: absolute; left: 0; right: 0; margin: 0; border: 0;
  border-top: 1px solid currentColor; opacity: 0.6; }
</style>
""".replace("CURSOR", ROLES["cursor"].figure)


@dataclass(frozen=True, eq=False)
class Card:
    """One array as a picture.

    Parameters
    ----------
    title : str
        What it is.
    values : ndarray of shape (h, w)
        The numbers.
    signed : bool
        Blue, near white and orange around 0; else black over red to yellow from 0.
    alt : str
        What is to be seen, in words.
    extent : float, optional
        The end of the colours, where several cards share one.
    text, note : str
        Below the picture; the note is set off.
    photo : PIL.Image.Image, optional
        What the map is laid over; then it is not drawn in cells.
    opacity : float
        Of the map over the photo.
    """

    title: str
    values: Floats
    signed: bool
    alt: str
    extent: float | None = None
    text: str = ""
    note: str = ""
    photo: Image.Image | None = None
    opacity: float = 1.0


def cards(several: Sequence[str], *, smallest: str = "10rem") -> str:
    """Return cards in a grid.

    Parameters
    ----------
    several : sequence of str
        What `card` and `photo_card` return.
    smallest : str
        The width below which no card goes, a CSS length; a phone's width is never exceeded.

    Returns
    -------
    str
        HTML for ``st.html``, which also needs `STYLE` on the page.
    """
    return f'<div class="cam-cards" style="--card:{smallest}">{"".join(several)}</div>'


def card(shown: Card) -> str:
    """Return one array as a picture with its scale.

    Parameters
    ----------
    shown : Card
        The array and what is said of it.

    Returns
    -------
    str
        HTML for `cards`.
    """
    values = shown.values
    height, width = values.shape
    base = shown.photo or Image.new("RGB", (width, height))
    drawn = drawn_over(
        base, values, signed=shown.signed, opacity=shown.opacity, extent=shown.extent
    )
    small = shown.photo is None or max(base.size) <= 64
    kind = ' class="cells"' if small else ""
    note = f'<p class="note">{escape(shown.note)}</p>' if shown.note else ""
    text = f"<p>{escape(shown.text)}</p>" if shown.text else ""
    return (
        f"<figure><figcaption>{escape(shown.title)}</figcaption><div>"
        f'<img{kind} src="{data_link(drawn.picture)}" alt="{escape(shown.alt)}">'
        f'<div class="scale" style="background:{scale_bar(signed=shown.signed)}"></div>'
        f'<div class="ends"><span>{written(drawn.low)}</span>'
        f"<span>{written(drawn.high)}</span></div>"
        f"<p>{range_of(values)}</p>{text}{note}</div></figure>"
    )


def photo_card(title: str, photo: Image.Image, *, alt: str, text: str = "") -> str:
    """Return a picture as a card without a scale."""
    kind = ' class="cells"' if max(photo.size) <= 64 else ""
    return (
        f"<figure><figcaption>{escape(title)}</figcaption><div>"
        f'<img{kind} src="{data_link(photo)}" alt="{escape(alt)}"><p>{escape(text)}</p></div>'
        "</figure>"
    )


def range_of(values: Floats) -> str:
    """Return shape, smallest, largest and mean of an array in words.

    Examples
    --------
    >>> range_of(np.array([[0.0, 3.0]]))
    '1 × 2, from 0 to 3, mean 1.5'
    """
    shape = " × ".join(str(side) for side in values.shape)
    low, high, mean = float(values.min()), float(values.max()), float(values.mean(dtype=np.float64))
    return f"{shape}, from {written(low)} to {written(high)}, mean {written(mean)}"


def ranges(named: Mapping[str, Floats]) -> str:
    """Return a table of arrays: shape, smallest, largest, mean, and how many are exactly 0.

    A phone writes the shape, the mean and the zeros below the array's name.

    Parameters
    ----------
    named : mapping of str to ndarray
        The arrays by their names.

    Returns
    -------
    str
        HTML for ``st.html``, which also needs `STYLE` on the page.
    """
    lines = []
    for name, values in named.items():
        shape = " × ".join(str(side) for side in values.shape)
        low, high = written(float(values.min())), written(float(values.max()))
        mean = written(float(values.mean(dtype=np.float64)))
        zero = percent(float((values == 0).mean()))
        lines.append(
            f'<tr><th scope="row">{escape(name)}<small>{shape}; mean {mean}; {zero} exactly 0'
            f'</small></th><td class="right wide-only">{shape}</td><td class="right">{low}</td>'
            f'<td class="right">{high}</td><td class="right wide-only">{mean}</td>'
            f'<td class="right wide-only">{zero}</td></tr>'
        )
    heads = {"Shape": 1, "Smallest": 0, "Largest": 0, "Mean": 1, "Exactly 0": 1}
    head = "".join(
        f'<th class="right{" wide-only" if wide else ""}">{text}</th>'
        for text, wide in heads.items()
    )
    return (
        f'<div class="numbers cam-ranges"><table><thead><tr><th>Array</th>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def heading(number: int, title: str) -> str:
    """Return the title of a numbered step."""
    return f"{number}. {title}"


def contributors(
    rows: Sequence[tuple[int, float, float, Floats, Floats, Floats]],
    *,
    chosen: int,
    extents: tuple[float, float, float],
    caption: str,
) -> str:
    """Return channels with their maps, gradients and weighted maps, one in a row.

    Parameters
    ----------
    rows : sequence of (channel, weight, added, map, gradient, weighted map)
        The channels to show; `added` is the sum over the weighted map.
    chosen : int
        The channel with a frame.
    extents : (float, float, float)
        The ends of the colours of the three kinds of pictures, shared by all rows.
    caption : str
        Read by screen readers.

    Returns
    -------
    str
        HTML for ``st.html``, which also needs `STYLE` on the page.
    """
    lines = []
    for channel, weight, added, *pictures in rows:
        cells = "".join(
            f'<td class="map" role="cell"><img class="cells" alt="{escape(what)} of channel '
            f'{channel}: {range_of(values)}" src="{_small(values, extent)}"></td>'
            for values, extent, what in zip(
                pictures, extents, ("feature map", "gradient", "weighted map"), strict=True
            )
        )
        mark = ' class="chosen"' if channel == chosen else ""
        lines.append(
            f'<tr role="row"{mark}><th scope="row" role="rowheader" data-name="k">'
            f"{'▸ ' if channel == chosen else ''}{channel}</th>"
            f'<td class="number" role="cell" data-name="α">{written(weight)}</td>{cells}'
            f'<td class="number sum" role="cell" data-name="sum">'
            f"{signed(added)}</td></tr>"
        )
    heads = {"k": "", "α": "number", "A": "map", "dy/dA": "map", "α · A": "map"}
    heads["sum of α · A"] = "number"
    head = "".join(
        f'<th role="columnheader" class="{kind}">{text}</th>' for text, kind in heads.items()
    )
    # The roles are written out: a phone's layout takes the table's own ones away.
    return (
        f'<div class="cam-rows"><table role="table" aria-label="{escape(caption)}">'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(lines)}</tbody></table></div>'
    )


def bars(values: Floats, *, title: str, most: int = 160) -> str:
    """Return numbers as bars from the largest to the smallest: orange above 0, blue below.

    An axis at the left names the largest, 0 and the smallest.

    Parameters
    ----------
    values : ndarray of shape (K,)
        The numbers.
    title : str
        What they are.
    most : int
        Of more numbers, every so many stand for their neighbours.

    Returns
    -------
    str
        HTML for ``st.html``, which also needs `STYLE` on the page.
    """
    order = np.sort(values)[::-1]
    shown = order[np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(int)]
    top, bottom = max(float(shown.max()), 0.0), min(float(shown.min()), 0.0)
    span = (top - bottom) or 1.0
    zero = 100 * top / span
    parts = "".join(
        f'<div><i style="background:{ROLES["kernel" if value > 0 else "input"].figure};'
        f"top:{zero - max(100 * value / span, 0):.2f}%;height:{100 * abs(value) / span:.2f}%"
        '"></i></div>'
        for value in shown.tolist()
    )
    alt = (
        f"{title}, sorted: {int((values > 0).sum())} positive, {int((values == 0).sum())} exactly "
        f"0, {int((values < 0).sum())} negative"
    )
    marks = [(0.0, zero, False)]
    if top > 0:
        marks.insert(0, (top, 0.0, zero < 15))
    if bottom < 0:
        marks.append((bottom, 100.0, zero > 85))
    axis = "".join(
        f'<span style="top:{at:.2f}%;{_aside(at) if crowded else ""}">{written(value)}</span>'
        for value, at, crowded in marks
    )
    return (
        f'<div role="img" aria-label="{escape(alt)}, {range_of(values)}"><div class="cam-bars">'
        f'<div class="axis">{axis}</div><div class="plot">{parts}<hr style="top:{zero:.2f}%">'
        f'</div><div class="ends"><span>largest of {len(values)}</span><span>smallest</span></div>'
        "</div></div>"
    )


def _aside(at: float) -> str:
    """Return how a mark of an axis makes way for that of 0: up at the top, down at the bottom."""
    return f"transform:translateY({'-' if at == 0 else ''}0.8em);"


def _small(values: Floats, extent: float) -> str:
    height, width = values.shape
    step = max(1, max(height, width) // 64)  # a large map as a thumbnail: every so many cells
    few = values[::step, ::step]
    base = Image.new("RGB", (few.shape[1], few.shape[0]))
    return data_link(drawn_over(base, few, signed=True, opacity=1.0, extent=extent).picture)
