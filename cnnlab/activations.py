"""Activations: what is done to each sum before it is written into the feature map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError

__all__ = ["ACTIVATIONS", "Activation", "activation"]

Floats = NDArray[np.float64]


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


def _sigmoid(z: Floats) -> Floats:
    # Two forms of the same fraction: neither overflows where it is used.
    small = np.exp(-np.abs(z))
    result: Floats = np.where(z >= 0, 1 / (1 + small), small / (1 + small))
    return result


ACTIVATIONS: dict[str, Activation] = {
    entry.name: entry
    for entry in (
        Activation("none", "None", "z", lambda z: z),
        Activation("relu", "ReLU", "max(0, z)", lambda z: np.maximum(z, 0.0)),
        Activation(
            "leaky_relu",
            "Leaky ReLU",
            "z, or 0.01 · z where z < 0",
            lambda z: np.where(z > 0, z, 0.01 * z),
        ),
        Activation("tanh", "tanh", "tanh(z)", np.tanh),
        Activation("sigmoid", "Sigmoid", "1 / (1 + exp(−z))", _sigmoid),
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
