"""Two objects in one picture, and where the objects of the samples lie in what a network sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.sample_boxes import boxes_of

__all__ = ["Place", "Pointing", "above", "ink", "places", "pointing"]

WIDTH, HEIGHT = 448, 224  # pixels of each half
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    """An object whose place is known.

    Parameters
    ----------
    label : str
        What it is.
    classes : tuple of int
        The classes that name it rightly.
    corners : (left, top, right, bottom)
        In pixels of the picture.
    """

    label: str
    classes: tuple[int, ...]
    corners: Corners


@dataclass(frozen=True)
class Pointing:
    """How a map lies to a box.

    Parameters
    ----------
    hit : bool
        Whether the largest value lies in the box; False for an empty map.
    outside : float
        How far the largest value lies from the box, in pixels of the map; 0 for a hit, infinite
        for an empty map.
    share : float
        Which share of the sum of the map lies in the box.
    area : float
        Which share of the picture the box takes: what `share` would be for an even map.
    """

    hit: bool
    outside: float
    share: float
    area: float


def above(top: Image.Image, bottom: Image.Image) -> Image.Image:
    """Return one square picture of two: the middle band of each, one above the other.

    Parameters
    ----------
    top, bottom : PIL.Image.Image
        Any sizes and modes.

    Returns
    -------
    PIL.Image.Image
        RGB, 448 × 448 pixels.

    Examples
    --------
    >>> both = above(Image.new("RGB", (600, 400), "red"), Image.new("RGB", (9, 9), "blue"))
    >>> both.size, both.getpixel((0, 223)), both.getpixel((0, 224))
    ((448, 448), (255, 0, 0), (0, 0, 255))
    """
    both = Image.new("RGB", (WIDTH, 2 * HEIGHT))
    for place, image in enumerate((top, bottom)):
        band = _band(image.size)
        half = image.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, band)
        both.paste(half, (0, place * HEIGHT))
    return both


def places(sample: str, below: str = "") -> tuple[Place, ...]:
    """Return the objects of a sample, or of two samples put together by `above`.

    Parameters
    ----------
    sample : str
        A key of `cnnlab.samples.SAMPLES`.
    below : str
        The sample below it; empty for none.

    Returns
    -------
    tuple of Place
        In pixels of the picture as it is shown; none where nothing has a name.

    Examples
    --------
    >>> [place.label for place in places("cat", "coffee")]
    ['cat', 'cup of espresso']
    """
    if not below:
        return tuple(Place(box.label, box.classes, box.corners) for box in boxes_of(sample))
    found = []
    for row, name in enumerate((sample, below)):
        if not boxes_of(name):
            continue
        left, top, right, bottom = _band(_size(name))
        times = WIDTH / (right - left)
        for box in boxes_of(name):
            x0, x1 = (times * (min(max(x, left), right) - left) for x in (box.left, box.right))
            y0, y1 = (times * (min(max(y, top), bottom) - top) for y in (box.top, box.bottom))
            if x1 > x0 and y1 > y0:
                down = row * HEIGHT
                found.append(Place(box.label, box.classes, (x0, y0 + down, x1, y1 + down)))
    return tuple(found)


def ink(image: Image.Image) -> Corners:
    """Return the box around everything in a picture that is brighter than its ground.

    Parameters
    ----------
    image : PIL.Image.Image
        A digit, bright on dark.

    Returns
    -------
    (left, top, right, bottom)
        In pixels; the whole picture if it is of one colour.

    Examples
    --------
    >>> digit = Image.new("L", (28, 28))
    >>> digit.paste(255, (10, 4, 14, 24))
    >>> ink(digit)
    (10.0, 4.0, 14.0, 24.0)
    """
    grey = np.asarray(image.convert("L"), dtype=float)
    rows, columns = np.nonzero(grey > (grey.min() + grey.max()) / 2)
    if not len(rows):
        return 0.0, 0.0, float(image.width), float(image.height)
    left, right = float(columns.min()), float(columns.max() + 1)
    return left, float(rows.min()), right, float(rows.max() + 1)


def pointing(
    values: NDArray[np.floating[Any]], corners: Corners, *, crop: Corners
) -> Pointing | None:
    """Return whether a map points into a box.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        A map over what the network sees; not negative.
    corners : (left, top, right, bottom)
        The box, in pixels of the picture.
    crop : (left, top, right, bottom)
        What the network sees of the picture, in the same pixels.

    Returns
    -------
    Pointing or None
        None where the network sees nothing of the box.

    Examples
    --------
    >>> values = np.zeros((4, 4))
    >>> values[0, 3] = 1.0
    >>> whole = (0, 0, 8, 8)
    >>> pointing(values, (4, 0, 8, 4), crop=whole).hit
    True
    >>> pointing(values, (0, 0, 4, 8), crop=whole).outside
    1.5
    """
    height, width = values.shape
    across, down = width / (crop[2] - crop[0]), height / (crop[3] - crop[1])
    left, right = (np.clip((x - crop[0]) * across, 0, width) for x in corners[::2])
    top, bottom = (np.clip((y - crop[1]) * down, 0, height) for y in corners[1::2])
    if right <= left or bottom <= top:
        return None
    area = float((right - left) * (bottom - top) / values.size)
    total = float(values.sum())
    if total <= 0:
        return Pointing(False, float("inf"), 0.0, area)
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    x, y = float(column) + 0.5, float(row) + 0.5
    aside, apart = max(left - x, x - right, 0.0), max(top - y, y - bottom, 0.0)
    inside = _covered(height, top, bottom)[:, None] * _covered(width, left, right)[None]
    distance = float(np.hypot(aside, apart))
    return Pointing(distance == 0, distance, float((values * inside).sum()) / total, area)


def _covered(count: int, start: float, stop: float) -> NDArray[np.float64]:
    """Return how much of each of `count` cells in a row lies between two places."""
    cells = np.arange(count)
    share: NDArray[np.float64] = np.clip(
        np.minimum(cells + 1, stop) - np.maximum(cells, start), 0, 1
    )
    return share


def _band(size: tuple[int, int]) -> Corners:
    """Return the largest band twice as wide as high in the middle of a picture."""
    width, height = size
    side = min(width / 2, height)
    left, top = width / 2 - side, (height - side) / 2
    return left, top, left + 2 * side, top + side


def _size(name: str) -> tuple[int, int]:
    from cnnlab.samples import sample

    return sample(name).size
