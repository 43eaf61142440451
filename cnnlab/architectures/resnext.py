"""ResNeXt and SENet: two ways to improve the bottleneck block of ResNet."""

from cnnlab.architectures.parts import stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.architectures.resnet import bottleneck, resnet

__all__ = ["NETWORKS"]

_BOTTLENECK = Drawing("Bottleneck block of ResNet", stage("", *bottleneck(64)), (256, 56, 56))

NETWORKS = (
    Network(
        key="resnext50_32x4d",
        title="ResNeXt-50 (32 × 4d)",
        year=2016,
        authors="Xie, Girshick, Dollár, Tu, He",
        paper="Aggregated residual transformations for deep neural networks, CVPR 2017, "
        "arXiv:1611.05431",
        address="https://arxiv.org/abs/1611.05431",
        idea="Split the 3 × 3 layer of the bottleneck block into 32 groups: for the same cost it "
        "can be wider, and is more accurate.",
        stages=resnet((3, 4, 6, 3), kind="bottleneck", groups=32, width_per_group=4),
        published=(
            Published("parameters", "25.0 million", "paper, table 1", "parameters"),
            Published("operations", "4.2 billion MACs", "paper, table 1", "MACs"),
            Published("top-1 error, 1 crop", "22.2 %", "paper, table 3, validation"),
        ),
        drawings=(
            _BOTTLENECK,
            Drawing(
                "Block of ResNeXt: 32 groups",
                stage("", *bottleneck(64, groups=32, inner=128)),
                (256, 56, 56),
            ),
        ),
    ),
    Network(
        key="se_resnet50",
        title="SE-ResNet-50 (SENet)",
        year=2017,
        authors="Hu, Shen, Albanie, Sun, Wu",
        paper="Squeeze-and-excitation networks, CVPR 2018, arXiv:1709.01507",
        address="https://arxiv.org/abs/1709.01507",
        idea="A tiny network looks at the mean of every map and decides how much each map counts: "
        "squeeze and excitation.",
        stages=resnet((3, 4, 6, 3), kind="bottleneck", squeeze=True),
        published=(
            Published(
                "operations",
                "3.87 billion MACs",
                "paper, table 2",
                "MACs",
                "The paper counts ResNet-50 with its stride in the first 1 × 1 layer; ours has it "
                "in the 3 × 3 layer.",
            ),
            Published(
                "parameters added to ResNet-50",
                "about 2.5 million",
                "paper, section 4",
                remark="Ours adds 2,530,992: the gates' weights and 16,048 biases.",
            ),
            Published("top-5 error, 1 crop", "6.62 %", "paper, table 2, validation"),
            Published(
                "top-5 error, several networks",
                "2.25 %",
                "ILSVRC 2017, test",
                remark="With larger SENets than this one.",
            ),
        ),
        drawings=(
            _BOTTLENECK,
            Drawing(
                "The same with squeeze and excitation",
                stage("", *bottleneck(64, squeeze=True)),
                (256, 56, 56),
            ),
        ),
    ),
)
