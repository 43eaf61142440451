"""A chain of layers: what becomes of the numbers on the way up and of the gradient on the way down.

Every layer is z = h · Wᵀ + b, h = f(z), of one width, so that nothing but the weights, the bias
and the activation decides what is left after many of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.curves import Curve

__all__ = ["RULES", "ChainRun", "dead_units", "draw_chain", "run_chain", "weight_std"]

Floats = NDArray[np.float64]

RULES = ("Tiny", "Xavier", "He", "Huge", "Own gain")
MOST_LAYERS, MOST_WIDTH = 50, 256


@dataclass(frozen=True)
class ChainRun:
    """What happened on the way through a chain of L layers of n units, for N inputs.

    Parameters
    ----------
    sums, outputs : list of ndarray of shape (N, n)
        z and h of layers 1 to L.
    output_gradients : list of ndarray of shape (N, n)
        ∂loss/∂h of layers 1 to L.
    weight_gradients : list of ndarray of shape (n, n)
        ∂loss/∂W of layers 1 to L.
    """

    sums: list[Floats]
    outputs: list[Floats]
    output_gradients: list[Floats]
    weight_gradients: list[Floats]


def weight_std(rule: str, width: int, *, gain: float = 1.0) -> float:
    """Return the standard deviation of the first weights of a layer of n inputs and n outputs.

    Parameters
    ----------
    rule : str
        One of `RULES`. Tiny is 0.01, huge is 1. Xavier [1]_ takes √(2 / (n + n)) = 1/√n,
        He [2]_ takes √(2 / n), which makes up for the half that ReLU sets to zero.
    width : int
        n, the units of a layer.
    gain : float
        For "Own gain": the standard deviation is gain / √n.

    Returns
    -------
    float
        The standard deviation.

    Raises
    ------
    InputError
        If there is no such rule, or the gain is not above 0.

    References
    ----------
    .. [1] Glorot and Bengio, 2010, Understanding the difficulty of training deep feedforward
       neural networks.
    .. [2] He, Zhang, Ren and Sun, 2015, arXiv:1502.01852.

    Examples
    --------
    >>> weight_std("He", 50)
    0.2
    """
    width = in_range(width, name="width", low=1)
    if not gain > 0:
        raise InputError(f"gain must be above 0, got {gain:g}")
    found = {
        "Tiny": 0.01,
        "Xavier": 1 / math.sqrt(width),
        "He": math.sqrt(2 / width),
        "Huge": 1.0,
        "Own gain": gain / math.sqrt(width),
    }
    if rule not in found:
        raise InputError(f"rule must be one of {', '.join(RULES)}, got {rule!r}")
    return found[rule]


def draw_chain(
    *, depth: int, width: int, std: float, seed: int, n_inputs: int = 128
) -> tuple[Floats, Floats, Floats]:
    """Return random inputs, random weights, and a random gradient for the last layer.

    Parameters
    ----------
    depth, width : int
        Layers, and units of each.
    std : float
        Standard deviation of the weights; inputs and gradient have 1.
    seed : int
        The same seed gives the same numbers, whatever `std` is.
    n_inputs : int
        Inputs in the batch.

    Returns
    -------
    tuple of ndarray
        Inputs (N, n), weights (L, n, n), gradient (N, n).

    Raises
    ------
    InputError
        If the chain is too deep or too wide for a page.

    Examples
    --------
    >>> [part.shape for part in draw_chain(depth=2, width=3, std=1.0, seed=0, n_inputs=5)]
    [(5, 3), (2, 3, 3), (5, 3)]
    """
    depth = in_range(depth, name="depth", low=1, high=MOST_LAYERS)
    width = in_range(width, name="width", low=1, high=MOST_WIDTH)
    rng = np.random.default_rng(in_range(seed, name="seed", low=0))
    x = rng.standard_normal((n_inputs, width))
    gradient = rng.standard_normal((n_inputs, width))
    return x, std * rng.standard_normal((depth, width, width)), gradient


def run_chain(
    x: Floats, weights: Floats, gradient: Floats, found: Curve, *, bias: float = 0.0
) -> ChainRun:
    """Return what happens to `x` on the way up and to `gradient` on the way down.

    Parameters
    ----------
    x : ndarray of shape (N, n)
        The inputs.
    weights : ndarray of shape (L, n, n)
        One matrix for each layer.
    gradient : ndarray of shape (N, n)
        ∂loss/∂h of the last layer.
    found : Curve
        The activation f.
    bias : float
        The same for every unit.

    Returns
    -------
    ChainRun
        All that was computed.

    Examples
    --------
    >>> from cnnlab.curves import curve
    >>> one = np.ones((1, 1))
    >>> run = run_chain(one, np.full((3, 1, 1), 2.0), one, curve("none"))
    >>> [h.item() for h in run.outputs], [g.item() for g in run.output_gradients]
    ([2.0, 4.0, 8.0], [4.0, 2.0, 1.0])
    """
    sums, outputs, h = [], [], x
    for weight in weights:  # forward
        z = h @ weight.T + bias
        h = found.function(z)
        sums.append(z)
        outputs.append(h)
    output_gradients, weight_gradients = [], []
    for layer in reversed(range(len(weights))):  # backward: the chain rule, layer by layer
        output_gradients.append(gradient)
        delta = gradient * found.derivative(sums[layer])  # ∂loss/∂z
        below = outputs[layer - 1] if layer else x
        weight_gradients.append(delta.T @ below)
        gradient = delta @ weights[layer]
    return ChainRun(sums, outputs, output_gradients[::-1], weight_gradients[::-1])


def dead_units(sums: Floats) -> NDArray[np.bool_]:
    """Return which ReLU units are zero for every input: they give nothing and learn nothing.

    Parameters
    ----------
    sums : ndarray of shape (N, n)
        z of one layer for N inputs.

    Returns
    -------
    ndarray of bool, shape (n,)
        Which units are dead.

    Examples
    --------
    >>> dead_units(np.array([[-1.0, 2.0, 0.0], [-3.0, -1.0, 0.0]])).tolist()
    [True, False, True]
    """
    result: NDArray[np.bool_] = np.all(sums <= 0, axis=0)
    return result
