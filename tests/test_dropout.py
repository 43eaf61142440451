"""Dropout keeps torch's contract: zeros or x / (1 − p), the mean kept, whole channels at once."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.dropout import SCALINGS, at_test_time, dropout, dropout_mask, spatial_dropout
from cnnlab.thinned import (
    INPUTS,
    SIZES,
    exact_mean,
    full_output,
    network,
    run_passes,
    thinned_outputs,
)


@seed(6)
@settings(max_examples=100)
@given(
    p=st.floats(0, 0.95),
    number=st.integers(0, 10_000),
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3),
)
def test_values_are_those_that_torchs_dropout_gives(
    p: float, number: int, shape: list[int]
) -> None:
    x = np.random.default_rng(number).normal(size=shape)
    kept = dropout_mask(tuple(shape), p=p, seed=1, number=number)
    ours = dropout(x, kept, p=p)
    torch.manual_seed(number)
    theirs = functional.dropout(torch.tensor(x), p).numpy()
    # which cells are dropped is chance; what can stand in each is the same
    for result in (ours, theirs):
        scaled = np.isclose(result, x / (1 - p), rtol=1e-12)
        assert (scaled | (result == 0)).all()
    assert (ours[~kept] == 0).all()
    np.testing.assert_allclose(ours[kept], x[kept] / (1 - p))
    # with our mask in the place of torch's, its own formula gives the same
    formula = torch.tensor(x) * torch.tensor(kept) / (1 - p)
    np.testing.assert_allclose(ours, formula.numpy(), rtol=1e-12)
    assert (
        at_test_time(x, p=p) == functional.dropout(torch.tensor(x), p, training=False).numpy()
    ).all()


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_mean_over_passes_is_the_value_at_test_time(p: float, scaling: str) -> None:
    x, n = np.array([0.8, -2.0]), 40_000
    masks = dropout_mask((n, 2), p=p, seed=3, number=0)
    mean = dropout(x, masks, p=p, scaling=scaling).mean(axis=0)
    # four standard errors
    spread = 4 * np.abs(dropout(x, np.array(True), p=p, scaling=scaling)) * np.sqrt(p * (1 - p) / n)
    assert (np.abs(mean - at_test_time(x, p=p, scaling=scaling)) <= spread + 1e-12).all()
    theirs = functional.dropout(torch.tensor(x).expand(n, 2), p).mean(0).numpy()
    if scaling == "inverted":
        assert (np.abs(theirs - x) <= spread + 1e-12).all()


@pytest.mark.parametrize("p", [0.0, 0.3, 0.75])
def test_the_share_that_is_kept_is_one_minus_p(p: float) -> None:
    kept = dropout_mask((100_000,), p=p, seed=0, number=5)
    assert kept.mean() == pytest.approx(1 - p, abs=0.007)


def test_a_pass_follows_from_its_seed_and_number() -> None:
    def mask(seed_: int, number: int) -> list[bool]:
        return dropout_mask((64,), p=0.5, seed=seed_, number=number).tolist()

    assert mask(3, 7) == mask(3, 7)
    assert len({tuple(mask(s, n)) for s in range(5) for n in range(5)}) == 25
    assert run_passes(9, p=0.5, seed=3).kept[6].tolist() == mask(3, 7)[:10]


def test_spatial_dropout_drops_channels_as_torchs_dropout2d_does() -> None:
    x = np.random.default_rng(0).normal(size=(40, 3, 4))
    kept = dropout_mask((40,), p=0.4, seed=0, number=0)
    torch.manual_seed(0)
    theirs = functional.dropout2d(torch.tensor(x)[None], 0.4)[0].numpy()
    for result in (spatial_dropout(x, kept, p=0.4), theirs):
        gone = (result == 0).all(axis=(1, 2))
        assert 0 < gone.sum() < 40
        np.testing.assert_allclose(result[~gone], x[~gone] / 0.6)
    assert ((spatial_dropout(x, kept, p=0.4) == 0).all(axis=(1, 2)) == ~kept).all()


def by_torch(masks: np.ndarray, *, p: float, scaling: str) -> np.ndarray:
    """Return the outputs of the drawn network, pass by pass, by torch."""
    outputs = []
    for mask in masks:
        h = torch.tensor(INPUTS)
        start = 0
        for place, (weight, bias) in enumerate(network()):
            h = functional.linear(h, torch.tensor(weight), torch.tensor(bias))
            if place == 2:
                break
            size = SIZES[place + 1]
            factor = 1 / (1 - p) if scaling == "inverted" else 1.0
            h = torch.relu(h) * torch.tensor(mask[start : start + size]) * factor
            start += size
        outputs.append(h.item())
    return np.array(outputs)


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("p", [0.2, 0.5])
def test_the_drawn_network_and_all_its_sub_networks(p: float, scaling: str) -> None:
    passes = run_passes(30, p=p, seed=1, scaling=scaling)
    np.testing.assert_allclose(
        passes.outputs, by_torch(passes.kept, p=p, scaling=scaling), rtol=1e-12
    )
    every = list(product([0, 1], repeat=10))
    assert len(every) == 1024
    chances = [np.prod([1 - p if on else p for on in mask]) for mask in every]
    exact = float(chances @ by_torch(np.array(every), p=p, scaling=scaling))
    assert exact_mean(p=p, scaling=scaling) == pytest.approx(exact, rel=1e-9)
    many = run_passes(20_000, p=p, seed=2, scaling=scaling).outputs
    assert many.mean() == pytest.approx(exact, abs=4 * many.std() / np.sqrt(20_000))


@pytest.mark.parametrize("scaling", SCALINGS)
def test_test_time_runs_every_unit(scaling: str) -> None:
    before, after, output = full_output(p=0.4, scaling=scaling)
    assert (before > 0).all()
    np.testing.assert_allclose(after, before * (1 if scaling == "inverted" else 0.6))
    everything = thinned_outputs(np.ones((1, 10), bool), p=0.4, scaling="classic").outputs
    if scaling == "inverted":
        assert output == pytest.approx(everything.item())


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_p_out_of_range_is_refused(p: float) -> None:
    for action in (
        lambda: dropout_mask((2,), p=p, seed=0, number=0),
        lambda: dropout(np.ones(2), np.ones(2, bool), p=p),
        lambda: at_test_time(np.ones(2), p=p),
    ):
        with pytest.raises(InputError, match="p must be from 0 to below 1"):
            action()


def test_other_refusals() -> None:
    with pytest.raises(InputError, match="scaling must be one of inverted, classic, got 'none'"):
        dropout(np.ones(2), np.ones(2, bool), p=0.5, scaling="none")
    with pytest.raises(InputError, match="seed must be at least 0, got -1"):
        dropout_mask((2,), p=0.5, seed=-1, number=0)
    with pytest.raises(InputError, match="pass must be at least 0, got -1"):
        dropout_mask((2,), p=0.5, seed=0, number=-1)
