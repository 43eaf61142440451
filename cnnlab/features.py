"""Look inside a network without disturbing it: private copies, one layer's values, layer names."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from cnnlab.checks import InputError, as_pair

__all__ = [
    "Recording",
    "default_layer",
    "input_channels",
    "layer_name",
    "private_copy",
    "record",
    "spatial_layers",
]

LAST_MAPS = {  # where torchvision's networks hold their last, most abstract feature maps
    models.ConvNeXt: "features",
    models.DenseNet: "features",
    models.EfficientNet: "features",
    models.GoogLeNet: "inception5b",
    models.Inception3: "Mixed_7c",
    models.MNASNet: "layers",
    models.MobileNetV2: "features",
    models.MobileNetV3: "features",
    models.RegNet: "trunk_output",
    models.ResNet: "layer4",
    models.ShuffleNetV2: "conv5",
    models.SqueezeNet: "features",
}


def private_copy(model: nn.Module) -> nn.Module:
    """Return a copy of the network that owns its modules but shares its numbers.

    A hook on a shared network is seen by everybody who uses it at that moment, so two people
    could spoil each other's results. On a copy of one's own, hooks harm nobody. The copy takes
    no memory worth mentioning: weights and buffers are the same tensors as in the original.

    Parameters
    ----------
    model : torch.nn.Module
        Any network; it is not changed.

    Returns
    -------
    torch.nn.Module
        The same network in evaluation mode, without hooks, and with ``inplace=True`` switched
        off in its modules, so that no layer overwrites what the layer before it gave out.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU(inplace=True))
    >>> twin = private_copy(model)
    >>> twin[0].weight is model[0].weight, twin[1].inplace, model[1].inplace
    (True, False, True)
    """
    twin = _twin_of(model, {}).eval()
    for module in twin.modules():
        if getattr(module, "inplace", False) is True:
            module.inplace = False  # type: ignore[assignment]
    return twin


def _twin_of(module: nn.Module, made: dict[int, nn.Module]) -> nn.Module:
    """Return a new module around the same tensors and settings, its parts made anew likewise.

    ``copy.deepcopy`` would do the same, and take as long as a small network's forward pass.
    """
    if id(module) not in made:
        twin = made[id(module)] = _shallow_twin(module)
        vars(twin)["_modules"] = {
            key: part if part is None else _twin_of(part, made)
            for key, part in module._modules.items()
        }
    return made[id(module)]


def _shallow_twin(module: nn.Module) -> nn.Module:
    """Return a new module without hooks around the same tensors, settings and parts."""
    twin = object.__new__(type(module))
    vars(twin).update(vars(module))
    for name, value in vars(module).items():
        if "_hooks" in name and isinstance(value, dict):
            vars(twin)[name] = OrderedDict()
        elif name in ("_parameters", "_buffers", "_modules"):
            vars(twin)[name] = dict(value)
    return twin


def _copy_to(module: nn.Module, part: nn.Module, made: dict[int, nn.Module]) -> nn.Module:
    """Return a copy in which only `part` and the modules around it are new; all else is shared."""
    if id(module) not in made:
        children = {
            key: None if child is None else _copy_to(child, part, made)
            for key, child in module._modules.items()
        }
        if module is part or any(child is not module._modules[k] for k, child in children.items()):
            made[id(module)] = _shallow_twin(module)
            vars(made[id(module)])["_modules"] = children
        else:
            made[id(module)] = module
    return made[id(module)]


def layer_name(model: nn.Module, layer: str | nn.Module) -> str:
    """Return the name of a layer, as ``model.named_modules()`` spells it.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    layer : str or torch.nn.Module
        A name, or one of the modules of `model`.

    Returns
    -------
    str
        The name.

    Raises
    ------
    InputError
        If the network has no such layer.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.ReLU())
    >>> layer_name(model, model[1])
    '1'
    """
    layers = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    if isinstance(layer, nn.Module):
        name = next((name for name, module in layers.items() if module is layer), "")
        if not name:
            raise InputError("layer is a module, but not one inside this network; give its name")
        return name
    if layer not in layers:
        near = difflib.get_close_matches(layer, layers, n=3) or list(layers)[:3]
        raise InputError(f"the network has no layer {layer!r}; it has, for example, {near}")
    return layer


@dataclass(eq=False)
class Recording:
    """What one layer gave out, and how the score depends on it.

    Attributes
    ----------
    model : torch.nn.Module
        The private copy that is being watched: call this one.
    layer : torch.nn.Module
        The watched layer of the copy.
    output : object
        What the layer gave out last, usually a tensor; None before it was reached.
    gradient : Tensor or None
        The derivative with respect to `output`; None before a gradient was asked for.
    source : Tensor or None
        What the rest of the network got a copy of: `torch.autograd.grad` can ask for its
        derivative, whatever is done to the copy in place. None without gradients.
    """

    model: nn.Module
    layer: nn.Module
    output: Any = None
    gradient: Tensor | None = None
    source: Tensor | None = None

    def _keep(self, _module: nn.Module, _inputs: Any, output: Any) -> Any:
        """Keep a copy of the layer's output and hand on another (a forward hook)."""
        if not isinstance(output, Tensor):
            self.output = output
            return output
        self.output = output.detach().clone()  # safe from `+=` in the lines that follow
        if not torch.is_grad_enabled():
            return output.clone()
        source = output if output.requires_grad else output.detach().requires_grad_()
        passed_on = source.clone()
        passed_on.register_hook(self._keep_gradient)  # type: ignore[no-untyped-call]
        self.source = source
        return passed_on

    def _keep_gradient(self, gradient: Tensor) -> None:
        self.gradient = gradient.detach().clone()


@contextmanager
def record(
    model: nn.Module, layer: str | nn.Module, *, in_place: bool = False
) -> Iterator[Recording]:
    """Watch one layer of a private copy of the network while the block runs.

    Parameters
    ----------
    model : torch.nn.Module
        Any network; it is not changed, and gets no hook.
    layer : str or torch.nn.Module
        Name of a layer, or one of the modules of `model`.
    in_place : bool
        Whether layers may overwrite what they take, where the network's own do. What is recorded
        is a copy in any case. This saves a tenth of a forward pass, and the layers that are not
        around the watched one need no copy; the network must be in evaluation mode.

    Yields
    ------
    Recording
        Its `model` is the copy to call. Frozen weights make the backward pass cheap: it then
        ends at the watched layer.

    Raises
    ------
    InputError
        If the network has no such layer.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten()).requires_grad_(False)
    >>> with record(model, "0") as seen:
    ...     seen.model(torch.ones(1, 1, 5, 5)).sum().backward()
    >>> seen.output.shape == seen.gradient.shape == (1, 2, 3, 3)
    True
    """
    name = layer_name(model, layer)
    if in_place and not any(module.training for module in model.modules()):
        twin = _copy_to(model, model.get_submodule(name), {})
    else:
        twin = private_copy(model)
    seen = Recording(twin, twin.get_submodule(name))
    handle = seen.layer.register_forward_hook(seen._keep)
    try:
        yield seen
    finally:
        handle.remove()


def spatial_layers(
    model: nn.Module, *, size: int | tuple[int, int] = 224
) -> dict[str, tuple[int, int, int]]:
    """Return the layers that give out feature maps of more than one position.

    Parameters
    ----------
    model : torch.nn.Module
        A network for pictures.
    size : int or pair of int
        Size (H, W) of the picture, in pixels.

    Returns
    -------
    dict of str to (C, H, W)
        Name and output shape of modules at most two levels deep, in the order in which they
        finish: the parts of a block come before the block.

    Raises
    ------
    InputError
        If `size` is not a size.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> spatial_layers(model, size=32)
    {'0': (8, 30, 30)}
    """
    height, width = as_pair(size, name="size", low=1)
    twin = private_copy(model)
    found: dict[str, tuple[int, int, int]] = {}

    def note(name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 4 and output[0, 0].numel() > 1:
            found.pop(name, None)  # called twice: the last call counts, as for a gradient
            found[name] = (output.shape[1], output.shape[2], output.shape[3])

    for name, module in twin.named_modules():
        if name and name.count(".") < 2:
            module.register_forward_hook(partial(note, name))
    weight = next(twin.parameters(), torch.zeros(()))
    shape = (1, input_channels(twin), height, width)
    with torch.inference_mode():
        twin(torch.zeros(shape, device=weight.device, dtype=weight.dtype))
    return found


def input_channels(model: nn.Module) -> int:
    """Return how many channels a picture for this network has: 1 for grey, 3 for colours.

    Parameters
    ----------
    model : torch.nn.Module
        A network whose first layer is a convolution; any other is taken to want colours.

    Returns
    -------
    int
        The number of channels.

    Examples
    --------
    >>> input_channels(nn.Sequential(nn.Conv2d(1, 20, 5), nn.ReLU()))
    1
    """
    weight = next(model.parameters(), None)
    return weight.shape[1] if weight is not None and weight.ndim == 4 else 3


def default_layer(model: nn.Module) -> str:
    """Return the layer at which one usually looks: the last that still has feature maps.

    Parameters
    ----------
    model : torch.nn.Module
        One of torchvision's convolutional networks.

    Returns
    -------
    str
        Name of a layer whose output has more than one position.

    Raises
    ------
    InputError
        If the network is of another kind.

    Examples
    --------
    >>> default_layer(models.alexnet()), default_layer(models.squeezenet1_0())
    ('features.11', 'features')
    """
    if isinstance(model, (models.AlexNet, models.VGG)):  # the activation before the last pooling
        pools = [i for i, m in enumerate(model.features) if isinstance(m, nn.MaxPool2d)]
        return f"features.{pools[-1] - 1}"
    for family, name in LAST_MAPS.items():
        if isinstance(model, family):
            return name
    if isinstance(model, nn.Sequential) and hasattr(model, "relu2"):  # the lab's own network
        return "relu2"
    raise InputError(
        f"no usual layer is known for a {type(model).__name__}; name one, "
        "spatial_layers(model) lists them"
    )
