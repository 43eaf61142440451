"""Load a network: once for everybody, never changed, and no more of them than memory allows."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import torch
import torchvision.models
from torch import Tensor, nn

from cnnlab import digits
from cnnlab.catalogue import OWN, facts, weights_of
from cnnlab.checks import InputError
from cnnlab.weights import cached_names, cached_path, is_cached

__all__ = ["best_device", "default_name", "forget", "held_bytes", "load", "memory_limit", "using"]

Key = tuple[str, str]  # the network, and where its numbers come from
RANDOM = "random numbers"


@dataclass
class _Held:
    """A network in memory."""

    model: nn.Module
    n_bytes: int
    users: int = 0


_held: OrderedDict[Key, _Held] = OrderedDict()  # the one not asked for longest comes first
_lock = threading.Lock()
_key_locks: defaultdict[Key, threading.Lock] = defaultdict(threading.Lock)
_random_lock = threading.Lock()


def default_name() -> str:
    """Return the network to begin with: one whose weights are on this computer, if any is.

    Returns
    -------
    str
        ``resnet18`` if it is here, otherwise the smallest that is here; the lab's own digit
        network, which is always here, if no other is.
    """
    here = cached_names()  # smallest first
    return "resnet18" if "resnet18" in here else next(iter(here), OWN)


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


def load(name: str, *, trained: bool = True) -> nn.Module:
    """Return a network, ready to classify.

    Everybody who asks gets the same object, so nobody may change it: no hooks, no training. The
    networks asked for last stay in memory, as far as `memory_limit` reaches. Two threads that
    ask for one network at once load it once; different networks load side by side.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.every_name`, or `cnnlab.catalogue.OWN`.
    trained : bool
        True for its trained weights. False for random numbers, always the same ones: such a
        network knows nothing, but its layers can be looked at without a download.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, parameters frozen, on `best_device`.

    Raises
    ------
    InputError
        If there is no such network, its weights are not on this computer or are damaged, or it
        is too large for this computer.

    Examples
    --------
    >>> load("resnet20")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: torchvision has no network called 'resnet20'; \
did you mean resnet50 or resnet152 or resnet101?
    """
    with using(name, trained=trained) as model:
        return model


@contextmanager
def using(name: str, *, trained: bool = True) -> Iterator[nn.Module]:
    """Hold a network while the block runs; until then it is not dropped from memory.

    Parameters
    ----------
    name, trained
        As in `load`.

    Yields
    ------
    torch.nn.Module
        What `load` returns.

    Raises
    ------
    InputError
        As `load`.
    """
    key = (name, str(cached_path(name)) if trained else RANDOM)
    with _lock:
        key_lock = _key_locks[key]
    with key_lock:
        with _lock:
            held = _held.get(key)
            if held is not None:
                held.users += 1
                _held.move_to_end(key)
        if held is None:
            _make_room(4 * facts(name).n_params, name)
            model = _load(name) if trained else _untrained(name)
            held = _Held(model, _bytes_of(model), users=1)
            with _lock:
                _held[key] = held
    try:
        yield held.model
    finally:
        with _lock:
            held.users -= 1
        _make_room(0, name)


def memory_limit() -> int:
    """Return how many bytes of memory the networks may take together.

    Returns
    -------
    int
        ``CNNLAB_MODEL_MB`` million bytes if that is set in the environment, else a quarter of
        this computer's memory.
    """
    if wanted := os.environ.get("CNNLAB_MODEL_MB", "").strip():
        if not wanted.isdigit():
            raise InputError(f"CNNLAB_MODEL_MB must be a whole number of megabytes, got {wanted!r}")
        return int(wanted) * 10**6
    if hasattr(os, "sysconf"):
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) // 4
    return 2 * 10**9


def held_bytes() -> int:
    """Return how many bytes the networks in memory take."""
    with _lock:
        return sum(held.n_bytes for held in _held.values())


def forget() -> None:
    """Drop the networks kept in memory; whoever still uses one keeps it."""
    with _lock:
        _held.clear()


def _make_room(n_bytes: int, name: str) -> None:
    """Drop networks that nobody uses, the one not asked for longest first, until all fit."""
    limit = memory_limit()
    if n_bytes > limit:
        raise InputError(
            f"{name} takes {n_bytes / 1e6:.0f} MB of memory, and networks may take "
            f"{limit / 1e6:.0f} MB on this computer; choose a smaller one, or start the lab with "
            "CNNLAB_MODEL_MB set to more"
        )
    with _lock:
        for key in [key for key, held in _held.items() if not held.users]:
            if sum(held.n_bytes for held in _held.values()) + n_bytes <= limit:
                return
            del _held[key]


def _bytes_of(model: nn.Module) -> int:
    return sum(t.nbytes for t in (*model.parameters(), *model.buffers()))


def _load(name: str) -> nn.Module:
    """Return a new network with the weights on this computer."""
    if name == OWN:
        return _ready(digits.load(), name)
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
    return _ready(model, name)


def _untrained(name: str) -> nn.Module:
    """Return a new network with random numbers, the same ones every time.

    The statistics of batch normalisation are measured on two pictures of noise, so that the
    values neither die out nor explode on their way through a deep network.
    """
    side = max(128, *facts(name).min_size)
    with _random_lock, torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = (digits.build() if name == OWN else _build(name, keep_random=True)).eval()
        norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
        usual = [norm.momentum for norm in norms]
        for norm in norms:
            norm.train().momentum = 1.0  # the statistics of this one batch
        if norms:
            with torch.inference_mode():
                model(torch.randn(2, 3, side, side))
        for norm, momentum in zip(norms, usual, strict=True):
            norm.eval().momentum = momentum
    return _ready(model, name)


def _ready(model: Any, name: str) -> nn.Module:
    """Return the network as everybody may use it: frozen, in evaluation mode."""
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


def _build(name: str, *, keep_random: bool = False) -> nn.Module:
    """Return the network as torchvision builds it for its weights, the numbers still random."""
    settings: dict[str, Any] = {}
    if name.startswith(("vgg", "googlenet", "inception")):
        # Slow, in the last two very slow (scipy's truncated normal), and mostly overwritten.
        settings["init_weights"] = keep_random and name.startswith("vgg")
    if name in ("googlenet", "inception_v3"):
        # The weights come from pictures scaled to -1..1, and include extra classifiers.
        settings |= {"transform_input": True, "aux_logits": True}
    model: nn.Module = torchvision.models.get_model(name, weights=None, **settings)
    return model
