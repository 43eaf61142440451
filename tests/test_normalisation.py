"""Normalisation: worked examples, torch as the oracle, running statistics, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from cnnlab.checks import InputError
from cnnlab.normalisation import (
    KINDS,
    RunningStatistics,
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    mean_and_std,
    standardise,
    statistics_sets,
    update_running,
)

CLOSE = {"rtol": 1e-9, "atol": 1e-9}  # both sides are float64; sums may be taken in another order
NUMBERS = st.integers(-50, 50).map(float)


@st.composite
def batches(draw: st.DrawFn, *, least_cells: int = 1, flat: bool = False) -> np.ndarray:
    """Draw a batch (N, C, H, W), or (N, C)."""
    sizes = [draw(st.integers(1, 4)) for _ in range(2 if flat else 4)]
    if not flat and sizes[2] * sizes[3] < least_cells:
        sizes[3] = least_cells
    return draw(arrays(np.float64, tuple(sizes), elements=NUMBERS))


def one_each(draw: st.DataObject, count: int) -> np.ndarray:
    return draw.draw(arrays(np.float64, count, elements=NUMBERS))


def t(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, np.float64).copy())


def same(found: np.ndarray, want: torch.Tensor) -> None:
    np.testing.assert_allclose(found, want.numpy(), **CLOSE)


# Torch as the oracle -------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.sampled_from([1e-5, 1e-3, 1.0]))
def test_batch_norm_in_training_is_torchs(data: st.DataObject, flat: bool, eps: float) -> None:
    x = data.draw(batches(flat=flat))
    channels = x.shape[1]
    gamma, beta = one_each(data, channels), one_each(data, channels)
    if x.size == channels:
        with pytest.raises(InputError, match="more than one value for each channel"):
            batch_norm(x)
        with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
            F.batch_norm(t(x), None, None, training=True)
        return
    want = F.batch_norm(t(x), None, None, t(gamma), t(beta), training=True, eps=eps)
    same(batch_norm(x, gamma=gamma, beta=beta, eps=eps), want)


@settings(max_examples=60)
@given(st.data(), st.booleans())
def test_batch_norm_in_evaluation_is_torchs(data: st.DataObject, flat: bool) -> None:
    x = data.draw(batches(flat=flat))
    gamma, beta, mean, root = (one_each(data, x.shape[1]) for _ in range(4))
    want = F.batch_norm(t(x), t(mean), t(root**2), t(gamma), t(beta), training=False)
    running = RunningStatistics(mean, root**2)
    same(batch_norm(x, gamma=gamma, beta=beta, running=running), want)


@pytest.mark.parametrize("momentum", [0.1, 0.5, 1.0, 0.0])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (5, 3)])
def test_running_statistics_are_those_of_torch_after_several_batches(
    momentum: float, shape: tuple[int, ...]
) -> None:
    random = np.random.default_rng(7)
    kind = torch.nn.BatchNorm2d if len(shape) == 4 else torch.nn.BatchNorm1d
    layer = kind(3, momentum=momentum, dtype=torch.float64)
    running = RunningStatistics(np.zeros(3), np.ones(3))
    for number in range(6):
        x = random.normal(3, 2 + number, (2 + number, *shape[1:]))
        same(batch_norm(x), layer(t(x)).detach())
        running = update_running(running, x, momentum=momentum)
        same(np.asarray(running.mean), layer.running_mean)
        same(np.asarray(running.var), layer.running_var)
    layer.eval()
    one = random.normal(0, 1, (1, *shape[1:]))
    same(batch_norm(one, running=running), layer(t(one)).detach())


@settings(max_examples=60)
@given(st.data())
def test_layer_norm_is_torchs(data: st.DataObject) -> None:
    x = data.draw(batches())
    gamma, beta = (one_each(data, x[0].size).reshape(x.shape[1:]) for _ in range(2))
    want = F.layer_norm(t(x), x.shape[1:], t(gamma), t(beta))
    same(layer_norm(x, gamma=gamma, beta=beta), want)


@settings(max_examples=60)
@given(st.data())
def test_instance_norm_is_torchs(data: st.DataObject) -> None:
    x = data.draw(batches(least_cells=2))
    gamma, beta = one_each(data, x.shape[1]), one_each(data, x.shape[1])
    want = F.instance_norm(t(x), weight=t(gamma), bias=t(beta))
    same(instance_norm(x, gamma=gamma, beta=beta), want)


@settings(max_examples=60)
@given(st.data())
def test_group_norm_is_torchs(data: st.DataObject) -> None:
    x = data.draw(batches(least_cells=2))
    channels = x.shape[1]
    groups = data.draw(st.sampled_from([g for g in range(1, 5) if channels % g == 0]))
    gamma, beta = one_each(data, channels), one_each(data, channels)
    want = F.group_norm(t(x), groups, t(gamma), t(beta))
    same(group_norm(x, groups=groups, gamma=gamma, beta=beta), want)


@settings(max_examples=80)
@given(
    st.data(),
    st.integers(1, 7),
    st.sampled_from([1e-4, 0.5, 2.0]),
    st.sampled_from([0.75, 0.5, 1.0]),
    st.sampled_from([1.0, 2.0]),
)
def test_local_response_norm_is_torchs(
    data: st.DataObject, size: int, alpha: float, beta: float, k: float
) -> None:
    x = data.draw(batches())
    want = F.local_response_norm(t(x), size, alpha=alpha, beta=beta, k=k)
    same(local_response_norm(x, size=size, alpha=alpha, beta=beta, k=k), want)
    more = {"size": size, "alpha": alpha / size, "beta": beta, "k": k, "divide_alpha": False}
    same(local_response_norm(x, **more), want)
    one_place = local_response_norm(x[0, :, 0, 0], size=size, alpha=alpha, beta=beta, k=k)
    same(one_place, want[0, :, 0, 0])


@settings(max_examples=60)
@given(st.data())
def test_standardise_is_torchs(data: st.DataObject) -> None:
    shape = (data.draw(st.integers(2, 6)), data.draw(st.integers(1, 3)))
    x = data.draw(arrays(np.float64, shape, elements=NUMBERS))
    if (x.std(axis=0) == 0).any():
        with pytest.raises(InputError, match="is constant"):
            standardise(x)
        return
    std, mean = torch.std_mean(t(x), dim=0, correction=0)
    same(standardise(x), (t(x) - mean) / std)
    test, (own_mean, own_std) = x * 3 + 1, mean_and_std(x)
    same(standardise(test, mean=own_mean, std=own_std), (t(test) - mean) / std)


# Which numbers share a mean ------------------------------------------------------------------


@settings(max_examples=80)
@given(st.data(), st.sampled_from(KINDS))
def test_the_sets_are_those_that_the_function_averages_over(data: st.DataObject, kind: str) -> None:
    small = st.integers(1, 3)
    shape = (data.draw(small), data.draw(st.sampled_from([4, 6])), data.draw(small), 2)
    groups = data.draw(st.sampled_from([1, 2, shape[1] // 2]))
    functions = {
        "batch": batch_norm,
        "layer": layer_norm,
        "instance": instance_norm,
        "group": lambda x: group_norm(x, groups=groups),
    }
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    x, normalise = random.normal(size=shape), functions[kind]
    cell = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
    other = x.copy()
    other[cell] += 5
    changed = ~np.isclose(normalise(x), normalise(other), rtol=0, atol=1e-12)
    sets = statistics_sets(kind, shape, groups=groups)
    assert (changed == (sets == sets[cell])).all()


def test_how_many_means_there_are() -> None:
    shape, counts = (2, 6, 3, 3), {"batch": 6, "layer": 2, "instance": 12, "group": 6}
    for kind in KINDS:
        sets = statistics_sets(kind, shape, groups=3)
        assert sets.shape == shape
        assert np.unique(sets).tolist() == list(range(counts[kind]))
        assert (np.bincount(sets.ravel()) == math.prod(shape) // counts[kind]).all()


def test_group_norm_lies_between_layer_norm_and_instance_norm() -> None:
    x = np.random.default_rng(1).normal(size=(2, 4, 3, 3))
    np.testing.assert_allclose(group_norm(x, groups=1), layer_norm(x), **CLOSE)
    np.testing.assert_allclose(group_norm(x, groups=4), instance_norm(x), **CLOSE)


# By hand, and refusals -----------------------------------------------------------------------


def test_the_running_variance_is_divided_by_n_minus_one() -> None:
    after = update_running(RunningStatistics(), [[0.0], [2.0]], momentum=1.0)
    assert np.ravel(after.var).tolist() == [2.0]  # (1 + 1) / (2 − 1); the batch itself uses 1
    assert batch_norm([[0.0], [2.0]], eps=0).ravel().tolist() == [-1, 1]


def test_local_response_norm_by_hand() -> None:
    x, more = [3.0, 0.0, 4.0], {"size": 3, "alpha": 1, "beta": 0.5, "k": 0.5}
    out = local_response_norm(x, divide_alpha=False, **more)
    np.testing.assert_allclose(out, [3 / 9.5**0.5, 0, 4 / 16.5**0.5])
    out = local_response_norm(x, **more)
    np.testing.assert_allclose(out, [3 / 3.5**0.5, 0, 4 / (0.5 + 16 / 3) ** 0.5])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: batch_norm([[1.0, 2.0]]), "its own mean, and its variance is 0"),
        (lambda: batch_norm([[1.0], [1.0]], eps=0), "a variance of 0 needs an eps above 0, got 0"),
        (lambda: batch_norm([1.0]), "a batch has the shape"),
        (lambda: update_running(RunningStatistics(), [[1.0]]), "more than one value"),
        (
            lambda: update_running(RunningStatistics(), [[1.0], [2.0]], momentum=2),
            "momentum must be from 0 to 1, got 2",
        ),
        (lambda: instance_norm(np.ones((2, 2, 1, 1))), "more than one place in each channel"),
        (lambda: group_norm(np.ones((1, 4, 2, 2)), groups=3), "3 groups cannot share 4 channels"),
        (lambda: statistics_sets("group", (1, 4, 2, 2), groups=0), "groups must be at least 1"),
        (lambda: standardise([[1.0, 2.0], [1.0, 3.0]]), "column 1 is constant"),
        (lambda: standardise([1.0, 2.0]), "must be a table"),
        (lambda: local_response_norm([1.0], k=0), "k must be above 0"),
        (lambda: local_response_norm([1.0], alpha=-1), "alpha not below 0"),
        (lambda: local_response_norm([1.0], size=0), "size must be at least 1"),
    ],
)
def test_what_cannot_be_is_said(wrong, words: str) -> None:
    with pytest.raises(InputError, match=words):
        wrong()


def test_a_kind_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="kind must be one of batch, layer"):
        statistics_sets("weight", (1, 1, 1, 1))


def test_a_constant_batch_gives_beta() -> None:
    assert batch_norm([[7.0], [7.0]], gamma=3, beta=2).ravel().tolist() == [2, 2]
