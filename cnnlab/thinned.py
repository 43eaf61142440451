"""A network small enough to be drawn, and all the thinned networks that dropout makes of it.

3 inputs, 6 and 4 hidden units with ReLU, 1 output. The ten hidden units can be dropped, so there
are 2¹⁰ thinned networks, few enough to try every one: the mean over all of them is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from cnnlab.activations import relu
from cnnlab.dropout import at_test_time, dropout, dropout_mask, keep_probability

__all__ = [
    "INPUTS",
    "SIZES",
    "Passes",
    "exact_mean",
    "full_output",
    "network",
    "run_passes",
    "thinned_outputs",
]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SIZES = (3, 6, 4, 1)
INPUTS = np.array([1.0, 0.5, 0.8])
N_DROPPABLE = SIZES[1] + SIZES[2]


@dataclass(frozen=True)
class Passes:
    """What happened in N passes: masks and values of the ten hidden units, and the output.

    Parameters
    ----------
    kept : ndarray of bool, shape (N, 10)
        Which hidden units are kept.
    before, after : ndarray of shape (N, 10)
        Their values before and after dropout.
    outputs : ndarray of shape (N,)
        The output.
    """

    kept: Mask
    before: Floats
    after: Floats
    outputs: Floats


@cache
def network() -> tuple[tuple[Floats, Floats], ...]:
    """Return weights and biases of the three layers; always the same, with one decimal.

    Examples
    --------
    >>> [weight.shape for weight, _ in network()]
    [(6, 3), (4, 6), (1, 4)]
    """
    rng = np.random.default_rng(1260)
    layers = []
    for n_in, n_out in pairwise(SIZES):
        weight = rng.normal(0.25, 0.4, (n_out, n_in)).round(1)
        layers.append((weight, np.full(n_out, 0.1)))
    return tuple(layers)


def thinned_outputs(kept: Mask, *, p: float, scaling: str = "inverted") -> Passes:
    """Return what the network makes of `INPUTS` if some hidden units are dropped.

    Parameters
    ----------
    kept : ndarray of bool, shape (N, 10)
        Which hidden units are kept, in each of N passes.
    p, scaling
        As for ``dropout``.

    Returns
    -------
    Passes
        Values and outputs of all passes.

    Examples
    --------
    >>> nothing_kept = np.zeros((1, 10), dtype=bool)
    >>> thinned_outputs(nothing_kept, p=0.5).outputs.tolist()  # the last bias
    [0.1]
    """
    (first, b1), (second, b2), (third, b3) = network()
    kept_1, kept_2 = kept[:, : SIZES[1]], kept[:, SIZES[1] :]
    a = np.broadcast_to(relu(first @ INPUTS + b1), kept_1.shape)  # (N, 6)
    a_after = dropout(a, kept_1, p=p, scaling=scaling)
    b = relu(a_after @ second.T + b2)  # (N, 4)
    b_after = dropout(b, kept_2, p=p, scaling=scaling)
    outputs = (b_after @ third.T + b3)[:, 0]
    return Passes(kept, np.hstack([a, b]), np.hstack([a_after, b_after]), outputs)


def run_passes(n_passes: int, *, p: float, seed: int, scaling: str = "inverted") -> Passes:
    """Return passes 1 to N of training.

    Parameters
    ----------
    n_passes : int
        N.
    p, seed, scaling
        As for ``dropout_mask`` and ``dropout``.

    Returns
    -------
    Passes
        Values and outputs of all passes.

    Examples
    --------
    >>> run_passes(3, p=0.5, seed=0).kept.shape
    (3, 10)
    """
    masks = [
        dropout_mask((N_DROPPABLE,), p=p, seed=seed, number=number)
        for number in range(1, n_passes + 1)
    ]
    return thinned_outputs(np.array(masks), p=p, scaling=scaling)


def full_output(*, p: float, scaling: str = "inverted") -> tuple[Floats, Floats, float]:
    """Return what the network makes of `INPUTS` at test time, with every unit.

    Parameters
    ----------
    p, scaling
        As for ``at_test_time``.

    Returns
    -------
    tuple of (before, after, output)
        The values of the ten hidden units before and after scaling, and the output.

    Examples
    --------
    >>> before, after, _ = full_output(p=0.5, scaling="classic")
    >>> bool((after == before / 2).all())
    True
    """
    (first, b1), (second, b2), (third, b3) = network()
    a = relu(first @ INPUTS + b1)
    a_after = at_test_time(a, p=p, scaling=scaling)
    b = relu(second @ a_after + b2)
    b_after = at_test_time(b, p=p, scaling=scaling)
    output = float((third @ b_after + b3)[0])
    return np.hstack([a, b]), np.hstack([a_after, b_after]), output


def exact_mean(*, p: float, scaling: str = "inverted") -> float:
    """Return the mean output over all 1,024 thinned networks, each by its probability.

    Parameters
    ----------
    p, scaling
        As for ``dropout``.

    Returns
    -------
    float
        What the mean over more and more passes comes near to. It differs a little from the output
        at test time, because ReLU stands between two layers with dropout; in a network of straight
        lines the two would be equal.

    Examples
    --------
    >>> f"{exact_mean(p=0.0):.4f} {full_output(p=0.0)[2]:.4f}"
    '1.2608 1.2608'
    """
    every = np.array(list(product([False, True], repeat=N_DROPPABLE)))  # (1024, 10)
    chances = np.where(every, keep_probability(p), p).prod(axis=1)
    return float(chances @ thinned_outputs(every, p=p, scaling=scaling).outputs)
