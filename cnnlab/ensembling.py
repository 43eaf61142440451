"""Test-time augmentation: several views of one picture, one answer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.softmax import softmax

__all__ = ["CROPS", "MEANS", "combine", "view_names"]

Floats = NDArray[np.float64]

_CORNERS = ("top left", "top right", "bottom left", "bottom right", "middle")
CROPS = {  # what one may choose, and the views that it takes
    "Middle": ("middle",),
    "Middle and mirrored": ("middle", "middle, mirrored"),
    "Five crops": _CORNERS,
    "Ten crops": (*_CORNERS, *(f"{corner}, mirrored" for corner in _CORNERS)),
}
MEANS = ("probabilities", "logits")


def view_names(crops: str) -> tuple[str, ...]:
    """Return what each view of a picture shows, in the order of torchvision's TenCrop.

    Parameters
    ----------
    crops : str
        A key of `CROPS`.

    Returns
    -------
    tuple of str
        One name for each view.

    Raises
    ------
    InputError
        If there is no such choice.

    Examples
    --------
    >>> view_names("Middle and mirrored")
    ('middle', 'middle, mirrored')
    """
    if crops not in CROPS:
        raise InputError(f"crops must be one of {', '.join(CROPS)}, got {crops!r}")
    return CROPS[crops]


def combine(logits: NDArray[np.floating], *, mean: str = "probabilities") -> Floats:
    """Return one answer made of the answers to several views.

    Parameters
    ----------
    logits : ndarray of shape (n_views, n_classes)
        What the network says of each view, before the softmax.
    mean : {"probabilities", "logits"}
        The mean is taken after the softmax, or before it. The mean of the logits gives the
        geometric mean of the probabilities, scaled to add up to 1: a class that one view rules
        out is out.

    Returns
    -------
    ndarray of shape (n_classes,)
        Probabilities.

    Raises
    ------
    InputError
        If there is no view, or no such mean.

    References
    ----------
    .. [1] Krizhevsky, Sutskever and Hinton, 2012, AlexNet: the mean over ten crops.

    Examples
    --------
    >>> logits = np.log([[0.98, 0.02], [0.3, 0.7]])
    >>> combine(logits).round(2).tolist()
    [0.64, 0.36]
    >>> combine(logits, mean="logits").round(2).tolist()
    [0.82, 0.18]
    """
    if mean not in MEANS:
        raise InputError(f"mean must be one of {', '.join(MEANS)}, got {mean!r}")
    each = np.asarray(logits, dtype=np.float64)  # (n_views, n_classes)
    if each.ndim != 2 or not len(each):
        raise InputError(f"logits must have the shape (views, classes), got {each.shape}")
    if mean == "logits":
        return softmax(each.mean(axis=0))
    shares: Floats = np.mean([softmax(view) for view in each], axis=0)
    return shares
