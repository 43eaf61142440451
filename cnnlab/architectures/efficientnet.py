"""EfficientNet-B0, 2019: found by search, to be scaled in three directions at once."""

from cnnlab.architectures.parts import classifier, conv_norm, gate, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Block, Layer, Residual

__all__ = ["NETWORKS", "mbconv"]


def mbconv(
    depth: int, filters: int, *, expand: int, kernel_size: int, stride: int = 1
) -> tuple[Layer, ...]:
    """Return MobileNetV2's inverted residual with a gate in the middle."""
    wide = depth * expand
    body = (
        *(conv_norm(wide, 1, kind="SiLU") if expand > 1 else ()),
        *conv_norm(wide, kernel_size, stride=stride, groups=wide, kind="SiLU"),
        gate(wide, max(1, depth // 4), kind="SiLU"),
        *conv_norm(filters, 1, kind=""),
    )
    return (Residual(body),) if stride == 1 and depth == filters else body


def _b0() -> tuple[Block, ...]:
    stages, depth = [stage("stem", *conv_norm(32, 3, stride=2, kind="SiLU"))], 32
    settings = (  # expansion, kernel, filters, blocks, stride: table 1 of the paper
        (1, 3, 16, 1, 1),
        (6, 3, 24, 2, 2),
        (6, 5, 40, 2, 2),
        (6, 3, 80, 3, 2),
        (6, 5, 112, 3, 1),
        (6, 5, 192, 4, 2),
        (6, 3, 320, 1, 1),
    )
    for number, (expand, kernel_size, filters, count, stride) in enumerate(settings, start=2):
        blocks = []
        for place in range(count):
            layers = mbconv(
                depth,
                filters,
                expand=expand,
                kernel_size=kernel_size,
                stride=1 if place else stride,
            )
            blocks.append(Block(layers, name=f"block {place + 1}"))
            depth = filters
        stages.append(stage(f"stage {number}", *blocks))
    last = stage("last conv", *conv_norm(1280, 1, kind="SiLU"))
    return (*stages, last, classifier(dropout=0.2))


NETWORKS = (
    Network(
        key="efficientnet_b0",
        title="EfficientNet-B0",
        year=2019,
        authors="Tan, Le",
        paper="EfficientNet: rethinking model scaling for convolutional neural networks, "
        "ICML 2019, arXiv:1905.11946",
        address="https://arxiv.org/abs/1905.11946",
        idea="A small network found by search; to make it larger, scale its depth, its width and "
        "the size of the picture together.",
        stages=_b0(),
        published=(
            Published("parameters", "5.3 million", "paper, table 2", "parameters"),
            Published("operations", "0.39 billion MACs", "paper, table 2", "MACs"),
            Published("top-1 accuracy", "77.1 %", "paper, table 2"),
        ),
        drawings=(
            Drawing(
                "Its block: inverted residual with a gate",
                stage("", *mbconv(80, 80, expand=6, kernel_size=3)),
                (80, 14, 14),
            ),
        ),
    ),
)
