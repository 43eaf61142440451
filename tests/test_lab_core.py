"""The state of the convolution lesson: links, changes, ways out, typical mistakes."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.activations import ACTIVATIONS, activation
from cnnlab.checks import InputError
from cnnlab.conv_steps import trace_conv2d
from cnnlab.links import PARAMETERS, setup_from_link, setup_to_link
from cnnlab.mistakes import size_mistakes, value_mistakes
from cnnlab.presets import PRESETS
from cnnlab.repairs import repairs
from cnnlab.setups import CHOICES, LIMITS, Setup, change, edit, output_size, trace_setup
from cnnlab.trace import trace_payload

FIELDS = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.integers(low, min(high, 6))
            for name, (low, high) in LIMITS.items()
            if name != "seed"
        },
        **{name: st.sampled_from(values) for name, values in CHOICES.items()},
        "flip": st.booleans(),
        "has_bias": st.booleans(),
        "input": st.sampled_from(["binary", "volume", "grey", "random.7", "curve"]),
        "kernel": st.sampled_from(["cross", "volume", "sobel-x", "random.12", "curve"]),
    },
)
VALUES = st.floats(-1e6, 1e6).map(lambda value: value + 0.0)


@st.composite
def setups(draw: Any) -> Setup:
    """Return any setup a learner can come to, working or not."""
    setup = change(setup_from_link({}), **draw(FIELDS))
    for part, array in (("input", setup.x), ("kernel", setup.weight)):
        for _ in range(draw(st.integers(0, 2))):
            setup = edit(setup, part, [(draw(st.integers(0, array.size - 1)), draw(VALUES))])
    if setup.bias is not None and draw(st.booleans()):
        setup = edit(setup, "bias", [(0, draw(VALUES))])
    return setup


def assert_same(one: Setup, other: Setup) -> None:
    for name, value in vars(one).items():
        if isinstance(value, np.ndarray):
            assert value.shape == getattr(other, name).shape, name
            assert (value == getattr(other, name)).all(), name
        else:
            assert getattr(other, name) == value, name


@seed(1)
@settings(max_examples=600, deadline=None)
@given(setup=setups())
def test_a_link_opens_exactly_what_it_was_made_from(setup):
    link = setup_to_link(setup)
    assert_same(setup, setup_from_link(link))
    assert set(link) <= set(PARAMETERS)


def test_links_are_short():
    assert setup_to_link(setup_from_link({})) == {}
    one = edit(setup_from_link({}), "input", [(3, 0.25)])
    assert len("".join(setup_to_link(one).values())) < 100
    setup = change(setup_from_link({}), input="photo.cat", channels=3, height=16, width=16)
    setup = edit(setup, "input", [(0, 1.0)])
    assert len("".join(setup_to_link(setup).values())) < 2000


@seed(2)
@settings(max_examples=1500, deadline=None)
@given(
    link=st.dictionaries(
        st.sampled_from(PARAMETERS),
        st.one_of(
            st.text(max_size=30),
            st.from_regex(r"[0-9x._z-]{1,12}", fullmatch=True),
            st.sampled_from(["nan", "inf", "1e7", "random.1", "random.٣", "photo.cat.9999.1"]),
            st.binary(max_size=40).map(lambda b: "z." + base64.urlsafe_b64encode(b).decode()),
        ),
    )
)
def test_a_hostile_link_is_refused_in_words_or_opens(link):
    words = ""
    try:
        setup = setup_from_link(link)
    except InputError as error:
        words = str(error)
        setup = setup_from_link({})
    assert words == "" or 10 < len(words) < 300
    assert np.isfinite(setup.x).all()
    assert np.isfinite(setup.weight).all()


def test_a_packed_bomb_is_not_unpacked():
    bomb = base64.urlsafe_b64encode(zlib.compress(b"1_" * 20_000_000, 9)).decode()
    with pytest.raises(InputError, match="too long"):
        setup_from_link({"input": f"z.{bomb}"})


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_works_and_has_a_short_link(name):
    preset = PRESETS[name]
    assert len(trace_setup(preset.setup)) > 0
    assert setup_to_link(preset.setup) == preset.link
    assert repairs(preset.setup) == []


def test_worked_examples():
    def result(name: str) -> list:
        return trace_setup(PRESETS[name].setup).result.values.tolist()

    assert result("binary") == [[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]
    assert result("forty")[0][1][1] == pytest.approx(40, abs=1e-12)
    # The demonstration of CS231n with other numbers, as verified independently.
    assert result("volume") == [
        [[3, 1, 0], [1, 1, 1], [0, 1, 3]],
        [[-1, 0, -1], [0, 0, 0], [2, 0, -1]],
    ]
    assert result("transposed")[0][2] == [4, 4, 10, 6, 6]
    assert np.max(result("curve")) == result("curve")[0][0][5] == 9000
    assert output_size(PRESETS["floor"].setup) == (2, 2)


@seed(3)
@settings(max_examples=400, deadline=None)
@given(setup=setups())
def test_every_way_out_works(setup):
    try:
        trace_setup(setup)
    except InputError:
        for _, fields in repairs(setup):
            assert len(trace_setup(change(setup, **fields))) > 0
    else:
        assert repairs(setup) == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"stride_rows": 0}, "stride_rows must be at least 1, got 0"),
        ({"height": 17}, "height must be at most 16, got 17"),
        ({"height": "5"}, "height must be a whole number"),
        ({"activation": "swish"}, "activation must be one of"),
        ({"flip": 1}, "flip must be true or false"),
        ({"colour": "red"}, "there is no setting 'colour'"),
        ({"input": "nothing"}, "there is no input 'nothing'"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_a_setting_outside_its_limits_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        change(setup_from_link({}), **fields)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1.1e6, -1e7, True, "1"])
def test_a_value_that_is_not_allowed_is_refused(value):
    with pytest.raises(InputError, match="a value is a number from"):
        edit(setup_from_link({}), "input", [(0, value)])


def test_numbers_stay_where_they_fit():
    setup = edit(setup_from_link({}), "kernel", [(0, 9.0)])
    larger = change(setup, kernel_height=5, kernel_width=5, filters=2)
    assert (larger.weight[0, 0, :3, :3] == setup.weight[0, 0]).all()
    back = change(larger, kernel_height=3, kernel_width=3, filters=1)
    assert (back.weight == setup.weight).all()


def torch_maps(setup: Setup, **other: Any) -> np.ndarray:
    """Return the output of a plain convolution as torch computes it."""
    parts = {"weight": setup.weight, "bias": setup.bias, "x": setup.x} | other
    bias = None if parts["bias"] is None else torch.tensor(parts["bias"], dtype=torch.float64)
    return functional.conv2d(
        torch.tensor(parts["x"])[None],
        torch.tensor(np.ascontiguousarray(parts["weight"])),
        bias,
        stride=setup.stride,
        padding=1,
    )[0].numpy()


def test_mistakes_are_what_they_say():
    setup = change(PRESETS["volume"].setup, kernel="random.5", input="random.6", activation="relu")
    setup = edit(setup, "bias", [(0, 2.5), (1, -1.5)])
    found = {m.says: m.values for m in value_mistakes(setup, trace_setup(setup))}

    def expect(words: str, maps: np.ndarray) -> None:
        (says,) = [says for says in found if words in says]
        np.testing.assert_allclose(found[says], maps.ravel(), rtol=1e-12, atol=1e-12)

    expect("forgot the bias", np.maximum(torch_maps(setup, bias=None), 0))
    expect("forgot the activation", torch_maps(setup))
    expect(
        "turned the kernel", np.maximum(torch_maps(setup, weight=setup.weight[..., ::-1, ::-1]), 0)
    )
    dark = setup.x.copy()
    dark[1] = 0
    expect("one channel, number 1", np.maximum(torch_maps(setup, x=dark), 0))
    expect("channel 2 only", np.maximum(torch_maps(setup, x=setup.x * [[[0]], [[0]], [[1]]]), 0))


@pytest.mark.parametrize("name", PRESETS)
def test_no_size_mistake_is_right(name):
    setup = PRESETS[name].setup
    assert output_size(setup) not in [mistake.size for mistake in size_mistakes(setup)]


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_torchs(name):
    z = np.array([-800.0, -2.5, -0.0, 0.0, 1e-9, 3.0, 800.0])
    torchs = {"none": lambda t: t}.get(name) or getattr(functional, name, None)
    torchs = torchs or getattr(torch, name)
    want = torchs(torch.tensor(z)).numpy()
    np.testing.assert_allclose(activation(name).function(z), want, rtol=1e-12)


def test_the_largest_layer_is_sent_in_less_than_500_kb():
    random = np.random.default_rng(8)
    trace = trace_conv2d(
        random.normal(size=(4, 16, 16)), random.normal(size=(4, 4, 7, 7)), random.normal(size=4)
    )
    assert len(json.dumps(trace_payload(trace), separators=(",", ":"))) < 500_000


def test_too_many_steps_are_refused_with_a_way_out():
    setup = change(
        setup_from_link({"operation": "transposed"}),
        height=16,
        width=16,
        filters=4,
        stride_rows=8,
        stride_columns=8,
    )
    with pytest.raises(InputError, match="the player shows at most"):
        trace_setup(setup)
    assert repairs(setup)
