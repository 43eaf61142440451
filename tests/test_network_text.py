"""Networks as text: the same after a round trip, and one sentence for everything else."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
    Residual,
)
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import (
    ACTIVATION_NAMES,
    MOST_LAYERS,
    Network,
    network_from_text,
    network_to_text,
)


def pair(low: int, high: int) -> st.SearchStrategy:
    number = st.integers(low, high)
    return number | st.tuples(number, number).filter(lambda both: both[0] != both[1])


SIMPLE: st.SearchStrategy[Layer] = st.one_of(
    st.builds(
        Conv2d,
        st.integers(1, 65536),
        pair(1, 64),
        stride=pair(1, 64),
        padding=pair(0, 64) | st.just("same"),
        dilation=pair(1, 64),
        groups=st.integers(1, 65536),
        bias=st.booleans(),
    ),
    st.builds(
        Pool2d,
        pair(1, 64),
        stride=st.none() | pair(1, 64),
        padding=pair(0, 64),
        kind=st.sampled_from(["max", "average"]),
    ),
    st.builds(Linear, st.integers(1, 65536), bias=st.booleans()),
    st.builds(LocalResponseNorm, st.integers(1, 64)),
    st.builds(Dropout, st.integers(0, 1000).map(lambda n: n / 1000)),
    st.builds(Activation, st.sampled_from(list(ACTIVATION_NAMES.values()))),
    st.sampled_from([Flatten(), BatchNorm2d(), AdaptiveAvgPool2d(1)]),
)
CHAIN = st.lists(SIMPLE, max_size=4).map(tuple)
NETWORKS = st.builds(
    Network,
    st.tuples(st.integers(1, 65536), st.integers(1, 4096), st.integers(1, 4096)),
    st.lists(SIMPLE | st.builds(Residual, CHAIN, CHAIN), max_size=12).map(tuple),
)


@seed(1)
@settings(max_examples=300)
@given(NETWORKS)
def test_a_network_survives_the_round_trip(network: Network) -> None:
    text = network_to_text(network)
    assert re.fullmatch(r"[A-Za-z0-9_.]+", text)  # nothing that a link rewrites
    assert network_from_text(text) == network
    assert network_to_text(network_from_text(text)) == text


@pytest.mark.parametrize("name", NETWORK_PRESETS)
def test_presets_are_written_as_we_write_them(name: str) -> None:
    text = NETWORK_PRESETS[name].text
    assert network_to_text(network_from_text(text)) == text
    assert len(text) < 1500  # a link of this length works in every browser


def test_a_text_by_hand() -> None:
    network = network_from_text("3x224x224_c64k7s2p3nb_bn_relu_p3s2p1_res_c64k3p1_add_gap_flat_fc9")
    assert network.input_shape == (3, 224, 224)
    assert network.layers[0] == Conv2d(64, 7, stride=2, padding=3, bias=False)
    assert network.layers[3] == Pool2d(3, stride=2, padding=1)
    assert network.layers[4] == Residual((Conv2d(64, 3, padding=1),))
    assert network.layers[-1] == Linear(9)
    other = network_from_text("1x8x8_c4k3x5psamed1x2g2_a2")
    assert other.layers[0] == Conv2d(4, (3, 5), padding="same", dilation=(1, 2), groups=2)
    assert other.layers[1] == Pool2d(2, kind="average")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "part 1, '', must be the input"),
        ("224x224", "part 1, '224x224', must be the input"),
        ("0x8x8", "part 1, '0x8x8': channels must be from 1 to 65536, got 0"),
        ("3x8x9999", "columns must be from 1 to 4096, got 9999"),
        ("3x8x8_", "part 2, '', is no layer"),
        ("3x8x8_c3", "part 2, 'c3', is no layer"),
        ("3x8x8_relu_c3k0", "part 3, 'c3k0': kernel_size must be from 1 to 64, got 0"),
        ("3x8x8_c3k3s2x", "part 2, 'c3k3s2x', is no layer"),
        ("3x8x8_c3k3p-1", "is no layer"),
        ("3x8x8_c3k3p1s2", "is no layer"),
        ("3x8x8_C3k3", "is no layer"),
        ("3x8x8_c999999k3", "out_channels must be from 1 to 65536, got 999999"),
        ("3x8x8_c٣k3", "is no layer"),
        ("3x8x8_c3k3\n", "is no layer"),
        ("3x8x8_fc0", "out_features must be from 1"),
        ("3x8x8_drop1.5", "is no layer"),
        ("3x8x8_dropnan", "is no layer"),
        ("3x8x8_lrn65", "size must be from 1 to 64, got 65"),
        ("3x8x8_res_relu", "'add' is missing"),
        ("3x8x8_add", "part 2: 'add' has no 'res' before it"),
        ("3x8x8_skip", "part 2: 'skip' has no 'res' before it"),
        ("3x8x8_res_skip_skip_add", "part 4: a residual block has only one 'skip'"),
        ("3x8x8_res_res_add_add", "part 3: a residual block cannot stand in another one"),
        ("3x8x8_<script>alert(1)</script>", "part 2, '<script>alert(1)</script>', is no layer"),
        ("3x8x8_" + "relu_" * 200 + "relu", "at most 200 layers here, this has 201"),
        ("3x8x8_" + "é" * 500, "is no layer"),
        ("9" * 20_000, "at most 12,000 characters, this has 20,000"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_short_sentence(text: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as error:
        network_from_text(text)
    assert len(str(error.value)) < 150
    assert "\n" not in str(error.value)


@seed(2)
@settings(max_examples=500)
@given(st.text(max_size=60) | st.from_regex(r"3x8x8(_[a-z]{0,4}[0-9xkspdg.]{0,6}){0,5}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        network = network_from_text(text)
    except InputError:
        return
    assert network_from_text(network_to_text(network)) == network


def test_as_many_layers_as_allowed() -> None:
    full = network_from_text("3x8x8" + "_relu" * MOST_LAYERS)
    assert len(full.layers) == MOST_LAYERS
    with pytest.raises(InputError, match="at most 200 layers"):
        network_to_text(replace(full, layers=(*full.layers, Activation())))


@pytest.mark.parametrize(
    "layer",
    [
        ConvTranspose2d(3, 3),
        Concat(((Flatten(),),)),
        Pool2d(2, kind="L2"),
        Pool2d(2, ceil_mode=True),
        Dropout(1 / 3),
        Activation("Nothing"),
        AdaptiveAvgPool2d(7),
        Conv2d(3, 65),
        Residual((Residual(()),)),
    ],
    ids=repr,
)
def test_what_has_no_text_is_refused(layer: Layer) -> None:
    with pytest.raises(InputError):
        network_to_text(Network((3, 8, 8), (layer,)))
