"""What the layers of a network give out for a picture: exactly, and no further than needed.

A hook is the way to hear of a layer's output, and a hook on a network that everybody shares would
be heard by everybody. So the modules on the way from the network down to the layer are copied (a
handful, without their numbers), the hook sits on the copy, and all else is the shared network
itself.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.features import layer_name, private_copy

__all__ = ["Place", "feature_maps", "several_feature_maps"]

Place = tuple[str, int]  # a layer, and which of its runs: 1 is the first
_DEEPEST = 3  # modules with parts, down to here, say how far the work has come


class _Reached(Exception):
    """All that was asked for is there: the rest of the network need not run."""


def feature_maps(
    model: nn.Module, batch: Tensor, layer: str | nn.Module, *, run: int = 1
) -> NDArray[np.float32]:
    """Return what a layer gives out for a picture; the network runs no further than that.

    Parameters
    ----------
    model : torch.nn.Module
        Any network, as `cnnlab.loading` gives it; it is not changed, and gets no hook.
    batch : Tensor of shape (1, C, H, W)
        The prepared picture.
    layer : str or torch.nn.Module
        Name of a layer, or one of the modules of `model`; "" is the whole network.
    run : int
        Which run counts, 1 the first: some layers, such as the ReLU in a block of ResNet, are
        used several times.

    Returns
    -------
    ndarray
        The layer's output, bit for bit, in its own shape: (1, C, H, W) for feature maps. Of
        several outputs the first.

    Raises
    ------
    InputError
        If there is no such layer, or it does not run (so often).

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()).eval()
    >>> feature_maps(model, torch.ones(1, 1, 5, 5), "1").shape
    (1, 2, 3, 3)
    """
    name = "" if layer == "" else layer_name(model, layer)
    return several_feature_maps(model, batch, [(name, run)])[0]


def several_feature_maps(
    model: nn.Module, batch: Tensor, places: Sequence[Place]
) -> list[NDArray[np.float32]]:
    """Return what several layers give out, in one pass that ends at the last of them.

    Parameters
    ----------
    model, batch
        As in `feature_maps`.
    places : sequence of (str, int)
        Names of layers, each with the number of the run that counts.

    Returns
    -------
    list of ndarray
        The outputs, in the order of `places`.

    Raises
    ------
    InputError
        As `feature_maps`.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()).eval()
    >>> before, after = several_feature_maps(model, torch.ones(1, 1, 5, 5), [("0", 1), ("1", 1)])
    >>> bool((after == np.maximum(before, 0)).all())
    True
    """
    for name, run in places:
        in_range(run, name="run", low=1)
        if name:
            layer_name(model, name)
    found: dict[Place, NDArray[np.float32]] = {}
    runs: Counter[str] = Counter()

    def keep(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        runs[name] += 1
        place = name, runs[name]
        if place in places:
            found[place] = _numbers(output, name)
            if len(found) == len(set(places)):
                raise _Reached

    network = _listening(model, {name for name, _ in places}, keep)
    device = next((parameter.device for parameter in model.parameters()), batch.device)
    try:
        with torch.inference_mode():
            network(batch.to(device))
    except _Reached:
        pass
    for place in places:
        if place not in found:
            raise InputError(_why_not(*place, runs[place[0]]))
    return [found[place] for place in places]


def _listening(
    model: nn.Module, names: set[str], hear: Callable[[str, nn.Module, Any, Any], None]
) -> nn.Module:
    """Return the network with its own copies of some modules, which call `hear` when they end.

    Larger blocks have copies too: they say how far the work has come, and stop it when nobody
    waits for it any more.
    """
    if any(module.training for module in model.modules()):
        model = private_copy(model)  # which only evaluates
    blocks = [
        name
        for name, module in model.named_modules()
        if name and name.count(".") < _DEEPEST and next(module.children(), None) is not None
    ]
    ways = {"", *names, *blocks}
    for name in names:
        parts = name.split(".")
        ways |= {".".join(parts[:depth]) for depth in range(1, len(parts))}
    own: dict[str, nn.Module] = {}
    network = _own(model, "", ways, own)
    for number, name in enumerate(blocks):
        own[name].register_forward_pre_hook(partial(_say, number / len(blocks)))
    for name in names:
        own[name].register_forward_hook(partial(hear, name))
    return network


def _own(module: nn.Module, name: str, ways: set[str], own: dict[str, nn.Module]) -> nn.Module:
    """Return a copy of a module, noted in `own`, in which all parts named in `ways` are copies.

    It shares parameters, buffers and all other modules with the original, but no hook.
    """
    copy = own[name] = type(module).__new__(type(module))
    for key, value in vars(module).items():
        is_hooks = "_hooks" in key and isinstance(value, dict)
        vars(copy)[key] = OrderedDict() if is_hooks else value
    parts = vars(copy)["_modules"] = dict(module._modules)
    for key, part in parts.items():
        below = f"{name}.{key}" if name else key
        if part is not None and below in ways:
            parts[key] = _own(part, below, ways, own)
    return copy


def _say(share: float, *_: Any) -> None:
    progress(share)


def _numbers(output: Any, name: str) -> NDArray[np.float32]:
    """Return a copy of a layer's output that nothing later in the network can change."""
    if isinstance(output, (tuple, list)) and output:
        output = output[0]  # of attention: what it makes, before the weights that it may add
    if not isinstance(output, Tensor):
        raise InputError(f"the layer {name!r} gives out no tensor")
    return np.array(output.detach().cpu().numpy())


def _why_not(name: str, run: int, runs: int) -> str:
    if runs:
        times = "once" if runs == 1 else f"{runs} times"
        return f"the layer {name!r} runs {times}, so it has no run number {run}"
    return (
        f"the layer {name!r} gives nothing out: either only training uses it, or what holds it "
        "takes its weights without calling it"
    )
