"""Normalisation written out: every line is computed again from its own text."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.norm_steps import (
    evaluation_lines,
    in_words,
    parse_numbers,
    response_lines,
    running_lines,
    training_lines,
)
from cnnlab.normalisation import RunningStatistics, batch_norm, local_response_norm


def value_of(text: str) -> float:
    """Compute a formula as a reader would."""
    plain = text.replace(",", "").replace("−", "-").replace("·", "*").replace("²", "**2")
    plain = plain.replace("^", "**").replace("√", "math.sqrt")
    assert re.fullmatch(r"[-+*/(). 0-9mathsqr]+", plain), plain
    return float(eval(plain, {"math": math}))


BATCHES = [[1, 3, 5, 7], [-2.5, 0, 4], [100, 200], [0.25, -0.125, 3, 3, 3, 8, 9, 10]]


@pytest.mark.parametrize("x", BATCHES)
def test_each_line_gives_its_result(x: list[float]) -> None:
    after, run = running_lines(RunningStatistics(-0.5, 2), x, momentum=0.1)
    train = training_lines(x, gamma=-2, beta=0.5, eps=1e-5)
    test = evaluation_lines(x, mean=after.mean, var=after.var, gamma=2, beta=-1, eps=1e-5)
    assert len(train) == 2 + 2 * len(x)
    assert len(test) == 2 * len(x)
    for line in [*train, *run, *test]:  # numbers are rounded to five digits before they go on
        found, said = value_of(line.numbers), value_of(line.result)
        assert found == pytest.approx(said, rel=1e-3, abs=1e-3), line


@pytest.mark.parametrize("x", BATCHES)
def test_the_last_column_is_the_functions(x: list[float]) -> None:
    lines = training_lines(x, gamma=2, beta=1, eps=1e-3)
    want = batch_norm(np.array(x)[:, None], gamma=2, beta=1, eps=1e-3).ravel()
    assert [line.result for line in lines if line.quantity[0] == "y"] == list(map(in_words, want))
    kinds = {"size": 3, "alpha": 0.5, "beta": 0.75, "k": 2.0, "divide_alpha": True}
    lines = response_lines(x, **kinds)
    assert [line.result for line in lines] == list(map(in_words, local_response_norm(x, **kinds)))


@pytest.mark.parametrize("divide_alpha", [True, False])
@pytest.mark.parametrize("size", [1, 3, 4, 5, 9])
def test_responses_are_written_with_their_neighbours(size: int, divide_alpha: bool) -> None:
    x = [1.0, -2.0, 3.0, 4.0, 0.0]
    for line in response_lines(x, size=size, alpha=0.1, beta=0.5, k=1, divide_alpha=divide_alpha):
        assert value_of(line.numbers) == pytest.approx(value_of(line.result), rel=1e-4)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1e-17, "0"),
        (1e-5, "0.00001"),
        (-1.5, "−1.5"),
        (2 / 3, "0.66667"),
        (1234.56, "1234.6"),
        (2338569.27, "2,338,569"),
        (10, "10"),
    ],
)
def test_numbers_for_reading(number: float, text: str) -> None:
    assert in_words(number) == text


@pytest.mark.parametrize(
    "text", ["1 3 5 7", " 1; 3;5 ;7 ", "1, 3, 5, 7", "1.0 +3 5. 7e0", "1,3,5,7"]
)
def test_a_text_of_numbers(text: str) -> None:
    assert parse_numbers(text, name="the batch", most=4) == [1, 3, 5, 7]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the batch must have 1 to 4 numbers, got 0"),
        ("1 2 3 4 5", "got 5"),
        ("1 x", "“x” in the batch is no number; write a point for decimals, and spaces or"),
        ("nan", "“nan” in the batch is no number"),
        ("1e400", "“1e400” in the batch is too large"),
        ("1e308", "“1e308” in the batch is too large"),
        ("99999999999", "from −10,000 to 10,000"),
        ("1" * 400, "“111111111111…” in the batch is too large"),
        ("²", "is no number"),
        ("1.2.3", "is no number"),
    ],
)
def test_what_is_no_list_of_numbers(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_numbers(text, name="the batch", most=4)


def test_a_batch_of_one_has_no_lines_in_training() -> None:
    with pytest.raises(InputError, match="more than one value"):
        training_lines([3.0], gamma=1, beta=0, eps=1e-5)
    with pytest.raises(InputError, match="more than one value"):
        running_lines(RunningStatistics(), [3.0], momentum=0.1)
    assert evaluation_lines([3.0], mean=1, var=4, gamma=1, beta=0, eps=0)[1].result == "1"
