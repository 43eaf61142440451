"""Convolution against torch, against plain loops, and against examples worked out by hand."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.conv_steps import trace_conv2d, trace_conv_transpose2d
from cnnlab.convolution import conv2d, conv2d_by_loops, conv_transpose2d
from tests.conv_cases import (
    CLOSE,
    KINDS,
    Case,
    agree,
    cases,
    compare,
    fitting,
    transposed,
)

GOLDEN = json.loads(
    (Path(__file__).parent / "golden" / "convolutions.json").read_text(encoding="utf-8")
)

# Said by torch, which copies the input for some of these settings.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kind", KINDS)
def test_maps_are_torchs_and_refused_exactly_where_torch_refuses(kind):
    computed, refused = compare(KINDS[kind](), examples=300, start=1)
    assert computed > 100
    assert refused > 20


@pytest.mark.slow
@pytest.mark.parametrize("start", [2, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_maps_are_torchs_at_length(kind, start):
    computed, refused = compare(KINDS[kind](largest=12), examples=2_500, start=start)
    assert computed + refused >= 2_500  # 8 × 2,500 in all
    assert computed > 900
    assert refused > 200


@pytest.mark.parametrize("strategy", [cases, transposed])
def test_settings_out_of_range_are_refused_exactly_where_torch_refuses(strategy):
    compare(strategy(low=0), examples=200, start=2)


@seed(4)
@settings(max_examples=200)
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


@seed(14)
@settings(max_examples=200)
@given(
    case=transposed(),
    groups=st.integers(1, 4),
    extra_channels=st.integers(-1, 1),
    extra_bias=st.integers(-1, 1),
)
def test_transposed_too_shapes_that_do_not_fit_are_refused_exactly_where_torch_refuses(
    case, groups, extra_channels, extra_bias
):
    weight = np.ones((max(1, len(case.weight) + extra_channels), *case.weight.shape[1:]))
    bias = np.ones(max(1, weight.shape[1] * groups + extra_bias))
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
@settings(max_examples=60)
@given(
    case=fitting(largest=5, modes=["zeros"]), stride=st.integers(1, 3), padding=st.integers(0, 2)
)
def test_plain_loops_agree_with_the_fast_version(case, stride, padding):
    x = case.x[: case.weight.shape[1]]  # the loops know no groups
    layer = {"stride": stride, "padding": padding}
    try:
        fast = conv2d(x, case.weight, **layer)
    except InputError as error:
        # The loops do not say along which axis.
        words = re.sub(r"(\d+)-(high|wide) kernel", r"kernel of \1", str(error))
        words = words.replace(" rows, ", " pixels, ").replace(" columns, ", " pixels, ")
        with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
            conv2d_by_loops(x, case.weight, **layer)
    else:
        np.testing.assert_allclose(conv2d_by_loops(x, case.weight, **layer), fast, **CLOSE)


@seed(7)
@settings(max_examples=200)
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
@settings(max_examples=200)
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


@seed(15)
@settings(max_examples=100)
@given(case=fitting())
def test_a_flipped_kernel_is_the_kernel_turned_by_half_a_turn(case):
    layer = case.layer | {"flip": True}
    plain = conv2d(case.x, case.weight[:, :, ::-1, ::-1], **case.layer | {"flip": False})
    assert (conv2d(case.x, case.weight, **layer) == plain).all()


@seed(16)
@settings(max_examples=150)
@given(case=transposed().filter(lambda case: case.ours() is not None))
def test_a_transposed_convolution_is_the_adjoint_of_the_convolution(case):
    """The convolution with the same settings, seen as a matrix, is this one's transpose."""
    layer = {k: v for k, v in case.layer.items() if k != "output_padding"}
    back = conv_transpose2d(case.x, case.weight, **case.layer)
    other = np.random.default_rng(17).normal(size=back.shape)
    # An output padding of a whole stride leaves room for another row or column.
    forth = conv2d(other, case.weight, **layer)[:, : case.x.shape[1], : case.x.shape[2]]
    # Products of the same numbers, added up in another order.
    assert (forth * case.x).sum() == pytest.approx((back * other).sum(), rel=1e-9, abs=1e-9)


@seed(18)
@settings(max_examples=100)
@given(case=fitting(), at=st.integers(0))
def test_a_sequence_sees_only_what_was_before(case, at):
    x, weight = case.x[:, :1], case.weight[:, :, :1]
    layer = {k: case.layer[k] for k in ("dilation", "groups")} | {"padding": "causal"}
    before = conv2d(x, weight, **layer)
    assert before.shape[1:] == x.shape[1:]
    at %= x.shape[2]
    later = x.copy()
    later[:, :, at:] += 1
    assert (conv2d(later, weight, **layer)[:, :, :at] == before[:, :, :at]).all()


def test_the_result_is_float64_and_the_input_stays_as_it_was():
    x, weight = np.arange(9, dtype=np.uint8).reshape(1, 3, 3), np.ones((1, 1, 2, 2), np.int8)
    maps = conv2d(x, weight, padding=1)
    assert maps.dtype == np.float64
    assert x.tolist() == [[[0, 1, 2], [3, 4, 5], [6, 7, 8]]]
    assert maps.max() == 4 + 5 + 7 + 8


# Refusals ------------------------------------------------------------------------------------

X = np.ones((4, 5, 6))
WEIGHT = np.ones((2, 4, 3, 3))
STAMPS = np.ones((4, 2, 3, 3))  # the weight of a transposed convolution


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
            "a 3-high kernel with dilation 3 covers 7 rows, the padded input has 5: "
            "take a smaller kernel or dilation, or more padding",
            {"dilation": 3},
        ),
        (
            "a 3-wide kernel with dilation 4 covers 9 columns, the padded input has 8: "
            "take a smaller kernel or dilation, or more padding",
            {"dilation": (2, 4), "padding": (0, (0, 2))},
        ),
        (
            "padding 'same' is defined for stride 1 only, the stride is 1 × 2: "
            "so it is in PyTorch (TensorFlow pads more); take stride 1, or padding as a number",
            {"padding": "same", "stride": (1, 2)},
        ),
        (
            "padding 'causal' is for sequences: take a kernel of height 1, not 3",
            {"padding": "causal"},
        ),
        (
            "padding must be a number or one of valid, same, full, causal, got 'half'",
            {"padding": "half"},
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


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("x must have the shape (C, H, W) and no empty axis, got (5, 6)", {"x": X[0]}),
        (
            "weight must have the shape (C, K / groups, kH, kW) and no empty axis, got (2, 3, 3)",
            {"weight": STAMPS[0]},
        ),
        ("bias must have the shape (K,) and no empty axis, got ()", {"bias": 1.0}),
        ("bias needs one value per kernel, 2, got 3", {"bias": [1, 2, 3]}),
        ("bias needs one value per kernel, 4, got 2", {"bias": [1, 2], "groups": 2}),
        ("groups must be at least 1, got 0", {"groups": 0}),
        ("groups must divide both the 4 input channels and the 6 kernels, got 3", {"groups": 3}),
        ("the input has 3 channels, the weight is for 4", {"x": X[:3]}),
        ("stride must be at least 1, got 0", {"stride": (1, 0)}),
        ("padding must be at least 0, got -1", {"padding": -1}),
        ("padding takes one number or two (rows, columns), got 3", {"padding": (1, 1, 1)}),
        ("output_padding must be at least 0, got -1", {"output_padding": -1}),
        ("dilation must be at least 1, got 0", {"dilation": 0}),
        (
            "output_padding must be smaller than the stride or the dilation: it is 2, they are "
            "2 and 1",
            {"output_padding": (0, 2), "stride": 2},
        ),
        (
            "padding 4 takes 8 rows away from an output of 7: take less padding, or a larger "
            "kernel",
            {"padding": 4},
        ),
        (
            "padding 4 takes 8 columns away from an output of 8: take less padding, or a larger "
            "kernel",
            {"padding": (0, 4)},
        ),
    ],
)
@pytest.mark.parametrize("function", [conv_transpose2d, trace_conv_transpose2d])
def test_refusals_of_the_transposed_name_the_rule_too(function, words, change):
    arguments = {"x": X, "weight": STAMPS} | change
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        function(**arguments)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["x", "weight", "bias"])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("trace", [False, True])
def test_what_is_not_a_finite_number_is_refused_by_name(trace, transpose, name, value):
    functions = ((conv2d, trace_conv2d), (conv_transpose2d, trace_conv_transpose2d))
    weight = STAMPS if transpose else WEIGHT
    arguments = {"x": X.copy(), "weight": weight.copy(), "bias": np.zeros(2)}
    arguments[name].flat[-1] = value
    with pytest.raises(InputError, match=f"^{name} must hold finite numbers only$"):
        functions[transpose][trace](**arguments)


@pytest.mark.parametrize(
    ("function", "weight", "name"),
    [
        *((conv2d, WEIGHT, name) for name in ("stride", "padding", "dilation", "groups")),
        *(
            (conv_transpose2d, STAMPS, name)
            for name in ("stride", "padding", "output_padding", "dilation", "groups")
        ),
    ],
)
@pytest.mark.parametrize("value", [1.0, b"1", None, True])
def test_the_wrong_kind_is_a_type_error(function, weight, name, value):
    with pytest.raises(TypeError, match=f"^{name} must be a whole number"):
        function(X, weight, **{name: value})


@pytest.mark.parametrize("name", ["stride", "dilation", "groups"])
def test_text_is_a_type_error_but_for_the_padding_which_may_have_a_name(name):
    with pytest.raises(TypeError, match=f"^{name} must be a whole number, got '1'$"):
        conv2d(X, WEIGHT, **{name: "1"})
    with pytest.raises(InputError, match=r"^padding must be a number or one of .*, got '1'$"):
        conv2d(X, WEIGHT, padding="1")


# Worked examples -----------------------------------------------------------------------------

BINARY = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_binary_example_of_the_lecture():
    by_hand = [[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]
    assert conv2d([BINARY], [[CROSS]]).tolist() == by_hand
    assert conv2d_by_loops(np.array([BINARY]), np.array([[CROSS]])).tolist() == by_hand


ONES = np.ones((1, 1, 3, 3))


def test_overlapping_stamps_of_a_transposed_convolution_add_up():
    assert conv_transpose2d([[[1, 2], [3, 4]]], ONES, stride=2).tolist() == [
        [
            [1, 1, 3, 2, 2],
            [1, 1, 3, 2, 2],
            [4, 4, 10, 6, 6],
            [3, 3, 7, 4, 4],
            [3, 3, 7, 4, 4],
        ]
    ]


def test_padding_takes_away_from_a_transposed_convolution_and_output_padding_adds():
    x = [[[1, 2], [3, 4]]]
    assert conv_transpose2d(x, ONES, [0.5], stride=2, padding=1).tolist() == [
        [[1.5, 3.5, 2.5], [4.5, 10.5, 6.5], [3.5, 7.5, 4.5]]
    ]
    more = conv_transpose2d(x, ONES, stride=2, padding=(1, 2), output_padding=(1, 0))
    assert more.tolist() == [[[3], [10], [7], [7]]]
    # Beyond the last stamp there is nothing to add up.
    assert conv_transpose2d([[[1]]], ONES, stride=2, output_padding=1)[0, 3].tolist() == [0] * 4


def test_the_weight_of_a_transposed_convolution_names_the_input_channel_first():
    weight = np.array([[[[1.0]], [[10.0]]], [[[100.0]], [[1000.0]]]])
    assert conv_transpose2d([[[1]], [[2]]], weight).ravel().tolist() == [201, 2010]
    assert conv_transpose2d([[[1]], [[2]]], weight, groups=2).ravel().tolist() == [1, 10, 200, 2000]


@pytest.mark.parametrize(
    ("padding", "expect"),
    [
        ("valid", [3, 5, 7]),
        ("same", [3, 5, 7, 4]),  # an odd rest is added on the right
        ("full", [1, 3, 5, 7, 4]),
        ("causal", [1, 3, 5, 7]),
        ((0, (2, 1)), [0, 1, 3, 5, 7, 4]),
    ],
)
def test_paddings_of_a_short_sequence(padding, expect):
    assert conv2d([[[1, 2, 3, 4]]], [[[[1, 1]]]], padding=padding).ravel().tolist() == expect


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
            flip = bool(given.get("flip"))
            computed = one_map(given["image"], turned(kernel) if flip else kernel, **layer)
            flipped = one_map(given["image"], kernel, flip=flip, **layer)
            assert flipped.tolist() == computed.tolist()
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
            named = one_map([a], [b], padding=given["mode"], flip=True)
            assert named.tolist() == one_map([a], [b[::-1]], padding=(0, padding)).tolist()
            return named, [expect]
        case "equivariance":
            maps = []
            for top, left in (given["offset_a"], given["offset_b"]):
                canvas = np.zeros(given["canvas"])
                canvas[top : top + 5, left : left + 5] = given["image"]
                maps.append(one_map(canvas, given["kernel"]))
            assert maps[0].sum() == maps[1].sum() == expect["sum_of_outputs"]
            return np.roll(maps[0], expect["output_shift"], (0, 1)), maps[1]
    raise LookupError(f"no test for {given['op']}")


@pytest.mark.parametrize("junk", [[[[1, 2], [3]]], "abc", [[["a"]]]])
def test_what_is_no_table_of_numbers_is_refused(junk):
    with pytest.raises(InputError, match="x must"):
        conv2d(junk, np.ones((1, 1, 1, 1)))


def test_the_loops_refuse_other_channels():
    with pytest.raises(InputError, match="the input has 2 channels, each kernel 1"):
        conv2d_by_loops(np.ones((2, 3, 3)), np.ones((1, 1, 2, 2)))
