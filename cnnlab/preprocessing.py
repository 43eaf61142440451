"""From a picture to the network's tensor, step by step, with torchvision's own functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision.transforms import functional

from cnnlab.catalogue import OWN, weights_of
from cnnlab.checks import InputError
from cnnlab.digit_pixels import digit_pixels, light_on_dark
from cnnlab.ensembling import view_names
from cnnlab.pixels import to_array
from cnnlab.pretrained import check_aspect, crop_box, preprocess

__all__ = [
    "DigitPreparation",
    "Preparation",
    "lost_share",
    "prepare",
    "prepare_digit",
    "view_batches",
    "views",
]


@dataclass(frozen=True)
class Preparation:
    """A picture on its way into a network, after each step.

    Parameters
    ----------
    original : PIL.Image.Image
        As it came.
    resized : PIL.Image.Image
        Its shorter side has `resize_size` pixels.
    cropped : PIL.Image.Image
        The middle square of `crop_size` pixels.
    scaled : Tensor of shape (3, H, W)
        The same pixels divided by 255: from 0 to 1, channels first.
    normalised : Tensor of shape (3, H, W)
        Each channel minus its mean, divided by its standard deviation.
    box : (left, top, right, bottom)
        The part of `original` that is left, in its pixels.
    resize_size, crop_size : int
        In pixels.
    interpolation : str
        How pixels are mixed when the picture is resized.
    mean, std : tuple of float
        One number for each channel.
    """

    original: Image.Image
    resized: Image.Image
    cropped: Image.Image
    scaled: Tensor
    normalised: Tensor
    box: tuple[float, float, float, float]
    resize_size: int
    crop_size: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class DigitPreparation:
    """A picture on its way into the lab's digit network, after each step.

    Parameters
    ----------
    original : PIL.Image.Image
        As it came, in RGB.
    grey : ndarray of shape (H, W)
        From 0 to 1, light on dark.
    inverted : bool
        Whether black and white changed places, since the border was light.
    pixels : ndarray of shape (28, 28)
        The figure, scaled and centred as in MNIST.
    as_it_was : bool
        Whether the picture had 28 × 28 pixels already and was not scaled.
    """

    original: Image.Image
    grey: NDArray[np.float64]
    inverted: bool
    pixels: NDArray[np.float64]
    as_it_was: bool


def prepare(image: Image.Image, name: str) -> Preparation:
    """Return a picture after each step of what the network `name` wants.

    Parameters
    ----------
    image : PIL.Image.Image
        Any mode; taken as RGB.
    name : str
        One of torchvision's networks; its weights need not be here.

    Returns
    -------
    Preparation
        The last step is bit for bit what ``weights.transforms()`` gives in one go.

    Raises
    ------
    InputError
        If the picture is far longer than wide.

    Examples
    --------
    >>> steps = prepare(Image.new("RGB", (640, 480)), "resnet18")
    >>> steps.resized.size, steps.cropped.size, tuple(steps.normalised.shape)
    ((341, 256), (224, 224), (3, 224, 224))
    """
    check_aspect(image)
    transforms = weights_of(name).transforms()
    original = image.convert("RGB")
    resized = _resize(original, transforms)
    cropped = functional.center_crop(resized, transforms.crop_size)
    scaled, normalised = _to_tensors(cropped, transforms)
    return Preparation(
        original=original,
        resized=resized,
        cropped=cropped,
        scaled=scaled,
        normalised=normalised,
        box=crop_box(original, name),
        resize_size=transforms.resize_size[0],
        crop_size=transforms.crop_size[0],
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )


def prepare_digit(image: Image.Image) -> DigitPreparation:
    """Return a picture after each step of what the lab's digit network wants.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size, 8 bits for each colour.

    Returns
    -------
    DigitPreparation
        The last step is what `cnnlab.digits.preprocess` gives in one go.

    Raises
    ------
    InputError
        If the picture has no pixels, or more than 8 bits for each colour.

    Examples
    --------
    >>> steps = prepare_digit(Image.new("L", (60, 40), 255))
    >>> steps.grey.shape, steps.inverted, steps.pixels.shape
    ((40, 60), True, (28, 28))
    """
    grey = light_on_dark(image)
    small = image.convert("RGB").resize(grey.shape[::-1])
    plain = to_array(small, channels="grey")[0] / 255
    inverted = abs(plain - grey).mean() > abs(1 - plain - grey).mean()
    as_it_was = image.size == (28, 28)
    original = image.convert("RGB")
    return DigitPreparation(original, grey, bool(inverted), digit_pixels(image), as_it_was)


def views(image: Image.Image, name: str, *, crops: str) -> dict[str, Image.Image]:
    """Return several parts of a picture, each as large as the network wants it.

    Parameters
    ----------
    image : PIL.Image.Image
        Any mode; taken as RGB.
    name : str
        One of torchvision's networks.
    crops : str
        A key of `cnnlab.ensembling.CROPS`.

    Returns
    -------
    dict of str to PIL.Image.Image
        What torchvision's ``CenterCrop``, ``FiveCrop`` or ``TenCrop`` cuts out of the resized
        picture, by the name of its place.

    Raises
    ------
    InputError
        If the picture is far longer than wide, or there is no such choice.

    Examples
    --------
    >>> list(views(Image.new("RGB", (640, 480)), "resnet18", crops="Middle and mirrored"))
    ['middle', 'middle, mirrored']
    """
    check_aspect(image)
    names, transforms = view_names(crops), weights_of(name).transforms()
    resized, side = _resize(image.convert("RGB"), transforms), transforms.crop_size
    middle = functional.center_crop(resized, side)
    cuts: tuple[Image.Image, ...] = (middle,)
    if crops == "Middle and mirrored":
        cuts = (middle, functional.hflip(middle))
    elif crops == "Five crops":
        cuts = functional.five_crop(resized, side)
    elif (
        crops == "Ten crops"
    ):  # it mirrors first and then cuts: the middle may be one pixel further to the left
        cuts = functional.ten_crop(resized, side)
    return dict(zip(names, cuts, strict=True))


def view_batches(image: Image.Image, name: str, *, crops: str) -> dict[str, Tensor]:
    """Return several views of a picture as the network's tensors.

    Parameters
    ----------
    image, crops
        As for `views`.
    name : str
        One of `cnnlab.catalogue.every_name`, or the lab's own network, which looks for the figure
        in all of the picture: it takes the middle, and the middle mirrored.

    Returns
    -------
    dict of str to Tensor of shape (1, C, H, W)
        Scaled and normalised, by the name of the view.

    Raises
    ------
    InputError
        If the network cannot take the picture or such views.

    Examples
    --------
    >>> found = view_batches(Image.new("RGB", (640, 480)), "resnet18", crops="Five crops")
    >>> len(found), found["top left"].shape
    (5, torch.Size([1, 3, 224, 224]))
    """
    if name == OWN:
        names = view_names(crops)
        if len(names) > 2:
            raise InputError(f"{name} finds the figure by itself, so there are no {crops.lower()}")
        batch = preprocess(image, name)
        return dict(zip(names, (batch, batch.flip(-1)), strict=False))
    transforms = weights_of(name).transforms()
    cuts = views(image, name, crops=crops)
    return {place: _to_tensors(cut, transforms)[1].unsqueeze(0) for place, cut in cuts.items()}


def lost_share(size: tuple[int, int], box: tuple[float, float, float, float]) -> float:
    """Return which share of a picture's area lies outside of a box.

    Parameters
    ----------
    size : (width, height)
        Of the picture, in pixels.
    box : (left, top, right, bottom)
        In pixels of the picture.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> lost_share((200, 100), (50, 0, 150, 100))
    0.5
    """
    width, height = size
    left, top, right, bottom = box
    kept = (min(right, width) - max(left, 0)) * (min(bottom, height) - max(top, 0))
    return 1 - kept / (width * height)


def _resize(image: Image.Image, transforms: Any) -> Image.Image:
    """Return the picture with its shorter side as long as the recipe says."""
    resized: Image.Image = functional.resize(
        image,
        transforms.resize_size,
        interpolation=transforms.interpolation,
        antialias=transforms.antialias,
    )
    return resized


def _to_tensors(cropped: Image.Image, transforms: Any) -> tuple[Tensor, Tensor]:
    """Return the picture as numbers from 0 to 1, and these normalised."""
    scaled: Tensor = functional.convert_image_dtype(
        functional.pil_to_tensor(cropped), torch.float32
    )
    return scaled, functional.normalize(scaled, mean=transforms.mean, std=transforms.std)
