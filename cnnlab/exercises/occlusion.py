"""Exercises on occlusion."""

from __future__ import annotations

import numpy as np

from cnnlab.questions import Question

__all__ = ["falls_of_a_linear_network", "questions"]

IMAGE = ((0, 0, 3, 2), (1, 1, 0, 1), (4, 2, 1, 2), (0, 2, 1, 5))
WEIGHTS = ((0, 1, 0, -1), (1, 2, 1, 0), (0, 1, 0, 0), (-1, 0, 0, 1))


def falls_of_a_linear_network() -> np.ndarray:
    """Return by how much the score of a linear network falls for each 2 × 2 window, step 1."""
    import torch
    from torch import nn

    from cnnlab.occlusion import occlude

    layer = nn.Linear(16, 1, bias=False).requires_grad_(False)
    layer.weight.copy_(torch.tensor(WEIGHTS, dtype=torch.float32).reshape(1, 16))
    linear = nn.Sequential(nn.Flatten(), layer)
    image = torch.tensor(IMAGE, dtype=torch.float32)[None, None]
    found = occlude(linear, image, 0 * image, target=0, window=2, stride=1)
    return found.clean_score - found.score


def questions() -> list[Question]:
    """Return the exercises of the lesson on occlusion."""
    from cnnlab.correspondence import sign_change
    from cnnlab.occlusion import grid_shape, spread

    rows, columns = grid_shape((224, 224), window=64, stride=32)
    falls = falls_of_a_linear_network()
    mean = float(spread(np.array([4.0, 2.0]), np.array([[0, 0, 1, 2], [0, 1, 1, 3]]), (1, 3))[0, 1])
    share = sign_change(np.array([[1, -2, 0.5, -1], [2, -1, -0.5, -1]])).mean
    return [
        Question(
            "A picture of 224 × 224 pixels, a window of 64 × 64, a step of 32. How many pictures "
            "must the network look at, without the one that has no window?",
            answer=rows * columns,
            why=f"(224 − 64) / 32 + 1 = {rows} positions along each side: {rows} × {columns} = "
            f"{rows * columns}.",
            slips=(
                (49, "224 / 32 = 7 counts positions at which the window sticks out."),
                (rows, "That is one row. The window moves along two sides."),
                (25, "One more than the number of steps."),
            ),
        ),
        Question(
            "A network adds up pixel × weight. The upper left corner of the picture is 0 0 / 1 1, "
            "its weights there are 0 1 / 1 2. A window hides these four pixels with 0. By how "
            "much does the score fall?",
            answer=float(falls[0, 0]),
            why="By what the four pixels added: 0·0 + 0·1 + 1·1 + 1·2 = 3. In a linear network "
            "occlusion shows exactly what each part adds.",
            slips=(
                (4.0, "That is the sum of the weights. A pixel of 0 adds nothing."),
                (2.0, "That is the sum of the pixels. Each counts with its weight."),
            ),
        ),
        Question(
            "Two windows hide the same pixel. With the first the score falls by 4, with the "
            "second by 2. What does the map show at this pixel?",
            answer=mean,
            why="The mean over all windows that hide the pixel: (4 + 2) / 2 = 3.",
            slips=(
                (6.0, "The falls are not added up: then the middle would always win."),
                (4.0, "That is the first window alone. The second hides the pixel too."),
                (2.0, "That is the second window alone. The first hides the pixel too."),
            ),
        ),
        Question(
            "The same part is hidden in two pictures. Four features change by +1, −2, +0.5, −1 in "
            "the first, and by +2, −1, −0.5, −1 in the second. Which share of the features "
            "changes in different directions? Give a fraction, such as 1/2, or a percentage, such "
            "as 50 %.",
            answer=share,
            why="Only the signs count, and only the third differs: 1 of 4.",
            slips=(
                (0.75, "That is the share that changes alike."),
                (1.0, "It is one feature; as a share of all four it is less."),
                (100 * share, "Of what? Write the sign too: 25 %."),
                (3.0, "That is which feature it is. What share of the four is one feature?"),
                (0.5, "Only one feature goes up in one picture and down in the other."),
            ),
        ),
    ]
