"""What the pages with a pretrained network share. Importing this module loads no PyTorch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.charts import percent
from cnnlab.ui import controls, work

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam
    from cnnlab.pretrained import Prediction

__all__ = [
    "Answer",
    "answer",
    "class_picker",
    "explain",
    "explaining_function",
    "facts_table",
    "layer_picker",
    "picker",
]

_TOP = "the first guess"


class Answer(NamedTuple):
    """What a network says of a picture, and how long it took."""

    predictions: list[Prediction]  # all classes, the most probable first
    seconds: float

    @property
    def best(self) -> list[Prediction]:
        """The five best guesses."""
        return self.predictions[:5]

    def probability(self, index: int) -> float:
        """Return the probability of one class."""
        return next(guess.probability for guess in self.predictions if guess.index == index)


def picker(page: str) -> str:
    """Let a learner choose a network; stop, with a button to fetch it, until its weights are here.

    Parameters
    ----------
    page : str
        Prefix of the widget's key.

    Returns
    -------
    str
        torchvision's name of the network; its weights are on this computer.
    """
    work.networks()
    from cnnlab import catalogue, loading, weights

    default, here = loading.default_name(), weights.cached_names()
    rest = [name for name in catalogue.names() if name not in here and name != default]
    options = [default, *(name for name in here if name != default), *rest]
    name = controls.pick(
        "Network",
        options,
        key=f"{page}_network",
        help=f"All of torchvision's CNNs. Ready on this computer: {', '.join(here) or 'none yet'}.",
    )
    if not weights.is_cached(name):
        _offer_download(page, name, here)
    return name


def _offer_download(page: str, name: str, here: list[str]) -> None:
    from cnnlab import catalogue

    facts = catalogue.facts(name)
    message = st.empty()  # the outcome takes the place of the offer, in sight
    message.info(
        f"The weights of **{name}** are not on this computer yet: {facts.file_bytes / 1e6:.0f} MB, "
        "fetched once and kept for everyone. " + (f"Ready now: {', '.join(here)}." if here else ""),
        icon=":material/download:",
    )
    if not st.button(f"Download {name}", key=f"{page}_download", type="primary"):
        st.stop()
    try:
        work.download(name)
    except InputError as error:
        message.error(str(error))
        st.stop()
    st.rerun()


def answer(picture: controls.Picture, name: str) -> Answer:
    """Return what a network says of a picture, through the shared queue."""

    def run() -> Answer:
        from cnnlab import loading, pretrained

        loading.load(name)  # before the clock starts: this happens once, not for each picture
        start = time.perf_counter()
        predictions = pretrained.classify(picture.image, name, k=len(pretrained.categories(name)))
        return Answer(predictions, time.perf_counter() - start)

    return work.in_queue(("classify", name, picture.digest), run, label=f"Asking {name}")


def explain(picture: controls.Picture, name: str, *, target: int, layer: str) -> GradCam:
    """Return all steps of Grad-CAM for a picture, through the shared queue."""

    def run() -> GradCam:
        from cnnlab import attribution, loading, pretrained

        batch = pretrained.preprocess(picture.image, name)
        return attribution.grad_cam_steps(loading.load(name), batch, target=target, layer=layer)

    key = ("grad_cam", name, picture.digest, target, layer)
    return work.in_queue(key, run, label=f"Explaining {name}")


def class_picker(page: str, name: str, said: Answer) -> int:
    """Let a learner choose the class to explain: a guess of the network, or any class by name.

    Returns
    -------
    int
        The index of the class.
    """
    labels = class_labels(name)
    first = [labels[guess.index] for guess in said.best]
    others = sorted((label for label in labels if label not in first), key=str.casefold)
    chosen = controls.pick(
        "Class to explain",
        [_TOP, *first, *others],
        key=f"{page}_class",
        help=f"The five best guesses come first. Type to search all {len(labels)} classes: the "
        "network knows these names and no others.",
    )
    index = said.best[0].index if chosen == _TOP else labels.index(chosen)
    st.caption(f"{name} gives “{labels[index]}” {percent(said.probability(index))}")
    return index


def class_labels(name: str) -> list[str]:
    """Return the names of the classes; where two share a name, with their index."""
    from cnnlab import pretrained

    names = pretrained.categories(name)
    times = Counter(names)
    return [
        f"{category} ({index})" if times[category] > 1 else category
        for index, category in enumerate(names)
    ]


def layer_picker(page: str, name: str) -> str:
    """Let a learner choose a layer with an extent; the recommended one comes first."""
    default, layers = layer_sizes(name)
    options = [default, *(layer for layer in reversed(layers) if layer != default)]
    layer = controls.pick(
        "Layer",
        options,
        key=f"{page}_layer",
        help="The name is the one in PyTorch. The first is the usual choice: the last feature maps "
        "of the network. Below it come the others, from the last to the first.",
    )
    channels, rows, columns = layers[layer]
    place = list(layers).index(layer) + 1
    st.caption(
        f"{channels} feature maps of {rows} × {columns}, number {place} of {len(layers)} layers "
        "counted from the picture"
    )
    return layer


def layer_sizes(name: str) -> tuple[str, dict[str, tuple[int, int, int]]]:
    """Return the recommended layer, and all layers that have an extent with (C, H, W)."""

    def run() -> tuple[str, dict[str, tuple[int, int, int]]]:
        from cnnlab import features, loading, pretrained

        model = loading.load(name)
        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), name)
        sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
        return features.default_layer(model), sizes

    return work.in_queue(("layers", name), run, label=f"Looking at the layers of {name}")


def facts_table(name: str) -> None:
    """Show what torchvision says about a network, with units."""
    from cnnlab import catalogue

    facts = catalogue.facts(name)
    st.table(
        {
            "Parameters": f"{facts.n_params:,}".replace(",", " "),
            "Multiply-adds": f"{facts.macs / 1e9:.2f} GMACs for one picture",
            "ImageNet accuracy": f"{facts.acc1:.1f} % first guess, {facts.acc5:.1f} % in five",
            "Weights": f"{facts.weights}, {facts.file_bytes / 1e6:.1f} MB",
            "Licence": facts.licence,
        },
        border="horizontal",
    )


def explaining_function() -> Callable[..., GradCam]:
    """Return the function that the page has just run, to show its source."""
    from cnnlab import attribution

    return attribution.grad_cam_steps
