"""Networks trained on ImageNet: prepare a picture, and read off the classes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from cnnlab.catalogue import OWN, weights_of
from cnnlab.checks import InputError, in_range
from cnnlab.loading import best_device, default_name, forget, load, using

__all__ = [
    "Prediction",
    "as_seen",
    "best_device",
    "categories",
    "check_aspect",
    "classify",
    "crop_box",
    "default_name",
    "forget",
    "load",
    "preprocess",
]

MAX_ASPECT = 100  # longer side over shorter side; beyond it, resizing would fill the memory


@dataclass(frozen=True)
class Prediction:
    """One of the classes that a network names for a picture.

    Attributes
    ----------
    index : int
        Number of the class, 0 to 999.
    category : str
        Its name.
    probability : float
        Its share after the softmax, 0 to 1.
    """

    index: int
    category: str
    probability: float


def preprocess(image: Image.Image, name: str) -> Tensor:
    """Return the picture as the network `name` wants it: resized, cut out, normalised.

    Parameters
    ----------
    image : PIL.Image.Image
        Any mode; taken as RGB.
    name : str
        One of `cnnlab.catalogue.every_name`; its weights need not be here.

    Returns
    -------
    Tensor of shape (1, 3, H, W)
        What torchvision's own ``weights.transforms()`` gives, on the CPU; (1, 1, 28, 28) for the
        lab's own digit network.

    Raises
    ------
    InputError
        If the picture is more than 100 times (``MAX_ASPECT``) as long as wide.

    Examples
    --------
    >>> preprocess(Image.new("RGB", (640, 480)), "inception_v3").shape
    torch.Size([1, 3, 299, 299])
    """
    check_aspect(image)
    batch: Tensor = weights_of(name).transforms()(image.convert("RGB")).unsqueeze(0)
    return batch


def check_aspect(image: Image.Image) -> None:
    """Refuse a picture so long that resizing its shorter side would fill the memory.

    Raises
    ------
    InputError
        If one side is more than 100 times (``MAX_ASPECT``) the other.
    """
    if max(image.size) > MAX_ASPECT * min(image.size):
        raise InputError(
            f"one side of the picture is more than {MAX_ASPECT} times the other; cut out a "
            "part of it first"
        )


def as_seen(batch: Tensor, name: str) -> Image.Image:
    """Return the picture that the network sees: a prepared batch with the normalisation undone.

    Parameters
    ----------
    batch : Tensor of shape (1, 3, H, W)
        What `preprocess` returned.
    name : str
        The network it was prepared for.

    Returns
    -------
    PIL.Image.Image
        W × H pixels, RGB.

    Raises
    ------
    InputError
        If `batch` does not hold exactly one colour picture.

    Examples
    --------
    >>> red = Image.new("RGB", (300, 300), (255, 0, 0))
    >>> as_seen(preprocess(red, "resnet18"), "resnet18").getpixel((0, 0))
    (255, 0, 0)
    """
    transforms = weights_of(name).transforms()
    mean, std = (torch.tensor(t)[:, None, None] for t in (transforms.mean, transforms.std))
    if batch.ndim != 4 or batch.shape[:2] != (1, len(mean)):
        shape = tuple(batch.shape)
        raise InputError(f"batch must have the shape (1, {len(mean)}, H, W), got {shape}")
    pixels = (batch[0].detach().cpu() * std + mean).clamp(0, 1).mul(255).round().byte()
    colours = pixels.expand(3, -1, -1).permute(1, 2, 0)  # (H, W, 3)
    return Image.fromarray(colours.contiguous().numpy())


def crop_box(image: Image.Image, name: str) -> tuple[float, float, float, float]:
    """Return which part of the picture the network `name` sees.

    The picture is resized until its shorter side has ``resize_size`` pixels; of the result, the
    middle square of ``crop_size`` pixels is kept. Here that square is measured back.

    Parameters
    ----------
    image : PIL.Image.Image
        The original picture.
    name : str
        One of `cnnlab.catalogue.every_name`.

    Returns
    -------
    tuple of float
        (left, top, right, bottom) in pixels of `image`, from its upper left corner.

    Examples
    --------
    >>> crop_box(Image.new("RGB", (512, 256)), "resnet18")
    (144.0, 16.0, 368.0, 240.0)
    """
    if name == OWN:  # it looks for the figure in all of the picture
        return 0.0, 0.0, float(image.width), float(image.height)
    transforms = weights_of(name).transforms()
    (short,), (crop,) = transforms.resize_size, transforms.crop_size
    box = []
    for side in image.size:  # width, then height
        resized = int(short * side / min(image.size))  # torchvision cuts the fraction off
        start = round((resized - crop) / 2)
        box.append((start * side / resized, (start + crop) * side / resized))
    (left, right), (top, bottom) = box
    return left, top, right, bottom


def categories(name: str) -> list[str]:
    """Return the names of the classes that the network `name` tells apart.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.every_name`.

    Returns
    -------
    list of str
        The name of class 0, of class 1, and so on.

    Examples
    --------
    >>> categories("resnet18")[281:286]
    ['tabby', 'tiger cat', 'Persian cat', 'Siamese cat', 'Egyptian cat']
    """
    return list(weights_of(name).meta["categories"])


def classify(image: Image.Image, name: str, *, k: int = 5) -> list[Prediction]:
    """Return the `k` most probable classes of the picture, the best first.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size and mode.
    name : str
        A network whose weights are on this computer.
    k : int
        How many classes to name.

    Returns
    -------
    list of Prediction
        Exactly the numbers that bare torchvision gives on the same device.

    Raises
    ------
    InputError
        If the picture, the network or `k` cannot be used.
    """
    labels = categories(name)
    k = in_range(k, name="k", low=1, high=len(labels))
    batch = preprocess(image, name)
    with using(name) as model, torch.inference_mode():
        logits = model(batch.to(next(model.parameters()).device))  # (1, 1000)
        best = logits.squeeze(0).softmax(0).topk(k)
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return [Prediction(index, labels[index], share) for index, share in pairs]
