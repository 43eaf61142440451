"""Shift a picture and see whether a network's feature maps shift along: equivariance."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnlab.checks import InputError, in_range
from cnnlab.compute import progress
from cnnlab.features import layer_name, private_copy
from cnnlab.moves import Move
from cnnlab.moving import beside, moved
from cnnlab.network_receptive import model_fields

__all__ = ["ShiftTest", "shift_test"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ShiftTest:
    """Feature maps of a shifted picture against the shifted feature maps.

    Attributes
    ----------
    stride : int
        Pixels of the picture between two neighbouring cells of the maps.
    pixels : tuple of int
        By how many pixels the picture was shifted to the right: N numbers.
    away : ndarray of shape (N, h, w)
        How far the two differ in each cell, over all channels: the length of the difference as a
        share of the usual length. NaN where the shifted maps have no cell to compare with.
    clear : ndarray of bool, of shape (N, h, w)
        Which cells see neither padding nor what came in with the shift, before or after it.
    whole : bool
        Whether the layer also averages over the whole picture, as squeeze-and-excitation does:
        then no cell is clear of the edges.
    """

    stride: int
    pixels: tuple[int, ...]
    away: Floats
    clear: NDArray[np.bool_]
    whole: bool

    @property
    def middle(self) -> Floats:
        """The mean over the middle third of rows and columns, an array of shape (N,).

        NaN where there is nothing to compare with.
        """
        rows, columns = (slice(side // 3, side - side // 3) for side in self.away.shape[1:])
        return _means(self.away[:, rows, columns])

    @property
    def clear_mean(self) -> Floats:
        """The mean over the cells that are `clear`, an array of shape (N,); NaN without any."""
        return _means(np.where(self.clear, self.away, np.float32(np.nan)))


def shift_test(
    model: nn.Module,
    picture: Tensor,
    *,
    layer: str,
    pixels: Sequence[int] | None = None,
    fill: Tensor | None = None,
) -> ShiftTest:
    """Return how far a layer's maps of a shifted picture are from its shifted maps.

    A convolution is equivariant to shifts: shift its input by one cell, and its output is the same
    as before, one cell further. With strides, that holds only for shifts by whole strides; at the
    edges, where padding comes in, not even then.

    Parameters
    ----------
    model : torch.nn.Module
        A network in evaluation mode; it is not changed, and gets no hook.
    picture : Tensor of shape (1, C, H, W)
        The prepared picture, normalised.
    layer : str
        A layer with feature maps.
    pixels : sequence of int, optional
        Shifts to the right, from 0 to the width of the picture; one pixel, half the layer's
        stride and the whole stride if left out.
    fill : Tensor of shape (C,) or None
        As for `moved`.

    Returns
    -------
    ShiftTest
        Between two cells, shifted maps are the weighted mean of both.

    Raises
    ------
    InputError
        If the layer has no maps or no stride, or a shift is out of range.

    References
    ----------
    .. [1] Azulay and Weiss, Why do deep convolutional networks generalize so poorly to small image
       transformations?, 2019, arXiv:1805.12177.
    """
    picture = beside(picture, model)
    channels, high, wide = picture.shape[1:]
    field = model_fields(model, (channels, high, wide)).get(layer_name(model, layer))
    if field is None or field.size is None:
        raise InputError(f"the cells of the layer {layer!r} have no place in the picture")
    stride = field.jump[1]
    usual_steps = {1, max(1, stride // 2), stride}
    steps = [
        in_range(step, name="shift", low=0, high=wide)
        for step in (sorted(usual_steps) if pixels is None else pixels)
    ]
    before = _maps(model, layer, picture)  # (C, h, w)
    usual = before.norm(dim=0).square().mean().sqrt()
    away = np.full((len(steps), *before.shape[1:]), np.nan, np.float32)
    clear = np.zeros(away.shape, bool)
    tops = np.arange(away.shape[1]) * field.jump[0] + field.start[0]
    lefts = np.arange(away.shape[2]) * stride + field.start[1]
    inside = (tops >= 0) & (tops + field.size[0] <= high)
    for place, step in enumerate(steps):
        progress(place / len(steps))
        after = _maps(model, layer, moved(picture, [Move(right=step)], fill=fill))
        cells, rest = divmod(step, stride)
        shifted = before.roll(cells, dims=2)
        shifted = shifted + (shifted.roll(1, dims=2) - shifted) * (rest / stride)
        known = slice(cells + bool(rest), None)  # what came in from the left has no counterpart
        share = (after - shifted).norm(dim=0) / usual
        away[place, :, known] = share.cpu().numpy()[:, known]
        right_of = lefts - known.start * stride >= 0  # both before and after the shift
        clear[place] = inside[:, None] & right_of & (lefts + field.size[1] <= wide)
    return ShiftTest(stride, tuple(steps), away, clear & (not field.whole), field.whole)


class _ReachedError(Exception):
    """The layer that was asked for has been reached; the rest of the network need not run."""


def _maps(model: nn.Module, layer: str, picture: Tensor) -> Tensor:
    """Return the feature maps of one layer, (C, h, w); the network runs no further."""
    found: list[Tensor] = []

    def stop(_module: nn.Module, _inputs: Any, output: Any) -> None:
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise InputError(f"the layer {layer!r} gives out no feature maps; choose another one")
        found.append(output[0].clone())
        raise _ReachedError

    twin = private_copy(model)
    handle = twin.get_submodule(layer_name(model, layer)).register_forward_hook(stop)
    try:
        with torch.inference_mode(), suppress(_ReachedError):
            twin(picture)
    finally:
        handle.remove()
    if not found:
        raise InputError(f"the network never reaches the layer {layer!r}")
    return found[0]


def _means(values: Floats) -> Floats:
    """Return the mean of each of N maps without what is NaN; NaN where nothing is left."""
    known = np.isfinite(values)
    total = values.sum(axis=(1, 2), where=known)
    count = known.sum(axis=(1, 2))
    found: Floats = np.where(count > 0, total / count.clip(1), np.nan).astype(np.float32)
    return found
