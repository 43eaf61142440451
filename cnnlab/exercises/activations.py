"""Exercises on activations."""

from __future__ import annotations

import numpy as np

from cnnlab.chain import weight_std
from cnnlab.curves import curve
from cnnlab.questions import Question
from cnnlab.softmax import softmax

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on activations."""
    steepest = float(curve("sigmoid").derivative(np.array([0.0])).item())
    numbers = np.array([-3.0, 0.0, 2.0, 5.0, -1.0, 4.0])
    zeros = 100 * float((curve("relu").function(numbers) == 0).mean())
    shares = softmax(np.array([1002.0, 1001.0, 1000.1]))
    return [
        Question(
            "The derivative of the sigmoid is never more than one number. With weights of 1, after "
            "how many sigmoid layers is at most a millionth of the gradient left for sure?",
            answer=next(depth for depth in range(1, 99) if steepest**depth <= 1e-6),
            why="It is at most 0.25, at x = 0. 0.25 to the power of 10 is 0.00000095.",
            slips=(
                (20, "That is right for one half. The largest derivative of the sigmoid is less."),
                (6, "That is right for one tenth. Move the cursor to x = 0 and read f′(x)."),
            ),
        ),
        Question(
            "A feature map holds −3, 0, 2, 5, −1, 4. How many percent of it are zero after ReLU?",
            answer=zeros,
            why="−3, 0 and −1 become 0: three of six.",
            slips=((100 / 3, "The 0 counts too: max(0, 0) is 0."),),
            within=0.5,
        ),
        Question(
            "A layer has 200 inputs and 200 ReLU units. Which standard deviation does He's rule "
            "give its weights?",
            answer=weight_std("He", 200),
            within=0.0005,
            why="√(2 / 200) = 0.1. The 2 makes up for the half that ReLU sets to zero.",
            slips=((weight_std("Xavier", 200), "That is 1 / √200, Xavier's rule."),),
        ),
        Question(
            "The logits are 1002, 1001 and 1000.1. What is the largest share after softmax? Give "
            "two decimals.",
            answer=float(shares.max()),
            within=0.005,
            why="The same as for 2, 1 and 0.1, since only differences count: 0.66.",
            slips=((1 / 3, "The shares are not equal: the logits differ by 1 and 0.9."),),
        ),
        Question(
            "Which of these keeps some gradient for every input, however negative?",
            options=("ReLU", "Sigmoid", "Leaky ReLU", "tanh"),
            answer=_never_flat(["relu", "sigmoid", "leaky_relu", "tanh"]),
            why="Below zero its derivative is the slope, 0.01, and stays there. The others go to "
            "0.",
            slips=(
                ("ReLU", "Below zero its derivative is exactly 0."),
                ("Sigmoid", "At x = −6 its derivative is 0.0025, and it goes on falling."),
                ("tanh", "At x = −6 its derivative is 0.00002, and it goes on falling."),
            ),
        ),
    ]


def _never_flat(names: list[str]) -> str:
    """Return the title of the one activation that lets some gradient pass far to the left."""
    far = np.array([-1000.0])
    (only,) = [curve(n).title for n in names if curve(n).derivative(far).item() > 0]
    return only
