"""A drawing of 28 × 28 pixels as a short text for a link, and back."""

from __future__ import annotations

import base64
import re
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.digit_pixels import SIDE

__all__ = ["drawing_from_text", "drawing_to_text"]

_LONG = (0, 255)  # values that come in runs; each is followed by how often, 1 to 255
_MOST_TEXT = 2000  # characters; the longest drawing has 1046


def drawing_to_text(pixels: NDArray[np.uint8]) -> str:
    """Return a drawing as text for a link.

    Row after row, each pixel becomes a byte, but a run of 0 or of 255 becomes that byte and its
    length; the bytes are written in base 64 with the signs - and _. `drawing_from_text` gives
    exactly the same pixels back.

    Parameters
    ----------
    pixels : ndarray of shape (28, 28)
        0 is the ground, 255 the full ink.

    Returns
    -------
    str
        Some 300 characters for a digit.

    Examples
    --------
    >>> drawing_to_text(np.zeros((28, 28), np.uint8))
    'AP8A_wD_ABM'
    """
    data = bytearray()
    for value, run in groupby(pixels.ravel().tolist()):
        n = len(list(run))
        if value not in _LONG:
            data += bytes([value] * n)
        while value in _LONG and n > 0:
            data += bytes([value, min(n, 255)])
            n -= 255
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def drawing_from_text(text: str) -> NDArray[np.uint8]:
    """Return the drawing that a link holds.

    Parameters
    ----------
    text : str
        What `drawing_to_text` returned.

    Returns
    -------
    ndarray of shape (28, 28)
        The pixels, 0 to 255.

    Raises
    ------
    InputError
        If the text is no drawing of 28 × 28 pixels.

    Examples
    --------
    >>> drawing_from_text("AP8A_wD_ABM").max()
    np.uint8(0)
    """
    damaged = InputError(f"the drawing in the link is damaged: it does not hold {SIDE} × {SIDE}")
    if len(text) > _MOST_TEXT or len(text) % 4 == 1 or not re.fullmatch("[A-Za-z0-9_-]*", text):
        raise damaged
    data = iter(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    pixels: list[int] = []
    for value in data:
        n = next(data, 0) if value in _LONG else 1
        if n == 0:
            raise damaged
        pixels += [value] * n
    if len(pixels) != SIDE * SIDE:
        raise damaged
    return np.array(pixels, np.uint8).reshape(SIDE, SIDE)
