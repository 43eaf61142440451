"""Exercises on dropout and stochastic depth."""

from __future__ import annotations

import numpy as np

from cnnlab.dropout import at_test_time, dropout
from cnnlab.questions import Question
from cnnlab.stochastic_depth import survival_probabilities
from cnnlab.thinned import SIZES

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on dropout and stochastic depth."""
    unit, kept = np.array([0.6]), np.array([True])
    divided = dropout(unit, kept, p=0.25).item()
    classic = at_test_time(np.array([5.0]), p=0.2, scaling="classic").item()
    done = {
        "Each value is multiplied by 1 − p": 1 - 0.2,
        "Each value is divided by 1 − p": 1 / (1 - 0.2),
        "Nothing": 1.0,
    }
    factor = at_test_time(np.array([1.0]), p=0.2).item()
    return [
        Question(
            "A unit has the value 0.6 and is kept. What does inverted dropout with p = 0.25 (the "
            "probability to drop) make of it in training?",
            answer=divided,
            why="0.6 / (1 − 0.25) = 0.8.",
            slips=(
                (0.45, "That is 0.6 · 0.75: classic dropout does this at test time."),
                (2.4, "That is 0.6 / 0.25. Divide by the probability to keep."),
                (0.6, "That is classic dropout. Inverted dropout scales in training."),
            ),
        ),
        Question(
            "A network was trained with classic dropout, p = 0.2. A unit has the value 5 at test "
            "time. What does the next layer get?",
            answer=classic,
            why="(1 − 0.2) · 5 = 4, the mean of what it got in training.",
            slips=(
                (1.0, "That is 0.2 · 5. It was kept in 80 percent of the passes."),
                (6.25, "That is 5 / 0.8. In classic dropout training saw 5 or 0, never more."),
            ),
        ),
        Question(
            "What is done with the values at test time after training with inverted dropout?",
            options=tuple(done),
            answer=next(words for words, value in done.items() if abs(value - factor) < 1e-12),
            why="Training has already kept the mean, so the network runs as it is.",
        ),
        Question(
            f"How many different sub-networks do {SIZES[1] + SIZES[2]} units give that can be "
            "dropped?",
            answer=2 ** (SIZES[1] + SIZES[2]),
            why="Each unit is kept or dropped: 2 · 2 · … · 2, ten times, is 1,024.",
            slips=((20, "Not 10 · 2: each new unit doubles the number."), (100, "Not 10 · 10.")),
        ),
        Question(
            "A residual network of 18 blocks is trained with stochastic depth, the linear rule and "
            "p_L = 0.5. How many blocks are expected to run in a pass?",
            answer=float(survival_probabilities(18, last=0.5).sum()),
            within=0.005,
            why="18 − 0.5 · 19 / 2 = 13.25. Set the number of blocks above to 18.",
            slips=(
                (9.0, "That is half of them: right for the uniform rule."),
                (13.5, "Nearly: the first block already has less than 1."),
            ),
        ),
    ]
