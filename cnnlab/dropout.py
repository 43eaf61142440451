"""Dropout: in each pass of training some units are left out, at test time none is.

p is the probability that a unit is dropped, as in PyTorch; the paper of Srivastava and others [1]_
calls p the probability that it is kept. What is drawn depends on the seed and the number of the
pass alone, so every pass can be seen again.

References
----------
.. [1] Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, 2014, Dropout: A Simple Way to
   Prevent Neural Networks from Overfitting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range

__all__ = [
    "SCALINGS",
    "at_test_time",
    "dropout",
    "dropout_mask",
    "keep_probability",
    "spatial_dropout",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SCALINGS = ("inverted", "classic")


def dropout_mask(shape: tuple[int, ...], *, p: float, seed: int, number: int) -> Mask:
    """Return which units are kept in one pass: each on its own, with probability 1 − p.

    Parameters
    ----------
    shape : tuple of int
        The units.
    p : float
        The probability that a unit is dropped, from 0 to below 1.
    seed, number : int
        The seed, and the number of the pass; the same two give the same mask.

    Returns
    -------
    ndarray of bool
        True where a unit is kept.

    Raises
    ------
    InputError
        If p, the seed or the number is out of range.

    Examples
    --------
    >>> dropout_mask((6,), p=0.5, seed=0, number=1).tolist()
    [True, True, True, True, False, False]
    """
    keep_probability(p)
    seed, number = in_range(seed, name="seed", low=0), in_range(number, name="pass", low=0)
    result: Mask = np.random.default_rng([seed, number]).random(shape) >= p
    return result


def dropout(x: Floats, kept: Mask, *, p: float, scaling: str = "inverted") -> Floats:
    """Return what one pass of training makes of the values.

    Parameters
    ----------
    x : ndarray
        The values of the units.
    kept : ndarray of bool
        Which are kept; of the same shape, or one that fits by broadcasting.
    p : float
        The probability that a unit is dropped.
    scaling : str
        "inverted" divides what is kept by 1 − p, so that the mean over all passes is `x`, and test
        time needs nothing; this is what libraries do. "classic" leaves it as it is, and test time
        multiplies by 1 − p.

    Returns
    -------
    ndarray
        0 where a unit is dropped.

    Raises
    ------
    InputError
        If p is out of range or there is no such scaling.

    Examples
    --------
    >>> kept = np.array([True, False])
    >>> dropout(np.array([3.0, 4.0]), kept, p=0.25).tolist()
    [4.0, 0.0]
    >>> dropout(np.array([3.0, 4.0]), kept, p=0.25, scaling="classic").tolist()
    [3.0, 0.0]
    """
    keep = keep_probability(p)
    _check(scaling)
    return np.where(kept, x / keep if scaling == "inverted" else x, 0.0)


def at_test_time(x: Floats, *, p: float, scaling: str = "inverted") -> Floats:
    """Return what is made of the values at test time, when no unit is dropped.

    Parameters
    ----------
    x, p, scaling
        As for `dropout`.

    Returns
    -------
    ndarray
        `x` itself for inverted dropout, (1 − p) · `x` for classic dropout: each is the mean of what
        training makes of it.

    Raises
    ------
    InputError
        If p is out of range or there is no such scaling.

    Examples
    --------
    >>> at_test_time(np.array([4.0]), p=0.25).item()
    4.0
    >>> at_test_time(np.array([4.0]), p=0.25, scaling="classic").item()
    3.0
    """
    keep = keep_probability(p)
    _check(scaling)
    return x.copy() if scaling == "inverted" else keep * x


def spatial_dropout(x: Floats, kept: Mask, *, p: float) -> Floats:
    """Return feature maps of which some were dropped as a whole.

    Neighbouring cells of a feature map say nearly the same, so a dropped cell is hardly missed. A
    dropped map is.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The feature maps.
    kept : ndarray of bool, shape (C,)
        Which maps are kept.
    p : float
        The probability that a map is dropped.

    Returns
    -------
    ndarray of shape (C, H, W)
        Maps of zeros, and the others divided by 1 − p.

    References
    ----------
    .. [1] Tompson, Goroshin, Jain, LeCun and Bregler, 2014, arXiv:1411.4280.

    Examples
    --------
    >>> spatial_dropout(np.ones((2, 1, 2)), np.array([True, False]), p=0.5).tolist()
    [[[2.0, 2.0]], [[0.0, 0.0]]]
    """
    return dropout(x, kept[:, None, None], p=p)


def keep_probability(p: float) -> float:
    """Return 1 − p.

    Raises
    ------
    InputError
        If p is not from 0 to below 1.

    Examples
    --------
    >>> keep_probability(0.25)
    0.75
    """
    if not 0 <= p < 1:
        raise InputError(f"p must be from 0 to below 1, got {p:g}")
    return 1 - p


def _check(scaling: str) -> None:
    if scaling not in SCALINGS:
        raise InputError(f"scaling must be one of {', '.join(SCALINGS)}, got {scaling!r}")
