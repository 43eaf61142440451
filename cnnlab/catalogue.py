"""Which pretrained networks torchvision offers, and what it says about each."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import Any

import torchvision.models

from cnnlab import digits
from cnnlab.checks import InputError

__all__ = ["OWN", "ModelFacts", "every_name", "facts", "names", "weights_of"]

OWN = "lenet_digits"  # the lab's own network; it comes with the lab and reads digits
ATTENTION = ["vit_*", "swin_*", "maxvit_*"]  # transformers: another lesson, another lab
NO_LICENCE = (
    "no licence of its own; torchvision (BSD 3-Clause) says that weights may be bound by the terms "
    "of the data they were trained on, here ImageNet"
)


@dataclass(frozen=True)
class ModelFacts:
    """What torchvision says about one network and its recommended weights.

    Attributes
    ----------
    name : str
        Name of the builder function in ``torchvision.models``.
    weights : str
        Full name of the recommended (``DEFAULT``) weights.
    n_params : int
        Parameters, as torchvision counts them.
    macs : int
        Multiply-accumulates for one picture at the size the weights were measured with.
    acc1 : float
        Share of the pictures of `data`, in percent, whose label is the first guess.
    acc5 : float or None
        The same for the first five guesses; None for a network that knows ten classes.
    data : str
        The pictures that the accuracy was measured on.
    file_bytes : int
        Size of the file of weights, to about 1 kB.
    min_size : tuple of int
        Smallest picture (rows, columns) that the network takes.
    url : str
        Where the file comes from.
    recipe : str
        Page that says how the network was trained.
    licence : str
        Licence of the weights, or a note that they have none of their own.
    """

    name: str
    weights: str
    n_params: int
    macs: int
    acc1: float
    acc5: float | None
    data: str
    file_bytes: int
    min_size: tuple[int, int]
    url: str
    recipe: str
    licence: str


@cache
def names() -> tuple[str, ...]:
    """Return the names of torchvision's convolutional classification networks, sorted.

    Returns
    -------
    tuple of str
        Names that the other functions take.

    Examples
    --------
    >>> names()[:3]
    ('alexnet', 'convnext_base', 'convnext_large')
    >>> "vit_b_16" in names()
    False
    """
    return tuple(torchvision.models.list_models(module=torchvision.models, exclude=ATTENTION))


@cache
def every_name() -> tuple[str, ...]:
    """Return the names of all of torchvision's classification networks, sorted.

    Returns
    -------
    tuple of str
        Those of `names`, and the transformers.

    Examples
    --------
    >>> set(every_name()) - set(names()) >= {"vit_b_16", "swin_t", "maxvit_t"}
    True
    """
    return tuple(torchvision.models.list_models(module=torchvision.models))


def weights_of(name: str) -> Any:
    """Return torchvision's recommended weights of the network `name`.

    Parameters
    ----------
    name : str
        One of `every_name`, or `OWN`.

    Returns
    -------
    torchvision.models.WeightsEnum or cnnlab.digits.DigitWeights
        The entry with the address, the facts and the preprocessing; nothing is downloaded.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> weights_of("resnet50")
    ResNet50_Weights.IMAGENET1K_V2
    """
    if name == OWN:
        return digits.DigitWeights()
    if name not in every_name():
        near = difflib.get_close_matches(str(name).lower(), every_name(), n=3)
        hint = (
            f"did you mean {' or '.join(near)}?"
            if near
            else "`python -m cnnlab weights list` names them all"
        )
        raise InputError(f"torchvision has no network called {name!r}; {hint}")
    return torchvision.models.get_model_weights(name).DEFAULT


@cache
def facts(name: str) -> ModelFacts:
    """Return what torchvision says about the network `name`.

    Parameters
    ----------
    name : str
        One of `every_name`, or `OWN`.

    Returns
    -------
    ModelFacts
        Size, cost, accuracy, address and licence.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> facts("squeezenet1_0").n_params
    1248424
    >>> facts("resnet-18")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: torchvision has no network called 'resnet-18'; \
did you mean resnet18 or resnet152 or resnet101?
    """
    if name == OWN:
        return _own_facts()
    weights = weights_of(name)
    meta = weights.meta
    accuracy = meta["_metrics"]["ImageNet-1K"]
    return ModelFacts(
        name=name,
        weights=str(weights),
        n_params=meta["num_params"],
        macs=round(meta["_ops"] * 1e9),  # torchvision writes "GFLOPS" and counts MACs
        acc1=accuracy["acc@1"],
        acc5=accuracy["acc@5"],
        data="ImageNet validation",
        file_bytes=round(meta["_file_size"] * 2**20),  # torchvision's MB is 1024 x 1024 bytes
        min_size=meta["min_size"],
        url=weights.url,
        recipe=meta["recipe"],
        licence=meta.get("license", NO_LICENCE),
    )


def _own_facts() -> ModelFacts:
    known = digits.FACTS
    return ModelFacts(
        name=OWN,
        weights=digits.WEIGHTS.name,
        n_params=known.n_params,
        macs=known.macs,
        acc1=100 * known.accuracy,
        acc5=None,
        data=f"{known.n_test:,} digits of MNIST held out",
        file_bytes=known.file_bytes,
        min_size=(digits.SIDE, digits.SIDE),
        url=digits.WEIGHTS.as_uri(),
        recipe=known.script,
        licence=known.licence,
    )
