"""Recipes of an augmentation, counts of crops, mixed labels, and the words for what was drawn."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.augmentation import (
    CHANGES,
    FLIPS,
    Change,
    crop_count,
    describe,
    mixed_label,
    mixed_loss,
)
from cnnlab.checks import InputError
from cnnlab.exercises.augmentation import questions


@given(st.integers(1, 12), st.integers(1, 12))
def test_crops_are_counted_as_by_listing_them(size, crop):
    places = [
        (top, left)
        for top in range(size)
        for left in range(size)
        if top + crop <= size and left + crop <= size
    ]
    if places:
        assert crop_count(size, crop, flips=1) == len(places)
        assert crop_count(size, crop) == 2 * len(places)
    else:
        with pytest.raises(InputError):
            crop_count(size, crop)


def test_the_count_of_the_lectures_is_one_place_short():
    assert crop_count(256, 224) == 33 * 33 * 2 == 2178
    assert 32 * 32 * 2 == 2048


@given(st.floats(0, 1))
def test_a_mixed_label_adds_up_to_one(lam):
    label = mixed_label("cat", "cup", lam)
    assert sum(label.values()) == pytest.approx(1)
    assert label["cat"] == lam


@pytest.mark.parametrize("lam", [-0.1, 1.1, math.nan])
def test_a_lambda_beyond_its_range_is_refused(lam):
    with pytest.raises(InputError, match="lambda must be from 0 to 1"):
        mixed_label("cat", "cup", lam)


@given(st.floats(0, 1), st.floats(-5, 5), st.floats(-5, 5))
def test_the_loss_is_torchs(lam, first, second):
    logits = torch.tensor([[first, second]], dtype=torch.float64)
    want = torch.nn.functional.cross_entropy(logits, torch.tensor([[lam, 1 - lam]]).double())
    cat, cup = logits.softmax(1)[0].tolist()
    got = mixed_loss(mixed_label("cat", "cup", lam), {"cat": cat, "cup": cup})
    assert got == pytest.approx(float(want), abs=1e-6)  # the target passes through float32


@pytest.mark.parametrize("name", CHANGES)
def test_settings_have_defaults_and_ends(name):
    assert Change(name).keywords.keys() >= CHANGES[name].keys()
    for setting, about in CHANGES[name].items():
        assert about.low <= about.default <= about.high
        for value in (about.low, about.high):
            assert Change(name, ((setting, value),)).keywords[setting] == value
        for value in (about.low - 0.01, about.high + 0.01, math.nan):
            with pytest.raises(InputError, match=f"{setting} of {name} must be from"):
                Change(name, ((setting, value),))


def test_what_there_is_not_is_refused():
    with pytest.raises(InputError, match="there is no change 'blur'"):
        Change("blur")
    with pytest.raises(InputError, match="flip has no setting 'degrees'"):
        Change("flip", (("degrees", 3.0),))
    with pytest.raises(InputError, match="direction must be one of left-right"):
        Change("flip", direction="inside out")
    assert Change("flip", direction=FLIPS[2]).keywords == {"direction": "both", "p": 0.5}


def test_what_was_drawn_in_words():
    assert describe("flip", {"sideways": True, "upright": True}) == "left-right and up-down"
    assert describe("flip", {"sideways": False, "upright": False}) == "left as it is"
    assert describe("rotate", {"angle": 20.0}) == "20.0° anticlockwise"
    field = torch.zeros(1, 8, 8, 2)
    field[0, 3, 3] = torch.tensor([0.75, 1.0])  # 3 and 4 pixels of 8
    assert describe("elastic", {"field": field}) == "moved by up to 5.0 pixels"


def test_the_exercises():
    crops, loss, digits = questions()
    assert crops.answer == 2178
    assert {slip for slip, _ in crops.slips} == {2048, 1089}
    assert loss.answer == pytest.approx(-(0.7 * math.log(0.6) + 0.3 * math.log(0.3)))
    assert round(float(loss.answer), 2) == 0.72
    assert digits.answer == "Turn by 10°"
    for question in (crops, loss):
        for slip, _ in question.slips:
            assert abs(float(slip) - float(question.answer)) > question.within
