"""What a shift changes, cell by cell, as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb, sequential

__all__ = ["difference_picture"]

_SIDE = 360  # of a picture on the screen, about, in pixels
_GREY, _STRIPE = 120, 160  # of cells that cannot be compared
_COLOURS = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], dtype=np.float64)


def difference_picture(
    away: NDArray[np.floating[Any]], clear: NDArray[np.bool_], *, most: float
) -> Image.Image:
    """Return how far each cell is away, as colours from black (nothing) to yellow (`most`).

    Parameters
    ----------
    away : ndarray of shape (h, w)
        Not negative; NaN where there is nothing to compare, which is drawn in grey stripes.
    clear : ndarray of bool, of shape (h, w)
        A rectangle of cells around which a white line is drawn; it may be empty.
    most : float
        What is drawn in yellow, as is all beyond it.

    Returns
    -------
    PIL.Image.Image
        Mode RGB; each cell is a square block.

    Examples
    --------
    >>> picture = difference_picture(np.eye(2), np.zeros((2, 2), bool), most=1.0)
    >>> picture.size, picture.getpixel((200, 10))
    ((360, 360), (0, 0, 4))
    """
    side = max(1, _SIDE // max(away.shape))
    share = np.clip(np.nan_to_num(away) / max(most, 1e-30), 0, 1)
    places = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(share, places, _COLOURS[:, channel]) for channel in range(3)]
    pixels = np.stack(channels, axis=-1).repeat(side, axis=0).repeat(side, axis=1)
    rows, columns = np.indices(pixels.shape[:2])
    stripes = np.where((rows + columns) // 6 % 2, _GREY, _STRIPE)
    unknown = np.isnan(away).repeat(side, axis=0).repeat(side, axis=1)
    pixels[unknown] = stripes[unknown][:, None]
    picture = Image.fromarray(pixels.round().astype(np.uint8))
    if clear.any():
        inside = np.flatnonzero(clear.any(axis=1)), np.flatnonzero(clear.any(axis=0))
        (top, bottom), (left, right) = ((found[0], found[-1] + 1) for found in inside)
        box = (left * side, top * side, right * side - 1, bottom * side - 1)
        ImageDraw.Draw(picture).rectangle(box, outline="white", width=3)
    return picture
