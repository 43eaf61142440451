"""Exercises on fooling a network."""

from __future__ import annotations

from cnnlab.linear_view import (
    TOY_WEIGHTS,
    TOY_X,
    expected_gain,
    linear_score,
    nudged,
    sigmoid,
)
from cnnlab.questions import Question

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the questions of the lesson, their answers computed."""
    epsilon = 0.5
    score = linear_score(TOY_X, TOY_WEIGHTS)
    raised = linear_score(nudged(TOY_X, TOY_WEIGHTS, epsilon), TOY_WEIGHTS)
    smallest = -score / sum(abs(weight) for weight in TOY_WEIGHTS)
    upwards = sum(weight > 0 for weight in TOY_WEIGHTS)
    n, mean = 224 * 224 * 3, 0.0001
    gain = expected_gain(n, epsilon=1, mean_weight=mean)
    return [
        Question(
            f"A linear model with ten weights of size 1, some positive, some negative, gives the "
            f"score {score:g}. Each input is changed by {epsilon:g}, up where its weight is "
            "positive, else down. "
            "What is the score now?".replace("-", "−"),
            answer=raised,
            why=f"Each of the ten inputs adds {epsilon:g} · 1: {score:g} + 10 · {epsilon:g} = "
            f"{raised:g}.".replace("-", "−"),
            slips=(
                (score + epsilon, "Each of the ten inputs moves, not one."),
                (score, "The inputs move with the signs of the weights, so nothing cancels."),
                (score - 10 * epsilon, "That is the other direction: it lowers the score."),
                (
                    raised - score,
                    f"That is how much it rises. It begins at {score:g}.".replace("-", "−"),
                ),
                (
                    score + upwards * epsilon,
                    "Inputs with a negative weight move too: down, and that raises the score.",
                ),
                (sigmoid(raised), "That is the probability. The score comes before it."),
            ),
        ),
        Question(
            f"The same model, score {score:g}. By how much must each input go, at least, to bring "
            "the score to 0?".replace("-", "−"),
            answer=round(smallest, 6),
            why=f"The score rises by ε · 10, and {-score:g} are missing: ε = {-score:g} / 10 = "
            f"{smallest:g}.",
            slips=(
                (-score, "The ten inputs share the work."),
                (
                    -score / upwards,
                    "All ten inputs help: those with a negative weight go down.",
                ),
                (score / 10, "The size alone is asked for: half go up, half go down."),
                (-score * 10, "Divide by the ten inputs; each needs to do a tenth."),
            ),
            within=0.005,
        ),
        Question(
            f"A picture has 224 × 224 × 3 = {n:,} numbers. The mean size of the gradient of a "
            f"class score is {mean:.4f} per grey level. By how much does the score rise in the "
            "linear view if every number changes by 1 grey level in the best direction? A whole "
            "number will do.",
            answer=gain,
            why=f"n · ε · mean = {n:,} · 1 · {mean:.4f} = {gain:.2f}: much, from a change "
            "that nobody can see.",
            slips=(
                (mean, f"That is what one number adds. There are {n:,} of them."),
                (gain / 3, "Each pixel has three numbers: red, green and blue."),
            ),
            within=0.06,
        ),
        Question(
            "A picture was fooled with ε = 3 grey levels. Which sentence is true of every such "
            "picture?",
            answer="No number of the picture changed by more than 3.",
            options=(
                "No number of the picture changed by more than 3.",
                "Three pixels changed.",
                "All changes together add up to 3.",
                "The probability fell by 3 %.",
            ),
            why="ε limits the largest change of any number, the L-infinity norm. Most numbers may "
            "change at once.",
            slips=(
                ("Three pixels changed.", "Usually nearly all pixels change."),
                (
                    "All changes together add up to 3.",
                    "That would be another norm, the sum: ε limits each number alone.",
                ),
                (
                    "The probability fell by 3 %.",
                    "ε limits the picture. The probability may fall by any amount.",
                ),
            ),
        ),
    ]
