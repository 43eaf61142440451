"""The curves of activations: values and slopes are torch's, flat parts are where they are said."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.checks import InputError
from cnnlab.curves import CURVES, curve, flat_intervals, mean_output, saturated_share

TORCHS = {
    "relu": lambda z, slope, alpha: functional.relu(z),
    "leaky_relu": lambda z, slope, alpha: functional.leaky_relu(z, slope),
    "elu": lambda z, slope, alpha: functional.elu(z, alpha),
    "gelu": lambda z, slope, alpha: functional.gelu(z),
    "gelu_tanh": lambda z, slope, alpha: functional.gelu(z, approximate="tanh"),
    "sigmoid": lambda z, slope, alpha: torch.sigmoid(z),
    "tanh": lambda z, slope, alpha: torch.tanh(z),
    "none": lambda z, slope, alpha: 1 * z,
}


def test_every_curve_is_compared_with_torchs() -> None:
    assert list(CURVES) == list(TORCHS)


@seed(2)
@settings(max_examples=300)
@given(
    name=st.sampled_from(list(TORCHS)),
    values=st.lists(
        st.one_of(
            st.floats(-15, 15, allow_subnormal=False),
            st.floats(-1e9, 1e9, allow_subnormal=False),
            st.sampled_from([0.0, -0.0, 1e300, -1e300]),
        ),
        min_size=1,
        max_size=10,
    ),
    slope=st.floats(0, 0.99, allow_subnormal=False),
    alpha=st.floats(0.01, 10),
)
def test_values_and_slopes_are_torchs(
    name: str, values: list[float], slope: float, alpha: float
) -> None:
    found = curve(name, slope=slope, alpha=alpha)
    z = torch.tensor(values, dtype=torch.float64, requires_grad=True)
    expected = TORCHS[name](z, slope, alpha)
    expected.sum().backward()
    assert z.grad is not None
    # torch's GELU loses digits where it is nearly 0, and its tanh form is "not a number" at 1e300
    tolerance = {"rtol": 1e-11, "atol": 1e-12}
    near = np.abs(values) < (1e9 if "gelu" in name else math.inf)
    x = np.array(values)
    ours, theirs = found.function(x), expected.detach().numpy()
    np.testing.assert_allclose(ours[near], theirs[near], **tolerance)
    np.testing.assert_allclose(found.derivative(x)[near], z.grad.numpy()[near], **tolerance)
    assert np.isfinite(ours).all()
    assert np.isfinite(found.derivative(x)).all()


@pytest.mark.parametrize("name", CURVES)
def test_the_range_holds_every_value_and_is_reached(name: str) -> None:
    found = curve(name, slope=0.1, alpha=1.5)
    values = found.function(np.linspace(-60, 60, 100_001))
    assert found.low <= values.min()
    assert values.max() <= found.high
    assert values.min() == pytest.approx(max(found.low, -60), abs=60 if "leaky" in name else 1e-6)
    assert values.max() == pytest.approx(min(found.high, 60), abs=1e-6)


@pytest.mark.parametrize("name", CURVES)
def test_the_written_formulas_are_what_is_computed(name: str) -> None:
    found = curve(name, slope=0.1, alpha=1.5)
    known = {
        "exp": math.exp,
        "max": max,
        "tanh": math.tanh,
        "Φ": lambda x: (1 + math.erf(x / math.sqrt(2))) / 2,
        "φ": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
        "σ": lambda x: 1 / (1 + math.exp(-x)),
    }

    def meant(formula: str, x: float) -> float:
        for ours, python in {
            "tanh²(x)": "tanh(x)**2",
            "√(2/π) (": "(2/3.141592653589793)**0.5 * (",
            "0.044715 x³": "0.044715 * x**3",
            "½ x (": "0.5 * x * (",
            "·": "*",
            "−": "-",
        }.items():
            formula = formula.replace(ours, python)
        if ", else " in formula:
            first, second = formula.split(", else ")
            formula = f"({first.replace(' if ', ') if (')}) else ({second})"
        return float(eval(formula, {"__builtins__": {}}, known | {"x": x}))

    for x in (-2.5, -0.3, 0.7, 3.25):
        at = np.array([x])
        assert found.function(at).item() == pytest.approx(meant(found.formula, x), rel=1e-12)
        if not found.derivative_formula.startswith("by "):
            want = meant(found.derivative_formula, x)
            assert found.derivative(at).item() == pytest.approx(want, rel=1e-12)


@seed(3)
@settings(max_examples=60)
@given(name=st.sampled_from(list(CURVES)), threshold=st.sampled_from([0.001, 0.01, 0.05, 0.1, 0.3]))
def test_flat_is_where_the_slope_is_small_and_nowhere_else(name: str, threshold: float) -> None:
    found = curve(name, slope=0.02)
    intervals = flat_intervals(found, threshold=threshold)
    x = np.random.default_rng(0).uniform(-30, 30, 4000)
    inside = np.zeros(x.shape, bool)
    near_an_end = np.zeros(x.shape, bool)
    for start, end in intervals:
        assert start <= end
        inside |= (x >= start) & (x <= end)
        near_an_end |= (np.abs(x - start) < 0.002) | (np.abs(x - end) < 0.002)
    flat = np.abs(found.derivative(x)) < threshold
    assert (flat == inside)[~near_an_end].all()


def test_flat_parts_by_hand() -> None:
    # σ' = 0.05 where σ (1 − σ) = 0.05: σ = (1 + √0.8) / 2, x = ln(σ / (1 − σ))
    high = (1 + math.sqrt(0.8)) / 2
    ends = flat_intervals(curve("sigmoid"), threshold=0.05)
    assert ends[1][0] == pytest.approx(math.log(high / (1 - high)), abs=0.002)
    assert flat_intervals(curve("relu"), threshold=0.05) == [(-math.inf, 0.0)]
    assert flat_intervals(curve("leaky_relu", slope=0.1), threshold=0.05) == []
    # the GELU's lowest point has slope 0 too
    assert len(flat_intervals(curve("gelu"), threshold=0.05)) == 2


def test_the_share_of_saturated_numbers() -> None:
    z = np.array([[-4.0, -1.0], [0.0, 4.0]])
    assert saturated_share(curve("sigmoid"), z, threshold=0.05) == 0.5
    assert saturated_share(curve("relu"), z, threshold=0.05) == 0.75
    assert saturated_share(curve("none"), z, threshold=0.05) == 0


@pytest.mark.parametrize("name", CURVES)
def test_the_mean_output_is_that_of_many_random_numbers(name: str) -> None:
    found = curve(name)
    draws = np.random.default_rng(1).standard_normal(200_000)
    assert mean_output(found) == pytest.approx(found.function(draws).mean(), abs=0.01)
    if name in ("tanh", "none"):
        assert mean_output(found) == pytest.approx(0, abs=1e-12)


def test_the_golden_bound_on_a_chain_of_sigmoids() -> None:
    steepest = curve("sigmoid").derivative(np.array([0.0])).item()
    assert [steepest**depth for depth in (5, 10, 20)] == pytest.approx(
        [0.0009765625, 9.53674316406e-07, 9.09494701773e-13], rel=1e-11
    )


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"name": "swish"}, "activation must be one of relu, "),
        ({"name": "leaky_relu", "slope": 1.0}, "slope must be from 0 to below 1, got 1"),
        ({"name": "elu", "alpha": 0.0}, "alpha must be above 0 and at most 10, got 0"),
    ],
)
def test_what_cannot_be_is_refused(settings_: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        curve(**settings_)


@pytest.mark.parametrize("threshold", [0.0, 1.5, math.nan])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match=r"threshold must be from 0\.001 to 1"):
        flat_intervals(curve("relu"), threshold=threshold)
