"""Softmax: logits become shares of 1. Its temperature, its overflow, its derivative."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError

__all__ = ["entropy", "naive_softmax", "parse_logits", "softmax", "softmax_jacobian"]

Floats = NDArray[np.float64]


def softmax(logits: Floats, *, temperature: float = 1.0) -> Floats:
    """Return exp(zᵢ / T) / Σ exp(zⱼ / T), without overflow.

    Subtracting the same number from all logits changes nothing, so the largest is subtracted
    first: then no exponent is above 0.

    Parameters
    ----------
    logits : ndarray of shape (n,)
        Any finite numbers.
    temperature : float
        Above 0. A high one makes the shares more equal, a low one favours the largest logit.

    Returns
    -------
    ndarray of shape (n,)
        Numbers from 0 to 1 that add up to 1.

    Raises
    ------
    InputError
        If the temperature is not above 0.

    Examples
    --------
    >>> softmax(np.array([2.0, 1.0, 0.1])).round(4).tolist()
    [0.659, 0.2424, 0.0986]
    >>> softmax(np.array([1002.0, 1001.0, 1000.1])).round(4).tolist()
    [0.659, 0.2424, 0.0986]
    """
    if not temperature > 0:
        raise InputError(f"temperature must be above 0, got {temperature:g}")
    scaled = (logits - logits.max()) / temperature
    powers: Floats = np.exp(scaled)
    shares: Floats = powers / powers.sum()
    return shares


def naive_softmax(logits: Floats, *, temperature: float = 1.0) -> Floats:
    """Return what the formula gives when it is typed as it stands: wrong for large logits.

    Parameters
    ----------
    logits, temperature
        As for `softmax`.

    Returns
    -------
    ndarray of shape (n,)
        The same as `softmax`, or "not a number" where exp was too large or all were too small.

    Examples
    --------
    >>> naive_softmax(np.array([1002.0, 1.0]))
    array([nan,  0.])
    """
    with np.errstate(over="ignore", invalid="ignore"):
        powers: Floats = np.exp(logits / temperature)
        shares: Floats = powers / powers.sum()
        return shares


def entropy(shares: Floats) -> float:
    """Return −Σ pᵢ log₂ pᵢ: how undecided shares of 1 are, in bits.

    Parameters
    ----------
    shares : ndarray of shape (n,)
        Numbers from 0 to 1 that add up to 1.

    Returns
    -------
    float
        0 if one share is 1; log₂ n if all are alike. H bits are as undecided as 2 to the power
        of H equal shares.

    References
    ----------
    .. [1] Shannon, 1948, A mathematical theory of communication.

    Examples
    --------
    >>> entropy(np.array([0.5, 0.25, 0.25]))
    1.5
    >>> entropy(np.array([1.0, 0.0]))
    0.0
    """
    some = shares[shares > 0]  # 0 · log 0 counts as 0
    return abs(float((some * np.log2(some)).sum()))


def softmax_jacobian(logits: Floats, *, temperature: float = 1.0) -> Floats:
    """Return how much each share changes with each logit: ∂pᵢ/∂zⱼ = pᵢ · (δᵢⱼ − pⱼ) / T.

    Parameters
    ----------
    logits, temperature
        As for `softmax`.

    Returns
    -------
    ndarray of shape (n, n)
        Row i, column j. Every row and every column adds up to 0.

    Examples
    --------
    >>> softmax_jacobian(np.array([1.0, 1.0])).tolist()
    [[0.25, -0.25], [-0.25, 0.25]]
    """
    p = softmax(logits, temperature=temperature)
    return (np.diag(p) - np.outer(p, p)) / temperature


def parse_logits(text: str) -> Floats:
    """Return the numbers in a text such as "2, 1, 0.1".

    Parameters
    ----------
    text : str
        Two to ten numbers with commas or spaces between them.

    Returns
    -------
    ndarray of shape (n,)
        The numbers.

    Raises
    ------
    InputError
        If a part is no number, or there are too few or too many, or one is too large.

    Examples
    --------
    >>> parse_logits("2, −1 0.5").tolist()
    [2.0, -1.0, 0.5]
    """
    parts = text.replace(",", " ").replace("−", "-").split()
    numbers = []
    for part in parts:
        try:
            number = float(part)
        except ValueError:
            raise InputError(f"“{part[:20]}” is no number") from None
        if not math.isfinite(number) or abs(number) > 1e6:
            raise InputError(f"each logit must be from −1,000,000 to 1,000,000, got {part[:20]}")
        numbers.append(number)
    if not 2 <= len(numbers) <= 10:
        raise InputError(
            f"give 2 to 10 logits with spaces or commas between them, got {len(numbers)}"
        )
    return np.array(numbers)
