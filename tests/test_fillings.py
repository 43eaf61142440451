"""What a name and a shape stand for: the same numbers every time, whatever the shape."""

import re

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab import images, samples
from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.fillings import (
    KERNEL_NAMES,
    filled_input,
    filled_weight,
    natural_shape,
    overlaid,
    photograph,
)
from cnnlab.kernels import KERNELS

SHAPE = st.tuples(st.integers(1, 4), st.integers(1, 16), st.integers(1, 16))
WEIGHT_SHAPE = st.tuples(*[st.integers(1, 4)] * 2, *[st.integers(1, 7)] * 2)
INPUTS = [*EXAMPLES, "random.1", "random.7"]
WEIGHTS = [*KERNEL_NAMES, "random.1", "random.7"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_in_its_own_shape_is_itself(name):
    shape = natural_shape(name)
    assert shape == EXAMPLES[name].values.shape
    assert filled_input(name, shape).tolist() == EXAMPLES[name].values.tolist()


def test_what_has_no_shape_of_its_own():
    assert natural_shape("random.3") is None
    assert natural_shape("own") is None
    assert natural_shape("photo.cat") == natural_shape("photo.cat.3.5") == (1, 12, 12)


@seed(1)
@settings(max_examples=150)
@given(name=st.sampled_from(INPUTS), shape=SHAPE)
def test_an_example_is_cut_off_or_continued_by_random_numbers(name, shape):
    values = filled_input(name, shape)
    assert values.shape == shape
    assert values.dtype == np.float64
    random = name if name.startswith("random") else "random.1"
    expected = filled_input(random, shape)
    if name in EXAMPLES:
        example = EXAMPLES[name].values
        for place in np.ndindex(*(min(a, b) for a, b in zip(shape, example.shape, strict=True))):
            expected[place] = example[place]
    assert values.tolist() == expected.tolist()


@seed(2)
@settings(max_examples=100)
@given(
    seed=st.integers(0, 999_999),
    small=SHAPE,
    large=SHAPE,
    few=WEIGHT_SHAPE,
    many=WEIGHT_SHAPE,
)
def test_a_larger_shape_keeps_the_random_numbers_of_a_smaller_one(seed, small, large, few, many):
    for fill, a, b, low, high in (
        (filled_input, small, large, 0, 3),
        (filled_weight, few, many, -1, 1),
    ):
        one, two = (fill(f"random.{seed}", shape) for shape in (a, b))
        common = tuple(slice(0, min(n, m)) for n, m in zip(a, b, strict=True))
        assert (one[common] == two[common]).all()
        assert (one == one.round()).all()
        assert low <= one.min() <= one.max() <= high


def test_random_numbers_take_every_value_and_differ_from_seed_to_seed():
    values = filled_input("random.1", (4, 16, 16))
    weights = filled_weight("random.1", (4, 4, 7, 7))
    assert np.unique(values).tolist() == [0, 1, 2, 3]
    assert np.unique(weights).tolist() == [-1, 0, 1]
    assert (values != filled_input("random.2", (4, 16, 16))).any()
    assert (weights != filled_weight("random.2", (4, 4, 7, 7))).any()


def test_random_numbers_stay_what_they_are():
    """Links promise them; another generator would change what a shared link shows."""
    assert filled_input("random.1", (1, 2, 5)).tolist() == [[[1, 2, 3, 3, 0], [2, 2, 0, 0, 3]]]
    assert filled_weight("random.1", (1, 1, 2, 3)).tolist() == [[[[0, 0, 1], [0, 0, -1]]]]


@seed(3)
@settings(max_examples=150)
@given(name=st.sampled_from(WEIGHTS), shape=WEIGHT_SHAPE)
def test_a_classic_kernel_stands_in_the_middle_of_every_first_slice(name, shape):
    weight = filled_weight(name, shape)
    assert weight.shape == shape
    assert weight.dtype == np.float64
    if name.startswith("random") or name == "volume":
        return
    values = KERNELS[KERNEL_NAMES[name]].values
    expected = np.zeros(shape[2:])
    # Compare cell by cell: the offset of the middles, rounded towards the first cell.
    offsets = [
        (want - have) // 2 if want >= have else -((have - want) // 2)
        for have, want in zip(values.shape, shape[2:], strict=True)
    ]
    for row, column in np.ndindex(*shape[2:]):
        i, j = row - offsets[0], column - offsets[1]
        if 0 <= i < values.shape[0] and 0 <= j < values.shape[1]:
            expected[row, column] = values[i, j]
    assert (weight[0] == expected).all()
    assert (weight[1:] == filled_weight("random.1", shape)[1:]).all()


@pytest.mark.parametrize("name", KERNEL_NAMES)
def test_a_kernel_in_its_own_shape_is_itself(name):
    assert re.fullmatch("[a-z]+(-[a-z]+)*", name)  # it stands in links
    if name != "volume":
        values = KERNELS[KERNEL_NAMES[name]].values
        assert filled_weight(name, (1, 1, *values.shape)).tolist() == [[values.tolist()]]


def test_every_classic_kernel_has_a_name_for_links():
    assert set(KERNEL_NAMES.values()) == {*KERNELS, "volume"}


def test_the_volume_kernel_is_that_of_the_worked_example():
    filters = [  # filter, row, column, channel
        [
            [[-1, 0, 1], [1, -1, 0], [0, 1, -1]],
            [[0, 1, -1], [-1, 0, 1], [1, -1, 0]],
            [[1, -1, 0], [0, 1, -1], [-1, 0, 1]],
        ],
        [
            [[0, 1, -1], [-1, 0, 1], [1, -1, 0]],
            [[1, -1, 0], [0, 1, -1], [-1, 0, 1]],
            [[-1, 0, 1], [1, -1, 0], [0, 1, -1]],
        ],
    ]
    expected = np.array(filters).transpose(0, 3, 1, 2)
    assert filled_weight("volume", (2, 3, 3, 3)).tolist() == expected.tolist()
    larger = filled_weight("volume", (3, 4, 4, 4))
    assert larger[:2, :3, :3, :3].tolist() == expected.tolist()
    assert larger[2].tolist() == filled_weight("random.1", (3, 4, 4, 4))[2].tolist()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_photograph_is_the_picture_shrunk_or_pixels_cut_out_of_it(channels):
    kind = "grey" if channels == 1 else "rgb"
    cat = samples.sample("cat")
    shrunk = images.to_array(images.shrink(cat, size=(8, 9)), channels=kind).round()
    part = images.patch(cat, top=30, left=50, height=8, width=9)
    shape = (channels, 8, 9)
    assert filled_input("photo.cat", shape).tolist() == shrunk.tolist()
    assert photograph("cat", shape).tolist() == shrunk.tolist()
    cut = filled_input("photo.cat.30.50", shape)
    assert cut.tolist() == images.to_array(part, channels=kind).round().tolist()
    assert (cut == cut.round()).all()
    assert 0 <= cut.min() < cut.max() <= 255


@pytest.mark.parametrize(
    ("words", "name", "shape"),
    [
        ("there is no input 'cat'; known are binary, grey, edge, pixel, ", "cat", (1, 2, 2)),
        ("there is no input 'own'; known are ", "own", (1, 2, 2)),
        ("a seed is a whole number from 0 to 999999, got ''", "random", (1, 2, 2)),
        ("a seed is a whole number from 0 to 999999, got '-1'", "random.-1", (1, 2, 2)),
        ("a seed is a whole number from 0 to 999999, got '1000000'", "random.1000000", (1, 2, 2)),
        ("a seed is a whole number from 0 to 999999, got '٣'", "random.٣", (1, 2, 2)),
        ("a seed is a whole number from 0 to 999999, got '1.5'", "random.1.5", (1, 2, 2)),
        (
            "a photograph has 1 channel (grey) or 3 (red, green, blue), not 2",
            "photo.cat",
            (2, 4, 4),
        ),
        ("there is no sample 'dog', choose one of cat, ", "photo.dog", (1, 4, 4)),
        ("there is no sample '', choose one of ", "photo", (1, 4, 4)),
        ("no place in a photograph: '3'", "photo.cat.3", (1, 4, 4)),
        ("no place in a photograph: 'a.b'", "photo.cat.a.b", (1, 4, 4)),
        ("no place in a photograph: '1.2.3'", "photo.cat.1.2.3", (1, 4, 4)),
        ("top must be at most 296, got 297", "photo.cat.297.0", (1, 4, 4)),
        ("left must be at least 0, got -1", "photo.cat.0.-1", (1, 4, 4)),
    ],
)
def test_what_is_no_input_is_refused_in_words(words, name, shape):
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        filled_input(name, shape)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("there is no kernel 'Sobel x'; known are cross, identity, ", "Sobel x"),
        ("there is no kernel ''; known are ", ""),
        ("a seed is a whole number from 0 to 999999, got 'x'", "random.x"),
    ],
)
def test_what_is_no_kernel_is_refused_in_words(words, name):
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        filled_weight(name, (1, 1, 3, 3))


def test_overlaid_reaches_as_far_as_both_and_copies():
    ground, top = np.zeros((2, 3)), np.ones((3, 2))
    assert overlaid(ground, top).tolist() == [[1, 1, 0], [1, 1, 0]]
    assert not ground.any()


@pytest.mark.parametrize("name", WEIGHTS)
def test_who_changes_a_filling_changes_only_a_copy(name):
    filled_weight(name, (1, 1, 3, 3))[:] = 99
    assert filled_weight(name, (1, 1, 3, 3)).max() < 50
