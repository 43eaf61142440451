"""What a network answers: one pass gives the scores of all classes, and all else follows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import in_range
from cnnlab.compute import progress
from cnnlab.loading import using
from cnnlab.preprocessing import view_batches
from cnnlab.pretrained import Prediction, categories, preprocess

__all__ = ["Answer", "ask", "ask_views"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Answer:
    """What a network says of a picture.

    Parameters
    ----------
    name : str
        The network.
    logits : ndarray of shape (n_classes,)
        The scores, before the softmax.
    probabilities : ndarray of shape (n_classes,)
        After it; they add up to 1.
    preparing, seconds : float
        How long the picture took to prepare, and all of it, in seconds.
    """

    name: str
    logits: Floats
    probabilities: Floats
    preparing: float
    seconds: float

    @property
    def order(self) -> NDArray[np.intp]:
        """The classes by their score, the highest first; equal ones by their index."""
        return np.argsort(-self.logits, kind="stable")

    @property
    def predictions(self) -> list[Prediction]:
        """All classes, the most probable first."""
        return self.top(len(self.logits))

    @property
    def best(self) -> list[Prediction]:
        """The five best guesses."""
        return self.top(min(5, len(self.logits)))

    def top(self, k: int) -> list[Prediction]:
        """Return the `k` most probable classes, the best first.

        Raises
        ------
        InputError
            If there are not so many classes.
        """
        k = in_range(k, name="k", low=1, high=len(self.logits))
        labels = categories(self.name)
        return [Prediction(i, labels[i], self.probability(i)) for i in self.order[:k].tolist()]

    def probability(self, index: int) -> float:
        """Return the probability of one class."""
        return float(self.probabilities[index])

    @property
    def ranks(self) -> list[int]:
        """The place of each class among all, 1 for the highest score."""
        places = np.empty(len(self.logits), dtype=int)
        places[self.order] = np.arange(1, len(places) + 1)
        return [int(place) for place in places]


def ask(image: Image.Image, name: str, *, trained: bool = True) -> Answer:
    """Return what a network says of a picture.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size and mode.
    name : str
        One of `cnnlab.catalogue.every_name`.
    trained : bool
        False for random numbers instead of weights: the answer then means nothing.

    Returns
    -------
    Answer
        Exactly the numbers that bare torchvision gives on the same device.

    Raises
    ------
    InputError
        If the picture or the network cannot be used.
    """
    with using(name, trained=trained) as model, torch.inference_mode():
        start = time.perf_counter()
        batch = preprocess(image, name)
        prepared = time.perf_counter()
        logits = model(batch.to(next(model.parameters()).device)).squeeze(0)  # (n_classes,)
        probabilities = logits.softmax(0)
        numbers = logits.cpu().numpy(), probabilities.cpu().numpy()
        return Answer(name, *numbers, prepared - start, time.perf_counter() - start)


def ask_views(
    image: Image.Image, name: str, *, crops: str, trained: bool = True
) -> tuple[Floats, float]:
    """Return what a network says of several views of a picture, one after the other.

    Parameters
    ----------
    image, name, trained
        As for `ask`.
    crops : str
        A key of `cnnlab.ensembling.CROPS`.

    Returns
    -------
    logits : ndarray of shape (n_views, n_classes)
        The scores, in the order of `cnnlab.ensembling.view_names`.
    seconds : float
        How long it took.

    Raises
    ------
    InputError
        If the picture, the network or `crops` cannot be used.
    """
    with using(name, trained=trained) as model, torch.inference_mode():
        start = time.perf_counter()
        device = next(model.parameters()).device
        batches, rows = view_batches(image, name, crops=crops), []
        for number, batch in enumerate(batches.values()):
            progress(number / len(batches))
            rows.append(model(batch.to(device)).squeeze(0).cpu().numpy())
        return np.stack(rows), time.perf_counter() - start
