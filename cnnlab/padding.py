"""Padding: how many rows and columns are put around the input, and what they are filled with."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.shapes import same_padding

__all__ = ["NamedPadding", "Padding", "PaddingMode", "Sides", "pad2d", "padding_sides"]

NamedPadding = Literal["valid", "same", "full", "causal"]
Sides = tuple[tuple[int, int], tuple[int, int]]  # ((top, bottom), (left, right))
Padding = int | tuple[int, int] | Sides | NamedPadding
PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
_NUMPY_MODE: dict[str, Any] = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "edge",
    "circular": "wrap",
}


def padding_sides(
    padding: Padding,
    *,
    kernel_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> Sides:
    """Return how many rows and columns `padding` adds on each side.

    Parameters
    ----------
    padding : int, (rows, columns), ((top, bottom), (left, right)) or a name
        A number counts for both sides. "valid" adds nothing; "same" keeps the size at stride 1
        (an odd rest goes to the bottom and the right); "full" lets every weight meet every
        pixel; "causal", for sequences of height 1, pads the left only, so that no output sees
        what comes after it.
    kernel_size, stride, dilation : (rows, columns)
        Layer settings.

    Returns
    -------
    ((top, bottom), (left, right))
        Rows and columns to add.

    Raises
    ------
    InputError
        If a number is below 0, a name is unknown, or the name does not go with the settings.

    References
    ----------
    .. [1] Dumoulin and Visin, 2016, arXiv:1603.07285, section 2.2.
    .. [2] van den Oord et al., WaveNet, 2016, arXiv:1609.03499 (causal).

    Examples
    --------
    >>> padding_sides("same", kernel_size=(3, 4))
    ((1, 1), (1, 2))
    >>> padding_sides("causal", kernel_size=(1, 3), dilation=(1, 2))
    ((0, 0), (4, 0))
    """
    if not isinstance(padding, str):
        return _numbers(padding)
    rows, columns = (
        same_padding(k, dilation=d) for k, d in zip(kernel_size, dilation, strict=True)
    )
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "full":
        return (sum(rows), sum(rows)), (sum(columns), sum(columns))
    if padding == "same":
        if tuple(stride) != (1, 1):
            raise InputError(
                f"padding 'same' is defined for stride 1 only, the stride is {_written(stride)}: "
                "so it is in PyTorch (TensorFlow pads more); take stride 1, or padding as a number"
            )
        return rows, columns
    if padding == "causal":
        if kernel_size[0] != 1:
            raise InputError(
                "padding 'causal' is for sequences: take a kernel of height 1, "
                f"not {kernel_size[0]}"
            )
        return (0, 0), (sum(columns), 0)
    names = ", ".join(get_args(NamedPadding))
    raise InputError(f"padding must be a number or one of {names}, got {padding!r}")


def pad2d(
    x: NDArray[np.float64], *, sides: Sides, padding_mode: PaddingMode = "zeros"
) -> NDArray[np.float64]:
    """Return `x` with rows and columns added around it.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    sides : ((top, bottom), (left, right))
        Rows and columns to add.
    padding_mode : {"zeros", "reflect", "replicate", "circular"}
        What the padding is filled with: zeros, the picture mirrored at its border pixel, its
        border pixel repeated, or its other end.

    Returns
    -------
    ndarray of shape (C, top + H + bottom, left + W + right)
        The padded input.

    Raises
    ------
    InputError
        If the mode is unknown, or mirrors or wraps more pixels than there are.

    Examples
    --------
    >>> pad2d(np.array([[[1.0, 2.0, 3.0]]]), sides=((0, 0), (2, 1)), padding_mode="reflect")
    array([[[3., 2., 1., 2., 3., 2.]]])
    """
    if padding_mode not in get_args(PaddingMode):
        modes = ", ".join(get_args(PaddingMode))
        raise InputError(f"padding_mode must be one of {modes}, got {padding_mode!r}")
    for axis, side, length in zip(("rows", "columns"), sides, x.shape[1:], strict=True):
        most = {"reflect": length - 1, "circular": length}.get(padding_mode, max(side))
        if max(side) > most:
            raise InputError(
                f"{padding_mode} padding can add at most {most} to {length} {axis}, got {max(side)}"
            )
    return np.pad(x, ((0, 0), *sides), mode=_NUMPY_MODE[padding_mode])


def _numbers(padding: Any) -> Sides:
    """Return a number, one a direction or one a side as one a side."""
    if isinstance(padding, tuple | list) and len(padding) == 2:
        rows, columns = padding
    else:
        rows = columns = padding
    return _side(rows), _side(columns)


def _side(value: Any) -> tuple[int, int]:
    if isinstance(value, tuple | list) and len(value) == 2:
        before, after = value
    elif isinstance(value, tuple | list):
        raise InputError(f"padding takes one number, two or two pairs, got {len(value)} numbers")
    else:
        before = after = value
    return in_range(before, name="padding", low=0), in_range(after, name="padding", low=0)


def _written(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]} × {pair[1]}"
