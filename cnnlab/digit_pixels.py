"""Pictures of a digit, prepared as those of MNIST were: light on dark, 20 × 20, centred by mass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.pixels import to_array

if TYPE_CHECKING:
    Pixels = NDArray[np.float64]

__all__ = ["BOX", "SIDE", "centred", "digit_pixels", "light_on_dark"]

SIDE = 28  # pixels along the side of a prepared picture
BOX = 20  # the figure is scaled until its longer side has so many pixels
_MAX_SIDE = 1024  # larger pictures are reduced first
_FAINT = 0.2  # of the contrast: what differs less from the ground belongs to the ground
_FLAT = 0.1  # a picture with less contrast than this shows nothing
_TIE = 1e-6  # pixels; a shift that ends exactly between two pixels is settled the same everywhere


def digit_pixels(image: Image.Image) -> Pixels:
    """Return the picture as the digit network wants it.

    A picture of 28 × 28 pixels is taken as it is, apart from `light_on_dark`. Of any other, what
    stands out from its ground is the figure: shades that differ from the ground by less than a
    fifth of the contrast count as ground, the strongest becomes 1, and `centred` does the rest.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size; light on dark or dark on light.

    Returns
    -------
    ndarray of shape (28, 28)
        0 is the ground, 1 the full ink.

    Raises
    ------
    InputError
        If the picture has no pixels, or more than 8 bits for each colour.

    Examples
    --------
    >>> page = Image.new("L", (100, 60), 255)  # white paper
    >>> page.paste(0, (40, 10, 44, 50))  # a black bar, 4 × 40 pixels
    >>> pixels = digit_pixels(page)
    >>> pixels.shape, float(pixels.sum())  # 20 rows × 2 columns
    ((28, 28), 40.0)
    """
    pixels = light_on_dark(image)
    if pixels.shape == (SIDE, SIDE):
        return pixels
    ground, peak = _ground(pixels), float(pixels.max())
    if peak - ground < _FLAT:
        return np.zeros((SIDE, SIDE))
    low = ground + _FAINT * (peak - ground)
    return centred(np.clip((pixels - low) / (peak - low), 0, 1))


def light_on_dark(image: Image.Image) -> Pixels:
    """Return the picture in grey, 0 to 1, inverted if its border is light.

    The border is the outermost row or column on each side; it is light if the median of its
    pixels lies above half. Transparent parts count as white.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size with 8 bits for each colour; beyond 1024 pixels it is reduced.

    Returns
    -------
    ndarray of shape (H, W)
        Grey as in `cnnlab.pixels.to_array`, divided by 255.

    Raises
    ------
    InputError
        If the picture has no pixels, or more than 8 bits for each colour.

    Examples
    --------
    >>> light_on_dark(Image.new("L", (3, 2), 255)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    if min(image.size) < 1:
        raise InputError(f"the picture has no pixels ({image.width} × {image.height})")
    if image.mode in ("I", "F") or image.mode.startswith("I;"):
        raise InputError(
            f"the picture has more than 8 bits for each colour (mode {image.mode}); save it with 8"
        )
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    if max(image.size) > _MAX_SIDE:
        image = image.convert("RGB")
        image.thumbnail((_MAX_SIDE, _MAX_SIDE))
    grey = to_array(image.convert("RGB"), channels="grey")[0] / 255
    result: Pixels = 1 - grey if _ground(grey) > 0.5 else grey
    return result


def centred(pixels: Pixels) -> Pixels:
    """Return a figure on a ground of zeros as MNIST holds its digits.

    The smallest box around the pixels above zero is scaled until its longer side has 20 pixels.
    Then it is moved by whole pixels until its centre of mass lies in row and column 13.5 to 14.5,
    counted from 0, of a picture of 28 × 28 [1]_; but never beyond the edge. Scaling weighs the
    pixels with a triangle as wide as a pixel of the coarser of both grids. On a digit of MNIST
    itself, all this changes nothing.

    Parameters
    ----------
    pixels : ndarray of shape (H, W)
        Numbers from 0 up.

    Returns
    -------
    ndarray of shape (28, 28)
        All zeros if `pixels` are.

    References
    ----------
    .. [1] LeCun, Cortes, Burges, The MNIST database of handwritten digits.

    Examples
    --------
    >>> dot = np.zeros((5, 5))
    >>> dot[0, 4] = 1
    >>> float(centred(dot)[4:24, 4:24].min())
    1.0
    """
    result = np.zeros((SIDE, SIDE))
    rows, columns = np.flatnonzero((pixels > 0).any(axis=1)), np.flatnonzero((pixels > 0).any(0))
    if not rows.size:
        return result
    figure = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (_scaled_length(n, longest=max(figure.shape)) for n in figure.shape)
    figure = _resample(figure.shape[0], height) @ figure @ _resample(figure.shape[1], width).T
    top, left = _first(figure.sum(axis=1)), _first(figure.sum(axis=0))
    result[top : top + height, left : left + width] = figure
    return result


def _ground(grey: Pixels) -> float:
    """Return the median of the outermost pixels: what the figure stands on."""
    border = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    return float(np.median(border))


def _scaled_length(n: int, *, longest: int) -> int:
    """Return n · 20 / longest, rounded (half up), and at least 1."""
    return max(1, (2 * n * BOX + longest) // (2 * longest))


def _resample(n: int, m: int) -> Pixels:
    """Return the matrix (m, n) that makes m numbers of n, each a mean weighed by a triangle."""
    step = n / m
    reach = max(step, 1.0)
    centres = (np.arange(m) + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - abs(np.arange(n) - centres[:, None]) / reach)  # (m, n)
    normal: Pixels = weights / weights.sum(axis=1, keepdims=True)
    return normal


def _first(mass: Pixels) -> int:
    """Return where along an axis the figure begins, from its mass in each row or column."""
    centre = float((mass * np.arange(len(mass))).sum() / mass.sum())
    shift = int(np.ceil((SIDE - 1) / 2 - centre - _TIE))
    return min(max(shift, 0), SIDE - len(mass))
