"""Feature inversion: what a layer still knows of a picture, drawn as a picture.

A picture is sought whose features in the layer are those of the photograph. It begins as grey
noise, and gradient descent changes its pixels. Where many pictures have the same features, two
small terms prefer smooth ones; what comes out wrong is what the layer has let go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from cnnlab import compute
from cnnlab.catalogue import weights_of
from cnnlab.checks import InputError, in_range
from cnnlab.features import layer_name, private_copy
from cnnlab.pretrained import preprocess

__all__ = [
    "SIDE",
    "STEPS",
    "Inversion",
    "as_pixels",
    "black_and_white",
    "correlation",
    "invert",
    "reduced",
    "total_variation",
    "up_to",
]

SIDE = 128  # pixels a side of the picture that is sought: fast, and enough to recognise
STEPS = 150
RATE = 0.1  # how far the first steps change a pixel, of its range from 0 to 1; later ones a tenth
SMOOTH = (60.0, 5.0)  # weight of the total variation, first and last, for SIDE pixels a side
SMALL = 0.02  # weight of the distance from grey
FRAMES = 12  # pictures of the way that are kept


@dataclass(frozen=True, eq=False)
class Inversion:
    """The way from noise to a picture with the features of another one.

    Attributes
    ----------
    target : ndarray of uint8, shape (H, W, 3)
        The photograph at the size of the result.
    steps : list of int
        After which steps the frames were taken; 0 is the noise.
    frames : ndarray of uint8, shape (F, H, W, 3)
        The pictures.
    losses : ndarray of shape (S + 1,)
        Relative squared distance of the features before the first and after each step:
        1 is as far as features of zeros.
    similarities : list of float
        Correlation of each frame with `target`, -1 to 1.
    """

    target: NDArray[np.uint8]
    steps: list[int]
    frames: NDArray[np.uint8]
    losses: NDArray[np.float32]
    similarities: list[float]


def invert(
    model: nn.Module,
    image: Image.Image,
    name: str,
    *,
    layer: str,
    steps: int = STEPS,
    side: int = SIDE,
    seed: int = 0,
) -> Inversion:
    """Return a picture that a layer cannot tell from `image`, and the way to it.

    Sought is the picture x with the smallest |f(x) - f(x0)|² / |f(x0)|² + a·TV(x) + b·|x - grey|²,
    f being the layer's output [1]_. The pixels stay between 0 and 1; Adam makes the steps.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is not changed.
    image : PIL.Image.Image
        The photograph x0.
    name : str
        The network's name, which says how pictures are prepared.
    layer : str
        Name of the layer; one that runs several times counts where it runs first.
    steps : int
        Steps of gradient descent.
    side : int
        Longest side of the result, in pixels; less where the network's own input is smaller.
    seed : int
        Of the noise at the start.

    Returns
    -------
    Inversion
        Frames, losses, and how similar the result is to the photograph.

    Raises
    ------
    InputError
        If the layer does not exist or gives out no tensor, or answers nothing at all.

    References
    ----------
    .. [1] Mahendran and Vedaldi, 2015, "Understanding deep image representations by inverting
       them", CVPR, arXiv:1412.0035.
    """
    steps = in_range(steps, name="steps", low=1, high=2000)
    reach = up_to(model, layer)
    device = next(model.parameters()).device
    target = reduced(preprocess(image, name), side).to(device)
    black, white = (colour.to(device) for colour in black_and_white(name))
    with torch.no_grad():
        wanted = reach(target)
    scale = wanted.square().sum()
    if not scale > 0:
        raise InputError(f"the layer {layer!r} answers 0 everywhere to this picture")
    generator = torch.Generator().manual_seed(seed)
    noise = torch.rand(target.shape, generator=generator).to(device)
    x = (0.5 + 0.05 * (noise - 0.5)).requires_grad_()  # nearly grey, 0 is black and 1 white
    descent = torch.optim.Adam([x], lr=RATE)
    finest = (max(x.shape[2:]) / SIDE) ** 2  # the same picture with more pixels varies less
    kept_steps = _spread(steps)
    frames, losses = [], []
    for step in range(steps + 1):
        compute.progress(step / (steps + 1))
        if step in kept_steps:
            frames.append(as_pixels(x))
        features = reach(black + (white - black) * x)
        distance = (features - wanted).square().sum() / scale
        losses.append(float(distance.detach()))
        if step < steps:
            done = step / steps
            smooth = finest * SMOOTH[0] * (SMOOTH[1] / SMOOTH[0]) ** done  # outlines, then detail
            loss = distance + smooth * total_variation(x) + SMALL * (x - 0.5).square().mean()
            (x.grad,) = torch.autograd.grad(loss, x)
            descent.param_groups[0]["lr"] = RATE * (1 - 0.9 * done)
            descent.step()
            with torch.no_grad():
                x.clamp_(0, 1)
    seen = as_pixels((target - black) / (white - black))
    return Inversion(
        seen,
        kept_steps,
        np.stack(frames),
        np.array(losses, np.float32),
        [correlation(frame, seen) for frame in frames],
    )


def total_variation(x: Tensor) -> Tensor:
    """Return how rough a picture is: the mean squared step from a pixel to its neighbours.

    Parameters
    ----------
    x : Tensor of shape (N, C, H, W)
        The picture.

    Returns
    -------
    Tensor
        One number: 0 for one even colour.

    Examples
    --------
    >>> float(total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])))
    1.0
    """
    down = (x[:, :, 1:] - x[:, :, :-1]).square().mean()
    right = (x[:, :, :, 1:] - x[:, :, :, :-1]).square().mean()
    return down + right


def correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return how similar two pictures are, whatever their brightness and contrast.

    Parameters
    ----------
    one, other : ndarray of the same shape
        The pictures.

    Returns
    -------
    float
        Pearson's correlation of their numbers, -1 to 1; 0 where one has no contrast.

    Examples
    --------
    >>> correlation(np.array([0, 1, 2]), np.array([10, 30, 50]))
    1.0
    """
    a, b = (picture.astype(np.float64).ravel() - picture.mean() for picture in (one, other))
    size = float(np.sqrt((a @ a) * (b @ b)))
    return round(float(a @ b) / size, 6) if size else 0.0


class _Reached(Exception):
    """The layer has answered; what comes after it need not run."""


def up_to(model: nn.Module, layer: str) -> Any:
    """Return a function from a batch to a layer's output; what comes after the layer is not run.

    Parameters
    ----------
    model : torch.nn.Module
        The network; a private copy of it is watched.
    layer : str
        Name of the layer; one that runs several times counts where it runs first.

    Returns
    -------
    callable
        From a Tensor (N, C, H, W) to a Tensor, with gradients.

    Raises
    ------
    InputError
        If the layer does not exist; the function raises it if the layer gives out no tensor.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(1, 1))
    >>> up_to(network, "0")(torch.zeros(1, 1, 9, 9)).shape  # too large for the last layer
    torch.Size([1, 4, 7, 7])
    """
    name = layer_name(model, layer)
    twin = private_copy(model)

    def keep(_module: nn.Module, _inputs: Any, output: Any) -> None:
        raise _Reached(output)

    twin.get_submodule(name).register_forward_hook(keep)

    def reach(batch: Tensor) -> Tensor:
        try:
            twin(batch)
        except _Reached as reached:
            output = reached.args[0]
            if isinstance(output, Tensor):
                return output
        raise InputError(f"the layer {layer!r} gives out no tensor")

    return reach


def black_and_white(name: str) -> tuple[Tensor, Tensor]:
    """Return what black and white become when a picture is prepared.

    Parameters
    ----------
    name : str
        The network that it is prepared for.

    Returns
    -------
    black, white : Tensor of shape (1, C, 1, 1)
        A number for each channel.

    Examples
    --------
    >>> [colour.item() for colour in black_and_white("lenet_digits")]
    [0.0, 1.0]
    """
    transforms = weights_of(name).transforms()
    mean, std = (torch.tensor(t)[None, :, None, None] for t in (transforms.mean, transforms.std))
    return (0 - mean) / std, (1 - mean) / std


def reduced(batch: Tensor, side: int) -> Tensor:
    """Return a batch whose longer side has at most `side` pixels.

    Parameters
    ----------
    batch : Tensor of shape (N, C, H, W)
        Pictures.
    side : int
        In pixels.

    Returns
    -------
    Tensor of shape (N, C, h, w)
        The batch itself if it is small enough; otherwise resized, its proportions kept.

    Examples
    --------
    >>> reduced(torch.zeros(1, 3, 80, 40), 20).shape
    torch.Size([1, 3, 20, 10])
    """
    height, width = batch.shape[2:]
    share = min(1.0, side / max(height, width))
    size = (round(height * share), round(width * share))
    if size == (height, width):
        return batch
    return functional.interpolate(batch, size=size, mode="bilinear", antialias=True)


def _spread(steps: int) -> list[int]:
    """Return after which steps to keep a frame: dense at the start, where most happens."""
    places = np.linspace(0, 1, FRAMES) ** 2 * steps
    return sorted({round(place) for place in places.tolist()})


def as_pixels(x: Tensor) -> NDArray[np.uint8]:
    """Return a picture from 0 (black) to 1 (white) as bytes.

    Parameters
    ----------
    x : Tensor of shape (1, C, H, W)
        One picture with 1 or 3 channels; beyond 0 and 1 it is cut off.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
        Three equal channels where there was one.

    Examples
    --------
    >>> as_pixels(torch.full((1, 1, 1, 1), 0.2)).tolist()
    [[[51, 51, 51]]]
    """
    pixels = x.detach().clamp(0, 1)[0].permute(1, 2, 0).mul(255).round().cpu().numpy()
    return np.repeat(pixels, 3 // pixels.shape[2], axis=2).astype(np.uint8)
