"""From edges to objects: the same picture at several layers of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnlab.checks import InputError, in_range
from cnnlab.features import default_layer, layer_name, private_copy

__all__ = ["LEVELS", "Answers", "answers", "usual_layers"]

LEVELS = 4  # layers that are shown at first
POOLING = (
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
    nn.Dropout,
    nn.Dropout2d,
)


@dataclass(frozen=True, eq=False)
class Answers:
    """What some channels of a layer answer to a picture.

    Attributes
    ----------
    shape : tuple of int
        (C, H, W) of the layer's output.
    channels : list of int
        The channels that were asked for, or the strongest ones, by their mean answer.
    means : ndarray of shape (K,)
        Mean of each of these channels.
    maps : ndarray of shape (K, H, W)
        Their feature maps.
    """

    shape: tuple[int, int, int]
    channels: list[int]
    means: NDArray[np.float32]
    maps: NDArray[np.float32]

    def peak(self, place: int) -> tuple[int, int]:
        """Return row and column of the largest answer of the channel at this place."""
        row, column = np.unravel_index(int(self.maps[place].argmax()), self.maps[place].shape)
        return int(row), int(column)


def usual_layers(model: nn.Module, sizes: dict[str, tuple[int, int, int]]) -> list[str]:
    """Return layers that show the way through a network, from shallow to deep.

    A network works at a few sizes of feature maps. Taken is the last layer of each size that is
    no pooling and no branch; of these the first, the last, and so many between that it is four.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    sizes : dict of str to (C, H, W)
        Its layers, as `cnnlab.features.spatial_layers` returns them.

    Returns
    -------
    list of str
        Up to four names.

    Examples
    --------
    >>> from torchvision import models
    >>> from cnnlab.features import spatial_layers
    >>> resnet = models.resnet18()
    >>> usual_layers(resnet, spatial_layers(resnet))
    ['relu', 'layer1', 'layer3', 'layer4']
    """
    last = default_layer(model)
    before = list(sizes)[: list(sizes).index(last) + 1]
    layers = [name for name in before if not isinstance(model.get_submodule(name), POOLING)]
    in_a_row = [
        isinstance(model.get_submodule(n.rpartition(".")[0]), nn.Sequential) for n in layers
    ]
    layers = [n for n, row in zip(layers, in_a_row, strict=True) if row or "." not in n]
    by_size: dict[tuple[int, int], str] = {}
    for name in layers:
        inside = [other for other in layers if other.startswith(f"{name}.")]
        if len({sizes[other][1:] for other in inside}) < 2:  # one stage, not the whole network
            by_size[sizes[name][1:]] = name
    found = list(by_size.values())
    places = np.linspace(0, len(found) - 1, min(LEVELS, len(found))).round().astype(int)
    return [found[place] for place in places]


def answers(
    model: nn.Module,
    batch: Tensor,
    *,
    layers: Sequence[str],
    count: int = LEVELS,
    channel: int | None = None,
) -> dict[str, Answers]:
    """Return what the strongest channels of some layers answer to a picture.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is not changed.
    batch : Tensor of shape (1, C, H, W)
        The picture as the network wants it.
    layers : sequence of str
        Names of layers whose output is (N, C, H, W).
    count : int
        How many channels of each layer, those with the largest mean.
    channel : int, optional
        Only this channel of each layer instead.

    Returns
    -------
    dict of str to Answers
        For each layer.

    Raises
    ------
    InputError
        If a layer does not exist, has no feature maps, or has no such channel.

    Examples
    --------
    >>> ones = nn.Sequential(nn.Conv2d(1, 2, 1, bias=False)).requires_grad_(False)
    >>> _ = ones[0].weight.copy_(torch.tensor([1.0, 3.0])[:, None, None, None])
    >>> found = answers(ones, torch.ones(1, 1, 2, 2), layers=["0"], count=1)
    >>> found["0"].channels, found["0"].means.tolist()
    ([1], [3.0])
    """
    found: dict[str, Answers] = {}

    def keep(layer: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(f"the layer {layer!r} has no feature maps; choose another one")
        means = output[0].mean((1, 2))  # (C,)
        if channel is None:
            chosen = means.topk(min(count, len(means))).indices
        else:
            chosen = torch.tensor([in_range(channel, name="channel", low=0, high=len(means) - 1)])
        chosen = chosen.to(output.device)
        found[layer] = Answers(
            (output.shape[1], output.shape[2], output.shape[3]),
            chosen.tolist(),
            means[chosen].float().cpu().numpy(),
            output[0, chosen].float().cpu().numpy(),
        )

    names = [layer_name(model, layer) for layer in layers]
    twin = private_copy(model)
    for name in names:
        twin.get_submodule(name).register_forward_hook(partial(keep, name))
    device = next(twin.parameters()).device
    with torch.inference_mode():
        twin(batch.to(device))
    return {name: found[name] for name in names}
