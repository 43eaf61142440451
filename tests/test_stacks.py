"""Stacks as texts: what is read, what is refused, and facts about the examples."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.cost import LayerError
from cnnlab.layers import Conv2d, Pool2d
from cnnlab.receptive import ReceptiveField, receptive_field, receptive_fields
from cnnlab.stacks import (
    EXAMPLES,
    MOST_LAYERS,
    derive_field,
    fitting_size,
    output_sizes,
    parse_stack,
    rivals,
    write_stack,
)

CONV = st.builds(
    Conv2d,
    st.just(1),
    st.integers(1, 15),
    st.integers(1, 4),
    st.integers(0, 120),
    st.integers(1, 16),
)
POOL = st.integers(1, 15).flatmap(
    lambda k: st.builds(
        Pool2d, st.just(k), st.integers(1, 4), st.integers(0, k // 2), st.integers(1, 16)
    )
)
STACK = st.lists(CONV | POOL, min_size=1, max_size=MOST_LAYERS).map(tuple)


@seed(61)
@settings(max_examples=200, deadline=None)
@given(layers=STACK)
def test_what_is_written_is_read_again(layers):
    text = write_stack(layers)
    assert parse_stack(text) == layers
    assert write_stack(parse_stack(text)) == text


def test_what_is_left_out_is_as_usual():
    assert parse_stack("c3-c5d2-p2-p3") == (
        Conv2d(1, 3, padding=1),
        Conv2d(1, 5, padding=4, dilation=2),
        Pool2d(2, 2),
        Pool2d(3, 2),
    )
    assert parse_stack("c3s2p0d4") == (Conv2d(1, 3, stride=2, padding=0, dilation=4),)
    assert parse_stack("p3s2p1") == (Pool2d(3, 2, 1),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "a stack is a text such as c3-p2-c3: at least one layer, at most 20"),
        ("c3-" * 200, "a stack is a text such as c3-p2-c3"),
        ("-".join(["c3"] * 21), "a stack has at most 20 layers, this one has 21"),
        ("c3--c3", "layer 2, “”, is no layer"),
        ("c3-x2", "layer 2, “x2”, is no layer"),
        ("c3d2s2", "layer 1, “c3d2s2”, is no layer"),  # the order is fixed
        ("c٣", "is no layer"),
        ("C3", "is no layer"),
        (" c3", "is no layer"),
        ("c3\n", "is no layer"),
        ("<script>", "is no layer"),
        ("c0", "layer 1: the kernel must be from 1 to 15, got 0"),
        ("c16", "layer 1: the kernel must be from 1 to 15, got 16"),
        ("c3-p2s5", "layer 2: the stride must be from 1 to 4, got 5"),
        ("c3d17", "layer 1: the dilation must be from 1 to 16, got 17"),
        ("c3p121", "layer 1: the padding must be from 0 to 120, got 121"),
        ("c" + "9" * 300, "layer 1: the kernel must be from 1 to 15"),
        ("p2p2", "the padding of a pooling is at most half its window, here 1, got 2"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(text, words):
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        parse_stack(text)
    assert "\n\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "size", "jump", "out"),
    [
        ("two", 5, 1, 224),
        ("three", 7, 1, 224),
        ("seven", 7, 1, 224),
        ("pooling", 8, 2, 112),
        ("dilated", 31, 1, 224),
        ("alexnet", 163, 16, 13),
        ("vgg16", 196, 16, 14),
    ],
)
def test_facts_about_the_examples(name, size, jump, out):
    layers = parse_stack(name)
    assert write_stack(layers) == EXAMPLES[name].stack
    field = receptive_field(layers)
    assert (field.size, field.jump) == (size, jump)
    assert output_sizes(layers, 224)[-1] == out
    assert output_sizes(layers, fitting_size(layers))[-1] >= 1


def test_what_the_examples_say_of_themselves():
    def sizes(name: str) -> list[int]:
        return [field.size for field in receptive_fields(parse_stack(name))]

    assert sizes("dilated") == [3, 7, 15, 31]
    alexnet = sizes("alexnet")
    assert [b - a for a, b in pairwise(alexnet[3:])] == [32, 32, 32]


def test_a_stack_that_swallows_the_picture_says_which_layer():
    with pytest.raises(LayerError, match=r"^layer 6: a window of 2 .* covers 2 rows"):
        output_sizes(parse_stack("p2-p2-p2-p2-p2-p2"), 32)


@seed(62)
@settings(max_examples=100, deadline=None)
@given(layers=STACK)
def test_a_derivation_calculates_what_it_says(layers):
    fields = receptive_fields(layers)
    for number, field in enumerate(fields, 1):
        lines = derive_field(layers, number)
        found = []
        for line in lines:
            plain = line.numbers.replace(",", "").replace("·", "*").replace("−", "-")
            assert re.fullmatch(r"[-+*() \d]+", plain)
            found.append(eval(plain))
            assert int(line.result.replace(",", "").replace("−", "-")) == found[-1]
        assert ReceptiveField(*found) == field


@pytest.mark.parametrize("number", [0, 4])
def test_a_derivation_is_of_a_layer_that_is_there(number):
    with pytest.raises(InputError, match=r"^layer must be"):
        derive_field(parse_stack("three"), number)


@pytest.mark.parametrize("channels", [1, 3, 64, 512, 4096])
def test_small_kernels_see_as_much_with_fewer_weights(channels):
    two, three = rivals(channels)
    assert [rival.per_square for rival in (*two, *three)] == [25, 18, 49, 27]
    assert [rival.n_weights for rival in two] == [25 * channels**2, 18 * channels**2]
    assert [rival.n_weights for rival in three] == [49 * channels**2, 27 * channels**2]
    assert {rival.sees for rival in two} == {5}
    assert {rival.sees for rival in three} == {7}


def test_rivals_have_channels():
    with pytest.raises(InputError, match="channels must be at least 1"):
        rivals(0)
