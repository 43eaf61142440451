"""Xception, 2016: Inception taken to its end."""

from cnnlab.architectures.parts import classifier, conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, BatchNorm2d, Block, Conv2d, Layer, Pool2d, Residual

__all__ = ["NETWORKS"]


def _separable(channels: int, filters: int) -> tuple[Layer, ...]:
    """Return a separable layer: nothing between its two parts, one normalisation after them."""
    depthwise = Conv2d(channels, 3, padding=1, groups=channels, bias=False)
    return depthwise, Conv2d(filters, 1, bias=False), BatchNorm2d()


def _down(channels: int, middle: int, filters: int, *, first: bool = False) -> Block:
    """Return a block that halves the size; the very first begins without ReLU."""
    relu: tuple[Layer, ...] = () if first else (Activation(),)
    body = (
        *relu,
        *_separable(channels, middle),
        Activation(),
        *_separable(middle, filters),
        Pool2d(3, stride=2, padding=1),
    )
    return Block((Residual(body, conv_norm(filters, 1, stride=2, kind="")),), name=f"to {filters}")


def _middle(name: str) -> Block:
    three = (Activation(), *_separable(728, 728)) * 3
    return Block((Residual(three),), name=name)


_STAGES = (
    stage(
        "stem",
        Conv2d(32, 3, stride=2, bias=False),
        BatchNorm2d(),
        Activation(),
        Conv2d(64, 3, bias=False),
        BatchNorm2d(),
        Activation(),
    ),
    stage(
        "entry flow",
        _down(64, 128, 128, first=True),
        _down(128, 256, 256),
        _down(256, 728, 728),
    ),
    stage("middle flow", *(_middle(f"block {number}") for number in range(1, 9))),
    stage(
        "exit flow",
        _down(728, 728, 1024),
        Block((*_separable(1024, 1536), Activation()), name="separable 1536"),
        Block((*_separable(1536, 2048), Activation()), name="separable 2048"),
    ),
    classifier(),
)

NETWORKS = (
    Network(
        key="xception",
        title="Xception",
        year=2016,
        authors="Chollet",
        paper="Xception: deep learning with depthwise separable convolutions, CVPR 2017, "
        "arXiv:1610.02357",
        address="https://arxiv.org/abs/1610.02357",
        idea="Inception taken to its end: one branch for each map, which is a depthwise separable "
        "convolution; with shortcuts as in ResNet.",
        stages=_STAGES,
        input_shape=(3, 299, 299),
        published=(
            Published("parameters", "22,855,952", "paper, table 3", "parameters"),
            Published("top-5 error", "5.5 %", "paper, table 1: accuracy 0.945"),
        ),
        drawings=(
            Drawing("Block of the middle flow", stage("", *_middle("").layers), (728, 19, 19)),
        ),
    ),
)
