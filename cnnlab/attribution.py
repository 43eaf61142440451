"""Which parts of a picture speak for a class: Grad-CAM, whole and step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from cnnlab.checks import InputError, in_range
from cnnlab.features import Recording, input_channels, record

__all__ = ["GradCam", "grad_cam", "grad_cam_steps"]

Array = NDArray[np.floating[Any]]
OTHER = "spatial_layers(model) lists the layers to choose from"


@dataclass(frozen=True, eq=False)
class GradCam:
    """Every intermediate result of Grad-CAM for one picture and one class.

    Attributes
    ----------
    activations : ndarray of shape (K, h, w)
        The feature maps A^k of the layer.
    weights : ndarray of shape (K,)
        How much each map speaks for the class (equation 1).
    signed_map : ndarray of shape (h, w)
        The weighted sum of the maps, positive and negative.
    heat_map : ndarray of shape (h, w)
        The same with the negative values set to zero (equation 2).
    overlay_map : ndarray of shape (H, W)
        `heat_map` enlarged to the size of the picture, bilinearly.
    score : float
        What the network gives for the class, before the softmax.
    """

    activations: Array
    weights: Array
    signed_map: Array
    heat_map: Array
    overlay_map: Array
    score: float

    def strongest_channels(self, count: int) -> NDArray[np.intp]:
        """Return the channels that add most to the weighted sum, in either direction.

        Parameters
        ----------
        count : int
            How many, at most; a layer may have fewer.

        Returns
        -------
        ndarray of shape (min(count, K),)
            Channel numbers, the one with the largest absolute contribution first.
        """
        added = self.weights * self.activations.sum(axis=(1, 2))
        return np.argsort(-np.abs(added), kind="stable")[:count]


def grad_cam(model: nn.Module, batch: Tensor, *, target: int, layer: str | nn.Module) -> Array:
    """Return a heat map of where the network sees the class `target`.

    The weight of a feature map is the mean of its gradient, alpha_k = mean over i, j of
    dy / dA^k_ij (equation 1); the map is ReLU(sum over k of alpha_k A^k) (equation 2).

    Parameters
    ----------
    model : torch.nn.Module
        A network for colour pictures; it is not changed.
    batch : Tensor of shape (1, 3, H, W)
        One picture, as the network wants it.
    target : int
        Number of the class.
    layer : str or torch.nn.Module
        Name of the layer whose feature maps are weighed, or the module itself.

    Returns
    -------
    ndarray of shape (H, W)
        Zero or positive, in no particular range: divide by the maximum to compare shapes.

    Raises
    ------
    InputError
        If the batch, the class or the layer does not suit the network.

    References
    ----------
    .. [1] Selvaraju et al., 2017, "Grad-CAM: Visual Explanations from Deep Networks via
       Gradient-based Localization", ICCV, arXiv:1610.02391, equations 1 and 2.

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Identity(), nn.AvgPool2d(2), nn.Flatten())  # scores: R, G, B
    >>> red_corner = torch.zeros(1, 3, 2, 2)
    >>> red_corner[0, 0, 0, 0] = 4.0
    >>> grad_cam(tiny, red_corner, target=0, layer="0")
    array([[1., 0.],
           [0., 0.]], dtype=float32)
    """
    with _watched(model, batch, target=target, layer=layer) as (seen, image, logits):
        small = LayerGradCam(logits, seen.layer).attribute(
            image, target=target, relu_attributions=True
        )
    return _enlarged(small, image)


def grad_cam_steps(
    model: nn.Module, batch: Tensor, *, target: int, layer: str | nn.Module
) -> GradCam:
    """Return everything that `grad_cam` computes on its way, from the same single pass.

    Parameters
    ----------
    model, batch, target, layer
        As in `grad_cam`.

    Returns
    -------
    GradCam
        Feature maps, their weights, and the maps that follow from them.

    Raises
    ------
    InputError
        If the batch, the class or the layer does not suit the network.

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Identity(), nn.AvgPool2d(2), nn.Flatten())
    >>> grad_cam_steps(tiny, torch.ones(1, 3, 2, 2), target=0, layer="0").weights
    array([0.25, 0.  , 0.  ], dtype=float32)
    """
    scores: list[float] = []
    with _watched(model, batch, target=target, layer=layer) as (seen, image, logits):

        def noted(inputs: Tensor) -> Tensor:
            outputs = logits(inputs)
            scores.append(outputs[0, target].item())
            return outputs

        signed = LayerGradCam(noted, seen.layer).attribute(image, target=target)  # (1, 1, h, w)
    assert seen.gradient is not None
    heat = torch.relu(signed)
    return GradCam(
        activations=_array(seen.output[0]),
        weights=_array(seen.gradient[0].mean(dim=(1, 2))),
        signed_map=_array(signed[0, 0]),
        heat_map=_array(heat[0, 0]),
        overlay_map=_enlarged(heat, image),
        score=scores[0],
    )


@contextmanager
def _watched(
    model: nn.Module, batch: Tensor, *, target: int, layer: str | nn.Module
) -> Iterator[tuple[Recording, Tensor, Callable[[Tensor], Tensor]]]:
    """Yield a recording of the layer, the picture, and a function from picture to logits."""
    channels = input_channels(model)
    if not isinstance(batch, Tensor) or batch.ndim != 4 or batch.shape[:2] != (1, channels):
        what = tuple(batch.shape) if isinstance(batch, Tensor) else type(batch).__name__
        raise InputError(f"batch must be one picture, shape (1, {channels}, H, W), got {what}")
    with torch.inference_mode(False), torch.enable_grad(), record(model, layer) as seen:
        weight = next(model.parameters(), batch)
        image = batch.detach().to(weight.device).clone()

        def logits(inputs: Tensor) -> Tensor:
            outputs: Tensor = seen.model(inputs)
            _check(outputs, target, seen, layer)
            return outputs

        try:
            yield seen, image, logits
        except RuntimeError as error:
            if "not have been used in the graph" not in str(error):
                raise
            raise InputError(
                f"the class score does not depend on layer {layer!r}; {OTHER}"
            ) from error


def _check(outputs: Tensor, target: int, seen: Recording, layer: str | nn.Module) -> None:
    """Refuse a class or a layer for which there is no map, before gradients are asked for."""
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != 1:
        raise InputError("the network must give one row of class scores")
    in_range(target, name="target", low=0, high=outputs.shape[1] - 1)
    maps = seen.output
    if maps is None:
        raise InputError(f"layer {layer!r} is not used for this picture; {OTHER}")
    if not isinstance(maps, Tensor) or maps.ndim != 4 or maps[0, 0].numel() < 2:
        raise InputError(f"layer {layer!r} gives out no maps with positions; {OTHER}")
    if not outputs.requires_grad:
        raise InputError(f"the class score does not depend on layer {layer!r}; {OTHER}")


def _enlarged(small: Tensor, image: Tensor) -> Array:
    size = (image.shape[2], image.shape[3])
    return _array(LayerAttribution.interpolate(small, size, "bilinear")[0, 0])


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().cpu().numpy()
    return array
