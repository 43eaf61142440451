"""Pooling: examples by hand, torch as the oracle over all settings, refusals."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.pool_gradients import (
    avg_pool2d_gradient,
    l2_pool2d_gradient,
    max_pool2d_gradient,
    max_unpool2d,
    mean_gradient,
)
from cnnlab.pool_windows import Windows, adaptive_windows, windows_along
from cnnlab.pooling import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    global_max_pool2d,
    l2_pool2d,
    max_pool2d,
)

CLOSE = {"rtol": 1e-12, "atol": 1e-12}  # a window has at most 49 numbers
LECTURE = [[[1, 1, 2, 4], [5, 6, 7, 8], [3, 2, 1, 0], [1, 2, 3, 4]]]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: to start a second takes far longer than these small arrays."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def numbers(shape: tuple[int, ...], at: int, *, ties: bool) -> np.ndarray:
    """Return random numbers, whole ones from −2 to 2 where ties are wanted."""
    random = np.random.default_rng(at)
    if ties:
        return random.integers(-2, 3, size=shape).astype(float)
    return random.normal(size=shape)


PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
SETTINGS = st.fixed_dictionaries(
    {
        "kernel_size": PAIRS,
        "stride": st.one_of(st.none(), PAIRS),
        "padding": st.tuples(st.integers(0, 3), st.integers(0, 3)),
        "ceil_mode": st.booleans(),
    }
)
SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 8), st.integers(1, 8))


def attempt(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Return what a function returns, None where it refuses."""
    try:
        return function(*args, **kwargs)
    except (InputError, RuntimeError):
        return None


# Against torch -------------------------------------------------------------------------------


@seed(1)
@settings(max_examples=250)
@given(shape=SHAPES, layer=SETTINGS, at=st.integers(0, 10**6), ties=st.booleans())
def test_max_pooling_switches_gradient_and_unpooling_equal_torchs(shape, layer, at, ties):
    x = numbers(shape, at, ties=ties)
    torchs_x = torch.tensor(x, requires_grad=True)
    theirs = attempt(functional.max_pool2d, torchs_x, **layer, return_indices=True)
    ours = attempt(max_pool2d, x, **layer)
    if theirs is None:
        assert ours is None
        return
    assert ours is not None
    values, switches = ours
    np.testing.assert_array_equal(values, theirs[0].detach().numpy())
    np.testing.assert_array_equal(switches, theirs[1].numpy())
    upstream = numbers(values.shape, at + 1, ties=ties)
    theirs[0].backward(torch.tensor(upstream))
    gradient = max_pool2d_gradient(upstream, switches, shape[1:])
    np.testing.assert_allclose(gradient, torchs_x.grad.numpy(), **CLOSE)
    flat = np.zeros((shape[0], shape[1] * shape[2]))
    np.put_along_axis(flat, switches.reshape(shape[0], -1), values.reshape(shape[0], -1), axis=1)
    ours_back = max_unpool2d(values, switches, shape[1:])
    np.testing.assert_array_equal(ours_back, flat.reshape(shape))


@seed(2)
@settings(max_examples=100)
@given(k=PAIRS, cells=st.tuples(st.integers(1, 3), st.integers(1, 3)), at=st.integers(0, 10**6))
def test_unpooling_equals_torchs_where_windows_lie_side_by_side(k, cells, at):
    shape = (2, k[0] * cells[0], k[1] * cells[1])
    x = numbers(shape, at, ties=False)
    values, switches = max_pool2d(x, k)
    theirs = functional.max_unpool2d(torch.tensor(values), torch.tensor(switches), k)
    np.testing.assert_array_equal(max_unpool2d(values, switches, shape[1:]), theirs.numpy())


@seed(3)
@settings(max_examples=250)
@given(shape=SHAPES, layer=SETTINGS, counted=st.booleans(), at=st.integers(0, 10**6))
def test_average_pooling_and_its_gradient_equal_torchs(shape, layer, counted, at):
    x = numbers(shape, at, ties=False)
    layer = {**layer, "count_include_pad": counted}
    torchs_x = torch.tensor(x, requires_grad=True)
    theirs = attempt(functional.avg_pool2d, torchs_x, **layer)
    ours = attempt(avg_pool2d, x, **layer)
    if theirs is None:
        assert ours is None
        return
    np.testing.assert_allclose(ours, theirs.detach().numpy(), **CLOSE)
    upstream = numbers(ours.shape, at + 1, ties=False)
    theirs.backward(torch.tensor(upstream))
    gradient = avg_pool2d_gradient(upstream, shape[1:], **layer)
    np.testing.assert_allclose(gradient, torchs_x.grad.numpy(), **CLOSE)


@seed(4)
@settings(max_examples=150)
@given(shape=SHAPES, layer=SETTINGS, at=st.integers(0, 10**6))
def test_l2_pooling_and_its_gradient_equal_torchs(shape, layer, at):
    x = numbers(shape, at, ties=False)
    layer = {name: layer[name] for name in ("kernel_size", "stride", "ceil_mode")}
    torchs_x = torch.tensor(x, requires_grad=True)
    theirs = attempt(functional.lp_pool2d, torchs_x, 2.0, **layer)
    ours = attempt(l2_pool2d, x, **layer)
    if theirs is None:
        assert ours is None
        return
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-12)
    upstream = numbers(ours.shape, at + 1, ties=False)
    theirs.backward(torch.tensor(upstream))
    gradient = l2_pool2d_gradient(upstream, x, **layer)
    np.testing.assert_allclose(gradient, torchs_x.grad.numpy(), rtol=1e-9, atol=1e-9)


@seed(5)
@settings(max_examples=150)
@given(
    shape=SHAPES,
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    at=st.integers(0, 10**6),
    ties=st.booleans(),
)
def test_adaptive_pooling_and_its_gradients_equal_torchs(shape, size, at, ties):
    x = numbers(shape, at, ties=ties)
    upstream = numbers((shape[0], *size), at + 1, ties=False)
    torchs_x = torch.tensor(x, requires_grad=True)
    theirs = functional.adaptive_avg_pool2d(torchs_x, size)
    np.testing.assert_allclose(adaptive_avg_pool2d(x, size), theirs.detach().numpy(), **CLOSE)
    theirs.backward(torch.tensor(upstream))
    gradient = mean_gradient(upstream, Windows.adaptive(shape[1:], size))
    np.testing.assert_allclose(gradient, torchs_x.grad.numpy(), **CLOSE)
    values, places = functional.adaptive_max_pool2d(torch.tensor(x), size, return_indices=True)
    ours = adaptive_max_pool2d(x, size)
    np.testing.assert_array_equal(ours[0], values.numpy())
    np.testing.assert_array_equal(ours[1], places.numpy())


def test_one_number_stands_for_rows_and_columns():
    x = numbers((2, 7, 9), 6, ties=False)
    one, pair = (max_pool2d(x, k, stride=k, padding=p) for k, p in ((3, 1), ((3, 3), (1, 1))))
    assert (one[0] == pair[0]).all()
    assert (adaptive_avg_pool2d(x, 3) == adaptive_avg_pool2d(x, (3, 3))).all()


# By hand -------------------------------------------------------------------------------------


def test_the_lecture_example():
    values, switches = max_pool2d(LECTURE, 2)
    assert values.tolist() == [[[6, 8], [3, 4]]]
    assert switches.tolist() == [[[5, 7], [8, 15]]]
    assert avg_pool2d(LECTURE, 2).tolist() == [[[3.25, 5.25], [2, 2]]]
    assert global_avg_pool2d(LECTURE).tolist() == [[[3.125]]]
    assert global_max_pool2d(LECTURE)[0].tolist() == [[[8]]]
    assert max_pool2d_gradient([[[1, 2], [3, 4]]], switches, (4, 4)).tolist() == [
        [[0, 0, 0, 0], [0, 1, 0, 2], [3, 0, 0, 0], [0, 0, 0, 4]]
    ]


def test_one_winner_of_several_windows_gets_the_sum():
    values, switches = max_pool2d([[[0, 9, 0]]], (1, 2), stride=1)
    assert values.tolist() == [[[9, 9]]]
    assert max_pool2d_gradient([[[1, 10]]], switches, (1, 3)).tolist() == [[[0, 11, 0]]]
    assert max_unpool2d(values, switches, (1, 3)).tolist() == [[[0, 9, 0]]]
    assert avg_pool2d_gradient([[[2, 10]]], (1, 3), (1, 2), stride=1).tolist() == [[[1, 6, 5]]]


def test_padding_never_wins_and_counts_in_the_mean_only_if_asked():
    x = [[[-5, -7]]]
    layer: dict[str, Any] = {"stride": 1, "padding": (0, 1)}
    assert max_pool2d(x, (1, 3), **layer)[0].tolist() == [[[-5, -5]]]
    assert avg_pool2d(x, (1, 3), **layer).tolist() == [[[-4, -4]]]
    assert avg_pool2d(x, (1, 3), **layer, count_include_pad=False).tolist() == [[[-6, -6]]]


def test_of_equal_numbers_the_first_wins():
    assert max_pool2d(np.ones((1, 2, 2)), 2)[1].tolist() == [[[0]]]


def test_where_the_norm_is_zero_no_gradient_flows():
    assert l2_pool2d_gradient([[[1]]], np.zeros((1, 2, 2)), 2).tolist() == [[[0, 0], [0, 0]]]


def test_adaptive_windows_cover_everything_and_differ_by_one():
    for n in range(1, 20):
        for size in range(1, 20):
            windows = adaptive_windows(n, size)
            assert sorted({i for window in windows for i in window}) == list(range(n))
            assert len({len(window) for window in windows}) <= 3


# Refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: max_pool2d(LECTURE, 2, padding=2), "it is 2, the window has 2"),
        (lambda: avg_pool2d(LECTURE, 3, padding=2), "it is 2, the window has 3"),
        (lambda: max_pool2d(LECTURE, 5), "covers 5 rows, the padded input has 4"),
        (lambda: l2_pool2d(LECTURE, (2, 5)), "covers 5 columns, the padded input has 4"),
        (lambda: max_pool2d(LECTURE, 0), "kernel_size must be at least 1, got 0"),
        (lambda: max_pool2d(LECTURE, 2, stride=0), "stride must be at least 1, got 0"),
        (lambda: max_pool2d(LECTURE, 2, padding=-1), "padding must be at least 0, got -1"),
        (lambda: adaptive_avg_pool2d(LECTURE, 0), "output_size must be at least 1, got 0"),
        (
            lambda: max_pool2d(LECTURE[0], 2),
            "takes channels × rows × columns of numbers, got 4 × 4",
        ),
        (lambda: max_pool2d([[[np.nan]]], 1), "finite numbers"),
        (lambda: max_unpool2d([[[1]]], [[[4]]], (2, 2)), "from 0 to 3, got 4 to 4"),
        (lambda: max_unpool2d([[[1]]], [[[0, 1]]], (2, 2)), "1 numbers and 2 switches"),
        (lambda: max_pool2d_gradient([[[1]]], [[[-1]]], (2, 2)), "from 0 to 3, got -1"),
        (lambda: max_pool2d_gradient([[[1]]], [[[0, 1]]], (2, 2)), "1 numbers and 2 switches"),
        (lambda: avg_pool2d_gradient([[[1]]], (4, 4), 2), "1 × 1 numbers a channel, the output 2"),
        (lambda: windows_along(0, kernel_size=1), "n must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused_in_numbers(call, words):
    with pytest.raises(InputError, match=words):
        call()
