"""What inputs and kernels are filled with, by name: the part of a link that stands for numbers.

A name and a shape always give the same numbers, so a link needs no more. Names are those of the
worked examples and the classic kernels, ``random.SEED``, and ``photo.NAME`` or
``photo.NAME.TOP.LEFT``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.kernels import KERNELS

__all__ = ["KERNEL_NAMES", "filled_input", "filled_weight", "natural_shape", "photograph"]

Floats = NDArray[np.float64]
KERNEL_NAMES = {name.lower().replace(" ", "-"): name for name in KERNELS} | {"volume": "volume"}
_PHOTO_DEFAULT = 12


def natural_shape(name: str) -> tuple[int, int, int] | None:
    """Return the shape (C, H, W) that an input has by itself, None where any shape will do."""
    if name in EXAMPLES:
        channels, rows, columns = EXAMPLES[name].values.shape
        return channels, rows, columns
    return (1, _PHOTO_DEFAULT, _PHOTO_DEFAULT) if name.startswith("photo.") else None


def filled_input(name: str, shape: tuple[int, int, int]) -> Floats:
    """Return an input by its name, in the shape that is asked for.

    Parameters
    ----------
    name : str
        A key of ``EXAMPLES``, ``random.SEED``, ``photo.NAME`` (the middle of a sample photograph,
        shrunk) or ``photo.NAME.TOP.LEFT`` (pixels cut out of it).
    shape : (C, H, W)
        What to fill. Where an example is smaller, the rest is random with seed 1; where it is
        larger, it is cut off.

    Returns
    -------
    ndarray of shape (C, H, W)
        The numbers; random ones are whole, from 0 to 3.

    Raises
    ------
    InputError
        If there is no input of this name.

    Examples
    --------
    >>> filled_input("square", (1, 2, 2)).tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """
    kind, _, rest = name.partition(".")
    if kind == "random":
        return _random(rest, shape, low=0, high=3)
    if kind == "photo":
        return photograph(rest, shape)
    if name not in EXAMPLES:
        raise InputError(f"there is no input {name!r}; known are {', '.join(EXAMPLES)}")
    return overlaid(_random("1", shape, low=0, high=3), EXAMPLES[name].values)


def filled_weight(name: str, shape: tuple[int, int, int, int]) -> Floats:
    """Return weights by their name, in the shape that is asked for.

    Parameters
    ----------
    name : str
        A key of `KERNEL_NAMES` or ``random.SEED``.
    shape : (A, B, kH, kW)
        What to fill. A classic kernel stands in the middle of every slice ``[0, :]``, with zeros
        around it; the other filters are random with seed 1.

    Returns
    -------
    ndarray of shape (A, B, kH, kW)
        The weights; random ones are −1, 0 or 1.

    Raises
    ------
    InputError
        If there is no kernel of this name.

    Examples
    --------
    >>> filled_weight("identity", (1, 1, 1, 3)).tolist()
    [[[[0.0, 1.0, 0.0]]]]
    """
    kind, _, rest = name.partition(".")
    if kind == "random":
        return _random(rest, shape, low=-1, high=1)
    if name not in KERNEL_NAMES:
        raise InputError(f"there is no kernel {name!r}; known are {', '.join(KERNEL_NAMES)}")
    weight = _random("1", shape, low=-1, high=1)
    if name == "volume":
        k, c, i, j = np.indices((2, 3, 3, 3))
        return overlaid(weight, np.array([-1.0, 1.0, 0.0])[(j - i - c - k) % 3])
    weight[0] = 0
    slices = _centred(KERNELS[KERNEL_NAMES[name]].values, shape[2:])
    weight[0] += slices
    return weight


def photograph(rest: str, shape: tuple[int, int, int]) -> Floats:
    """Return a part of a sample photograph as whole numbers from 0 to 255.

    Parameters
    ----------
    rest : str
        ``NAME`` for the middle of the picture, shrunk to the grid, or ``NAME.TOP.LEFT`` for the
        pixels from there on.
    shape : (C, H, W)
        With one channel the picture is grey, with three it is red, green and blue.

    Returns
    -------
    ndarray of shape (C, H, W)
        The pixels.

    Raises
    ------
    InputError
        If there is no such picture, it has no such pixels, or C is neither 1 nor 3.
    """
    from cnnlab import images, samples

    name, *place = rest.split(".")
    channels, rows, columns = shape
    if channels not in (1, 3):
        raise InputError(
            f"a photograph has 1 channel (grey) or 3 (red, green, blue), not {channels}"
        )
    picture = samples.sample(name)
    if place:
        try:
            top, left = (int(number) for number in place)
        except ValueError:
            raise InputError(f"no place in a photograph: {'.'.join(place)!r}") from None
        part = images.patch(picture, top=top, left=left, height=rows, width=columns)
    else:
        part = images.shrink(picture, size=(rows, columns))
    return images.to_array(part, channels="grey" if channels == 1 else "rgb").round()


def overlaid(ground: Floats, top: Floats) -> Floats:
    """Return `ground` with `top` laid on its first corner, as far as both reach."""
    result = ground.copy()
    common = tuple(slice(0, min(a, b)) for a, b in zip(ground.shape, top.shape, strict=True))
    result[common] = top[common]
    return result


def _random(seed: str, shape: tuple[int, ...], *, low: int, high: int) -> Floats:
    if not (seed.isascii() and seed.isdigit() and len(seed) <= 6):
        raise InputError(f"a seed is a whole number from 0 to 999999, got {seed!r}")
    # One stream for each place, so that a larger shape keeps the numbers of a smaller one.
    random = np.random.default_rng(int(seed))
    largest = random.integers(low, high + 1, size=tuple(16 for _ in shape))
    return largest[tuple(slice(0, n) for n in shape)].astype(np.float64)


def _centred(kernel: Floats, size: tuple[int, ...]) -> Floats:
    """Return `kernel` in the middle of a table of `size`, cut off or with zeros around it."""
    result = np.zeros(size)
    into, out_of = [], []
    for have, want in zip(kernel.shape, size, strict=True):
        length = min(have, want)
        into.append(slice((want - length) // 2, (want - length) // 2 + length))
        out_of.append(slice((have - length) // 2, (have - length) // 2 + length))
    result[tuple(into)] = kernel[tuple(out_of)]
    return result
