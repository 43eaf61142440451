"""Exercises on the size and the cost of a layer."""

from __future__ import annotations

from fractions import Fraction

from cnnlab.cost import summarize, totals
from cnnlab.fit import fit
from cnnlab.layers import Conv2d, Shape
from cnnlab.questions import Question

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on output size and cost."""
    first, deep = Conv2d(96, 11, stride=4), Conv2d(256, 3, padding=1)
    costs = {
        "96 kernels of 11 × 11, stride 4, on the 227 × 227 picture": _macs([first], (3, 227, 227)),
        "256 kernels of 3 × 3, padding 1, on 256 channels of 28 × 28": _macs([deep], (256, 28, 28)),
    }
    separable = [Conv2d(256, 3, padding=1, groups=256), Conv2d(256, 1)]
    return [
        Question(
            "AlexNet's paper says that the picture is 224 × 224; its first layer has 11 × 11 "
            "kernels, stride 4 and no padding. Which size must the picture have so that the "
            "output is 55 × 55 and no column is left unread?",
            answer=next(
                n for n in range(1, 400) if fit(n, kernel_size=11, stride=4).exact == Fraction(55)
            ),
            why="(227 − 11) / 4 + 1 = 55. With 224 the formula gives 54.25, which cannot be.",
            slips=((224, "(224 − 11) / 4 + 1 is 54.25: the steps do not end at the border."),),
        ),
        Question(
            "Which costs more operations?",
            options=tuple(costs),
            answer=max(costs, key=costs.__getitem__),
            why="28 · 28 · 256 · 3 · 3 · 256 = 462 million MACs, against 105 million. Deep layers "
            "are small but have many channels.",
        ),
        Question(
            "That deep layer is made depthwise separable: 256 kernels of 3 × 3, one a channel, "
            "then 256 of 1 × 1. How many percent of the MACs are left? Give one decimal.",
            answer=100 * _macs(separable, (256, 28, 28)) / _macs([deep], (256, 28, 28)),
            within=0.05,
            why="1/256 + 1/9 of them, about 11.5 percent: with many filters almost 8/9 are saved.",
            slips=((100 / 9, "That is 1/9 alone. The 1 × 1 kernels cost something too."),),
        ),
    ]


def _macs(layers: list[Conv2d], input_shape: Shape) -> int:
    return totals(summarize(layers, input_shape)).macs
