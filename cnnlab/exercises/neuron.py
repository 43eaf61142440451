"""Exercises on the numbers behind one neuron."""

from __future__ import annotations

import numpy as np

from cnnlab.cell_sums import CellSum, conv_sum, max_pool_sum
from cnnlab.questions import Question
from cnnlab.single_numbers import activated, normalised

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on one neuron."""
    wide, kernels = np.zeros((128, 5, 5)), np.zeros((2, 64, 3, 3))
    many = conv_sum(wide, kernels, None, channel=0, cell=(1, 1), groups=2)
    two = _two_channels()
    before = normalised(2.5, mean=1.0, variance=4.0, gamma=0.5, beta=-1.0, eps=0.0).result
    weakest = max_pool_sum(
        np.array([[[7.0, 3.0], [5.0, 1.0]]]),
        channel=0,
        cell=(0, 0),
        kernel_size=(2, 2),
        stride=(2, 2),
    )
    return [
        Question(
            "A convolution has 128 input channels in 2 groups and kernels of 3 × 3. How many "
            "products are added up for one cell of its output?",
            answer=many.patches.size,
            why="A cell only reads the channels of its group: 64 channels × 9 numbers.",
            slips=(
                (128 * 9, "Only one of the two groups is read."),
                (9, "That is one input channel. How many does the cell read?"),
                (64, "Each channel gives a whole window of numbers, not one."),
            ),
        ),
        Question(
            "Two input channels have the windows [1, 2; 0, −1] and [0, 3; 1, 1] (rows, one after "
            "the other), their weights are [0.5, −1; 3, 2] and [2, 1; −1, 0.5]. The bias is 4. "
            "Which number does the cell get?",
            answer=two.total,
            why="The first channel adds 0.5 − 2 + 0 − 2 = −3.5, the second 0 + 3 − 1 + 0.5 = 2.5, "
            "the bias 4: together 3.",
            slips=(
                (float(two.contributions.sum()), "That is the sum of both channels. And the bias?"),
                (float(two.contributions[0]) + 4, "That is the first channel and the bias."),
            ),
        ),
        Question(
            "A sum is 2.5. Batch normalisation has mean 1, variance 4, γ = 0.5 and β = −1; then "
            "comes ReLU. Which number goes on? (Leave ε out.)",
            answer=activated("relu", before).result,
            why="0.5 · (2.5 − 1) / 2 − 1 = −0.625, and ReLU makes 0 of it: this neuron is silent "
            "here, though its sum was positive.",
            slips=(
                (before, "That goes into ReLU. What comes out?"),
                (2.5, "Normalise first, then ReLU."),
            ),
        ),
        Question(
            "A window of max pooling holds 7, 3, 5 and 1. The 5 becomes 6. By how much does the "
            "pooled number change?",
            answer=float(weakest.weights[0, 1, 0]),
            why="Not at all: only the winner, 7, goes on. Walking back through max pooling leads "
            "to exactly one cell.",
            slips=((1, "The 6 is still smaller than 7."), (0.25, "That would be average pooling.")),
        ),
    ]


def _two_channels() -> CellSum:
    x = np.array([[[1.0, 2], [0, -1]], [[0, 3], [1, 1]]])
    weight = np.array([[[[0.5, -1], [3, 2]], [[2, 1], [-1, 0.5]]]])
    return conv_sum(x, weight, np.array([4.0]), channel=0, cell=(0, 0))
