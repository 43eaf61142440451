"""Gradient descent on a bowl: least squares with two weights, before and after normalisation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError
from cnnlab.normalisation import mean_and_std

__all__ = [
    "TREATMENTS",
    "Problem",
    "best_rate",
    "condition_number",
    "generate",
    "gradient",
    "gradient_descent",
    "hessian",
    "largest_rate",
    "loss",
    "minimum",
    "steps_needed",
    "treat",
]

Floats = NDArray[np.float64]
TREATMENTS = ("mean and scale", "mean only", "scale only")


@dataclass(frozen=True)
class Problem:
    """Find weights `w` so that ``x @ w`` is near `y`.

    Parameters
    ----------
    x : (N, D) array
        N examples, D features.
    y : (N,) array
        What is to be predicted.
    """

    x: Floats
    y: Floats


def generate(*, ratio: float, offset: float, n: int = 60, seed: int = 0) -> Problem:
    """Return data with two features, the second on another scale.

    Parameters
    ----------
    ratio : float
        How many times wider the second feature spreads than the first.
    offset : float
        Where the middle of a feature lies, in half widths: 0 is centred, 1 begins at zero.
    n : int
        How many examples.
    seed : int
        Of the random numbers.

    Returns
    -------
    Problem
        x₁ = offset + u₁, x₂ = ratio · (offset + u₂) with u uniform from −1 to 1, and
        y = x₁ + x₂ / √ratio + noise.

    Raises
    ------
    InputError
        If the ratio is not above 0.

    Examples
    --------
    >>> generate(ratio=10, offset=0).x.shape
    (60, 2)
    """
    if not ratio > 0:
        raise InputError(f"the scale ratio must be above 0, got {ratio:g}")
    random = np.random.default_rng(seed)
    x = (offset + random.uniform(-1, 1, (n, 2))) * [1, ratio]
    y = x @ [1, 1 / math.sqrt(ratio)] + random.normal(0, 0.1, n)
    return Problem(x, y)


def treat(problem: Problem, how: str = "mean and scale") -> Problem:
    """Return the same problem with normalised features.

    Parameters
    ----------
    problem : Problem
        The data as they are.
    how : str
        One of ``TREATMENTS``: what is done to each column.

    Returns
    -------
    Problem
        Where means are subtracted, the mean of `y` is too: it is what the best bias would be.

    Examples
    --------
    >>> treat(generate(ratio=10, offset=3)).x.mean(axis=0).round(6).tolist()
    [0.0, 0.0]
    """
    mean, std = mean_and_std(problem.x)
    match how:
        case "mean and scale":
            return Problem((problem.x - mean) / std, problem.y - problem.y.mean())
        case "mean only":
            return Problem(problem.x - mean, problem.y - problem.y.mean())
        case "scale only":
            return Problem(problem.x / std, problem.y)
    raise ValueError(f"how must be one of {', '.join(TREATMENTS)}, got {how!r}")


def loss(problem: Problem, w: ArrayLike, *, decay: float = 0.0) -> float:
    """Return the mean squared error, with weight decay if wanted.

    Parameters
    ----------
    problem : Problem
        The data.
    w : (D,) array
        The weights.
    decay : float
        λ of ridge regression: λ · Σ w² is added.

    Returns
    -------
    float
        1/N · Σ (x · w − y)² + λ · Σ w².

    Examples
    --------
    >>> loss(Problem(np.array([[1.0, 0.0]]), np.array([3.0])), [1, 5])
    4.0
    """
    w = np.asarray(w, np.float64)
    return float(((problem.x @ w - problem.y) ** 2).mean() + decay * (w**2).sum())


def gradient(problem: Problem, w: ArrayLike, *, decay: float = 0.0) -> Floats:
    """Return the slope of the loss along each weight.

    Parameters
    ----------
    problem : Problem
        The data.
    w : (D,) array
        The weights.
    decay : float
        λ of ridge regression.

    Returns
    -------
    (D,) array
        2/N · Σ (x · w − y) · x + 2 · λ · w: each error is multiplied by its feature, so a
        feature of large numbers makes a large slope.

    Examples
    --------
    >>> gradient(Problem(np.array([[1.0, 10.0]]), np.array([3.0])), [0, 0]).tolist()
    [-6.0, -60.0]
    """
    w = np.asarray(w, np.float64)
    error = problem.x @ w - problem.y  # (N,)
    slope: Floats = 2 * problem.x.T @ error / len(error) + 2 * decay * w
    return slope


def gradient_descent(problem: Problem, *, rate: float, steps: int) -> Floats:
    """Return the weights before the first step and after each step, from zero on.

    Parameters
    ----------
    problem : Problem
        The data.
    rate : float
        The learning rate η.
    steps : int
        How many steps.

    Returns
    -------
    (steps + 1, D) array
        The way of the weights. If the rate is too large they grow without end; the way stays
        where it is once they are a million million times too large to be drawn.

    Examples
    --------
    >>> bowl = Problem(np.eye(2), np.array([1.0, 1.0]))
    >>> gradient_descent(bowl, rate=0.5, steps=2).tolist()
    [[0.0, 0.0], [0.5, 0.5], [0.75, 0.75]]
    """
    way = np.zeros((steps + 1, problem.x.shape[1]))
    for step in range(steps):
        w = way[step]
        too_far = np.abs(w).max() > 1e12
        way[step + 1] = w if too_far else w - rate * gradient(problem, w)
    return way


def hessian(problem: Problem) -> Floats:
    """Return the curvature of the loss, the same everywhere: 2/N · Xᵀ X.

    Parameters
    ----------
    problem : Problem
        The data.

    Returns
    -------
    (D, D) array
        Its eigenvectors are the axes of the contours, its eigenvalues how steep they are.

    Examples
    --------
    >>> hessian(Problem(np.array([[1.0, 0.0], [0.0, 10.0]]), np.zeros(2))).tolist()
    [[1.0, 0.0], [0.0, 100.0]]
    """
    curvature: Floats = 2 * problem.x.T @ problem.x / len(problem.x)
    return curvature


def minimum(problem: Problem) -> Floats:
    """Return the weights of the lowest loss.

    Parameters
    ----------
    problem : Problem
        The data.

    Returns
    -------
    (D,) array
        The weights.

    Examples
    --------
    >>> minimum(Problem(np.eye(2), np.array([1.0, 2.0]))).tolist()
    [1.0, 2.0]
    """
    return np.asarray(np.linalg.lstsq(problem.x, problem.y, rcond=None)[0], np.float64)


def condition_number(curvature: ArrayLike) -> float:
    """Return the largest eigenvalue divided by the smallest.

    Parameters
    ----------
    curvature : (D, D) array
        A symmetric matrix, the Hessian of a loss.

    Returns
    -------
    float
        1 for round contours; the larger, the longer the valley; infinity for a flat direction.

    Examples
    --------
    >>> condition_number([[2, 0], [0, 50]])
    25.0
    """
    low, *_, high = np.linalg.eigvalsh(np.asarray(curvature, np.float64))
    return float(high / low) if low > 0 else math.inf


def largest_rate(curvature: ArrayLike) -> float:
    """Return the learning rate beyond which gradient descent on a bowl grows without end.

    Parameters
    ----------
    curvature : (D, D) array
        The Hessian of the loss.

    Returns
    -------
    float
        2 / λmax: a step along the steepest axis multiplies the distance by 1 − η · λmax, and
        that must not be below −1.

    Examples
    --------
    >>> largest_rate([[2, 0], [0, 50]])
    0.04
    """
    return float(2 / np.linalg.eigvalsh(np.asarray(curvature, np.float64))[-1])


def best_rate(curvature: ArrayLike) -> float:
    """Return the learning rate with which gradient descent on a bowl is surely fastest.

    Parameters
    ----------
    curvature : (D, D) array
        The Hessian of the loss.

    Returns
    -------
    float
        2 / (λmin + λmax). Then the steepest and the flattest axis both shrink by
        (κ − 1) / (κ + 1) with each step, where κ is the condition number.

    References
    ----------
    .. [1] Nesterov, 2004, Introductory Lectures on Convex Optimization, theorem 2.1.15.

    Examples
    --------
    >>> best_rate([[1, 0], [0, 3]])
    0.5
    """
    low, *_, high = np.linalg.eigvalsh(np.asarray(curvature, np.float64))
    return float(2 / (low + high))


def steps_needed(problem: Problem, *, rate: float, share: float = 0.01) -> int | None:
    """Return after how many steps from zero the weights are near the minimum.

    Parameters
    ----------
    problem : Problem
        The data.
    rate : float
        The learning rate η.
    share : float
        How much of the first distance to the minimum may be left.

    Returns
    -------
    int or None
        The number of steps, None if the weights never come so near. No step is walked: along
        an axis of eigenvalue λ, t steps multiply the distance by (1 − η · λ)ᵗ.

    Examples
    --------
    >>> bowl = Problem(np.eye(2), np.array([1.0, 1.0]))
    >>> steps_needed(bowl, rate=0.5)  # each step halves the distance, and 1/128 is below 1/100
    7
    """
    values, axes = np.linalg.eigh(hessian(problem))
    distance = axes.T @ -minimum(problem)  # along each axis, at the start
    factors = np.abs(1 - rate * values)
    goal = share * np.linalg.norm(distance)

    def near(steps: int) -> bool:
        return bool(np.linalg.norm(factors**steps * distance) <= goal)

    if factors.max() >= 1:
        return None
    high = 1
    while not near(high):
        high *= 2
    low = high // 2
    while high - low > 1:  # the distance only shrinks, so halving finds the first
        middle = (low + high) // 2
        low, high = (low, middle) if near(middle) else (middle, high)
    return high
