"""Exercises on what a network sees of a picture and on what its probabilities mean."""

from __future__ import annotations

import numpy as np

from cnnlab.ensembling import combine
from cnnlab.questions import Question
from cnnlab.softmax import softmax

__all__ = ["questions"]

SHORT, CROP = 256, 224  # the recipe of ResNet-18 and many others
WIDTH, HEIGHT = 640, 480


def questions() -> list[Question]:
    """Return the exercises of the lesson on classifying pictures."""
    longer = int(SHORT * WIDTH / HEIGHT)  # torchvision cuts the fraction off
    lost = 100 * (1 - CROP**2 / (SHORT * longer))
    logits = np.array([4.0, 2.0])
    hot, plain = (softmax(logits, temperature=t)[0] for t in (2.0, 1.0))
    views = np.log([[0.98, 0.02], [0.3, 0.7]])
    by_shares, by_logits = (100 * combine(views, mean=m)[0] for m in ("probabilities", "logits"))
    return [
        Question(
            f"A photograph of {WIDTH} × {HEIGHT} pixels: its shorter side is resized to {SHORT}, "
            f"the longer one becomes {longer}, and the middle {CROP} × {CROP} are cut out. How "
            "many percent of it does the network never see? Give one decimal.",
            answer=lost,
            within=0.05,
            why=f"{CROP} · {CROP} of {longer} · {SHORT} pixels are left, so {lost:.1f} percent are "
            "gone, most of them at the left and at the right.",
            slips=(
                (100 - lost, "So many are kept. How many are cut away?"),
                (
                    100 * (1 - (CROP / SHORT) ** 2),
                    "So it would be for a square photograph. This one is wider.",
                ),
                (100 * (1 - CROP / SHORT), "Count pixels, not the length of one side."),
            ),
        ),
        Question(
            "Two classes have the logits 4 and 2, all others are far below. What is the "
            "probability of the first class at temperature 2, in percent? Give one decimal.",
            answer=100 * hot,
            within=0.05,
            why="4 / 2 and 2 / 2 differ by 1, so it is 1 / (1 + e⁻¹) = 73.1 percent.",
            slips=(
                (100 * plain, "That is at temperature 1. Divide the logits by 2 first."),
                (100 * plain / 2, "Divide the logits by T, not the probability."),
                (50, "They would be alike only at an endless temperature."),
            ),
        ),
        Question(
            "You raise the temperature from 1 to 3. Which class comes first now?",
            options=("The same as before", "The one that was second", "It cannot be known"),
            answer="The same as before",
            why="All logits are divided by the same number, so their order stays, and with it the "
            "order of the probabilities. A temperature makes an answer more or less sure, never "
            "another one.",
            slips=(
                ("The one that was second", "For that, its logit would have to pass the first."),
                ("It cannot be known", "Compare 4 / T with 2 / T for any T above 0."),
            ),
        ),
        Question(
            "One view of a picture gives a cat 98 % and a dog 2 %, another gives the cat 30 % and "
            "the dog 70 %. How many percent has the cat in the mean of the probabilities?",
            answer=by_shares,
            within=0.05,
            why=f"(98 + 30) / 2 = 64. The mean of the logits gives {by_logits:.0f}: there the view "
            "that is nearly sure counts more.",
            slips=(
                (by_logits, "That is the mean of the logits. Take that of the probabilities."),
                (36, "That is the dog."),
            ),
        ),
        Question(
            "A network gives five breeds of dog 15 % each and the tabby cat 25 %. Its first guess "
            "is the cat. What does it say of dogs?",
            options=("Dog, by 75 %", "Dog, by 15 %", "Nothing: it says cat"),
            answer="Dog, by 75 %",
            why="The classes exclude each other, so their probabilities add up: 5 · 15 = 75 %. The "
            "first guess can hide that the network is fairly sure of a kind.",
            slips=(
                ("Dog, by 15 %", "That is one breed. There are five of them."),
                ("Nothing: it says cat", "Look at all classes, not at the first one alone."),
            ),
        ),
    ]
