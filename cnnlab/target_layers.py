"""Which layer to take for Grad-CAM, family by family, and where the method does not apply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cnnlab.families import family_of

if TYPE_CHECKING:
    from torch import nn

__all__ = ["NOT_FOR", "TARGETS", "Target", "four_layers", "spread", "why_not"]


@dataclass(frozen=True)
class Target:
    """The layer that one usually takes in a family.

    Parameters
    ----------
    family : str
        Title of the family, as in `cnnlab.families.FAMILIES`.
    network : str
        The member that the numbers are of.
    layer : str
        Name of the layer in it.
    shape : (K, h, w)
        Its feature maps for a picture of 224 × 224 pixels (28 × 28 for digits).
    why : str
        One sentence.
    """

    family: str
    network: str
    layer: str
    shape: tuple[int, int, int]
    why: str


_STAGE = "The end of the last stage; after it, pooling takes the mean of each map."
_SILU = "The end of the last convolutions. The activation has no hard zero: maps can be negative."
_ROWS = (
    ("LeNet", "lenet_digits", "relu2", (50, 8, 8), "The last activation before the last pooling."),
    (
        "AlexNet",
        "alexnet",
        "features.11",
        (256, 13, 13),
        "The last ReLU before the last pooling, which would halve the map.",
    ),
    (
        "VGG",
        "vgg11",
        "features.19",
        (512, 14, 14),
        "The last ReLU before the last pooling; its number grows with the depth (29 in VGG-16).",
    ),
    (
        "GoogLeNet",
        "googlenet",
        "inception5b",
        (1024, 7, 7),
        "The last inception block: all its branches, joined.",
    ),
    (
        "Inception v3",
        "inception_v3",
        "Mixed_7c",
        (2048, 5, 5),
        "The last inception block; 8 × 8 for its own pictures of 299 × 299.",
    ),
    ("ResNet", "resnet18", "layer4", (512, 7, 7), f"{_STAGE} Take it after the addition."),
    (
        "SqueezeNet",
        "squeezenet1_1",
        "features",
        (512, 13, 13),
        "The last block; the classifier after it is a convolution of 1 × 1 that mixes only "
        "channels.",
    ),
    ("Wide ResNet", "wide_resnet50_2", "layer4", (2048, 7, 7), _STAGE),
    (
        "DenseNet",
        "densenet121",
        "features",
        (1024, 7, 7),
        "The last normalisation. The ReLU after it is a function, no module: maps can be negative.",
    ),
    ("ResNeXt", "resnext50_32x4d", "layer4", (2048, 7, 7), _STAGE),
    (
        "MobileNetV2",
        "mobilenet_v2",
        "features",
        (1280, 7, 7),
        "The last convolution, of 1 × 1, with its ReLU6.",
    ),
    ("ShuffleNetV2", "shufflenet_v2_x0_5", "conv5", (1024, 7, 7), "The last convolution."),
    ("MnasNet", "mnasnet0_5", "layers", (1280, 7, 7), "The last convolution with its ReLU."),
    ("MobileNetV3", "mobilenet_v3_small", "features", (576, 7, 7), _SILU),
    ("EfficientNet", "efficientnet_b0", "features", (1280, 7, 7), _SILU),
    ("RegNetX", "regnet_x_400mf", "trunk_output", (400, 7, 7), _STAGE),
    ("RegNetY", "regnet_y_400mf", "trunk_output", (440, 7, 7), _STAGE),
    ("EfficientNetV2", "efficientnet_v2_s", "features", (1280, 7, 7), _SILU),
    (
        "ConvNeXt",
        "convnext_tiny",
        "features",
        (768, 7, 7),
        "The end of the last stage. Its last step is an addition without ReLU: maps can be "
        "negative.",
    ),
)
TARGETS: tuple[Target, ...] = tuple(Target(*row) for row in _ROWS)

NOT_FOR: Mapping[str, str] = {
    "ViT": "It has no feature maps: it works on a row of tokens, and the score is read from one "
    "extra token that has no position.",
    "Swin": "Its blocks give out rows of tokens (height, width, channels), and attention moves "
    "content between positions; Grad-CAM's weights are made for convolutions.",
    "Swin V2": "As for Swin: tokens and attention between positions instead of feature maps.",
    "MaxViT": "Its maps come out of attention over the whole picture, so a position of the map "
    "need not show what lies at that position.",
}


def why_not(name: str) -> str:
    """Return why Grad-CAM is not offered for a network.

    Parameters
    ----------
    name : str
        torchvision's name of the network.

    Returns
    -------
    str
        One or two sentences; empty where it is offered.

    Examples
    --------
    >>> why_not("resnet18")
    ''
    >>> why_not("vit_b_16")[:27]
    'It has no feature maps: it '
    """
    return NOT_FOR.get(family_of(name).title, "")


def four_layers(model: nn.Module, sizes: Mapping[str, tuple[int, int, int]]) -> list[str]:
    """Return four layers that are spread over a network, the recommended one last.

    Parameters
    ----------
    model : torch.nn.Module
        The network.
    sizes : mapping of str to (C, H, W)
        Its layers, as `cnnlab.features.spatial_layers` returns them.

    Returns
    -------
    list of str
        From the picture to the end: the last layer of each size of map, as far as there are four;
        fewer only where the network has fewer layers.

    Examples
    --------
    >>> from torchvision import models
    >>> from cnnlab.features import spatial_layers
    >>> squeezenet = models.squeezenet1_0()
    >>> four_layers(squeezenet, spatial_layers(squeezenet))
    ['features.1', 'features.5', 'features.10', 'features']
    """
    from cnnlab.features import default_layer
    from cnnlab.hierarchy import usual_layers

    usual, last = usual_layers(model, dict(sizes)), default_layer(model)
    before = list(sizes)[: list(sizes).index(last) + 1]
    return spread(before, [*usual[:-1], last])


def spread(layers: Sequence[str], chosen: Sequence[str], *, count: int = 4) -> list[str]:
    """Return `count` of the layers, the chosen ones among them, evenly filled up.

    Parameters
    ----------
    layers : sequence of str
        In their order.
    chosen : sequence of str
        Those that must stay.
    count : int
        How many there should be.

    Returns
    -------
    list of str
        In their order.

    Examples
    --------
    >>> spread(["a", "b", "c", "d", "e"], ["e"], count=3)
    ['a', 'c', 'e']
    """
    kept = [name for name in layers if name in chosen][-count:]
    rest = [name for name in layers if name not in kept]
    missing = min(count - len(kept), len(rest))
    at = np.linspace(0, len(rest) - 1, missing + 1)[:missing].round().astype(int)
    kept += [rest[place] for place in at]
    return [name for name in layers if name in kept]
