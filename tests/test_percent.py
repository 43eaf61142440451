"""Percentages are written one way."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.percent import finely, percent


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (1, "100"),
        (8 / 64, "12.5"),
        (0.25, "25"),
        (0.908, "90.8"),
        (1 / 3, "33.3"),
        (1e-9, "< 0.1"),
        (0.99999, "> 99.9"),
        (-0.5, "-50"),
    ],
)
def test_a_share_becomes_a_percentage(share: float, text: str) -> None:
    assert percent(share) == f"{text}\u202f%"


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "< 0.01\u202f%"),
        (0.00009, "< 0.01\u202f%"),
        (0.0001, "0.01\u202f%"),
        (0.0042, "0.42\u202f%"),
        (0.01, "1.0\u202f%"),
        (0.123, "12.3\u202f%"),
        (0.9994, "99.9\u202f%"),
        (0.9996, "> 99.9\u202f%"),
        (0.999999, "> 99.9\u202f%"),
        (1.0, "100\u202f%"),
    ],
)
def test_a_probability_in_words(probability, text):
    assert finely(probability) == text


@settings(max_examples=100)
@given(probability=st.floats(0, 1, exclude_max=True))
def test_no_probability_is_said_to_be_nothing_or_certain(probability):
    text = finely(probability)
    number = float(text.strip("<>% \u202f"))
    assert number > 0
    assert number < 100
    if text[0].isdigit():
        assert math.isclose(number, 100 * probability, abs_tol=0.0501)
