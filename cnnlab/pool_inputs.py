"""Small feature maps to pool by hand, each with its source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.convolution import conv2d
from cnnlab.fillings import filled_input, overlaid, photograph
from cnnlab.kernels import KERNELS

__all__ = ["DETECTOR", "EDGES", "POOL_INPUTS", "feature_map", "natural_size", "pool_input"]

Floats = NDArray[np.float64]
Table = tuple[tuple[float, ...], ...]

_LECTURE: Table = ((1, 1, 2, 4), (5, 6, 7, 8), (3, 2, 1, 0), (1, 2, 3, 4))
_OTHER: Table = ((0, 0, 3, 2), (1, 1, 0, 1), (4, 2, 1, 2), (0, 2, 1, 5))
_NEGATIVE: Table = ((-4, -1, 2, 0), (-3, -2, 1, 5), (0, 3, -1, -6), (2, -5, -2, -3))
_ROBUST: Table = (
    (1, 3, 1, 7, 2, 3),
    (3, 8, 2, 2, 4, 3),
    (3, 2, 0, 1, 2, 1),
    (2, 0, 4, 2, 1, 3),
    (6, 3, 2, 3, 1, 2),
    (1, 2, 1, 2, 7, 2),
)
_SHIFTED: Table = tuple(
    (first, *row[:-1]) for first, row in zip((2, 0, 1, 2, 2, 1), _ROBUST, strict=True)
)
DETECTOR = (0.3, 0.1, 1.0, 0.2, 0.1)  # Goodfellow and others, figure 9.8: 0.3 comes in last

POOL_INPUTS: dict[str, tuple[str, tuple[Table, ...]]] = {
    # name: title, planes
    "lecture": ("4 × 4 of the lectures", (_LECTURE,)),
    "second": ("Another 4 × 4", (_OTHER,)),
    "robust": ("6 × 6 of the lectures", (_ROBUST,)),
    "shifted": ("The 6 × 6, one to the right", (_SHIFTED,)),
    "answers": ("3 × 3, what a kernel answered", (((4, 3, 4), (2, 4, 3), (2, 3, 4)),)),
    "maps": ("Three channels 4 × 4", (_LECTURE, _OTHER, _NEGATIVE)),
    "detector": ("A row of a detector", ((DETECTOR[1:],),)),
}
EDGES = "edges."  # before the name of a photograph: its feature map
_EDGES_SIZE = 12


def natural_size(name: str) -> tuple[int, int, int] | None:
    """Return the shape (C, H, W) that an input has by itself, None where any shape will do."""
    if name in POOL_INPUTS:
        planes = POOL_INPUTS[name][1]
        return len(planes), len(planes[0]), len(planes[0][0])
    return (1, _EDGES_SIZE, _EDGES_SIZE) if name.startswith(EDGES) else None


def pool_input(name: str, shape: tuple[int, int, int]) -> Floats:
    """Return an input by its name, in the shape that is asked for.

    Parameters
    ----------
    name : str
        A key of `POOL_INPUTS`, ``random.SEED``, or ``edges.NAME`` for a feature map of a sample
        photograph.
    shape : (C, H, W)
        What to fill; where an example is smaller, the rest is random with seed 1.

    Returns
    -------
    ndarray of shape (C, H, W)
        The numbers.

    Raises
    ------
    InputError
        If there is no input of this name.

    Examples
    --------
    >>> pool_input("lecture", (1, 2, 2)).tolist()
    [[[1.0, 1.0], [5.0, 6.0]]]
    """
    if name in POOL_INPUTS:
        planes = np.array(POOL_INPUTS[name][1], dtype=np.float64)
        return overlaid(filled_input("random.1", shape), planes)
    if name.startswith(EDGES):
        first = feature_map(name.removeprefix(EDGES), shape[1:])
        return np.concatenate([first, filled_input("random.1", shape)[1:]])
    if name.startswith("random."):
        return filled_input(name, shape)
    raise InputError(f"there is no input {name!r}; known are {', '.join(POOL_INPUTS)}")


def feature_map(photo: str, size: tuple[int, int]) -> Floats:
    """Return how strong the upright edges of a photograph are, shape (1, H, W), from 0 to 255.

    Parameters
    ----------
    photo : str
        A sample photograph.
    size : (H, W)
        Rows and columns of the map.

    Returns
    -------
    ndarray of shape (1, H, W)
        What the Sobel kernel answers; negative answers become 0 (ReLU), large ones 255.

    Raises
    ------
    InputError
        If there is no such photograph.
    """
    picture = photograph(photo, (1, size[0] + 2, size[1] + 2))
    answers = conv2d(picture, KERNELS["Sobel x"].values[None, None])
    strengths: Floats = np.clip(answers, 0, 255)
    return strengths
