"""What torchvision's own networks cost, layer by layer, without making their weights.

Tensors on torch's "meta" device have a shape and no numbers, so a network of 600 million
parameters is built and run in a moment and takes no memory for its weights. Words and conventions
are those of `cnnlab.cost`: a MAC is counted for weights, and here for attention's products of two
activations too, for one picture at the size its weights were trained for.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import torch
import torchvision.models
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnlab import digits
from cnnlab.catalogue import OWN
from cnnlab.checks import InputError
from cnnlab.module_counter import ModelRow, measure, sums_of

__all__ = [
    "ModelRow",
    "empty_model",
    "input_shape",
    "model_names",
    "model_totals",
    "summarize_model",
]

KEPT = 32  # tables that stay in memory, up to 0.5 MB each
OPTIONS: dict[str, dict[str, Any]] = {  # what torchvision's own counts are about
    "googlenet": {"aux_logits": False, "init_weights": False},  # without the helpers of training
    "inception_v3": {"aux_logits": True, "init_weights": False},  # with them; they never run
    "vit_h_14": {"image_size": 518},  # as its weights want it
}


@cache
def model_names() -> tuple[str, ...]:
    """Return the names of torchvision's classification networks, transformers among them.

    Examples
    --------
    >>> "resnet50" in model_names(), "vit_b_16" in model_names()
    (True, True)
    """
    return tuple(torchvision.models.list_models(module=torchvision.models))


def input_shape(name: str) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the pictures for which a network's cost is counted.

    It is the size to which its recommended weights crop pictures.

    Parameters
    ----------
    name : str
        One of `model_names`, or the lab's own digit network, ``cnnlab.catalogue.OWN``.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> input_shape("inception_v3")
    (3, 299, 299)
    """
    _check(name)
    if name == OWN:
        return digits.INPUT_SHAPE
    (size,) = torchvision.models.get_model_weights(name).DEFAULT.transforms().crop_size
    return 3, size, size


def summarize_model(name: str) -> list[ModelRow]:
    """Return what every module of one of torchvision's networks makes and costs.

    No weights are made or loaded. Tables are kept, so a second call costs nothing.

    Parameters
    ----------
    name : str
        One of `model_names`, or the lab's own digit network, ``cnnlab.catalogue.OWN``.

    Returns
    -------
    list of ModelRow
        The network first, then its parts in the order in which they first run, each followed by
        what lies below it. What never runs comes last.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> rows = summarize_model("resnet18")
    >>> [row.name for row in rows[:4]], rows[1].kind, rows[1].output_shape
    (['resnet18', 'conv1', 'bn1', 'relu'], 'Conv 7×7, 64, stride 2, padding 3', (64, 112, 112))
    >>> sum(row.macs for row in rows if row.is_leaf)
    1814073344
    """
    _check(name)
    return list(_table(name))


def model_totals(rows: Sequence[ModelRow]) -> ModelRow:
    """Return the sums over the leaves of a table as one more row.

    Parameters
    ----------
    rows : sequence of ModelRow
        What `summarize_model` returns, or one of its rows with all that lies below it.

    Returns
    -------
    ModelRow
        Named "Total", with the shapes of the first row.

    Raises
    ------
    InputError
        If there are no rows.

    Examples
    --------
    >>> model_totals(summarize_model("alexnet")).n_params
    61100840
    """
    if not rows:
        raise InputError("a network without layers has no totals")
    sums = sums_of(row for row in rows if row.is_leaf)
    return ModelRow("Total", "", (), rows[0].input_shape, rows[0].output_shape, **sums)


def _check(name: str) -> None:
    if name != OWN and name not in model_names():
        near = difflib.get_close_matches(str(name).lower(), model_names(), n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "resnet50 is one that it has"
        raise InputError(f"torchvision has no classification network called {name!r}; {hint}")


@lru_cache(maxsize=KEPT)
def _table(name: str) -> tuple[ModelRow, ...]:
    return measure(_build(name), name, input_shape(name))


def empty_model(name: str) -> nn.Module:
    """Return one of torchvision's networks on the meta device: its weights have shapes alone.

    Parameters
    ----------
    name : str
        One of `model_names`, or the lab's own digit network, ``cnnlab.catalogue.OWN``.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> empty_model("resnet18").conv1.weight.device
    device(type='meta')
    """
    _check(name)
    return _build(name)


def _build(name: str) -> nn.Module:
    with _EmptyOnMeta():
        if name == OWN:
            return digits.build().to("meta").eval()
        model = torchvision.models.get_model(name, weights=None, **OPTIONS.get(name, {}))
    built: nn.Module = model.to("meta").eval()  # the few tensors that are not weights follow
    return built


class _EmptyOnMeta(TorchFunctionMode):
    """While it lasts, in this thread only, new weights have a shape and no numbers.

    ``torch.device("meta")`` would put every tensor there. RegNet computes its widths with tensors
    and must be able to read those.
    """

    FACTORIES = (torch.empty, torch.zeros, torch.ones)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in self.FACTORIES and kwargs.get("device") is None:
            kwargs = {**kwargs, "device": "meta"}
        return func(*args, **kwargs)
