"""Gradient descent on a bowl: torch's slopes, the steps counted by walking, conditioning."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.least_squares import (
    TREATMENTS,
    Problem,
    best_rate,
    condition_number,
    generate,
    gradient,
    gradient_descent,
    hessian,
    largest_rate,
    loss,
    minimum,
    steps_needed,
    treat,
)

RATIOS, OFFSETS = st.floats(1, 30), st.floats(-2, 2)


@settings(max_examples=40)
@given(RATIOS, OFFSETS, st.floats(-3, 3), st.floats(-3, 3), st.sampled_from([0.0, 0.1, 2.0]))
def test_loss_slope_and_curvature_are_torchs(
    ratio: float, offset: float, w1: float, w2: float, decay: float
) -> None:
    problem = generate(ratio=ratio, offset=offset, n=9, seed=3)
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)

    def torch_loss(w: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.mse_loss(x @ w, y) + decay * (w**2).sum()

    w = torch.tensor([w1, w2], dtype=torch.float64, requires_grad=True)
    value = torch_loss(w)
    (slope,) = torch.autograd.grad(value, w)
    assert loss(problem, [w1, w2], decay=decay) == pytest.approx(value.item())
    np.testing.assert_allclose(gradient(problem, [w1, w2], decay=decay), slope, atol=1e-9)
    if not decay:
        bend = torch.autograd.functional.hessian(torch_loss, w.detach())
        np.testing.assert_allclose(hessian(problem), bend, atol=1e-9)
        np.testing.assert_allclose(gradient(problem, minimum(problem)), 0, atol=1e-9)
        assert condition_number(hessian(problem)) == pytest.approx(np.linalg.cond(bend.numpy()))


def test_the_way_is_that_of_torchs_sgd() -> None:
    problem = generate(ratio=5, offset=0.5)
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    w = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.SGD([w], lr=0.03)
    way = gradient_descent(problem, rate=0.03, steps=30)
    for step in range(31):
        np.testing.assert_allclose(way[step], w.detach(), atol=1e-12)
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(x @ w, y).backward()
        optimiser.step()


@settings(max_examples=40)
@given(st.floats(1, 8), st.floats(-1, 1), st.floats(0.05, 0.95), st.sampled_from([0.5, 0.1, 0.01]))
def test_counted_steps_are_walked_steps(
    ratio: float, offset: float, part: float, share: float
) -> None:
    problem = generate(ratio=ratio, offset=offset, n=20)
    rate = part * largest_rate(hessian(problem))
    steps = steps_needed(problem, rate=rate, share=share)
    assert steps is not None
    way = gradient_descent(problem, rate=rate, steps=steps)
    left = np.linalg.norm(way - minimum(problem), axis=1) / np.linalg.norm(minimum(problem))
    assert left[-1] <= share * (1 + 1e-9)
    assert left[-2] > share * (1 - 1e-9)


def test_the_largest_rate_is_where_it_begins_to_grow() -> None:
    problem = generate(ratio=4, offset=0.5)
    largest = largest_rate(hessian(problem))
    assert steps_needed(problem, rate=0.999 * largest) is not None
    assert steps_needed(problem, rate=1.001 * largest) is None
    grown = gradient_descent(problem, rate=100 * largest, steps=400)
    assert np.isfinite(grown).all()
    assert np.abs(grown[-1]).max() > 1e12
    assert np.abs(gradient_descent(problem, rate=0.99 * largest, steps=400)).max() < 10


def test_no_rate_is_surely_better_than_the_best() -> None:
    curvature = hessian(generate(ratio=6, offset=0))
    values = np.linalg.eigvalsh(curvature)

    def slowest(rate: float) -> float:
        return float(np.abs(1 - rate * values).max())

    best = slowest(best_rate(curvature))
    kappa = condition_number(curvature)
    assert best == pytest.approx((kappa - 1) / (kappa + 1))
    assert all(slowest(rate) >= best for rate in np.linspace(0, 2, 2001) / values[-1])


@pytest.mark.parametrize("seed", range(5))
def test_normalising_makes_the_bowl_round(seed: int) -> None:
    raw = generate(ratio=100, offset=2, seed=seed)
    kappa = {how: condition_number(hessian(treat(raw, how))) for how in TREATMENTS}
    assert kappa["mean and scale"] < 2.5
    assert kappa["mean only"] > 5000
    assert kappa["scale only"] > 10
    assert condition_number(hessian(raw)) > max(kappa.values())
    assert treat(raw, "mean only").y.mean() == pytest.approx(0)
    even = treat(raw)
    np.testing.assert_allclose(even.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(even.x.std(axis=0), 1)
    # The same line is found: the weights are those before, times the standard deviations.
    centred = minimum(treat(raw, "mean only"))
    np.testing.assert_allclose(minimum(even), centred * raw.x.std(axis=0))


def test_data_are_the_same_for_the_same_seed() -> None:
    one, two = generate(ratio=3, offset=1, seed=4), generate(ratio=3, offset=1, seed=4)
    assert (one.x == two.x).all()
    assert (one.y == two.y).all()
    other = generate(ratio=30, offset=0, seed=4)
    np.testing.assert_allclose(one.x - 1 * np.array([1, 3]), other.x / [1, 10])
    assert (generate(ratio=3, offset=1, seed=5).x != one.x).any()


def test_refusals() -> None:
    with pytest.raises(InputError, match="the scale ratio must be above 0, got 0"):
        generate(ratio=0, offset=0)
    with pytest.raises(ValueError, match="how must be one of mean and scale"):
        treat(generate(ratio=1, offset=0), "both")
    assert condition_number([[1, 1], [1, 1]]) > 1e12
    assert condition_number([[0, 0], [0, 1]]) == math.inf


def test_a_flat_bowl_is_never_left() -> None:
    flat = Problem(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([1.0, 2.0]))
    assert steps_needed(flat, rate=0.1) is None
