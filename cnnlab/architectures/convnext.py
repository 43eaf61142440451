"""ConvNeXt, 2022: a ResNet, changed step by step after the model of Transformers."""

from cnnlab.architectures.parts import stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.architectures.resnet import bottleneck
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    Block,
    Conv2d,
    Flatten,
    LayerNorm2d,
    LayerScale,
    Linear,
    Residual,
)

__all__ = ["NETWORKS", "convnext_block"]


def convnext_block(depth: int) -> Residual:
    """Return a depthwise 7 × 7 layer, then two 1 × 1 layers, four times as wide between them."""
    return Residual(
        (
            Conv2d(depth, 7, padding=3, groups=depth),
            LayerNorm2d(),
            Conv2d(4 * depth, 1),
            Activation("GELU"),
            Conv2d(depth, 1),
            LayerScale(),
        )
    )


def _convnext(counts: tuple[int, ...], depths: tuple[int, ...]) -> tuple[Block, ...]:
    stages = [stage("stem", Conv2d(depths[0], 4, stride=4), LayerNorm2d())]
    for number, (count, depth) in enumerate(zip(counts, depths, strict=True), start=1):
        smaller = Block((LayerNorm2d(), Conv2d(depth, 2, stride=2)), name="smaller")
        blocks = [
            Block((convnext_block(depth),), name=f"block {place}") for place in range(1, count + 1)
        ]
        stages.append(stage(f"stage {number}", *((smaller,) if number > 1 else ()), *blocks))
    ends = (AdaptiveAvgPool2d(1), LayerNorm2d(), Flatten(), Linear(1000))
    return (*stages, stage("classifier", *ends))


NETWORKS = (
    Network(
        key="convnext_tiny",
        title="ConvNeXt-T",
        year=2022,
        authors="Liu, Mao, Wu, Feichtenhofer, Darrell, Xie",
        paper="A ConvNet for the 2020s, CVPR 2022, arXiv:2201.03545",
        address="https://arxiv.org/abs/2201.03545",
        idea="A ResNet rebuilt after the model of Transformers, with large depthwise kernels, few "
        "activations and layer norm, keeps up with them.",
        stages=_convnext((3, 3, 9, 3), (96, 192, 384, 768)),
        published=(
            Published("parameters", "29 million", "paper, table 1", "parameters"),
            Published("operations", "4.5 billion MACs", "paper, table 1", "MACs"),
            Published("top-1 accuracy", "82.1 %", "paper, table 1"),
        ),
        drawings=(
            Drawing("Bottleneck block of ResNet", stage("", *bottleneck(96)), (384, 14, 14)),
            Drawing("Block of ConvNeXt", stage("", convnext_block(384)), (384, 14, 14)),
        ),
        notes=(
            "Layer norm brings the numbers of one cell, one in each map, to mean 0 and spread 1. "
            "Layer scale multiplies each map by one learned number, which begins at 0.000001.",
        ),
    ),
)
