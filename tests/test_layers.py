"""Shapes of what layers make: against torch for any setting, and the words of refusals."""

import re

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
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
    Split,
    half_of,
    output_shape,
)
from cnnlab.shapes import same_padding
from tests.torch_layers import torch_shape


def pair(low: int, high: int) -> st.SearchStrategy:
    """Return one number for both axes, or one for each."""
    number = st.integers(low, high)
    return number | st.tuples(number, number)


SHAPE = st.tuples(st.sampled_from([1, 2, 3, 4, 6]), st.integers(1, 14), st.integers(1, 14))
ROW = st.tuples(st.integers(1, 30))

# Zero and minus one are out of range on purpose, here and there.
CONV = st.builds(
    Conv2d,
    out_channels=st.sampled_from([1, 2, 3, 4, 6]),
    kernel_size=pair(1, 5) | pair(0, 5),
    stride=pair(1, 4) | pair(0, 4),
    padding=pair(0, 4) | pair(-1, 4) | st.sampled_from(["same", "valid"]),
    dilation=pair(1, 3) | pair(0, 3),
    groups=st.sampled_from([1, 1, 1, 2, 3, 0]),
    bias=st.booleans(),
)
TRANSPOSED = st.builds(
    ConvTranspose2d,
    out_channels=st.sampled_from([1, 2, 3, 4, 6]),
    kernel_size=pair(1, 5) | pair(0, 5),
    stride=pair(1, 4) | pair(0, 4),
    padding=pair(0, 2) | pair(-1, 4),
    output_padding=pair(0, 1) | pair(-1, 3),
    dilation=pair(1, 3) | pair(0, 3),
    groups=st.sampled_from([1, 1, 1, 2, 3, 0]),
    bias=st.booleans(),
)
MAX_POOL = st.builds(
    Pool2d,
    kernel_size=pair(1, 5) | pair(0, 5),
    stride=st.none() | pair(1, 5) | pair(0, 5),
    padding=st.just(0) | pair(0, 2) | pair(-1, 3),
    dilation=st.just(1) | pair(1, 3) | pair(0, 3),
    ceil_mode=st.booleans(),
)
AVERAGE_POOL = st.builds(
    Pool2d,
    kernel_size=pair(1, 5) | pair(0, 5),
    stride=st.none() | pair(1, 5) | pair(0, 5),
    padding=st.just(0) | pair(0, 2) | pair(-1, 3),
    ceil_mode=st.booleans(),
    kind=st.just("average"),
)
L2_POOL = st.builds(
    Pool2d,
    kernel_size=pair(1, 5) | pair(0, 5),
    stride=st.none() | pair(1, 5) | pair(0, 5),
    ceil_mode=st.booleans(),
    kind=st.just("L2"),
)
OTHER = st.one_of(
    st.builds(AdaptiveAvgPool2d, pair(1, 9)),
    st.builds(BatchNorm2d),
    st.builds(LayerNorm2d),
    st.builds(LayerScale),
    st.builds(ChannelShuffle, st.sampled_from([0, 1, 2, 3])),
    st.builds(PadChannels, st.integers(0, 7)),
    st.builds(Select, st.integers(-1, 3), st.integers(0, 4)),
    st.builds(LocalResponseNorm, st.integers(0, 7)),
    st.builds(Linear, st.integers(1, 30), bias=st.booleans()),
    st.builds(Flatten),
    st.builds(Dropout, st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0])),
    st.builds(Activation, st.sampled_from(["ReLU", "Sigmoid", "Tanh"])),
)


def our_shape(layer: Layer, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape, None where it is refused; a refusal is one readable sentence."""
    try:
        return output_shape(layer, shape)
    except InputError as error:
        words = str(error)
    assert re.fullmatch(r"[^\n.]{10,200}", words)
    return None


@seed(11)
@settings(max_examples=500)
@given(layer=CONV, shape=SHAPE)
@example(layer=Conv2d(1, 3), shape=(1, 3, 2))
@example(layer=Conv2d(1, 4, padding="same", dilation=3), shape=(1, 1, 1))
@example(layer=Conv2d(1, 1, padding="same", stride=(1, 2)), shape=(1, 4, 4))
@example(layer=Conv2d(4, 1, groups=3), shape=(6, 4, 4))
def test_a_convolution_makes_torchs_shape_and_is_refused_where_torch_refuses(layer, shape):
    assert our_shape(layer, shape) == torch_shape(layer, shape)


@seed(12)
@settings(max_examples=500)
@given(layer=TRANSPOSED, shape=SHAPE)
@example(layer=ConvTranspose2d(1, 1, padding=(0, 1)), shape=(1, 3, 2))  # no columns left
@example(layer=ConvTranspose2d(1, 1, stride=(2, 1), output_padding=(1, 0)), shape=(1, 3, 2))
@example(layer=ConvTranspose2d(4, 1, groups=4), shape=(6, 4, 4))
def test_a_transposed_convolution_does_too(layer, shape):
    assert our_shape(layer, shape) == torch_shape(layer, shape)


@seed(13)
@settings(max_examples=700)
@given(layer=MAX_POOL | AVERAGE_POOL | L2_POOL, shape=SHAPE)
@example(layer=Pool2d(3, padding=2, dilation=2), shape=(1, 9, 9))  # half the window, not its span
@example(layer=Pool2d(2, stride=3, padding=1, ceil_mode=True), shape=(1, 2, 5))
@example(layer=Pool2d(3, stride=2, ceil_mode=True), shape=(1, 2, 1))
def test_pooling_does_too(layer, shape):
    assert our_shape(layer, shape) == torch_shape(layer, shape)


@seed(14)
@settings(max_examples=300)
@given(layer=OTHER, shape=SHAPE | ROW)
def test_the_other_layers_do_too(layer, shape):
    assert our_shape(layer, shape) == torch_shape(layer, shape)


@seed(15)
@settings(max_examples=60)
@given(layer=CONV | TRANSPOSED | MAX_POOL | AVERAGE_POOL, shape=ROW)
def test_a_row_of_numbers_is_no_picture(layer, shape):
    assert torch_shape(layer, shape) is None
    with pytest.raises(InputError, match=f"takes feature maps .*, it gets {shape[0]} number"):
        output_shape(layer, shape)


# Joins ---------------------------------------------------------------------------------------

SMALL = st.lists(
    st.sampled_from(
        [
            Conv2d(2, 1),
            Conv2d(3, 3, padding=1),
            Conv2d(2, 3),
            Pool2d(2),
            AdaptiveAvgPool2d(1),
            Activation(),
            Flatten(),
            Linear(2),
        ]
    ),
    max_size=3,
).map(tuple)


@seed(16)
@settings(max_examples=500)
@given(one=SMALL, other=SMALL, shape=SHAPE | ROW)
def test_joins_make_torchs_shape_and_are_refused_where_torch_refuses(one, other, shape):
    joins = (
        *(Block(one), Residual(one, other), Concat((one, other)), Dense(one), Split(one)),
        Highway(one, other),
    )
    for join in joins:
        assert our_shape(join, shape) == torch_shape(join, shape)


@pytest.mark.parametrize("shape", [(6, 5, 4), (6,)])
@pytest.mark.parametrize("channels", [1, 6, 7])
@pytest.mark.parametrize("flat", [False, True])
def test_a_gate_needs_one_number_a_channel(shape, channels, flat):
    squeeze = (Flatten(),) if flat or len(shape) == 1 else (AdaptiveAvgPool2d(1),)
    excite = Linear(channels) if len(squeeze) == 1 and isinstance(squeeze[0], Flatten) else None
    gate = Gate((*squeeze, excite or Conv2d(channels, 1), Activation("Sigmoid")))
    assert our_shape(gate, shape) == torch_shape(gate, shape) == (shape if channels == 6 else None)


def test_a_gate_of_whole_maps_is_refused():
    with pytest.raises(InputError, match=r"^a gate needs one number for each of the 2 channels, "):
        output_shape(Gate((Conv2d(2, 1),)), (2, 4, 4))


def test_joins_of_joins():
    inner = Residual((Conv2d(8, 3, padding=1),), (Conv2d(8, 1),))
    outer = Concat(((inner, Pool2d(2)), (Conv2d(5, 2, stride=2),)))
    assert output_shape(Block((outer, Dense((Conv2d(3, 1),)))), (4, 10, 6)) == (16, 5, 3)


def test_half_of_a_row_is_half_of_its_numbers():
    assert half_of((10,)) == (5,)


# Worked examples -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (Conv2d(10, 5, padding=2), (3, 32, 32), (10, 32, 32)),
        (Conv2d(96, 11, stride=4), (3, 227, 227), (96, 55, 55)),
        (Conv2d(1, (1, 3), padding=(0, 1)), (3, 8, 9), (1, 8, 9)),
        (Conv2d(1, 4, padding="same"), (1, 6, 7), (1, 6, 7)),
        (Conv2d(1, 3, padding="valid"), (1, 6, 7), (1, 4, 5)),
        (ConvTranspose2d(2, 3, stride=2), (4, 2, 3), (2, 5, 7)),
        (Pool2d(3, stride=2), (96, 55, 55), (96, 27, 27)),
        (Pool2d(3, stride=2, ceil_mode=True), (64, 112, 112), (64, 56, 56)),
        (Pool2d((2, 3)), (5, 6, 7), (5, 3, 2)),
        (AdaptiveAvgPool2d(), (1024, 7, 7), (1024, 1, 1)),
        (AdaptiveAvgPool2d((6, 5)), (256, 13, 13), (256, 6, 5)),
        (LayerNorm2d(), (96, 56, 55), (96, 56, 55)),
        (LayerScale(), (96, 56, 55), (96, 56, 55)),
        (Flatten(), (256, 6, 6), (9216,)),
        (Linear(10), (9216,), (10,)),
        (Dense((Conv2d(32, 3, padding=1),)), (64, 8, 8), (96, 8, 8)),
        (Split((Conv2d(32, 3, padding=1),)), (64, 8, 8), (64, 8, 8)),
        (Split((Conv2d(5, 1),)), (64, 8, 8), (37, 8, 8)),
        (ChannelShuffle(2), (4, 2, 2), (4, 2, 2)),
        (PadChannels(7), (4, 2, 3), (7, 2, 3)),
        (Select(1, 2), (4, 2, 3), (2, 2, 3)),
        (Highway((Conv2d(4, 1),), (Conv2d(4, 3, padding=1),)), (4, 2, 3), (4, 2, 3)),
        (Highway((Linear(7),), (Linear(7),)), (7,), (7,)),
        (Block(()), (4, 2, 2), (4, 2, 2)),
        (Residual(()), (7,), (7,)),
    ],
)
def test_worked_examples(layer, shape, expected):
    assert output_shape(layer, shape) == expected == torch_shape(layer, shape)


@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("kernel_size", range(1, 9))
def test_same_padding_keeps_the_size_and_puts_the_odd_pixel_after(kernel_size, dilation):
    before, after = same_padding(kernel_size, dilation=dilation)
    assert before + after == dilation * (kernel_size - 1)
    assert 0 <= after - before <= 1


# Refusals ------------------------------------------------------------------------------------

FLAT = "a fully connected layer takes a row of numbers, it gets 2 × 3 × 4: put Flatten or global"


@pytest.mark.parametrize(
    ("words", "layer", "shape"),
    [
        ("stride must be at least 1, got 0", Conv2d(1, 1, stride=0), (1, 4, 4)),
        ("stride must be at least 1, got 0", ConvTranspose2d(1, 1, stride=(1, 0)), (1, 4, 4)),
        ("stride must be at least 1, got 0", Pool2d(2, stride=0), (1, 4, 4)),
        ("kernel_size must be at least 1, got 0", Pool2d((2, 0)), (1, 4, 4)),
        ("dilation must be at least 1, got 0", Pool2d(2, dilation=0), (1, 4, 4)),
        ("padding must be at least 0, got -1", Conv2d(1, 1, padding=(0, -1)), (1, 4, 4)),
        ("out_channels must be at least 1, got 0", Conv2d(0, 1), (1, 4, 4)),
        ("out_features must be at least 1, got 0", Linear(0), (4,)),
        ("output_size must be at least 1, got 0", AdaptiveAvgPool2d(0), (1, 4, 4)),
        ("size must be at least 1, got 0", LocalResponseNorm(0), (1, 4, 4)),
        ("p must be between 0 and 1, got 1.5", Dropout(1.5), (4,)),
        ("a stack needs at least one branch", Concat(()), (1, 4, 4)),
        ("out_channels must be at most 1000000, got 1000000000", Conv2d(10**9, 1), (1, 4, 4)),
        ("kernel_size must be at most 1000000, got 1000000000", Conv2d(1, 10**9), (1, 4, 4)),
        ("padding must be at most 1000000, got 1000000000", Conv2d(1, 1, padding=10**9), (1, 4, 4)),
        (
            "out_channels must be at most 1000000, got 1000000000",
            ConvTranspose2d(10**9, 1),
            (1, 4, 4),
        ),
        ("out_features must be at most 1000000, got 1000000000", Linear(10**9), (4,)),
        (
            "output_size must be at most 1000000, got 1000000000",
            AdaptiveAvgPool2d(10**9),
            (1, 4, 4),
        ),
        ("groups must be at least 1, got 0", Conv2d(1, 1, groups=0), (1, 4, 4)),
        (
            "3 groups must divide the 6 input channels and the 4 output channels",
            Conv2d(4, 1, groups=3),
            (6, 4, 4),
        ),
        (
            "4 groups must divide the 6 input channels and the 4 output channels",
            ConvTranspose2d(4, 1, groups=4),
            (6, 4, 4),
        ),
        (
            "padding 'same' goes with stride 1 only, as in PyTorch",
            Conv2d(1, 3, stride=(1, 2), padding="same"),
            (1, 4, 4),
        ),
        (
            "a 5-wide kernel with dilation 1 covers 5 columns, the padded input has 4: ",
            Conv2d(1, 5),
            (1, 5, 4),
        ),
        (
            "a window of 2 with dilation 1 covers 2 rows, the padded input has 1: ",
            Pool2d(2),
            (1, 1, 4),
        ),
        (FLAT, Linear(10), (2, 3, 4)),
        (
            "Conv2d takes feature maps (channels × rows × columns), it gets 9 numbers: put it "
            "before Flatten",
            Conv2d(1, 1),
            (9,),
        ),
        (
            "BatchNorm2d takes feature maps (channels × rows × columns), it gets 1 number: put",
            BatchNorm2d(),
            (1,),
        ),
        ("LayerNorm2d takes feature maps (channels × rows × columns), it", LayerNorm2d(), (9,)),
        ("LayerScale takes feature maps (channels × rows × columns), it", LayerScale(), (9,)),
        ("3 groups must divide the 4 channels", ChannelShuffle(3), (4, 2, 2)),
        ("groups must be at least 1, got 0", ChannelShuffle(0), (4, 2, 2)),
        ("there are 4 channels already, more than 3", PadChannels(3), (4, 2, 2)),
        ("channels 3 to 5 are wanted, there are 4", Select(2, 3), (4, 2, 2)),
        ("count must be at least 1, got 0", Select(2, 0), (4, 2, 2)),
        (
            "a highway mixes numbers one by one: its gate must make 3 × 4 × 4 as it gets, it makes "
            "5 × 4 × 4",
            Highway((), (Conv2d(5, 1),)),
            (3, 4, 4),
        ),
        (
            "a highway mixes numbers one by one: its body must make 3 as it gets, it makes 2",
            Highway((Linear(2),), ()),
            (3,),
        ),
        ("a split in halves needs an even number of channels, got 3", Split(()), (3, 4, 4)),
        (
            "the two ways of a residual block must end in the same shape: its body makes "
            "8 × 4 × 4, its shortcut 3 × 4 × 4",
            Residual((Conv2d(8, 1),)),
            (3, 4, 4),
        ),
        (
            "feature maps that are stacked must have the same rows and columns, they are "
            "3 × 4 × 4 and 2 × 2 × 2",
            Dense((Conv2d(2, 3),)),
            (3, 4, 4),
        ),
    ],
)
def test_refusals_name_the_rule_and_the_value(words, layer, shape):
    with pytest.raises(InputError, match=f"^{re.escape(words)}"):
        output_shape(layer, shape)


@pytest.mark.parametrize(
    "layer",
    [Conv2d(1.0, 3), Conv2d(1, 3.0), Conv2d(1, 3, groups=1.0), Pool2d("3"), AdaptiveAvgPool2d(2.0)],
)
def test_the_wrong_kind_is_a_type_error(layer):
    with pytest.raises(TypeError, match="must be a whole number"):
        output_shape(layer, (1, 8, 8))


def test_what_is_no_layer_is_a_type_error():
    with pytest.raises(TypeError, match=r"^not a layer: Layer"):
        output_shape(Layer(), (1, 8, 8))
