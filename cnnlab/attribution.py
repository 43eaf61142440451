"""Which parts of a picture speak for a class: Grad-CAM, whole and step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.explaining import layer_gradients
from cnnlab.features import input_channels, layer_name

__all__ = ["ClassMap", "GradCam", "grad_cam", "grad_cam_steps", "grad_cams", "weigh"]

Array = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class ClassMap:
    """What Grad-CAM finds for one class.

    Attributes
    ----------
    signed_map : ndarray of shape (h, w)
        The weighted sum of the feature maps, positive and negative.
    heat_map : ndarray of shape (h, w)
        The same with the negative values set to zero (equation 2).
    overlay_map : ndarray of shape (H, W)
        `heat_map` enlarged to the size of the picture, bilinearly.
    score : float
        What the network gives for the class, before the softmax.
    """

    signed_map: Array
    heat_map: Array
    overlay_map: Array
    score: float


@dataclass(frozen=True, eq=False)
class GradCam(ClassMap):
    """Every intermediate result of Grad-CAM for one picture and one class.

    Attributes
    ----------
    activations : ndarray of shape (K, h, w)
        The feature maps A^k of the layer.
    gradients : ndarray of shape (K, h, w)
        dy / dA^k: how the class score changes with each cell of each map.
    weights : ndarray of shape (K,)
        How much each map speaks for the class: alpha_k, the mean of its gradient (equation 1).
    """

    activations: Array
    gradients: Array
    weights: Array

    def weighted(self, channel: int) -> Array:
        """Return what one channel adds to the sum at each position, alpha_k A^k.

        Parameters
        ----------
        channel : int
            Its number, from 0.

        Returns
        -------
        ndarray of shape (h, w)
            Positive where the channel speaks for the class.
        """
        product: Array = self.weights[channel] * self.activations[channel]
        return product

    def contributions(self) -> Array:
        """Return what each channel adds to the sum, over all positions.

        Returns
        -------
        ndarray of shape (K,)
            They add up to the sum over `signed_map`.
        """
        added: Array = self.weights * self.activations.sum(axis=(1, 2))
        return added

    def strongest_channels(self, count: int, *, sign: int = 0) -> NDArray[np.intp]:
        """Return the channels that add most to the weighted sum.

        Parameters
        ----------
        count : int
            How many, at most; a layer may have fewer.
        sign : {0, 1, -1}
            0 for both directions, 1 for those that speak for the class, -1 for those against it.

        Returns
        -------
        ndarray of shape (at most count,)
            Channel numbers, the one with the largest absolute contribution first.
        """
        added = self.contributions()
        order = np.argsort(-np.abs(added), kind="stable")
        if sign:
            order = order[sign * added[order] > 0]
        return order[:count]

    def maps_only(self) -> ClassMap:
        """Return the maps without the layer's arrays, which may be large."""
        return ClassMap(self.signed_map, self.heat_map, self.overlay_map, self.score)


def grad_cam(model: nn.Module, batch: Tensor, *, target: int, layer: str | nn.Module) -> Array:
    """Return a heat map of where the network sees the class `target`.

    The weight of a feature map is the mean of its gradient, alpha_k = mean over i, j of
    dy / dA^k_ij (equation 1); the map is ReLU(sum over k of alpha_k A^k) (equation 2).

    Parameters
    ----------
    model : torch.nn.Module
        A network for pictures; it is neither changed nor hooked.
    batch : Tensor of shape (1, C, H, W)
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
    return grad_cam_steps(model, batch, target=target, layer=layer).overlay_map


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
        Feature maps, gradients, weights, and the maps that follow from them.

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
    (steps,) = grad_cams(model, batch, targets=[target], layer=layer)
    return steps


def grad_cams(
    model: nn.Module, batch: Tensor, *, targets: Sequence[int], layer: str | nn.Module
) -> list[GradCam]:
    """Return all steps of Grad-CAM for several classes, from one forward pass.

    Parameters
    ----------
    model, batch, layer
        As in `grad_cam`.
    targets : sequence of int
        Numbers of the classes.

    Returns
    -------
    list of GradCam
        One for each class; they share the feature maps.

    Raises
    ------
    InputError
        If the batch, a class or the layer does not suit the network, or the network computes no
        numbers (NaN).

    Examples
    --------
    >>> tiny = nn.Sequential(nn.Identity(), nn.AvgPool2d(2), nn.Flatten())
    >>> red, blue = grad_cams(tiny, torch.ones(1, 3, 2, 2), targets=[0, 2], layer="0")
    >>> red.weights.tolist(), blue.weights.tolist()
    ([0.25, 0.0, 0.0], [0.0, 0.0, 0.25])
    """
    image = _one_picture(model, batch)
    maps, gradients, scores = layer_gradients(
        model, image, targets=list(targets), layer=layer_name(model, layer)
    )
    found = []
    for gradient, score in zip(gradients, scores, strict=True):
        weights, signed, heat = weigh(maps, gradient)
        if not torch.isfinite(signed).all():
            raise InputError("the network computes values that are no numbers (NaN or infinity)")
        size = (image.shape[2], image.shape[3])
        large = functional.interpolate(heat[None, None], size, mode="bilinear", align_corners=False)
        found.append(
            GradCam(
                signed_map=_array(signed),
                heat_map=_array(heat),
                overlay_map=_array(large[0, 0]),
                score=float(score),
                activations=_array(maps),
                gradients=_array(gradient),
                weights=_array(weights),
            )
        )
    return found


def weigh(maps: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the weights of the feature maps and what their sum is, the heart of Grad-CAM.

    Parameters
    ----------
    maps : Tensor of shape (K, h, w)
        The feature maps A^k.
    gradient : Tensor of shape (K, h, w)
        dy / dA^k, of one class score.

    Returns
    -------
    weights : Tensor of shape (K,)
        alpha_k.
    signed, heat : Tensor of shape (h, w)
        The weighted sum before and after the ReLU.

    Examples
    --------
    >>> maps = torch.tensor([[[1.0, 0.0], [2.0, 1.0]], [[0.0, 3.0], [1.0, 0.0]]])
    >>> slopes = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[-1.0, 0.0], [0.0, -1.0]]])
    >>> weights, signed, heat = weigh(maps, slopes)
    >>> weights.tolist(), signed.tolist()
    ([1.0, -0.5], [[1.0, -1.5], [1.5, 1.0]])
    """
    weights = gradient.mean(dim=(1, 2))  # alpha_k, equation 1
    signed = torch.einsum("k,khw->hw", weights, maps)  # sum over k of alpha_k A^k
    heat = torch.relu(signed)  # equation 2: the only ReLU of the method
    return weights, signed, heat


def _one_picture(model: nn.Module, batch: Tensor) -> Tensor:
    """Return a copy of the picture where the network is, or refuse what is not one picture."""
    channels = input_channels(model)
    if not isinstance(batch, Tensor) or batch.ndim != 4 or batch.shape[:2] != (1, channels):
        what = tuple(batch.shape) if isinstance(batch, Tensor) else type(batch).__name__
        raise InputError(f"batch must be one picture, shape (1, {channels}, H, W), got {what}")
    if not torch.isfinite(batch.sum(dtype=torch.float64)):  # one NaN or infinity makes the sum one
        raise InputError("the picture holds values that are no numbers (NaN or infinity)")
    weight = next(model.parameters(), batch)
    with torch.inference_mode(False):
        return batch.detach().to(weight.device).clone()


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().contiguous().cpu().numpy()
    return array
