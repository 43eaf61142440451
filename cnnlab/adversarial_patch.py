"""An adversarial patch: a small picture that, wherever it lies, makes the network see one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.fooling import Scores, log_odds, probabilities, whole

__all__ = ["AT_A_TIME", "RATE", "STEPS", "Patch", "place", "places", "train_patch", "tried"]

STEPS = 30
AT_A_TIME = 4  # pictures in each step, each with the patch at a place of its own
RATE = 16.0  # how far a step changes a number, about, in grey levels


@dataclass(frozen=True, eq=False)
class Patch:
    """A trained patch.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (side, side, C)
        The patch.
    target : int
        The class it stands for.
    shares : ndarray of shape (S,)
        Mean probability of the class at each step of training.
    n_pictures : int
        How many pictures it was trained on.
    """

    pixels: NDArray[np.uint8]
    target: int
    shares: NDArray[np.float32]
    n_pictures: int


def place(levels: Tensor, patch: Tensor, *, top: int, left: int) -> Tensor:
    """Return pictures with the patch laid over them.

    Parameters
    ----------
    levels : Tensor of shape (N, C, H, W)
        Grey levels.
    patch : Tensor of shape (C, side, side)
        Grey levels.
    top, left : int
        Where its upper left corner lies, in pixels.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        New pictures.

    Raises
    ------
    InputError
        If the patch would stick out.

    Examples
    --------
    >>> place(torch.zeros(1, 1, 2, 2), torch.full((1, 1, 1), 9.0), top=1, left=0).tolist()
    [[[[0.0, 0.0], [9.0, 0.0]]]]
    """
    side = patch.shape[-1]
    height, width = levels.shape[2:]
    if not (0 <= top <= height - side and 0 <= left <= width - side):
        raise InputError(f"a patch of {side} pixels at row {top}, column {left} sticks out")
    laid = levels.clone()
    laid[:, :, top : top + side, left : left + side] = patch
    return laid


def train_patch(
    scores: Scores,
    pictures: Tensor,
    *,
    target: int,
    side: int,
    steps: int = STEPS,
    seed: int = 0,
) -> Patch:
    """Return a patch that raises the probability of a class wherever it lies.

    Each step lays the patch over a few pictures at places drawn by lot, and changes it so that
    the class becomes more probable in all of them: an expectation over pictures and places [1]_.

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    pictures : Tensor of shape (N, C, H, W)
        What to train on, in grey levels.
    target : int
        The class.
    side : int
        Of the patch, in pixels.
    steps : int
        Steps of gradient descent, by Adam.
    seed : int
        Of the lots.

    Returns
    -------
    Patch
        Whole grey levels.

    Raises
    ------
    InputError
        If there is no picture, or the patch does not fit.

    References
    ----------
    .. [1] Brown et al., 2017, "Adversarial patch", arXiv:1712.09665.
    """
    n, channels, height, width = pictures.shape
    if not n:
        raise InputError("there must be at least one picture to train the patch on")
    side = in_range(side, name="side", low=1, high=min(height, width))
    steps = in_range(steps, name="steps", low=1, high=10_000)
    lots = np.random.default_rng(seed)
    shares = []
    with torch.inference_mode(False), torch.enable_grad():
        patch = torch.full((channels, side, side), 127.5, requires_grad=True)
        descent = torch.optim.Adam([patch], lr=RATE)
        for step in range(steps):
            progress(step / steps)
            laid = [
                place(
                    pictures[int(lots.integers(n))][None],
                    patch,
                    top=int(lots.integers(height - side + 1)),
                    left=int(lots.integers(width - side + 1)),
                )
                for _ in range(AT_A_TIME)
            ]
            odds = log_odds(scores(torch.cat(laid)), target)
            shares.append(float(odds.detach().sigmoid().mean()))
            (patch.grad,) = torch.autograd.grad(-functional.logsigmoid(odds).mean(), patch)
            descent.step()
            with torch.no_grad():
                patch.clamp_(0, 255)
    pixels = whole(patch.detach()).permute(1, 2, 0).to(torch.uint8).numpy()
    return Patch(pixels, target, np.array(shares, np.float32), n)


def places(size: tuple[int, int], side: int, *, grid: int) -> list[tuple[int, int]]:
    """Return the corners (top, left) of `grid` × `grid` places, from edge to edge, row by row.

    Examples
    --------
    >>> places((10, 10), 4, grid=2)
    [(0, 0), (0, 6), (6, 0), (6, 6)]
    """
    rows, columns = (np.linspace(0, length - side, grid).round().astype(int) for length in size)
    return [(int(row), int(column)) for row in rows for column in columns]


def tried(
    scores: Scores, levels: Tensor, pixels: NDArray[np.uint8], *, target: int, grid: int = 5
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Lay a patch at `grid` × `grid` places of a picture and see where it wins.

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    levels : Tensor of shape (1, C, H, W)
        The picture.
    pixels : ndarray of uint8, shape (side, side, C)
        The patch.
    target : int
        The class it stands for.
    grid : int
        Places along each side.

    Returns
    -------
    shares : ndarray of shape (grid, grid)
        Probability of the class.
    wins : ndarray of bool, shape (grid, grid)
        Where it is the most probable.
    """
    patch = torch.from_numpy(pixels).permute(2, 0, 1).float()
    size = (levels.shape[2], levels.shape[3])
    laid = [
        place(levels, patch, top=top, left=left)
        for top, left in places(size, patch.shape[-1], grid=grid)
    ]
    found = probabilities(scores, torch.cat(laid))
    wins = (found.argmax(1) == target).numpy().reshape(grid, grid)
    return found[:, target].numpy().reshape(grid, grid), wins
