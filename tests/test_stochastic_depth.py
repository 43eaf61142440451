"""Stochastic depth: the paper's rule, torchvision's contract, the mean kept at test time."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torchvision.ops import stochastic_depth

from cnnlab.checks import InputError
from cnnlab.stochastic_depth import (
    RULES,
    blocks_kept,
    residual_in_training,
    residual_scaled_in_training,
    residual_test_time,
    survival_probabilities,
)


def test_resnet_110_runs_40_blocks_and_a_quarter() -> None:
    survival = survival_probabilities(54, last=0.5)
    assert survival.sum() == pytest.approx(40.25, rel=1e-12)
    assert survival[-1] == 0.5


@seed(7)
@settings(max_examples=100)
@given(count=st.integers(1, 200), tenths=st.integers(0, 10))
def test_the_linear_rule_in_fractions(count: int, tenths: int) -> None:
    last = Fraction(tenths, 10)
    exact = [1 - Fraction(block, count) * (1 - last) for block in range(1, count + 1)]
    ours = survival_probabilities(count, last=float(last))
    np.testing.assert_allclose(ours, [float(chance) for chance in exact], rtol=1e-12, atol=1e-15)
    assert float(sum(exact)) == pytest.approx(count - float(1 - last) * (count + 1) / 2)
    assert (survival_probabilities(count, last=float(last), rule="uniform") == float(last)).all()


def test_blocks_survive_as_often_as_they_should() -> None:
    survival = survival_probabilities(8, last=0.3)
    runs = np.array([blocks_kept(survival, seed=0, number=n) for n in range(8000)])
    assert runs.mean(axis=0) == pytest.approx(survival, abs=0.02)
    assert runs.sum(axis=1).mean() == pytest.approx(survival.sum(), abs=0.06)
    again = blocks_kept(survival, seed=0, number=17)
    assert (again == runs[17]).all()
    assert len({tuple(blocks_kept(survival, seed=s, number=17)) for s in range(20)}) > 5


def test_certain_blocks_always_run_and_impossible_ones_never() -> None:
    survival = np.array([1.0, 0.0] * 50)
    for number in range(50):
        assert blocks_kept(survival, seed=1, number=number).tolist() == [True, False] * 50


@pytest.mark.parametrize("survival", [0.25, 0.5, 0.9, 1.0])
def test_a_scaled_block_is_torchvisions(survival: float) -> None:
    f = torch.linspace(-1, 2, 600, dtype=torch.float64).reshape(200, 3)
    torch.manual_seed(0)
    theirs = stochastic_depth(f, p=1 - survival, mode="row").numpy()
    kept = (theirs != 0).any(axis=1)
    assert kept.any()
    x = np.zeros(3)
    for row, on in enumerate(kept):
        ours = residual_scaled_in_training(x, f[row].numpy(), kept=bool(on), survival=survival)
        np.testing.assert_allclose(ours, theirs[row], rtol=1e-12)
    at_test_time = stochastic_depth(f, p=1 - survival, mode="row", training=False)
    assert (at_test_time == f).all()


@pytest.mark.parametrize("survival", [0.25, 0.5, 1.0])
def test_the_mean_of_training_is_test_time(survival: float) -> None:
    x, f = np.array([1.0, -2.0]), np.array([0.6, 3.0])
    ran, skipped = (residual_in_training(x, f, kept=kept) for kept in (True, False))
    mean = survival * ran + (1 - survival) * skipped
    np.testing.assert_allclose(residual_test_time(x, f, survival=survival), mean, rtol=1e-12)
    scaled = residual_scaled_in_training(x, f, kept=True, survival=survival)
    np.testing.assert_allclose(survival * scaled + (1 - survival) * skipped, x + f, rtol=1e-12)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: survival_probabilities(0, last=0.5), "blocks must be at least 1, got 0"),
        (lambda: survival_probabilities(201, last=0.5), "blocks must be at most 200, got 201"),
        (lambda: survival_probabilities(5, last=1.1), "p_L must be from 0 to 1, got 1.1"),
        (
            lambda: survival_probabilities(5, last=0.5, rule="square"),
            f"rule must be one of {', '.join(RULES)}, got 'square'",
        ),
        (lambda: blocks_kept(np.ones(2), seed=-1, number=0), "seed must be at least 0"),
        (
            lambda: residual_scaled_in_training(np.ones(1), np.ones(1), kept=True, survival=0.0),
            "survival probability 0 cannot be kept",
        ),
    ],
)
def test_what_cannot_be_is_refused(action, words: str) -> None:
    with pytest.raises(InputError, match=words):
        action()
