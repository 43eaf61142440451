"""Arrays as pictures, pixel for pixel; without Plotly, for pages that need no chart."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnlab.figures.theme import ROLES

__all__ = ["data_link", "framed", "grey_picture"]


def data_link(picture: Image.Image) -> str:
    """Return a picture as text that stands where an address would: nothing else is fetched.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode RGB or L.

    Returns
    -------
    str
        A ``data:`` link to a JPEG file; PNG where the picture is so small that each pixel counts.

    Examples
    --------
    >>> data_link(Image.new("L", (8, 8)))[:30]
    'data:image/png;base64,iVBORw0K'
    """
    kind = "png" if max(picture.size) <= 64 else "jpeg"
    file = io.BytesIO()
    picture.save(file, kind, quality=88)
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def framed(picture: Image.Image, box: tuple[float, float, float, float]) -> Image.Image:
    """Return the picture with a frame around a part of it.

    Parameters
    ----------
    picture : PIL.Image.Image
        Any mode; it is not changed.
    box : (left, top, right, bottom)
        The part, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, the same size.

    Examples
    --------
    >>> framed(Image.new("L", (9, 9)), (2, 2, 7, 7)).getpixel((4, 4))
    (0, 0, 0)
    """
    shown = picture.convert("RGB")
    left, top, right, bottom = (round(edge) for edge in box)
    ImageDraw.Draw(shown).rectangle(
        (left, top, right - 1, bottom - 1),
        outline=ROLES["cursor"].figure,
        width=max(2, round(max(shown.size) / 100)),
    )
    return shown


def grey_picture(values: NDArray[np.float64], *, black: float, white: float) -> Image.Image:
    r"""Return a matrix as shades of grey.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The numbers.
    black, white : float
        What is drawn black and what white; values beyond them are drawn like them.

    Returns
    -------
    PIL.Image.Image
        Mode L, W × H pixels. A flat range gives a middle grey.

    Examples
    --------
    >>> grey_picture(np.array([[-1.0, 0.0, 1.0]]), black=-1, white=1).tobytes()
    b'\x00\x80\xff'
    """
    if white <= black:
        return Image.new("L", values.shape[::-1], 128)
    share = np.clip((values - black) / (white - black), 0, 1)
    return Image.fromarray(np.round(share * 255).astype(np.uint8))
