"""Inception v3, 2015: large kernels taken apart into thin ones."""

from cnnlab.architectures.parts import classifier, conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, BatchNorm2d, Block, Concat, Conv2d, Layer, Pool2d

__all__ = ["NETWORKS", "fives", "sevens", "wide"]

_MEAN = Pool2d(3, stride=1, padding=1, kind="average")
_HALF = Pool2d(3, stride=2)


def _conv(filters: int, rows: int, columns: int) -> tuple[Layer, ...]:
    """Return a convolution whose kernel is no square, and that keeps the size."""
    conv = Conv2d(filters, (rows, columns), padding=(rows // 2, columns // 2), bias=False)
    return conv, BatchNorm2d(), Activation()


def _valid(filters: int, *, stride: int = 1) -> tuple[Layer, ...]:
    """Return a 3 × 3 convolution without padding."""
    return Conv2d(filters, 3, stride=stride, bias=False), BatchNorm2d(), Activation()


def _both(filters: int) -> Concat:
    """Return a 1 × 3 and a 3 × 1 convolution side by side."""
    return Concat((_conv(filters, 1, 3), _conv(filters, 3, 1)))


def fives(pooled: int, *, name: str = "module") -> Concat:
    """Return the module for 35 × 35 cells, figure 5: two 3 × 3 layers see as much as one 5 × 5."""
    return Concat(
        (
            conv_norm(64, 1),
            (*conv_norm(48, 1), *conv_norm(64, 5)),
            (*conv_norm(64, 1), *conv_norm(96, 3), *conv_norm(96, 3)),
            (_MEAN, *conv_norm(pooled, 1)),
        ),
        name=name,
    )


def sevens(inner: int, *, name: str = "module") -> Concat:
    """Return the module for 17 × 17 cells, figure 6: 1 × 7 and 7 × 1 instead of 7 × 7."""
    return Concat(
        (
            conv_norm(192, 1),
            (*conv_norm(inner, 1), *_conv(inner, 1, 7), *_conv(192, 7, 1)),
            (
                *conv_norm(inner, 1),
                *_conv(inner, 7, 1),
                *_conv(inner, 1, 7),
                *_conv(inner, 7, 1),
                *_conv(192, 1, 7),
            ),
            (_MEAN, *conv_norm(192, 1)),
        ),
        name=name,
    )


def wide(*, name: str = "module") -> Concat:
    """Return the module for 8 × 8 cells, figure 7: 1 × 3 and 3 × 1 side by side."""
    return Concat(
        (
            conv_norm(320, 1),
            (*conv_norm(384, 1), _both(384)),
            (*conv_norm(448, 1), *conv_norm(384, 3), _both(384)),
            (_MEAN, *conv_norm(192, 1)),
        ),
        name=name,
    )


_STAGES: tuple[Block, ...] = (
    stage(
        "stem",
        *_valid(32, stride=2),
        *_valid(32),
        *conv_norm(64, 3),
        _HALF,
        *conv_norm(80, 1),
        *_valid(192),
        _HALF,
    ),
    stage(
        "35 × 35",
        fives(32, name="module 1"),
        fives(64, name="module 2"),
        fives(64, name="module 3"),
    ),
    stage(
        "17 × 17",
        Concat(
            (
                _valid(384, stride=2),
                (*conv_norm(64, 1), *conv_norm(96, 3), *_valid(96, stride=2)),
                (_HALF,),
            ),
            name="smaller",
        ),
        sevens(128, name="module 1"),
        sevens(160, name="module 2"),
        sevens(160, name="module 3"),
        sevens(192, name="module 4"),
    ),
    stage(
        "8 × 8",
        Concat(
            (
                (*conv_norm(192, 1), *_valid(320, stride=2)),
                (
                    *conv_norm(192, 1),
                    *_conv(192, 1, 7),
                    *_conv(192, 7, 1),
                    *_valid(192, stride=2),
                ),
                (_HALF,),
            ),
            name="smaller",
        ),
        wide(name="module 1"),
        wide(name="module 2"),
    ),
    classifier(dropout=0.5),
)

NETWORKS = (
    Network(
        key="inception_v3",
        title="Inception v3",
        year=2015,
        authors="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
        paper="Rethinking the Inception architecture for computer vision, CVPR 2016, "
        "arXiv:1512.00567",
        address="https://arxiv.org/abs/1512.00567",
        idea="Take large kernels apart: a 1 × 7 and a 7 × 1 layer together see as much as a 7 × 7 "
        "layer and cost far less.",
        stages=_STAGES,
        input_shape=(3, 299, 299),
        published=(
            Published(
                "parameters",
                "25 million",
                "paper, abstract",
                "parameters",
                "“Less than 25 million”.",
            ),
            Published(
                "operations",
                "5 billion MACs",
                "paper, abstract",
                "MACs",
                "4.8 billion in table 3. The released network, which torchvision and we describe, "
                "is not quite the one in the paper's table 1: its stem differs.",
            ),
            Published("top-5 error, 1 crop", "5.6 %", "paper, table 3, validation"),
            Published("top-5 error, 4 networks", "3.5 %", "paper, abstract, validation"),
        ),
        drawings=(
            Drawing("A 7 × 7 layer", stage("", *conv_norm(192, 7)), (192, 17, 17)),
            Drawing(
                "1 × 7, then 7 × 1",
                stage("", *_conv(192, 1, 7), *_conv(192, 7, 1)),
                (192, 17, 17),
            ),
            Drawing("Module for 17 × 17 cells", stage("", sevens(192)), (768, 17, 17)),
        ),
        notes=(
            "An auxiliary head helps in training and is then removed; with it, torchvision's "
            "“inception_v3” has 27,161,264 parameters.",
        ),
    ),
)
