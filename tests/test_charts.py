"""Bars of weights: data, order, axes; probabilities in words."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.figures.charts import percent, weight_bars
from cnnlab.figures.theme import ROLES


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
    assert percent(probability) == text


@settings(max_examples=100)
@given(probability=st.floats(0, 1, exclude_max=True))
def test_no_probability_is_said_to_be_nothing_or_certain(probability):
    text = percent(probability)
    number = float(text.strip("<>% \u202f"))
    assert number > 0
    assert number < 100
    if text[0].isdigit():
        assert math.isclose(number, 100 * probability, abs_tol=0.0501)


def test_weights_are_signed_bars_around_zero():
    figure = weight_bars([7, 3, 11], [0.5, -0.25, 0.0])
    (bars,) = figure.data
    assert bars.orientation == "h"
    assert list(bars.x) == [0.5, -0.25, 0.0]
    assert list(bars.y) == ["map 7", "map 3", "map 11"]
    assert figure.layout.xaxis.title.text == "weight"
    assert figure.layout.xaxis.zeroline is True
    assert figure.layout.xaxis.range is None  # both signs find room
    assert figure.layout.yaxis.autorange == "reversed"


def test_colours_follow_the_role():
    assert weight_bars([0], [1.0]).data[0].marker.color == ROLES["kernel"].figure


def test_a_finger_that_scrolls_the_page_does_not_move_the_axes():
    figure = weight_bars([0], [1.0])
    assert figure.layout.xaxis.fixedrange is True
    assert figure.layout.yaxis.fixedrange is True
