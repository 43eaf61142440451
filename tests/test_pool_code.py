"""Code to take away: run, it prints what the lesson shows."""

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import given, seed, settings

from cnnlab.pool_code import pytorch_pooling
from cnnlab.pool_links import PRESETS
from cnnlab.pool_setups import PoolSetup, input_gradient, trace_pooling
from tests.test_pool_steps import setups


def assert_code_agrees(setup: PoolSetup) -> None:
    names: dict[str, torch.Tensor] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(pytorch_pooling(setup), names)
    trace = trace_pooling(setup)
    close = {"rtol": 1e-4, "atol": 1e-4}  # the script computes in float32
    np.testing.assert_allclose(names["output"].detach().numpy(), trace.result.values, **close)
    gradient = input_gradient(setup, trace, np.ones(trace.result.values.shape))
    np.testing.assert_allclose(names["x"].grad.numpy(), gradient, **close)


@pytest.mark.parametrize("name", PRESETS)
def test_the_code_of_an_example(name):
    assert_code_agrees(PRESETS[name].setup)


@seed(1)
@settings(max_examples=100)
@given(setup=setups())
def test_the_code_of_any_pooling(setup):
    assert_code_agrees(setup)
