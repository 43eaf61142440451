"""Stacks worth seeing, as the texts that `cnnlab.stacks` reads, with the names of their layers."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True)
class Example:
    """A stack worth seeing.

    Parameters
    ----------
    title, stack, notice : str
        What to call it, its text, and what to notice.
    names : tuple of str
        What its layers are called, one name each; none for a stack that is no known network.
    side : int
        Pixels a side of the input that it was made for; 0 where there is no such size.
    """

    title: str
    stack: str
    notice: str
    names: tuple[str, ...] = ()
    side: int = 0


def _vgg(counts: tuple[int, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the text of a VGG network with so many convolutions in each stage, and its names."""
    layers: list[tuple[str, str]] = []
    for stage, count in enumerate(counts, 1):
        layers += [("c3", f"conv{stage}_{place}") for place in range(1, count + 1)]
        layers.append(("p2", f"pool{stage}"))
    return _joined(layers)


def _resnet(counts: tuple[int, ...], *, bottleneck: bool) -> tuple[str, tuple[str, ...]]:
    """Return the main branch of a ResNet with so many blocks in each stage, and its names.

    The names are those of the paper's table 1, with a letter for each convolution of a block. The
    stride stands in the first 3 × 3 convolution of a stage, as torchvision has it.
    """
    layers = [("c7s2", "conv1"), ("p3p1", "maxpool")]
    for stage, count in enumerate(counts, 2):
        for place in range(1, count + 1):
            wide = "c3s2" if stage > 2 and place == 1 else "c3"
            block = ("c1", wide, "c1") if bottleneck else (wide, "c3")
            name = f"conv{stage}_{place}"
            layers += [(layer, name + letter) for layer, letter in zip(block, "abc", strict=False)]
    return _joined(layers)


def _mobilenet() -> tuple[str, tuple[str, ...]]:
    """Return MobileNet of 2017: 13 times a depthwise and a pointwise convolution."""
    layers = [("c3s2", "conv1")]
    for number in range(1, 14):
        wide = "c3s2" if number in (2, 4, 6, 12) else "c3"
        layers += [(wide, f"depthwise{number}"), ("c1", f"pointwise{number}")]
    return _joined(layers)


def _joined(layers: list[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    return "-".join(layer for layer, _ in layers), tuple(name for _, name in layers)


EXAMPLES: dict[str, Example] = {
    "two": Example("Two 3 × 3", "c3-c3", "Two small kernels see as far as one of 5 × 5."),
    "three": Example("Three 3 × 3", "c3-c3-c3", "Three small kernels see as far as one of 7 × 7."),
    "seven": Example("One 7 × 7", "c7", "The same region at once, with more weights."),
    "pooling": Example(
        "Convolution, pooling, convolution",
        "c3-p2-c3",
        "After the pooling, cells are 2 pixels apart, so the same kernel reaches twice as far.",
    ),
    "dilated": Example(
        "Dilated: 1, 2, 4, 8",
        "c3-c3d2-c3d4-c3d8",
        "The field doubles with every layer, and the feature map stays as large as the input.",
    ),
    "lenet5": Example(
        "LeNet-5",
        "c5p0-p2-c5p0-p2-c5p0",
        "Without padding, maps shrink; the one cell of C5 sees the whole picture of 32 × 32.",
        ("C1", "S2", "C3", "S4", "C5"),
        32,
    ),
    "alexnet": Example(
        "AlexNet",
        "c11s4p2-p3-c5-p3-c3-c3-c3-p3",
        "Strides at the start make cells 16 pixels apart from pool2 on; then each convolution "
        "adds 32 pixels.",
        ("conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"),
        224,
    ),
    "vgg16": Example(
        "VGG-16",
        _vgg((2, 2, 3, 3, 3))[0],
        "Only 3 × 3 kernels, and the cells of conv5_3 see 196 × 196 pixels of 224 × 224.",
        _vgg((2, 2, 3, 3, 3))[1],
        224,
    ),
    "resnet18": Example(
        "ResNet-18",
        _resnet((2, 2, 2, 2), bottleneck=False)[0],
        "Drawn is the main branch: conv4_2b is the second convolution of block 2 in stage conv4. "
        "Each block adds its input again by a shortcut, which skips the convolutions and so sees "
        "less than they do.",
        _resnet((2, 2, 2, 2), bottleneck=False)[1],
        224,
    ),
    "resnet50": Example(
        "ResNet-50",
        _resnet((3, 4, 6, 3), bottleneck=True)[0],
        "Drawn is the main branch: conv4_6a, b and c are the 1 × 1, 3 × 3 and 1 × 1 convolutions "
        "of block 6 in stage conv4; a 1 × 1 sees no more than what comes before it. Each block "
        "adds its input again by a shortcut, which skips these convolutions and so sees less.",
        _resnet((3, 4, 6, 3), bottleneck=True)[1],
        224,
    ),
    "mobilenet": Example(
        "MobileNet (2017)",
        _mobilenet()[0],
        "A depthwise convolution works on each channel alone, but sees as far as any 3 × 3; a "
        "pointwise one (1 × 1) mixes the channels and sees no farther.",
        _mobilenet()[1],
        224,
    ),
}
