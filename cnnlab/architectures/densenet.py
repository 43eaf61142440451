"""DenseNet, 2016: every layer sees the maps of all layers before it."""

from cnnlab.architectures.parts import conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    Conv2d,
    Dense,
    Flatten,
    Linear,
    Pool2d,
)

__all__ = ["NETWORKS", "dense_layer"]

_GROWTH = 32


def dense_layer(number: int) -> Dense:
    """Return a layer that makes 32 maps and stacks them on its input."""
    body = (
        BatchNorm2d(),
        Activation(),
        *conv_norm(4 * _GROWTH, 1),
        Conv2d(_GROWTH, 3, padding=1, bias=False),
    )
    return Dense(body, name=f"layer {number}")


def _densenet(counts: tuple[int, ...]) -> tuple[Block, ...]:
    stages = [stage("conv1", *conv_norm(64, 7, stride=2), Pool2d(3, stride=2, padding=1))]
    depth = 64
    for number, count in enumerate(counts, start=1):
        layers = [dense_layer(place) for place in range(1, count + 1)]
        stages.append(stage(f"dense block {number}", *layers))
        depth += count * _GROWTH
        if number < len(counts):
            depth //= 2
            half = Conv2d(depth, 1, bias=False)
            pool = Pool2d(2, kind="average")
            stages.append(stage(f"transition {number}", BatchNorm2d(), Activation(), half, pool))
    ends = (BatchNorm2d(), Activation(), AdaptiveAvgPool2d(1), Flatten(), Linear(1000))
    return (*stages, stage("classifier", *ends))


NETWORKS = (
    Network(
        key="densenet121",
        title="DenseNet-121",
        year=2016,
        authors="Huang, Liu, van der Maaten, Weinberger",
        paper="Densely connected convolutional networks, CVPR 2017, arXiv:1608.06993",
        address="https://arxiv.org/abs/1608.06993",
        idea="Stack instead of add: each layer makes only 32 new maps and sees those of all layers "
        "before it in its block.",
        stages=_densenet((6, 12, 24, 16)),
        published=(
            Published(
                "parameters",
                "8,062,504",
                "Keras, documentation",
                "parameters",
                "Keras also counts 83,648 means and variances of batch normalisation, which are "
                "not learned.",
            ),
            Published("top-5 error, 1 crop", "7.71 %", "paper, table 3, validation"),
        ),
        drawings=(
            Drawing(
                "Two layers of a dense block",
                stage("", dense_layer(1), dense_layer(2)),
                (64, 56, 56),
            ),
        ),
    ),
)
