"""The networks that everybody should know, described layer by layer, with their papers' figures."""

from __future__ import annotations

from cnnlab.architectures import (
    alexnet,
    convnext,
    densenet,
    efficientnet,
    googlenet,
    highway,
    inception,
    inception_v2,
    lenet,
    mobilenet,
    nasnet,
    resnet,
    resnext,
    shufflenet,
    squeezenet,
    stochastic,
    vgg,
    xception,
)
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.checks import InputError

__all__ = ["NETWORKS", "Drawing", "Network", "Published", "network"]

_FAMILIES = (
    lenet,
    alexnet,
    vgg,
    googlenet,
    inception_v2,
    highway,
    inception,
    resnet,
    stochastic,
    squeezenet,
    densenet,
    xception,
    resnext,
    nasnet,
    mobilenet,
    shufflenet,
    efficientnet,
    convnext,
)
_ALL = [entry for family in _FAMILIES for entry in family.NETWORKS]

NETWORKS: dict[str, Network] = {
    entry.key: entry for entry in sorted(_ALL, key=lambda entry: entry.year)
}


def network(key: str) -> Network:
    """Return a network by its key.

    Raises
    ------
    InputError
        If there is none of that name.

    Examples
    --------
    >>> network("vgg16").total.n_params
    138357544
    """
    if key not in NETWORKS:
        raise InputError(f"there is no network {key!r}; there are {', '.join(NETWORKS)}")
    return NETWORKS[key]
