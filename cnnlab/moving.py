"""Move a picture in front of a network and see what follows: Zeiler and Fergus's experiment.

The picture is shifted, scaled or turned; each moved picture goes through the network; how far do
the features of a layer move away from those of the original, and what happens to the answer?
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.features import layer_name, private_copy
from cnnlab.moves import FILLS, Move
from cnnlab.pretrained import preprocess

__all__ = [
    "Followed",
    "beside",
    "filling",
    "follow",
    "last_layer",
    "moved",
    "three_layers",
]

Floats = NDArray[np.float32]
INPUT = "input of "  # before the name of a layer: what the layer gets, not what it gives out


def moved(picture: Tensor, moves: Sequence[Move], *, fill: Tensor | None) -> Tensor:
    """Return the picture after each of some moves.

    Each pixel of the result looks up where it came from, between four pixels of the picture, and
    takes their weighted mean (bilinear interpolation).

    Parameters
    ----------
    picture : Tensor of shape (1, C, H, W)
        What a network gets. It may be normalised already: a weighted mean does not mind.
    moves : sequence of Move
        N of them.
    fill : Tensor of shape (C,) or None
        The colour where no picture is left; None repeats the outermost pixels.

    Returns
    -------
    Tensor of shape (N, C, H, W)
        As ``torchvision.transforms.v2.functional.affine`` makes them; but where a pixel mixes
        picture and `fill`, each counts with its share of the area (torchvision squares it). A
        move that changes nothing returns the picture itself, bit for bit.

    Raises
    ------
    InputError
        If `picture` is not exactly one picture, or there is no move.

    References
    ----------
    .. [1] Jaderberg et al., Spatial Transformer Networks, 2015, arXiv:1506.02025, equation 1.

    Examples
    --------
    >>> row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
    >>> moved(row, [Move(right=1)], fill=torch.zeros(1)).round().tolist()
    [[[[0.0, 1.0, 2.0]]]]
    >>> moved(row, [Move(right=1)], fill=None).round().tolist()
    [[[[1.0, 1.0, 2.0]]]]
    """
    if picture.ndim != 4 or len(picture) != 1:
        raise InputError(f"one picture of shape (1, C, H, W) is moved, got {tuple(picture.shape)}")
    if not moves:
        raise InputError("name at least one move")
    height, width = picture.shape[2:]
    ways_back = torch.tensor([_way_back(move, height, width) for move in moves])  # (N, 2, 3)
    shape = [len(moves), *picture.shape[1:]]
    grid = F.affine_grid(ways_back.to(picture), shape, align_corners=False)  # (N, H, W, 2)
    many = picture.expand(shape)
    if fill is None:
        found = F.grid_sample(many, grid, padding_mode="border", align_corners=False)
    else:  # outside of the picture `grid_sample` finds zeros: let zero mean the colour
        colour = fill.to(picture)[:, None, None]
        found = F.grid_sample(many - colour, grid, align_corners=False) + colour
    for place, move in enumerate(moves):
        if move.changes_nothing:
            found[place] = picture[0]
    return found


def filling(fill: str, name: str) -> Tensor | None:
    """Return what `moved` fills with: a colour as the network `name` gets it, normalised.

    Parameters
    ----------
    fill : str
        One of `cnnlab.moves.FILLS`.
    name : str
        A network.

    Returns
    -------
    Tensor of shape (C,) or None
        Zeros are the mean grey: the mean of the training pictures has been subtracted. None
        stands for the repeated edge.

    Raises
    ------
    InputError
        If there is no such fill or network.

    Examples
    --------
    >>> filling("mean grey", "resnet18")
    tensor([0., 0., 0.])
    """
    if fill not in FILLS:
        raise InputError(f"there is no fill {fill!r}, choose one of {', '.join(FILLS)}")
    black = preprocess(Image.new("RGB", (64, 64)), name)[0, :, 0, 0]
    return {"black": black, "mean grey": torch.zeros_like(black)}.get(fill)


def _way_back(move: Move, height: int, width: int) -> list[list[float]]:
    """Return the 2 × 3 matrix that leads from a place in the moved picture to the original.

    Places run from -1 to 1 across the picture, columns first, as ``affine_grid`` wants them.
    """
    angle = math.radians(move.angle)
    cosine, sine = math.cos(angle) / move.scale, math.sin(angle) / move.scale
    right, down = move.right, move.down
    return [
        [cosine, sine * height / width, -(cosine * right + sine * down) * 2 / width],
        [-sine * width / height, cosine, (sine * right - cosine * down) * 2 / height],
    ]


@dataclass(frozen=True, eq=False)
class Followed:
    """What a network made of a moved picture.

    Attributes
    ----------
    probabilities : ndarray of shape (N, classes)
        Of each class after each move.
    original : ndarray of shape (classes,)
        Of each class for the picture as it was.
    distances : ndarray of shape (N, layers)
        Euclidean distance between the features of the moved picture and those of the original.
    norms : ndarray of shape (layers,)
        Length of the original's features, seen as one vector.
    """

    probabilities: Floats
    original: Floats
    distances: Floats
    norms: Floats

    @property
    def relative(self) -> Floats:
        """Distances as shares of the original's length, an array of shape (N, layers)."""
        lengths = np.where(self.norms > 0, self.norms, np.float32(1))
        shares: Floats = (self.distances / lengths).astype(np.float32)
        return shares

    @property
    def guesses(self) -> NDArray[np.intp]:
        """The class guessed first after each move, an array of shape (N,)."""
        best: NDArray[np.intp] = self.probabilities.argmax(axis=1)
        return best


def follow(
    model: nn.Module,
    picture: Tensor,
    moves: Sequence[Move],
    *,
    layers: Sequence[str] = (),
    fill: Tensor | None = None,
    batch_size: int = 8,
) -> Followed:
    """Return how a network's features and answer follow a picture that is moved.

    Parameters
    ----------
    model : torch.nn.Module
        A network in evaluation mode; it is not changed, and gets no hook.
    picture : Tensor of shape (1, C, H, W)
        The prepared picture, normalised.
    moves : sequence of Move
        N of them.
    layers : sequence of str
        Names as ``model.named_modules()`` spells them: the output of that layer is watched.
        With ``"input of "`` before the name, what the layer gets.
    fill : Tensor of shape (C,) or None
        As for `moved`.
    batch_size : int
        Pictures that go through the network at once.

    Returns
    -------
    Followed
        Probabilities and distances. Moves that change nothing have the original's answer exactly,
        and distance 0.

    Raises
    ------
    InputError
        If a layer does not exist, gives out something else than numbers, or is never reached.
    Cancelled
        If nobody waits for the result any more.

    References
    ----------
    .. [1] Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, 2014,
       arXiv:1311.2901, figure 5.
    """
    batch_size = in_range(batch_size, name="batch_size", low=1)
    picture = beside(picture, model)
    rest = [place for place, move in enumerate(moves) if not move.changes_nothing]
    distances = torch.zeros(len(moves), len(layers))
    with _watching(model, layers) as (twin, features, away), torch.inference_mode():
        original = twin(picture).softmax(1)
        if unseen := set(layers) - set(features):
            raise InputError(f"the network never reaches the layer {unseen.pop()!r}")
        norms = torch.tensor([float(features[layer].norm()) for layer in layers])
        probabilities = original.repeat(len(moves), 1)
        for start in range(0, len(rest), batch_size):
            progress(start / len(rest))
            places = rest[start : start + batch_size]
            batch = moved(picture, [moves[place] for place in places], fill=fill)
            probabilities[places] = twin(batch).softmax(1)
            for column, layer in enumerate(layers):
                distances[places, column] = away[layer].cpu()
    found = (_numbers(values) for values in (probabilities, original[0], distances, norms))
    return Followed(*found)


@contextmanager
def _watching(
    model: nn.Module, layers: Sequence[str]
) -> Iterator[tuple[nn.Module, dict[str, Tensor], dict[str, Tensor]]]:
    """Give a private copy of a network, its features, and how far away they were the last time.

    The first run of the copy fills the features by layer, every other run the distances.
    """
    features: dict[str, Tensor] = {}
    away: dict[str, Tensor] = {}

    def measure(layer: str, value: Any) -> None:
        if not isinstance(value, Tensor):
            raise InputError(f"the layer {layer!r} has no single tensor; choose another one")
        if layer in features:  # at once: the lines that follow may overwrite the tensor
            away[layer] = (value - features[layer]).flatten(1).norm(dim=1)
        else:
            features[layer] = value.clone()

    def given(layer: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        measure(layer, output)

    def got(layer: str, _module: nn.Module, inputs: Any) -> None:
        measure(layer, inputs[0])

    twin = private_copy(model)
    with ExitStack() as hooks:
        for layer in layers:
            module = twin.get_submodule(layer_name(model, layer.removeprefix(INPUT)))
            if layer.startswith(INPUT):
                handle = module.register_forward_pre_hook(partial(got, layer))
            else:
                handle = module.register_forward_hook(partial(given, layer))
            hooks.callback(handle.remove)
        yield twin, features, away


def beside(picture: Tensor, model: nn.Module) -> Tensor:
    """Return the picture on the device where the network is.

    Parameters
    ----------
    picture : Tensor
        On any device.
    model : torch.nn.Module
        A network.

    Returns
    -------
    Tensor
        The same numbers.
    """
    return picture.to(next(model.parameters(), picture).device)


def _numbers(values: Tensor) -> Floats:
    found: Floats = values.cpu().numpy().astype(np.float32)
    return found


# Which layers ---------------------------------------------------------------------------------


def last_layer(model: nn.Module) -> str:
    """Return the name of the layer that turns the last features into the classes' scores.

    Parameters
    ----------
    model : torch.nn.Module
        A network for classification, with a linear layer or a convolution at its end.

    Returns
    -------
    str
        A name out of ``model.named_modules()``.

    Raises
    ------
    InputError
        If the network has no layer with weights.

    Examples
    --------
    >>> last_layer(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 2), nn.ReLU()))
    '2'
    """
    kinds = (nn.Linear, nn.Conv2d)
    found = [name for name, module in model.named_modules() if name and isinstance(module, kinds)]
    if not found:
        raise InputError("the network has no linear layer and no convolution")
    name: str = found[-1]
    return name


def three_layers(model: nn.Module, sizes: Mapping[str, tuple[int, int, int]]) -> list[str]:
    """Return the layers to follow: a shallow one, one in the middle, and the last features.

    Parameters
    ----------
    model : torch.nn.Module
        A network for classification.
    sizes : mapping of str to (C, H, W)
        Its layers with feature maps in their order, as `cnnlab.features.spatial_layers` finds them.

    Returns
    -------
    list of str
        Names for `follow`: the last layer with maps as large as the first ones, the last one of
        the middle size, and what the last layer with weights gets.

    Examples
    --------
    >>> sizes = {"0": (8, 24, 24), "1": (8, 24, 24), "2": (8, 12, 12), "3": (9, 8, 8)}
    >>> parts = nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 9, 5), nn.Linear(9, 2)
    >>> three_layers(nn.Sequential(*parts), sizes)
    ['1', '2', 'input of 4']
    """
    last = {height: layer for layer, (_, height, _) in sizes.items()}  # by size of the maps
    heights = sorted(last, reverse=True)
    return [last[heights[0]], last[heights[len(heights) // 2]], INPUT + last_layer(model)]
