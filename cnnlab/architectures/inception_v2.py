"""Inception v2, 2015: GoogLeNet with batch normalisation, and 3 × 3 layers instead of 5 × 5."""

from __future__ import annotations

from typing import Literal

from cnnlab.architectures.googlenet import bottlenecks
from cnnlab.architectures.parts import classifier, conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Concat, Pool2d

__all__ = ["NETWORKS", "double", "smaller"]

_POOL = Pool2d(3, stride=2, ceil_mode=True, name="pool")


def double(
    ones: int,
    reduce3: int,
    threes: int,
    reduce33: int,
    double3: int,
    pooled: int,
    *,
    kind: Literal["max", "average"] = "average",
    name: str = "inception",
) -> Concat:
    """Return the module: where GoogLeNet has a 5 × 5 layer, it has two 3 × 3 layers."""
    return Concat(
        (
            conv_norm(ones, 1),
            (*conv_norm(reduce3, 1), *conv_norm(threes, 3)),
            (*conv_norm(reduce33, 1), *conv_norm(double3, 3), *conv_norm(double3, 3)),
            (Pool2d(3, stride=1, padding=1, kind=kind), *conv_norm(pooled, 1)),
        ),
        name=name,
    )


def smaller(reduce3: int, threes: int, reduce33: int, double3: int, *, name: str) -> Concat:
    """Return the module that halves the size: without 1 × 1 branch, its pooling passes through."""
    return Concat(
        (
            (*conv_norm(reduce3, 1), *conv_norm(threes, 3, stride=2)),
            (
                *conv_norm(reduce33, 1),
                *conv_norm(double3, 3),
                *conv_norm(double3, 3, stride=2),
            ),
            (_POOL,),
        ),
        name=name,
    )


_STAGES = (
    stage("stem", *conv_norm(64, 7, stride=2), _POOL, *conv_norm(64, 1), *conv_norm(192, 3), _POOL),
    stage(
        "inception 3",
        double(64, 64, 64, 64, 96, 32, name="3a"),
        double(64, 64, 96, 64, 96, 64, name="3b"),
        smaller(128, 160, 64, 96, name="3c"),
    ),
    stage(
        "inception 4",
        double(224, 64, 96, 96, 128, 128, name="4a"),
        double(192, 96, 128, 96, 128, 128, name="4b"),
        double(160, 128, 160, 128, 160, 128, name="4c"),
        double(96, 128, 192, 160, 192, 128, name="4d"),
        smaller(128, 192, 192, 256, name="4e"),
    ),
    stage(
        "inception 5",
        double(352, 192, 320, 160, 224, 128, name="5a"),
        double(352, 192, 320, 192, 224, 128, kind="max", name="5b"),
    ),
    classifier(),
)

NETWORKS = (
    Network(
        key="inception_v2",
        title="Inception v2 (BN-Inception)",
        year=2015,
        authors="Ioffe, Szegedy",
        paper="Batch normalization: accelerating deep network training by reducing internal "
        "covariate shift, ICML 2015, arXiv:1502.03167",
        address="https://arxiv.org/abs/1502.03167",
        idea="Normalise each map over the pictures that are learned from together: then one may "
        "learn in larger steps, and gets there with a fourteenth of them.",
        stages=_STAGES,
        published=(
            Published(
                "parameters",
                "13.6 million",
                "paper, section 4.2",
                "parameters",
                "The rows of the paper's own figure 5 give 11.3 million; the paper does not say "
                "what else it counts.",
            ),
            Published(
                "parameters",
                "11,295,240",
                "pretrainedmodels 0.7.4, a package with weights for PyTorch",
                "parameters",
                "Its convolutions have 10,016 biases; ours have none, since the normalisation that "
                "follows has shifts of its own.",
            ),
            Published("operations", "2.0 billion MACs", "paper of Inception v3, table 3", "MACs"),
            Published("top-5 error, 6 networks", "4.82 %", "He et al., 2015, table 5, test"),
        ),
        drawings=(
            Drawing(
                "Module of GoogLeNet",
                stage("", bottlenecks(64, 64, 96, 64, 96, 64)),
                (256, 28, 28),
            ),
            Drawing(
                "Module of Inception v2",
                stage("", double(64, 64, 96, 64, 96, 64)),
                (256, 28, 28),
            ),
        ),
        notes=(
            "With the filters of the paper's figure 5, modules 4c and 4d make 608 maps and 4e "
            "1056. The figure prints 576 and 1024, which would need 96 filters after the pooling "
            "of 4c and 4d. We follow the filters, as the weights in use do.",
            "The paper's first layer is separable: 8 kernels of 7 × 7 for each colour, then 1 × 1. "
            "The weights in use, and we, have a full one.",
            "The paper of Inception v3 gives the name Inception-v2 to another network.",
        ),
    ),
)
