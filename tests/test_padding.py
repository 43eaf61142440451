"""Padding: what each name means, and what the added rows and columns hold."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.padding import pad2d, padding_sides
from tests.conv_cases import MODES

PAIR = st.tuples(st.integers(1, 7), st.integers(1, 7))


@pytest.mark.parametrize(
    ("padding", "sides"),
    [
        (0, ((0, 0), (0, 0))),
        (2, ((2, 2), (2, 2))),
        ((1, 2), ((1, 1), (2, 2))),
        ([1, 2], ((1, 1), (2, 2))),
        (((1, 2), (3, 4)), ((1, 2), (3, 4))),
        (((1, 2), 3), ((1, 2), (3, 3))),
        ((3, [1, 2]), ((3, 3), (1, 2))),
        ((np.int64(1), 0), ((1, 1), (0, 0))),
        ("valid", ((0, 0), (0, 0))),
        ("same", ((2, 2), (1, 2))),
        ("full", ((4, 4), (3, 3))),
    ],
)
def test_paddings_by_hand(padding, sides):
    found = padding_sides(padding, kernel_size=(3, 4), dilation=(2, 1))
    assert found == sides
    assert {type(number) for side in found for number in side} == {int}


def test_a_causal_padding_is_on_the_left_only():
    assert padding_sides("causal", kernel_size=(1, 4), dilation=(3, 2)) == ((0, 0), (6, 0))
    # A stride is no hindrance.
    assert padding_sides("causal", kernel_size=(1, 1), stride=(1, 2)) == ((0, 0), (0, 0))


@seed(1)
@given(kernel_size=PAIR, dilation=PAIR)
def test_same_keeps_the_size_and_adds_an_odd_rest_at_the_end(kernel_size, dilation):
    sides = padding_sides("same", kernel_size=kernel_size, dilation=dilation)
    for (before, after), k, d in zip(sides, kernel_size, dilation, strict=True):
        assert before + after == d * (k - 1)
        assert after - before in (0, 1)


@seed(2)
@given(kernel_size=PAIR, dilation=PAIR)
def test_full_lets_the_last_weight_meet_the_first_pixel(kernel_size, dilation):
    sides = padding_sides("full", kernel_size=kernel_size, dilation=dilation)
    for (before, after), k, d in zip(sides, kernel_size, dilation, strict=True):
        assert before == after == d * (k - 1)


@pytest.mark.parametrize(
    ("words", "padding", "layer"),
    [
        ("padding must be at least 0, got -1", -1, {}),
        ("padding must be at least 0, got -2", (0, (0, -2)), {}),
        ("padding must be at least 0, got -3", ((-3, 0), 0), {}),
        ("padding takes one number, two or two pairs, got 3 numbers", (1, 2, 3), {}),
        ("padding takes one number, two or two pairs, got 0 numbers", (), {}),
        ("padding takes one number, two or two pairs, got 1 numbers", (1, (2,)), {}),
        (
            "padding must be a number or one of valid, same, full, causal, got 'Same'",
            "Same",
            {},
        ),
        (
            "padding 'same' is defined for stride 1 only, the stride is 2: "
            "so it is in PyTorch (TensorFlow pads more); take stride 1, or padding as a number",
            "same",
            {"stride": (2, 2)},
        ),
        (
            "padding 'same' is defined for stride 1 only, the stride is 1 × 3: "
            "so it is in PyTorch (TensorFlow pads more); take stride 1, or padding as a number",
            "same",
            {"stride": (1, 3)},
        ),
        ("padding 'causal' is for sequences: take a kernel of height 1, not 3", "causal", {}),
    ],
)
def test_refusals_name_the_rule_the_value_and_the_way_out(words, padding, layer):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        padding_sides(padding, kernel_size=(3, 3), **layer)


@pytest.mark.parametrize("value", [1.0, None, True, b"1", (1, 2.0), ((1, "2"), 0)])
def test_the_wrong_kind_is_a_type_error(value):
    with pytest.raises(TypeError, match=r"^padding must be a whole number"):
        padding_sides(value, kernel_size=(3, 3))


@seed(3)
@settings(max_examples=300)
@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 5)),
    numbers=st.tuples(*[st.integers(0, 6)] * 4),
    mode=st.sampled_from(MODES),
)
def test_padding_is_torchs_and_refused_exactly_where_torch_refuses(shape, numbers, mode):
    x = np.random.default_rng(9).normal(size=shape)
    top, bottom, left, right = numbers
    try:
        torchs = torch.nn.functional.pad(
            torch.tensor(x),
            (left, right, top, bottom),
            mode={"zeros": "constant"}.get(mode, mode),
        ).numpy()
    except RuntimeError:
        with pytest.raises(InputError, match=f"^{mode} padding can add at most"):
            pad2d(x, sides=((top, bottom), (left, right)), padding_mode=mode)
    else:
        ours = pad2d(x, sides=((top, bottom), (left, right)), padding_mode=mode)
        assert ours.tolist() == torchs.tolist()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [(0, 0), (1, 0), (0, 2), (3, 4)])
def test_the_same_padding_on_opposite_sides_is_torchs(mode, padding):
    x = np.random.default_rng(9).normal(size=(2, 4, 5))
    names = {"zeros": "constant"}
    rows, columns = padding
    torchs = torch.nn.functional.pad(
        torch.tensor(x), (columns, columns, rows, rows), mode=names.get(mode, mode)
    )
    sides = padding_sides(padding, kernel_size=(1, 1))
    assert (pad2d(x, sides=sides, padding_mode=mode) == torchs.numpy()).all()


@pytest.mark.parametrize(
    ("words", "sides", "mode"),
    [
        ("reflect padding can add at most 1 to 2 rows, got 2", ((0, 2), (0, 0)), "reflect"),
        ("circular padding can add at most 3 to 3 columns, got 4", ((2, 2), (4, 0)), "circular"),
        (
            "padding_mode must be one of zeros, reflect, replicate, circular, got 'edge'",
            ((0, 0), (0, 0)),
            "edge",
        ),
    ],
)
def test_what_cannot_be_padded_is_refused_in_words(words, sides, mode):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        pad2d(np.ones((1, 2, 3)), sides=sides, padding_mode=mode)


@pytest.mark.parametrize(
    ("mode", "row"),
    [
        ("zeros", [0, 0, 1, 2, 3, 0]),
        ("reflect", [3, 2, 1, 2, 3, 2]),
        ("replicate", [1, 1, 1, 2, 3, 3]),
        ("circular", [2, 3, 1, 2, 3, 1]),
    ],
)
def test_modes_by_hand(mode, row):
    x = np.array([[[1.0, 2.0, 3.0]]])
    padded = pad2d(x, sides=((0, 0), (2, 1)), padding_mode=mode)
    assert padded.tolist() == [[row]]
    assert x.tolist() == [[[1, 2, 3]]]
