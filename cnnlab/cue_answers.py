"""What a network says of pictures in which shape and texture disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from cnnlab.catalogue import weights_of
from cnnlab.checks import InputError
from cnnlab.compute import part, progress
from cnnlab.cues import Pixels
from cnnlab.loading import using
from cnnlab.pretrained import as_seen, preprocess
from cnnlab.shape_bias import Verdict, judge

__all__ = ["Conflict", "answers_to", "conflicts", "seen_pixels"]

Floats = NDArray[np.floating[Any]]
AT_ONCE = 4  # pictures in one pass


@dataclass(frozen=True)
class Conflict:
    """One picture with the shape of one sample and the texture of another.

    Parameters
    ----------
    shape, texture : str
        The names of the samples.
    verdict : Verdict
        Which cue the network followed.
    """

    shape: str
    texture: str
    verdict: Verdict


def seen_pixels(image: Image.Image, name: str) -> Pixels:
    """Return what a network sees of a picture: cut and resized, not yet normalised.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size and mode.
    name : str
        The network.

    Returns
    -------
    ndarray of shape (H, W, 3)
        0 to 255. For the digit network: 28 × 28, light on dark.

    Raises
    ------
    InputError
        If the picture is far too long for its width.
    """
    return np.array(as_seen(preprocess(image, name), name))


def answers_to(pictures: Sequence[Pixels], name: str) -> Floats:
    """Return what a network says of pictures that it gets pixel by pixel, without a resize.

    Parameters
    ----------
    pictures : sequence of ndarray of shape (H, W, 3)
        Pixels as `seen_pixels` gives them, all of one size.
    name : str
        The network; its weights are on this computer.

    Returns
    -------
    ndarray of shape (N, n_classes)
        Probabilities.

    Raises
    ------
    InputError
        If there is no picture, or the network gives values that are no numbers.
    """
    if not pictures:
        raise InputError("there is no picture to ask about")
    transforms = weights_of(name).transforms()
    mean, std = (np.array(values, dtype=np.float32) for values in (transforms.mean, transforms.std))
    found = []
    with using(name) as model, torch.inference_mode():
        device = next(model.parameters()).device
        for start in range(0, len(pictures), AT_ONCE):
            pixels = np.stack(pictures[start : start + AT_ONCE]).astype(np.float32) / 255
            values = (pixels[..., : len(mean)] - mean) / std  # the digits: all channels are alike
            batch = torch.from_numpy(values).permute(0, 3, 1, 2).contiguous()
            found.append(model(batch.to(device)).softmax(1).cpu().numpy())
            progress(min(start + AT_ONCE, len(pictures)) / len(pictures))
    answers: Floats = np.concatenate(found)
    if not np.isfinite(answers).all():
        raise InputError("the network gives values that are no numbers (NaN) for this picture")
    return answers


def conflicts(
    pictures: dict[str, Pixels],
    classes: dict[str, frozenset[int]],
    make: Callable[[str, str], Pixels],
    name: str,
) -> list[Conflict]:
    """Return who wins for every ordered pair of pictures whose classes differ.

    Parameters
    ----------
    pictures : dict of str to ndarray of shape (H, W, 3)
        What the network sees of each sample.
    classes : dict of str to frozenset of int
        The classes that name each sample.
    make : callable
        Takes the names of the shape and of the texture and returns the picture.
    name : str
        The network.

    Returns
    -------
    list of Conflict
        In the order of the shapes, then of the textures.

    Raises
    ------
    InputError
        If no two pictures have different classes.
    """
    pairs = [
        (one, other) for one in pictures for other in pictures if not classes[one] & classes[other]
    ]
    if not pairs:
        raise InputError("this network names fewer than two of the samples, so nothing can differ")
    made = []
    with part(0.0, 0.3):
        for number, (one, other) in enumerate(pairs):
            progress(number / len(pairs))
            made.append(make(one, other))
    with part(0.3, 1.0):
        answers = answers_to(made, name)
    return [
        Conflict(one, other, judge(row, shape=classes[one], texture=classes[other]))
        for (one, other), row in zip(pairs, answers, strict=True)
    ]
