"""Drawings in links: exactly the same pixels come back, and nothing else is taken for one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab import digits
from cnnlab.checks import InputError
from cnnlab.digit_link import drawing_from_text, drawing_to_text


def test_by_hand():
    drawing = np.zeros((28, 28), np.uint8)
    drawing[0, :3] = 255
    drawing[0, 3] = 128
    # 255 three times; 128; 780 zeros: 255 + 255 + 255 + 15
    assert drawing_to_text(drawing) == "_wOAAP8A_wD_AA8"


def test_samples_come_back_and_are_short():
    for name in digits.SAMPLES:
        pixels = np.asarray(digits.sample_digit(name))
        text = drawing_to_text(pixels)
        np.testing.assert_array_equal(drawing_from_text(text), pixels)
        assert len(text) < 450
        assert text.replace("-", "").replace("_", "").isalnum()


@given(st.lists(st.sampled_from([0, 1, 77, 254, 255]), min_size=784, max_size=784))
def test_any_drawing_comes_back(values):
    pixels = np.array(values, np.uint8).reshape(28, 28)
    text = drawing_to_text(pixels)
    np.testing.assert_array_equal(drawing_from_text(text), pixels)
    assert len(text) <= 4 * 784 // 3 * 2


DAMAGED = [
    "",
    "A",
    "AP8A_wD_ABI",  # one pixel too few
    "AP8A_wD_ABMA",  # a run without its length
    "AP8A_wD_ABN_",  # one pixel too many
    "AAAA",  # a run of no length
    "A" * 3000,
    "AP8A_wD/ABM",
    "AP8A_wD_ABM=",
    "_w",
    "A P8",
    "é" * 8,
    "<script>",
]


@pytest.mark.parametrize("text", DAMAGED)
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(InputError, match="the drawing in the link is damaged"):
        drawing_from_text(text)
