"""Shift and count: the book's figure, other shifts, and the expected share by simulation."""

from fractions import Fraction

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.shifting import changed, expected_change, shift_and_pool, shifted_view

STRIP = [[0.3, 0.1, 1.0, 0.2, 0.1]]
ROW = {"width": 4, "kernel_size": (1, 3), "stride": (1, 1), "padding": (0, 1)}


def test_the_figure_of_the_book():
    found = shift_and_pool(STRIP, shift=1, **ROW)
    assert found.before.tolist() == [[0.1, 1.0, 0.2, 0.1]]
    assert found.after.tolist() == [[0.3, 0.1, 1.0, 0.2]]
    assert found.pooled_before.tolist() == [[1.0, 1.0, 1.0, 0.2]]
    assert found.pooled_after.tolist() == [[0.3, 1.0, 1.0, 1.0]]
    assert found.inputs_changed.tolist() == [[True] * 4]
    assert found.outputs_changed.tolist() == [[True, False, False, True]]


def test_without_a_shift_nothing_changes():
    found = shift_and_pool(STRIP, shift=0, **ROW)
    assert not found.inputs_changed.any()
    assert not found.outputs_changed.any()


def test_averages_leave_the_padding_out():
    found = shift_and_pool([[9, 3, 6]], shift=1, average=True, **{**ROW, "width": 2})
    assert found.pooled_before.tolist() == [[4.5, 4.5]]
    assert found.pooled_after.tolist() == [[6.0, 6.0]]


@pytest.mark.parametrize("window", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("shift", [0, 1, 2, 5])
def test_the_expected_share_is_what_random_rows_show(window, shift):
    strip = np.random.default_rng(1).normal(size=(1, 60_000 + shift))
    found = shift_and_pool(strip, width=60_000, shift=shift, kernel_size=(1, window), stride=(1, 1))
    share = found.outputs_changed.mean()
    # Of 60,000 windows about 60,000 / window are independent: 4 standard deviations are 0.022.
    assert share == pytest.approx(float(expected_change(window, shift)), abs=0.022)


def test_half_of_the_maxima_over_three():
    assert expected_change(3, 1) == Fraction(1, 2)
    assert expected_change(3, 3) == expected_change(3, 9) == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: shifted_view(STRIP, 4, 2), "shift must be at most 1, got 2"),
        (lambda: shifted_view(STRIP, 6, 0), "width must be at most 5, got 6"),
        (lambda: changed([1], [1, 2]), "maps of one size"),
        (lambda: expected_change(0, 1), "window must be at least 1"),
        (lambda: expected_change(1, -1), "shift must be at least 0"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
