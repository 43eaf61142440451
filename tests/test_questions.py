"""Questions: what cannot be asked."""

from __future__ import annotations

import pytest

from cnnlab.questions import Question


def test_the_answer_is_one_of_the_options() -> None:
    with pytest.raises(ValueError, match="'c' is none of the options"):
        Question("Which?", "c", "Because.", options=("a", "b"))


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), "many"])
def test_a_number_is_finite(answer: float | str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - float() says it in its own words
        Question("How many?", answer, "Because.")
