"""MobileNet, 2017 and 2018: networks for telephones, of depthwise separable convolutions."""

from cnnlab.architectures.parts import classifier, conv_norm, separable, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Block, Layer, Residual

__all__ = ["NETWORKS", "inverted"]

_V1 = (
    # filters and stride of the 13 separable layers
    ((64, 1), (128, 2), (128, 1)),
    ((256, 2), (256, 1)),
    ((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
    ((1024, 2), (1024, 1)),
)


def _mobilenet() -> tuple[Block, ...]:
    stages, depth, number = [stage("conv1", *conv_norm(32, 3, stride=2))], 32, 0
    for place, settings in enumerate(_V1, start=2):
        layers = []
        for filters, stride in settings:
            number += 1
            layers.append(separable(f"separable {number}", depth, filters, stride=stride))
            depth = filters
        stages.append(stage(f"stage {place}", *layers))
    return (*stages, classifier())


def inverted(depth: int, filters: int, *, expand: int, stride: int = 1) -> tuple[Layer, ...]:
    """Return an inverted residual: wide inside, thin outside, no activation at its end."""
    wide = depth * expand
    body = (
        *(conv_norm(wide, 1, kind="ReLU6") if expand > 1 else ()),
        *conv_norm(wide, 3, stride=stride, groups=wide, kind="ReLU6"),
        *conv_norm(filters, 1, kind=""),
    )
    return (Residual(body),) if stride == 1 and depth == filters else body


def _mobilenet_v2() -> tuple[Block, ...]:
    stages, depth = [stage("conv1", *conv_norm(32, 3, stride=2, kind="ReLU6"))], 32
    settings = (  # expansion, filters, blocks, stride: table 2 of the paper
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    )
    for number, (expand, filters, count, stride) in enumerate(settings, start=2):
        blocks = []
        for place in range(count):
            layers = inverted(depth, filters, expand=expand, stride=1 if place else stride)
            blocks.append(Block(layers, name=f"block {place + 1}"))
            depth = filters
        stages.append(stage(f"stage {number}", *blocks))
    last = stage("last conv", *conv_norm(1280, 1, kind="ReLU6"))
    return (*stages, last, classifier(dropout=0.2))


_FULL = Drawing("A full 3 × 3 layer", stage("", *conv_norm(512, 3)), (512, 14, 14))

NETWORKS = (
    Network(
        key="mobilenet_v1",
        title="MobileNet",
        year=2017,
        authors="Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
        paper="MobileNets: efficient convolutional neural networks for mobile vision applications, "
        "arXiv:1704.04861",
        address="https://arxiv.org/abs/1704.04861",
        idea="First look at each map alone, then mix the maps with 1 × 1 kernels: a depthwise "
        "separable layer costs about a ninth of a full one.",
        stages=_mobilenet(),
        published=(
            Published("parameters", "4.2 million", "paper, table 4", "parameters"),
            Published("operations", "569 million MACs", "paper, table 4", "MACs"),
            Published("top-1 accuracy", "70.6 %", "paper, table 4"),
        ),
        drawings=(
            _FULL,
            Drawing(
                "Depthwise separable",
                stage("", *separable("", 512, 512).layers),
                (512, 14, 14),
            ),
        ),
        notes=("torchvision has no MobileNet of the first version.",),
    ),
    Network(
        key="mobilenet_v2",
        title="MobileNetV2",
        year=2018,
        authors="Sandler, Howard, Zhu, Zhmoginov, Chen",
        paper="MobileNetV2: inverted residuals and linear bottlenecks, CVPR 2018, arXiv:1801.04381",
        address="https://arxiv.org/abs/1801.04381",
        idea="A bottleneck block turned inside out: thin between the blocks, wide inside, where "
        "a depthwise layer is cheap.",
        stages=_mobilenet_v2(),
        published=(
            Published(
                "parameters",
                "3.4 million",
                "paper, table 4",
                "parameters",
                "Weights alone, without biases and batch normalisation, are 3,469,760, which is "
                "3.4 million if cut off.",
            ),
            Published(
                "operations",
                "300 million MACs",
                "paper, table 4",
                "MACs",
                "300.8 million: the paper gives a round number.",
            ),
            Published("top-1 accuracy", "72.0 %", "paper, table 4"),
        ),
        drawings=(
            Drawing("Inverted residual", stage("", *inverted(64, 64, expand=6)), (64, 14, 14)),
        ),
    ),
)
