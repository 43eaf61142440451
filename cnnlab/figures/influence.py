"""How much each pixel counts for one number, as a heat map to lay over the picture."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["influence_layer"]

_COLOURS = np.array([[20, 11, 53], [120, 28, 109], [221, 81, 58], [252, 165, 10], [252, 255, 164]])


def influence_layer(values: NDArray[np.floating]) -> str:
    """Return a heat map as text that stands where an address would.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Not negative. The largest is pale yellow; what is 0 darkens the picture beneath.

    Returns
    -------
    str
        A ``data:`` link to a PNG file of W × H pixels. Between 0 and the largest value, colour
        and cover grow with the square root, since few pixels count very much.

    Examples
    --------
    >>> influence_layer(np.eye(3))[:22]
    'data:image/png;base64,'
    """
    largest = float(values.max(initial=0.0))
    share = np.sqrt(values / largest) if largest > 0 else np.zeros(values.shape)
    places = np.linspace(0, 1, len(_COLOURS))
    channels = [np.interp(share, places, _COLOURS[:, i]) for i in range(3)]
    cover = 115 + 105 * share  # of 255: the picture stays in sight
    pixels = np.stack([*channels, cover], axis=-1).round().astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(file, "png")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
