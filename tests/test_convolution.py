"""Convolution against torch, against plain loops, and against examples worked out by hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.convolution import PaddingMode, conv2d, conv2d_by_loops, pad2d, trace_conv2d

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "convolutions.json").read_text(encoding="utf-8")
)
MODES = get_args(PaddingMode)

# At most 3 * 16 products of numbers near 1: a different order of additions moves the last digits.
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True)
class Case:
    """One convolution: arrays and settings."""

    x: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    layer: dict[str, Any]

    def ours(self) -> np.ndarray | None:
        """Return our feature maps, None where we refuse."""
        try:
            return conv2d(self.x, self.weight, self.bias, **self.layer)
        except InputError:
            return None

    def torchs(self) -> np.ndarray | None:
        """Return the feature maps of ``torch.nn.Conv2d``, None where it refuses."""
        tensors = [
            None if array is None else torch.nn.Parameter(torch.tensor(array), requires_grad=False)
            for array in (self.weight, self.bias)
        ]
        try:
            layer = torch.nn.Conv2d(
                len(self.x),
                len(self.weight),
                self.weight.shape[2:],
                bias=self.bias is not None,
                dtype=torch.float64,
                **self.layer,
            )
            layer.weight, layer.bias = tensors
            return layer(torch.tensor(self.x)).numpy()
        except (RuntimeError, ValueError):
            return None


def pairs(low: int, high: int) -> st.SearchStrategy:
    """Return one number for both axes, or one for each."""
    number = st.integers(low, high)
    return st.one_of(number, st.tuples(number, number))


@st.composite
def cases(draw, *, low: int = 1, largest: int = 9, modes=MODES) -> Case:
    """Return a convolution; most fit, some do not. With `low` 0, settings may be out of range."""
    groups = draw(st.integers(1, 3))
    each, filters = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    height, width = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Case(
        random.normal(size=(groups * each, height, width)),
        random.normal(size=(groups * filters, each, rows, columns)),
        random.normal(size=groups * filters) if draw(st.booleans()) else None,
        {
            "stride": draw(pairs(low, 3)),
            "padding": draw(pairs(low - 1, 4)),
            "dilation": draw(pairs(low, 3)),
            "groups": groups,
            "padding_mode": draw(st.sampled_from(modes)),
        },
    )


def fitting(**settings: Any) -> st.SearchStrategy:
    """Return convolutions that nobody refuses."""
    return cases(**settings).filter(lambda case: case.ours() is not None)


def agree(case: Case) -> None:
    ours, torchs = case.ours(), case.torchs()
    if ours is None or torchs is None:
        assert ours is torchs
    else:
        assert ours.shape == torchs.shape
        np.testing.assert_allclose(ours, torchs, **CLOSE)


@seed(1)
@settings(max_examples=400, deadline=None)
@given(case=cases())
def test_maps_are_torchs_and_refused_exactly_where_torch_refuses(case):
    agree(case)


@seed(2)
@settings(max_examples=200, deadline=None)
@given(case=cases(low=0))
def test_settings_out_of_range_are_refused_exactly_where_torch_refuses(case):
    agree(case)


def drawn_case(random: np.random.Generator) -> Case:
    """Return a convolution as `cases` does, but larger, and many of them in little time."""

    def pair(low: int, high: int) -> int | tuple[int, int]:
        rows, columns = random.integers(low, high, size=2, endpoint=True).tolist()
        return rows if random.random() < 0.5 else (rows, columns)

    groups, each, filters = random.integers(1, 4, size=3).tolist()
    return Case(
        random.normal(size=(groups * each, *random.integers(1, 13, size=2))),
        random.normal(size=(groups * filters, each, *random.integers(1, 6, size=2))),
        random.normal(size=groups * filters) if random.random() < 0.5 else None,
        {
            "stride": pair(1, 4),
            "padding": pair(0, 5),
            "dilation": pair(1, 3),
            "groups": groups,
            "padding_mode": str(random.choice(MODES)),
        },
    )


@pytest.mark.slow
def test_maps_are_torchs_at_length():
    random = np.random.default_rng(3)
    refused = 0
    for number in range(20_000):
        case = drawn_case(random)
        try:
            agree(case)
        except AssertionError as error:
            error.add_note(f"convolution {number}: {case.layer}, weight {case.weight.shape}")
            raise
        refused += case.ours() is None
    assert 2_000 < refused < 10_000  # both kinds came up


@seed(4)
@settings(max_examples=200, deadline=None)
@given(
    case=cases(),
    groups=st.integers(1, 4),
    extra_channels=st.integers(-1, 1),
    extra_bias=st.integers(-1, 1),
)
def test_shapes_that_do_not_fit_together_are_refused_exactly_where_torch_refuses(
    case, groups, extra_channels, extra_bias
):
    channels = max(1, case.weight.shape[1] + extra_channels)
    weight = np.ones((len(case.weight), channels, *case.weight.shape[2:]))
    bias = np.ones(max(1, len(weight) + extra_bias))
    agree(replace(case, weight=weight, bias=bias, layer=case.layer | {"groups": groups}))


@pytest.mark.parametrize("filters_per_channel", [1, 2])
def test_depthwise_kernels_see_one_channel_each(filters_per_channel):
    random = np.random.default_rng(5)
    x = random.normal(size=(3, 6, 7))
    weight = random.normal(size=(3 * filters_per_channel, 1, 3, 2))
    maps = conv2d(x, weight, groups=3)
    agree(Case(x, weight, None, {"groups": 3}))
    for k, feature_map in enumerate(maps):
        channel = k // filters_per_channel
        alone = conv2d(x[channel : channel + 1], weight[k : k + 1])
        np.testing.assert_allclose(feature_map, alone[0], **CLOSE)


@seed(6)
@settings(max_examples=60, deadline=None)
@given(
    case=fitting(largest=5, modes=["zeros"]), stride=st.integers(1, 3), padding=st.integers(0, 2)
)
def test_plain_loops_agree_with_the_fast_version(case, stride, padding):
    x = case.x[: case.weight.shape[1]]  # the loops know no groups
    layer = {"stride": stride, "padding": padding}
    try:
        fast = conv2d(x, case.weight, **layer)
    except InputError as error:
        with pytest.raises(InputError, match=re.escape(str(error))):
            conv2d_by_loops(x, case.weight, **layer)
    else:
        np.testing.assert_allclose(conv2d_by_loops(x, case.weight, **layer), fast, **CLOSE)


@seed(7)
@settings(max_examples=200, deadline=None)
@given(case=fitting(), a=st.floats(-3, 3), b=st.floats(-3, 3), other=st.integers(0, 999))
def test_linear_in_the_input_and_in_the_weight(case, a, b, other):
    random = np.random.default_rng(other)
    x, weight = random.normal(size=case.x.shape), random.normal(size=case.weight.shape)
    first, layer = conv2d(case.x, case.weight, **case.layer), case.layer
    np.testing.assert_allclose(
        conv2d(a * case.x + b * x, case.weight, **layer),
        a * first + b * conv2d(x, case.weight, **layer),
        rtol=1e-10,
        atol=1e-10,  # sums that cancel keep the rounding of their largest term
    )
    np.testing.assert_allclose(
        conv2d(case.x, a * case.weight + b * weight, **layer),
        a * first + b * conv2d(case.x, weight, **layer),
        rtol=1e-10,
        atol=1e-10,
    )


@seed(8)
@settings(max_examples=200, deadline=None)
@given(case=fitting(modes=["circular"]), down=st.integers(-9, 9), right=st.integers(-9, 9))
def test_a_shift_of_the_input_shifts_the_output(case, down, right):
    # Circular padding of kernel - 1 pixels: every shift wraps around, none falls off the edge.
    rows, columns = case.weight.shape[2:]
    height, width = case.x.shape[1:]
    if rows > height + 1 or columns > width + 1:
        return
    layer = {"padding": (rows - 1, columns - 1), "padding_mode": "circular"}
    layer["groups"] = case.layer["groups"]

    def maps(x: np.ndarray) -> np.ndarray:
        return conv2d(x, case.weight, **layer)[:, :height, :width]

    shifted = maps(np.roll(case.x, (down, right), (1, 2)))
    np.testing.assert_allclose(shifted, np.roll(maps(case.x), (down, right), (1, 2)), **CLOSE)


def test_the_kernel_is_not_flipped():
    assert conv2d([[[1, 2]]], [[[[10, 1]]]]).tolist() == [[[12.0]]]


def test_the_result_is_float64_and_the_input_stays_as_it_was():
    x, weight = np.arange(9, dtype=np.uint8).reshape(1, 3, 3), np.ones((1, 1, 2, 2), np.int8)
    maps = conv2d(x, weight, padding=1)
    assert maps.dtype == np.float64
    assert x.tolist() == [[[0, 1, 2], [3, 4, 5], [6, 7, 8]]]
    assert maps.max() == 4 + 5 + 7 + 8


# Refusals ------------------------------------------------------------------------------------

X = np.ones((4, 5, 6))
WEIGHT = np.ones((2, 4, 3, 3))


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("x must have the shape (C, H, W) and no empty axis, got (5, 6)", {"x": X[0]}),
        ("x must have the shape (C, H, W) and no empty axis, got (1, 4, 5, 6)", {"x": X[None]}),
        ("x must have the shape (C, H, W) and no empty axis, got (4, 0, 6)", {"x": X[:, :0]}),
        ("x must have the shape (C, H, W) and no empty axis, got ()", {"x": 1.0}),
        (
            "weight must have the shape (K, C / groups, kH, kW) and no empty axis, got (4, 3, 3)",
            {"weight": WEIGHT[0]},
        ),
        (
            "weight must have the shape (K, C / groups, kH, kW) and no empty axis, "
            "got (0, 4, 3, 3)",
            {"weight": WEIGHT[:0]},
        ),
        ("bias must have the shape (K,) and no empty axis, got ()", {"bias": 1.0}),
        ("bias must have the shape (K,) and no empty axis, got (1, 2)", {"bias": [[1, 2]]}),
        ("bias needs one value per kernel, 2, got 3", {"bias": [1, 2, 3]}),
        ("groups must be at least 1, got 0", {"groups": 0}),
        ("groups must divide both the 4 input channels and the 2 kernels, got 4", {"groups": 4}),
        ("groups must divide both the 4 input channels and the 2 kernels, got 3", {"groups": 3}),
        (
            "each kernel must have 4 / 2 = 2 channels to fit the input, got 4",
            {"groups": 2},
        ),
        (
            "each kernel must have 3 / 1 = 3 channels to fit the input, got 4",
            {"x": X[:3]},
        ),
        ("stride must be at least 1, got 0", {"stride": (1, 0)}),
        ("padding must be at least 0, got -1", {"padding": -1}),
        ("dilation must be at least 1, got 0", {"dilation": 0}),
        ("stride takes one number or two (rows, columns), got 3", {"stride": (1, 1, 1)}),
        (
            "a kernel of 3 with dilation 3 covers 7 pixels, the input with its padding has 5: "
            "take a smaller kernel or dilation, or more padding",
            {"dilation": 3},
        ),
        (
            "padding_mode must be one of zeros, reflect, replicate, circular, got 'constant'",
            {"padding_mode": "constant"},
        ),
        (
            "reflect padding can add at most 4 to 5 rows, got 5",
            {"padding": (5, 0), "padding_mode": "reflect"},
        ),
        (
            "circular padding can add at most 6 to 6 columns, got 7",
            {"padding": (0, 7), "padding_mode": "circular"},
        ),
    ],
)
@pytest.mark.parametrize("function", [conv2d, trace_conv2d])
def test_refusals_name_the_rule_the_value_and_the_way_out(function, words, change):
    arguments = {"x": X, "weight": WEIGHT} | change
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        function(**arguments)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["x", "weight", "bias"])
@pytest.mark.parametrize("function", [conv2d, trace_conv2d])
def test_what_is_not_a_finite_number_is_refused_by_name(function, name, value):
    arguments = {"x": X.copy(), "weight": WEIGHT.copy(), "bias": np.zeros(2)}
    arguments[name].flat[-1] = value
    with pytest.raises(InputError, match=f"^{name} must hold finite numbers only$"):
        function(**arguments)


@pytest.mark.parametrize("name", ["stride", "padding", "dilation", "groups"])
@pytest.mark.parametrize("value", [1.0, "1", None, True])
def test_the_wrong_kind_is_a_type_error(name, value):
    with pytest.raises(TypeError, match=f"^{name} must be a whole number"):
        conv2d(X, WEIGHT, **{name: value})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("padding", [(0, 0), (1, 0), (0, 2), (3, 4)])
def test_padding_is_torchs(mode, padding):
    x = np.random.default_rng(9).normal(size=(2, 4, 5))
    names = {"zeros": "constant"}
    rows, columns = padding
    torchs = torch.nn.functional.pad(
        torch.tensor(x), (columns, columns, rows, rows), mode=names.get(mode, mode)
    )
    assert (pad2d(x, padding=padding, padding_mode=mode) == torchs.numpy()).all()


# Worked examples -----------------------------------------------------------------------------

BINARY = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_binary_example_of_the_lecture():
    by_hand = [[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]
    assert conv2d([BINARY], [[CROSS]]).tolist() == by_hand
    assert conv2d_by_loops(np.array([BINARY]), np.array([[CROSS]])).tolist() == by_hand


def test_nine_steps_of_the_binary_example():
    trace = trace_conv2d([BINARY], [[CROSS]])
    assert trace.totals.tolist() == [4, 3, 4, 2, 4, 3, 2, 3, 4]
    assert trace.products.tolist() == [
        [1, 0, 1, 0, 1, 0, 0, 0, 1],
        [1, 0, 0, 0, 1, 0, 0, 0, 1],
        [1, 0, 0, 0, 1, 0, 1, 0, 1],
        [0, 0, 1, 0, 0, 0, 0, 0, 1],
        [1, 0, 1, 0, 1, 0, 0, 0, 1],
        [1, 0, 0, 0, 1, 0, 1, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0, 1],
        [0, 0, 1, 0, 1, 0, 1, 0, 0],
        [1, 0, 1, 0, 1, 0, 1, 0, 0],
    ]
    assert trace.reads[0].tolist() == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert trace.reads[-1].tolist() == [12, 13, 14, 17, 18, 19, 22, 23, 24]
    assert (trace.weights == np.arange(9)).all()
    assert trace.writes.tolist() == list(range(9))
    assert not trace.has_bias
    assert trace.source.margin == (0, 0, 0, 0)


def turned(kernel: Any) -> np.ndarray:
    """Return a kernel turned by half a turn: what true convolution multiplies by."""
    return np.asarray(kernel, dtype=float)[::-1, ::-1]


def number(text: Any) -> float:
    """Return a number written as 0.5, "0.5" or "1/6"."""
    above, _, below = str(text).partition("/")
    return float(above) / float(below or 1)


def one_map(image: Any, kernel: Any, **layer: Any) -> np.ndarray:
    return conv2d([image], [[kernel]], **layer)[0]


def volume(given: dict[str, Any]) -> np.ndarray:
    """Return the maps of an example whose arrays carry the channel last, channel last as well."""
    x = np.array(given["input"]).transpose(2, 0, 1)
    weight = np.array(given["filters"]).transpose(0, 3, 1, 2)
    layer = {"stride": given["stride"], "padding": given["padding"]}
    return conv2d(x, weight, given["bias"], **layer).transpose(1, 2, 0)


def full(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the full true convolution of two matrices."""
    return one_map(a, turned(b), padding=(b.shape[0] - 1, b.shape[1] - 1))


@pytest.mark.parametrize("fact", GOLDEN, ids=[fact["id"] for fact in GOLDEN])
def test_worked_example(fact):
    given, expect = fact["given"], fact["expect"]
    # The examples are written down to at least ten decimals.
    np.testing.assert_allclose(*computed_and_expected(given, expect), rtol=0, atol=5e-11)


def computed_and_expected(given: dict[str, Any], expect: Any) -> tuple[Any, Any]:
    """Return what our functions give for an example, and what it should be."""
    match given["op"]:
        case "conv2d":
            kernel = np.array(given["kernel"]) * number(given.get("scale", 1))
            layer = {"stride": given["stride"], "padding": given["padding"]}
            computed = one_map(
                given["image"], turned(kernel) if given.get("flip") else kernel, **layer
            )
            return np.maximum(computed, 0) if given.get("activation") else computed, expect
        case "conv_terms":
            trace = trace_conv2d([given["image"]], [[given["kernel"]]])
            place = given["row"] * trace.result.values.shape[2] + given["col"]
            patch = trace.source.values.ravel()[trace.reads[place]]
            assert patch.tolist() == np.ravel(expect["patch"]).tolist()
            np.testing.assert_allclose(trace.products[place], expect["terms"], rtol=1e-15)
            return trace.totals[place], expect["sum"]
        case "conv_volume":
            return volume(given), expect
        case "conv_volume_at":
            return volume(given)[given["row"], given["col"], given["k"]], expect
        case "patch_dot":
            return one_map(given["patch"], given["kernel"]), [[expect]]
        case "dot_const":
            shape = (given["Cin"], given["F"], given["F"])
            x, weight = np.full(shape, given["x"]), np.full(shape, given["w"])
            return conv2d(x, [weight], [given["b"]]), [[[expect]]]
        case "xcorr_vs_conv_at":
            place = given["row"], given["col"]
            plain = one_map(given["image"], given["kernel"])[place]
            true = one_map(given["image"], turned(given["kernel"]))[place]
            return [plain, true], [expect["cross_correlation"], expect["convolution"]]
        case "sobel_magnitude":
            sobel = np.outer([1, 2, 1], [-1, 0, 1])
            across, down = (one_map(given["image"], kernel) for kernel in (sobel, sobel.T))
            return np.hypot(across, down), expect
        case "conv_weight_grad":  # the gradient slides over the image like a kernel
            return one_map(given["image"], given["upstream"]), expect
        case "conv_input_grad":
            return full(np.array(given["upstream"]), np.array(given["kernel"])), expect
        case "conv2d_full":
            return full(np.array(given["a"]), np.array(given["b"])), expect
        case "conv1d":
            a, b = ([number(value) for value in given[name]] for name in "ab")
            padding = {"valid": 0, "same": len(b) // 2, "full": len(b) - 1}[given["mode"]]
            return one_map([a], [b[::-1]], padding=(0, padding)), [expect]
        case "equivariance":
            maps = []
            for top, left in (given["offset_a"], given["offset_b"]):
                canvas = np.zeros(given["canvas"])
                canvas[top : top + 5, left : left + 5] = given["image"]
                maps.append(one_map(canvas, given["kernel"]))
            assert maps[0].sum() == maps[1].sum() == expect["sum_of_outputs"]
            return np.roll(maps[0], expect["output_shift"], (0, 1)), maps[1]
    raise LookupError(f"no test for {given['op']}")


# Traces --------------------------------------------------------------------------------------


@seed(10)
@settings(max_examples=300, deadline=None)
@given(case=fitting(largest=7))
def test_a_trace_tells_the_whole_convolution(case):
    maps = conv2d(case.x, case.weight, case.bias, **case.layer)
    trace = trace_conv2d(case.x, case.weight, case.bias, **case.layer)
    source, weight = trace.source.values, trace.weight.values
    n_filters, n_channels, rows, columns = case.weight.shape
    terms = n_channels * rows * columns

    # The result: every cell once, in raster order, with the value that conv2d gives.
    assert trace.result.values.shape == maps.shape
    assert trace.writes.tolist() == list(range(maps.size))
    assert len(trace) == maps.size
    np.testing.assert_allclose(trace.totals.reshape(maps.shape), maps, **CLOSE)
    assert (trace.result.values.ravel()[trace.writes] == trace.totals).all()

    # The steps: every number follows from what it is said to follow from.
    assert trace.reads.shape == trace.weights.shape == (maps.size, terms)
    assert trace.reads.min() >= 0
    assert trace.reads.max() < source.size
    assert (trace.products == source.ravel()[trace.reads] * weight.ravel()[trace.weights]).all()
    assert trace.group_of.tolist() == np.repeat(np.arange(n_channels), rows * columns).tolist()
    for group in range(n_channels):
        products = trace.products[:, trace.group_of == group]
        np.testing.assert_allclose(trace.sums[:, group], products.sum(axis=1), **CLOSE)
    np.testing.assert_allclose(trace.totals, trace.sums.sum(axis=1) + trace.bias, **CLOSE)
    bias = np.zeros(n_filters) if case.bias is None else case.bias
    assert (trace.bias.reshape(n_filters, -1) == bias[:, None]).all()
    assert trace.has_bias == (case.bias is not None)

    # The kernel: every weight used, each step all those of its own filter, in their order.
    assert weight.ravel().tolist() == case.weight.ravel().tolist()
    assert np.unique(trace.weights).tolist() == list(range(weight.size))
    own = np.arange(weight.size).reshape(n_filters, 1, terms)
    assert (trace.weights.reshape(n_filters, -1, terms) == own).all()

    # The input: the margin is the padding, and what lies inside it is the input.
    top, bottom, left, right = trace.source.margin
    padding = np.broadcast_to(case.layer["padding"], 2).tolist()
    assert [top, left] == [bottom, right] == padding
    height, width = source.shape[1:]
    assert (source[:, top : height - bottom, left : width - right] == case.x).all()
    assert len(trace.source.planes) == len(source)
    assert len(trace.weight.planes) == len(weight)
    assert len(trace.result.planes) == len(maps)


@seed(11)
@settings(max_examples=100, deadline=None)
@given(case=fitting(largest=7))
def test_each_step_reads_the_channels_of_its_own_group(case):
    trace = trace_conv2d(case.x, case.weight, **case.layer)
    n_filters, n_channels = case.weight.shape[:2]
    plane = trace.reads // trace.source.values[0].size
    filters_per_group = n_filters // case.layer["groups"]
    group = np.repeat(np.arange(n_filters) // filters_per_group, len(trace) // n_filters)
    assert (plane == group[:, None] * n_channels + trace.group_of).all()


def test_planes_carry_the_names_of_channels_and_filters():
    x, weight = np.ones((4, 2, 2)), np.ones((2, 2, 1, 1))
    trace = trace_conv2d(x, weight, groups=2, channel_names=("red", "green", "blue", "depth"))
    assert trace.source.planes == ("red", "green", "blue", "depth")
    assert trace.weight.planes == (
        "filter 0, red",
        "filter 0, green",
        "filter 1, blue",
        "filter 1, depth",
    )
    assert trace.result.planes == ("feature map 0", "feature map 1")
    assert trace_conv2d(x, weight, groups=2).source.planes[3] == "channel 3"


def test_a_photograph_is_drawn_in_shades_of_grey():
    x = np.arange(9.0).reshape(1, 3, 3)
    trace = trace_conv2d(x, [[[[-1, 0], [0, 2]]]], as_grey=True)
    assert trace.source.as_grey == (0, 255)
    assert trace.result.as_grey == (trace.totals.min(), trace.totals.max()) == (8, 12)
    assert trace.weight.as_grey is None
    plain = trace_conv2d(x, [[[[1]]]])
    assert plain.source.as_grey is plain.result.as_grey is None


@pytest.mark.parametrize("junk", [[[[1, 2], [3]]], "abc", [[["a"]]]])
def test_what_is_no_table_of_numbers_is_refused(junk):
    with pytest.raises(InputError, match="x must"):
        conv2d(junk, np.ones((1, 1, 1, 1)))


def test_the_loops_refuse_other_channels():
    with pytest.raises(InputError, match="the input has 2 channels, each kernel 1"):
        conv2d_by_loops(np.ones((2, 3, 3)), np.ones((1, 1, 2, 2)))
