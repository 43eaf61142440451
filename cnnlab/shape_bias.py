"""Which cue a network followed where shape and texture disagree, and how often: the shape bias."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError

__all__ = ["Verdict", "Winner", "judge", "shape_bias"]

Winner = Literal["shape", "texture", "neither"]


@dataclass(frozen=True)
class Verdict:
    """What a network took for the class of a picture in which two cues disagree.

    Attributes
    ----------
    guess : int
        Number of the most probable class.
    shape, texture : float
        Probability of all classes of the shape together, and of all classes of the texture.
    winner : {"shape", "texture", "neither"}
        Which of them the first guess belongs to.
    """

    guess: int
    shape: float
    texture: float
    winner: Winner

    @property
    def ahead(self) -> Winner:
        """Which of the two has the larger probability, whatever the first guess is."""
        if self.shape == self.texture:
            return "neither"
        return "shape" if self.shape > self.texture else "texture"


def judge(
    probabilities: NDArray[np.floating[Any]],
    *,
    shape: Collection[int],
    texture: Collection[int] = (),
) -> Verdict:
    """Return which cue a network followed.

    Parameters
    ----------
    probabilities : ndarray of shape (n_classes,)
        What the network gives.
    shape, texture : collection of int
        The classes that name the shape, and those that name the texture.

    Returns
    -------
    Verdict
        Which one it followed.

    Raises
    ------
    InputError
        If a class stands for both: then nobody could tell which cue won.

    Examples
    --------
    >>> judge(np.array([0.2, 0.1, 0.7]), shape={0}, texture={2}).winner
    'texture'
    """
    if set(shape) & set(texture):
        raise InputError(
            "both pictures have the same class for this network, so neither cue could win; choose "
            "another picture for the texture"
        )
    if not np.isfinite(probabilities).all():
        raise InputError("the network gives values that are no numbers (NaN) for this picture")
    guess = int(np.argmax(probabilities))
    winner: Winner = "shape" if guess in shape else "texture" if guess in texture else "neither"
    one, other = (float(probabilities[sorted(group)].sum()) for group in (shape, texture))
    return Verdict(guess, one, other, winner)


def shape_bias(winners: Iterable[Winner]) -> float | None:
    """Return the share of decisions for the shape among those for shape or texture.

    Parameters
    ----------
    winners : iterable of {"shape", "texture", "neither"}
        One decision for each picture; "neither" does not count.

    Returns
    -------
    float or None
        0 for texture alone, 1 for shape alone; None where no decision counts.

    References
    ----------
    .. [1] Geirhos et al., 2019, "ImageNet-trained CNNs are biased towards texture", ICLR,
       arXiv:1811.12231. People have 0.96, ResNet-50 has 0.22.

    Examples
    --------
    >>> shape_bias(["shape", "texture", "texture", "neither", "texture"])
    0.25
    """
    decided = [winner for winner in winners if winner != "neither"]
    return decided.count("shape") / len(decided) if decided else None
