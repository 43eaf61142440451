"""Stochastic depth: in each pass of training some residual blocks are skipped.

A block adds something to what goes around it, x + f(x). Without f(x) the block is the identity, so
a network of residual blocks still works when some are left out [1]_.

References
----------
.. [1] Huang, Sun, Liu, Sedra and Weinberger, 2016, Deep Networks with Stochastic Depth,
   arXiv:1603.09382.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range

__all__ = [
    "RULES",
    "blocks_kept",
    "residual_in_training",
    "residual_scaled_in_training",
    "residual_test_time",
    "survival_probabilities",
]

Floats = NDArray[np.float64]
RULES = ("linear", "uniform")


def survival_probabilities(n_blocks: int, *, last: float, rule: str = "linear") -> Floats:
    """Return the probability of each block to survive a pass.

    Parameters
    ----------
    n_blocks : int
        L, at most 200.
    last : float
        p_L, the probability of the last block, from 0 to 1.
    rule : str
        "linear": p_l = 1 − l / L · (1 − p_L), since the first blocks find what all others need.
        "uniform": the same for all.

    Returns
    -------
    ndarray of shape (L,)
        For blocks 1 to L. Their sum is the expected number of blocks in a pass.

    Raises
    ------
    InputError
        If a setting is out of range.

    Examples
    --------
    >>> survival_probabilities(4, last=0.5).tolist()
    [0.875, 0.75, 0.625, 0.5]
    >>> float(survival_probabilities(54, last=0.5).sum().round(9))  # ResNet-110 has 54 blocks
    40.25
    """
    n_blocks = in_range(n_blocks, name="blocks", low=1, high=200)
    if not 0 <= last <= 1:
        raise InputError(f"p_L must be from 0 to 1, got {last:g}")
    if rule not in RULES:
        raise InputError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    if rule == "uniform":
        return np.full(n_blocks, float(last))
    block = np.arange(1, n_blocks + 1)
    result: Floats = 1 - block / n_blocks * (1 - last)
    return result


def blocks_kept(survival: Floats, *, seed: int, number: int) -> NDArray[np.bool_]:
    """Return which blocks run in one pass.

    Parameters
    ----------
    survival : ndarray of shape (L,)
        Their probabilities.
    seed, number : int
        The seed, and the number of the pass; the same two give the same blocks.

    Returns
    -------
    ndarray of bool, shape (L,)
        True where a block runs, False where it is skipped.

    Examples
    --------
    >>> blocks_kept(np.array([1.0, 0.5, 0.0]), seed=0, number=1).tolist()
    [True, False, False]
    """
    seed, number = in_range(seed, name="seed", low=0), in_range(number, name="pass", low=0)
    draws = np.random.default_rng([seed, number]).random(len(survival))
    result: NDArray[np.bool_] = draws < survival
    return result


def residual_in_training(x: Floats, f: Floats, *, kept: bool) -> Floats:
    """Return what a block makes of `x` in training, as in the paper: x + f, or x if skipped.

    Examples
    --------
    >>> residual_in_training(np.array([1.0]), np.array([0.6]), kept=False).tolist()
    [1.0]
    """
    return x + f if kept else x.copy()


def residual_test_time(x: Floats, f: Floats, *, survival: float) -> Floats:
    """Return what a block makes of `x` at test time, as in the paper: x + p · f.

    Examples
    --------
    >>> residual_test_time(np.array([1.0]), np.array([0.6]), survival=0.5).tolist()
    [1.3]
    """
    return x + survival * f


def residual_scaled_in_training(x: Floats, f: Floats, *, kept: bool, survival: float) -> Floats:
    """Return what a block makes of `x` in training where libraries do the scaling: x + f / p.

    Then test time needs no factor, as with inverted dropout; torchvision's ``stochastic_depth``
    divides `f` in this way.

    Raises
    ------
    InputError
        If a block is kept that never survives.

    Examples
    --------
    >>> x, f = np.array([1.0]), np.array([0.6])
    >>> residual_scaled_in_training(x, f, kept=True, survival=0.5).tolist()
    [2.2]
    """
    if not kept:
        return x.copy()
    if not survival > 0:
        raise InputError("a block with survival probability 0 cannot be kept")
    return x + f / survival
