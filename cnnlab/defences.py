"""Simple defences against fooled pictures: compress, blur, shift or shrink what is looked at.

They undo some attacks and cost some right answers. An attacker who knows them goes around them:
`through` makes any of them part of the network that is attacked.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.fooling import Scores, probabilities

__all__ = ["DEFENCES", "Defence", "answers", "defend", "through"]

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Defence:
    """One defence and its strength.

    Parameters
    ----------
    title : str
        What it does.
    strength : str
        What its number means.
    named : str
        How the defence is called with a number in place of ``{}``.
    low, high, usual, step : int or float
        Range of the number, where it begins, and what lies between two of them.
    """

    title: str
    strength: str
    named: str
    low: float
    high: float
    usual: float
    step: float = 1


DEFENCES = MappingProxyType(
    {
        "jpeg": Defence("JPEG compression", "quality", "JPEG, quality {}", 5, 95, 60),
        "blur": Defence(
            "Blur", "σ in pixels", "Blur, σ\u00a0=\u00a0{}\u00a0px", 0.2, 3.0, 1.0, 0.1
        ),
        "shift": Defence("Shift", "pixels", "Shift by {}\u00a0px", 1, 16, 3),
        "shrink": Defence(
            "Shrink, enlarge", "per cent", "Shrink to {}\u202f%, enlarge", 25, 95, 70
        ),
    }
)


def defend(pixels: Bytes, kind: str, strength: float) -> Bytes:
    """Return a picture after a defence.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, C)
        The picture.
    kind : str
        A key of `DEFENCES`.
    strength : int or float
        Its number, in the range given there; whole for all but the blur.

    Returns
    -------
    ndarray of uint8, shape (H, W, C)
        The same size.

    Raises
    ------
    InputError
        If there is no such defence, or its strength is out of range.

    Examples
    --------
    >>> row = np.array([[[10], [20], [30]]], dtype=np.uint8)
    >>> defend(row, "shift", 1)[0, :, 0].tolist()  # the edge is repeated
    [10, 10, 20]
    """
    if kind not in DEFENCES:
        raise InputError(f"there is no defence {kind!r}, choose one of {', '.join(DEFENCES)}")
    about = DEFENCES[kind]
    if kind == "blur":
        if not about.low <= strength <= about.high:
            raise InputError(f"σ must be from {about.low} to {about.high} pixels, got {strength}")
    else:
        low, high = int(about.low), int(about.high)
        strength = in_range(strength, name=about.strength, low=low, high=high)
    if kind == "shift":
        steps = (int(strength), 0)
        padded = np.pad(pixels, (steps, steps, (0, 0)), mode="edge")
        return padded[: pixels.shape[0], : pixels.shape[1]]
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    if kind == "jpeg":
        file = io.BytesIO()
        picture.save(file, "jpeg", quality=int(strength))
        picture = Image.open(file)
    elif kind == "blur":
        picture = picture.filter(ImageFilter.GaussianBlur(strength))
    else:
        width, height = (max(1, round(side * strength / 100)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
        picture = picture.resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BILINEAR)
    return np.array(picture).reshape(pixels.shape)


def through(scores: Scores, change: Callable[[Bytes], Bytes]) -> Scores:
    """Return the defended network, with a gradient even where the defence has none.

    Forward, the picture goes through the defence. Backward, the gradient passes as if the defence
    had done nothing: its result is so near to the picture that this is good enough for an attack
    (backward pass differentiable approximation [1]_).

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    change : callable
        From a picture (H, W, C) of bytes to another one.

    Returns
    -------
    callable
        As `scores`.

    References
    ----------
    .. [1] Athalye, Carlini, Wagner, 2018, "Obfuscated gradients give a false sense of security",
       arXiv:1802.00420, section 4.1.
    """

    def defended(levels: Tensor) -> Tensor:
        given = levels.detach().round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        changed = torch.from_numpy(np.stack([change(pixels) for pixels in given]))
        changed = changed.permute(0, 3, 1, 2).to(levels)
        return scores(levels + (changed - levels).detach())

    return defended


def answers(
    scores: Scores, pictures: Tensor, change: Callable[[Bytes], Bytes] | None = None
) -> NDArray[np.int64]:
    """Return the most probable class of each picture, behind a defence if one is given.

    Parameters
    ----------
    scores : callable
        The network in grey levels.
    pictures : Tensor of shape (N, C, H, W)
        Grey levels.
    change : callable, optional
        The defence, as for `through`.

    Returns
    -------
    ndarray of int, shape (N,)
        Classes.
    """
    behind = scores if change is None else through(scores, change)
    found = []
    for number, picture in enumerate(pictures):
        progress(number / len(pictures))
        found.append(int(probabilities(behind, picture[None])[0].argmax()))
    return np.array(found, dtype=np.int64)
