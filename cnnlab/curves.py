"""The curves of activations: each function with its derivative, its range, where it is flat."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cnnlab import activations as act
from cnnlab.checks import InputError

__all__ = ["CURVES", "Curve", "curve", "flat_intervals", "mean_output", "saturated_share"]

Floats = NDArray[np.float64]
_FAR = 12.0  # beyond, every curve goes on as it does there


@dataclass(frozen=True)
class Curve:
    """An activation as a curve.

    Parameters
    ----------
    name, title : str
        Its key, and what it is called on the page.
    formula, derivative_formula : str
        As they are written.
    low, high : float
        The values lie between these; infinite where there is no end.
    function, derivative : callable
        Each takes and returns an array of any shape.
    """

    name: str
    title: str
    formula: str
    derivative_formula: str
    low: float
    high: float
    function: Callable[[Floats], Floats]
    derivative: Callable[[Floats], Floats]


CURVES: dict[str, str] = {
    "relu": "ReLU",
    "leaky_relu": "Leaky ReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "gelu_tanh": "GELU, tanh form",
    "sigmoid": "Sigmoid",
    "tanh": "tanh",
    "none": "None (linear)",
}


def curve(name: str, *, slope: float = 0.01, alpha: float = 1.0) -> Curve:
    """Return an activation as a curve.

    Parameters
    ----------
    name : str
        A key of `CURVES`.
    slope : float
        Of the leaky ReLU below zero.
    alpha : float
        Where the ELU ends on the left: at −alpha.

    Returns
    -------
    Curve
        The function, its derivative, what is known about them.

    Raises
    ------
    InputError
        If there is none of this name, or a setting is out of range.

    Examples
    --------
    >>> curve("elu", alpha=2.0).low
    -2.0
    """
    if name not in CURVES:
        raise InputError(f"activation must be one of {', '.join(CURVES)}, got {name!r}")
    if not 0 <= slope < 1:
        raise InputError(f"slope must be from 0 to below 1, got {slope:g}")
    if not 0 < alpha <= 10:
        raise InputError(f"alpha must be above 0 and at most 10, got {alpha:g}")
    title, everything = CURVES[name], (-math.inf, math.inf)
    if name == "relu":
        formula, slopes = "max(0, x)", "1 if x > 0, else 0"
        return Curve(name, title, formula, slopes, 0.0, math.inf, act.relu, act.relu_derivative)
    if name == "leaky_relu":
        return Curve(
            name,
            title,
            f"x if x > 0, else {slope:g} · x",
            f"1 if x > 0, else {slope:g}",
            *(everything if slope else (0.0, math.inf)),
            partial(act.leaky_relu, slope=slope),
            partial(act.leaky_relu_derivative, slope=slope),
        )
    if name == "elu":
        times = "" if alpha == 1 else f"{alpha:g} · "
        return Curve(
            name,
            title,
            f"x if x > 0, else {times}(exp(x) − 1)",
            f"1 if x > 0, else {times}exp(x)",
            -alpha,
            math.inf,
            partial(act.elu, alpha=alpha),
            partial(act.elu_derivative, alpha=alpha),
        )
    if name in ("gelu", "gelu_tanh"):
        exact = name == "gelu"
        function = act.gelu if exact else act.gelu_tanh
        return Curve(
            name,
            title,
            "x · Φ(x)" if exact else "½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))",
            "Φ(x) + x · φ(x)" if exact else "by the product and the chain rule",
            float(function(np.linspace(-1, -0.5, 50_001)).min()),  # its lowest point is in there
            math.inf,
            function,
            act.gelu_derivative if exact else act.gelu_tanh_derivative,
        )
    if name == "sigmoid":
        formula, slopes = "1 / (1 + exp(−x))", "σ(x) · (1 − σ(x))"
        return Curve(name, title, formula, slopes, 0.0, 1.0, act.sigmoid, act.sigmoid_derivative)
    if name == "tanh":
        slopes = "1 − tanh²(x)"
        return Curve(name, title, "tanh(x)", slopes, -1.0, 1.0, act.tanh, act.tanh_derivative)
    return Curve(name, title, "x", "1", *everything, lambda z: z, np.ones_like)


def flat_intervals(found: Curve, *, threshold: float) -> list[tuple[float, float]]:
    """Return where the size of the derivative is below a threshold: there the curve is saturated.

    Parameters
    ----------
    found : Curve
        The activation.
    threshold : float
        From 0.001 to 1.

    Returns
    -------
    list of (float, float)
        From left to right, to 0.001; infinite where an interval has no end.

    Raises
    ------
    InputError
        If the threshold is out of range.

    Examples
    --------
    >>> flat_intervals(curve("sigmoid"), threshold=0.05)
    [(-inf, -2.888), (2.888, inf)]
    """
    if not 0.001 <= threshold <= 1:
        raise InputError(f"threshold must be from 0.001 to 1, got {threshold:g}")
    x = np.linspace(-_FAR, _FAR, 24_001)
    flat = np.abs(found.derivative(x)) < threshold
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flat, [False])).astype(int)))
    intervals = []
    for first, after in edges.reshape(-1, 2):
        start = -math.inf if first == 0 else round(float(x[first]), 3)
        end = math.inf if after == len(x) else round(float(x[after - 1]), 3)
        intervals.append((start, end))
    return intervals


def saturated_share(found: Curve, z: Floats, *, threshold: float) -> float:
    """Return the share of the numbers at which the derivative is smaller than the threshold.

    Examples
    --------
    >>> saturated_share(curve("relu"), np.array([-1.0, 2.0, 3.0, 4.0]), threshold=0.05)
    0.25
    """
    return float((np.abs(found.derivative(z)) < threshold).mean())


def mean_output(found: Curve) -> float:
    """Return the mean of f(x) if x is a standard normal number: 0 if f is zero-centred.

    Examples
    --------
    >>> round(mean_output(curve("relu")), 4)  # 1 / √(2π)
    0.3989
    """
    x = np.linspace(-_FAR, _FAR, 24_001)
    bell = np.exp(-x * x / 2)
    return float((found.function(x) * bell).sum() / bell.sum())
