"""Why so little is enough: to a linear model, many tiny changes add up.

A score that is a weighted sum changes by epsilon · (|w1| + |w2| + ... + |wn|) if every input goes
up or down by epsilon, each in the direction of its weight. With n = 150,528 inputs that is much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cnnlab.checks import InputError

if TYPE_CHECKING:
    from PIL import Image
    from torch import nn

__all__ = [
    "TOY_WEIGHTS",
    "TOY_X",
    "LinearView",
    "expected_gain",
    "linear_score",
    "linear_view",
    "nudged",
    "sigmoid",
]

Floats = NDArray[np.floating[Any]]
# A. Karpathy, "Breaking linear classifiers on ImageNet", 2015: an input and the weights of a class.
TOY_X = (2, -1, 3, -2, 2, 2, 1, -4, 5, 1)
TOY_WEIGHTS = (-1, -1, 1, -1, 1, -1, 1, 1, -1, 1)


def linear_score(x: ArrayLike, weights: ArrayLike, bias: float = 0.0) -> float:
    """Return the weighted sum of the inputs.

    Examples
    --------
    >>> linear_score(TOY_X, TOY_WEIGHTS)
    -3.0
    """
    return float(np.dot(np.asarray(x, float), np.asarray(weights, float)) + bias)


def sigmoid(score: float) -> float:
    """Return the probability that belongs to a score of a class that is there or not.

    Examples
    --------
    >>> round(sigmoid(-3.0), 4), round(sigmoid(2.0), 4)
    (0.0474, 0.8808)
    """
    return float(1 / (1 + np.exp(-score)))


def nudged(x: ArrayLike, weights: ArrayLike, epsilon: float) -> Floats:
    """Return the inputs after each went by epsilon in the direction of its weight.

    Parameters
    ----------
    x, weights : array_like of shape (n,)
        Inputs and weights.
    epsilon : float
        How far.

    Returns
    -------
    ndarray of shape (n,)
        x + epsilon · sign(w); the score grows by epsilon times the sum of all |w|.

    Examples
    --------
    >>> x = nudged(TOY_X, TOY_WEIGHTS, 0.5)
    >>> linear_score(x, TOY_WEIGHTS)  # ten weights of size 1: -3 + 10 · 0.5
    2.0
    """
    moved: Floats = np.asarray(x, float) + epsilon * np.sign(np.asarray(weights, float))
    return moved


def expected_gain(n: int, *, epsilon: float, mean_weight: float) -> float:
    """Return by how much the score grows: n · epsilon · mean of |w|.

    Parameters
    ----------
    n : int
        How many inputs.
    epsilon : float
        How far each of them goes.
    mean_weight : float
        The mean of |w|.

    Examples
    --------
    >>> expected_gain(224 * 224 * 3, epsilon=1, mean_weight=0.001)
    150.528
    """
    if n < 1 or epsilon < 0 or mean_weight < 0:
        raise InputError("n must be at least 1, and epsilon and mean_weight at least 0")
    return n * epsilon * mean_weight


@dataclass(frozen=True, eq=False)
class LinearView:
    """A score as the linear view foretells it, and as it is.

    Parameters
    ----------
    epsilons : ndarray of shape (N,)
        Grey levels, from 0.
    foretold : ndarray of shape (N,)
        The score of the class by the linear view: a straight line.
    actual : ndarray of shape (N,)
        What the network says.
    n : int
        How many numbers the picture has.
    mean_gradient : float
        The mean of the absolute gradient, in score per grey level.
    """

    epsilons: Floats
    foretold: Floats
    actual: Floats
    n: int
    mean_gradient: float


def linear_view(
    model: nn.Module,
    image: Image.Image,
    name: str,
    *,
    target: int,
    towards: bool,
    largest: float = 2.0,
) -> LinearView:
    """Compare the score of a class along the sign of its gradient with a straight line.

    Parameters
    ----------
    model : torch.nn.Module
        The network; neither changed nor hooked.
    image : PIL.Image.Image
        Any picture.
    name : str
        The network's name.
    target : int
        The class.
    towards : bool
        Whether its score shall rise; else fall.
    largest : float
        The last epsilon, in grey levels.

    Returns
    -------
    LinearView
        For 17 epsilons, from 0. Numbers may leave 0 to 255 and need not be whole
        here, so that nothing but the bends of the network makes the difference.

    Raises
    ------
    InputError
        If the gradient is zero or no number.

    References
    ----------
    .. [1] Goodfellow, Shlens, Szegedy, 2015, arXiv:1412.6572, section 3.
    """
    import torch

    from cnnlab.fooling import AT_ONCE, in_levels, seen_levels

    scores, levels = in_levels(model, name), seen_levels(image, name)
    with torch.inference_mode(False), torch.enable_grad():
        given = levels.clone().requires_grad_()
        score = scores(given)[0, target]
        (slope,) = torch.autograd.grad(score, given)
    if not torch.isfinite(slope).all() or not slope.any():
        raise InputError("the gradient of this class score is zero or no number; choose another")
    sign = 1 if towards else -1
    epsilons = torch.linspace(0, largest, 17)
    pictures = levels + sign * epsilons[:, None, None, None] * slope.sign()
    with torch.inference_mode():
        actual = torch.cat([scores(part)[:, target] for part in torch.split(pictures, AT_ONCE)])
    rise = float(slope.abs().double().sum())
    foretold = score.item() + sign * epsilons.double().numpy() * rise
    return LinearView(
        epsilons.numpy(), foretold, actual.cpu().numpy(), slope.numel(), rise / slope.numel()
    )
