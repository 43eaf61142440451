"""Exercises that check themselves: a question, its answer, and what helps on."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["Question"]


@dataclass(frozen=True)
class Question:
    """One exercise.

    Parameters
    ----------
    asks : str
        The question, in plain text.
    answer : float or str
        A number, or the option that is right. Compute it with the lab's own functions.
    why : str
        What is said once the answer is right, or when a learner asks to see it.
    options : tuple of str
        What can be chosen; empty where a number is to be typed.
    slips : tuple of (float or str, str)
        Answers that are often given, each with a sentence that helps on.
    within : float
        How far a number may lie from the answer; half of its last digit that is asked for.

    Raises
    ------
    ValueError
        If the right answer is none of the options, or a number is asked for and is none.
    """

    asks: str
    answer: float | str
    why: str
    options: tuple[str, ...] = ()
    slips: tuple[tuple[float | str, str], ...] = ()
    within: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a question that nobody could answer."""
        if self.options and self.answer not in self.options:
            raise ValueError(f"{self.answer!r} is none of the options of {self.asks!r}")
        if not self.options and not math.isfinite(float(self.answer)):
            raise ValueError(f"the answer of {self.asks!r} is no number")
