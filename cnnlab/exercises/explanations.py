"""Exercises on the family of explanations."""

from __future__ import annotations

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
    ]
