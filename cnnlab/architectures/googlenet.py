"""GoogLeNet, 2014: the Inception module, four kinds of layer side by side."""

from cnnlab.architectures.parts import classifier, conv_relu, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import (
    Activation,
    Block,
    Concat,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    Pool2d,
)

__all__ = ["AUXILIARY", "NETWORKS", "bottlenecks", "naive"]

_POOL = Pool2d(3, stride=2, ceil_mode=True, name="pool")


def naive(ones: int, threes: int, fives: int) -> Concat:
    """Return the module without bottlenecks, figure 2 (a) of the paper."""
    return Concat(
        (
            conv_relu(ones, 1),
            conv_relu(threes, 3, padding=1),
            conv_relu(fives, 5, padding=2),
            (Pool2d(3, stride=1, padding=1),),
        )
    )


def bottlenecks(
    ones: int,
    reduce3: int,
    threes: int,
    reduce5: int,
    fives: int,
    pooled: int,
    *,
    name: str = "inception",
) -> Concat:
    """Return the module as it is used, figure 2 (b): 1 × 1 layers make the depth smaller first."""
    return Concat(
        (
            conv_relu(ones, 1),
            (*conv_relu(reduce3, 1), *conv_relu(threes, 3, padding=1)),
            (*conv_relu(reduce5, 1), *conv_relu(fives, 5, padding=2)),
            (Pool2d(3, stride=1, padding=1), *conv_relu(pooled, 1)),
        ),
        name=name,
    )


def _module(letter: str, *filters: int) -> Concat:
    return bottlenecks(*filters, name=letter)


_STAGES = (
    stage(
        "stem",
        *conv_relu(64, 7, stride=2, padding=3),
        _POOL,
        LocalResponseNorm(),
        *conv_relu(64, 1),
        *conv_relu(192, 3, padding=1),
        LocalResponseNorm(),
        _POOL,
    ),
    stage(
        "inception 3",
        _module("3a", 64, 96, 128, 16, 32, 32),
        _module("3b", 128, 128, 192, 32, 96, 64),
        _POOL,
    ),
    stage(
        "inception 4",
        _module("4a", 192, 96, 208, 16, 48, 64),
        _module("4b", 160, 112, 224, 24, 64, 64),
        _module("4c", 128, 128, 256, 24, 64, 64),
        _module("4d", 112, 144, 288, 32, 64, 64),
        _module("4e", 256, 160, 320, 32, 128, 128),
        _POOL,
    ),
    stage(
        "inception 5",
        _module("5a", 256, 160, 320, 32, 128, 128),
        _module("5b", 384, 192, 384, 48, 128, 128),
    ),
    classifier(dropout=0.4),
)


def _head(depth: int) -> tuple[Block, tuple[int, int, int]]:
    layers = stage(
        "auxiliary head",
        Pool2d(5, stride=3, kind="average"),
        *conv_relu(128, 1),
        Flatten(),
        Linear(1024),
        Activation(),
        Dropout(0.7),
        Linear(1000),
    )
    return layers, (depth, 14, 14)


AUXILIARY = (_head(512), _head(528))  # after 4a and 4d, in training only

NETWORKS = (
    Network(
        key="googlenet",
        title="GoogLeNet",
        year=2014,
        authors="Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
        paper="Going deeper with convolutions, CVPR 2015, arXiv:1409.4842",
        address="https://arxiv.org/abs/1409.4842",
        idea="Look with kernels of several sizes at once, and let 1 × 1 layers make the depth "
        "smaller before the large kernels: the Inception module.",
        stages=_STAGES,
        published=(
            Published(
                "operations",
                "1.5 billion MACs",
                "paper, section 1",
                "MACs",
                "A budget that the authors aimed at, “multiply-adds”.",
            ),
            Published(
                "parameters",
                "5 million",
                "many slides; the paper says 12 times fewer than AlexNet",
                "parameters",
                "The rows of the paper's own table 1 give 7.0 million. Without the last layer it "
                "is 5.97 million weights.",
            ),
            Published(
                "operations of the Inception module drawn above",
                "358 million MACs",
                "a widely copied lecture slide",
                remark="A mistake: it counts the 3 × 3 layer with 192 filters (86.7 million) "
                "twice. It is 271.4 million; naive, without bottlenecks, 854.2 million.",
            ),
            Published(
                "top-5 error, 7 networks",
                "6.67 %",
                "ILSVRC 2014, test",
                remark="In the paper of ResNet, table 5, it is 6.66 %.",
            ),
        ),
        drawings=(
            Drawing("Inception module, naive", stage("", naive(128, 192, 96)), (256, 28, 28)),
            Drawing(
                "Inception module with bottlenecks",
                stage("", bottlenecks(128, 64, 192, 64, 96, 64)),
                (256, 28, 28),
            ),
        ),
        notes=(
            "Two auxiliary heads help in training and are then removed; with them there are "
            "6,379,728 more parameters.",
            "torchvision's “googlenet” has batch normalisation, and 3 × 3 kernels where the paper "
            "has 5 × 5: 6,624,904 parameters.",
        ),
    ),
)
