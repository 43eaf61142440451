"""The filters of the lesson: classic ones by name, Gabor filters, and what a learner types."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.kernels import KERNELS

__all__ = [
    "MOST",
    "SIZES",
    "Filter",
    "binomial",
    "box",
    "classic",
    "gabor",
    "kernel_text",
    "own_filter",
    "parse_kernel",
    "parse_number",
]

Floats = NDArray[np.float64]
SIZES = (3, 5, 7)
MOST = 1e6  # the largest weight, divisor or bias that is accepted
_LARGEST = max(SIZES)
_SPLIT = re.compile(r"[\s,]+")


@dataclass(frozen=True, eq=False)
class Filter:
    """A kernel with what is done to each sum.

    Parameters
    ----------
    name : str
        What it is called.
    kernel : ndarray of shape (kH, kW)
        The weights before division.
    divisor, bias : float
        Each sum is divided by `divisor`, then `bias` is added.
    does : str
        What it does to a picture, in one sentence.
    source : str
        Where it comes from.
    """

    name: str
    kernel: Floats
    does: str
    source: str
    divisor: float = 1.0
    bias: float = 0.0

    @property
    def total(self) -> float:
        """What a flat area is multiplied by: the sum of the weights after division."""
        return float(self.kernel.sum() / self.divisor)


def classic(name: str) -> Filter:
    """Return one of the classic kernels as a filter.

    Parameters
    ----------
    name : str
        A key of ``KERNELS``.

    Returns
    -------
    Filter
        Its weights are whole where those of the kernel are.

    Examples
    --------
    >>> classic("Gaussian blur").divisor
    16.0
    """
    found = KERNELS[name]
    rows = np.array(found.rows, dtype=np.float64)
    return Filter(found.name, rows, found.does, found.source, float(found.divisor))


def box(size: int) -> Filter:
    """Return the mean of size × size pixels.

    Examples
    --------
    >>> box(5).divisor
    25.0
    """
    does = f"Takes the mean of {size * size} pixels: blurs."
    source = KERNELS["box blur"].source
    return Filter("box blur", np.ones((size, size)), does, source, float(size * size))


def binomial(size: int) -> Filter:
    """Return a blur with the weights of Pascal's triangle, which come close to a Gaussian.

    Its standard deviation is sqrt(size - 1) / 2 pixels.

    Parameters
    ----------
    size : int
        Rows and columns.

    Returns
    -------
    Filter
        Whole weights, and the divisor that makes them a mean.

    Examples
    --------
    >>> binomial(5).kernel[0]
    array([1., 4., 6., 4., 1.])
    """
    line = np.array([math.comb(size - 1, place) for place in range(size)], dtype=np.float64)
    does = (
        "A mean in which near pixels count more: blurs softly, like a Gaussian with a standard "
        f"deviation of {math.sqrt(size - 1) / 2:.2g} pixels."
    )
    source = "row of Pascal's triangle; " + KERNELS["Gaussian blur"].source
    return Filter("Gaussian blur", np.outer(line, line), does, source, float(line.sum() ** 2))


def gabor(angle: float, wavelength: float, *, size: int = 7) -> Filter:
    """Return a Gabor filter: a wave under a bell, which answers to stripes.

    It is the real part of Gabor's function [1]_ with a standard deviation of half a wavelength.
    A part of the bell is taken away, so that a flat area gives 0, and the weights are scaled so
    that the positive ones add up to 1.

    Parameters
    ----------
    angle : float
        Where the wave runs to, in degrees: 0 is to the right (upright stripes), 90 down.
    wavelength : float
        From one bright stripe to the next, in pixels.
    size : int
        Rows and columns, odd.

    Returns
    -------
    Filter
        The filter.

    References
    ----------
    .. [1] Daugman, 1985, Uncertainty relation for resolution in space, spatial frequency, and
       orientation optimized by two-dimensional visual cortical filters.

    Examples
    --------
    >>> wave = gabor(0, 4).kernel
    >>> bool(wave[3, 3] > 0 > wave[3, 1]), round(float(abs(wave).sum()), 6)
    (True, 2.0)
    """
    reach = size // 2
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    along = x * math.cos(math.radians(angle)) + y * math.sin(math.radians(angle))
    bell = np.exp(-(x**2 + y**2) / (2 * (wavelength / 2) ** 2))
    wave = bell * np.cos(2 * np.pi * along / wavelength)
    wave -= bell * wave.sum() / bell.sum()
    wave /= wave[wave > 0].sum()
    does = (
        f"Answers to stripes {wavelength:g} pixels apart, at right angles to {angle:g}°: the most "
        "positive number where a bright stripe lies in its middle."
    )
    return Filter(f"Gabor {angle:g}°", wave, does, "Daugman, 1985")


def parse_number(text: str, *, name: str) -> float:
    """Return the number that a learner typed.

    Parameters
    ----------
    text : str
        A number such as ``-2``, ``0.5`` or ``1/9``.
    name : str
        What it is, for the message.

    Returns
    -------
    float
        The number, at most a million in size.

    Raises
    ------
    InputError
        If it is no number, not finite, or too large.

    Examples
    --------
    >>> parse_number("1/4", name="the bias")
    0.25
    >>> parse_number("NaN", name="the bias")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: the bias must be a number, got “NaN”
    """
    shown = text.strip()
    shown = shown if len(shown) <= 20 else f"{shown[:20]}…"
    if not shown:
        raise InputError(f"{name} is empty: type a number")
    numbers = [_plain_number(part) for part in text.strip().replace("−", "-").split("/")]
    if len(numbers) > 2 or any(number is None for number in numbers):
        raise InputError(f"{name} must be a number, got “{shown}”")
    top, bottom = (*(number or 0.0 for number in numbers), 1.0)[:2]
    if bottom == 0:
        raise InputError(f"{name} divides by 0: “{shown}”")
    value = top / bottom
    if math.isinf(bottom) or not abs(value) <= MOST:  # infinite and undefined ones too
        raise InputError(f"{name} must lie between −1,000,000 and 1,000,000, got “{shown}”")
    return value


def own_filter(kernel: str, divisor: str, bias: str) -> Filter:
    """Return the filter that a learner typed.

    Parameters
    ----------
    kernel, divisor, bias : str
        As for `parse_kernel` and `parse_number`.

    Returns
    -------
    Filter
        The filter.

    Raises
    ------
    InputError
        If one of the three cannot be used.

    Examples
    --------
    >>> own_filter("1 1 1", "3", "0").total
    1.0
    """
    weights = parse_kernel(kernel)
    by = parse_number(divisor, name="the divisor")
    if abs(by) < 1 / MOST:
        raise InputError(
            f"the divisor must not be 0 nor nearer to it than 0.000001, got “{divisor}”"
        )
    added = parse_number(bias, name="the bias")
    return Filter("own kernel", weights, "Your own kernel.", "typed on this page", by, added)


def _plain_number(text: str) -> float | None:
    """Return a number in ASCII digits, None if the text is none; "nan" and "inf" are none."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, flags=re.ASCII):
        return None
    return float(text)


def parse_kernel(text: str) -> Floats:
    """Return the kernel that a learner typed: one row a line, numbers apart by spaces.

    Parameters
    ----------
    text : str
        Rows end with a line break or a semicolon.

    Returns
    -------
    ndarray of shape (kH, kW)
        Both sides are odd and at most 7.

    Raises
    ------
    InputError
        If the text is no such kernel; the message says where.

    Examples
    --------
    >>> parse_kernel("0 -1 0; -1 5 -1; 0 -1 0")
    array([[ 0., -1.,  0.],
           [-1.,  5., -1.],
           [ 0., -1.,  0.]])
    >>> parse_kernel("1 2; 3 4")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: a kernel of 2 × 2 has no middle: both sides must be odd
    """
    lines = [line.strip(" ,\t\r") for line in re.split(r"[;\n]", text)]
    rows = [_SPLIT.split(line) for line in lines if line]
    if not rows:
        raise InputError("the kernel is empty: type its rows, one a line")
    if len(rows) > _LARGEST or max(map(len, rows)) > _LARGEST:
        raise InputError(
            f"the kernel has {len(rows)} rows and up to {max(map(len, rows))} columns, at most "
            f"{_LARGEST} × {_LARGEST} are possible"
        )
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise InputError(
                f"row {number} has {len(row)} numbers, row 1 has {len(rows[0])}: all rows of a "
                "kernel are equally long"
            )
    if len(rows) % 2 == 0 or len(rows[0]) % 2 == 0:
        raise InputError(
            f"a kernel of {len(rows)} × {len(rows[0])} has no middle: both sides must be odd"
        )
    return np.array(
        [
            [
                parse_number(text, name=f"the weight in row {number}, column {place}")
                for place, text in enumerate(row, 1)
            ]
            for number, row in enumerate(rows, 1)
        ]
    )


def kernel_text(kernel: Floats) -> str:
    """Return a kernel as a learner would type it.

    Examples
    --------
    >>> print(kernel_text(np.array([[0.5, -1.0, 2.0]])))
    0.5 -1 2
    """
    return "\n".join(" ".join(f"{weight:.12g}" for weight in row) for row in kernel)
