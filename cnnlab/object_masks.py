"""Where an object may lie in a picture: masks by thresholds, by two regions, by a box.

Nothing here knows what an object is; each rule is right for some pictures and wrong for others.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cnnlab.checks import InputError

__all__ = ["MASKS", "Mask", "object_mask"]

Pixels = NDArray[np.uint8]
Bits = NDArray[np.bool_]

_LIGHT = (0.2125, 0.7154, 0.0721)  # what red, green and blue add to brightness, as scikit-image
_SPECK = 0.002  # parts of a mask smaller than this share of the picture are dropped

MASKS = MappingProxyType(
    {
        "brightness": "Otsu's threshold on the brightness; the side that meets the border less "
        "is the object (Otsu 1979).",
        "colour": "Otsu's threshold on how far a colour is from the usual colour of the border.",
        "two greys": "Chan and Vese: two regions, each near one grey, with a short line between "
        "them (Chan and Vese 2001).",
        "box": "All that lies in the object's box, which was drawn by hand.",
    }
)


@dataclass(frozen=True, eq=False)
class Mask:
    """Where the object is taken to be.

    Attributes
    ----------
    values : ndarray of shape (H, W)
        True on the object.
    how : str
        A key of `MASKS`.
    """

    values: Bits
    how: str

    @property
    def share(self) -> float:
        """Share of the picture that is object, 0 to 1."""
        return float(self.values.mean())


def object_mask(
    pixels: Pixels,
    *,
    how: str,
    box: tuple[float, float, float, float] | None = None,
    other_side: bool = False,
    fill_holes: bool = True,
) -> Mask:
    """Return where the object is taken to be. Nothing here knows what an object is.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3)
        0 to 255.
    how : str
        A key of `MASKS`, which say what is done.
    box : (left, top, right, bottom), optional
        For "box", in pixels.
    other_side : bool
        Take the other of the two sides for the object.
    fill_holes : bool
        Whether ground that is enclosed by the object belongs to it.

    Returns
    -------
    Mask
        Without specks smaller than 0.2 % of the picture.

    Raises
    ------
    InputError
        If the picture has one brightness or colour only, so that nothing can be told apart, or if
        no object is left.
    """
    if how not in MASKS:
        raise InputError(f"there is no mask {how!r}; choose one of {', '.join(MASKS)}")
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise InputError(f"pixels must have the shape (H, W, 3), got {pixels.shape}")
    if how == "box":
        values = _box_mask(pixels.shape[:2], box)
    else:
        values = _two_sides(pixels, how)
        on_border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
        if on_border.mean() > 0.5:
            values = ~values
    if other_side:
        values = ~values
    values = _without_specks(values)
    if fill_holes:
        values = ndimage.binary_fill_holes(values)
    if not values.any() or values.all():
        raise InputError(
            "no object can be told from its ground here; choose another mask or picture"
        )
    return Mask(values, how)


def _two_sides(pixels: Pixels, how: str) -> Bits:
    """Return the picture in two parts; which of them is the object is not yet known."""
    from skimage import color, filters, segmentation

    light = pixels.astype(np.float64) @ np.array(_LIGHT) / 255
    if how == "colour":
        lab = color.rgb2lab(pixels)
        border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
        light = np.linalg.norm(lab - np.median(border, axis=0), axis=2)
        light = ndimage.gaussian_filter(light, 1.0)
    if np.ptp(light) < 1e-9:
        raise InputError(
            "the picture has one colour only: there is no object to tell from its ground"
        )
    if how == "two greys":
        settings = {"mu": 0.1, "max_num_iter": 100}
        two = segmentation.chan_vese(light, **settings)  # type: ignore[no-untyped-call]
        return np.asarray(two, dtype=np.bool_)
    level = filters.threshold_otsu(light)  # type: ignore[no-untyped-call]
    return np.asarray(light > level, dtype=np.bool_)


def _box_mask(size: tuple[int, int], box: tuple[float, float, float, float] | None) -> Bits:
    if box is None:
        raise InputError("no box is known for this picture; choose another mask")
    left, top, right, bottom = (round(edge) for edge in box)
    values = np.zeros(size, dtype=np.bool_)
    values[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
    return values


def _without_specks(values: Bits) -> Bits:
    labels, count = ndimage.label(values)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    large = sizes >= max(1, _SPECK * values.size)
    large[0] = False
    kept: Bits = large[labels]
    return kept
