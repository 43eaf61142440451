"""What becomes of one number on its way through a network: activations and normalisation."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from cnnlab import activations
from cnnlab.numerals import written

__all__ = ["ACTIVATIONS", "Changed", "activated", "combined", "normalised", "with_numbers"]


@dataclass(frozen=True)
class Changed:
    """A number and how it follows from the one before.

    Parameters
    ----------
    title : str
        What the function is called.
    formula : str
        In letters: z is the number before.
    numbers : mapping of str to float
        What the letters stand for, and what that was made of.
    result : float
        The number, in float64.
    magnitude : float
        The sizes of all terms added up: what rounding errors grow with.
    """

    title: str
    formula: str
    numbers: Mapping[str, float]
    result: float
    magnitude: float


def normalised(
    z: float,
    *,
    mean: float,
    variance: float,
    gamma: float = 1.0,
    beta: float = 0.0,
    eps: float = 1e-5,
    title: str = "Batch normalisation",
) -> Changed:
    """Return a normalised number, written as a scale and a shift.

    Parameters
    ----------
    z : float
        The number before.
    mean, variance : float
        What is taken off and what is divided by the root of: in batch normalisation fixed numbers
        of the channel, measured in training.
    gamma, beta : float
        What the layer has learned.
    eps : float
        Added to the variance.
    title : str
        What to call it.

    Returns
    -------
    Changed
        γ · (z − mean) / √(variance + ε) + β, which is z × scale + shift.

    Examples
    --------
    >>> normalised(5.0, mean=3.0, variance=4.0, gamma=2.0, beta=1.0, eps=0.0).result
    3.0
    """
    scale = gamma / math.sqrt(variance + eps)
    shift = beta - mean * scale
    numbers = {"z": z, "mean": mean, "variance": variance, "ε": eps, "γ": gamma, "β": beta}
    numbers |= {"scale": scale, "shift": shift}
    size = abs(z * scale) + abs(mean * scale) + abs(beta)
    return Changed(title, "z × scale + shift", numbers, z * scale + shift, size)


def activated(name: str, z: float, **settings: float | str) -> Changed:
    """Return what an activation makes of a number.

    Parameters
    ----------
    name : str
        A key of ``ACTIVATIONS``: torch's name of the function.
    z : float
        The number before.
    settings : float or str
        The function's own, as torch names them.

    Returns
    -------
    Changed
        The number after.

    Examples
    --------
    >>> activated("hardswish", 1.0).result == 4 / 6, activated("relu", -2.0).result
    (True, 0.0)
    """
    if name == "hardtanh" and (settings.get("min_val"), settings.get("max_val")) == (0, 6):
        name = "relu6"
    title, formula, function = ACTIVATIONS[name]
    result = function(z, settings)
    return Changed(title, formula, {"z": z}, result, abs(result))


def combined(kind: str, z: float, y: float, *, first: bool = True) -> Changed:
    """Return the sum, difference or product of a number and another one.

    Parameters
    ----------
    kind : {"add", "sub", "mul"}
        Which.
    z, y : float
        The number before, and the other.
    first : bool
        Whether z stands first.

    Returns
    -------
    Changed
        The number after.

    Examples
    --------
    >>> combined("sub", 5.0, 3.0).result, combined("sub", 5.0, 3.0, first=False).result
    (2.0, -2.0)
    """
    title, sign, function = _TWO[kind]
    letters = f"z {sign} y" if first else f"y {sign} z"
    result = function(z, y) if first else function(y, z)
    size = abs(result) if kind == "mul" else abs(z) + abs(y)
    return Changed(title, letters, {"z": z, "y": y}, result, size)


def with_numbers(formula: str, numbers: Mapping[str, float]) -> str:
    """Return a formula with numbers in place of its letters.

    Examples
    --------
    >>> with_numbers("z × scale + shift", {"z": -1.5, "scale": 2.0, "shift": -0.25})
    '−1.5 × 2 + (−0.25)'
    """
    for name in ("z", "y", "scale", "shift"):
        if name in numbers:
            text = written(numbers[name], 4)
            if "," in formula:  # max(0, z): there a comma is between two numbers
                text = text.replace(",", "")
            if numbers[name] < 0:  # in brackets behind a sign
                formula = re.sub(rf"(?<=[×·+−] ){name}(?!\w)", f"({text})", formula)
            formula = re.sub(rf"(?<!\w){name}(?!\w)", text, formula)
    return formula


def _sigmoid(z: float) -> float:
    return float(activations.sigmoid(np.array(z)))


def _gate(z: float) -> float:
    return min(max(z + 3.0, 0.0), 6.0) / 6.0


def _gelu(z: float, settings: Mapping[str, float | str]) -> float:
    usual = settings.get("approximate", "none") == "none"
    return float((activations.gelu if usual else activations.gelu_tanh)(np.array(z)))


def _clipped(z: float, settings: Mapping[str, float | str]) -> float:
    low, high = float(settings.get("min_val", -1.0)), float(settings.get("max_val", 1.0))
    return min(max(low, z), high)


def _leaky(z: float, settings: Mapping[str, float | str]) -> float:
    return z if z >= 0 else float(settings.get("negative_slope", 0.01)) * z


def _elu(z: float, settings: Mapping[str, float | str]) -> float:
    return z if z >= 0 else float(settings.get("alpha", 1.0)) * math.expm1(z)


Function = Callable[[float, Mapping[str, float | str]], float]
# By the name of torch's function: what it is called, its formula, what it does to a number.
ACTIVATIONS: dict[str, tuple[str, str, Function]] = {
    "relu": ("ReLU", "max(0, z)", lambda z, _: max(0.0, z)),
    "relu6": ("ReLU6", "min(max(0, z), 6)", lambda z, _: min(max(0.0, z), 6.0)),
    "hardtanh": ("Clipping", "min(max(lowest, z), highest)", _clipped),
    "silu": ("SiLU", "z · sigmoid(z)", lambda z, _: z * _sigmoid(z)),
    "hardswish": ("Hardswish", "z · min(max(0, z + 3), 6) / 6", lambda z, _: z * _gate(z)),
    "hardsigmoid": ("Hard sigmoid", "min(max(0, z + 3), 6) / 6", lambda z, _: _gate(z)),
    "sigmoid": ("Sigmoid", "1 / (1 + exp(−z))", lambda z, _: _sigmoid(z)),
    "tanh": ("tanh", "tanh(z)", lambda z, _: math.tanh(z)),
    "leaky_relu": ("Leaky ReLU", "z, or slope · z below 0", _leaky),
    "elu": ("ELU", "z, or α · (exp(z) − 1) below 0", _elu),
    "gelu": ("GELU", "z · Φ(z), Φ the normal distribution", _gelu),
}
_TWO: dict[str, tuple[str, str, Callable[[float, float], float]]] = {
    "add": ("Sum", "+", lambda a, b: a + b),
    "sub": ("Difference", "−", lambda a, b: a - b),
    "mul": ("Product", "×", lambda a, b: a * b),
}
