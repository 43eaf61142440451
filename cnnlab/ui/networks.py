"""What the pages with a pretrained network share. Importing this module loads no PyTorch."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.derivations import with_unit
from cnnlab.percent import finely
from cnnlab.ui import controls, work

if TYPE_CHECKING:
    from cnnlab.answers import Answer

__all__ = [
    "Chosen",
    "answer",
    "choose",
    "class_picker",
    "facts_table",
    "layer_picker",
    "offer_download",
    "pick_class",
    "picker",
    "picture_picker",
]

_TOP = "the first guess"


class Chosen(NamedTuple):
    """A network, and whether with its trained weights or with random numbers."""

    name: str
    trained: bool

    @property
    def words(self) -> str:
        """What to call it: "resnet18", "resnet18 with random numbers"."""
        return self.name if self.trained else f"{self.name} with random numbers"


def picker(page: str, *, transformers: bool = False, digits: bool = True) -> str:
    """Let a learner choose a network; stop, with a button to fetch it, until its weights are here.

    Parameters
    ----------
    page : str
        Prefix of the widget's key.
    transformers : bool
        Whether networks without feature maps (ViT, Swin, MaxViT) are offered too.
    digits : bool
        Whether the lab's own digit network is offered too; not where all is about photographs.

    Returns
    -------
    str
        torchvision's name of the network; its weights are on this computer.
    """
    name = _pick(page, transformers=transformers, digits=digits)
    from cnnlab import weights

    if not weights.is_cached(name):
        here = weights.cached_names()
        ready = f"Ready now: {', '.join(here)}." if here else ""
        offer_download(page, name, f"{_missing(name)}, fetched once and kept for everyone. {ready}")
        st.stop()
    return name


def choose(page: str, *, transformers: bool = True) -> Chosen:
    """Let a learner choose a network; without its weights, it comes with random numbers.

    Parameters
    ----------
    page : str
        Prefix of the widgets' keys.
    transformers : bool
        Whether networks without feature maps (ViT, Swin, MaxViT) are offered too.

    Returns
    -------
    Chosen
        The network, and whether its trained weights are here and wanted.
    """
    name = _pick(page, transformers=transformers)
    from cnnlab import weights

    if weights.is_cached(name):
        trained = st.toggle(
            "Trained weights",
            value=True,
            key=f"{page}_trained",
            bind="query-params",
            help="Off: the same network before training, with random numbers.",
        )
        return Chosen(name, trained)
    offer_download(
        page,
        name,
        f"{_missing(name)}. Until then you see it with random numbers: the structure is right, "
        "what it answers means nothing.",
    )
    return Chosen(name, trained=False)


def _pick(page: str, *, transformers: bool, digits: bool = True) -> str:
    """Let a learner choose a network: those that are ready come first."""
    work.networks()
    from cnnlab import catalogue, loading, weights

    own = (catalogue.OWN,) if digits else ()
    offered = (*(catalogue.every_name() if transformers else catalogue.names()), *own)
    ready = [name for name in (*weights.cached_names(), *own) if name in offered]
    rest = [name for name in offered if name not in ready]
    default = loading.default_name()
    if default not in offered:
        default = next(iter(ready), "resnet18")
    controls.say_unknown(f"{page}_network", offered, what="network")
    return controls.pick(
        "Network",
        [default, *(name for name in (*ready, *rest) if name != default)],
        key=f"{page}_network",
        help=f"{'The lab’s own digit network, and all' if digits else 'All'} of torchvision's "
        f"{'networks' if transformers else 'CNNs'}. Ready on this computer: "
        f"{', '.join(ready) or 'none yet'}.",
    )


def _missing(name: str) -> str:
    from cnnlab import catalogue

    size = catalogue.facts(name).file_bytes / 1e6
    return f"The weights of **{name}** are not on this computer yet: {size:.0f} MB"


def offer_download(page: str, name: str, says: str = "") -> None:
    """Say what is missing and offer to fetch it; run again once it is here."""
    says = says or f"{_missing(name)}."
    message = st.empty()  # the outcome takes the place of the offer, in sight
    message.info(says, icon=":material/download:")
    if not st.button(f"Download {name}", key=f"{page}_download", type="primary"):
        return
    try:
        work.download(name)
    except InputError as error:
        message.error(str(error))
        return
    st.rerun()


def picture_picker(page: str, name: str, *, first: str | None = None) -> controls.Picture:
    """Let a learner choose a picture; the digit network's samples are digits."""
    from cnnlab import catalogue

    return controls.picture_picker(page, digits=name == catalogue.OWN, first=first)


def answer(picture: controls.Picture, name: str) -> Answer:
    """Return what a network says of a picture, through the shared queue."""

    def run() -> Answer:
        from cnnlab import answers

        return answers.ask(picture.image, name)

    key = ("classify", name, picture.digest)
    return work.in_queue(key, run, label=f"Asking {name}", own=picture.own)


def class_picker(page: str, name: str, said: Answer) -> int:
    """Let a learner choose the class to explain: a guess of the network, or any class by name.

    Returns
    -------
    int
        The index of the class.
    """
    index = pick_class(page, name, said, label="Class to explain")
    label = class_labels(name)[index]
    st.caption(f"{name} gives “{label}” {finely(said.probability(index))}")
    return index


def pick_class(page: str, name: str, said: Answer, *, label: str) -> int:
    """Let a learner choose a class; the guesses of the network come first.

    Returns
    -------
    int
        The index of the class.
    """
    labels = class_labels(name)
    first = [labels[guess.index] for guess in said.best]
    others = sorted((name for name in labels if name not in first), key=str.casefold)
    chosen = controls.pick(
        label,
        [_TOP, *first, *others],
        key=f"{page}_class",
        help=f"The five best guesses come first. Type to search all {len(labels)} classes: the "
        "network knows these names and no others.",
    )
    return said.best[0].index if chosen == _TOP else labels.index(chosen)


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

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), name)
        with loading.using(name) as model:
            sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
            return features.default_layer(model), sizes

    return work.in_queue(("layers with maps", name), run, label=f"Looking at the layers of {name}")


def facts_table(name: str) -> None:
    """Show what torchvision says about a network, with units."""
    from cnnlab import catalogue

    facts = catalogue.facts(name)
    in_five = f", {facts.acc5:.1f} % in five" if facts.acc5 is not None else ""
    st.table(
        {
            "Parameters": f"{facts.n_params:,}",
            "Multiply-adds": f"{with_unit(facts.macs, 'MACs')} for one picture",
            "Accuracy": f"{facts.acc1:.1f} % first guess{in_five}; {facts.data}",
            "Weights": f"{facts.weights}, {facts.file_bytes / 1e6:.1f} MB",
            "Licence": facts.licence,
        },
        border="horizontal",
    )
