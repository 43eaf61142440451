"""A chain of layers: values and gradients are torch's; what the rules promise comes true."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.chain import RULES, dead_units, draw_chain, run_chain, weight_std
from cnnlab.checks import InputError
from cnnlab.curves import CURVES, curve
from tests.test_curves import TORCHS


@seed(5)
@settings(max_examples=60)
@given(
    name=st.sampled_from(list(CURVES)),
    depth=st.integers(1, 8),
    width=st.integers(1, 12),
    std=st.floats(0.05, 0.8),
    bias=st.floats(-1, 1),
    number=st.integers(0, 1000),
)
def test_outputs_and_gradients_are_those_of_autograd(
    name: str, depth: int, width: int, std: float, bias: float, number: int
) -> None:
    x, weights, gradient = draw_chain(depth=depth, width=width, std=std, seed=number, n_inputs=6)
    run = run_chain(x, weights, gradient, curve(name, slope=0.1), bias=bias)
    h, outputs = torch.tensor(x), []
    parameters = [torch.tensor(weight, requires_grad=True) for weight in weights]
    for weight in parameters:
        h = TORCHS[name](torch.nn.functional.linear(h, weight) + bias, 0.1, 1.0)
        h.retain_grad()
        outputs.append(h)
    h.backward(torch.tensor(gradient))
    for layer in range(depth):
        pairs = [
            (run.outputs[layer], outputs[layer].detach()),
            (run.output_gradients[layer], outputs[layer].grad),
            (run.weight_gradients[layer], parameters[layer].grad),
        ]
        for ours, theirs in pairs:
            np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-11)


def sizes(name: str, rule: str, depth: int = 20, width: int = 256) -> tuple[float, float]:
    """Return by what factor the outputs and the gradient change in size from end to end."""
    x, weights, gradient = draw_chain(depth=depth, width=width, std=weight_std(rule, width), seed=1)
    run = run_chain(x, weights, gradient, curve(name))
    up = np.sqrt((run.outputs[-1] ** 2).mean() / (run.outputs[0] ** 2).mean())
    down = np.sqrt((run.output_gradients[0] ** 2).mean() / (gradient**2).mean())
    return float(up), float(down)


def test_he_keeps_relu_and_xavier_keeps_what_is_linear() -> None:
    for name, rule in (("relu", "He"), ("none", "Xavier")):
        up, down = sizes(name, rule)
        assert 0.3 < up < 3, (name, rule)
        assert 0.3 < down < 3, (name, rule)


def test_the_wrong_rules_vanish_and_explode() -> None:
    # Xavier with ReLU: each layer keeps 1/√2
    assert sizes("relu", "Xavier")[1] == pytest.approx(2 ** (-19 / 2), rel=0.7)
    assert sizes("sigmoid", "Xavier")[1] < 0.25**19 * 10
    assert sizes("relu", "Tiny")[1] < 1e-12
    assert sizes("relu", "Huge")[1] > 1e12


@pytest.mark.parametrize("rule", RULES)
def test_the_weights_have_the_standard_deviation_that_is_said(rule: str) -> None:
    std = weight_std(rule, 64, gain=1.7)
    _, weights, _ = draw_chain(depth=5, width=64, std=std, seed=3)
    assert weights.std() == pytest.approx(std, rel=0.02)
    torch.manual_seed(0)
    linear = torch.empty(64, 64)
    if rule == "Xavier":
        torch.nn.init.xavier_normal_(linear)
        assert float(linear.std()) == pytest.approx(std, rel=0.05)
    if rule == "He":
        torch.nn.init.kaiming_normal_(linear, nonlinearity="relu")
        assert float(linear.std()) == pytest.approx(std, rel=0.05)


def test_the_same_seed_gives_the_same_chain() -> None:
    first, again = (draw_chain(depth=2, width=4, std=1.0, seed=7) for _ in range(2))
    other = draw_chain(depth=2, width=4, std=1.0, seed=8)
    for one, two, three in zip(first, again, other, strict=True):
        assert (one == two).all()
        assert (one != three).any()


def test_the_gain_to_the_power_of_the_depth() -> None:
    one = np.ones((1, 1))
    run = run_chain(one, np.full((20, 1, 1), 1.5), one, curve("none"))
    assert run.outputs[-1].item() == pytest.approx(1.5**20)
    assert run.output_gradients[0].item() == pytest.approx(1.5**19)


def test_a_dead_unit_gives_nothing_and_learns_nothing() -> None:
    x, weights, gradient = draw_chain(depth=1, width=40, std=0.2, seed=0)
    run = run_chain(x, weights, gradient, curve("relu"), bias=-2.5)
    dead = dead_units(run.sums[0])
    assert 0 < dead.sum() < 40
    assert (run.outputs[0][:, dead] == 0).all()
    assert (run.weight_gradients[0][dead] == 0).all()
    assert (run.outputs[0][:, ~dead] > 0).any(axis=0).all()
    leaky = run_chain(x, weights, gradient, curve("leaky_relu"), bias=-2.5)
    assert (leaky.weight_gradients[0][dead] != 0).all()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (lambda: weight_std("Best", 4), "rule must be one of Tiny, "),
        (lambda: weight_std("Own gain", 4, gain=0), "gain must be above 0, got 0"),
        (lambda: weight_std("He", 0), "width must be at least 1, got 0"),
        (lambda: draw_chain(depth=51, width=2, std=1, seed=0), "depth must be at most 50, got 51"),
        (lambda: draw_chain(depth=1, width=999, std=1, seed=0), "width must be at most 256"),
        (lambda: draw_chain(depth=1, width=2, std=math.nan, seed=-1), "seed must be at least 0"),
    ],
)
def test_what_cannot_be_is_refused(action, words: str) -> None:
    with pytest.raises(InputError, match=words):
        action()
