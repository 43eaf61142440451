"""Stacks as texts: what is read, what is refused, and facts about the examples."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.architectures import network
from cnnlab.checks import InputError
from cnnlab.cost import LayerError
from cnnlab.layers import Block, Conv2d, Pool2d, Residual
from cnnlab.receptive import ReceptiveField, receptive_field, receptive_fields
from cnnlab.stacks import (
    EXAMPLES,
    MOST_LAYERS,
    derive_field,
    example_of,
    find_layer,
    fitting_size,
    layer_names,
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
@settings(max_examples=200)
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
        ("", "a stack is a text such as c3-p2-c3: at least one layer, at most 60"),
        ("c3-" * 300, "a stack is a text such as c3-p2-c3"),
        ("-".join(["c3"] * 61), "a stack has at most 60 layers, this one has 61"),
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
        ("lenet5", 32, 4, 49),
        ("alexnet", 195, 32, 6),
        ("vgg16", 212, 32, 7),
        ("resnet18", 435, 32, 7),
        ("resnet50", 427, 32, 7),
        ("mobilenet", 315, 32, 7),
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
    assert [b - a for a, b in pairwise(alexnet[3:7])] == [32, 32, 32]
    assert receptive_fields(parse_stack("alexnet"))[3].jump == 16
    vgg = layer_names(parse_stack("vgg16"))
    assert sizes("vgg16")[vgg.index("conv5_3")] == 196
    lenet = parse_stack("lenet5")
    assert (sizes("lenet5")[-1], output_sizes(lenet, fitting_size(lenet))[-1]) == (32, 1)


@pytest.mark.parametrize("name", EXAMPLES)
def test_names_are_one_for_each_layer(name):
    layers = parse_stack(name)
    assert example_of(layers) == EXAMPLES[name]
    names = layer_names(layers)
    assert len(names) == len(set(names)) == len(layers)
    assert [find_layer(names, one) for one in names] == list(range(1, len(names) + 1))


def main_branch(layers):
    """Yield the windows of a network on the way that sees most: through the bodies of blocks."""
    for layer in layers:
        if isinstance(layer, Block):
            yield from main_branch(layer.layers)
        elif isinstance(layer, Residual):
            yield from main_branch(layer.body)
        elif isinstance(layer, Conv2d | Pool2d):
            yield layer


def plain(layer):
    return type(layer), layer.kernel_size, layer.stride, layer.padding


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("lenet5", "lenet5"),
        ("vgg16", "vgg16"),
        ("resnet18", "resnet18"),
        ("resnet50", "resnet50"),
        ("mobilenet", "mobilenet_v1"),
    ],
)
def test_networks_are_those_of_the_lesson_on_architectures(name, key):
    ours, theirs = parse_stack(name), list(main_branch(network(key).stages))
    usual = [replace(layer, stride=layer.stride or layer.kernel_size) for layer in theirs]
    assert list(map(plain, ours)) == list(map(plain, usual))
    if name in ("lenet5", "vgg16"):
        assert list(layer_names(ours)) == [layer.name for layer in theirs]


@pytest.mark.parametrize(
    ("name", "asked", "found"),
    [
        ("vgg16", "conv4", "conv4_3"),
        ("vgg16", "conv4_2", "conv4_2"),
        ("vgg16", "18", "pool5"),
        ("alexnet", "conv4", "conv4"),
        ("resnet50", "conv4", "conv4_6c"),
        ("resnet50", "conv4_6", "conv4_6c"),
        ("resnet18", "conv5", "conv5_2b"),
        ("mobilenet", "depthwise1", "depthwise1"),
        ("three", "2", "layer 2"),
        *[
            ("resnet50", junk, None)
            for junk in ("", "c", "conv", "conv6", "0", "51", "conv4_", "²")
        ],
        ("resnet50", ".*", None),
        ("vgg16", "conv4_3c", None),
    ],
)
def test_layers_are_found_by_name_stage_or_number(name, asked, found):
    names = layer_names(parse_stack(name))
    number = find_layer(names, asked)
    assert (None if number is None else names[number - 1]) == found


def test_a_stack_that_swallows_the_picture_says_which_layer():
    with pytest.raises(LayerError, match=r"^layer 6: a window of 2 .* covers 2 rows"):
        output_sizes(parse_stack("p2-p2-p2-p2-p2-p2"), 32)


@seed(62)
@settings(max_examples=100)
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
