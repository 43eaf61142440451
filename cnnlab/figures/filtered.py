"""Filtered pictures: signed numbers, lengths and angles as shades one can see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.theme import ROLES

__all__ = ["NEGATIVE", "POSITIVE", "Shading", "shaded"]

Floats = NDArray[np.float64]
NEGATIVE, POSITIVE = ROLES["input"].light, ROLES["kernel"].light  # blue and orange, white is 0


@dataclass(frozen=True)
class Shading:
    """How numbers become shades; the browser draws single pixels by the same rule.

    Parameters
    ----------
    kind : {"grey", "colours", "absolute", "angle"}
        "grey" goes from black to white; "colours" from blue over white, which is 0, to orange;
        "absolute" is "grey" for sizes without their sign; "angle" gives each direction a hue and
        is the brighter, the longer the gradient.
    black, white : float
        The ends of the scale; what lies beyond is drawn like the end.
    """

    kind: str
    black: float
    white: float

    def share(self, values: Floats) -> Floats:
        """Return how far each number lies on the way from black to white, from 0 to 1."""
        if self.white <= self.black:
            return np.full(values.shape, 0.5)
        share = values - self.black
        share /= self.white - self.black
        return np.clip(share, 0, 1, out=share)


def shaded(values: Floats, shading: Shading, *, length: Floats | None = None) -> Image.Image:
    """Return numbers as a picture, one pixel each.

    Parameters
    ----------
    values : ndarray of shape (C, H, W)
        One channel, or three that become red, green and blue.
    shading : Shading
        The rule.
    length : ndarray of shape (1, H, W), optional
        For angles in degrees: how long each gradient is.

    Returns
    -------
    PIL.Image.Image
        Mode L or RGB, W × H pixels.

    Raises
    ------
    ValueError
        If colours are asked for more than one channel.

    Examples
    --------
    >>> shaded(np.array([[[-1.0, 0.0, 1.0]]]), Shading("grey", -1, 1)).tobytes().hex()
    '0080ff'
    """
    if shading.kind in ("colours", "angle") and len(values) != 1:
        raise ValueError("colours are for one channel")
    if shading.kind == "angle":
        lengths = np.ones_like(values[0]) if length is None else length[0]
        return Image.fromarray(_hues(values[0], shading.share(lengths)))
    share = shading.share(np.abs(values) if shading.kind == "absolute" else values)
    if shading.kind == "colours":
        return Image.fromarray(_signed_colours()[np.rint(share[0] * 254).astype(np.uint8)])
    share *= 255
    pixels = np.rint(share, out=share).astype(np.uint8)
    return Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0).copy())


def _signed_colours() -> NDArray[np.uint8]:
    """Return 255 colours from blue over white to orange, ndarray of shape (255, 3)."""
    ends = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in (NEGATIVE, POSITIVE)]
    way = np.linspace(-1, 1, 255)[:, None]
    colours = 255 + np.abs(way) * (np.where(way < 0, ends[0], ends[1]) - 255)
    whole: NDArray[np.uint8] = np.rint(colours).astype(np.uint8)
    return whole


def _hues(degrees: Floats, brightness: Floats) -> NDArray[np.uint8]:
    """Return a hue for each angle: red is 0 degrees, then yellow, green, cyan, blue, magenta."""
    wheel = _wheel()[np.rint(degrees * 2).astype(np.int64) % 720]  # (H, W, 3)
    wheel *= brightness[..., None].astype(np.float32)
    whole: NDArray[np.uint8] = np.rint(wheel, out=wheel).astype(np.uint8)
    return whole


def _wheel() -> NDArray[np.float32]:
    """Return the hues of every half degree, from 0 to 255, ndarray of shape (720, 3)."""
    angles = np.arange(720) / 2
    channels = []
    for start in (5, 3, 1):  # red, green, blue
        place = (start + angles / 60) % 6
        channels.append(255 * (1 - np.clip(np.minimum(place, 4 - place), 0, 1)))
    return np.stack(channels, axis=-1).astype(np.float32)
