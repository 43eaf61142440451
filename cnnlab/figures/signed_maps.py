"""Feature maps with signs, side by side: middle grey is 0, white positive, black negative."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.pictures import data_link, grey_picture

__all__ = ["map_cards", "signed_picture"]

Floats = NDArray[np.float64]


def signed_picture(values: Floats) -> Image.Image:
    """Return a matrix as greys with 0 in the middle; the largest size is black or white.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Any finite numbers.

    Returns
    -------
    PIL.Image.Image
        Mode L, W × H pixels.

    Examples
    --------
    >>> list(signed_picture(np.array([[-1.0, 0.0, 2.0]])).tobytes())
    [64, 128, 255]
    """
    extent = float(np.abs(values).max(initial=0.0))
    return grey_picture(values, black=-extent, white=extent)


def map_cards(cards: Sequence[tuple[str, str, Image.Image, str]], *, smallest: str) -> str:
    """Return pictures in a grid, each with its title and what is to be said about it.

    Parameters
    ----------
    cards : sequence of (title, text, picture, alt)
        The text stands below the picture; its lines are parted by newlines.
    smallest : str
        The width below which no picture goes, a CSS length.

    Returns
    -------
    str
        HTML for ``st.html``.
    """
    figures = "".join(
        '<figure style="margin:0"><figcaption style="font-weight:600;margin-bottom:0.25rem">'
        f'{escape(title)}</figcaption><img src="{data_link(picture)}" alt="{escape(alt)}" '
        'style="width:100%;display:block;image-rendering:pixelated;border-radius:4px">'
        f'<div style="font-size:0.9rem;line-height:1.45;margin-top:0.25rem">'
        f"{'<br>'.join(escape(line) for line in text.splitlines())}</div></figure>"
        for title, text, picture, alt in cards
    )
    return (
        f'<div style="display:grid;grid-template-columns:repeat(auto-fill,minmax({smallest},1fr));'
        f'gap:1rem;margin-bottom:0.8rem">{figures}</div>'
    )
