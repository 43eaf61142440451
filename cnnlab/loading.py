"""Load a network with its ImageNet weights: once for everybody, and never changed."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, defaultdict
from contextlib import suppress
from typing import Any

import torch
import torchvision.models
from torch import Tensor, nn

from cnnlab.catalogue import facts, weights_of
from cnnlab.checks import InputError
from cnnlab.weights import cached_names, cached_path, is_cached

__all__ = ["best_device", "default_name", "forget", "load"]

MAX_MODELS = 4  # kept in memory; the one not asked for longest goes first

_models: OrderedDict[tuple[str, str], nn.Module] = OrderedDict()
_models_lock = threading.Lock()
_name_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def default_name() -> str:
    """Return the network to begin with: one whose weights are on this computer, if any is.

    Returns
    -------
    str
        ``resnet18`` if it is here or if none is; otherwise the smallest that is here.
    """
    here = cached_names()  # smallest first
    return "resnet18" if "resnet18" in here or not here else here[0]


def best_device() -> torch.device:
    """Return the fastest kind of processor that torch can use here.

    Returns
    -------
    torch.device
        ``cuda``, ``mps`` or ``cpu``.
    """
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load(name: str) -> nn.Module:
    """Return the network `name` with its ImageNet weights, ready to classify.

    Everybody who asks gets the same object, so nobody may change it: no hooks, no training. The
    last four networks asked for (``MAX_MODELS``) stay in memory. Two threads that ask for one
    network at once load it once; different networks load side by side.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.names`.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, parameters frozen, on `best_device`.

    Raises
    ------
    InputError
        If there is no such network, or its weights are not on this computer or are damaged.

    Examples
    --------
    >>> load("resnet20")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: torchvision has no convolutional network called 'resnet20'; \
did you mean resnet50 or resnet152 or resnet101?
    """
    key = (name, str(cached_path(name)))
    with _models_lock:
        name_lock = _name_locks[name]
    with name_lock:
        with _models_lock:
            if key in _models:
                _models.move_to_end(key)
                return _models[key]
        model = _load(name)
        with _models_lock:
            _models[key] = model
            while len(_models) > MAX_MODELS:
                _models.popitem(last=False)
        return model


def forget() -> None:
    """Drop the networks kept in memory; whoever still uses one keeps it."""
    with _models_lock:
        _models.clear()


def _load(name: str) -> nn.Module:
    """Return a new network with the weights on this computer."""
    if not is_cached(name):
        here = ", ".join(cached_names()) or "none yet"
        raise InputError(
            f"the weights of {name} ({facts(name).file_bytes / 1e6:.0f} MB) are not on this "
            f"computer; fetch them with `python -m cnnlab weights pull {name}`, or choose a model "
            f"that is here ({here})"
        )
    try:
        state = _read(name)
    except (OSError, MemoryError):
        raise  # says nothing about the contents
    except Exception as error:  # a damaged file makes torch stumble in a dozen ways
        if "allocate" in str(error):  # torch's way to say that the memory is full
            raise
        raise _damaged(name) from error
    model: Any = _build(name)
    try:
        model.load_state_dict(state)
    except (RuntimeError, ValueError) as error:  # names or shapes that do not fit
        raise _damaged(name) from error
    if name == "googlenet":  # torchvision drops its extra classifiers: they came untrained
        model.aux_logits, model.aux1, model.aux2 = False, None, None
    ready: nn.Module = model.eval().requires_grad_(False).to(best_device())
    return ready


def _read(name: str) -> dict[str, Tensor]:
    """Return the tensors in the file of weights, by name."""
    state: dict[str, Tensor] = weights_of(name).get_state_dict(
        progress=False, check_hash=True, weights_only=True, map_location="cpu"
    )
    if not all(isinstance(key, str) and isinstance(state[key], Tensor) for key in state):
        raise ValueError("the file holds something else than named tensors")
    if name.startswith("densenet"):  # the files say norm.1, today's modules say norm1
        old = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)")
        for key in list(state):
            if found := old.fullmatch(key):
                state[found[1] + found[2]] = state.pop(key)
    return state


def _damaged(name: str) -> InputError:
    """Remove the file of weights and return the error that says so."""
    path = cached_path(name)
    with suppress(OSError):
        path.unlink()
    what = "delete it" if path.exists() else "it has been removed"
    return InputError(
        f"the file {path} is damaged; {what}; fetch it again with "
        f"`python -m cnnlab weights pull {name}`"
    )


def _build(name: str) -> nn.Module:
    """Return the network as torchvision builds it for its weights, the numbers still random."""
    settings: dict[str, Any] = {}
    if name.startswith(("vgg", "googlenet", "inception")):
        settings["init_weights"] = False  # slow, and the numbers will be overwritten
    if name in ("googlenet", "inception_v3"):
        # The weights come from pictures scaled to -1..1, and include extra classifiers.
        settings |= {"transform_input": True, "aux_logits": True}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **settings)
    return model
