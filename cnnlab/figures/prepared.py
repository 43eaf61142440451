"""A picture on its way into a network: what is cut away, and the steps side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PIL import Image, ImageDraw

from cnnlab.figures.pictures import data_link, framed

__all__ = ["picture_cards", "shaded"]

_LONGEST = 448  # pixels of a drawn picture; a screen shows it smaller


def shaded(picture: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Return the picture with all but a part of it dark and striped, and a frame around the part.

    Parameters
    ----------
    picture : PIL.Image.Image
        Any mode; it is not changed.
    box : (left, top, right, bottom)
        The part that stays, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, the same size.

    Examples
    --------
    >>> seen = shaded(Image.new("RGB", (90, 40), (200, 200, 200)), (25, 0, 65, 40))
    >>> seen.getpixel((45, 20)), max(seen.getpixel((10, 20))) < 160
    ((200, 200, 200), True)
    """
    shown = picture.convert("RGB")
    mask = Image.new("L", shown.size, 165)  # how dark: 255 would be black
    stripes = ImageDraw.Draw(mask)
    step, thick = max(6, max(shown.size) // 40), max(2, max(shown.size) // 160)
    for start in range(-shown.height, shown.width, step):
        stripes.line((start, shown.height, start + shown.height, 0), fill=110, width=thick)
    left, top, right, bottom = (round(edge) for edge in box)
    stripes.rectangle((left, top, right - 1, bottom - 1), fill=0)
    dark = Image.composite(Image.new("RGB", shown.size), shown, mask)
    return framed(dark, box)


def picture_cards(
    cards: Sequence[tuple[str, str, Image.Image, str]], *, smallest: str = "9.5rem"
) -> str:
    """Return pictures side by side, each with its title and what is to be said about it.

    Parameters
    ----------
    cards : sequence of (title, text, picture, alt)
        The text stands below the picture; its lines are parted by newlines. A picture of at most
        64 pixels is drawn with its pixels as blocks.
    smallest : str
        The width below which no picture goes, a CSS length.

    Returns
    -------
    str
        HTML for ``st.html``.
    """
    figures = "".join(
        '<figure style="margin:0;max-width:20rem"><figcaption style="font-weight:600;'
        f'margin-bottom:0.25rem">{escape(title)}</figcaption>'
        f'<img src="{data_link(_small(picture))}" alt="{escape(alt)}" style="max-width:100%;'
        f'{_shape(picture)};display:block;border-radius:4px">'
        '<div style="font-size:0.9rem;line-height:1.45;margin-top:0.25rem">'
        f"{'<br>'.join(escape(line) for line in text.splitlines())}</div></figure>"
        for title, text, picture, alt in cards
    )
    return (
        f'<div style="display:grid;grid-template-columns:repeat(auto-fit,minmax({smallest},1fr));'
        f'gap:1rem;margin-bottom:0.8rem;align-items:start">{figures}</div>'
    )


def _small(picture: Image.Image) -> Image.Image:
    """Return a copy that is no larger than a screen shows it."""
    small = picture.copy()
    small.thumbnail((_LONGEST, _LONGEST))
    return small


def _shape(picture: Image.Image) -> str:
    """Return how a picture is laid out: none is taller than it would be wide."""
    pixelated = "image-rendering:pixelated;width:100%" if max(picture.size) <= 64 else ""
    if picture.height > picture.width:
        return f"{pixelated or 'width:auto'};max-height:16rem"
    return pixelated or "width:100%"
