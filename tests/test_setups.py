"""One layer and its input: its size and its steps, and what cannot be shown."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings

from cnnlab.checks import InputError
from cnnlab.links import setup_from_link
from cnnlab.setup_changes import change, edit
from cnnlab.setups import MOST_PRODUCTS, MOST_STEPS, output_size, trace_setup
from tests.conv_cases import CLOSE, Case, Transposed
from tests.setup_cases import fault, setups

PADDINGS = ("padding_top", "padding_bottom", "padding_left", "padding_right")
START = setup_from_link({})

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


# Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        (
            "a transposed convolution has no padding 'same': give it as a number",
            {"padding": "same"},
        ),
        (
            "the padding of a transposed convolution is the same on opposite sides, got 1 and 0, "
            "0 and 0",
            {"padding_top": 1},
        ),
        (
            "the padding of a transposed convolution is the same on opposite sides, got 0 and 0, "
            "0 and 2",
            {"padding_right": 2},
        ),
        (
            "a transposed convolution has no padding mode 'reflect': take zeros",
            {"padding_mode": "reflect"},
        ),
        (
            "padding 4 takes 8 rows away from an output of 7: take less padding, or a larger "
            "kernel",
            {name: 4 for name in PADDINGS},
        ),
        (
            "padding 4 takes 8 columns away from an output of 7: take less padding, or a larger "
            "kernel",
            {"padding_left": 4, "padding_right": 4},
        ),
    ],
)
def test_what_a_transposed_layer_does_not_have_is_refused(words, fields):
    setup = change(START, operation="transposed", **fields)
    for function in (output_size, trace_setup):
        with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
            function(setup)


def test_a_transposed_layer_takes_no_padding_under_its_name_too():
    setup = change(START, operation="transposed", padding="valid")
    assert output_size(setup) == (7, 7)


# The layer runs ------------------------------------------------------------------------------


@seed(6)
@settings(max_examples=250)
@given(setup=setups())
def test_the_steps_are_those_of_torch(setup):
    try:
        trace = trace_setup(setup)
    except InputError:
        return
    assert trace.result.values.shape == (setup.filters, *output_size(setup))
    kind = Transposed if setup.is_transposed else Case
    bias = None if setup.bias is None else np.array(setup.bias)
    maps = kind(setup.x, setup.weight, bias, setup.layer()).torchs()
    scale = max(1.0, np.abs(trace.products).max())  # numbers up to a million
    np.testing.assert_allclose(trace.before / scale, maps.ravel() / scale, **CLOSE)
    torchs = {
        "none": lambda z: z,
        "relu": torch.relu,
        "leaky_relu": torch.nn.functional.leaky_relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
    }
    expected = torchs[setup.activation](torch.tensor(trace.before)).numpy()
    np.testing.assert_allclose(trace.totals, expected, rtol=1e-13, atol=1e-300)
    assert trace.has_bias == (setup.bias is not None)
    assert (trace.source.as_grey == (0, 255)) == setup.is_photograph


@seed(7)
@settings(max_examples=250)
@given(setup=setups(edits=0))
def test_the_size_is_known_without_the_steps_and_refused_in_the_same_words(setup):
    words = fault(setup)
    try:
        said = "" if min(output_size(setup)) >= 1 else "a size of 0"
    except InputError as error:
        said = str(error)
    assert said in ("", words)


def test_a_photograph_is_grey_or_red_green_and_blue():
    grey = change(START, input="photo.cat", height=8, width=8)
    assert grey.is_photograph
    assert trace_setup(grey).source.planes == ("channel 0",)
    colour = trace_setup(change(grey, channels=3))
    assert colour.source.planes == ("red", "green", "blue")
    assert colour.source.as_grey == (0, 255)
    edited = edit(grey, "input", [(0, 1.0)])
    assert edited.is_photograph
    assert trace_setup(edited).source.as_grey == (0, 255)
    for value in (-1.0, 256.0):
        assert not edit(edited, "input", [(0, value)]).is_photograph
    assert not edit(START, "input", [(0, 1.0)]).is_photograph
    assert trace_setup(change(START, channels=3)).source.planes[0] == "channel 0"


def test_what_the_player_cannot_show_is_refused_with_the_numbers():
    large = change(START, height=16, width=16, filters=4, operation="transposed", kernel_height=1)
    large = change(large, kernel_width=1, stride_rows=8, stride_columns=2)
    assert output_size(large) == (121, 31)
    words = (
        "this layer writes 4 × 121 × 31 numbers from 15,004 products; the player shows at most "
        "8,192 from 1,600,000: take a smaller input, padding or kernel"
    )
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        trace_setup(large)


def test_the_player_shows_as_many_steps_as_it_says():
    # 2 filters × 64 rows × 64 columns
    fields = {"height": 16, "width": 16, "kernel_height": 1, "kernel_width": 1, "filters": 2}
    setup = change(START, operation="transposed", stride_rows=4, stride_columns=4, **fields)
    setup = change(setup, output_padding_rows=3, output_padding_columns=3)
    assert output_size(setup) == (64, 64)
    assert MOST_STEPS == 2 * 64 * 64
    assert len(trace_setup(setup)) == MOST_STEPS
    with pytest.raises(InputError, match=r"^this layer writes 3 × 64 × 64 numbers"):
        trace_setup(change(setup, filters=3))


def test_the_player_shows_as_many_products_as_it_says():
    setup = change(
        START,
        operation="transposed",
        height=16,
        width=16,
        channels=4,
        filters=4,
        kernel_height=7,
        kernel_width=7,
        stride_rows=2,
        stride_columns=4,
        output_padding_rows=1,
        output_padding_columns=3,
        **dict.fromkeys(PADDINGS, 3),
    )
    assert output_size(setup) == (32, 64)
    assert MOST_STEPS == 4 * 32 * 64
    assert 4 * 32 * 64 * 4 * 49 > MOST_PRODUCTS > 4 * 31 * 64 * 4 * 49
    with pytest.raises(InputError, match=r"^this layer writes 4 × 32 × 64 numbers from 1,605,632 "):
        trace_setup(setup)
    # A row less, or half as many products a step, and it can be shown.
    fewer = trace_setup(change(setup, output_padding_rows=0))
    assert fewer.products.size == 4 * 31 * 64 * 4 * 49
    assert trace_setup(change(setup, groups=2)).products.size == 4 * 32 * 64 * 2 * 49
