"""A picture as numbers: rows × columns × channels, and where each of them stands in memory."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError, in_range
from cnnlab.images import to_array

__all__ = ["Order", "flat_index", "to_tensor"]

Order = Literal["HWC", "CHW"]


def to_tensor(image: Image.Image, *, longest: int, grey: bool = False) -> NDArray[np.uint8]:
    """Return a picture as whole numbers, rows × columns × channels.

    Parameters
    ----------
    image : PIL.Image.Image
        Mode RGB or L.
    longest : int
        The longer side of the result, in pixels, at most; a larger picture is made smaller, each
        new pixel being the mean of the pixels that it stands for.
    grey : bool
        One channel, 0.299 R + 0.587 G + 0.114 B, instead of red, green and blue.

    Returns
    -------
    ndarray of shape (H, W, C)
        uint8; C is 3, or 1 for grey.

    Raises
    ------
    InputError
        If `longest` is less than 1.

    Examples
    --------
    >>> to_tensor(Image.new("RGB", (640, 480), (200, 100, 0)), longest=64).shape
    (48, 64, 3)
    """
    longest = in_range(longest, name="longest", low=1)
    scale = min(1.0, longest / max(image.size))
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image if scale == 1 else image.resize((width, height), Image.Resampling.BOX)
    values = to_array(small, channels="grey" if grey else "rgb")  # (C, H, W)
    return np.ascontiguousarray(np.rint(values).astype(np.uint8).transpose(1, 2, 0))


def flat_index(
    row: int, column: int, channel: int, *, shape: tuple[int, int, int], order: Order
) -> int:
    """Return where one number of a picture stands in the flattened vector, counted from 0.

    Parameters
    ----------
    row, column, channel : int
        The number's place, each counted from 0.
    shape : (H, W, C)
        Rows, columns and channels of the picture.
    order : {"HWC", "CHW"}
        How the array lies in memory: H × W × C as in NumPy and Pillow, or C × H × W as in PyTorch.

    Returns
    -------
    int
        From 0 to H · W · C − 1.

    Raises
    ------
    InputError
        If the place lies outside the picture, or the order is neither of the two.

    Examples
    --------
    >>> flat_index(2, 3, 1, shape=(4, 6, 3), order="HWC")
    46
    >>> flat_index(2, 3, 1, shape=(4, 6, 3), order="CHW")
    39
    """
    height, width, channels = (in_range(n, name="a side", low=1) for n in shape)
    in_range(row, name="row", low=0, high=height - 1)
    in_range(column, name="column", low=0, high=width - 1)
    in_range(channel, name="channel", low=0, high=channels - 1)
    if order == "HWC":
        return (row * width + column) * channels + channel
    if order == "CHW":
        return (channel * height + row) * width + column
    raise InputError(f"order must be 'HWC' or 'CHW', got {order!r}")
