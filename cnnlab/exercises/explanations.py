"""Exercises on the family of explanations."""

from __future__ import annotations

import numpy as np

from cnnlab.questions import Question

__all__ = ["passed_back", "questions"]


def passed_back(rule: str, *, x: float, above: float) -> float:
    """Return what a ReLU with the input x passes back of the signal `above`, by one rule."""
    if rule in ("gradient", "guided") and x <= 0:
        return 0.0
    if rule in ("guided", "deconvnet") and above < 0:
        return 0.0
    return above


def questions() -> list[Question]:
    """Return the exercises of the lesson that compares explanations."""
    from cnnlab.trust import TOLERANCE, Curve, point

    fall = Curve(np.linspace(0, 1, 5), np.array([0.8, 0.4, 0.2, 0.2, 0.0]))
    area = round(fall.area, 6)
    forgot = {"Grad-CAM": 0.13, "Saliency": 0.30, "Guided backpropagation": 0.58}
    stays = max(forgot, key=lambda method: forgot[method])
    peak = np.zeros((10, 10))
    peak[4, 2] = 1.0  # its middle lies at x = 25, y = 45
    pointed = point(peak, [(36, 20, 80, 70)], view=(0, 0, 100, 100))
    score, grey = 14.2, 2.5
    on_path = round(score - grey, 6)
    return [
        Question(
            "A ReLU got x = −1.5. On the way back, 0.8 comes from above. What does guided "
            "backpropagation pass on?",
            answer=passed_back("guided", x=-1.5, above=0.8),
            why="The ReLU was closed, x ≤ 0: guided backpropagation passes nothing, as the "
            "gradient does.",
            slips=(
                (0.8, "That is the deconvnet: it looks only at the sign of what comes back."),
                (-1.2, "Nothing is multiplied: a ReLU passes all or nothing."),
            ),
        ),
        Question(
            "The same ReLU, x = −1.5, and 0.8 from above. What does the deconvnet pass on?",
            answer=passed_back("deconvnet", x=-1.5, above=0.8),
            why="The deconvnet puts a ReLU on the way back and forgets the one on the way there: "
            "0.8 is positive, so it passes.",
            slips=((0.0, "That is the gradient. The deconvnet does not ask if x was positive."),),
        ),
        Question(
            f"A class has the score {score} for the picture and {grey} for a grey one. To what do "
            "all numbers of integrated gradients add up, if the path is followed exactly?",
            answer=on_path,
            why=f"To the change of the score: {score} − {grey} = {on_path:g} (completeness).",
            slips=(
                (score, "That would need a score of 0 for the grey picture."),
                (score + grey, "The change is a difference."),
            ),
        ),
        Question(
            "A layer has 512 feature maps of 13 × 13. How many forward passes does Ablation-CAM "
            "need, with one more for the picture as it is?",
            answer=512 + 1,
            why="Each of the 512 maps is switched off once, whatever its size: 512 + 1.",
            slips=(
                (512 * 169 + 1, "A whole map is switched off at once, not one cell."),
                (1, "That is Grad-CAM: it needs the gradient instead."),
                (2, "That is Grad-CAM's way there and back."),
            ),
        ),
        Question(
            "Deletion: with 0, 25, 50, 75 and 100 % of the pixels turned grey, the class has the "
            "probability 0.8, 0.4, 0.2, 0.2 and 0. What is the area under the curve, by the "
            "trapezium rule?",
            answer=area,
            why="Each strip is 0.25 wide and as high as the mean of its two ends: "
            f"0.25 · (0.6 + 0.3 + 0.2 + 0.1) = {area:g}.",
            slips=(
                (
                    round(float(fall.probabilities.mean()), 6),
                    "That is the mean of the five numbers; the two ends count half.",
                ),
                (round(4 * fall.area, 6), "A strip is a quarter wide, not 1."),
            ),
            within=0.005,
        ),
        Question(
            "All layers of SqueezeNet get random numbers in steps. The maps of the cat then have "
            "these mean rank correlations with the first ones: "
            + ", ".join(f"{method} {value:.2f}" for method, value in forgot.items())
            + ". Which map says least about what the network has learnt?",
            answer=stays,
            options=tuple(forgot),
            why=f"{stays}: much of its map stays while the network forgets everything; that part "
            "cannot come from what it had learnt. It comes from the picture's edges.",
            slips=(
                (
                    "Grad-CAM",
                    "Its map changes most: it depends on the weights. That alone does not make it "
                    "right.",
                ),
            ),
        ),
        Question(
            "Pointing game: a map is largest at x = 25, y = 45. The object's box goes from x = 36 "
            f"to 80 and from y = 20 to 70. The tolerance is {TOLERANCE:.0f} pixels. Hit or miss?",
            answer="hit" if pointed.hit else "miss",
            options=("hit", "miss"),
            why=f"The box is {pointed.distance:.0f} pixels away, and up to {TOLERANCE:.0f} count.",
            slips=(("miss", "Outside the box, but how far?"),),
        ),
    ]
