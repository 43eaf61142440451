"""How the numbers of a layer lie in its tensor, and how they become one map for each channel.

A convolution gives out (N, C, H, W): channel after channel, each a map. Other layers keep the same
numbers in another order, or numbers that are no maps at all. Nothing is computed here: numbers
only change places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.layers import Shape

__all__ = ["Layout", "Maps", "as_maps", "index_text", "map_shape", "say_layout"]

Layout = Literal["maps", "channels last", "tokens", "groups", "vector"]


@dataclass(frozen=True, eq=False)
class Maps:
    """What a layer gave out for one picture, one map for each channel.

    Parameters
    ----------
    values : ndarray of shape (C, H, W)
        The numbers.
    layout : str
        How they lie in the layer's own tensor.
    class_token : ndarray of shape (C,), optional
        Of tokens: the first, which has no place in the picture.
    """

    values: NDArray[np.float32]
    layout: Layout
    class_token: NDArray[np.float32] | None = None


def map_shape(shape: Shape, layout: Layout) -> tuple[int, int, int]:
    """Return the shape (C, H, W) that a layer's output has as maps.

    Parameters
    ----------
    shape : tuple of int
        Of the output for one picture, without the batch.
    layout : str
        How the numbers lie.

    Raises
    ------
    InputError
        If such a shape cannot have that layout.

    Examples
    --------
    >>> map_shape((64, 56, 56), "maps"), map_shape((56, 56, 96), "channels last")
    ((64, 56, 56), (96, 56, 56))
    >>> map_shape((197, 768), "tokens"), map_shape((1000,), "vector")
    ((768, 14, 14), (1000, 1, 1))
    """
    match layout, shape:
        case "maps", (channels, height, width):
            return channels, height, width
        case (("channels last" | "groups"), (height, width, channels)):
            return channels, height, width
        case "tokens", (n_tokens, channels):
            side = math.isqrt(n_tokens - 1)
            if side * side == n_tokens - 1:  # a square of patches behind the class token
                return channels, side, side
        case "vector", (channels,):
            return channels, 1, 1
    raise InputError(f"an output of shape {shape} cannot be laid out as {layout}")


def as_maps(output: NDArray[np.float32], layout: Layout) -> Maps:
    """Return a layer's output for one picture as one map for each channel.

    Parameters
    ----------
    output : ndarray of shape (1, ...)
        As the layer gives it out.
    layout : str
        How its numbers lie: "maps" is (1, C, H, W), "channels last" (1, H, W, C), "tokens"
        (1, 1 + H W, C) with a class token first, "groups" (1, groups, members, C), and "vector"
        (1, C).

    Returns
    -------
    Maps
        The same numbers; of "groups", rows are groups and columns their members.

    Raises
    ------
    InputError
        If the output cannot have that layout.

    Examples
    --------
    >>> tokens = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
    >>> maps = as_maps(tokens, "tokens")
    >>> maps.values[0].tolist(), maps.class_token.tolist()
    ([[2.0, 4.0], [6.0, 8.0]], [0.0, 1.0])
    """
    if output.ndim == 0 or len(output) != 1:
        raise InputError(f"output must be that of one picture, got the shape {output.shape}")
    own = output[0]
    channels, height, width = map_shape(own.shape, layout)
    match layout:
        case "channels last" | "groups":
            return Maps(own.transpose(2, 0, 1), layout)
        case "tokens":
            return Maps(own[1:].T.reshape(channels, height, width), layout, own[0])
    return Maps(own.reshape(channels, height, width), layout)


def index_text(layout: Layout, channel: int, row: int, column: int, *, width: int) -> str:
    """Return where a number stands in the layer's own tensor, as PyTorch writes it.

    Parameters
    ----------
    layout : str
        How the numbers lie.
    channel, row, column : int
        Where it stands in the maps, from 0.
    width : int
        How many columns a map has.

    Examples
    --------
    >>> index_text("maps", 17, 9, 12, width=28), index_text("tokens", 17, 1, 2, width=14)
    ('[0, 17, 9, 12]', '[0, 17, 17]')
    """
    places = {
        "maps": (channel, row, column),
        "channels last": (row, column, channel),
        "groups": (row, column, channel),
        "tokens": (1 + row * width + column, channel),
        "vector": (channel,),
    }[layout]
    return f"[{', '.join(map(str, (0, *places)))}]"


def say_layout(layout: Layout, shape: Shape) -> str:
    """Return in one or two sentences what the numbers of a layer are.

    Parameters
    ----------
    layout : str
        How they lie.
    shape : tuple of int
        Of the output for one picture.

    Examples
    --------
    >>> say_layout("vector", (1000,))
    'A vector of 1,000 numbers: one for each unit. It has no rows and columns.'
    """
    channels, height, width = map_shape(shape, layout)
    match layout:
        case "channels last":
            return (
                f"{channels:,} feature maps of {height} × {width}. The layer keeps them as H × W × "
                "C, the channels last; here each channel is one map, with the same numbers."
            )
        case "tokens":
            return (
                f"These are no feature maps: {shape[0]} tokens of {channels:,} numbers each. "
                f"{height * width} of them began as a patch of the picture and are drawn at its "
                f"place, {height} × {width}. The class token has no place; its number stands apart."
            )
        case "groups":
            return (
                f"These are no feature maps: the cells are sorted into {height} groups of {width} "
                "for attention. Here a row is a group and a column one of its members."
            )
        case "vector":
            return (
                f"A vector of {channels:,} numbers: one for each unit. It has no rows and columns."
            )
    if height == width == 1:
        return f"{channels:,} channels of 1 × 1: one number for each channel."
    return f"{channels:,} feature maps of {height} × {width}, one for each channel."
