"""LeNet-5, 1998: convolution, pooling, convolution, pooling, then layers that see everything."""

from cnnlab.architectures.parts import stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, Conv2d, Flatten, Linear, Pool2d

__all__ = ["NETWORKS"]

_TANH = Activation("Tanh")
_STAGES = (
    stage("C1, S2", Conv2d(6, 5, name="C1"), _TANH, Pool2d(2, kind="average", name="S2")),
    stage("C3, S4", Conv2d(16, 5, name="C3"), _TANH, Pool2d(2, kind="average", name="S4")),
    stage("C5", Conv2d(120, 5, name="C5"), _TANH, Flatten()),
    stage("F6, output", Linear(84, name="F6"), _TANH, Linear(10, name="output")),
)

NETWORKS = (
    Network(
        key="lenet5",
        title="LeNet-5",
        year=1998,
        authors="LeCun, Bottou, Bengio, Haffner",
        paper="Gradient-based learning applied to document recognition, Proceedings of the IEEE "
        "86(11)",
        address="https://doi.org/10.1109/5.726791",
        idea="Small kernels that are shared over the whole picture, with pooling in between, learn "
        "to read handwritten digits.",
        stages=_STAGES,
        input_shape=(1, 32, 32),
        published=(
            Published(
                "parameters",
                "60,000",
                "paper, section II.B",
                "parameters",
                "In the paper each map of C3 sees only some of the six maps before it (1,516 "
                "parameters instead of 2,416), and its pooling layers have weights.",
            ),
            Published(
                "connections",
                "340,908",
                "paper, section II.B",
                "MACs",
                "The paper counts additions of biases and the pooling too; ours has more, since "
                "its C3 sees all maps.",
            ),
            Published("test error on MNIST", "0.95 %", "paper, section III.B"),
        ),
        drawings=(
            Drawing(
                "Convolution and pooling, twice",
                stage("", *_STAGES[0].layers, *_STAGES[1].layers),
                (1, 32, 32),
            ),
        ),
        notes=("This is LeNet-5 as it is built today: C3 sees all six maps, pooling is a mean.",),
    ),
)
