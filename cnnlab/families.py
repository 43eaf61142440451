"""The families of networks: when each came, in which paper, and what one can learn from it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

from cnnlab.checks import InputError

__all__ = ["FAMILIES", "TOPICS", "Family", "family_of", "teaching"]

TOPICS: dict[str, str] = {
    "plain": "One layer after the other: no branch and no way around a layer.",
    "depth": "More layers, and what it takes so that many layers still learn.",
    "width": "More channels in each layer instead of more layers.",
    "branches": "Several paths side by side, whose results are joined.",
    "efficiency": "Fewer parameters and operations for about the same answers.",
    "scaling": "One design in many sizes: depth, width and picture grow together.",
    "searched": "A program chose the layers, not a person.",
    "design rules": "Many variants were tried one by one, and the rules that helped were kept.",
    "attention": "The picture itself decides which channels, or which places, count.",
}


@dataclass(frozen=True)
class Family:
    """Networks that one paper describes.

    Parameters
    ----------
    title : str
        What the family is called.
    year : int
        When its paper first appeared.
    paper, authors, venue : str
        The paper: its title, who wrote it, where it was printed.
    address : str
        A page with the paper.
    idea : str
        What was new, in a sentence.
    teaches : tuple of str
        Keys of `TOPICS`.
    members : tuple of str
        torchvision's names of the networks, or the lab's own.
    """

    title: str
    year: int
    paper: str
    authors: str
    venue: str
    address: str
    idea: str
    teaches: tuple[str, ...]
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a topic that nobody explains."""
        unknown = set(self.teaches) - set(TOPICS)
        if unknown or not self.teaches:
            raise ValueError(f"{self.title} teaches {unknown or 'nothing'}, not in TOPICS")


def _arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


def _sizes(stem: str, sizes: str) -> tuple[str, ...]:
    return tuple(stem + size for size in sizes.split())


_REGNET = (
    "Designing Network Design Spaces",
    "Radosavovic, Kosaraju, Girshick, He, Dollár",
    "CVPR 2020",
    _arxiv("2003.13678"),
)
_REGNET_SIZES = "400mf 800mf 1_6gf 3_2gf 8gf 16gf 32gf"

FAMILIES: tuple[Family, ...] = (
    Family(
        "LeNet",
        1998,
        "Gradient-Based Learning Applied to Document Recognition",
        "LeCun, Bottou, Bengio, Haffner",
        "Proceedings of the IEEE 86",
        "https://doi.org/10.1109/5.726791",
        "Convolutions and pooling read digits. The lab's own network is a modern form of LeNet-5: "
        "ReLU and max pooling.",
        ("plain",),
        ("lenet_digits",),
    ),
    Family(
        "AlexNet",
        2014,
        "One weird trick for parallelizing convolutional neural networks",
        "Krizhevsky",
        "arXiv",
        _arxiv("1404.5997"),
        "The network that won the ImageNet challenge of 2012 (Krizhevsky, Sutskever, Hinton), here "
        "in its later form without two halves.",
        ("plain",),
        ("alexnet",),
    ),
    Family(
        "VGG",
        2014,
        "Very Deep Convolutional Networks for Large-Scale Image Recognition",
        "Simonyan, Zisserman",
        "ICLR 2015",
        _arxiv("1409.1556"),
        "Only 3 × 3 kernels, many in a row. The forms with bn have batch normalisation, which came "
        "later.",
        ("plain", "depth"),
        _sizes("vgg", "11 11_bn 13 13_bn 16 16_bn 19 19_bn"),
    ),
    Family(
        "GoogLeNet",
        2014,
        "Going Deeper with Convolutions",
        "Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
        "CVPR 2015",
        _arxiv("1409.4842"),
        "Kernels of several sizes side by side, joined: the Inception module.",
        ("branches",),
        ("googlenet",),
    ),
    Family(
        "Inception v3",
        2015,
        "Rethinking the Inception Architecture for Computer Vision",
        "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        "CVPR 2016",
        _arxiv("1512.00567"),
        "Large kernels split into small ones: 5 × 5 into two of 3 × 3, 7 × 7 into 1 × 7 and 7 × 1.",
        ("branches",),
        ("inception_v3",),
    ),
    Family(
        "ResNet",
        2015,
        "Deep Residual Learning for Image Recognition",
        "He, Zhang, Ren, Sun",
        "CVPR 2016",
        _arxiv("1512.03385"),
        "Each block adds its result to its input, so more than a hundred layers can be trained.",
        ("depth",),
        _sizes("resnet", "18 34 50 101 152"),
    ),
    Family(
        "SqueezeNet",
        2016,
        "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
        "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        "arXiv",
        _arxiv("1602.07360"),
        "Few 1 × 1 kernels before many 1 × 1 and 3 × 3 kernels side by side: the fire module.",
        ("efficiency", "branches"),
        ("squeezenet1_0", "squeezenet1_1"),
    ),
    Family(
        "Wide ResNet",
        2016,
        "Wide Residual Networks",
        "Zagoruyko, Komodakis",
        "BMVC 2016",
        _arxiv("1605.07146"),
        "A ResNet with twice the channels in the middle of each block.",
        ("width",),
        ("wide_resnet50_2", "wide_resnet101_2"),
    ),
    Family(
        "DenseNet",
        2016,
        "Densely Connected Convolutional Networks",
        "Huang, Liu, van der Maaten, Weinberger",
        "CVPR 2017",
        _arxiv("1608.06993"),
        "Each layer of a block gets the maps of all layers before it, side by side.",
        ("depth",),
        _sizes("densenet", "121 161 169 201"),
    ),
    Family(
        "ResNeXt",
        2016,
        "Aggregated Residual Transformations for Deep Neural Networks",
        "Xie, Girshick, Dollár, Tu, He",
        "CVPR 2017",
        _arxiv("1611.05431"),
        "A ResNet whose 3 × 3 convolutions are split into 32 or 64 groups.",
        ("branches",),
        ("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"),
    ),
    Family(
        "MobileNetV2",
        2018,
        "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
        "Sandler, Howard, Zhu, Zhmoginov, Chen",
        "CVPR 2018",
        _arxiv("1801.04381"),
        "One kernel for each channel, between two layers of 1 × 1 kernels; the way around joins "
        "the narrow ends.",
        ("efficiency",),
        ("mobilenet_v2",),
    ),
    Family(
        "ShuffleNetV2",
        2018,
        "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
        "Ma, Zhang, Zheng, Sun",
        "ECCV 2018",
        _arxiv("1807.11164"),
        "Half of the channels pass by untouched, then the channels are shuffled. Made for measured "
        "time, not for counted operations.",
        ("efficiency", "design rules"),
        _sizes("shufflenet_v2_x", "0_5 1_0 1_5 2_0"),
    ),
    Family(
        "MnasNet",
        2018,
        "MnasNet: Platform-Aware Neural Architecture Search for Mobile",
        "Tan, Chen, Pang, Vasudevan, Sandler, Howard, Le",
        "CVPR 2019",
        _arxiv("1807.11626"),
        "A program searched for blocks that are accurate and fast on a real telephone.",
        ("searched", "efficiency"),
        _sizes("mnasnet", "0_5 0_75 1_0 1_3"),
    ),
    Family(
        "MobileNetV3",
        2019,
        "Searching for MobileNetV3",
        "Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
        "ICCV 2019",
        _arxiv("1905.02244"),
        "Searched blocks, weights for whole channels (squeeze and excitation), and an activation "
        "that is cheap to compute.",
        ("searched", "efficiency", "attention"),
        ("mobilenet_v3_small", "mobilenet_v3_large"),
    ),
    Family(
        "EfficientNet",
        2019,
        "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
        "Tan, Le",
        "ICML 2019",
        _arxiv("1905.11946"),
        "A small searched network, B0, grown in depth, width and picture size together, up to B7.",
        ("scaling", "efficiency", "searched", "attention"),
        _sizes("efficientnet_b", "0 1 2 3 4 5 6 7"),
    ),
    Family(
        "RegNetX",
        2020,
        *_REGNET,
        "From thousands of random networks, rules for width and depth: the width grows along a "
        "straight line.",
        ("design rules",),
        _sizes("regnet_x_", _REGNET_SIZES),
    ),
    Family(
        "RegNetY",
        2020,
        *_REGNET,
        "RegNetX with weights for whole channels (squeeze and excitation).",
        ("design rules", "attention"),
        _sizes("regnet_y_", f"{_REGNET_SIZES} 128gf"),
    ),
    Family(
        "ViT",
        2020,
        "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
        "Dosovitskiy, Beyer, Kolesnikov, Weissenborn, Zhai, Unterthiner, Dehghani, Minderer, "
        "Heigold, Gelly, Uszkoreit, Houlsby",
        "ICLR 2021",
        _arxiv("2010.11929"),
        "No convolution but one: the picture is cut into patches, and every patch looks at every "
        "other.",
        ("attention",),
        ("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"),
    ),
    Family(
        "Swin",
        2021,
        "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
        "Liu, Lin, Cao, Hu, Wei, Zhang, Lin, Guo",
        "ICCV 2021",
        _arxiv("2103.14030"),
        "Patches look only at those in the same window; the windows move from layer to layer.",
        ("attention",),
        _sizes("swin_", "t s b"),
    ),
    Family(
        "EfficientNetV2",
        2021,
        "EfficientNetV2: Smaller Models and Faster Training",
        "Tan, Le",
        "ICML 2021",
        _arxiv("2104.00298"),
        "Searched again, for fast training: plain 3 × 3 convolutions in the first stages.",
        ("scaling", "efficiency", "searched", "attention"),
        _sizes("efficientnet_v2_", "s m l"),
    ),
    Family(
        "Swin V2",
        2021,
        "Swin Transformer V2: Scaling Up Capacity and Resolution",
        "Liu, Hu, Lin, Yao, Xie, Wei, Ning, Cao, Zhang, Dong, Wei, Guo",
        "CVPR 2022",
        _arxiv("2111.09883"),
        "Swin with changes that keep the training of very large networks stable.",
        ("attention",),
        _sizes("swin_v2_", "t s b"),
    ),
    Family(
        "ConvNeXt",
        2022,
        "A ConvNet for the 2020s",
        "Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        "CVPR 2022",
        _arxiv("2201.03545"),
        "A ResNet changed step by step towards a transformer, and still convolutions only: 7 × 7, "
        "one kernel for each channel.",
        ("design rules",),
        _sizes("convnext_", "tiny small base large"),
    ),
    Family(
        "MaxViT",
        2022,
        "MaxViT: Multi-Axis Vision Transformer",
        "Tu, Talebi, Zhang, Yang, Milanfar, Bovik, Li",
        "ECCV 2022",
        _arxiv("2204.01697"),
        "Convolutions, attention inside windows, and attention over a wide grid, in each block.",
        ("attention",),
        ("maxvit_t",),
    ),
)


@cache
def _by_member() -> dict[str, Family]:
    return {name: family for family in FAMILIES for name in family.members}


def family_of(name: str) -> Family:
    """Return the family of the network `name`.

    Parameters
    ----------
    name : str
        torchvision's name of a network, or the lab's own.

    Returns
    -------
    Family
        With its year, its paper and what it teaches.

    Raises
    ------
    InputError
        If no family has such a network.

    Examples
    --------
    >>> family_of("resnet50").title, family_of("resnet50").year
    ('ResNet', 2015)
    """
    if name not in _by_member():
        near = difflib.get_close_matches(str(name).lower(), _by_member(), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InputError(f"there is no network called {name!r}{hint}")
    return _by_member()[name]


def teaching(topic: str) -> tuple[Family, ...]:
    """Return the families from which one can learn about `topic`, in order of year.

    Parameters
    ----------
    topic : str
        A key of `TOPICS`.

    Returns
    -------
    tuple of Family
        At least one.

    Examples
    --------
    >>> [family.title for family in teaching("plain")]
    ['LeNet', 'AlexNet', 'VGG']
    """
    return tuple(family for family in FAMILIES if topic in family.teaches)
