"""MobileNet, 2017 to 2019: networks for telephones, of depthwise separable convolutions."""

from cnnlab.architectures.parts import classifier, conv_norm, gate, separable, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    Block,
    Dropout,
    Flatten,
    Layer,
    Linear,
    Residual,
)

__all__ = ["NETWORKS", "inverted", "inverted_v3"]

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


def inverted_v3(
    depth: int,
    wide: int,
    filters: int,
    *,
    kernel_size: int = 3,
    stride: int = 1,
    squeezed: int = 0,
    kind: str = "Hardswish",
) -> tuple[Layer, ...]:
    """Return an inverted residual of any width; where `squeezed`, with a gate in the middle."""
    body = (
        *(conv_norm(wide, 1, kind=kind) if wide != depth else ()),
        *conv_norm(wide, kernel_size, stride=stride, groups=wide, kind=kind),
        *((gate(wide, squeezed, end="Hardsigmoid"),) if squeezed else ()),
        *conv_norm(filters, 1, kind=""),
    )
    return (Residual(body),) if stride == 1 and depth == filters else body


_V3 = (
    # kernel, width inside, filters, depth inside the gate (0: no gate), activation, stride
    ((3, 16, 16, 0, "ReLU", 1),),
    ((3, 64, 24, 0, "ReLU", 2), (3, 72, 24, 0, "ReLU", 1)),
    ((5, 72, 40, 24, "ReLU", 2), (5, 120, 40, 32, "ReLU", 1), (5, 120, 40, 32, "ReLU", 1)),
    (
        (3, 240, 80, 0, "Hardswish", 2),
        (3, 200, 80, 0, "Hardswish", 1),
        (3, 184, 80, 0, "Hardswish", 1),
        (3, 184, 80, 0, "Hardswish", 1),
    ),
    ((3, 480, 112, 120, "Hardswish", 1), (3, 672, 112, 168, "Hardswish", 1)),
    (
        (5, 672, 160, 168, "Hardswish", 2),
        (5, 960, 160, 240, "Hardswish", 1),
        (5, 960, 160, 240, "Hardswish", 1),
    ),
)


def _mobilenet_v3() -> tuple[Block, ...]:
    stages, depth = [stage("conv1", *conv_norm(16, 3, stride=2, kind="Hardswish"))], 16
    for number, settings in enumerate(_V3, start=2):
        blocks = []
        for place, (kernel_size, wide, filters, squeezed, kind, stride) in enumerate(settings):
            layers = inverted_v3(
                depth,
                wide,
                filters,
                kernel_size=kernel_size,
                stride=stride,
                squeezed=squeezed,
                kind=kind,
            )
            blocks.append(Block(layers, name=f"block {place + 1}"))
            depth = filters
        stages.append(stage(f"stage {number}", *blocks))
    ends = (
        AdaptiveAvgPool2d(1),
        Flatten(),
        Linear(1280),
        Activation("Hardswish"),
        Dropout(0.2),
        Linear(1000),
    )
    last = stage("last conv", *conv_norm(960, 1, kind="Hardswish"))
    return (*stages, last, stage("classifier", *ends))


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
    Network(
        key="mobilenet_v3_large",
        title="MobileNetV3-Large",
        year=2019,
        authors="Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
        paper="Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244",
        address="https://arxiv.org/abs/1905.02244",
        idea="MobileNetV2's block with a gate, its widths found by search, and with an activation "
        "that is cheap on a telephone: hard-swish.",
        stages=_mobilenet_v3(),
        published=(
            Published(
                "parameters",
                "5.4 million",
                "paper, table 3",
                "parameters",
                "Weights of the layers alone, without biases and batch normalisation, are "
                "5,451,272, which is 5.4 million if cut off.",
            ),
            Published(
                "operations",
                "219 million MACs",
                "paper, table 3",
                "MACs",
                "Ours is one hundredth less; the paper does not say what else it counts.",
            ),
            Published("top-1 accuracy", "75.2 %", "paper, table 3"),
        ),
        drawings=(
            Drawing(
                "Block of MobileNetV2", stage("", *inverted(112, 112, expand=6)), (112, 14, 14)
            ),
            Drawing(
                "Block of MobileNetV3: with a gate",
                stage("", *inverted_v3(112, 672, 112, squeezed=168)),
                (112, 14, 14),
            ),
        ),
        notes=(
            "Hard-swish is x · ReLU6(x + 3) / 6, made of straight pieces; the gates end in the "
            "hard sigmoid, ReLU6(x + 3) / 6. Early blocks keep ReLU.",
        ),
    ),
)
