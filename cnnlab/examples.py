"""Small inputs to convolve by hand, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CURVE", "EXAMPLES", "Example"]

_LECTURES = "the worked example of many lecture notes"
# A curve detector, 7 × 7: weights along a curve that bends to the left as it goes down.
CURVE = (
    (0, 0, 0, 0, 0, 30, 0),
    (0, 0, 0, 0, 30, 0, 0),
    (0, 0, 0, 30, 0, 0, 0),
    (0, 0, 0, 30, 0, 0, 0),
    (0, 0, 0, 30, 0, 0, 0),
    (0, 0, 0, 30, 0, 0, 0),
    (0, 0, 0, 0, 0, 0, 0),
)


@dataclass(frozen=True)
class Example:
    """One small input.

    Parameters
    ----------
    name : str
        What it is called in a link.
    title : str
        What a menu shows.
    planes : tuple of tuple of tuple of float
        The input: channels, rows, columns.
    source : str
        Where it comes from.
    """

    name: str
    title: str
    planes: tuple[tuple[tuple[float, ...], ...], ...]
    source: str

    @property
    def values(self) -> NDArray[np.float64]:
        """The input, ndarray of shape (C, H, W)."""
        return np.array(self.planes, dtype=np.float64)


def _curves() -> tuple[tuple[float, ...], ...]:
    """Return 12 × 12 pixels with the curve of the detector, and the same curve turned over."""
    picture = np.zeros((12, 12))
    curve = np.array(CURVE, dtype=np.float64) / 30 * 50
    picture[0:7, 5:12] += curve
    picture[5:12, 0:7] += curve[::-1, ::-1]
    return tuple(tuple(float(value) for value in row) for row in picture)


EXAMPLES: dict[str, Example] = {
    entry.name: entry
    for entry in (
        Example(
            "binary",
            "Binary 5 × 5",
            (
                (
                    (1, 1, 1, 0, 0),
                    (0, 1, 1, 1, 0),
                    (0, 0, 1, 1, 1),
                    (0, 0, 1, 1, 0),
                    (0, 1, 1, 0, 0),
                ),
            ),
            _LECTURES,
        ),
        Example(
            "grey",
            "Grey 5 × 5",
            (
                (
                    (2, 2, 4, 4, 0),
                    (80, 60, 10, 7, 10),
                    (4, 10, 80, 10, 20),
                    (12, 24, 10, 8, 20),
                    (22, 42, 20, 10, 10),
                ),
            ),
            "the worked example 80 · 0.4 + 4 · 10 · 0.2 = 40 of lecture notes",
        ),
        Example(
            "edge",
            "Step edge",
            (tuple((10.0, 10.0, 10.0, 80.0, 80.0, 80.0) for _ in range(6)),),
            "a dark and a bright half: the simplest edge",
        ),
        Example(
            "pixel",
            "Single bright pixel",
            (tuple(tuple(float(r == c == 3) for c in range(7)) for r in range(7)),),
            "an impulse: the output shows the kernel itself, turned by half a turn",
        ),
        Example(
            "volume",
            "Three channels 5 × 5",
            tuple(
                tuple(tuple(float((2 * r + c + d) % 3) for c in range(5)) for r in range(5))
                for d in range(3)
            ),
            "0, 1 and 2 in the shape of the CS231n demonstration",
        ),
        Example("curve", "Two curves", (_curves(),), "drawn for this page"),
        Example(
            "sequence",
            "Sequence of 12",
            (((0, 0, 1, 2, 3, 2, 1, 0, 0, 4, 0, 0),),),
            "a hill and a spike, made for this page",
        ),
        Example("square", "2 × 2", (((1, 2), (3, 4)),), _LECTURES),
    )
}
