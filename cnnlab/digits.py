"""The lab's own network: LeNet-5 in its modern form, trained on MNIST, its weights in `assets`.

Only `build`, `load` and `preprocess` need PyTorch; they import it when they are called.
``python -m tools.train_digits`` trained the weights and wrote the record that `FACTS` reads.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.cost import summarize, totals
from cnnlab.digit_pixels import SIDE, digit_pixels
from cnnlab.layers import Activation, Conv2d, Dropout, Flatten, Linear, Pool2d
from cnnlab.samples import Sample

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = [
    "CATEGORIES",
    "FACTS",
    "INPUT_SHAPE",
    "LAYERS",
    "SAMPLES",
    "SIDE",
    "DigitFacts",
    "DigitTransforms",
    "DigitWeights",
    "build",
    "label_of",
    "load",
    "preprocess",
    "read_weights",
    "sample_digit",
]

CATEGORIES = tuple("0123456789")
INPUT_SHAPE = (1, SIDE, SIDE)
LAYERS = (
    Conv2d(20, 5, name="conv1"),
    Activation("ReLU", name="relu1"),
    Pool2d(2, name="pool1"),
    Conv2d(50, 5, name="conv2"),
    Activation("ReLU", name="relu2"),
    Pool2d(2, name="pool2"),
    Flatten(name="flatten"),
    Linear(500, name="fc1"),
    Activation("ReLU", name="relu3"),
    Dropout(0.5, name="dropout"),
    Linear(10, name="fc2"),
)

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "digits"
WEIGHTS = FOLDER / "lenet_digits.npz"
RECORD = FOLDER / "lenet_digits.json"
SHEET = FOLDER / "mnist_samples.png"
EACH = 4  # sample digits of each class


@dataclass(frozen=True)
class DigitFacts:
    """What there is to know about the trained network.

    Parameters
    ----------
    n_params, macs : int
        Weights and biases; multiply-accumulates for one picture.
    accuracy : float
        Share of the digits held out of training that it reads right, 0 to 1.
    n_train, n_test : int
        Digits it was trained on, and digits held out.
    epochs, seed : int
        Passes over the training digits; what all randomness comes from.
    file_bytes : int
        Size of the file of weights.
    sha256 : str
        Its SHA-256.
    data, recipe, script, torch_version : str
        What it was trained on, how, by which command, with which version of PyTorch.
    licence, credit : str
        Terms of the weights; whose digits they are.
    """

    n_params: int
    macs: int
    accuracy: float
    n_train: int
    n_test: int
    epochs: int
    seed: int
    file_bytes: int
    sha256: str
    data: str
    recipe: str
    script: str
    torch_version: str
    licence: str
    credit: str


def _facts() -> DigitFacts:
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    total = totals(summarize(LAYERS, INPUT_SHAPE))
    known = {name: record[name] for name in DigitFacts.__annotations__ if name in record}
    return DigitFacts(n_params=total.n_params, macs=total.macs, **known)


FACTS = _facts()


class DigitTransforms:
    """What is done to a picture before the network sees it, in the shape torchvision gives it.

    Attributes
    ----------
    mean, std : tuple of float
        What would be subtracted and divided by: nothing is.
    """

    mean, std = (0.0,), (1.0,)

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the picture as (1, 28, 28) by `preprocess`."""
        return preprocess(image)[0]


class DigitWeights:
    """The trained weights, as torchvision's entries describe theirs."""

    meta = MappingProxyType({"categories": CATEGORIES})

    def transforms(self) -> DigitTransforms:
        """Return the preprocessing."""
        return DigitTransforms()


def build() -> nn.Module:
    """Return the network with random numbers, in training mode.

    Returns
    -------
    torch.nn.Sequential
        From (N, 1, 28, 28) to the ten scores, (N, 10). Each step is a module with a name.

    Examples
    --------
    >>> sum(p.numel() for p in build().parameters())
    431080
    """
    from torch import nn

    network = nn.Sequential()
    network.add_module("conv1", nn.Conv2d(1, 20, 5))  # 28 × 28 to 24 × 24
    network.add_module("relu1", nn.ReLU())
    network.add_module("pool1", nn.MaxPool2d(2))  # to 12 × 12
    network.add_module("conv2", nn.Conv2d(20, 50, 5))  # to 8 × 8
    network.add_module("relu2", nn.ReLU())
    network.add_module("pool2", nn.MaxPool2d(2))  # to 4 × 4
    network.add_module("flatten", nn.Flatten())  # 4 · 4 · 50 = 800
    network.add_module("fc1", nn.Linear(4 * 4 * 50, 500))
    network.add_module("relu3", nn.ReLU())
    network.add_module("dropout", nn.Dropout(0.5))
    network.add_module("fc2", nn.Linear(500, 10))
    return network


def load(path: Path = WEIGHTS) -> nn.Module:
    """Return the trained network, ready to read digits.

    Parameters
    ----------
    path : Path
        The file of weights.

    Returns
    -------
    torch.nn.Sequential
        In evaluation mode, parameters frozen, on the CPU; a new object each time.

    Raises
    ------
    InputError
        If the file is missing or not the one that the record describes.
    """
    import torch

    network = build()
    network.load_state_dict({k: torch.from_numpy(a) for k, a in read_weights(path).items()})
    return network.eval().requires_grad_(False)


def read_weights(path: Path = WEIGHTS) -> dict[str, NDArray[np.float32]]:
    """Return the trained numbers by name, such as "conv1.weight", without PyTorch.

    Parameters
    ----------
    path : Path
        The file of weights.

    Returns
    -------
    dict of str to ndarray
        float32, in the shapes of PyTorch: (out, in, kH, kW), (out, in) and (out,).

    Raises
    ------
    InputError
        If the file is missing or not the one that the record describes.

    Examples
    --------
    >>> read_weights()["conv2.weight"].shape
    (50, 20, 5, 5)
    """
    way_out = f"restore {path.name} from the project's files, or train it: {FACTS.script}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"the weights of the digit network are missing; {way_out}") from error
    if hashlib.sha256(data).hexdigest() != FACTS.sha256:
        raise InputError(f"the weights of the digit network are damaged; {way_out}")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:  # in the order of the layers
        names = [entry.removesuffix(".npy") for entry in archive.namelist()]
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in names}


def preprocess(image: Image.Image) -> Tensor:
    """Return any picture as the digit network wants it.

    Grey, light on dark as in MNIST: a picture whose border is light is inverted. Unless it has
    28 × 28 pixels already, the figure is scaled to 20 × 20 and centred by its mass, as MNIST was
    made; `cnnlab.digit_pixels.digit_pixels` gives the details. Values are not normalised further:
    black is 0, white is 1.

    Parameters
    ----------
    image : PIL.Image.Image
        Any size.

    Returns
    -------
    Tensor of shape (1, 1, 28, 28)
        float32, 0 to 1.

    Raises
    ------
    InputError
        If the picture has no pixels, or more than 8 bits for each colour.

    Examples
    --------
    >>> preprocess(Image.new("RGB", (640, 480))).shape
    torch.Size([1, 1, 28, 28])
    """
    import torch

    return torch.from_numpy(digit_pixels(image).astype(np.float32))[None, None]


def sample_digit(name: str) -> Image.Image:
    """Return one of the forty bundled digits; none of them was used for training.

    Parameters
    ----------
    name : str
        A key of `SAMPLES`: "digit-7-2" is the second 7.

    Returns
    -------
    PIL.Image.Image
        Mode L, 28 × 28 pixels, white on black.

    Raises
    ------
    InputError
        If there is no sample of that name.

    Examples
    --------
    >>> sample_digit("digit-7-2").size
    (28, 28)
    """
    if name not in SAMPLES:
        raise InputError(f"there is no sample digit {name!r}, choose one such as digit-7-2")
    digit, number = label_of(name), int(name[-1])
    left, top = SIDE * digit, SIDE * (number - 1)
    return _sheet().crop((left, top, left + SIDE, top + SIDE))


def label_of(name: str) -> int:
    """Return which digit a sample shows, as the people who made MNIST labelled it.

    Examples
    --------
    >>> label_of("digit-7-2")
    7
    """
    return int(name.split("-")[1])


@cache
def _sheet() -> Image.Image:
    """Return all sample digits: a column for each class."""
    with Image.open(SHEET) as sheet:
        return sheet.convert("L")


_CREDIT = "MNIST, by Yann LeCun, Corinna Cortes and Christopher Burges; CC BY-SA 3.0."
SAMPLES = MappingProxyType(
    {
        f"digit-{digit}-{number}": Sample(
            f"digit-{digit}-{number}",
            f"Digit {digit}, no. {number}",
            f"A {digit} written by hand, white on black, 28 × 28 pixels.",
            _CREDIT,
        )
        for digit in range(10)
        for number in range(1, EACH + 1)
    }
)
