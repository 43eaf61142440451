"""What a channel answers to: the nine patches of the sample photographs that excite it most.

Every sample is shown to the network at two scales, cut into squares. Of each channel only its
strongest answer to each square is kept, with its place; feature maps are never collected. The
patch is what the strongest cell can see: its receptive field, cut out of the square.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from cnnlab import compute, digits
from cnnlab.catalogue import OWN
from cnnlab.checks import InputError, in_range
from cnnlab.features import layer_name, private_copy
from cnnlab.loading import using
from cnnlab.memory import Recent
from cnnlab.network_receptive import Box, receptive_field_of
from cnnlab.pretrained import as_seen, preprocess
from cnnlab.samples import SAMPLES, Sample, sample
from cnnlab.weights import cached_path

__all__ = [
    "COUNT",
    "Crop",
    "Patch",
    "Strongest",
    "are_known",
    "crops",
    "patches_of",
    "shown_samples",
    "strongest",
    "strongest_patches",
]

COUNT = 9  # patches of a channel
PER_PICTURE = 2  # of them from one photograph, at most
APART = 0.25  # so far these two are apart, as a share of the photograph's shorter side
NO_PHOTOGRAPHS = ("horse",)  # a drawn silhouette
ZOOM = 0.6  # side of the smaller squares, as a share of the picture's shorter side
UNCOVERED = 0.1  # of a square's side may be left out along each side of a picture
BATCH = 4  # squares that go through the network at once


@dataclass(frozen=True)
class Crop:
    """A square of a sample picture.

    Attributes
    ----------
    sample : str
        Name of the sample.
    box : tuple of int
        (left, top, right, bottom) in pixels of the sample.
    """

    sample: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Strongest:
    """The strongest answers of all C channels of a layer, the strongest first.

    Attributes
    ----------
    values : ndarray of shape (C, 9)
        The answers; 0 where there are fewer than nine above 0.
    squares : ndarray of int, shape (C, 9)
        The number of the square in `crops`; -1 where there is none.
    cells : ndarray of int, shape (C, 9, 2)
        Row and column in the feature map.
    """

    values: NDArray[np.float32]
    squares: NDArray[np.int16]
    cells: NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Patch:
    """A part of a sample picture that excites a channel.

    Attributes
    ----------
    value : float
        What the channel answers there.
    sample : Sample
        The picture.
    cell : tuple of int
        Row and column of the answer in the feature map.
    box : tuple of int
        (top, left, bottom, right) of what the cell sees, in pixels of `seen`, not clipped.
    seen : PIL.Image.Image
        The square as the network sees it.
    """

    value: float
    sample: Sample
    cell: tuple[int, int]
    box: Box
    seen: Image.Image


@cache
def crops(name: str) -> tuple[Crop, ...]:
    """Return the squares of the samples that are shown to the network `name`.

    Each photograph is cut into squares as large as its shorter side, and into smaller ones with
    60 % of it, which show it larger. The lab's own network is shown the sample digits.

    Parameters
    ----------
    name : str
        A network.

    Returns
    -------
    tuple of Crop
        Squares of one picture stand together.

    Examples
    --------
    >>> [crop.box for crop in crops("resnet18") if crop.sample == "astronaut"]  # 512 x 512
    [(0, 0, 512, 512), (0, 0, 307, 307), (205, 0, 512, 307), (0, 205, 307, 512), \
(205, 205, 512, 512)]
    """
    if name == OWN:
        return tuple(Crop(key, (0, 0, digits.SIDE, digits.SIDE)) for key in digits.SAMPLES)
    found = []
    for key in SAMPLES:
        if key not in NO_PHOTOGRAPHS:
            width, height = sample(key).size
            for share in (1.0, ZOOM):
                side = round(share * min(width, height))
                for top in _starts(height, side):
                    for left in _starts(width, side):
                        found.append(Crop(key, (left, top, left + side, top + side)))
    return tuple(found)


def _starts(length: int, side: int) -> list[int]:
    """Return where squares begin along one side of a picture, so that they (nearly) cover it."""
    count = max(1, math.ceil(length / side - UNCOVERED))
    if count == 1:
        return [(length - side) // 2]
    return [round(place * (length - side) / (count - 1)) for place in range(count)]


def strongest_patches(
    name: str, layers: Sequence[str], *, trained: bool = True
) -> dict[str, Strongest]:
    """Return the strongest answers of some layers' channels to the samples.

    They are found once and remembered for everybody: no learner's picture is among them.

    Parameters
    ----------
    name : str
        A network.
    layers : sequence of str
        Names of layers whose output is (N, C, H, W).
    trained : bool
        With its trained weights, or with random numbers.

    Returns
    -------
    dict of str to Strongest
        For each layer.

    Raises
    ------
    InputError
        If the network cannot be used, or a layer has no feature maps.
    """
    missing = [layer for layer in dict.fromkeys(layers) if not are_known(name, [layer], trained)]
    found: dict[str, Strongest] = {}
    if missing:
        with using(name, trained=trained) as model:
            found = strongest(model, name, missing)
        with _lock:
            for layer, value in found.items():
                _known.put(_key(name, layer, trained), value)
    with _lock:
        kept = {layer: _known.get(_key(name, layer, trained)) for layer in layers}
    return {layer: kept[layer] if layer not in found else found[layer] for layer in layers}


def are_known(name: str, layers: Sequence[str], trained: bool) -> bool:
    """Return whether the strongest answers of these layers have been found already."""
    with _lock:
        return all(_key(name, layer, trained) in _known for layer in layers)


_known = Recent(count=256, n_bytes=2**25)
_lock = threading.Lock()


def _key(name: str, layer: str, trained: bool) -> tuple[str, str, str]:
    return name, str(cached_path(name)) if trained else "random numbers", layer


def strongest(model: nn.Module, name: str, layers: Sequence[str]) -> dict[str, Strongest]:
    """Return the strongest answers of some layers' channels to the samples, found anew.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is not changed.
    name : str
        Its name, which says how pictures are prepared.
    layers : sequence of str
        Names of layers whose output is (N, C, H, W).

    Returns
    -------
    dict of str to Strongest
        For each layer.

    Raises
    ------
    InputError
        If a layer does not exist or has no feature maps.
    """
    shown = crops(name)
    device = next(model.parameters()).device
    values: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
    places: dict[str, list[NDArray[np.int64]]] = {layer: [] for layer in layers}
    sizes: dict[str, tuple[int, int]] = {}
    with _largest(model, layers) as (twin, largest), torch.inference_mode():
        for start in range(0, len(shown), BATCH):
            compute.progress(start / len(shown))
            squares = [_square(crop) for crop in shown[start : start + BATCH]]
            twin(torch.cat([preprocess(square, name) for square in squares]).to(device))
            for layer in layers:
                value, place, sizes[layer] = largest[layer]
                values[layer].append(value)
                places[layer].append(place)
    return {
        layer: _best_nine(
            np.concatenate(values[layer]), np.concatenate(places[layer]), sizes[layer], shown
        )
        for layer in layers
    }


@contextmanager
def _largest(
    model: nn.Module, layers: Sequence[str]
) -> Iterator[tuple[nn.Module, dict[str, tuple[Any, Any, tuple[int, int]]]]]:
    """Yield a private copy, and for each layer its maps' largest values (N, C) and places."""
    largest: dict[str, tuple[Any, Any, tuple[int, int]]] = {}

    def keep(layer: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(f"the layer {layer!r} has no feature maps; choose another one")
        value, place = output.flatten(2).max(2)
        size = (output.shape[2], output.shape[3])
        largest[layer] = value.float().cpu().numpy(), place.cpu().numpy(), size

    names = [layer_name(model, layer) for layer in layers]
    twin = private_copy(model)
    handles = [
        twin.get_submodule(layer).register_forward_hook(partial(keep, layer)) for layer in names
    ]
    try:
        yield twin, largest
    finally:
        for handle in handles:
            handle.remove()


def _best_nine(
    values: NDArray[np.float32],
    places: NDArray[np.int64],
    size: tuple[int, int],
    shown: Sequence[Crop],
) -> Strongest:
    """Choose each channel's nine strongest of (squares, C) answers in maps of `size`."""
    n_channels = values.shape[1]
    found = Strongest(
        np.zeros((n_channels, COUNT), np.float32),
        np.full((n_channels, COUNT), -1, np.int16),
        np.full((n_channels, COUNT, 2), -1, np.int16),
    )
    order = np.argsort(-values, axis=0, kind="stable")  # (squares, C)
    for channel in range(n_channels):
        taken: dict[str, list[tuple[float, float]]] = {}  # spots in each photograph
        rank = 0
        for square in order[:, channel].tolist():
            value = values[square, channel]
            if value <= 0 or rank == COUNT:
                break
            cell = divmod(int(places[square, channel]), size[1])
            spots = taken.setdefault(shown[square].sample, [])
            spot = _spot(shown[square], cell, size)
            if len(spots) < PER_PICTURE and all(math.dist(spot, one) >= APART for one in spots):
                spots.append(spot)
                found.values[channel, rank] = value
                found.squares[channel, rank] = square
                found.cells[channel, rank] = cell
                rank += 1
    return found


def _spot(crop: Crop, cell: tuple[int, int], size: tuple[int, int]) -> tuple[float, float]:
    """Return about where a cell lies in the photograph, in units of its shorter side."""
    left, top, right, _ = crop.box
    side, shorter = right - left, min(_sample(crop.sample).size)
    row, column = ((index + 0.5) / n * side for index, n in zip(cell, size, strict=True))
    return (top + row) / shorter, (left + column) / shorter


def patches_of(name: str, layer: str, channel: int, *, trained: bool = True) -> list[Patch]:
    """Return the nine patches that excite a channel most.

    Parameters
    ----------
    name : str
        A network.
    layer : str
        Name of a layer whose output is (N, C, H, W).
    channel : int
        Number of the channel, from 0.
    trained : bool
        With its trained weights, or with random numbers.

    Returns
    -------
    list of Patch
        The strongest first; fewer than nine, or none, where not enough squares excite the
        channel at all. At most two come from one photograph, a quarter of its side apart.

    Raises
    ------
    InputError
        If the network, the layer or the channel cannot be used.
    """
    found = strongest_patches(name, [layer], trained=trained)[layer]
    channel = in_range(channel, name="channel", low=0, high=len(found.values) - 1)
    field = receptive_field_of(name, layer)
    samples = {one.name: one for one in shown_samples(name)}
    result = []
    for value, square, (row, column) in zip(
        found.values[channel], found.squares[channel], found.cells[channel].tolist(), strict=True
    ):
        if square >= 0:
            crop = crops(name)[square]
            seen = _seen(name, crop)
            box = (
                (0, 0, seen.height, seen.width) if field.size is None else field.box((row, column))
            )
            result.append(Patch(float(value), samples[crop.sample], (row, column), box, seen))
    return result


def shown_samples(name: str) -> list[Sample]:
    """Return the samples that are searched for the patches of a network."""
    everything = {**SAMPLES, **digits.SAMPLES}
    return [everything[key] for key in dict.fromkeys(crop.sample for crop in crops(name))]


def _square(crop: Crop) -> Image.Image:
    return _sample(crop.sample).crop(crop.box)


@cache
def _sample(name: str) -> Image.Image:
    """Return a sample; all of them together take some 20 MB."""
    return digits.sample_digit(name) if name in digits.SAMPLES else sample(name)


_pictures = Recent(count=256, n_bytes=2**25)


def _seen(name: str, crop: Crop) -> Image.Image:
    """Return a square as the network sees it."""
    with _lock:
        kept: Image.Image | None = _pictures.get((name, crop))
    if kept is None:
        kept = as_seen(preprocess(_square(crop), name), name)
        with _lock:
            _pictures.put((name, crop), kept)
    return kept
