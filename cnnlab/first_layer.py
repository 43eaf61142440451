"""The filters that a network has learned for its first layer, and what they answer to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from cnnlab.checks import InputError
from cnnlab.features import record
from cnnlab.loading import using
from cnnlab.pretrained import as_seen, preprocess

__all__ = ["FirstLayer", "first_convolution", "first_layer"]


@dataclass(frozen=True, eq=False)
class FirstLayer:
    """The first convolution of a network and its answers to one picture.

    Parameters
    ----------
    layer : str
        Its name in the network.
    stride, padding : int
        Pixels from one answer to the next, and zeros put around the picture.
    weight : ndarray of shape (K, 3, kH, kW)
        The learned kernels.
    maps : ndarray of shape (K, oH, oW)
        Their answers: before the activation, with the bias if the layer has one.
    seen : PIL.Image.Image
        The picture as the network sees it.
    """

    layer: str
    stride: int
    padding: int
    weight: NDArray[np.float32]
    maps: NDArray[np.float32]
    seen: Image.Image

    def window(self, row: int, column: int) -> tuple[int, int, int, int]:
        """Return which pixels of `seen` one answer reads: (left, top, right, bottom)."""
        rows, columns = self.weight.shape[2:]
        left, top = (place * self.stride - self.padding for place in (column, row))
        return left, top, left + columns, top + rows


def first_convolution(model: nn.Module) -> str:
    """Return the name of the convolution that reads the picture.

    Parameters
    ----------
    model : torch.nn.Module
        A network for colour pictures.

    Returns
    -------
    str
        Its name, as ``model.named_modules()`` spells it.

    Raises
    ------
    InputError
        If no convolution reads three channels.

    Examples
    --------
    >>> first_convolution(nn.Sequential(nn.Identity(), nn.Conv2d(3, 8, 3)))
    '1'
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            return str(name)
    raise InputError("the network has no convolution that reads red, green and blue")


def first_layer(image: Image.Image, name: str) -> FirstLayer:
    """Return the first layer of a network and what it answers to a picture.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size.
    name : str
        A network whose weights are on this computer.

    Returns
    -------
    FirstLayer
        Kernels and answers.

    Raises
    ------
    InputError
        If the picture or the network cannot be used.
    """
    batch = preprocess(image, name)
    with using(name) as model:
        layer = first_convolution(model)
        with torch.inference_mode(), record(model, layer) as seen:
            seen.model(batch.to(next(model.parameters()).device))
    convolution = seen.layer
    assert isinstance(convolution, nn.Conv2d)  # found as one
    return FirstLayer(
        layer,
        int(convolution.stride[0]),
        int(convolution.padding[0]),
        convolution.weight.detach().cpu().numpy(),
        seen.output[0].cpu().numpy(),
        as_seen(batch, name),
    )
