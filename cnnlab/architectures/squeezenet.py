"""SqueezeNet, 2016: as good as AlexNet with a fiftieth of its parameters."""

from cnnlab.architectures.parts import conv_relu, stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import AdaptiveAvgPool2d, Block, Concat, Dropout, Flatten, Pool2d

__all__ = ["NETWORKS", "fire"]

_POOL = Pool2d(3, stride=2, ceil_mode=True, name="pool")


def fire(number: int, squeeze: int, expand: int) -> Block:
    """Return a fire module: a thin 1 × 1 layer, then 1 × 1 and 3 × 3 layers side by side."""
    wide = Concat((conv_relu(expand, 1), conv_relu(expand, 3, padding=1)))
    return Block((*conv_relu(squeeze, 1), wide), name=f"fire{number}")


_STAGES = (
    stage("conv1", *conv_relu(96, 7, stride=2), _POOL),
    stage("fire 2 to 4", fire(2, 16, 64), fire(3, 16, 64), fire(4, 32, 128), _POOL),
    stage(
        "fire 5 to 8", fire(5, 32, 128), fire(6, 48, 192), fire(7, 48, 192), fire(8, 64, 256), _POOL
    ),
    stage("fire 9", fire(9, 64, 256)),
    stage("classifier", Dropout(), *conv_relu(1000, 1), AdaptiveAvgPool2d(1), Flatten()),
)

NETWORKS = (
    Network(
        key="squeezenet1_0",
        title="SqueezeNet 1.0",
        year=2016,
        authors="Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        paper="SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size, "
        "arXiv:1602.07360",
        address="https://arxiv.org/abs/1602.07360",
        idea="The fire module first squeezes the depth with a few 1 × 1 kernels, so that the "
        "3 × 3 kernels after it are cheap.",
        stages=_STAGES,
        published=(
            Published("parameters", "1,248,424", "paper, table 1", "parameters"),
            Published(
                "parameters",
                "50 times fewer than AlexNet",
                "title of the paper",
                remark="60,965,224 / 1,248,424 is 48.8.",
            ),
            Published("top-5 error", "19.7 %", "paper, table 2: accuracy 80.3 %"),
        ),
        drawings=(
            Drawing("Fire module", stage("", *fire(2, 16, 64).layers), (96, 55, 55)),
            Drawing(
                "A 3 × 3 layer that makes the same shape",
                stage("", *conv_relu(128, 3, padding=1)),
                (96, 55, 55),
            ),
        ),
        notes=(
            "The paper's table has maps of 111 × 111 after the first layer, which needs an input "
            "of 227; torchvision and we take 224, which gives 109.",
        ),
    ),
)
