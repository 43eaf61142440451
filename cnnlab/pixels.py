"""Plain pictures: as numbers, as a tiny grid, as a part of themselves, as a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

from PIL import Image

from cnnlab.checks import InputError, as_pair, in_range

if TYPE_CHECKING:  # the functions import it: a picture is loaded and shown without it
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["centre_square", "patch", "pixels_only", "shrink", "to_array", "to_png"]


def pixels_only(image: Image.Image) -> Image.Image:
    """Return a fresh picture: comments, EXIF, GPS and profiles stay behind in `image`.

    Examples
    --------
    >>> photograph = Image.new("L", (2, 1))
    >>> photograph.info["comment"] = "taken at home"
    >>> pixels_only(photograph).info
    {}
    """
    fresh = Image.new(image.mode, image.size)
    fresh.paste(image)
    return fresh


def to_array(
    image: Image.Image, *, channels: Literal["rgb", "grey"] = "rgb"
) -> NDArray[np.float64]:
    """Return the pixels as numbers, channels first.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB or L.
    channels : str
        "rgb" for red, green and blue; "grey" for one channel, 0.299 R + 0.587 G + 0.114 B, the
        luma of television [1]_. It is not rounded.

    Returns
    -------
    ndarray of shape (C, H, W)
        Values from 0 to 255 as float64; C is 3 or 1.

    Raises
    ------
    InputError
        If `channels` is neither of the two.
    TypeError
        If `image` is not a picture of mode RGB or L.

    References
    ----------
    .. [1] Recommendation ITU-R BT.601-7, 2011, section 2.5.1.

    Examples
    --------
    >>> orange = Image.new("RGB", (1, 1), (200, 100, 0))
    >>> to_array(orange).tolist()
    [[[200.0]], [[100.0]], [[0.0]]]
    >>> to_array(orange, channels="grey").tolist()
    [[[118.5]]]
    """
    import numpy as np

    if channels not in ("rgb", "grey"):
        raise InputError(f"channels must be 'rgb' or 'grey', got {channels!r}")
    pixels = np.asarray(_checked(image).convert("RGB"), dtype=np.float64)  # (H, W, 3)
    if channels == "grey":
        # Whole numbers, divided once: a grey pixel (v, v, v) gives exactly v.
        pixels = (pixels * [299, 587, 114]).sum(axis=2, keepdims=True) / 1000  # (H, W, 1)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def shrink(image: Image.Image, *, size: int | tuple[int, int]) -> Image.Image:
    """Return the picture as a tiny grid that can be convolved by hand.

    The middle of the picture is cut out in the shape of the grid. Each cell is the average of
    the pixels whose centres it covers, rounded to whole numbers.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB or L.
    size : int or pair of int
        (rows, columns) of the grid, in pixels.

    Returns
    -------
    PIL.Image.Image
        The same mode, `size` pixels.

    Raises
    ------
    InputError
        If the picture has fewer rows or columns than the grid.
    TypeError
        If `image` is not a picture of mode RGB or L.

    Examples
    --------
    >>> shrink(Image.new("RGB", (640, 480)), size=(12, 12)).size
    (12, 12)
    """
    rows, columns = as_pair(size, name="size", low=1)
    width, height = _checked(image).size
    if height < rows or width < columns:
        raise InputError(
            f"the picture has {height} × {width} pixels (rows × columns), too few for a grid of "
            f"{rows} × {columns}: choose a larger picture or a smaller grid"
        )
    box = _middle(image.size, rows=rows, columns=columns)
    return pixels_only(image.resize((columns, rows), Image.Resampling.BOX, box=box))


def centre_square(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the part of a picture that `shrink` uses for a square grid.

    Parameters
    ----------
    size : (width, height)
        Of the picture, in pixels.

    Returns
    -------
    tuple of int
        (left, top, right, bottom), in pixels.

    Examples
    --------
    >>> centre_square((640, 480))
    (80, 0, 560, 480)
    """
    return _middle(size, rows=1, columns=1)


def _middle(size: tuple[int, int], *, rows: int, columns: int) -> tuple[int, int, int, int]:
    """Return the largest box of the shape rows × columns in the middle of a picture."""
    width, height = size
    crop_width = min(width, height * columns // rows)
    crop_height = min(height, width * rows // columns)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def patch(image: Image.Image, *, top: int, left: int, height: int, width: int) -> Image.Image:
    """Return a rectangle cut out of the picture.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB or L.
    top, left : int
        Row and column of the first pixel, counted from 0.
    height, width : int
        Size of the rectangle, in pixels.

    Returns
    -------
    PIL.Image.Image
        The same mode, `height` rows and `width` columns.

    Raises
    ------
    InputError
        If the rectangle is empty or reaches beyond the picture.
    TypeError
        If `image` is not a picture of mode RGB or L, or a number is not whole.

    Examples
    --------
    >>> patch(Image.new("RGB", (8, 6)), top=1, left=2, height=5, width=3).size
    (3, 5)
    """
    columns, rows = _checked(image).size
    height = in_range(height, name="height", low=1, high=rows)
    width = in_range(width, name="width", low=1, high=columns)
    top = in_range(top, name="top", low=0, high=rows - height)
    left = in_range(left, name="left", low=0, high=columns - width)
    return pixels_only(image.crop((left, top, left + width, top + height)))


def to_png(image: Image.Image) -> bytes:
    """Return the picture as the content of a PNG file, without any metadata.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB or L.

    Returns
    -------
    bytes
        What a file with the ending .png holds.

    Raises
    ------
    TypeError
        If `image` is not a picture of mode RGB or L.

    Examples
    --------
    >>> to_png(Image.new("RGB", (2, 2)))[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    pixels_only(_checked(image)).save(file, format="PNG")
    return file.getvalue()


def _checked(image: Any) -> Image.Image:
    """Return `image` if it is a picture as this module hands them out."""
    if not isinstance(image, Image.Image) or image.mode not in ("RGB", "L"):
        kind = getattr(image, "mode", type(image))
        raise TypeError(f"image must be a picture of mode RGB or L, got {kind}")
    return image
