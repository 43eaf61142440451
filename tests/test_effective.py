"""Effective receptive fields against torch's gradient through kernels of ones."""

import re

import numpy as np
import pytest
import torch
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.effective import MOST_PIXELS, core_margin, effective_field
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    LayerNorm2d,
    LayerScale,
    Linear,
    Pool2d,
)
from cnnlab.receptive import receptive_field
from cnnlab.stacks import EXAMPLES, parse_stack
from tests.torch_layers import fill_with_ones, network

SIDE = st.integers(1, 4)
PAIR = SIDE | st.tuples(SIDE, SIDE)
FEW = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))
CONV = st.builds(Conv2d, st.just(1), PAIR, stride=FEW, dilation=FEW)
POOL = st.builds(Pool2d, PAIR, st.none() | FEW, kind=st.just("average"))


@seed(51)
@settings(max_examples=150)
@given(layers=st.lists(CONV | POOL, min_size=1, max_size=3).map(tuple))
@example(layers=(Conv2d(1, 2, stride=3), Conv2d(1, (3, 2), dilation=(2, 3))))
def test_as_many_paths_as_the_gradient_says(layers):
    field = effective_field(layers)
    # An input that gives exactly one cell.
    x = torch.ones(1, 1, *field.shape, dtype=torch.float64, requires_grad=True)
    out = fill_with_ones(network(layers, (1, *field.shape))[0])(x)
    assert out.shape[2:] == (1, 1)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    share = 1.0
    for layer in layers:
        if isinstance(layer, Pool2d):  # torch's average divides by the window's size
            k = layer.kernel_size
            share /= k * k if isinstance(k, int) else k[0] * k[1]
    # Sums of whole numbers, exact; the divisions round.
    np.testing.assert_allclose(gradient[0, 0].numpy(), field * share, rtol=1e-12)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_as_wide_as_the_theoretical_field(name):
    layers = parse_stack(name)
    field = effective_field(layers)
    size = receptive_field(layers).size
    assert field.shape == (size, size)
    assert (field == field.T).all()
    assert (field == field[::-1, ::-1]).all()
    windows = np.prod([float(layer.kernel_size) ** 2 for layer in layers])
    assert field.sum() == pytest.approx(windows, rel=1e-12)


def test_by_hand():
    assert effective_field([Conv2d(1, 7)]).tolist() == [[1] * 7] * 7
    one_axis = [1, 2, 3, 2, 1]
    assert effective_field([Conv2d(1, 3)] * 2).tolist() == np.outer(one_axis, one_axis).tolist()
    assert effective_field([Conv2d(1, 3), Pool2d(2), Conv2d(1, 3)])[0].tolist() == [
        *(1, 2, 3, 3, 3, 3, 2, 1)
    ]
    holes = effective_field([Conv2d(1, (1, 3), dilation=2)])
    assert holes.tolist() == [[1, 0, 1, 0, 1]]
    assert effective_field([]).tolist() == [[1]]
    norms = [BatchNorm2d(), LayerNorm2d(), LayerScale()]
    between = [Conv2d(1, 3), *norms, Activation(), Conv2d(1, 3)]
    assert (effective_field(between) == effective_field([Conv2d(1, 3)] * 2)).all()


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([Linear(3)], "Linear has no effective field of one size"),
        ([AdaptiveAvgPool2d()], "AdaptiveAvgPool2d has no effective field of one size"),
        ([Conv2d(1, 3, stride=4)] * 20, f"up to {MOST_PIXELS:,} pixels"),
    ],
)
def test_refusals(layers, words):
    with pytest.raises(InputError, match=re.escape(words)):
        effective_field(layers)


def test_the_core_is_the_smallest_square_in_the_middle_with_its_share():
    assert core_margin(effective_field([Conv2d(1, 7)])) == 0  # no pixel counts more than another
    field = effective_field([Conv2d(1, 3)] * 6)
    for share in (0.05, 0.5, 0.95, 1.0):
        margin = core_margin(field, share=share)
        held = [field[m : 13 - m, m : 13 - m].sum() / field.sum() for m in range(7)]
        assert held[margin] >= share
        assert margin == 6 or held[margin + 1] < share
    middle = np.zeros((3, 5))
    middle[1, 2] = 1.0
    assert core_margin(middle) == 1  # as far as the shorter side goes
    assert core_margin(np.ones((1, 1))) == core_margin(np.ones((2, 2)), share=0.1) == 0


def test_deeper_stacks_use_a_smaller_part_of_their_field():
    def part(depth: int) -> float:
        field = effective_field([Conv2d(1, 3)] * depth)
        return (1 - 2 * core_margin(field) / len(field)) ** 2

    shares = [part(depth) for depth in (2, 5, 10, 20)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 0.3


@pytest.mark.parametrize("share", [0, -1, 1.1, float("nan")])
def test_a_share_is_a_part(share):
    with pytest.raises(InputError, match=r"^share must be above 0 and at most 1"):
        core_margin(np.ones((2, 2)), share=share)
