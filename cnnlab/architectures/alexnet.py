"""AlexNet, 2012: a large network on two graphics cards; and ZFNet, its revision."""

from cnnlab.architectures.parts import conv_relu, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import (
    Activation,
    Block,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    Pool2d,
)

__all__ = ["NETWORKS"]


def _ends() -> Block:
    """Return the three fully connected layers."""
    return stage(
        "fully connected",
        Flatten(),
        Dropout(0.5),
        Linear(4096, name="fc6"),
        Activation(),
        Dropout(0.5),
        Linear(4096, name="fc7"),
        Activation(),
        Linear(1000, name="fc8"),
    )


_POOL = Pool2d(3, stride=2, name="pool")

_ALEXNET = (
    stage("conv1", *conv_relu(96, 11, stride=4), LocalResponseNorm(), _POOL),
    stage("conv2", *conv_relu(256, 5, padding=2, groups=2), LocalResponseNorm(), _POOL),
    stage("conv3", *conv_relu(384, 3, padding=1)),
    stage("conv4", *conv_relu(384, 3, padding=1, groups=2)),
    stage("conv5", *conv_relu(256, 3, padding=1, groups=2), _POOL),
    _ends(),
)


def _one_column(filters4: int = 256) -> tuple[Block, ...]:
    """Return the version for one card; the paper and torchvision differ in the fourth layer."""
    return (
        stage("conv1", *conv_relu(64, 11, stride=4, padding=2), _POOL),
        stage("conv2", *conv_relu(192, 5, padding=2), _POOL),
        stage("conv3", *conv_relu(384, 3, padding=1)),
        stage("conv4", *conv_relu(filters4, 3, padding=1)),
        stage("conv5", *conv_relu(256, 3, padding=1), _POOL),
        _ends(),
    )


_PADDED = Pool2d(3, stride=2, padding=1, name="pool")
_ZFNET = (
    stage("conv1", *conv_relu(96, 7, stride=2, padding=1), _PADDED, LocalResponseNorm()),
    stage("conv2", *conv_relu(256, 5, stride=2), _PADDED, LocalResponseNorm()),
    stage("conv3", *conv_relu(384, 3, padding=1)),
    stage("conv4", *conv_relu(384, 3, padding=1)),
    stage("conv5", *conv_relu(256, 3, padding=1), _POOL),
    _ends(),
)

NETWORKS = (
    Network(
        key="alexnet",
        title="AlexNet",
        year=2012,
        authors="Krizhevsky, Sutskever, Hinton",
        paper="ImageNet classification with deep convolutional neural networks, NIPS 2012",
        address="https://papers.nips.cc/paper/4824",
        idea="A large convolutional network with ReLU and dropout, trained on two graphics cards "
        "that each hold half of the maps, wins by a wide margin.",
        stages=_ALEXNET,
        input_shape=(3, 227, 227),
        published=(
            Published(
                "parameters",
                "60 million",
                "paper, abstract",
                "parameters",
                "Almost 61 million: the paper cuts the number off.",
            ),
            Published(
                "top-5 error, 7 networks",
                "15.3 %",
                "ILSVRC 2012, test",
                remark="A single network: 18.2 % (validation). The second best entry: 26.2 %. The "
                "15.4 % of some articles are these seven networks on the validation pictures.",
            ),
        ),
        drawings=(
            Drawing(
                "conv3 and conv4 on two cards, as in the paper",
                stage("", *conv_relu(384, 3, padding=1), *conv_relu(384, 3, padding=1, groups=2)),
                (256, 13, 13),
            ),
            Drawing(
                "conv3 and conv4 on one card",
                stage("", *conv_relu(384, 3, padding=1), *conv_relu(384, 3, padding=1)),
                (256, 13, 13),
            ),
        ),
        notes=(
            "The paper writes an input of 224 × 224; only 227 × 227 gives its 55 × 55 maps "
            "without padding.",
            "torchvision's “alexnet” is the later version for one card, here “AlexNet, one "
            "column”: without groups and with fewer filters, 61,100,840 parameters.",
            "It learned from the challenge's 1.2 million pictures of 1000 classes. That it learned "
            "from 15 million can be read here and there; that is all of ImageNet, with 22,000 "
            "classes.",
        ),
    ),
    Network(
        key="alexnet_one_column",
        title="AlexNet, one column",
        year=2014,
        authors="Krizhevsky",
        paper="One weird trick for parallelizing convolutional neural networks, arXiv:1404.5997",
        address="https://arxiv.org/abs/1404.5997",
        idea="AlexNet for one graphics card: without groups and local response normalisation, and "
        "with fewer filters; this is torchvision's “alexnet”.",
        stages=_one_column(),
        published=(
            Published(
                "parameters",
                "61,100,840",
                "torchvision, documentation of its weights",
                "parameters",
            ),
            Published(
                "operations",
                "0.71 billion MACs",
                "torchvision, documentation of its weights",
                "MACs",
            ),
            Published("top-1 accuracy", "56.522 %", "torchvision, documentation of its weights"),
        ),
        drawings=(
            Drawing(
                "conv1 and conv2 of two columns",
                stage("", *_ALEXNET[0].layers, *_ALEXNET[1].layers),
                (3, 227, 227),
            ),
            Drawing(
                "conv1 and conv2 of one column",
                stage("", *_one_column()[0].layers, *_one_column()[1].layers),
                (3, 224, 224),
            ),
        ),
        notes=(
            "The paper, in a footnote, gives the fourth layer 384 filters, torchvision 256. With "
            "384 there would be 61,838,248 parameters.",
            "torchvision brings the last maps to 6 × 6 by pooling; with pictures of 224 × 224 they "
            "are 6 × 6 already.",
        ),
    ),
    Network(
        key="zfnet",
        title="ZFNet",
        year=2013,
        authors="Zeiler, Fergus",
        paper="Visualizing and understanding convolutional networks, ECCV 2014, arXiv:1311.2901",
        address="https://arxiv.org/abs/1311.2901",
        idea="Pictures of what AlexNet's maps react to show that its first layer is too coarse: "
        "7 × 7 kernels with stride 2 instead of 11 × 11 with stride 4.",
        stages=_ZFNET,
        published=(
            Published(
                "top-5 error, 1 network",
                "16.5 %",
                "paper, table 3, validation",
                remark="AlexNet, trained again by the same authors: 18.1 %.",
            ),
        ),
        drawings=(
            Drawing("First layer of AlexNet", stage("", Conv2d(96, 11, stride=4)), (3, 227, 227)),
            Drawing(
                "First layer of ZFNet",
                stage("", Conv2d(96, 7, stride=2, padding=1)),
                (3, 224, 224),
            ),
        ),
        notes=(
            "The paper does not print the padding; ours is chosen so that the sizes are those of "
            "its figure 3: 110, 55, 26, 13, 6.",
            "A wider version, with 512, 1024 and 512 maps in layers 3 to 5, has 107,627,624 "
            "parameters.",
        ),
    ),
)
