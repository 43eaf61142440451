"""Colours of the maps that grow while a window slides over a picture."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly.colors import hex_to_rgb, sequential

__all__ = ["OTHERS", "Category", "categories_of", "shades", "where"]

# Okabe and Ito's colours, which readers with any colour vision can tell apart.
_PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
_OTHER = "#C9CDD1"
OTHERS = -1
_HEAT = np.array([hex_to_rgb(colour) for colour in sequential.Inferno], dtype=np.float64)


@dataclass(frozen=True)
class Category:
    """One class on the map of the most likely class.

    Parameters
    ----------
    index : int
        Its number; `OTHERS` for all that have no colour of their own.
    mark, colour, ink : str
        The letter in its cells, their colour, and that of the letter.
    count : int
        At how many positions it is the most likely class.
    where : str
        Around where: "top left".
    """

    index: int
    mark: str
    colour: str
    ink: str
    count: int
    where: str


def shades(values: NDArray[Any], low: float, high: float) -> list[str]:
    """Return a colour for each number, black at `low` and yellow at `high`.

    Examples
    --------
    >>> shades(np.array([0.0, 1.0]), 0, 1)
    ['#000004', '#fcffa4']
    """
    extent = high - low
    place = (np.ravel(values) - low) / extent if extent > 0 else np.zeros(values.size)
    at = np.linspace(0, 1, len(_HEAT))
    parts = [np.interp(place, at, _HEAT[:, channel]) for channel in range(3)]
    return [f"#{round(r):02x}{round(g):02x}{round(b):02x}" for r, g, b in zip(*parts, strict=True)]


def categories_of(best: NDArray[Any], *, first: int) -> list[Category]:
    """Return the classes of a map, the most frequent ones, each with its colour and letter.

    Parameters
    ----------
    best : ndarray of shape (rows, columns)
        The most likely class at each position.
    first : int
        The class that comes first, if it occurs.

    Returns
    -------
    list of Category
        At most seven classes, then one entry for all others.

    Examples
    --------
    >>> [(c.index, c.mark, c.count) for c in categories_of(np.array([[4, 2, 4]]), first=2)]
    [(2, 'A', 1), (4, 'B', 2)]
    """
    counts = Counter(int(index) for index in np.ravel(best))
    order = sorted(counts, key=lambda index: (index != first, -counts[index], index))
    found = []
    for place, index in enumerate(order[: len(_PALETTE)]):
        colour = _PALETTE[place]
        found.append(
            Category(
                index,
                "ABCDEFG"[place],
                colour,
                _ink(colour),
                counts[index],
                where(best == index),
            )
        )
    rest = order[len(_PALETTE) :]
    if rest:
        there = np.isin(best, rest)
        found.append(Category(OTHERS, "+", _OTHER, "#000000", int(there.sum()), where(there)))
    return found


def where(there: NDArray[np.bool_]) -> str:
    """Say around where on a map some cells lie.

    Examples
    --------
    >>> where(np.array([[True, False, False], [False, False, False], [False, False, False]]))
    'top left'
    >>> where(np.ones((3, 3), bool))
    'everywhere'
    """
    if there.all():
        return "everywhere"
    rows, columns = np.nonzero(there)
    middle = ((rows.mean() + 0.5) / there.shape[0], (columns.mean() + 0.5) / there.shape[1])
    down = ("top", "middle", "bottom")[min(int(3 * middle[0]), 2)]
    across = ("left", "centre", "right")[min(int(3 * middle[1]), 2)]
    return "centre" if (down, across) == ("middle", "centre") else f"{down} {across}"


def _ink(colour: str) -> str:
    red, green, blue = hex_to_rgb(colour)
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else "#ffffff"
