"""Parameters and operations against torch's own counters; errors that name the layer."""

import math
import re
from itertools import pairwise

import pytest
import torch
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.cost import LayerError, describe, layer_row, summarize, totals
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    LayerScale,
    Linear,
    LocalResponseNorm,
    PadChannels,
    Pool2d,
    Residual,
    Select,
    Shape,
    Split,
    output_shape,
)
from tests.torch_layers import TorchRefuses, n_flops, n_params, network

CHANNELS = st.sampled_from([1, 2, 3, 4, 6])
SHAPE = st.tuples(CHANNELS, st.integers(1, 14), st.integers(1, 14))


def pair(low: int, high: int) -> st.SearchStrategy:
    """Return one number for both axes, or one for each."""
    number = st.integers(low, high)
    return number | st.tuples(number, number)


CONV = st.builds(
    Conv2d,
    out_channels=CHANNELS,
    kernel_size=pair(1, 4),
    stride=pair(1, 3),
    padding=pair(0, 3) | st.sampled_from(["same", "valid"]),
    dilation=st.just(1) | pair(1, 2),
    groups=st.sampled_from([1, 1, 2, 3]),
    bias=st.booleans(),
)
TRANSPOSED = st.builds(
    ConvTranspose2d,
    out_channels=CHANNELS,
    kernel_size=pair(1, 4),
    stride=pair(1, 3),
    padding=pair(0, 1),
    dilation=st.just(1) | pair(1, 2),
    groups=st.sampled_from([1, 1, 2, 3]),
    bias=st.booleans(),
)
POOL = st.builds(
    Pool2d,
    kernel_size=pair(1, 3),
    stride=st.none() | pair(1, 3),
    ceil_mode=st.booleans(),
    kind=st.sampled_from(["max", "average", "L2"]),
)
LINEAR = st.builds(Linear, st.integers(1, 20), bias=st.booleans())
PLAIN = st.sampled_from(
    [
        BatchNorm2d(),
        ChannelShuffle(2),
        LayerNorm2d(),
        LayerScale(),
        LocalResponseNorm(3),
        PadChannels(12),
        Select(0, 1),
        Activation(),
        Dropout(),
        AdaptiveAvgPool2d(1),
        AdaptiveAvgPool2d((3, 2)),
    ]
)


def check_against_torch(layers: list[Layer], shape: Shape) -> None:
    """Compare shape, parameters, MACs and memory of a network that torch can build."""
    module, made = network(layers, shape)
    row = totals(summarize(layers, shape))
    assert (row.input_shape, row.output_shape) == (shape, made)
    assert row.n_params == n_params(module)
    assert (row.n_weights, row.n_biases) == (n_params(module, "weight"), n_params(module, "bias"))
    assert row.weight_bytes == sum(p.numel() * p.element_size() for p in module.parameters())
    assert 2 * row.macs == row.flops == n_flops(module, shape)
    out = module(torch.zeros(1, *shape))
    assert row.n_activations == out.numel()
    assert row.activation_bytes == out.numel() * out.element_size()


@seed(21)
@settings(max_examples=500)
@given(layer=CONV | TRANSPOSED | POOL | PLAIN, shape=SHAPE)
def test_one_layer_costs_what_torch_counts(layer, shape):
    try:
        output_shape(layer, shape)
    except InputError:
        assume(False)  # refusals are compared in test_layers
    check_against_torch([layer], shape)


@seed(22)
@settings(max_examples=60)
@given(layer=LINEAR, n=st.integers(1, 40))
def test_a_fully_connected_layer_does_too(layer, n):
    check_against_torch([layer], (n,))


@st.composite
def networks(draw: st.DrawFn, shape: Shape, depth: int = 2, most: int = 4) -> tuple[Layer, ...]:
    """Return layers that fit one after the other, joins among them."""
    layers: list[Layer] = []
    for _ in range(draw(st.integers(0, most))):
        kinds = CONV | TRANSPOSED | POOL | PLAIN | st.just(Flatten()) if len(shape) == 3 else LINEAR
        layer = draw(joins(shape, depth - 1) if depth and draw(st.booleans()) else kinds)
        try:
            shape = output_shape(layer, shape)
        except InputError:
            continue  # leave out what does not fit; the next may
        if math.prod(shape) > 20_000:
            break  # transposed convolutions grow
        layers.append(layer)
    return tuple(layers)


@st.composite
def joins(draw: st.DrawFn, shape: Shape, depth: int) -> Layer:
    """Return a join that takes this shape; its ways end alike."""
    body = draw(networks(shape, depth, 2))
    if len(shape) == 1:
        back: tuple[Layer, ...] = (Linear(shape[0], bias=draw(st.booleans())),)
        return draw(st.sampled_from([Block(body), Residual((*body, *back)), Dense(body)]))
    channels, *size = shape
    other = draw(CHANNELS)
    body = tuple(layer for layer in body if not isinstance(layer, Flatten))
    same = (*body, AdaptiveAvgPool2d(tuple(size)), Conv2d(channels, 1))
    wider = (*body, AdaptiveAvgPool2d(tuple(size)), Conv2d(other, 3, padding=1))
    gate = (AdaptiveAvgPool2d(1), Conv2d(other, 1), Activation(), Conv2d(channels, 1, bias=False))
    halves = () if channels % 2 else (Split((Conv2d(other, 3, padding=1), Activation())),)
    return draw(
        st.sampled_from(
            [
                *halves,
                Highway(same, (Conv2d(channels, 3, padding=1), Activation("Sigmoid"))),
                Block(body),
                Residual(same),
                Residual(wider, (Conv2d(other, 1, bias=False),)),
                Concat((same, wider, ())),
                Dense(wider),
                Gate(gate),
                Gate((AdaptiveAvgPool2d(1), Flatten(), Linear(other), Linear(channels))),
            ]
        )
    )


def fits(layers: tuple[Layer, ...], shape: Shape) -> bool:
    try:
        output_shape(Block(layers), shape)
    except InputError:
        return False
    return True


@seed(23)
@settings(max_examples=200)
@given(data=st.data(), shape=SHAPE)
def test_networks_with_joins_cost_what_torch_counts(data, shape):
    layers = data.draw(networks(shape))
    assume(layers and fits(layers, shape))
    check_against_torch(list(layers), shape)


def places(layers: tuple[Layer, ...], path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Return the paths of all layers, those in joins too."""
    found = []
    for number, layer in enumerate(layers):
        ways = {
            Block: lambda join: [join.layers],
            Residual: lambda join: [join.body, join.shortcut],
            Concat: lambda join: join.branches,
            Dense: lambda join: [join.body],
            Gate: lambda join: [join.body],
            Highway: lambda join: [join.body, join.gate],
            Split: lambda join: [join.body],
        }.get(type(layer), lambda _: [])(layer)
        for branch, held in enumerate(ways):
            found += places(held, (*path, number, branch))
        found.append((*path, number))
    return found


@seed(24)
@settings(max_examples=150)
@given(data=st.data(), shape=SHAPE)
def test_there_is_one_row_for_each_layer_in_the_order_of_computation(data, shape):
    layers = data.draw(networks(shape))
    assume(fits(layers, shape))
    rows = summarize(layers, shape)
    assert [row.path for row in rows] == places(layers)
    assert len({row.name for row in rows}) == len(rows)
    for before, after in pairwise(rows):
        if after.path[:-1] == before.path[:-1]:
            assert after.input_shape == before.output_shape


# A layer that cannot take anything, or not this: where it stands, the error must say.
MISFITS = st.sampled_from(
    [
        Conv2d(2, 3, stride=0),
        Conv2d(7, 1, groups=5),
        Conv2d(1, 30),
        Pool2d(30),
        Pool2d(2, padding=2),
        ConvTranspose2d(1, 1, padding=30),
        Linear(3),
        Flatten(),
        LocalResponseNorm(0),
        Residual((Conv2d(23, 1),)),
        Concat(((), (AdaptiveAvgPool2d(15),))),
        Gate((Conv2d(23, 1),)),
        Split((Conv2d(1, 30),)),
        Highway((), (Conv2d(23, 1),)),
        PadChannels(1),
        Select(20, 3),
        ChannelShuffle(7),
    ]
)


@seed(25)
@settings(max_examples=400)
@given(data=st.data(), shape=SHAPE, misfit=MISFITS)
def test_the_error_names_the_layer_at_which_torch_stops(data, shape, misfit):
    layers = list(data.draw(networks(shape)))
    wrap = data.draw(
        st.sampled_from(
            [
                lambda layer: layer,
                lambda layer: Block((Activation(), layer)),
                lambda layer: Residual((), (layer,)),
                lambda layer: Concat(((), (Activation(), layer))),
                lambda layer: Block((Dense((layer,)),)),
                lambda layer: Gate((layer,)),
                lambda layer: Highway((), (layer,)),
                lambda layer: Split((layer,)),
            ]
        )
    )
    layers.insert(data.draw(st.integers(0, len(layers))), wrap(misfit))
    where = None
    try:
        network(layers, shape)
    except TorchRefuses as refusal:
        where = refusal.path
    if where is None:
        check_against_torch(layers, shape)
        return
    with pytest.raises(LayerError) as caught:
        summarize(layers, shape)
    assert caught.value.path == where


@pytest.mark.parametrize(
    ("path", "words", "layers"),
    [
        ((1,), "conv2: stride must be at least 1, got 0", [Conv2d(2, 1), Conv2d(2, 1, stride=0)]),
        (
            (0,),
            "stem: 5 groups must divide the 3 input channels and the 4 output channels",
            [Conv2d(4, 1, groups=5, name="stem")],
        ),
        (
            (2,),
            "pool3: a window of 2 with dilation 1 covers 2 rows, the padded input has 1: take a "
            "smaller window, or pool once less",
            [Pool2d(2), Pool2d(4), Pool2d(2)],
        ),
        (
            (0, 0, 1),
            "conv2: a 9-high kernel with dilation 1 covers 9 rows, the padded input has 8: take a "
            "smaller kernel or dilation, or more padding",
            [Block((Conv2d(4, 1), Conv2d(4, 9)))],
        ),
        (
            (1, 1, 0),
            "projection: stride must be at least 1, got 0",
            [Activation(), Residual((), (Conv2d(3, 1, stride=0, name="projection"),))],
        ),
        (
            (0, 2, 1, 0, 0),
            "deepest: out_channels must be at most 1000000, got 1000000000",
            [Concat(((), (), (Activation(), Dense((Conv2d(10**9, 1, name="deepest"),)))))],
        ),
        (
            (0,),
            "add1: the two ways of a residual block must end in the same shape: its body makes "
            "4 × 8 × 8, its shortcut 3 × 8 × 8",
            [Residual((Conv2d(4, 1),))],
        ),
        (
            (1,),
            "fc1: out_features must be at most 1000000, got 1000000000",
            [Flatten(), Linear(10**9)],
        ),
        (
            (0,),
            "fc1: a fully connected layer takes a row of numbers, it gets 3 × 8 × 8: put Flatten "
            "or global pooling with Flatten before it",
            [Linear(2)],
        ),
    ],
)
def test_the_error_carries_path_name_and_reason(path, words, layers):
    with pytest.raises(LayerError, match=f"^{re.escape(words)}$") as caught:
        summarize(layers, (3, 8, 8))
    assert caught.value.path == path
    assert f"{caught.value.name}: {caught.value.reason}" == words
    assert caught.value.__cause__ is None


def test_a_bug_is_not_dressed_up_as_advice():
    with pytest.raises(TypeError, match=r"^stride must be a whole number, got 'two'"):
        summarize([Conv2d(1, 1, stride="two")], (1, 4, 4))


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("an input is channels × rows × columns, or a number of features: got (3, 4)", (3, 4)),
        ("an input is channels × rows × columns, or a number of features: got ()", ()),
        ("input size must be at least 1, got 0", (3, 0, 4)),
        ("input size must be at most 1000000, got 1000000000", (1, 10**9, 1)),
        ("input size must be at most 1000000, got 1000000000", (10**9,)),
    ],
)
def test_an_input_that_is_none_is_refused(words, shape):
    with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
        summarize([Flatten()], shape)


def test_the_widest_layers_are_counted_exactly():
    (row,) = summarize([Linear(10**6)], (10**6,))
    assert (row.n_params, row.macs, row.weight_bytes) == (10**12 + 10**6, 10**12, 4 * row.n_params)
    rows = summarize([Conv2d(10**6, 1), ConvTranspose2d(10**6, 10**6)], (10**6, 1, 1))
    assert [row.macs for row in rows] == [10**12, 10**24]
    assert totals(rows).output_shape == (10**6, 10**6, 10**6)


# Worked examples -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "n_weights", "n_biases", "macs", "bias_ops", "other_ops"),
    [
        (Conv2d(10, 5, padding=2), (3, 32, 32), 750, 10, 768_000, 10_240, 0),
        (Conv2d(10, 5, padding=2, bias=False), (3, 32, 32), 750, 0, 768_000, 0, 0),
        (Conv2d(4, (1, 3), groups=2), (2, 5, 5), 12, 4, 180, 60, 0),
        (ConvTranspose2d(2, 3, stride=2), (4, 2, 2), 72, 2, 288, 50, 0),
        (Linear(10), (84,), 840, 10, 840, 10, 0),
        (BatchNorm2d(), (64, 2, 2), 64, 64, 0, 0, 512),  # one product and one sum for each number
        (LayerNorm2d(), (64, 2, 2), 64, 64, 0, 0, 1792),  # seven for each of 256 numbers
        (LayerScale(), (64, 2, 2), 64, 0, 0, 0, 256),
        (Pool2d(3, stride=2), (2, 7, 7), 0, 0, 0, 0, 162),  # 18 windows of 9
        (AdaptiveAvgPool2d(), (3, 4, 5), 0, 0, 0, 0, 60),
        (LocalResponseNorm(5), (2, 3, 3), 0, 0, 0, 0, 126),  # 18 sums of 5, a power, a quotient
        (Activation(), (2, 3, 3), 0, 0, 0, 0, 18),
        (Dropout(), (2, 3, 3), 0, 0, 0, 0, 0),
        (Flatten(), (2, 3, 3), 0, 0, 0, 0, 0),
        (Residual((Conv2d(2, 1),)), (2, 3, 3), 0, 0, 0, 0, 18),  # the sum alone
        (Gate((AdaptiveAvgPool2d(),)), (2, 3, 3), 0, 0, 0, 0, 18),
        (Concat(((), (Conv2d(2, 1),))), (2, 3, 3), 0, 0, 0, 0, 0),
        (Dense((Conv2d(2, 1),)), (2, 3, 3), 0, 0, 0, 0, 0),
        (Split((Conv2d(1, 1),)), (2, 3, 3), 0, 0, 0, 0, 0),
        (Highway((Conv2d(2, 1),), ()), (2, 3, 3), 0, 0, 0, 0, 54),  # 18 times -, · and +
        (PadChannels(4), (2, 3, 3), 0, 0, 0, 0, 0),
        (Select(1, 1), (2, 3, 3), 0, 0, 0, 0, 0),
        (ChannelShuffle(2), (2, 3, 3), 0, 0, 0, 0, 0),
        (Block((Conv2d(2, 1),)), (2, 3, 3), 0, 0, 0, 0, 0),
    ],
)
def test_worked_rows(layer, shape, n_weights, n_biases, macs, bias_ops, other_ops):
    row = layer_row(layer, shape)
    assert (row.n_weights, row.n_biases, row.macs) == (n_weights, n_biases, macs)
    assert (row.bias_ops, row.other_ops) == (bias_ops, other_ops)
    assert (row.n_params, row.flops) == (n_weights + n_biases, 2 * macs)


def test_a_table_with_names_paths_and_totals():
    layers = [
        Conv2d(8, 3, padding=1, name="stem"),
        Residual((Conv2d(8, 3, padding=1), BatchNorm2d()), name="unit"),
        Concat(((Conv2d(2, 1),), (Pool2d(3, stride=1, padding=1),))),
        Flatten(),
        Linear(10),
    ]
    rows = summarize(layers, (3, 6, 5))
    assert [(row.name, row.path) for row in rows] == [
        ("stem", (0,)),
        ("conv2", (1, 0, 0)),
        ("norm1", (1, 0, 1)),
        ("unit", (1,)),
        ("conv3", (2, 0, 0)),
        ("pool1", (2, 1, 0)),
        ("stack1", (2,)),
        ("flatten1", (3,)),
        ("fc1", (4,)),
    ]
    total = totals(rows)
    assert (total.name, total.path) == ("Total", ())
    assert (total.input_shape, total.output_shape) == ((3, 6, 5), (10,))
    for count in ("n_weights", "n_biases", "n_params", "macs", "flops", "bias_ops", "other_ops"):
        assert getattr(total, count) == sum(getattr(row, count) for row in rows)


def test_totals_begin_with_the_networks_input_even_where_a_join_comes_first():
    rows = summarize([Residual((Conv2d(4, 1), Conv2d(3, 1)))], (3, 6, 6))
    assert totals(rows).input_shape == (3, 6, 6)


def test_a_network_without_layers_has_no_totals():
    assert summarize([], (3, 6, 6)) == []
    with pytest.raises(InputError, match=r"^a network without layers has no totals$"):
        totals([])


@pytest.mark.parametrize(
    ("words", "layer"),
    [
        ("Conv 7×7, 64, stride 2, padding 3", Conv2d(64, 7, stride=2, padding=3)),
        ("Conv 1×3, 8, padding 0×1", Conv2d(8, (1, 3), padding=(0, 1))),
        ("Conv 3×3, 8, padding same, dilation 2", Conv2d(8, 3, padding="same", dilation=2)),
        ("Conv 3×3, 8", Conv2d(8, 3, stride=(1, 1), padding="valid")),
        ("Conv 3×3, 8, groups 4", Conv2d(8, (3, 3), groups=4)),
        ("Transposed conv 4×4, 3, stride 2, padding 1", ConvTranspose2d(3, 4, stride=2, padding=1)),
        ("Max pool 2×2, stride 2", Pool2d(2)),
        ("Max pool 2×3, stride 2×3", Pool2d((2, 3))),
        ("Max pool 3×3, stride 2, padding 1, ceil", Pool2d(3, 2, 1, ceil_mode=True)),
        ("Average pool 2×2, stride 1", Pool2d(2, 1, kind="average")),
        ("L2 pool 2×2, stride 2", Pool2d(2, kind="L2")),
        ("Global average pool", AdaptiveAvgPool2d((1, 1))),
        ("Average pool to 6×7", AdaptiveAvgPool2d((6, 7))),
        ("Fully connected 10", Linear(10)),
        ("Sigmoid", Activation("Sigmoid")),
        ("Local response norm 5", LocalResponseNorm()),
        ("Dropout 0.5", Dropout()),
        ("Batch norm", BatchNorm2d()),
        ("Layer norm", LayerNorm2d()),
        ("Layer scale", LayerScale()),
        ("Flatten", Flatten()),
        ("Block", Block(())),
        ("Add", Residual(())),
        ("Stack", Concat(())),
        ("Stack", Dense(())),
        ("Multiply", Gate(())),
        ("Stack", Split(())),
        ("Mix", Highway((), ())),
        ("Zeros up to 64 maps", PadChannels(64)),
        ("Maps 5 to 12", Select(4, 8)),
        ("Channel shuffle in 2 groups", ChannelShuffle(2)),
    ],
)
def test_a_layer_in_a_few_words(words, layer):
    assert describe(layer) == words
