"""Receptive fields against the extent of the gradient through all-ones kernels."""

import re
from itertools import product

import pytest
import torch
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st
from torch import nn

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
)
from cnnlab.receptive import ReceptiveField, receptive_field, receptive_fields
from tests.torch_layers import fill_with_ones, network

Network = tuple[Layer, ...]


def fields_of(layers: Network) -> tuple[ReceptiveField, ReceptiveField]:
    """Return the fields along rows and columns."""
    return receptive_field(layers, axis=0), receptive_field(layers, axis=1)


def seen(x: torch.Tensor, out: torch.Tensor, cell: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the first pixel that a cell depends on and the one after the last, along both axes.

    With all-ones kernels nothing cancels: a pixel counts exactly where its gradient is positive.
    """
    (gradient,) = torch.autograd.grad(out[0, :, *cell].sum(), x, retain_graph=True)
    assert (gradient >= 0).all()
    touched = gradient[0].sum(0) > 0  # (H, W)
    ends = []
    for axis in (1, 0):
        places = touched.any(axis).nonzero().flatten().tolist()
        ends.append((places[0], places[-1] + 1))
    return ends


def pass_through(layers: Network, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return an input of ones and what the network of ones makes of it."""
    module: nn.Module = fill_with_ones(network(layers, (1, *size))[0])
    x = torch.ones(1, 1, *size, dtype=torch.float64, requires_grad=True)
    return x, module(x)


# Any network, cells inside -------------------------------------------------------------------


def pair(low: int, high: int) -> st.SearchStrategy:
    """Return one number for both axes, or one for each."""
    number = st.integers(low, high)
    return number | st.tuples(number, number)


KERNEL = pair(1, 4)
CONV = st.builds(
    Conv2d,
    out_channels=st.integers(1, 2),
    kernel_size=KERNEL,
    stride=pair(1, 3),
    padding=pair(0, 4) | st.just("valid"),
    dilation=st.just(1) | pair(1, 3),
)
SAME = st.builds(
    Conv2d,
    out_channels=st.just(2),
    kernel_size=KERNEL,
    padding=st.just("same"),
    dilation=st.just(1) | pair(1, 3),
)
POOL = st.builds(  # the mean, as its gradient reaches all pixels of a window
    Pool2d,
    kernel_size=pair(2, 4),
    stride=st.none() | pair(1, 3),
    padding=st.just(0) | pair(0, 1),
    ceil_mode=st.booleans(),
    kind=st.just("average"),
)
WAY = st.lists(SAME, min_size=1, max_size=2).map(tuple)
STRIDED = pair(1, 3).flatmap(  # two ways with the same stride
    lambda stride: st.builds(
        lambda kernel, after: Residual(
            (Conv2d(2, 2 * kernel + 1, stride=stride, padding=kernel), *after),
            (Conv2d(2, 1, stride=stride),),
        ),
        st.integers(0, 2),
        WAY,
    )
)
JOIN = st.one_of(
    st.builds(Block, WAY),
    st.builds(Dense, WAY),
    st.builds(Residual, WAY, WAY),
    st.builds(Concat, st.lists(WAY | st.just(()), min_size=1, max_size=3).map(tuple)),
    st.builds(lambda way, inner: Dense((Concat((way, (inner,))),)), WAY, st.builds(Dense, WAY)),
    STRIDED,
)


@seed(31)
@settings(max_examples=300)
@given(
    layers=st.lists(CONV | POOL | SAME | JOIN, min_size=1, max_size=3).map(tuple),
    beyond=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    slack=st.tuples(st.integers(0, 4), st.integers(0, 4)),
)
@example(layers=(Conv2d(1, (3, 2), stride=(2, 3), dilation=(1, 2)),), beyond=(1, 1), slack=(0, 0))
@example(
    layers=(Conv2d(1, 4, padding="same"), Pool2d(2, kind="average")), beyond=(0, 0), slack=(0, 1)
)
def test_a_cell_inside_sees_what_its_gradient_reaches(layers, beyond, slack):
    fields = fields_of(layers)
    # The first cell that sees no padding, or one of the next two; the input ends behind it.
    cell = tuple(
        -(field.start // field.jump) + more for field, more in zip(fields, beyond, strict=True)
    )
    ends = [field.of_cell(index) for field, index in zip(fields, cell, strict=True)]
    size = tuple(end + more for (_, end), more in zip(ends, slack, strict=True))
    assert seen(*pass_through(layers, size), cell) == ends


@seed(32)
@settings(max_examples=60)
@given(layers=st.lists(CONV | POOL | SAME | JOIN, min_size=1, max_size=3).map(tuple))
def test_neighbours_are_one_jump_apart(layers):
    fields = fields_of(layers)
    cell = tuple(-(field.start // field.jump) for field in fields)
    size = tuple(field.of_cell(index + 1)[1] for field, index in zip(fields, cell, strict=True))
    x, out = pass_through(layers, size)
    here, there = seen(x, out, cell), seen(x, out, (cell[0] + 1, cell[1] + 1))
    for field, (first, last), (next_first, next_last) in zip(fields, here, there, strict=True):
        assert next_first - first == next_last - last == field.jump
        assert last - first == field.size


# At the border -------------------------------------------------------------------------------

# Windows that touch or overlap, begin within the input, and leave nothing unread: then what a
# cell sees has no holes, and the border alone cuts it.


@st.composite
def fitting(draw: st.DrawFn) -> tuple[Network, tuple[int, int]]:
    """Return a network and an input size of which its windows leave no pixel out."""
    size = [draw(st.integers(1, 3)), draw(st.integers(1, 3))]  # of the output; from there back
    layers: list[Layer] = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.integers(0, 3)) == 0:
            odd = st.sampled_from([1, 3])
            ways = [(Conv2d(1, draw(odd), padding="same"),) for _ in range(2)]
            layers.insert(
                0, draw(st.sampled_from([Residual(*ways), Concat((*ways, ())), Dense(ways[0])]))
            )
            continue
        kernel, stride, padding = [], [], []
        pool = draw(st.booleans())
        for axis in (0, 1):
            kernel.append(draw(st.integers(1, 4)))
            stride.append(draw(st.integers(1, kernel[axis])))
            most = kernel[axis] // 2 if pool else kernel[axis] - 1
            before = (size[axis] - 1) * stride[axis] + kernel[axis]
            padding.append(draw(st.integers(0, min(most, (before - 1) // 2))))
            size[axis] = before - 2 * padding[axis]
        numbers = (tuple(kernel), tuple(stride), tuple(padding))
        layers.insert(0, Pool2d(*numbers, kind="average") if pool else Conv2d(1, *numbers))
    return tuple(layers), (size[0], size[1])


@seed(33)
@settings(max_examples=120)
@given(case=fitting())
@example(case=((Conv2d(1, 3, padding=1), Conv2d(1, 3, padding=1)), (3, 4)))
@example(case=((Conv2d(1, 3, padding=2),), (1, 1)))
def test_the_border_of_the_input_cuts_the_field(case):
    layers, size = case
    x, out = pass_through(layers, size)
    fields = fields_of(layers)
    for cell in product(range(out.shape[2]), range(out.shape[3])):
        ends = [field.of_cell(index) for field, index in zip(fields, cell, strict=True)]
        cut = [(max(first, 0), min(last, n)) for (first, last), n in zip(ends, size, strict=True)]
        assert seen(x, out, cell) == cut


# Layers that slide no window -----------------------------------------------------------------


def test_layers_on_single_numbers_leave_the_field_alone():
    here = (Conv2d(4, 5, stride=2, padding=1),)
    norms = (BatchNorm2d(), LayerNorm2d(), LayerScale(), LocalResponseNorm())
    maps = (ChannelShuffle(2), PadChannels(8), Select(2, 3))
    between = (*norms, *maps, Activation(), Dropout(), Flatten())
    assert receptive_field((*here, *between)) == receptive_field(here)
    assert receptive_field(()) == receptive_field(between) == ReceptiveField(1, 1, 0)


@pytest.mark.parametrize(
    "layer",
    [
        AdaptiveAvgPool2d(),
        Linear(10),
        Gate((AdaptiveAvgPool2d(), Conv2d(4, 1))),
        Residual((AdaptiveAvgPool2d(),)),
        Concat(((AdaptiveAvgPool2d(),), ())),
    ],
)
def test_some_cells_see_the_whole_input_and_so_do_those_after_them(layer):
    field = receptive_field((Conv2d(4, 3), layer))
    assert field.size is None
    assert receptive_field((Conv2d(4, 3), layer, Conv2d(4, 3), Pool2d(2))).size is None
    with pytest.raises(InputError, match=r"^a cell that sees the whole input has no ends$"):
        field.of_cell(0)


def test_a_whole_picture_after_global_pooling_is_what_the_gradient_reaches():
    x, out = pass_through((Conv2d(1, 3), AdaptiveAvgPool2d(), Conv2d(1, 1)), (9, 7))
    assert seen(x, out, (0, 0)) == [(0, 9), (0, 7)]


@pytest.mark.parametrize("size", [7, (2, 2)])
def test_windows_of_adaptive_pooling_grow_with_the_input(size):
    layers = (Conv2d(1, 3), AdaptiveAvgPool2d(size))
    ends = [seen(*pass_through(layers, (side, side)), (0, 0))[0] for side in (16, 30)]
    assert ends[0] != ends[1]
    words = "^AdaptiveAvgPool2d to more than 1 cell has no receptive field of one size"
    for axis in (0, 1):
        with pytest.raises(InputError, match=words):
            receptive_field(layers, axis=axis)


def test_adaptive_pooling_to_one_row_sees_all_rows_only():
    layers = (Conv2d(1, 3), AdaptiveAvgPool2d((1, 4)))
    assert receptive_field(layers, axis=0).size is None
    with pytest.raises(InputError, match="more than 1 cell"):
        receptive_field(layers, axis=1)


@pytest.mark.parametrize(
    ("axis", "words"),
    [(-1, "axis must be at least 0, got -1"), (2, "axis must be at most 1, got 2")],
)
@pytest.mark.parametrize("ask", [receptive_field, receptive_fields])
def test_a_picture_has_two_axes(ask, axis, words):
    for layers in ((), (Conv2d(1, 3),)):
        with pytest.raises(InputError, match=f"^{words}$"):
            ask(layers, axis=axis)


def test_one_field_for_each_layer():
    layers = (Conv2d(1, 5), Pool2d(2), Conv2d(1, (5, 1)), AdaptiveAvgPool2d())
    rows, columns = receptive_fields(layers), receptive_fields(layers, axis=1)
    assert [field.size for field in rows] == [5, 6, 14, None]
    assert [field.size for field in columns] == [5, 6, 6, None]
    assert [field.jump for field in rows] == [1, 2, 2, 2]
    for last in range(1, 5):
        assert receptive_field(layers[:last]) == rows[last - 1]


# Worked examples and refusals ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("layers", "size", "jump", "start"),
    [
        ([Conv2d(1, 3, padding=1)] * 3, 7, 1, -3),
        ([Conv2d(1, 7, stride=2, padding=3), Pool2d(3, stride=2, padding=1)], 11, 4, -5),
        ([Conv2d(1, 3), Conv2d(1, 3, dilation=2), Conv2d(1, 3, dilation=4)], 15, 1, 0),
        ([Conv2d(1, 4, padding="same")], 4, 1, -1),  # the odd pixel comes after
        ([Conv2d(1, 4, padding="valid", stride=2)], 4, 2, 0),
        ([Pool2d(3)], 3, 3, 0),  # windows side by side
        ([Pool2d(3, dilation=2, stride=1)], 5, 1, 0),
        ([Residual((Conv2d(1, 3, padding=1), Conv2d(1, 3, padding=1)))], 5, 1, -2),
        ([Conv2d(1, 2, stride=2), Dense((Conv2d(1, 3, padding=1),))], 6, 2, -2),
        ([Conv2d(2, 2, stride=2), Split((Conv2d(1, 3, padding=1),))], 6, 2, -2),
        ([Highway((Conv2d(1, 3, padding=1),), (Conv2d(1, 5, padding=2),))], 5, 1, -2),
        ([Highway((Conv2d(1, 3, padding=1),), ())], 3, 1, -1),
        # From the first pixel that a branch sees, to the last that one sees.
        ([Concat(((Conv2d(1, 4, padding="same"),), (Conv2d(1, (2, 2)),)))], 4, 1, -1),
        ([Concat(((Conv2d(1, 3, padding=2),), (Conv2d(1, 3),)))], 5, 1, -2),
    ],
)
def test_worked_examples(layers, size, jump, start):
    field = receptive_field(layers)
    assert field == ReceptiveField(size, jump, start)
    assert field.of_cell(3) == (start + 3 * jump, start + 3 * jump + size)


@pytest.mark.parametrize(
    ("words", "layers"),
    [
        ("ConvTranspose2d has no receptive field of one size", [ConvTranspose2d(1, 2)]),
        (
            "the branches of a join must have the same strides in all",
            [Residual((Conv2d(1, 3, stride=2, padding=1),))],
        ),
        (
            "the branches of a join must have the same strides in all",
            [Conv2d(1, 1), Concat(((Conv2d(1, 1), Pool2d(2)), (Pool2d(3),)))],
        ),
        (
            "the branches of a join must have the same strides in all",
            [Dense((Pool2d(2),))],  # the input itself is a branch
        ),
        ("stride must be at least 1, got 0", [Conv2d(1, 3, stride=0)]),
        ("kernel_size must be at least 1, got 0", [Pool2d(0)]),
        ("dilation must be at least 1, got 0", [Block((Conv2d(1, 3, dilation=0),))]),
    ],
)
def test_refusals(words, layers):
    for axis in (0, 1):
        with pytest.raises(InputError, match=f"^{re.escape(words)}$"):
            receptive_field(layers, axis=axis)
