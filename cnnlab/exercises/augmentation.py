"""Exercises on data augmentation."""

from __future__ import annotations

import math

from cnnlab.augmentation import crop_count, mixed_label, mixed_loss
from cnnlab.label_checks import KINDS, keeps_all
from cnnlab.questions import Question

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on data augmentation."""
    answer = {"cat": 0.6, "cup": 0.3}
    kinds = [kind for kind in KINDS if not kind.startswith("Hue")]
    return [
        Question(
            "From a picture of 256 × 256 pixels, a square of 224 × 224 is cut out at any place, "
            "and shown as it is or mirrored. How many different pictures can that give?",
            answer=crop_count(256, 224),
            why="256 − 224 + 1 = 33 places along each side, so 33 · 33 · 2 = 2178. The paper on "
            "AlexNet, and lectures after it, say 2048.",
            slips=(
                (
                    2048,
                    "That is 32 · 32 · 2, as the paper on AlexNet says. How many places are "
                    "there along one side, the first and the last included?",
                ),
                (crop_count(256, 224, flips=1), "That is without the mirror images."),
            ),
        ),
        Question(
            "Mix-up with lambda = 0.7: 0.7 of a cat and 0.3 of a cup. The network answers cat "
            "0.6, cup 0.3. How large is the cross-entropy loss with the mixed label (natural "
            "logarithm)? Give two decimals.",
            answer=mixed_loss(mixed_label("cat", "cup", 0.7), answer),
            within=0.005,
            why="−0.7 · ln 0.6 − 0.3 · ln 0.3 = 0.358 + 0.361 = 0.72. The label is a mixture like "
            "the picture, so both classes count.",
            slips=(
                (round(-math.log(0.6), 2), "That is the loss with the label cat alone."),
                (
                    round(mixed_loss(mixed_label("cup", "cat", 0.7), answer), 2),
                    "You have given 0.7 to the cup.",
                ),
            ),
        ),
        Question(
            "A network shall read handwritten digits from 0 to 9. Which of these changes keeps "
            "the label of every digit?",
            options=tuple(kinds),
            answer=next(kind for kind in kinds if keeps_all(kind, ("Digit 6", "Digit 8"))),
            why="A small turn is how people write. Half a turn makes a 9 of a 6, and a mirrored "
            "6 is no digit.",
            slips=(
                ("Half turn", "Look at 6 and 9."),
                ("Flip left-right", "Look at 2, 6 or 7 in a mirror."),
            ),
        ),
    ]
