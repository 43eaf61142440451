"""What can be said of many feature maps at once: mean, variance, range, zeros, histogram."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range

__all__ = [
    "ORDERS",
    "ColourRange",
    "Histogram",
    "MapStatistics",
    "Order",
    "colour_range",
    "colour_ranges",
    "encode",
    "histogram",
    "map_statistics",
    "ordered",
]

Order = Literal["number", "mean", "variance", "max", "zeros"]
ORDERS: tuple[Order, ...] = ("number", "mean", "variance", "max", "zeros")
STEPS = 254  # from the lowest code to the highest; an even number, so that 0 has a code of its own


@dataclass(frozen=True, eq=False)
class MapStatistics:
    """Numbers about each channel; activations have no unit.

    Parameters
    ----------
    mean, variance : ndarray of shape (C,)
        Over all cells of a map; the variance divides by their number.
    low, high : ndarray of shape (C,)
        The smallest and the largest value.
    zeros : ndarray of shape (C,)
        The share of cells, from 0 to 1, that are exactly zero.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    zeros: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Histogram:
    """How the values of a whole layer are spread.

    Parameters
    ----------
    edges : ndarray of shape (bins + 1,)
        At equal distances around all values; 0 is one of them where it lies between them.
    counts : ndarray of shape (bins,)
        How many values lie between two edges; exact zeros are left out.
    low, high : float
        The smallest and the largest value.
    total, zeros : int
        How many values there are, and how many are exactly zero.
    negative : int
        How many are below zero.
    mean, std : float
        Of all values, zeros included; the deviation divides by their number.
    """

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    low: float
    high: float
    total: int
    zeros: int
    negative: int
    mean: float
    std: float


@dataclass(frozen=True)
class ColourRange:
    """Which values the ends of a colour scale stand for; 0 is in the middle where it has a sign."""

    low: float
    high: float

    @property
    def signed(self) -> bool:
        """Whether there are values below zero."""
        return self.low < 0


def map_statistics(maps: NDArray[np.float32]) -> MapStatistics:
    """Return mean, variance, range and share of zeros of each map.

    Parameters
    ----------
    maps : ndarray of shape (C, H, W)
        Feature maps.

    Returns
    -------
    MapStatistics
        One number of each kind for each channel.

    Raises
    ------
    InputError
        If `maps` is empty or holds values that are not finite.

    Examples
    --------
    >>> found = map_statistics(np.array([[[0, 2], [0, 6]]], dtype=np.float32))
    >>> float(found.mean[0]), float(found.variance[0]), float(found.zeros[0])
    (2.0, 6.0, 0.5)
    """
    cells = _checked(maps).reshape(len(maps), -1)
    return MapStatistics(
        mean=cells.mean(axis=1, dtype=np.float64),
        variance=cells.var(axis=1, dtype=np.float64),
        low=cells.min(axis=1),
        high=cells.max(axis=1),
        zeros=(cells == 0).mean(axis=1, dtype=np.float64),
    )


def histogram(
    maps: NDArray[np.float32], *, bins: int = 48, span: tuple[float, float] | None = None
) -> Histogram:
    """Return how the values of all maps are spread.

    Parameters
    ----------
    maps : ndarray of shape (C, H, W)
        Feature maps.
    bins : int
        Into how many equal parts the range is cut; one more where 0 lies inside it, so that no
        bar stands for values of both signs.
    span : pair of float, optional
        The range, at least from the smallest value to the largest; without it exactly that.

    Returns
    -------
    Histogram
        Counts of all values that are not exactly zero.

    Raises
    ------
    InputError
        If `maps` is empty or holds values that are not finite, or `bins` is no number of parts.

    Examples
    --------
    >>> found = histogram(np.array([[[0, 1, 2, 4]]], dtype=np.float32), bins=2)
    >>> found.counts.tolist(), found.zeros, found.edges.tolist()
    ([1, 2], 1, [0.0, 2.0, 4.0])
    """
    values = _checked(maps).ravel()
    bins = in_range(bins, name="bins", low=1, high=10_000)
    low, high = span or (float(values.min()), float(values.max()))
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges: NDArray[np.float64] = np.linspace(low, high, bins + 1).astype(np.float64)
    if low < 0 < high:
        step = (high - low) / bins
        numbers = np.arange(-math.ceil(-low / step), math.ceil(high / step) + 1)
        edges = numbers.astype(np.float64) * step
    counts, _ = np.histogram(values[values != 0], bins=edges)
    return Histogram(
        edges=edges,
        counts=counts,
        low=float(values.min()),
        high=float(values.max()),
        total=values.size,
        zeros=int((values == 0).sum()),
        negative=int((values < 0).sum()),
        mean=float(values.mean(dtype=np.float64)),
        std=float(values.std(dtype=np.float64)),
    )


def ordered(statistics: MapStatistics, order: Order) -> NDArray[np.int64]:
    """Return the channels in the order in which they are to be shown.

    Parameters
    ----------
    statistics : MapStatistics
        Of all channels.
    order : {"number", "mean", "variance", "max", "zeros"}
        What counts; the largest comes first, and of equals the one with the smaller number.

    Examples
    --------
    >>> maps = np.array([[[1.0]], [[3.0]], [[3.0]]], dtype=np.float32)
    >>> ordered(map_statistics(maps), "mean").tolist()
    [1, 2, 0]
    """
    keys: dict[str, NDArray[np.float64]] = {
        "mean": statistics.mean,
        "variance": statistics.variance,
        "max": statistics.high.astype(np.float64),
        "zeros": statistics.zeros,
    }
    key = keys.get(order)
    if key is None:
        return np.arange(len(statistics.mean))
    return np.argsort(-key, kind="stable")


def colour_range(low: float, high: float, *, signed: bool | None = None) -> ColourRange:
    """Return the range that a colour scale gets for values from `low` to `high`.

    Parameters
    ----------
    low, high : float
        The smallest and the largest value.
    signed : bool, optional
        Whether the scale has a sign; without it, whether `low` is below zero.

    Returns
    -------
    ColourRange
        From zero to the largest value; with a sign, the same length on both sides of zero.

    Examples
    --------
    >>> colour_range(-1.0, 3.0), colour_range(0.5, 2.0)
    (ColourRange(low=-3.0, high=3.0), ColourRange(low=0.0, high=2.0))
    """
    extent = float(max(abs(low), abs(high)))
    return ColourRange(-extent if (low < 0 if signed is None else signed) else 0.0, extent)


def colour_ranges(
    statistics: MapStatistics, channels: NDArray[np.int64], *, shared: bool
) -> list[ColourRange]:
    """Return the colour range of some maps.

    Parameters
    ----------
    statistics : MapStatistics
        Of all channels of the layer.
    channels : ndarray of int
        The maps that are shown.
    shared : bool
        Whether all get one range, that of the whole layer; otherwise each has its own. Either
        way the scale has a sign as soon as any value of the layer is negative, so that a colour
        has one meaning in all of them.
    """
    low, high = float(statistics.low.min()), float(statistics.high.max())
    if shared:
        return [colour_range(low, high)] * len(channels)
    return [
        colour_range(float(statistics.low[c]), float(statistics.high[c]), signed=low < 0)
        for c in channels
    ]


def encode(values: NDArray[np.float32], span: ColourRange) -> NDArray[np.uint8]:
    """Return values as whole numbers from 0 to 254, for a colour scale.

    Parameters
    ----------
    values : ndarray
        Any shape; what lies beyond the range gets the code of its end.
    span : ColourRange
        The values of codes 0 and 254. With a sign, exactly 0 has the code 127.

    Returns
    -------
    ndarray of uint8
        The same shape.

    Examples
    --------
    >>> encode(np.array([-2, 0, 1, 2], dtype=np.float32), ColourRange(-2, 2)).tolist()
    [0, 127, 190, 254]
    """
    if span.high <= span.low:
        return np.zeros(values.shape, np.uint8)
    share = (values.astype(np.float64) - span.low) / (span.high - span.low)
    codes: NDArray[np.uint8] = np.rint(np.clip(share, 0, 1) * STEPS).astype(np.uint8)
    return codes


def _checked(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    if maps.size == 0:
        raise InputError("there are no values to count")
    if not np.isfinite(maps).all():
        raise InputError(
            "some values of this layer are not finite numbers: they have grown beyond what a "
            "32-bit number can hold"
        )
    return maps
