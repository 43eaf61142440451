"""The activations against torch, over every size of number."""

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from torch.nn import functional

from cnnlab.activations import ACTIVATIONS, activation
from cnnlab.checks import InputError

TORCHS = {
    "none": lambda z: z,
    "relu": functional.relu,
    "leaky_relu": functional.leaky_relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def test_the_list_is_the_one_of_the_menu():
    assert list(ACTIVATIONS) == list(TORCHS)
    assert all(entry.name == name for name, entry in ACTIVATIONS.items())
    assert len({entry.title for entry in ACTIVATIONS.values()}) == len(ACTIVATIONS)


@pytest.mark.parametrize("name", TORCHS)
@pytest.mark.parametrize(
    "z", [0.0, -0.0, 1.0, -1.0, 0.5, -1e-9, 1e-9, 20.0, -20.0, 745.0, -745.0, -1e6, 1e6, 1e300]
)
def test_values_are_torchs_without_overflow(name, z):
    expected = TORCHS[name](torch.tensor([z], dtype=torch.float64)).item()
    # exp and tanh of two libraries may differ in the last digit, and near the smallest number
    assert activation(name).function(np.array([z])).item() == pytest.approx(
        expected, rel=1e-14, abs=1e-300
    )


@seed(1)
@settings(max_examples=200)
@given(
    name=st.sampled_from(list(TORCHS)),
    values=st.lists(st.floats(-1e9, 1e9, allow_subnormal=False), min_size=1, max_size=12),
)
def test_arrays_of_any_shape_are_torchs(name, values):
    z = np.array(values).reshape(1, -1, 1)
    before = z.copy()
    ours = activation(name).function(z)
    expected = TORCHS[name](torch.tensor(z)).numpy()
    assert ours.shape == z.shape
    np.testing.assert_allclose(ours, expected, rtol=1e-13, atol=1e-300)
    assert (z == before).all()


@pytest.mark.parametrize(
    ("name", "z", "expect"),
    [
        ("relu", [-3, 0, 5], [0, 0, 5]),
        ("leaky_relu", [-3, 0, 5], [-0.03, 0, 5]),
        ("tanh", [0], [0]),
        ("sigmoid", [0], [0.5]),
        ("none", [-3, 5], [-3, 5]),
    ],
)
def test_values_by_hand(name, z, expect):
    assert activation(name).function(np.array(z, dtype=float)).tolist() == expect


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_formula_on_the_page_is_what_is_computed(name):
    entry = ACTIVATIONS[name]
    formula = entry.formula.replace("·", "*").replace("−", "-")
    formula = formula.replace("z, or 0.01 * z where z < 0", "0.01 * z if z < 0 else z")
    known = {"max": max, "exp": np.exp, "tanh": np.tanh}
    for z in (-2.5, 0.0, 3.25):
        value = eval(formula, {"__builtins__": {}}, known | {"z": z})
        assert entry.function(np.array([z])).item() == pytest.approx(value, rel=1e-14)


def test_an_unknown_name_is_refused_with_the_known_ones():
    words = r"^activation must be one of none, relu, leaky_relu, tanh, sigmoid, got 'ReLU'$"
    with pytest.raises(InputError, match=words):
        activation("ReLU")
