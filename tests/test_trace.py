"""What the step player gets: plain JSON, small, and still the whole trace."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.convolution import trace_conv2d
from cnnlab.trace import Grid, Trace, trace_payload


def through_json(trace: Trace) -> dict[str, Any]:
    """Return the payload as a browser gets it."""
    return json.loads(json.dumps(trace_payload(trace), allow_nan=False))


def decoded(steps: dict[str, Any], number: int) -> tuple[list[int], list[int]]:
    """Return what a step reads and the weights it uses, as the docstring of the payload says."""
    first = steps["first_read"][number]
    pattern = steps["read_patterns"][steps["read_pattern"][number]]
    weights = steps["weight_patterns"][steps["weight_pattern"][number]]
    return [first + offset for offset in pattern], weights


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
    totals = sums.sum(axis=1) + bias
    writes = random.permutation(n_steps)
    result = np.empty((1, 1, n_steps))
    result.flat[writes] = totals
    return Trace(
        source=Grid("Input", source, ("a", "b"), (1, 0, 2, 0)),
        weight=Grid("Kernel", weight, ("a", "b", "c")),
        result=Grid("Output", result),
        reads=reads,
        weights=weights,
        products=products,
        group_of=group_of,
        sums=sums,
        bias=bias,
        writes=writes,
        totals=totals,
        has_bias=True,
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
    np.testing.assert_allclose(steps["products"], trace.products, **close)
    np.testing.assert_allclose(steps["sums"], trace.sums, **close)
    np.testing.assert_allclose(steps["totals"], trace.totals, **close)
    if trace.has_bias:
        np.testing.assert_allclose(steps["bias"], trace.bias, **close)
    else:
        assert steps["bias"] is None
    for name in ("source", "weight", "result"):
        grid, sent = getattr(trace, name), payload[name]
        assert sent["shape"] == list(grid.values.shape)
        assert (sent["title"], sent["planes"]) == (grid.title, list(grid.planes))
        assert sent["margin"] == list(grid.margin)
        np.testing.assert_allclose(sent["values"], grid.values.ravel(), **close)


@seed(1)
@settings(max_examples=150, deadline=None)
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
@settings(max_examples=200, deadline=None)
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
