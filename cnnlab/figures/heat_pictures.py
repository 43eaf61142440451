"""Explanations drawn over the picture that they explain, each with its honest range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb, sequential

__all__ = ["AGAINST", "FOR", "Drawn", "drawn_over", "scale_bar"]

Floats = NDArray[np.floating[Any]]
# From black over red to yellow, ordered by brightness; blue is against, orange for: both can be
# told apart by colour-blind readers.
_HEAT = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], dtype=np.float64)
AGAINST, FOR = (4, 98, 185), (201, 90, 5)
_SIGNED = np.array([AGAINST, (244, 244, 244), FOR], dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Drawn:
    """An explanation as a picture.

    Attributes
    ----------
    picture : PIL.Image.Image
        The map over the photograph.
    low, high : float
        The values at both ends of the colours.
    beyond : float
        Share of the pixels whose value lies beyond these ends.
    """

    picture: Image.Image
    low: float
    high: float
    beyond: float


def drawn_over(
    photo: Image.Image,
    values: Floats,
    *,
    signed: bool,
    opacity: float,
    share: float = 1.0,
    contour: bool = False,
    extent: float | None = None,
) -> Drawn:
    """Return a map of numbers laid over the picture that they explain.

    Parameters
    ----------
    photo : PIL.Image.Image
        RGB, W × H pixels; shown in grey, so that colours belong to the map.
    values : ndarray of shape (H, W)
        Any finite numbers.
    signed : bool
        True: colours go from -extent (blue) over 0 (near white) to +extent (orange). False: from
        0 (black) to the extent (yellow).
    opacity : float
        Of the map: 0 shows only the picture, 1 only the map.
    share : float
        The extent is the absolute value below which this share of the pixels lies: 1 for the
        largest one.
    contour : bool
        Whether to draw a line around all that is above half of the extent.
    extent : float, optional
        The end of the colours itself, where several maps share one; `share` then has no say.

    Returns
    -------
    Drawn
        The picture and the range of its colours.

    Examples
    --------
    >>> photo = Image.new("RGB", (2, 1), (90, 90, 90))
    >>> result = drawn_over(photo, np.array([[0.0, 2.0]]), signed=False, opacity=1)
    >>> result.high, result.picture.getpixel((1, 0))
    (2.0, (252, 255, 164))
    """
    if extent is None:
        most = float(np.abs(values).max(initial=0.0))
        extent = float(np.quantile(np.abs(values), share)) or most
    low = -extent if signed else 0.0
    place = np.clip((values - low) / (extent - low), 0, 1) if extent else np.zeros(values.shape)
    colours = _coloured(place, _SIGNED if signed and extent else _HEAT)
    grey = np.asarray(photo.convert("L"), dtype=np.float64)[..., None]
    mixed = np.round(opacity * colours + (1 - opacity) * grey).astype(np.uint8)
    picture = Image.fromarray(mixed)
    if contour and extent:
        _outline(picture, values, extent / 2)
    beyond = float((np.abs(values) > extent * (1 + 1e-6)).mean())
    return Drawn(picture, low, extent, beyond)


def scale_bar(*, signed: bool) -> str:
    """Return the colours from the low to the high end as a CSS gradient."""
    stops = _SIGNED if signed else _HEAT
    return (
        "linear-gradient(to right,"
        + ",".join(f"rgb({r:.0f},{g:.0f},{b:.0f})" for r, g, b in stops)
        + ")"
    )


def _coloured(place: Floats, stops: Floats) -> Floats:
    """Return the colours (H, W, 3) at places between 0 and 1 of a scale."""
    at = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(place, at, stops[:, channel]) for channel in range(3)], axis=-1)


def _outline(picture: Image.Image, values: Floats, level: float) -> None:
    """Draw black and white lines around what is above a level."""
    from skimage.measure import find_contours

    draw = ImageDraw.Draw(picture)
    padded = np.pad(values, 1, constant_values=-np.inf)
    lines = find_contours(  # type: ignore[no-untyped-call]
        np.where(np.isfinite(padded), padded, level - 1), level
    )
    for line in lines:
        points = [(float(column) - 1, float(row) - 1) for row, column in line]
        draw.line(points, fill="black", width=3)
        draw.line(points, fill="white", width=1)
