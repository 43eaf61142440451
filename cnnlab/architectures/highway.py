"""Highway networks, 2015: gates decide how much of its input a layer lets pass."""

from cnnlab.architectures.parts import stage
from cnnlab.architectures.record import Drawing, Network, Published
from cnnlab.layers import Activation, Block, Flatten, Highway, Linear

__all__ = ["NETWORKS", "highway_layer"]

_UNITS = 50
_PLAIN = 71


def highway_layer(features: int) -> Highway:
    """Return a fully connected layer with its gate, which is a layer of the same size."""
    return Highway(
        (Linear(features), Activation()),
        (Linear(features, name="gate"), Activation("Sigmoid")),
    )


_STAGES = (
    stage("first layer", Flatten(), Linear(_UNITS), Activation()),
    stage(
        "highway layers",
        *(Block((highway_layer(_UNITS),), name=f"block {number}") for number in range(1, 50)),
    ),
    stage("output", Linear(10)),
)

NETWORKS = (
    Network(
        key="highway50",
        title="Highway network",
        year=2015,
        authors="Srivastava, Greff, Schmidhuber",
        paper="Highway networks, ICML 2015 workshop, arXiv:1505.00387",
        address="https://arxiv.org/abs/1505.00387",
        idea="Each layer learns, with gates, how much of its input to let pass unchanged; so "
        "networks of 100 layers can be trained, some months before ResNet.",
        stages=_STAGES,
        input_shape=(1, 28, 28),
        published=(
            Published(
                "parameters of a layer",
                "about 5000",
                "paper, section 3.1",
                remark="A highway layer of 50 units has 2 · (50 · 50 + 50) = 5,100: half of them "
                "are the gate's. A plain layer of 71 units has 71 · 71 + 71 = 5,112, so that the "
                "paper can compare them.",
            ),
        ),
        drawings=(
            Drawing("Plain layer of 71 units", stage("", Linear(_PLAIN), Activation()), (_PLAIN,)),
            Drawing("Highway layer of 50 units", stage("", highway_layer(_UNITS)), (_UNITS,)),
        ),
        notes=(
            "The output is gate · new + (1 − gate) · input, number by number. The gate's biases "
            "begin negative, so that a new network lets almost everything pass. A residual block "
            "is the same without a gate: new + input.",
            "The paper trains such networks with 10, 20, 50 and 100 layers on handwritten digits "
            "(MNIST): a first layer, highway layers of 50 units, and the output, which it does not "
            "count. This is the one with 50.",
        ),
    ),
)
