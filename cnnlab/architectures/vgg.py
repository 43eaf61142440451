"""VGG, 2014: only 3 × 3 kernels, and more of them."""

from cnnlab.architectures.parts import conv_relu, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, Block, Conv2d, Dropout, Flatten, Layer, Linear, Pool2d

__all__ = ["NETWORKS"]

_FILTERS = (64, 128, 256, 512, 512)
_CONFIGURATIONS: dict[str, tuple[str, tuple[tuple[int, ...], ...], str, str]] = {
    # key: letter, kernel sizes of each stage, parameters in millions, top-5 error (table 3)
    "vgg11": ("A", ((3,), (3,), (3, 3), (3, 3), (3, 3)), "133", "10.4"),
    "vgg13": ("B", ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)), "133", "9.9"),
    "vgg16c": ("C", ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)), "134", "8.8"),
    "vgg16": ("D", ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)), "138", "8.1"),
    "vgg19": ("E", ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)), "144", "8.0"),
}


def _stage(number: int, kernels: tuple[int, ...], filters: int) -> Block:
    layers: list[Layer] = []
    for place, kernel_size in enumerate(kernels, start=1):
        name = f"conv{number}_{place}"
        layers += [Conv2d(filters, kernel_size, padding=kernel_size // 2, name=name), Activation()]
    return stage(f"stage {number}", *layers, Pool2d(2, name=f"pool{number}"))


def _vgg(kernels: tuple[tuple[int, ...], ...]) -> tuple[Block, ...]:
    both = zip(kernels, _FILTERS, strict=True)
    ends = stage(
        "fully connected",
        Flatten(),
        Linear(4096, name="fc6"),
        Activation(),
        Dropout(),
        Linear(4096, name="fc7"),
        Activation(),
        Dropout(),
        Linear(1000, name="fc8"),
    )
    return (*(_stage(number, *pair) for number, pair in enumerate(both, start=1)), ends)


def _network(key: str) -> Network:
    letter, kernels, millions, error = _CONFIGURATIONS[key]
    depth = sum(map(len, kernels)) + 3
    single = (
        "one size of training pictures" if letter in "AB" else "training pictures of many sizes"
    )
    return Network(
        key=key,
        title=f"VGG-{depth} ({letter})",
        year=2014,
        authors="Simonyan, Zisserman",
        paper="Very deep convolutional networks for large-scale image recognition, ICLR 2015, "
        "arXiv:1409.1556",
        address="https://arxiv.org/abs/1409.1556",
        idea="Two 3 × 3 layers see as much as one 5 × 5 layer, with fewer weights and one more "
        "ReLU; so use small kernels only, and many layers.",
        stages=_vgg(kernels),
        published=(
            Published("parameters", f"{millions} million", "paper, table 2", "parameters"),
            *_OTHERS.get(key, ()),
            Published(
                "top-5 error, 1 network", f"{error} %", f"paper, table 3, validation, {single}"
            ),
            *(_CHALLENGE if letter in "DE" else ()),
        ),
        drawings=(
            Drawing("One 5 × 5 layer", stage("", *conv_relu(256, 5, padding=2)), (256, 56, 56)),
            Drawing(
                "Two 3 × 3 layers: see as much",
                stage("", *conv_relu(256, 3, padding=1), *conv_relu(256, 3, padding=1)),
                (256, 56, 56),
            ),
        ),
        notes=_NOTES.get(key, ()),
    )


_CHALLENGE = (
    Published(
        "top-5 error, several networks",
        "7.3 %",
        "ILSVRC 2014, test",
        remark="Second in classification, first in localisation. Later, with D and E alone: 6.8 %.",
    ),
)
_OTHERS: dict[str, tuple[Published, ...]] = {
    "vgg16": (
        Published(
            "parameters of the convolutions",
            "38,016",
            "a popular calculator on the web",
            remark="A mistake: it is 3 · 3 · filters, summed over the layers, without the depth of "
            "each layer's input. The convolutions have 14,714,688 parameters.",
        ),
    )
}
_NOTES: dict[str, tuple[str, ...]] = {
    "vgg16c": ("Configuration C has 1 × 1 kernels at the end of stages 3, 4 and 5.",),
    "vgg16": ("This is configuration D, the one that people mean by “VGG-16”.",),
}

NETWORKS = tuple(_network(key) for key in _CONFIGURATIONS)
