"""What a pretrained network answers to versions of a picture that are ready for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import functional as F

from cnnlab.catalogue import weights_of
from cnnlab.compute import progress
from cnnlab.loading import using

__all__ = ["class_probabilities", "normalised"]

_BATCH = 8  # versions that go through the network at once


def normalised(pictures: Sequence[Tensor], name: str) -> Tensor:
    """Return pictures as the network `name` gets them in training: normalised, not cut again.

    Parameters
    ----------
    pictures : sequence of Tensor of shape (3, H, W)
        Whole numbers from 0 to 255 (uint8), all of one size.
    name : str
        One of `cnnlab.catalogue.names`.

    Returns
    -------
    Tensor of shape (N, 3, S, S)
        S is the side that the network is tested with; with another side pictures are resized.

    Examples
    --------
    >>> black = torch.zeros(3, 224, 224, dtype=torch.uint8)
    >>> normalised([black], "inception_v3").shape
    torch.Size([1, 3, 299, 299])
    """
    transforms = weights_of(name).transforms()
    (side,) = transforms.crop_size
    batch = F.resize(
        torch.stack(list(pictures)),
        [side, side],
        interpolation=transforms.interpolation,
        antialias=True,
    )
    ready: Tensor = F.normalize(
        F.to_dtype(batch, torch.float32, scale=True), transforms.mean, transforms.std
    )
    return ready


def class_probabilities(pictures: Sequence[Tensor], name: str) -> NDArray[np.float64]:
    """Return the probability of every class for every picture.

    Parameters
    ----------
    pictures : sequence of Tensor of shape (3, H, W)
        Whole numbers from 0 to 255 (uint8), all of one size.
    name : str
        A network whose weights are on this computer.

    Returns
    -------
    ndarray of shape (N, K)
        One row for each picture; each adds up to 1.

    Raises
    ------
    InputError
        If the network cannot be loaded.
    """
    rows = []
    with using(name) as model, torch.inference_mode():
        device = next(model.parameters()).device
        for start in range(0, len(pictures), _BATCH):
            progress(start / len(pictures))
            batch = normalised(pictures[start : start + _BATCH], name)
            rows.append(model(batch.to(device)).softmax(1).double().cpu())
    found: NDArray[np.float64] = torch.cat(rows).numpy()
    return found
