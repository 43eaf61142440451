"""Patches of pictures that excite a channel, as pictures of one size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnlab.figures.pictures import grey_picture
from cnnlab.figures.theme import ROLES
from cnnlab.patches import COUNT, Patch

__all__ = [
    "has_stripes",
    "is_cut_off",
    "map_picture",
    "mosaic",
    "patch_picture",
    "shows_all",
    "spotlight",
]

_GAP = 2  # pixels between the patches of a mosaic
_DARK = 0.2  # how much light is left where a channel does not answer
_HATCH = 6  # pixels from stripe to stripe where there is padding


def shows_all(patch: Patch) -> bool:
    """Return whether a patch is drawn as its whole square: its cell sees beyond two sides."""
    top, left, bottom, right = patch.box
    return bottom - top > patch.seen.height or right - left > patch.seen.width


def is_cut_off(patch: Patch) -> bool:
    """Return whether a cell sees more than its square: the rest is padding."""
    top, left, bottom, right = patch.box
    return min(top, left) < 0 or bottom > patch.seen.height or right > patch.seen.width


def has_stripes(patch: Patch) -> bool:
    """Return whether a patch is drawn with stripes: its cell sees beyond the edge of the square."""
    return is_cut_off(patch) and not shows_all(patch)


def patch_picture(patch: Patch, side: int) -> Image.Image:
    """Return what excites a channel, `side` pixels a side.

    Padding is grey with stripes. Where a cell can see more than the square is large, the whole
    square is drawn, with a ring around the middle of what the cell sees.

    Parameters
    ----------
    patch : Patch
        What to draw.
    side : int
        Pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    width, height = patch.seen.size
    top, left, bottom, right = patch.box
    if shows_all(patch):
        picture = patch.seen.resize((side, side), Image.Resampling.LANCZOS)
        if is_cut_off(patch):
            middle = ((left + right) / 2 / width, (top + bottom) / 2 / height)
            _ring(picture, middle)
        return picture
    across, down = side / (right - left), side / (bottom - top)
    inside = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    place = (
        round((inside[0] - left) * across),
        round((inside[1] - top) * down),
        round((inside[2] - left) * across),
        round((inside[3] - top) * down),
    )
    picture = _striped(side)
    small = min(right - left, bottom - top) <= 16  # each pixel counts: keep their edges
    kind = Image.Resampling.NEAREST if small else Image.Resampling.LANCZOS
    size = (max(place[2] - place[0], 1), max(place[3] - place[1], 1))
    picture.paste(patch.seen.resize(size, kind, box=inside), place[:2])
    return picture


def mosaic(patches: Sequence[Patch], side: int) -> Image.Image:
    """Return up to nine patches, three in a row, `side` pixels each.

    Parameters
    ----------
    patches : sequence of Patch
        The strongest first.
    side : int
        Pixels of one patch.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, square; empty places are grey.
    """
    whole = 3 * side + 2 * _GAP
    picture = Image.new("RGB", (whole, whole), ROLES["padding"].figure)
    for place, patch in enumerate(patches[:COUNT]):
        row, column = divmod(place, 3)
        at = (column * (side + _GAP), row * (side + _GAP))
        picture.paste(patch_picture(patch, side), at)
    return picture


def _striped(side: int) -> Image.Image:
    picture = Image.new("RGB", (side, side), ROLES["padding"].figure)
    draw = ImageDraw.Draw(picture)
    for start in range(-side, side, _HATCH):
        draw.line((start, side, start + side, 0), fill=ROLES["padding"].light, width=2)
    return picture


def _ring(picture: Image.Image, middle: tuple[float, float]) -> None:
    """Draw a ring around a point, given as shares of width and height; kept inside."""
    side = picture.width
    radius = max(5, side // 9)
    x, y = (min(max(share * side, radius), side - 1 - radius) for share in middle)
    draw = ImageDraw.Draw(picture)
    for colour, width, reach in (("white", 4, radius + 1), (ROLES["cursor"].light, 2, radius)):
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), outline=colour, width=width)


def spotlight(
    picture: Image.Image, values: NDArray[np.float32], region: tuple[float, float, float, float]
) -> Image.Image:
    """Return a picture that is bright where a feature map is large, and dark elsewhere.

    Parameters
    ----------
    picture : PIL.Image.Image
        What the network sees.
    values : ndarray of shape (H, W)
        The map; values below 0 count as 0.
    region : tuple of float
        (left, top, right, bottom) of the map on the picture, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, the size of `picture`.
    """
    kept = np.clip(values, 0, None)
    share = kept / kept.max() if kept.max() > 0 else kept
    light = Image.fromarray(np.round(255 * (_DARK + (1 - _DARK) * share)).astype(np.uint8))
    left, top, right, bottom = (round(edge) for edge in region)
    mask = Image.new("L", picture.size, round(255 * _DARK))
    light = light.resize((max(right - left, 1), max(bottom - top, 1)), Image.Resampling.BILINEAR)
    mask.paste(light, (left, top))
    return Image.composite(picture.convert("RGB"), Image.new("RGB", picture.size), mask)


def map_picture(values: NDArray[np.float32], side: int) -> Image.Image:
    """Return a feature map in grey: black is 0 or its smallest value, white its largest.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The map.
    side : int
        Pixels of the longer side, at most; larger maps are averaged, smaller ones stay.

    Returns
    -------
    PIL.Image.Image
        Mode L.
    """
    low, high = min(float(values.min()), 0.0), float(values.max())
    picture = grey_picture(values.astype(np.float64), black=low, white=high)
    picture.thumbnail((side, side), Image.Resampling.BOX)
    return picture
