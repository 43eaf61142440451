"""Ask questions whose answers the page checks at once, in the browser."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from cnnlab.questions import Question
from cnnlab.ui import layout
from cnnlab.ui.component import component, readings_script

__all__ = ["quiz"]

_component = component(Path(__file__).parent, arithmetic=readings_script())


def quiz(questions: list[Question], *, key: str) -> None:
    """Draw the exercises of a lesson; the lecture view leaves them out.

    Parameters
    ----------
    questions : list of Question
        In the order in which they are asked.
    key : str
        The component's key, ``<page>_quiz``.
    """
    if layout.is_lecture():
        return
    asked = [asdict(question) for question in questions]
    for entry, question in zip(asked, questions, strict=True):
        number = not question.options
        entry["answer"] = float(question.answer) if number else question.answer
    _component(data={"questions": asked}, key=key)
