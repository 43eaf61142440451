"""Networks to begin a design with, each as a text that a link can hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cnnlab.architectures import NETWORKS
from cnnlab.architectures import Network as Architecture
from cnnlab.checks import InputError
from cnnlab.layers import (
    Block,
    Concat,
    Dense,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    PadChannels,
    Residual,
)
from cnnlab.network_text import Network, network_to_text

__all__ = ["NETWORK_PRESETS", "NetworkPreset", "text_of"]


@dataclass(frozen=True)
class NetworkPreset:
    """A network to begin with: its text, what there is to see, where it comes from."""

    text: str
    says: str


def text_of(architecture: Architecture) -> str:
    """Return a well-known network as the text of a design; names of its layers are not kept.

    Parameters
    ----------
    architecture : cnnlab.architectures.Network
        One of ``cnnlab.architectures.NETWORKS``.

    Returns
    -------
    str
        The text, as ``cnnlab.network_text`` reads it.

    Raises
    ------
    InputError
        If a design cannot say it: it has branches, stacks or gates, or too many layers.

    Examples
    --------
    >>> text_of(NETWORKS["lenet5"])
    '1x32x32_c6k5_tanh_a2_c16k5_tanh_a2_c120k5_tanh_flat_fc84_tanh_fc10'
    """
    channels, rows, columns = architecture.input_shape
    try:
        layers = tuple(_unwrapped(architecture.stages))
        return network_to_text(Network((channels, rows, columns), layers))
    except InputError as error:
        raise InputError(f"{architecture.title} cannot be a design: {error}") from None


def _unwrapped(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Yield the layers without names and without the blocks that only group them."""
    for layer in layers:
        if isinstance(layer, Block):
            yield from _unwrapped(layer.layers)
        elif isinstance(layer, Residual):
            body, shortcut = tuple(_unwrapped(layer.body)), tuple(_unwrapped(layer.shortcut))
            yield Residual(body, shortcut)
        elif type(layer) in _NO_WORD:
            raise InputError(_NO_WORD[type(layer)])
        else:
            yield replace(layer, name="")


_NO_WORD: dict[type[Layer], str] = {
    Concat: "it has branches side by side, and a design has none",
    Dense: "it stacks maps of earlier layers, and a design can only add them",
    Gate: "it has gates (squeeze and excitation), and a design has none",
    Highway: "it mixes its input with what is new by gates, and a design has none",
    PadChannels: "its shortcuts add maps of zeros, and a design can only add 1 × 1 layers",
    LayerNorm2d: "it has layer norm, and a design has none",
}


def _vgg16() -> str:
    parts = ["3x224x224"]
    for channels, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        parts += [f"c{channels}k3p1", "relu"] * count + ["p2"]
    return "_".join([*parts, "flat", *["fc4096", "relu", "drop0.5"] * 2, "fc1000"])


def _resnet20() -> str:
    parts = ["3x32x32", "c16k3p1nb", "bn", "relu"]
    for channels in (16, 32, 64):
        for number in range(3):
            half = "s2" if number == 0 and channels > 16 else ""
            parts += ["res", f"c{channels}k3{half}p1nb", "bn", "relu", f"c{channels}k3p1nb", "bn"]
            parts += ["skip", f"c{channels}k1s2nb", "bn"] if half else []
            parts += ["add", "relu"]
    return "_".join([*parts, "gap", "flat", "fc10"])


def _mobile() -> str:
    parts, inside = ["3x32x32", "c32k3p1nb", "bn", "relu"], 32
    for channels, half in ((64, ""), (128, "s2"), (128, ""), (256, "s2"), (256, "")):
        parts += [f"c{inside}k3{half}p1g{inside}nb", "bn", "relu", f"c{channels}k1nb", "bn", "relu"]
        inside = channels
    return "_".join([*parts, "gap", "flat", "fc10"])


_LENET = "c6k5_tanh_a2_c16k5_tanh_a2_c120k5_tanh_flat_fc84_tanh_fc10"
_ALEXNET = (
    "3x227x227_c96k11s4_relu_lrn5_p3s2_c256k5p2g2_relu_lrn5_p3s2_c384k3p1_relu_c384k3p1g2_relu_"
    "c256k3p1g2_relu_p3s2_flat_fc4096_relu_drop0.5_fc4096_relu_drop0.5_fc1000"
)
_OWN = {
    "LeNet-5": NetworkPreset(
        f"1x32x32_{_LENET}",
        "Reads digits. After LeCun et al., 1998; here every filter of the second convolution "
        "reads all maps, and the last layer is fully connected.",
    ),
    "AlexNet": NetworkPreset(
        _ALEXNET,
        "Won ImageNet in 2012. Its groups split the maps between two graphics cards. Krizhevsky, "
        "Sutskever and Hinton, 2012.",
    ),
    "VGG-16": NetworkPreset(
        _vgg16(),
        "Only 3 × 3 kernels, and most of its weights in one fully connected layer. Simonyan and "
        "Zisserman, 2014, configuration D.",
    ),
    "ResNet-20 for CIFAR-10": NetworkPreset(
        _resnet20(),
        "Nine residual blocks. After He et al., 2015; where the size changes, a 1 × 1 convolution "
        "stands on the shortcut.",
    ),
    "MobileNet-like for CIFAR-10": NetworkPreset(
        _mobile(),
        "Depthwise separable convolutions: one kernel for each map (groups = channels), then "
        "1 × 1 convolutions that mix the maps. After Howard et al., 2017.",
    ),
    "Broken: LeNet-5 on 28 × 28": NetworkPreset(
        f"1x28x28_{_LENET}",
        "LeNet-5 on a picture that is too small. Find two ways to mend it.",
    ),
}


def _well_known() -> dict[str, NetworkPreset]:
    """Return the architectures that a design can say and that are not offered already."""
    found, texts = {}, {preset.text for preset in _OWN.values()}
    for architecture in NETWORKS.values():
        try:
            text = text_of(architecture)
        except InputError:
            continue
        if architecture.title not in _OWN and text not in texts:
            source = f"{architecture.authors}, {architecture.year}."
            found[architecture.title] = NetworkPreset(text, f"{architecture.idea} {source}")
    return found


NETWORK_PRESETS = _OWN | _well_known()
