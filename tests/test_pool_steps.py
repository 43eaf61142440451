"""The steps of a pooling: every number follows from its own window; what the browser gets."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.pool_setups import PoolSetup, arriving, input_gradient, switches_of, trace_pooling
from cnnlab.window_trace import WindowTrace, window_payload

CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@st.composite
def setups(draw: st.DrawFn) -> PoolSetup:
    """Return poolings that work, of every kind and with windows of every kind."""
    kind = draw(st.sampled_from(["max", "average", "L2"]))
    windows = draw(st.sampled_from(["sliding", "global", "adaptive"]))
    if kind == "L2" and windows == "adaptive":
        windows = "global"
    kernel = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    most = (0, 0) if kind == "L2" else (kernel[0] // 2, kernel[1] // 2)
    padding = tuple(draw(st.integers(0, n)) for n in most)
    size = tuple(
        draw(st.integers(max(1, k - 2 * p), 7)) for k, p in zip(kernel, padding, strict=True)
    )
    channels = draw(st.integers(1, 3))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    return PoolSetup(
        random.normal(size=(channels, *size)).round(3),
        "own",
        kind=kind,
        windows=windows,
        kernel_size=kernel,
        stride=draw(st.tuples(st.integers(1, 4), st.integers(1, 4))),
        padding=padding,
        output=draw(st.tuples(st.integers(1, 8), st.integers(1, 8))),
        ceil_mode=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
    )


def torchs(setup: PoolSetup, x: torch.Tensor) -> torch.Tensor:
    """Return what torch makes of the input."""
    size = setup.output if setup.windows == "adaptive" else (1, 1)
    layer: dict[str, Any] = {
        "kernel_size": setup.kernel_size,
        "stride": setup.stride,
        "ceil_mode": setup.ceil_mode,
    }
    match setup.kind, setup.slides:
        case "max", True:
            return functional.max_pool2d(x, **layer, padding=setup.padding)
        case "average", True:
            more = {"padding": setup.padding, "count_include_pad": setup.count_include_pad}
            return functional.avg_pool2d(x, **layer, **more)
        case "L2", True:
            return functional.lp_pool2d(x, 2.0, **layer)
        case "max", False:
            return functional.adaptive_max_pool2d(x, size)
        case "average", False:
            return functional.adaptive_avg_pool2d(x, size)
    return functional.lp_pool2d(x, 2.0, setup.size)


@seed(1)
@settings(max_examples=300)
@given(setup=setups(), counting=st.booleans())
def test_a_trace_tells_the_whole_pooling_and_its_gradient(setup, counting):
    x = torch.tensor(setup.x, requires_grad=True)
    theirs = torchs(setup, x)
    trace = trace_pooling(setup)
    np.testing.assert_allclose(trace.result.values, theirs.detach().numpy(), **CLOSE)
    assert trace.totals.tolist() == trace.result.values.ravel()[trace.writes].tolist()
    assert trace.writes.tolist() == list(range(theirs.numel()))

    upstream = arriving(tuple(theirs.shape), counting=counting)
    theirs.backward(torch.tensor(upstream))
    np.testing.assert_allclose(input_gradient(setup, trace, upstream), x.grad.numpy(), **CLOSE)

    # The source: the input inside its margin, nothing or zeros around it.
    top, bottom, left, right = trace.source.margin
    source = trace.source.values
    height, width = source.shape[1:]
    assert (source[:, top : height - bottom, left : width - right] == setup.x).all()
    counts = setup.kind == "average" and setup.count_include_pad
    around = np.delete(source, np.s_[top : height - bottom], axis=1)
    assert (around == 0).all() if counts else np.isnan(around).all()

    # Each number follows from the numbers that are said to count.
    flat = source.ravel()
    for step, (cells, shape, inside) in enumerate(
        zip(trace.windows, trace.shapes, trace.counted, strict=True)
    ):
        assert len(cells) == shape[0] * shape[1]
        assert (np.diff(cells.reshape(shape), axis=1) == 1).all()
        assert (np.diff(cells.reshape(shape), axis=0) == width).all()
        numbers = flat[cells[inside]]
        assert np.isfinite(numbers).all()
        written = trace.opens[step] + trace.reduction.between.join(
            f"({number!r}){trace.reduction.each}" for number in numbers.tolist()
        )
        assert computed(written + trace.closes[step]) == pytest.approx(
            trace.totals[step], rel=1e-9, abs=1e-12
        )
        if trace.winners is not None:
            assert trace.winners[step] in cells[inside]
            assert flat[trace.winners[step]] == numbers.max()
    assert (trace.winners is not None) == (setup.kind == "max")


def computed(text: str) -> float:
    """Return the value of a formula as the player writes it."""
    text = text.replace("²", "**2").replace("·", "*").replace("√(", "np.sqrt(")
    if text.startswith("max("):
        text = f"max([{text.removeprefix('max(').removesuffix(')')}])"
    return float(eval(text, {"np": np, "max": max}))


def decoded(payload: dict[str, Any], step: int) -> tuple[list[int], list[int], list[int]]:
    """Return the window of a step, its shape and what counts, as the payload's docstring says."""
    steps = payload["steps"]
    pattern = steps["read_pattern"][step]
    window = [steps["first_read"][step] + offset for offset in steps["read_patterns"][pattern]]
    places = steps["count_patterns"][steps["count_pattern"][step]]
    return window, steps["shapes"][pattern], places


def through_json(trace: WindowTrace) -> dict[str, Any]:
    return json.loads(json.dumps(window_payload(trace), allow_nan=False))


@seed(2)
@settings(max_examples=150)
@given(setup=setups())
def test_a_pooling_arrives_whole(setup):
    trace = trace_pooling(setup)
    payload = through_json(trace)
    steps = payload["steps"]
    assert payload["weight"] is None
    for step in range(len(trace)):
        window, shape, places = decoded(payload, step)
        assert window == trace.windows[step].tolist()
        assert tuple(shape) == trace.shapes[step]
        assert places == trace.counted[step].tolist()
        assert steps["texts"][steps["opens"][step]] == trace.opens[step]
        assert steps["texts"][steps["closes"][step]] == trace.closes[step]
    assert steps["totals"] == pytest.approx(trace.totals.tolist(), rel=1e-8)
    assert steps["winners"] == (None if trace.winners is None else trace.winners.tolist())
    for part, sent in zip(trace.parts, steps["parts"], strict=True):
        assert (sent["sign"], sent["title"]) == (part.sign, part.title)
        assert sent["values"] == pytest.approx(part.values.tolist(), rel=1e-8)
    assert payload["unread"] == trace.unread.tolist()
    missing = np.isnan(trace.source.values.ravel()).tolist()
    assert [value is None for value in payload["source"]["values"]] == missing


def test_the_words_of_a_step():
    x = np.array([[[1.0, 5.0], [2.0, 4.0]]])
    found = {}
    for kind in ("max", "average", "L2"):
        trace = trace_pooling(PoolSetup(x, "own", kind=kind))
        found[kind] = (trace.opens[0], trace.reduction.between, trace.closes[0], trace.totals[0])
    assert found["max"] == ("max(", ", ", ")", 5)
    assert found["average"] == ("(", " + ", ") / 4", 3)
    assert found["L2"] == ("√(", " + ", ")", pytest.approx(46**0.5))


def test_padding_of_max_pooling_is_minus_infinity_and_of_an_average_zero():
    x = np.full((1, 2, 2), -3.0)
    layer: dict[str, Any] = {"kernel_size": (2, 2), "padding": (1, 1)}
    trace = trace_pooling(PoolSetup(x, "own", **layer))
    assert trace.source.blank == "−∞"
    assert trace.totals.tolist() == [-3] * 4
    average = trace_pooling(PoolSetup(x, "own", kind="average", **layer))
    assert average.source.values[0, 0].tolist() == [0] * 4
    assert average.totals.tolist() == [-0.75] * 4


def test_switches_are_places_in_the_input_without_padding():
    x = np.arange(9.0).reshape(1, 3, 3)
    setup = PoolSetup(x, "own", kernel_size=(2, 2), stride=(2, 2), padding=(1, 1))
    assert switches_of(setup, trace_pooling(setup)).tolist() == [[[0, 2], [6, 8]]]


def test_cells_that_no_window_covers_are_told():
    trace = trace_pooling(PoolSetup(np.ones((1, 1, 5)), "own", kernel_size=(1, 2), stride=(1, 2)))
    assert trace.unread.tolist() == [4]
