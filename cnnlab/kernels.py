"""Classic kernels by name, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.examples import CURVE

__all__ = ["KERNELS", "Kernel", "kernel"]


@dataclass(frozen=True)
class Kernel:
    """One classic kernel.

    Parameters
    ----------
    name : str
        What it is called.
    rows : tuple of tuple of float
        The weights before division.
    divisor : float
        The weights are divided by this.
    does : str
        What it does to a picture, in one sentence.
    source : str
        Where it comes from.
    """

    name: str
    rows: tuple[tuple[float, ...], ...]
    does: str
    source: str
    divisor: float = 1

    @property
    def values(self) -> NDArray[np.float64]:
        """The weights, ndarray of shape (kH, kW)."""
        return np.array(self.rows, dtype=np.float64) / self.divisor


_GONZALEZ = "Gonzalez and Woods, Digital Image Processing, chapter 3"

KERNELS: dict[str, Kernel] = {
    entry.name: entry
    for entry in (
        Kernel(
            "cross",
            ((1, 0, 1), (0, 1, 0), (1, 0, 1)),
            "Adds up the centre and the four corners: large where they form an X.",
            "the worked example of many lecture notes",
        ),
        Kernel(
            "identity",
            ((0, 0, 0), (0, 1, 0), (0, 0, 0)),
            "Leaves the picture as it is.",
            "follows from the definition",
        ),
        Kernel(
            "box blur",
            ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
            "Takes the mean of nine pixels: blurs.",
            _GONZALEZ,
            divisor=9,
        ),
        Kernel(
            "Gaussian blur",
            ((1, 2, 1), (2, 4, 2), (1, 2, 1)),
            "A mean in which near pixels count more: blurs softly.",
            _GONZALEZ,
            divisor=16,
        ),
        Kernel(
            "sharpen",
            ((0, -1, 0), (-1, 5, -1), (0, -1, 0)),
            "Adds to each pixel how much it differs from its neighbours.",
            _GONZALEZ,
        ),
        Kernel(
            "Laplacian",
            ((0, 1, 0), (1, -4, 1), (0, 1, 0)),
            "The second derivative: 0 on flat areas, signed on both sides of an edge.",
            _GONZALEZ,
        ),
        Kernel(
            "edges",
            ((-1, -1, -1), (-1, 8, -1), (-1, -1, -1)),
            "Answers to edges in every direction, 0 on flat areas.",
            _GONZALEZ,
        ),
        Kernel(
            "Sobel x",
            ((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)),
            "Answers to vertical edges: positive from dark to bright.",
            "Sobel and Feldman, 1968",
        ),
        Kernel(
            "plus",
            ((0, 0.2, 0), (0.2, 0.4, 0.2), (0, 0.2, 0)),
            "0.4 of the pixel and 0.2 of each of four neighbours: 1.2 in all, so brighter.",
            "the worked example 80 · 0.4 + 4 · 10 · 0.2 = 40 of lecture notes",
        ),
        Kernel(
            "ones",
            ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
            "Adds up nine pixels.",
            "follows from the definition",
        ),
        Kernel(
            "curve",
            CURVE,
            "Answers to one curve, and not to the same curve turned over.",
            "after Deshpande, A Beginner's Guide to Understanding CNNs, 2016",
        ),
        Kernel(
            "causal mean",
            ((0.25, 0.25, 0.5),),
            "A mean of a value and the two before it, for sequences.",
            "made for this page",
        ),
        Kernel(
            "Sobel y",
            ((-1, -2, -1), (0, 0, 0), (1, 2, 1)),
            "Answers to horizontal edges: positive from dark to bright.",
            "Sobel and Feldman, 1968",
        ),
        Kernel(
            "emboss",
            ((-2, -1, 0), (-1, 1, 1), (0, 1, 2)),
            "Keeps the brightness and adds light from the lower right: edges look raised.",
            "the manual of GIMP, filter Convolution Matrix",
        ),
        Kernel(
            "Prewitt x",
            ((-1, 0, 1), (-1, 0, 1), (-1, 0, 1)),
            "Answers to vertical edges; all three rows count the same.",
            "Prewitt, Object enhancement and extraction, 1970",
        ),
        Kernel(
            "Prewitt y",
            ((-1, -1, -1), (0, 0, 0), (1, 1, 1)),
            "Answers to horizontal edges; all three columns count the same.",
            "Prewitt, Object enhancement and extraction, 1970",
        ),
        Kernel(
            "Scharr x",
            ((-3, 0, 3), (-10, 0, 10), (-3, 0, 3)),
            "Answers to vertical edges; its weights make the angle of slanted edges more exact.",
            "Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung, 2000",
        ),
        Kernel(
            "Scharr y",
            ((-3, -10, -3), (0, 0, 0), (3, 10, 3)),
            "Answers to horizontal edges; its weights make the angle of slanted edges more exact.",
            "Scharr, Optimale Operatoren in der Digitalen Bildverarbeitung, 2000",
        ),
    )
}


def kernel(name: str) -> NDArray[np.float64]:
    """Return the weights of a classic kernel.

    Parameters
    ----------
    name : str
        A key of `KERNELS`.

    Returns
    -------
    ndarray of shape (kH, kW)
        The weights.

    Raises
    ------
    InputError
        If there is no kernel of this name.

    Examples
    --------
    >>> kernel("cross")
    array([[1., 0., 1.],
           [0., 1., 0.],
           [1., 0., 1.]])
    """
    if name not in KERNELS:
        raise InputError(f"there is no kernel {name!r}; known are {', '.join(KERNELS)}")
    return KERNELS[name].values
