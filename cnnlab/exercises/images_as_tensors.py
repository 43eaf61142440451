"""Exercises on pictures as numbers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from cnnlab.cost import summarize
from cnnlab.kernels import KERNELS
from cnnlab.layers import Conv2d, Linear
from cnnlab.pixel_moves import changes, shifted, shuffle_test
from cnnlab.pixel_tensors import flat_index, to_tensor
from cnnlab.questions import Question

__all__ = ["questions"]

_SHAPE = (4, 6, 3)  # H, W, C
_SMALL = [[0, 0, 3, 2], [1, 1, 0, 1], [4, 2, 1, 2], [0, 2, 1, 5]]


def questions() -> list[Question]:
    """Return the exercises of the lesson on images as tensors."""
    place = {"row": 2, "column": 3, "channel": 1}
    hwc, chw = (flat_index(**place, shape=_SHAPE, order=order) for order in ("HWC", "CHW"))
    (dense,) = summarize([Linear(1000)], (256 * 256 * 3,))
    (conv,) = summarize([Conv2d(1000, 3, padding=1)], (3, 256, 256))
    before = np.array(_SMALL)[..., None]
    after = shifted(before, rows=0, columns=-1, fill="constant")
    return [
        Question(
            "A colour photograph of 480 × 480 pixels goes into a network as it is. How many "
            "numbers does the network get?",
            answer=_numbers(480, 480),
            why="480 · 480 · 3 = 691,200: three numbers for each pixel.",
            slips=(
                (480 * 480, "That is the number of pixels. Each has three values."),
                (480 * 480 * 255, "255 is the largest value, not the number of values."),
            ),
        ),
        Question(
            "A picture of 4 rows and 6 columns with 3 channels (red 0, green 1, blue 2) is "
            "flattened in the order H × W × C. At which place of the vector stands the green of "
            "row 2, column 3? Everything is counted from 0.",
            answer=hwc,
            why=f"(2 · 6 + 3) · 3 + 1 = {hwc}: 15 pixels of three numbers stand before it.",
            slips=(
                (chw, "That is its place in the order C × H × W."),
                (2 * 6 + 3, "That is the number of the pixel. Each pixel has three numbers."),
                ((2 * 4 + 3) * 3 + 1, "A row has 6 pixels, as many as there are columns."),
                (hwc + 1, "Count from 0: the first number of the vector has place 0."),
            ),
        ),
        Question(
            "And in the order C × H × W, as PyTorch keeps it?",
            answer=chw,
            why=f"(1 · 4 + 2) · 6 + 3 = {chw}: one whole channel of 24 and 15 numbers stand before "
            "it.",
            slips=(
                (hwc, "That is its place in the order H × W × C."),
                (2 * 6 + 3, "That would be red: one whole channel stands before green."),
            ),
        ),
        Question(
            "A fully connected layer of 1,000 units reads a picture of 256 × 256 × 3. How many "
            "weights does it have, without the biases?",
            answer=dense.n_weights,
            why="256 · 256 · 3 = 196,608 inputs, each with a weight for each of 1,000 units: "
            f"196,608,000, or 786 MB. 1,000 filters of 3 × 3 × 3 have {conv.n_weights:,}.",
            slips=(
                (dense.n_params, "That is with the 1,000 biases."),
                (200_000_000, "So lecture notes round it. Give the exact number."),
                (256 * 256 * 1000, "Each pixel has three numbers."),
                (conv.n_weights, "That is a convolution of 1,000 filters of 3 × 3."),
            ),
        ),
        Question(
            "The picture 0 0 3 2 / 1 1 0 1 / 4 2 1 2 / 0 2 1 5 (four rows) moves to the left by "
            "one pixel; zeros move in. How many of the 16 numbers are different afterwards?",
            answer=changes(before, after).changed,
            why="Only where a number equals its right neighbour, or the zero that moves in, "
            "nothing changes: the first 0 of row 0 and the first 1 of row 1.",
            slips=((16, "Some neighbours are equal: there nothing changes."),),
        ),
        Question(
            "All pictures of a data set are shuffled in the same way, then a network is trained "
            "from the start. Which network can learn the task as well as before?",
            options=("the fully connected one", "the convolutional one", "both", "neither"),
            answer=_unharmed(),
            why="Its weights can take the same new order, and every output is as before. The "
            "convolution has lost the neighbours that it looks at.",
        ),
    ]


def _numbers(height: int, width: int) -> int:
    """Return how many numbers a colour picture is."""
    return to_tensor(Image.new("RGB", (width, height)), longest=max(height, width)).size


def _unharmed() -> str:
    """Return which kind of layer makes the same of a shuffled picture, by trying both."""
    x = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
    found = shuffle_test(x, KERNELS["Sobel x"].values, seed=1)
    dense = bool((found.before == found.with_weights).all())
    conv = bool((found.map_before == found.put_back).all())
    both = {(True, True): "both", (False, False): "neither", (False, True): "the convolutional one"}
    return both.get((dense, conv), "the fully connected one")
