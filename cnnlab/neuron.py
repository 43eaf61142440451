"""One neuron: every number that made one cell of a feature map, and where each came from.

A story begins with the sum that made the number (a convolution's, a fully connected layer's, a
pooling's, a shortcut's) and goes on through what happens to that one number afterwards: batch
normalisation, activation, and so on. All is computed anew in float64 from the network's own
numbers and stands beside what the network itself gave.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnlab.call_sums import as_maps
from cnnlab.checks import InputError, in_range
from cnnlab.forward_calls import Outline
from cnnlab.forward_watch import outline, run_calls
from cnnlab.neuron_story import CellStory
from cnnlab.neuron_teller import Teller, calls_after, calls_before

__all__ = ["explain_cell", "layer_shapes", "pixel_influence", "usual_layer"]

Cell = tuple[int, int]


def layer_shapes(plan: Outline) -> dict[str, tuple[int, int, int]]:
    """Return all layers whose cells can be looked at, with their shapes.

    Parameters
    ----------
    plan : Outline
        As ``cnnlab.forward_calls.outline`` returns it.

    Returns
    -------
    dict of str to (C, H, W)
        Names and shapes, in the order in which the layers run.
    """
    return {name: plan.maps(tensor) for name, tensor in plan.layers.items()}


def usual_layer(plan: Outline) -> str:
    """Return a layer worth beginning with: a convolution in the middle of the network.

    Parameters
    ----------
    plan : Outline
        The network's calls.

    Returns
    -------
    str
        The first convolution that reads 16 channels or more with a kernel larger than 1 × 1 and
        gives maps of at most 28 rows; else the first layer.
    """
    for layer, tensor in plan.layers.items():
        call = plan.calls[plan.made_by[tensor]]
        if call.kind == "conv2d" and layer not in plan.parts:
            _, per_group, *kernel_size = call.args[1].shape
            if per_group >= 16 and max(kernel_size) > 1 and plan.maps(tensor)[1] <= 28:
                return layer
    return next(iter(plan.layers))


def explain_cell(
    model: nn.Module,
    batch: Tensor,
    layer: str,
    channel: int | None,
    cell: Cell | None,
    *,
    plan: Outline | None = None,
) -> CellStory:
    """Return every number that made one cell of a feature map.

    Parameters
    ----------
    model : torch.nn.Module
        Any network in evaluation mode; it is not changed, and gets no hook.
    batch : Tensor of shape (1, C, H, W)
        One picture, as the network wants it.
    layer : str
        A name of ``plan.layers``: a module's, "layer2.0.conv1"; of a module that runs more than
        once "layer1.0.relu" is the last run and "layer1.0.relu~1" the first; what a module does
        by a plain function is "layer1.0:add".
    channel : int or None
        The feature map; None for the one that holds the largest number.
    cell : (row, column) or None
        The cell; None for the one with the largest number of the map.
    plan : Outline, optional
        The network's calls, if they are known already.

    Returns
    -------
    CellStory
        Its numbers are copies: nothing of the network is held.

    Raises
    ------
    InputError
        If the network has no such layer, channel or cell.

    Examples
    --------
    >>> _ = torch.manual_seed(0)
    >>> model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).eval()
    >>> story = explain_cell(model, torch.rand(1, 2, 5, 5), "0", 1, (0, 2))
    >>> [step.kind for step in story.steps], story.told
    (['conv2d', 'batch_norm', 'relu'], 1)
    >>> abs(story.sum.total - story.value) < 1e-6
    True
    """
    plan = plan or outline(model, batch.shape)
    tensor = _tensor_of(plan, layer)
    maps = plan.maps(tensor)
    _check(layer, maps, channel, cell)
    device = next(model.parameters(), batch).device
    maker = plan.made_by[tensor]
    keep = {*calls_before(plan, tensor), *calls_after(plan, tensor), maker}
    ran = run_calls(model, batch.to(device), plan, keep)
    values = as_maps(plan, tensor, ran[maker].gave[plan.calls[maker].gives.index(tensor)])
    channel, cell = _strongest(values, channel, cell)
    story = CellStory(
        layer,
        channel,
        cell,
        maps,
        float(values[channel, cell[0], cell[1]]),
        values[channel].astype(np.float32),
        values[:, cell[0], cell[1]].astype(np.float32),
    )
    told = Teller(plan, ran).tell(tensor, plan.place(tensor, channel, *cell))
    return replace(story, **told)


def pixel_influence(
    model: nn.Module,
    batch: Tensor,
    layer: str,
    channel: int,
    cell: Cell,
    *,
    plan: Outline | None = None,
) -> NDArray[np.float32]:
    """Return how much each pixel of the picture would change one cell: its effective field.

    Parameters
    ----------
    model, batch, layer, plan
        As for `explain_cell`.
    channel, cell : int, (row, column)
        The cell.

    Returns
    -------
    ndarray of shape (H, W)
        The size of the derivative of the cell with respect to each number of the input, added up
        over the colours. All 0 where an activation is closed: small changes then do nothing.

    Raises
    ------
    InputError
        If the network has no such layer, channel or cell.

    References
    ----------
    .. [1] Luo et al., 2016, "Understanding the effective receptive field in deep convolutional
       neural networks", arXiv:1701.04128.

    Examples
    --------
    >>> blur = nn.Conv2d(1, 1, 3, padding=1)
    >>> pixel_influence(nn.Sequential(blur), torch.zeros(1, 1, 5, 5), "0", 0, (0, 0)).nonzero()
    (array([0, 0, 1, 1]), array([0, 1, 0, 1]))
    """
    plan = plan or outline(model, batch.shape)
    tensor = _tensor_of(plan, layer)
    _check(layer, plan.maps(tensor), channel, cell)
    device = next(model.parameters(), batch).device
    with torch.inference_mode(False), torch.enable_grad():
        picture = batch.detach().to(device).clone().requires_grad_()
        maker = plan.made_by[tensor]
        ran = run_calls(model, picture, plan, {maker}, gradient=True)
        given = ran[maker].gave[plan.calls[maker].gives.index(tensor)]
        score = given.reshape(-1)[plan.place(tensor, channel, *cell)]
        (gradient,) = torch.autograd.grad(score, picture)
    result: NDArray[np.float32] = gradient[0].abs().sum(dim=0).cpu().numpy()
    return result


# Checks -------------------------------------------------------------------------------------------


def _tensor_of(plan: Outline, layer: str) -> int:
    if layer not in plan.layers:
        near = difflib.get_close_matches(layer, plan.layers, n=3) or list(plan.layers)[:3]
        raise InputError(f"the network has no layer {layer!r}; it has {' or '.join(near)}")
    return plan.layers[layer]


def _check(layer: str, maps: tuple[int, int, int], channel: int | None, cell: Cell | None) -> None:
    n_channels, *size = maps
    if channel is not None:
        in_range(channel, name=f"the channel of {layer}", low=0, high=n_channels - 1)
    if cell is not None:
        for name, index, length in zip(("row", "column"), cell, size, strict=True):
            in_range(index, name=f"the {name} of a cell of {layer}", low=0, high=length - 1)


def _strongest(
    values: NDArray[np.floating], channel: int | None, cell: Cell | None
) -> tuple[int, Cell]:
    """Return the channel and the cell asked for; what is None is where the number is largest."""
    if channel is None:
        among = values.max(axis=(1, 2)) if cell is None else values[:, cell[0], cell[1]]
        channel = int(among.argmax())
    if cell is None:
        row, column = np.unravel_index(int(values[channel].argmax()), values[channel].shape)
        cell = int(row), int(column)
    return channel, cell
