"""From an explanation to a box around the object: smooth, threshold, largest part, box.

Simonyan et al. [1]_ found objects without ever being shown a box: the pixels that matter most for
the class lie on the object. They cut the object out with GraphCut; here a plain threshold does it,
so that each step can be followed.

References
----------
.. [1] Simonyan, Vedaldi and Zisserman, 2014, "Deep Inside Convolutional Networks", arXiv:1312.6034,
   section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cnnlab.checks import InputError

__all__ = [
    "RIGHT_FROM",
    "RULES",
    "Box",
    "Located",
    "box_in_view",
    "ink_box",
    "iou",
    "iou_curve",
    "level_of",
    "locate",
    "positive_part",
]

Floats = NDArray[np.floating[Any]]

RIGHT_FROM = 0.5  # the rule of ILSVRC: a box is right from this intersection over union on
RULES = MappingProxyType(
    {
        "share of the pixels": "The threshold is the value below which this share of the pixels "
        "lies (a quantile).",
        "share of the largest value": "The threshold is this share of the map's largest value.",
    }
)
_TOUCHING = np.ones((3, 3), dtype=int)  # pixels that share a corner belong together


class Box(NamedTuple):
    """A box in pixels; `right` and `bottom` lie just outside, as in Pillow."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def area(self) -> float:
        """Width times height, in pixels; 0 for a box that is turned inside out."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


@dataclass(frozen=True, eq=False)
class Located:
    """A box found in a map, and every step on the way.

    Attributes
    ----------
    values : ndarray of shape (H, W)
        The map after smoothing.
    level : float
        The threshold.
    mask : ndarray of shape (H, W)
        Where the map reaches the threshold.
    n_parts : int
        How many connected parts the mask has.
    part : ndarray of shape (H, W)
        The largest of them.
    box : Box
        The smallest box around it.
    """

    values: Floats
    level: float
    mask: NDArray[np.bool_]
    n_parts: int
    part: NDArray[np.bool_]
    box: Box


def iou(first: Box, second: Box) -> float:
    """Return the intersection over union of two boxes: 1 where they are the same, 0 if apart.

    Parameters
    ----------
    first, second : Box
        In the same pixels.

    Returns
    -------
    float
        Area that both cover, divided by the area that at least one covers; 0 if neither covers
        any.

    Examples
    --------
    >>> iou(Box(0, 0, 4, 4), Box(2, 0, 6, 4))
    0.3333333333333333
    """
    both = Box(
        max(first.left, second.left),
        max(first.top, second.top),
        min(first.right, second.right),
        min(first.bottom, second.bottom),
    ).area
    either = first.area + second.area - both
    return both / either if either else 0.0


def positive_part(values: Floats, *, sigma: float = 0.0) -> Floats:
    """Return what speaks for the class, smoothed: a threshold needs an area, not single pixels.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        A map; negative numbers, which speak against the class, count as 0.
    sigma : float
        Standard deviation of the Gaussian, in pixels; 0 leaves the map as it is.

    Returns
    -------
    ndarray of shape (H, W)
        Not negative.

    Raises
    ------
    InputError
        If the map holds values that are no numbers, is flat, or is nowhere above 0.
    """
    if values.ndim != 2 or values.size == 0:
        raise InputError(f"the map must have the shape (H, W), got {values.shape}")
    if not np.isfinite(values).all():
        raise InputError("the map holds values that are no numbers (NaN or infinity)")
    above = np.clip(values, 0, None).astype(np.float64)
    if not above.any():
        raise InputError(
            "the map is nowhere above zero, so no pixel speaks for this class; choose another "
            "class, method or layer"
        )
    smooth: Floats = ndimage.gaussian_filter(above, sigma, mode="constant") if sigma else above
    if np.ptp(values) == 0:
        raise InputError(
            "the map is flat: every pixel has the same value, so it shows no place; choose another "
            "method or layer"
        )
    return smooth


def level_of(values: Floats, *, at: float, rule: str) -> float:
    """Return the threshold of a map.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        Not negative.
    at : float
        0 to 1; what it is a share of, `rule` says.
    rule : str
        A key of `RULES`.

    Returns
    -------
    float
        In units of the map.

    Raises
    ------
    InputError
        If `at` is no share or there is no such rule.

    Examples
    --------
    >>> level_of(np.array([[0.0, 1.0, 2.0, 8.0, 9.0]]), at=0.5, rule="share of the pixels")
    2.0
    >>> level_of(np.array([[0.0, 1.0, 2.0, 8.0, 9.0]]), at=0.5, rule="share of the largest value")
    4.5
    """
    if rule not in RULES:
        raise InputError(f"there is no rule {rule!r}; choose one of {', '.join(RULES)}")
    if not 0 <= at <= 1:
        raise InputError(f"the threshold must be a share from 0 to 1, got {at}")
    if rule == "share of the pixels":
        return float(np.quantile(values, at))
    return at * float(values.max())


def locate(values: Floats, *, level: float) -> Located:
    """Return the box around the largest connected part of all that reaches a threshold.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        A map, not negative; pixels with 0 never count.
    level : float
        The threshold, in units of the map.

    Returns
    -------
    Located
        The box, and the steps on the way. Of several largest parts, the first from the top counts.

    Raises
    ------
    InputError
        If nothing reaches the threshold.

    Examples
    --------
    >>> heat = np.array([[0, 0, 0, 0, 0], [0, 1, 5, 6, 0], [0, 0, 7, 8, 0], [2, 0, 0, 1, 0]])
    >>> found = locate(heat, level=4)
    >>> found.n_parts, found.box
    (1, Box(left=2, top=1, right=4, bottom=3))
    """
    mask = (values >= level) & (values > 0)
    if not mask.any():
        raise InputError(
            f"nothing in the map reaches the threshold of {level:.3g}; choose a lower one"
        )
    labels, n_parts = ndimage.label(mask, structure=_TOUCHING)
    sizes = np.bincount(labels.ravel(), minlength=n_parts + 1)
    part = labels == 1 + int(np.argmax(sizes[1:]))  # label 0 is what lies below the threshold
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Located(values, level, mask, n_parts, part, box)


def iou_curve(values: Floats, true: Box, *, ats: Floats, rule: str) -> NDArray[np.float64]:
    """Return how well the box fits for each of several thresholds.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        A map, not negative and above 0 somewhere.
    true : Box
        Where the object is.
    ats : ndarray of shape (N,)
        Thresholds as shares, see `level_of`.
    rule : str
        A key of `RULES`.

    Returns
    -------
    ndarray of shape (N,)
        Intersection over union; 0 where nothing reaches the threshold.
    """
    found = []
    for at in ats:
        try:
            box = locate(values, level=level_of(values, at=float(at), rule=rule)).box
        except InputError:
            found.append(0.0)
        else:
            found.append(iou(box, true))
    return np.array(found)


def box_in_view(box: Box, view: Box, *, width: int, height: int) -> Box:
    """Return where a box of the picture lies in the part of it that a network sees.

    Parameters
    ----------
    box : Box
        In pixels of the picture.
    view : Box
        Which part the network sees, in the same pixels; see `cnnlab.pretrained.crop_box`.
    width, height : int
        What the network makes of that part, in its own pixels.

    Returns
    -------
    Box
        In the network's pixels, cut off at the borders of what it sees.

    Raises
    ------
    InputError
        If the network sees nothing of the box.

    Examples
    --------
    >>> box_in_view(Box(10, 0, 30, 20), Box(20, 0, 40, 20), width=200, height=200)
    Box(left=0.0, top=0.0, right=100.0, bottom=200.0)
    """
    across, down = width / (view.right - view.left), height / (view.bottom - view.top)
    seen = Box(
        min(max((box.left - view.left) * across, 0.0), width),
        min(max((box.top - view.top) * down, 0.0), height),
        min(max((box.right - view.left) * across, 0.0), width),
        min(max((box.bottom - view.top) * down, 0.0), height),
    )
    if not seen.area:
        raise InputError("the network sees nothing of the object: it lies in what is cut away")
    return seen


def ink_box(light: Floats, *, level: float = 0.5) -> Box:
    """Return the box around the strokes of a digit, light on dark.

    Parameters
    ----------
    light : ndarray of shape (H, W)
        0 to 1.
    level : float
        From which brightness on a pixel is ink.

    Returns
    -------
    Box
        In pixels.

    Raises
    ------
    InputError
        If there is no ink.
    """
    ink = light >= level
    if not ink.any():
        raise InputError("there is no stroke in this picture: all of it is dark")
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
