"""Exercises on the small network that reads digits."""

from __future__ import annotations

from math import prod

from cnnlab.cost import Row, summarize
from cnnlab.digits import INPUT_SHAPE, LAYERS
from cnnlab.questions import Question
from cnnlab.receptive import receptive_field

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on drawing a digit."""
    rows = {row.name: row for row in summarize(LAYERS, INPUT_SHAPE)}
    with_weights = [row for row in rows.values() if row.n_params]
    largest = max(with_weights, key=lambda row: row.n_params)
    share = 100 * largest.n_params / sum(row.n_params for row in with_weights)
    upto_pool2 = LAYERS[: [layer.name for layer in LAYERS].index("pool2") + 1]
    field = receptive_field(upto_pool2).size
    assert field is not None  # before fc1 no cell sees everything
    return [
        Question(
            "conv1 has 20 kernels of 5 × 5 on one channel, and each has a bias. How many "
            "parameters are that?",
            answer=rows["conv1"].n_params,
            why="20 · (5 · 5 · 1 + 1) = 520: each map has one kernel for all of its 576 cells.",
            slips=(
                (500, "These are the weights. Each of the 20 kernels has a bias too."),
                (25, "That is one kernel without its bias. There are 20."),
                (26, "That is one kernel. There are 20."),
                (11520, "That is the number of cells. All cells of a map share one kernel."),
            ),
        ),
        Question(
            "How many rows has a feature map after pool2? Begin with the 28 rows of the input.",
            answer=rows["pool2"].output_shape[1],
            why="28 − 4 = 24, half of it 12, 12 − 4 = 8, half of it 4.",
            slips=(
                (7, "That would be so with padding. These convolutions have none: each takes 4."),
                (8, "That is before pool2."),
                (5, "This network gets 28 rows, not 32 as the LeNet-5 of 1998."),
            ),
        ),
        Question(
            "Which layer has most of the parameters?",
            options=tuple(row.name for row in with_weights),
            answer=largest.name,
            why=f"800 · 500 weights and 500 biases: {share:.0f} percent of all. The two "
            "convolutions have 6 percent, and do most of the work.",
            slips=tuple((row.name, _few(row)) for row in with_weights if row is not largest),
        ),
        Question(
            "Point at a cell of pool2 and look at the frame on the input. How many rows of pixels "
            "does the cell see?",
            answer=field,
            why="After conv1 it is 5, after pool1 6, after conv2 6 + 4 · 2 = 14, after pool2 "
            "14 + 2 = 16.",
            slips=(
                (14, "That is a cell of conv2."),
                (28, "Only fc1 and fc2 see everything."),
                (5, "That is a cell of conv1, or what a cell of conv2 sees of pool1."),
            ),
        ),
    ]


def _few(row: Row) -> str:
    return f"{row.name} has {row.n_params:,} parameters for {prod(row.output_shape):,} numbers."
