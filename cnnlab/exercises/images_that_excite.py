"""Exercises on pictures made by climbing along a gradient."""

from __future__ import annotations

import torch

from cnnlab.exciting import Regularisers, one_step, total_variation
from cnnlab.questions import Question

__all__ = ["best_of_linear", "questions"]

JITTER, DECAY, STEPS, LAMBDA = 4, 0.02, 100, 0.5
STAYS, GROWS, WHOLE = (
    "Nothing: the gradient is 0",
    "It grows, but more slowly",
    "It grows as for any other channel",
)


def questions() -> list[Question]:
    """Return the exercises of the lesson on images that excite."""
    places = len(range(-JITTER, JITTER + 1)) ** 2
    left = _left(DECAY, STEPS)
    ripples, edge = (_steps_of(row) for row in ([0, 1, 0, 1], [0, 0, 1, 1]))
    return [
        Question(
            f"With a jitter of {JITTER} pixels the picture is shifted before each step, by a whole "
            f"number from −{JITTER} to {JITTER} to the right, and by another one down. How many "
            "shifts are possible?",
            answer=places,
            why=f"{2 * JITTER + 1} · {2 * JITTER + 1} = {places}, no shift among them. What is to "
            "last must excite at all of these places, so a fine pattern that fits one place only "
            "dies out.",
            slips=(
                ((2 * JITTER) ** 2, "No shift at all counts too: from −4 to 4 there are nine."),
                (2 * JITTER + 1, "That is one direction alone."),
                (JITTER**2, "It goes both ways: to the left and to the right."),
            ),
        ),
        Question(
            f"L2 decay of {DECAY:g} takes {percent(DECAY)} of every number at each step. A pixel "
            f"at which the gradient is 0 begins at 1. What share of it is left after {STEPS} "
            "steps? Give a number with two decimals, or a percentage.",
            answer=left,
            within=0.005,
            why=f"(1 − {DECAY:g}) to the power of {STEPS} is {left:.3f}: {100 * left:.0f} %. What "
            "does not help the score fades to grey.",
            slips=(
                (
                    max(1 - STEPS * DECAY, 0),
                    f"{percent(DECAY)} of what is left is taken, not of the beginning.",
                ),
                (
                    1 - STEPS * DECAY,
                    f"{percent(DECAY)} of what is left is taken, not of the beginning: it never "
                    "falls below 0.",
                ),
                (1 - DECAY, "That is after one step."),
                (DECAY, "That is what one step takes."),
                (1 - left, "That is what has been taken."),
                (STEPS * (1 - DECAY), f"Multiply by {1 - DECAY:g} at each step: a power."),
                (
                    (1 - DECAY) ** (STEPS // 10),
                    f"That is after {STEPS // 10} steps.",
                ),
                (round(100 * left), f"Of what? Write the sign too: {100 * left:.0f} %."),
                (100 * left, f"Of what? Write the sign too: {100 * left:.0f} %."),
            ),
        ),
        Question(
            "A network with a linear score: 3·a − b + 2·c for a picture of the three numbers a, b "
            f"and c. Which a is best for the score minus {LAMBDA:g}·(a² + b² + c²)?",
            answer=best_of_linear([3, -1, 2], LAMBDA)[0],
            why=f"Where the slope is 0: 3 − 2·{LAMBDA:g}·a = 0, so a = 3. The best picture is the "
            "weights themselves, divided by 2λ: b = −1 and c = 2. Without L2 there is no best one, "
            "since the score grows for ever.",
            slips=((6, "3 / λ: the slope of a² is 2·a, not a."),),
        ),
        Question(
            "Two rows of grey pixels: 0, 1, 0, 1 and 0, 0, 1, 1. How many times the total "
            "variation of the second has the first?",
            answer=ripples / edge,
            why=f"The first goes up and down {ripples:.0f} times by 1, the second once. Both have "
            "the same contrast, so L2 decay cannot tell them apart; total variation keeps the edge "
            "and flattens the ripples.",
            slips=(
                (1, "That is L2: both rows have two ones."),
                (4, "Count the steps between neighbours, not the pixels."),
            ),
        ),
        Question(
            "A channel stands behind a ReLU, and in all cells of the map its input is below 0. "
            "What does a step along the plain gradient do for this channel?",
            options=(STAYS, GROWS, WHOLE),
            answer=STAYS if not _gradient_behind_a_closed_relu().any() else WHOLE,
            why="A closed ReLU has the slope 0, so no pixel has a gradient. The lab then lets the "
            "signal through as if the ReLU were open, until one cell answers.",
            slips=(
                (
                    GROWS,
                    "The slope left of 0 is exactly 0, not small. (It is small in leaky ReLU.)",
                ),
                (WHOLE, "That would be so if one cell were above 0."),
            ),
        ),
    ]


def best_of_linear(weights: list[float], strength: float) -> list[float]:
    """Return the picture x with the largest w·x − λ |x|²: w / (2 λ).

    Parameters
    ----------
    weights : list of float
        w, one number for each number of the picture.
    strength : float
        λ, above 0.

    Returns
    -------
    list of float
        The picture.

    Examples
    --------
    >>> best_of_linear([3, -1, 2], 0.5)
    [3.0, -1.0, 2.0]
    """
    return [weight / (2 * strength) for weight in weights]


def percent(share: float) -> str:
    """Return a share in words."""
    return f"{100 * share:g} %"


def _left(decay: float, steps: int) -> float:
    """Return what decay leaves of 1 where there is no gradient."""
    x = torch.ones(1, 1, 2, 2, dtype=torch.float64)
    for step in range(steps):
        x = one_step(x, torch.zeros_like(x), step, Regularisers(decay=decay))
    return float(x[0, 0, 0, 0])


def _steps_of(row: list[int]) -> float:
    """Return the total variation of a row of pixels, summed up."""
    return round(float(total_variation(torch.tensor([[[row]]], dtype=torch.float64))) * len(row), 2)


def _gradient_behind_a_closed_relu() -> torch.Tensor:
    x = torch.full((3,), -1.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(x.relu().mean(), x)
    return gradient
