"""What the step player gets: plain JSON, small, and still the whole trace."""

import base64
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.activations import ACTIVATIONS
from cnnlab.conv_steps import trace_conv2d, trace_conv_transpose2d
from cnnlab.trace import Grid, Trace, packed, short, trace_payload


def through_json(trace: Trace) -> dict[str, Any]:
    """Return the payload as a browser gets it."""
    return json.loads(json.dumps(trace_payload(trace), allow_nan=False))


def decoded(steps: dict[str, Any], number: int) -> tuple[list[int], list[int]]:
    """Return what a step reads and the weights it uses, as the docstring of the payload says."""
    first = steps["first_read"][number]
    pattern = steps["read_patterns"][steps["read_pattern"][number]]
    weights = steps["weight_patterns"][steps["weight_pattern"][number]]
    return [first + offset for offset in pattern], weights


def unpacked(sent: dict[str, Any]) -> np.ndarray:
    """Return packed numbers as a browser reads them, as the docstring of `packed` says."""
    if "float32" in sent:
        assert list(sent) == ["float32"]
        return np.frombuffer(base64.b64decode(sent["float32"], validate=True), "<f4").astype(float)
    assert list(sent) == ["table", "bytes", "index"]
    index = base64.b64decode(sent["index"], validate=True)
    return np.array(sent["table"])[np.frombuffer(index, {1: "<u1", 2: "<u2"}[sent["bytes"]])]


def irregular_trace(*, n_steps: int, terms: int, groups: int, random: np.random.Generator) -> Trace:
    """Return a trace in which every step reads what it likes."""
    source = random.normal(size=(2, 4, 5))
    weight = random.normal(size=(3, 2, 2))
    reads = random.integers(source.size, size=(n_steps, terms))
    weights = random.integers(weight.size, size=(n_steps, terms))
    products = source.ravel()[reads] * weight.ravel()[weights]
    group_of = np.sort(random.integers(groups, size=terms))
    sums = np.stack([products[:, group_of == g].sum(axis=1) for g in range(groups)], axis=1)
    bias = random.normal(size=n_steps)
    before = sums.sum(axis=1) + bias
    totals = ACTIVATIONS["tanh"].function(before)
    writes = random.permutation(n_steps)
    result = np.empty((1, 1, n_steps))
    result.flat[writes] = totals
    return Trace(
        source=Grid("Input", source, ("a", "b"), (1, 0, 2, -1), spacing=(2, 3)),
        weight=Grid("Kernel", weight, ("a", "b", "c")),
        result=Grid("Output", result),
        reads=reads,
        weights=weights,
        products=products,
        group_of=group_of,
        sums=sums,
        bias=bias,
        before=before,
        writes=writes,
        totals=totals,
        window=(1, terms),
        has_bias=True,
        activation=ACTIVATIONS["tanh"],
        turned=True,
    )


def assert_tells_all(trace: Trace) -> None:
    payload = through_json(trace)
    steps = payload["steps"]
    for number in range(len(trace)):
        reads, weights = decoded(steps, number)
        assert reads == trace.reads[number].tolist()
        assert weights == trace.weights[number].tolist()
    assert steps["writes"] == trace.writes.tolist()
    assert steps["group_of"] == trace.group_of.tolist()
    close = {"rtol": 1e-8, "atol": 0}  # 9 significant digits are sent
    products = unpacked(steps["products"]).reshape(trace.products.shape)
    np.testing.assert_allclose(products, trace.products, **close)
    np.testing.assert_allclose(steps["sums"], trace.sums, **close)
    np.testing.assert_allclose(steps["before"], trace.before, **close)
    np.testing.assert_allclose(steps["totals"], trace.totals, **close)
    assert steps["window"] == list(trace.window)
    assert steps["turned"] == trace.turned
    activation = trace.activation
    told = {"title": activation.title, "formula": activation.formula}
    assert steps["activation"] == (None if activation.name == "none" else told)
    assert payload["unread"] == trace.unread.tolist()
    if trace.has_bias:
        np.testing.assert_allclose(steps["bias"], trace.bias, **close)
    else:
        assert steps["bias"] is None
    for name in ("source", "weight", "result"):
        grid, sent = getattr(trace, name), payload[name]
        assert sent["shape"] == list(grid.values.shape)
        assert (sent["title"], sent["planes"]) == (grid.title, list(grid.planes))
        assert sent["margin"] == list(grid.margin)
        assert sent["spacing"] == list(grid.spacing)
        np.testing.assert_allclose(sent["values"], grid.values.ravel(), **close)


@seed(1)
@settings(max_examples=150)
@given(
    n_steps=st.integers(1, 12), terms=st.integers(1, 9), groups=st.integers(1, 3), at=st.integers(0)
)
def test_an_irregular_trace_arrives_whole(n_steps, terms, groups, at):
    random = np.random.default_rng(at)
    assert_tells_all(irregular_trace(n_steps=n_steps, terms=terms, groups=groups, random=random))


@pytest.mark.parametrize("bias", [None, [0.0, 0.0], [1 / 3, -2e-7]])
@pytest.mark.parametrize(
    "layer",
    [
        {},
        {"stride": (2, 1), "padding": (1, 2)},
        {"dilation": 2, "padding": 2, "padding_mode": "reflect"},
        {"groups": 2},
    ],
    ids=str,
)
def test_a_convolution_arrives_whole(bias, layer):
    random = np.random.default_rng(2)
    weight = random.normal(size=(2, 4 // layer.get("groups", 1), 3, 2))
    assert_tells_all(trace_conv2d(random.normal(size=(4, 6, 7)), weight, bias, **layer))


@pytest.mark.parametrize("bias", [None, [1 / 3, -2e-7]])
@pytest.mark.parametrize(
    "layer",
    [{}, {"stride": (2, 3), "padding": 1}, {"dilation": 2, "stride": 2, "output_padding": 1}],
    ids=str,
)
def test_a_transposed_convolution_arrives_whole(bias, layer):
    random = np.random.default_rng(2)
    x, weight = random.normal(size=(2, 3, 4)), random.normal(size=(2, 2, 3, 2))
    trace = trace_conv_transpose2d(x, weight, bias, activation="leaky_relu", **layer)
    assert_tells_all(trace)


def test_every_activation_but_none_is_told():
    for name, entry in ACTIVATIONS.items():
        trace = trace_conv2d([[[1, -2]]], [[[[3]]]], activation=name, flip=name == "relu")
        steps = through_json(trace)["steps"]
        told = None if name == "none" else {"title": entry.title, "formula": entry.formula}
        assert steps["activation"] == told
        assert steps["before"] == [3, -6]
        assert steps["totals"] == pytest.approx(entry.function(np.array([3.0, -6.0])), rel=1e-8)
        assert steps["turned"] == (name == "relu")


def test_unread_cells_are_told():
    trace = trace_conv2d(np.ones((2, 1, 4)), np.ones((1, 2, 1, 2)), stride=3)
    assert through_json(trace)["unread"] == [2, 3, 6, 7]
    # A cell that any step reads is read, however many leave it out.
    reads = trace.reads.copy()
    reads[0, 0] = 3
    assert replace(trace, reads=reads).unread.tolist() == [0, 2, 6, 7]


# Packed numbers ------------------------------------------------------------------------------

SHORT = {"rtol": 5e-9, "atol": 0}  # 9 significant digits
SINGLE = {"rtol": 6e-8, "atol": 0}  # a float32 has 24 binary digits


@pytest.mark.parametrize(
    ("different", "width"),
    [(1, 1), (2, 1), (255, 1), (256, 1), (257, 2), (8192, 2), (8193, None)],
)
def test_few_different_numbers_become_a_table_with_the_narrowest_index(different, width):
    random = np.random.default_rng(5)
    distinct = np.unique(random.normal(size=different) * 10.0 ** random.integers(-9, 9, different))
    assert len(distinct) == different
    values = random.permutation(np.concatenate([distinct, random.choice(distinct, 100)]))
    sent = json.loads(json.dumps(packed(values), allow_nan=False))
    assert sent.get("bytes") == width
    assert len(sent.get("table", [])) == (different if width else 0)
    np.testing.assert_allclose(unpacked(sent), values, **(SHORT if width else SINGLE))


@seed(6)
@settings(max_examples=200)
@given(values=st.lists(st.floats(-1e12, 1e12, allow_subnormal=False), min_size=1, max_size=300))
def test_packed_numbers_keep_nine_digits(values):
    sent = packed(np.array(values))
    assert sent["bytes"] == (1 if len(set(values)) <= 256 else 2)
    np.testing.assert_allclose(unpacked(sent), values, **SHORT)


def test_whole_numbers_of_a_table_have_no_point():
    assert packed(np.array([3.0, -0.0, 0.0, 3.0]))["table"] == [0, 3]
    assert json.dumps(packed(np.array([2.0]))["table"]) == "[2]"
    assert short(np.array([1.0, 0.1 + 0.2])) == [1, 0.3]


@pytest.mark.parametrize("activation", ["none", "tanh"])
def test_the_largest_ordinary_layer_needs_less_than_half_a_megabyte(activation):
    random = np.random.default_rng(7)
    x, weight = random.normal(size=(4, 16, 16)), random.normal(size=(4, 4, 7, 7))
    trace = trace_conv2d(x, weight, random.normal(size=4), activation=activation)
    assert len(trace) == 400
    payload = trace_payload(trace)
    assert "float32" in payload["steps"]["products"]
    assert len(json.dumps(payload)) < 500_000
    products = unpacked(payload["steps"]["products"]).reshape(trace.products.shape)
    np.testing.assert_allclose(products, trace.products, **SINGLE)


# Size and form -------------------------------------------------------------------------------


def test_steps_that_read_alike_share_one_pattern():
    steps = through_json(trace_conv2d(np.ones((1, 9, 9)), np.ones((2, 1, 3, 3))))["steps"]
    assert steps["read_patterns"] == [[0, 1, 2, 9, 10, 11, 18, 19, 20]]
    assert steps["weight_patterns"] == [list(range(9)), list(range(9, 18))]
    assert len(steps["first_read"]) == len(steps["writes"]) == 2 * 49


def test_the_largest_photograph_of_the_page_needs_less_than_40_kb():
    x = np.random.default_rng(3).integers(0, 256, size=(1, 16, 16))
    trace = trace_conv2d(x, [[np.array([[1, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16]], as_grey=True)
    assert len(json.dumps(trace_payload(trace), separators=(",", ":"))) < 40_000


def test_whole_numbers_have_no_point():
    x = np.array([[[-3.0, -0.0, 1e6]]])
    text = json.dumps(trace_payload(trace_conv2d(x, [[[[2.0]]]], [1.0])))
    assert ".0" not in text
    assert "-0" not in text
    payload = json.loads(text)
    assert payload["source"]["values"] == [-3, 0, 1_000_000]
    assert payload["steps"]["totals"] == [-5, 1, 2_000_001]
    assert payload["steps"]["bias"] == [1, 1, 1]


@seed(4)
@settings(max_examples=200)
@given(value=st.floats(-1e12, 1e12, allow_subnormal=False))
def test_values_keep_nine_digits(value):
    payload = through_json(trace_conv2d([[[value]]], [[[[1.0]]]]))
    assert payload["source"]["values"] == [pytest.approx(value, rel=1e-8, abs=0)]


def test_shades_of_grey_are_told():
    x = np.arange(4.0).reshape(1, 2, 2)
    payload = through_json(trace_conv2d(x, [[[[2]]]], as_grey=True))
    assert payload["source"]["as_grey"] == [0, 255]
    assert payload["weight"]["as_grey"] is None
    assert payload["result"]["as_grey"] == [0, 6]


def test_the_length_is_the_number_of_steps():
    assert len(trace_conv2d(np.ones((1, 3, 4)), np.ones((2, 1, 2, 2)))) == 2 * 2 * 3
