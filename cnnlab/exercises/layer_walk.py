"""Exercises on the walk through a network."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.cost import summarize
from cnnlab.layers import Conv2d, Pool2d
from cnnlab.map_statistics import histogram, map_statistics
from cnnlab.questions import Question

__all__ = ["questions"]

_NORMED = np.array([[[-2, 1, 0.5, -1], [3, -0.5, 2, -4]]], dtype=np.float32)


def questions() -> list[Question]:
    """Return the exercises of the lesson that walks through a network."""
    start = [Conv2d(64, 7, stride=2, padding=3), Pool2d(3, stride=2, padding=1)]
    (output,) = {row.output_shape for row in summarize(start, (3, 224, 224))[-1:]}
    after = np.maximum(_NORMED, 0)
    zeros = histogram(after).zeros / after.size
    (variance,) = map_statistics(np.full((1, 4, 4), 3, np.float32)).variance
    plain, depthwise = (Conv2d(32, 3, padding=1, groups=groups) for groups in (1, 32))
    slices = {layer.groups: layer.out_channels * 32 // layer.groups for layer in (plain, depthwise)}
    return [
        Question(
            "ResNet begins with 64 kernels of 7 × 7 (stride 2, padding 3) on a picture of "
            "3 × 224 × 224, then a max pooling of 3 × 3 (stride 2, padding 1). How many numbers "
            "does the pooling give out?",
            answer=math.prod(output),
            why="64 × 56 × 56 = 200,704. Both halve rows and columns: 224, 112, 56. Choose "
            "maxpool in resnet18 and read its output.",
            slips=(
                (64 * 112 * 112, "That is the convolution. The pooling halves both sides again."),
                (3 * 56 * 56, "There is one map for each of the 64 kernels, not for each colour."),
                (56 * 56, "That is one map. How many are there?"),
            ),
        ),
        Question(
            "After batch norm, eight cells of a map hold −2, 1, 0.5, −1, 3, −0.5, 2, −4. What "
            "share of them is exactly zero after ReLU? Give percent.",
            answer=100 * zeros,
            why="Every negative number becomes 0: four of eight, 50 percent. The share of zeros "
            "after ReLU is the share of numbers below or at zero before it: compare the two "
            "histograms.",
            slips=((0, "None was zero before. What does ReLU do to negative numbers?"),),
        ),
        Question(
            "Maps are sorted by variance. Where does a map stand that holds 3 in every cell?",
            options=("first", "in the middle", "last"),
            answer="last" if variance == 0 else "first",
            why="Its variance is 0, and there is none below. Its mean, 3, may be the largest: sort "
            "by mean, and it may come first.",
            slips=(("first", "Variance is about differences between the cells of one map."),),
        ),
        Question(
            "A convolution of 3 × 3 reads 32 channels and gives out 32. As an ordinary layer it "
            f"has {slices[1]:,} slices of 3 × 3. How many has it as a depthwise layer?",
            answer=slices[32],
            why="32: each filter reads one channel of its own. Choose features.1.conv.0.0 in "
            "mobilenet_v2 and look at its filters.",
            slips=(
                (1024, "That is the ordinary layer: each filter has a slice for every channel."),
                (1, "Each of the 32 filters has one slice."),
            ),
        ),
    ]
