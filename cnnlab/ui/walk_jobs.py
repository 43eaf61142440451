"""What the walk through a network has computed in the shared queue, and what is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.map_statistics import (
    ColourRange,
    Histogram,
    MapStatistics,
    encode,
    histogram,
    map_statistics,
)
from cnnlab.ui import work
from cnnlab.ui.controls import Picture
from cnnlab.ui.networks import Chosen

if TYPE_CHECKING:
    from cnnlab.feature_maps import Place
    from cnnlab.filter_slices import FilterSlices, Kind
    from cnnlab.map_layouts import Maps
    from cnnlab.network_outline import Outline

__all__ = [
    "Look",
    "Pass",
    "Walk",
    "codes",
    "input_side",
    "look",
    "maps_of_channel",
    "network_outline",
    "slices",
]

KEPT = 1_000_000  # cells; the values of larger layers are computed again when they are needed
T = TypeVar("T")


@dataclass(frozen=True)
class Walk:
    """What a learner looks at: a network, a run of one of its layers, a picture."""

    chosen: Chosen
    outline: Outline
    place: Place
    picture: Picture

    @property
    def chain(self) -> tuple[Place, ...]:
        """The convolution, normalisation and activation that belong together here."""
        return self.outline.chain(self.place)


@dataclass(frozen=True, eq=False)
class Look:
    """What is kept of a layer's output.

    Parameters
    ----------
    statistics : MapStatistics
        Of each channel.
    spread : Histogram
        Of all values.
    values : ndarray of shape (C, H, W) or None
        All values, where they are few enough.
    class_token : ndarray of shape (C,) or None
        Of tokens.
    """

    statistics: MapStatistics
    spread: Histogram
    values: NDArray[np.float32] | None
    class_token: NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class Pass:
    """What is kept of one pass through the network.

    Parameters
    ----------
    looks : dict
        Of the layers that were listened to.
    seen : PIL.Image.Image
        The picture as the network sees it.
    """

    looks: dict[Place, Look]
    seen: Image.Image


def network_outline(name: str) -> Outline:
    """Return what is known of a network without its weights."""

    def run() -> Outline:
        from cnnlab.network_outline import outline

        return outline(name)

    return work.in_queue(("outline", name), run, label=f"Reading the structure of {name}")


def input_side(name: str) -> tuple[int, int]:
    """Return how many rows and columns the picture has that a network takes."""
    from cnnlab.model_cost import input_shape

    _, height, width = input_shape(name)
    return height, width


def look(walk: Walk) -> Pass:
    """Return what the layers of a chain give out for the picture, in one pass."""

    def run() -> Pass:
        from cnnlab import pretrained

        maps = _outputs(walk, walk.chain)
        values = [found.values for found in maps]
        statistics = [map_statistics(found) for found in values]
        span = (
            min(float(found.low.min()) for found in statistics),
            max(float(found.high.max()) for found in statistics),
        )
        looks = {
            place: Look(
                numbers,
                histogram(found.values, span=span),
                np.ascontiguousarray(found.values) if found.values.size <= KEPT else None,
                found.class_token,
            )
            for place, found, numbers in zip(walk.chain, maps, statistics, strict=True)
        }
        batch = pretrained.preprocess(walk.picture.image, walk.chosen.name)
        return Pass(looks, pretrained.as_seen(batch, walk.chosen.name))

    return _ask(walk, ("look",), run, label=f"Running {walk.chosen.words} up to {walk.place[0]}")


def codes(
    walk: Walk, found: Look, channels: NDArray[np.int64], ranges: list[ColourRange]
) -> NDArray[np.uint8]:
    """Return some maps of the chosen layer as codes for colours, (n, H, W)."""

    def encoded(values: NDArray[np.float32]) -> NDArray[np.uint8]:
        pairs = zip(channels, ranges, strict=True)
        return np.stack([encode(values[channel], span) for channel, span in pairs])

    if found.values is not None:
        return encoded(found.values)
    key = ("codes", walk.place, tuple(channels.tolist()), tuple(ranges))
    return _ask(
        walk,
        key,
        lambda: encoded(_outputs(walk, (walk.place,))[0].values),
        label=f"Drawing the maps of {walk.place[0]}",
    )


def maps_of_channel(walk: Walk, found: Pass, channel: int) -> dict[Place, NDArray[np.float32]]:
    """Return the maps (H, W) of one channel of all layers of the chain."""
    kept = {place: one.values for place, one in found.looks.items()}
    if all(values is not None for values in kept.values()):
        return {place: values[channel] for place, values in kept.items() if values is not None}

    def run() -> dict[Place, NDArray[np.float32]]:
        outputs = zip(walk.chain, _outputs(walk, walk.chain), strict=True)
        return {place: np.array(maps.values[channel]) for place, maps in outputs}

    return _ask(walk, ("channel", channel), run, label=f"Computing channel {channel}")


def slices(
    chosen: Chosen, layer: str, *, kind: Kind, groups: int, number: int, first: int, count: int
) -> FilterSlices:
    """Return one page of the filters of a convolution."""

    def run() -> FilterSlices:
        from cnnlab import loading
        from cnnlab.filter_slices import filter_slices

        with loading.using(chosen.name, trained=chosen.trained) as model:
            weight = model.get_parameter(f"{layer}.weight").detach().cpu().numpy()
            return filter_slices(
                weight, kind=kind, groups=groups, number=number, first=first, count=count
            )

    key = ("filters", chosen, layer, kind, number, first, count)
    return work.in_queue(key, run, label=f"Reading the filters of {layer}")


def _outputs(walk: Walk, places: tuple[Place, ...]) -> list[Maps]:
    """Return what some layers give out for the picture. This runs the network."""
    from cnnlab import loading, pretrained
    from cnnlab.feature_maps import several_feature_maps
    from cnnlab.map_layouts import as_maps

    batch = pretrained.preprocess(walk.picture.image, walk.chosen.name)
    named = [(walk.outline.module_name(layer), run) for layer, run in places]
    with loading.using(walk.chosen.name, trained=walk.chosen.trained) as model:
        outputs = several_feature_maps(model, batch, named)
    return [
        as_maps(output, walk.outline.layouts[layer])
        for output, (layer, _) in zip(outputs, places, strict=True)
    ]


def _ask(walk: Walk, what: tuple[object, ...], run: Callable[[], T], *, label: str) -> T:
    """Return a result of this network, this picture and these layers."""
    key = ("layer walk", walk.chosen, walk.picture.digest, walk.chain, *what)
    return work.in_queue(key, run, label=label, own=walk.picture.own)
