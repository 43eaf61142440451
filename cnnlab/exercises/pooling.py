"""Exercises on pooling."""

from __future__ import annotations

import numpy as np

from cnnlab.cost import summarize, totals
from cnnlab.layers import Conv2d, Flatten, Linear, Pool2d
from cnnlab.pool_gradients import max_pool2d_gradient
from cnnlab.pooling import max_pool2d
from cnnlab.questions import Question
from cnnlab.shapes import pool_output_size
from cnnlab.shifting import expected_change

__all__ = ["questions"]

_SQUARE = [[1, 3, 2], [4, 9, 5], [6, 7, 8]]


def questions() -> list[Question]:
    """Return the exercises of the lesson on pooling."""
    _, switches = max_pool2d([_SQUARE], 2, stride=1)
    gradient = max_pool2d_gradient(np.array([[[1.0, 2.0], [3.0, 4.0]]]), switches, (3, 3))
    head = totals(summarize([Flatten(), Linear(120)], (16, 28, 28))).n_params
    pooled_head = totals(summarize([Pool2d(2), Flatten(), Linear(120)], (16, 28, 28))).n_params
    conv = totals(summarize([Pool2d(2), Conv2d(32, 3, padding=1)], (16, 28, 28))).n_params
    return [
        Question(
            "Max pooling 2 × 2 at stride 1 over the rows 1 3 2, 4 9 5 and 6 7 8. The gradient "
            "that arrives is 1 and 2 in the first row, 3 and 4 in the second. Which gradient does "
            "the 9 get?",
            answer=float(gradient[0, 1, 1]),
            why="The 9 lies in all four windows and wins each of them: 1 + 2 + 3 + 4 = 10.",
            slips=(
                (4, "That is the last window alone. The 9 wins others too."),
                (2.5, "That would be the mean. Where windows overlap, the parts add up."),
                (1, "That is the first window alone. The 9 wins others too."),
            ),
        ),
        Question(
            "A feature map of 112 × 112 goes through max pooling 3 × 3 with stride 2, no padding "
            "and ceil mode, as in GoogLeNet. How many rows come out?",
            answer=pool_output_size(112, kernel_size=3, stride=2, ceil_mode=True),
            why="(112 − 3) / 2 + 1 = 55.5, and ceil mode rounds up: 56. The last windows are cut "
            "off at the border.",
            slips=(
                (
                    pool_output_size(112, kernel_size=3, stride=2),
                    "That is rounded down, as without ceil mode.",
                ),
                (55.5, "There is no half a window: ceil mode rounds up."),
            ),
        ),
        Question(
            "16 feature maps of 28 × 28 go through a fully connected layer of 120 units. With "
            "2 × 2 pooling before it, how many parameters (biases too) does the layer have?",
            answer=pooled_head,
            why=f"16 · 14 · 14 · 120 + 120 = {pooled_head:,} instead of {head:,}. A convolution "
            f"in its place (32 kernels of 3 × 3) has {conv:,} with and without the pooling.",
            slips=(
                (head, "That is without the pooling."),
                (pooled_head - 120, "You forgot the 120 biases."),
                (head / 4, "The biases do not become fewer: only the weights do."),
            ),
        ),
        Question(
            "In a row of random numbers each maximum over 7 neighbours is taken. The row moves by "
            "one cell. How many percent of the maxima change, on average?",
            answer=100 * float(expected_change(7, 1)),
            within=0.5,
            why="A window and its copy see 8 different numbers between them and share 6. The "
            "maximum changes if one of the two others is the largest: 2 of 8, that is 25 percent.",
            slips=(
                (50, "That is for 3 neighbours. Larger windows change less."),
                (100 / 7, "One number leaves the window, and one comes in."),
            ),
        ),
        Question(
            "A lecture slide says: “Max pooling introduces an inductive bias: shift variance.” "
            "What should it say?",
            options=(
                "shift variance",
                "shift invariance (approximate, for small shifts)",
                "exact invariance to every shift",
            ),
            answer="shift invariance (approximate, for small shifts)",
            why="The same maximum often stays in its window when the input moves a little, so the "
            "output often stays. Not always: count it above.",
            slips=(
                ("shift variance", "Then the output would change with every shift."),
                (
                    "exact invariance to every shift",
                    "Above, some maxima change even when the input moves by one cell.",
                ),
            ),
        ),
        Question(
            "Another slide says that 2 × 2 pooling at stride 2 reduces “the amount of parameters "
            "or weights” by 75 percent. Of what does it remove 75 percent?",
            options=(
                "its own weights",
                "the numbers in the feature maps (activations)",
                "the weights of the next convolution",
            ),
            answer="the numbers in the feature maps (activations)",
            why="One of four numbers stays. Pooling has no weights, and a convolution after it has "
            "as many as before; it has less work. Only a fully connected layer has fewer weights.",
            slips=(
                ("its own weights", "Pooling has no weights: nothing is learned."),
                (
                    "the weights of the next convolution",
                    "The kernels of a convolution do not depend on the size of the map.",
                ),
            ),
        ),
        Question(
            "And a third one: “Average pooling: keep the maximum value.” What does average "
            "pooling make of the numbers 1, 1, 5, 6?",
            answer=float(np.mean([1, 1, 5, 6])),
            why="(1 + 1 + 5 + 6) / 4 = 3.25. The maximum, 6, is what max pooling keeps.",
            slips=(
                (6, "That is max pooling."),
                (13, "That is the sum: divide it by 4."),
                (3, "That is rounded down, as some slides print it."),
            ),
        ),
    ]
