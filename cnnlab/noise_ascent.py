"""From noise to certainty: a picture of nothing that a network is sure about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.fooling import Scores, gradient, probabilities, whole

__all__ = ["Ascent", "from_noise"]

STEP = 2.0  # grey levels
MOST_STEPS = 60


@dataclass(frozen=True, eq=False)
class Ascent:
    """The way from noise to a confident answer.

    Parameters
    ----------
    steps : list of int
        After how many steps the frames were taken; 0 is the noise.
    frames : ndarray of uint8, shape (F, H, W, C)
        The noise, and the picture after these steps.
    shares : ndarray of shape (F,)
        Probability of the class for each.
    answers : ndarray of int, shape (F,)
        The most probable class for each.
    reached : bool
        Whether the probability passed the wanted one.
    """

    steps: list[int]
    frames: NDArray[np.uint8]
    shares: NDArray[np.float32]
    answers: NDArray[np.int64]
    reached: bool

    @property
    def largest(self) -> int:
        """The largest change of any number since the noise, in grey levels."""
        return int(np.abs(self.frames[-1].astype(int) - self.frames[0]).max())

    def thinned(self, most: int) -> Ascent:
        """Return the same with at most `most` frames, the first and the last among them."""
        kept = np.unique(np.linspace(0, len(self.steps) - 1, most).round().astype(int))
        steps = [self.steps[place] for place in kept.tolist()]
        rest = (self.frames[kept], self.shares[kept], self.answers[kept])
        return Ascent(steps, *rest, self.reached)


def from_noise(
    scores: Scores,
    shape: tuple[int, int, int],
    *,
    target: int,
    confidence: float = 0.99,
    seed: int = 0,
    steps: int = MOST_STEPS,
) -> Ascent:
    """Begin with noise and climb until the network is sure that it sees the class.

    Each step changes every number by 2 grey levels along the sign of the gradient.

    Parameters
    ----------
    scores : callable
        The network in grey levels, as `cnnlab.fooling.in_levels` makes it.
    shape : (C, H, W)
        Of the picture.
    target : int
        The class.
    confidence : float
        The probability at which to stop, between 0 and 1.
    seed : int
        Of the noise: independent numbers, evenly spread over 0 to 255.
    steps : int
        The most steps to take.

    Returns
    -------
    Ascent
        All pictures of the way, with their probabilities.

    Raises
    ------
    InputError
        If a setting is out of range, or the gradient is zero.

    References
    ----------
    .. [1] Nguyen, Yosinski, Clune, 2015, "Deep neural networks are easily fooled",
       arXiv:1412.1897.
    """
    steps = in_range(steps, name="steps", low=1, high=1000)
    if not 0 < confidence < 1:
        raise InputError(f"confidence must lie between 0 and 1, got {confidence}")
    noise = np.random.default_rng(seed).integers(0, 256, size=shape)
    x = torch.from_numpy(noise).float()[None]
    frames, found = [], []
    for step in range(steps + 1):
        frames.append(x[0].permute(1, 2, 0).to(torch.uint8).numpy())
        found.append(probabilities(scores, x)[0])
        share = float(found[-1][target])
        progress(max(step / steps, share))
        if share > confidence or step == steps:
            break
        x = whole(x + STEP * gradient(scores, x, target=target).sign())
    shares = torch.stack(found)
    return Ascent(
        list(range(len(frames))),
        np.stack(frames),
        shares[:, target].numpy(),
        shares.argmax(1).numpy(),
        float(shares[-1, target]) > confidence,
    )
