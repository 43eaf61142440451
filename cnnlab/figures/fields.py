"""Receptive fields as pictures: what a field holds, how much each pixel counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb, sequential

__all__ = ["field_picture", "heat_picture", "lit_picture"]

Floats = NDArray[np.floating[Any]]
_SIDE = 480  # of a picture on the screen, about, in pixels
_GREY = 88  # of what lies beyond the picture
_COLOURS = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], dtype=np.float64)


def heat_picture(values: Floats, *, margin: int) -> Image.Image:
    """Return a field as colours, from black (zero) over red to yellow (most).

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Not negative.
    margin : int
        How far inside a white square is drawn, in values.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, each value a square block.
    """
    share = values / max(float(values.max()), 1e-300)
    places = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(share, places, _COLOURS[:, channel]) for channel in range(3)]
    return _squared(_enlarged(np.stack(channels, axis=-1)), margin * _factor(len(values)))


def field_picture(picture: Image.Image, *, top: int, left: int, side: int) -> Image.Image:
    """Return a square part of a picture; what lies beyond the picture is grey.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode RGB.
    top, left, side : int
        The square, in pixels of the picture.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, each pixel a square block.
    """
    return Image.fromarray(_enlarged(_part(picture, top, left, side)).astype(np.uint8))


def lit_picture(
    picture: Image.Image, values: Floats, *, top: int, left: int, margin: int
) -> Image.Image:
    """Return the part of a picture under a field, each pixel as bright as it counts.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode RGB.
    values : ndarray of shape (n, n)
        Not negative; the largest leaves a pixel as bright as it is.
    top, left : int
        Where the field begins in the picture.
    margin : int
        How far inside a white square is drawn, in values.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, as large as ``field_picture`` of the same part.
    """
    share = values / max(float(values.max()), 1e-300)
    part = _part(picture, top, left, len(values)) * share[..., None]
    return _squared(_enlarged(part), margin * _factor(len(values)))


def _part(picture: Image.Image, top: int, left: int, side: int) -> Floats:
    pixels = np.asarray(picture, dtype=np.float64)
    rows, columns = (np.arange(first, first + side) for first in (top, left))
    inside = [
        (places >= 0) & (places < n)
        for places, n in zip((rows, columns), pixels.shape, strict=False)
    ]
    part = np.full((side, side, 3), float(_GREY))
    part[np.ix_(*inside)] = pixels[np.ix_(rows[inside[0]], columns[inside[1]])]
    return part


def _enlarged(pixels: Floats) -> Floats:
    factor = _factor(len(pixels))
    return np.asarray(np.kron(pixels, np.ones((factor, factor, 1))))


def _factor(side: int) -> int:
    """Return how many pixels of the screen a side of each block gets."""
    return max(1, round(_SIDE / side))


def _squared(pixels: Floats, inset: int) -> Image.Image:
    """Return pixels with a white square that lies inside, on a black line."""
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for line, colour in ((4, "black"), (2, "white")):
        box = (inset, inset, picture.width - inset - 1, picture.height - inset - 1)
        draw.rectangle(box, outline=colour, width=line)
    return picture
