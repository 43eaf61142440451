"""ShuffleNetV2, 2018: half of the maps rest in each block, then all are shuffled."""

from cnnlab.architectures.mobilenet import inverted
from cnnlab.architectures.parts import classifier, conv_norm, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Block, ChannelShuffle, Concat, Layer, Pool2d, Split

__all__ = ["NETWORKS", "shuffle_down", "shuffle_unit"]


def _way(filters: int, *, stride: int = 1) -> tuple[Layer, ...]:
    """Return 1 × 1, depthwise 3 × 3 and 1 × 1 layers."""
    depthwise = conv_norm(filters, 3, stride=stride, groups=filters, kind="")
    return *conv_norm(filters, 1), *depthwise, *conv_norm(filters, 1)


def shuffle_unit(depth: int) -> tuple[Layer, ...]:
    """Return a block that works on half of the maps, figure 3 (c) of the paper."""
    return Split(_way(depth // 2)), ChannelShuffle(2)


def shuffle_down(depth: int, filters: int) -> tuple[Layer, ...]:
    """Return a block that halves the size, figure 3 (d): both ways see all the maps."""
    short = (*conv_norm(depth, 3, stride=2, groups=depth, kind=""), *conv_norm(filters // 2, 1))
    return Concat((short, _way(filters // 2, stride=2))), ChannelShuffle(2)


def _shufflenet() -> tuple[Block, ...]:
    stem = stage("conv1", *conv_norm(24, 3, stride=2), Pool2d(3, stride=2, padding=1))
    stages, depth = [stem], 24
    for number, (count, filters) in enumerate(((4, 116), (8, 232), (4, 464)), start=2):
        first = Block(shuffle_down(depth, filters), name="block 1")
        others = [
            Block(shuffle_unit(filters), name=f"block {place}") for place in range(2, count + 1)
        ]
        stages.append(stage(f"stage {number}", first, *others))
        depth = filters
    return (*stages, stage("conv5", *conv_norm(1024, 1)), classifier())


NETWORKS = (
    Network(
        key="shufflenet_v2_x1_0",
        title="ShuffleNetV2 1×",
        year=2018,
        authors="Ma, Zhang, Zheng, Sun",
        paper="ShuffleNet V2: practical guidelines for efficient CNN architecture design, "
        "ECCV 2018, arXiv:1807.11164",
        address="https://arxiv.org/abs/1807.11164",
        idea="Each block works on half of the maps and leaves the others alone; then the maps are "
        "shuffled, so that the next block sees some of both.",
        stages=_shufflenet(),
        published=(
            Published("parameters", "2.3 million", "paper, table 5", "parameters"),
            Published(
                "operations",
                "146 million MACs",
                "paper, table 5",
                "MACs",
                "The operations of pooling, which a MAC does not count, would make ours "
                "145,635,544.",
            ),
            Published("top-1 error", "30.6 %", "paper, table 8, validation"),
        ),
        drawings=(
            Drawing(
                "Block of MobileNetV2", stage("", *inverted(116, 116, expand=6)), (116, 28, 28)
            ),
            Drawing("Block of ShuffleNetV2", stage("", *shuffle_unit(116)), (116, 28, 28)),
        ),
        notes=(
            "Shuffling in 2 groups takes one map of the first half, then one of the second, and so "
            "on. It costs no operation, but the maps must be moved.",
        ),
    ),
)
