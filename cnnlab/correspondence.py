"""Correspondence analysis: hide the same part of several pictures, and compare what changes.

Nothing tells a network that faces have two eyes and a nose. If it knows parts nevertheless, then
hiding the left eye should change its features in the same direction whoever is in the picture.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from cnnlab import digits
from cnnlab.catalogue import OWN
from cnnlab.checks import InputError
from cnnlab.compute import progress
from cnnlab.features import layer_name, private_copy

__all__ = [
    "RANDOM",
    "SAME_PLACE",
    "Part",
    "Parts",
    "SignChange",
    "compare_parts",
    "most_alike",
    "part_changes",
    "prepared",
    "sign_change",
]

RANDOM = "a random part"
SAME_PLACE = "one random place in all"
SCORES = "class scores"


@dataclass(frozen=True)
class Part:
    """A part at the same place in several pictures, in shares of their sides.

    Parameters
    ----------
    name : str
        What it is.
    left, top : float
        Its upper left corner, 0 to 1.
    """

    name: str
    left: float
    top: float


@dataclass(frozen=True)
class Parts:
    """Pictures in which the same parts lie at the same places.

    Parameters
    ----------
    title : str
        What they show.
    credit : str
        Where they come from.
    images : tuple of PIL.Image.Image
        The pictures.
    parts : tuple of Part
        The parts that were looked up by hand.
    width, height : float
        Size of every part, in shares of the picture.
    """

    title: str
    credit: str
    images: tuple[Image.Image, ...]
    parts: tuple[Part, ...]
    width: float
    height: float


@dataclass(frozen=True)
class SignChange:
    """How differently the features of several pictures change when a part is hidden.

    Attributes
    ----------
    total : int
        Delta of the paper: the Hamming distance of the signs, added up over all ordered pairs.
    mean : float
        The same as a share: of the features, how many change in another direction, 0 to 1.
    spread : float
        Standard deviation of that share over the pairs.
    """

    total: int
    mean: float
    spread: float


def sign_change(changes: NDArray[Any]) -> SignChange:
    """Return how often the features of two pictures change in different directions.

    Parameters
    ----------
    changes : ndarray of shape (N, features)
        For each picture, its features less those with the part hidden (epsilon in the paper).

    Returns
    -------
    SignChange
        Small: the pictures change alike. A feature that does not change has the sign 0.

    Raises
    ------
    InputError
        If there are fewer than two pictures.

    References
    ----------
    .. [1] Zeiler and Fergus, 2014, arXiv:1311.2901, section 4.4 and table 1.

    Examples
    --------
    >>> sign_change(np.array([[1, -2, 0.5, -1], [2, -1, -0.5, -1], [1, 1, 0.5, -2]])).total
    8
    """
    signs = np.sign(changes).astype(np.int8)
    count = len(signs)
    if count < 2:
        raise InputError("a correspondence needs at least two pictures")
    pairs = [(i, j) for i in range(count) for j in range(count) if i < j]
    distances = np.array([np.count_nonzero(signs[i] != signs[j]) for i, j in pairs])
    shares = distances / signs[0].size
    return SignChange(2 * int(distances.sum()), float(shares.mean()), float(shares.std()))


def part_changes(
    model: nn.Module,
    batches: Sequence[Tensor],
    boxes: Sequence[tuple[int, int, int, int]],
    *,
    layer: str,
) -> dict[str, NDArray[np.float32]]:
    """Return how a layer's features and the class scores change when a part is hidden.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; neither changed nor hooked.
    batches : sequence of Tensor of shape (1, C, H, W)
        The pictures, prepared.
    boxes : sequence of (int, int, int, int)
        Top, left, bottom, right of the part in each picture, in pixels.
    layer : str
        Name of a layer.

    Returns
    -------
    dict
        For the layer and for "class scores": an array of shape (N, features). It is the features
        of the picture less those of the picture whose part shows the picture's mean colour.
    """
    twin = private_copy(model)
    seen: list[Tensor] = []
    part = twin.get_submodule(layer_name(twin, layer))
    part.register_forward_hook(lambda _m, _i, output: seen.append(output))
    found: dict[str, list[NDArray[np.float32]]] = {layer: [], SCORES: []}
    device = next((p.device for p in twin.parameters()), torch.device("cpu"))
    with torch.inference_mode():
        for batch, (top, left, bottom, right) in zip(batches, boxes, strict=True):
            hidden = batch.clone()
            mean = batch.mean(dim=(2, 3), keepdim=True)
            hidden[:, :, top:bottom, left:right] = mean
            scores = twin(torch.cat([batch, hidden]).to(device))
            maps = seen[-1] if seen else None
            if not isinstance(maps, Tensor) or not torch.isfinite(scores).all():
                raise InputError("the network gives no numbers to compare for this layer")
            for name, (clean, changed) in ((layer, maps), (SCORES, scores)):
                found[name].append((clean - changed).flatten().float().cpu().numpy())
            seen.clear()
    return {name: np.stack(rows) for name, rows in found.items()}


def compare_parts(
    model: nn.Module,
    batches: Sequence[Tensor],
    parts: Sequence[Part],
    *,
    size: tuple[float, float],
    layer: str,
    draws: int = 6,
    seed: int = 0,
) -> dict[str, dict[str, SignChange]]:
    """Return the sign change of each part, and of random parts for comparison.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; neither changed nor hooked.
    batches : sequence of Tensor of shape (1, C, H, W)
        The pictures, prepared.
    parts : sequence of Part
        Parts that lie at the same place in all pictures.
    size : (float, float)
        Width and height of every part, in shares of the picture.
    layer : str
        Name of a layer.
    draws : int
        How often random parts are drawn: once with another place in every picture, and once with
        the same place in all, which shows what the place alone does. Their sign change is the
        mean over all draws.
    seed : int
        What the draws come from.

    Returns
    -------
    dict of dict
        By part, then "one random place in all" and "a random part"; and by layer: the layer
        itself, and "class scores".
    """
    width, height = size
    rng = np.random.default_rng(seed)
    places = [(part.name, [(part.left, part.top)] * len(batches)) for part in parts]
    for _ in range(draws):
        corners = rng.uniform((0, 0), (1 - width, 1 - height), (len(batches), 2))
        drawn = [(float(left), float(top)) for left, top in corners]
        places.append((SAME_PLACE, [drawn[0]] * len(batches)))
        places.append((RANDOM, drawn))
    found: dict[str, dict[str, list[SignChange]]] = {}
    for done, (name, corners_of) in enumerate(places):
        progress(done / len(places))
        boxes = [
            pixel_box(batch, left, top, width, height)
            for batch, (left, top) in zip(batches, corners_of, strict=True)
        ]
        changes = part_changes(model, batches, boxes, layer=layer)
        for at, values in changes.items():
            found.setdefault(name, {}).setdefault(at, []).append(sign_change(values))
    return {
        name: {at: _mean(values) for at, values in by_layer.items()}
        for name, by_layer in found.items()
    }


def most_alike(found: dict[str, dict[str, SignChange]], layer: str) -> str | None:
    """Return the part without which the features change most alike.

    Parameters
    ----------
    found : dict of dict
        As `compare_parts` returns it.
    layer : str
        One of the layers in it.

    Returns
    -------
    str or None
        The part with the smallest sign change; None if one random place in all pictures has a
        smaller one.

    Examples
    --------
    >>> nose, place = SignChange(12, 0.1, 0.02), SignChange(24, 0.2, 0.05)
    >>> most_alike({"the nose": {"conv": nose}, SAME_PLACE: {"conv": place}}, "conv")
    'the nose'
    """
    means = {part: by_layer[layer].mean for part, by_layer in found.items() if part != RANDOM}
    least = min(means, key=lambda part: means[part])
    return None if least == SAME_PLACE else least


def pixel_box(
    batch: Tensor, left: float, top: float, width: float, height: float
) -> tuple[int, int, int, int]:
    """Return a part in pixels: top, left, bottom, right."""
    rows, columns = batch.shape[2:]
    first_row, first_column = round(top * rows), round(left * columns)
    high, wide = max(round(height * rows), 1), max(round(width * columns), 1)
    return first_row, first_column, min(first_row + high, rows), min(first_column + wide, columns)


def prepared(name: str) -> Parts:
    """Return pictures with parts for a network: faces, or sevens for the digit network.

    The faces are a few of those that scikit-image brings along, 25 x 25 pixels each; in all of
    them eyes and mouth lie at about the same place.

    Examples
    --------
    >>> [part.name for part in prepared("resnet18").parts]
    ['the eye on the left', 'the eye on the right', 'the nose', 'the mouth']
    """
    if name == OWN:
        sevens = tuple(digits.sample_digit(f"digit-7-{n}") for n in range(1, digits.EACH + 1))
        return Parts(
            "sevens",
            "MNIST",
            sevens,
            (Part("the bar", 0.3, 0.2), Part("the corner", 0.5, 0.25), Part("the foot", 0.4, 0.7)),
            0.25,
            0.2,
        )
    return Parts(
        "faces",
        "Labeled Faces in the Wild, Huang et al. 2007, in the excerpt that comes with scikit-image",
        tuple(_faces()),
        (
            Part("the eye on the left", 0.14, 0.26),
            Part("the eye on the right", 0.48, 0.26),
            Part("the nose", 0.31, 0.44),
            Part("the mouth", 0.31, 0.64),
        ),
        0.24,
        0.16,
    )


_FACES = (3, 18, 32, 35, 37, 38)  # looking ahead, upright


def _faces() -> list[Image.Image]:
    package = importlib.util.find_spec("skimage")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("the faces need scikit-image: pip install scikit-image")
    file = Path(package.submodule_search_locations[0]) / "data" / "lfw_subset.npy"
    faces = np.load(file, allow_pickle=False)[list(_FACES)]
    return [Image.fromarray(np.uint8(np.round(255 * face))).convert("RGB") for face in faces]


def _mean(values: Sequence[SignChange]) -> SignChange:
    """Return the mean over draws; the spread is then that of the draws."""
    if len(values) == 1:
        return values[0]
    means = np.array([value.mean for value in values])
    total = round(float(np.mean([value.total for value in values])))
    return SignChange(total, float(means.mean()), float(means.std()))
