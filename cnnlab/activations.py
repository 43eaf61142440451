"""Activations: what is done to each sum before it is written into the feature map.

Each function stands beside its derivative, which is what back-propagation multiplies by. Where a
function has a corner (at 0) the derivative is the one that PyTorch takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "activation",
    "elu",
    "elu_derivative",
    "gelu",
    "gelu_derivative",
    "gelu_tanh",
    "gelu_tanh_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "relu",
    "relu_derivative",
    "sigmoid",
    "sigmoid_derivative",
    "tanh",
    "tanh_derivative",
]

Floats = NDArray[np.float64]

_GELU_SCALE = math.sqrt(2 / math.pi)
_FAR = 40.0  # beyond, the bell curve is 0 in floating point


@dataclass(frozen=True)
class Activation:
    """One activation.

    Parameters
    ----------
    name : str
        Its key.
    title : str
        What it is called on the page.
    formula : str
        How the output follows from the sum z.
    function : callable
        Takes and returns an array of any shape.
    """

    name: str
    title: str
    formula: str
    function: Callable[[Floats], Floats]


def relu(z: Floats) -> Floats:
    """Return max(0, z) of every number.

    Examples
    --------
    >>> relu(np.array([-2.5, 0.0, 3.2])).tolist()
    [0.0, 0.0, 3.2]
    """
    result: Floats = np.maximum(z, 0.0)
    return result


def relu_derivative(z: Floats) -> Floats:
    """Return 1 where z > 0, else 0; at the corner it is 0, as in PyTorch.

    Examples
    --------
    >>> relu_derivative(np.array([-2.5, 0.0, 3.2])).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.where(z > 0, 1.0, 0.0)


def leaky_relu(z: Floats, *, slope: float = 0.01) -> Floats:
    """Return z where it is positive, else `slope` times z.

    Examples
    --------
    >>> leaky_relu(np.array([-2.0, 3.0]), slope=0.1).tolist()
    [-0.2, 3.0]
    """
    return np.where(z > 0, z, slope * z)


def leaky_relu_derivative(z: Floats, *, slope: float = 0.01) -> Floats:
    """Return 1 where z > 0, else `slope`.

    Examples
    --------
    >>> leaky_relu_derivative(np.array([-2.0, 3.0]), slope=0.1).tolist()
    [0.1, 1.0]
    """
    return np.where(z > 0, 1.0, slope)


def elu(z: Floats, *, alpha: float = 1.0) -> Floats:
    """Return z where it is positive, else alpha · (exp(z) − 1), which ends at −alpha.

    References
    ----------
    .. [1] Clevert, Unterthiner and Hochreiter, 2015, arXiv:1511.07289.

    Examples
    --------
    >>> elu(np.array([-1.0, 3.0])).round(4).tolist()
    [-0.6321, 3.0]
    """
    below = alpha * np.expm1(np.minimum(z, 0.0))  # exp is never asked for a positive z
    return np.where(z > 0, z, below)


def elu_derivative(z: Floats, *, alpha: float = 1.0) -> Floats:
    """Return 1 where z > 0, else alpha · exp(z).

    Examples
    --------
    >>> elu_derivative(np.array([-1.0, 3.0])).round(4).tolist()
    [0.3679, 1.0]
    """
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


def gelu(z: Floats) -> Floats:
    """Return z · Φ(z), where Φ(z) is the chance that a standard normal number lies below z.

    References
    ----------
    .. [1] Hendrycks and Gimpel, 2016, arXiv:1606.08415.

    Examples
    --------
    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.1587, 0.0, 0.8413]
    """
    return z * _normal_share(z)


def gelu_derivative(z: Floats) -> Floats:
    """Return Φ(z) + z · φ(z), where φ is the bell curve, the derivative of Φ.

    Examples
    --------
    >>> gelu_derivative(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.0833, 0.5, 1.0833]
    """
    near = np.clip(z, -_FAR, _FAR)  # so that the square does not overflow
    bell = np.exp(-near * near / 2) / math.sqrt(2 * math.pi)
    return _normal_share(z) + near * bell


def gelu_tanh(z: Floats) -> Floats:
    """Return the GELU with tanh in the place of Φ: quicker, and at most 0.0005 away.

    It is ½ · z · (1 + tanh(√(2/π) · (z + 0.044715 · z³))).

    Examples
    --------
    >>> gelu_tanh(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.1588, 0.0, 0.8412]
    """
    near = np.clip(z, -_FAR, _FAR)
    inner: Floats = np.tanh(_GELU_SCALE * (near + 0.044715 * near**3))
    return 0.5 * z * (1 + inner)


def gelu_tanh_derivative(z: Floats) -> Floats:
    """Return the derivative of `gelu_tanh`, by the product rule and the chain rule.

    Examples
    --------
    >>> gelu_tanh_derivative(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.083, 0.5, 1.083]
    """
    near = np.clip(z, -_FAR, _FAR)
    inner: Floats = np.tanh(_GELU_SCALE * (near + 0.044715 * near**3))
    inner_derivative = (1 - inner**2) * _GELU_SCALE * (1 + 3 * 0.044715 * near**2)
    return 0.5 * (1 + inner) + 0.5 * near * inner_derivative


def sigmoid(z: Floats) -> Floats:
    """Return 1 / (1 + exp(−z)): every number becomes one between 0 and 1.

    Examples
    --------
    >>> sigmoid(np.array([-2.0, 0.0, 2.0])).round(4).tolist()
    [0.1192, 0.5, 0.8808]
    """
    # Two forms of the same fraction: neither overflows where it is used.
    small = np.exp(-np.abs(z))
    result: Floats = np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    return result


def sigmoid_derivative(z: Floats) -> Floats:
    """Return σ(z) · (1 − σ(z)), never more than ¼.

    Examples
    --------
    >>> sigmoid_derivative(np.array([-2.0, 0.0, 2.0])).round(4).tolist()
    [0.105, 0.25, 0.105]
    """
    return sigmoid(z) * sigmoid(-z)  # 1 − σ(z) = σ(−z), without losing digits


def tanh(z: Floats) -> Floats:
    """Return tanh(z) = 2 · σ(2z) − 1: every number becomes one between −1 and 1.

    Examples
    --------
    >>> tanh(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [-0.7616, 0.0, 0.7616]
    """
    result: Floats = np.tanh(z)
    return result


def tanh_derivative(z: Floats) -> Floats:
    """Return 1 − tanh²(z), never more than 1.

    Examples
    --------
    >>> tanh_derivative(np.array([-1.0, 0.0, 1.0])).round(4).tolist()
    [0.42, 1.0, 0.42]
    """
    return 4 * sigmoid_derivative(2 * z)  # the same number, without losing digits


def _normal_share(z: Floats) -> Floats:
    """Return Φ(z), the share of a standard normal distribution that lies below z."""
    erfc = np.frompyfunc(math.erfc, 1, 1)  # NumPy has none
    return np.asarray(erfc(-z / math.sqrt(2)), dtype=np.float64) / 2


ACTIVATIONS: dict[str, Activation] = {
    entry.name: entry
    for entry in (
        Activation("none", "None", "z", lambda z: z),
        Activation("relu", "ReLU", "max(0, z)", relu),
        Activation(
            "leaky_relu",
            "Leaky ReLU",
            "z, or 0.01 · z where z < 0",
            leaky_relu,
        ),
        Activation("tanh", "tanh", "tanh(z)", tanh),
        Activation("sigmoid", "Sigmoid", "1 / (1 + exp(−z))", sigmoid),
    )
}


def activation(name: str) -> Activation:
    """Return an activation by its name.

    Parameters
    ----------
    name : str
        A key of `ACTIVATIONS`; the slope of the leaky ReLU is 0.01, as in PyTorch.

    Returns
    -------
    Activation
        The activation.

    Raises
    ------
    InputError
        If there is none of this name.

    Examples
    --------
    >>> activation("relu").function(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    if name not in ACTIVATIONS:
        raise InputError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {name!r}")
    return ACTIVATIONS[name]
