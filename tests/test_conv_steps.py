"""The steps of a convolution and of a transposed one: every number follows from its own parts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.activations import ACTIVATIONS
from cnnlab.checks import InputError
from cnnlab.conv_steps import spread, trace_conv2d, trace_conv_transpose2d
from cnnlab.convolution import TransposedLayer
from cnnlab.padding import padding_sides
from cnnlab.trace import Trace
from tests.conv_cases import (
    CLOSE,
    Case,
    Transposed,
    cases,
    fitting,
    named_cases,
    sequences,
    transposed,
)

TORCHS = {
    "none": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def steps_of(case: Case, **more: Any) -> Trace:
    function = trace_conv_transpose2d if isinstance(case, Transposed) else trace_conv2d
    return function(case.x, case.weight, case.bias, **case.layer, **more)


def working(strategy: st.SearchStrategy[Case]) -> st.SearchStrategy[Case]:
    return strategy.filter(lambda case: case.ours() is not None)


ANY_CASE = st.one_of(*(working(kind(largest=7)) for kind in (cases, named_cases, sequences)))


def assert_tells_the_operation(case: Case, activation: str) -> Trace:
    """Check what holds for every kind of step; return the trace."""
    trace = steps_of(case, activation=activation)
    source, weight = trace.source.values, trace.weight.values
    n_maps, rows, columns = trace.result.values.shape
    n_steps, terms = trace.reads.shape
    n_groups = trace.sums.shape[1]

    # The result: every cell once, in raster order, with the value that torch gives.
    sums = torch.tensor(case.torchs())
    expected = TORCHS[activation](sums).numpy()
    assert trace.result.values.shape == expected.shape
    assert len(trace) == n_steps == n_maps * rows * columns
    assert trace.writes.tolist() == list(range(n_steps))
    np.testing.assert_allclose(trace.totals, expected.ravel(), **CLOSE)
    np.testing.assert_allclose(trace.before, sums.ravel(), **CLOSE)
    assert (trace.result.values.ravel()[trace.writes] == trace.totals).all()
    assert trace.activation is ACTIVATIONS[activation]

    # The steps: every number follows from what it is said to follow from.
    assert trace.weights.shape == trace.products.shape == (n_steps, terms)
    assert trace.reads.min() >= 0
    assert trace.reads.max() < source.size
    assert (trace.products == source.ravel()[trace.reads] * weight.ravel()[trace.weights]).all()
    assert trace.window == case.weight.shape[2:]
    cells = trace.window[0] * trace.window[1]
    assert trace.group_of.tolist() == np.repeat(np.arange(n_groups), cells).tolist()
    for group in range(n_groups):
        products = trace.products[:, trace.group_of == group]
        np.testing.assert_allclose(trace.sums[:, group], products.sum(axis=1), **CLOSE)
    np.testing.assert_allclose(trace.before, trace.sums.sum(axis=1) + trace.bias, **CLOSE)
    bias = np.zeros(n_maps) if case.bias is None else case.bias
    assert (trace.bias.reshape(n_maps, -1) == bias[:, None]).all()
    assert trace.has_bias == (case.bias is not None)

    # The kernel: every weight used, and each step uses none twice.
    assert weight.ravel().tolist() == case.weight.ravel().tolist()
    assert np.unique(trace.weights).tolist() == list(range(weight.size))
    assert all(len(set(row)) == terms for row in trace.weights.tolist())

    # The input: the margin and the spacing say where its numbers stand in the source.
    (top, bottom, left, right), spacing = trace.source.margin, trace.source.spacing
    height, width = source.shape[1:]
    data_height = (case.x.shape[1] - 1) * spacing[0] + 1
    data_width = (case.x.shape[2] - 1) * spacing[1] + 1
    assert top + data_height + bottom == height
    assert left + data_width + right == width
    for (c, i, j), value in np.ndenumerate(case.x):
        row, column = top + i * spacing[0], left + j * spacing[1]
        if 0 <= row < height and 0 <= column < width:
            assert source[c, row, column] == value

    # What no step reads, found by marking what is read.
    marked = np.zeros(source.size, dtype=bool)
    marked[trace.reads] = True
    assert trace.unread.tolist() == np.flatnonzero(~marked).tolist()

    assert len(trace.source.planes) == len(source)
    assert len(trace.weight.planes) == len(weight)
    assert len(trace.result.planes) == n_maps
    return trace


@seed(10)
@settings(max_examples=300)
@given(case=ANY_CASE, activation=st.sampled_from(list(ACTIVATIONS)))
def test_a_trace_tells_the_whole_convolution(case, activation):
    trace = assert_tells_the_operation(case, activation)
    source = trace.source.values
    n_filters, n_channels, rows, columns = case.weight.shape
    terms = n_channels * rows * columns
    flip = case.layer["flip"]
    assert trace.turned == flip

    # Each step uses all weights of its own filter, in their order or turned by half a turn.
    own = np.arange(case.weight.size).reshape(case.weight.shape)
    own = own[:, :, ::-1, ::-1] if flip else own
    own = own.reshape(n_filters, 1, terms)
    assert (trace.weights.reshape(n_filters, -1, terms) == own).all()

    # The margin is the padding, and what lies inside it is the input.
    settings = {k: np.broadcast_to(case.layer[k], 2).tolist() for k in ("stride", "dilation")}
    sides = padding_sides(
        case.layer["padding"],
        kernel_size=(rows, columns),
        stride=tuple(settings["stride"]),
        dilation=tuple(settings["dilation"]),
    )
    top, bottom, left, right = trace.source.margin
    assert ((top, bottom), (left, right)) == sides
    assert trace.source.spacing == (1, 1)
    height, width = source.shape[1:]
    assert (source[:, top : height - bottom, left : width - right] == case.x).all()


@seed(12)
@settings(max_examples=300)
@given(case=working(transposed(largest=6)), activation=st.sampled_from(list(ACTIVATIONS)))
def test_a_trace_tells_the_whole_transposed_convolution(case, activation):
    trace = assert_tells_the_operation(case, activation)
    source = trace.source.values
    assert trace.turned
    stride = np.broadcast_to(case.layer["stride"], 2)
    dilation = np.broadcast_to(case.layer["dilation"], 2)
    assert trace.source.spacing == tuple(stride.tolist())

    # Around the pixels lies what the kernel reaches less the padding, at the far end with the
    # output padding; between them there are zeros.
    reach = dilation * (np.array(case.weight.shape[2:]) - 1)
    before = reach - np.broadcast_to(case.layer["padding"], 2)
    after = before + np.broadcast_to(case.layer["output_padding"], 2)
    top, bottom, left, right = trace.source.margin
    assert (top, left) == tuple(before.tolist())
    assert (bottom, right) == tuple(after.tolist())
    plain = np.zeros_like(source)
    for (c, i, j), value in np.ndenumerate(case.x):
        row, column = top + i * stride[0], left + j * stride[1]
        if 0 <= row < source.shape[1] and 0 <= column < source.shape[2]:
            plain[c, row, column] = value
    assert (source == plain).all()

    # Each step of map k uses all weights [c, k] of the channels of its group, turned.
    groups, per_group = case.layer["groups"], case.weight.shape[1]
    places = np.arange(case.weight.size).reshape(case.weight.shape)
    in_group = len(case.x) // groups
    for step in range(0, len(trace), max(1, len(trace) // 7)):
        k = step // (len(trace) // (per_group * groups))
        first = k // per_group * in_group
        own = places[first : first + in_group, k % per_group, ::-1, ::-1]
        assert trace.weights[step].tolist() == own.ravel().tolist()


@seed(11)
@settings(max_examples=150)
@given(case=st.one_of(fitting(largest=7), working(transposed(largest=6))))
def test_each_step_reads_the_channels_of_its_own_group(case):
    trace = steps_of(case)
    groups = case.layer["groups"]
    n_maps, in_group = len(trace.result.values), len(case.x) // groups
    plane = trace.reads // trace.source.values[0].size
    group = np.repeat(np.arange(n_maps) // (n_maps // groups), len(trace) // n_maps)
    assert (plane == group[:, None] * in_group + trace.group_of).all()


def test_nine_steps_of_the_binary_example():
    binary = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    trace = trace_conv2d([binary], [[[[1, 0, 1], [0, 1, 0], [1, 0, 1]]]])
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
    assert not trace.turned
    assert trace.activation.name == "none"
    assert trace.source.margin == (0, 0, 0, 0)
    assert trace.unread.tolist() == []


def test_steps_of_a_flipped_kernel_name_the_weights_from_the_last_to_the_first():
    trace = trace_conv2d([[[1, 2, 3]]], [[[[10, 1]]]], flip=True)
    assert trace.weights.tolist() == [[1, 0], [1, 0]]
    assert trace.products.tolist() == [[1, 20], [2, 30]]
    assert trace.weight.values.tolist() == [[[10, 1]]]  # shown as it is, not turned


def test_steps_of_a_transposed_convolution_by_hand():
    trace = trace_conv_transpose2d([[[1, 2]]], [[[[1, 10, 100]]]], stride=(1, 2), padding=(0, 1))
    assert trace.source.values.tolist() == [[[0, 1, 0, 2, 0]]]
    assert trace.source.margin == (0, 0, 1, 1)
    assert trace.source.spacing == (1, 2)
    assert trace.products.tolist() == [[0, 10, 0], [100, 0, 2], [0, 20, 0]]
    assert trace.weights.tolist() == [[2, 1, 0]] * 3
    assert trace.totals.tolist() == [10, 102, 20]


def test_where_padding_cuts_pixels_off_the_margin_is_below_zero():
    layer = {"stride": 1, "padding": 2, "output_padding": 0, "dilation": 1, "groups": 1}
    x, weight = np.arange(1.0, 26.0).reshape(1, 5, 5), np.ones((1, 1, 1, 1))
    values, margin = spread(TransposedLayer.of(x, weight, None, **layer))
    assert margin == (-2, -2, -2, -2)
    assert values.tolist() == [[[13]]]
    trace = trace_conv_transpose2d(x, weight, **layer)
    assert (trace.source.margin, trace.totals.tolist()) == (margin, [13])


def test_a_stride_that_does_not_divide_leaves_cells_unread():
    trace = trace_conv2d(np.ones((1, 1, 7)), np.ones((1, 1, 1, 3)), stride=3)
    assert trace.unread.tolist() == [6]
    gaps = trace_conv2d(np.ones((1, 1, 7)), np.ones((1, 1, 1, 2)), stride=3)
    assert gaps.unread.tolist() == [2, 5, 6]


def test_the_activation_takes_each_sum_with_its_bias():
    trace = trace_conv2d([[[1, -2, 3]]], [[[[1]]]], [-1.5], activation="relu")
    assert trace.before.tolist() == [-0.5, -3.5, 1.5]
    assert trace.totals.tolist() == [0, 0, 1.5]
    assert trace.result.values.tolist() == [[[0, 0, 1.5]]]
    leaky = trace_conv_transpose2d([[[1, -2]]], [[[[1]]]], activation="leaky_relu")
    assert leaky.totals.tolist() == [1, -0.02]


@pytest.mark.parametrize("function", [trace_conv2d, trace_conv_transpose2d])
def test_an_unknown_activation_is_refused(function):
    words = r"^activation must be one of none, relu, leaky_relu, tanh, sigmoid, got 'gelu'$"
    with pytest.raises(InputError, match=words):
        function(np.ones((1, 2, 2)), np.ones((1, 1, 1, 1)), activation="gelu")


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


def test_planes_of_a_transposed_convolution_say_where_each_weight_leads():
    x, weight = np.ones((2, 2, 2)), np.ones((2, 2, 1, 1))
    trace = trace_conv_transpose2d(x, weight, channel_names=("red", "green"))
    assert trace.source.planes == ("red", "green")
    assert trace.weight.planes == (
        "red to feature map 0",
        "red to feature map 1",
        "green to feature map 0",
        "green to feature map 1",
    )
    grouped = trace_conv_transpose2d(x, weight, groups=2)
    assert grouped.weight.planes == (
        "channel 0 to feature map 0",
        "channel 0 to feature map 1",
        "channel 1 to feature map 2",
        "channel 1 to feature map 3",
    )
    assert len(grouped.result.planes) == 4


@pytest.mark.parametrize("function", [trace_conv2d, trace_conv_transpose2d])
def test_a_photograph_is_drawn_in_shades_of_grey(function):
    x = np.arange(9.0).reshape(1, 3, 3)
    trace = function(x, [[[[-1, 0], [0, 2]]]], as_grey=True)
    assert trace.source.as_grey == (0, 255)
    assert trace.result.as_grey == (trace.totals.min(), trace.totals.max())
    assert trace.weight.as_grey is None
    plain = function(x, [[[[1]]]])
    assert plain.source.as_grey is plain.result.as_grey is None


def test_the_greys_of_the_output_reach_from_its_smallest_to_its_largest():
    x = np.arange(9.0).reshape(1, 3, 3)
    assert trace_conv2d(x, [[[[-1, 0], [0, 2]]]], as_grey=True).result.as_grey == (8, 12)
    rectified = trace_conv2d(x, [[[[-1]]]], [4.0], activation="relu", as_grey=True)
    assert rectified.result.as_grey == (0, 4)  # after the activation
