"""Typical mistakes: each is what its words say, and none is the right answer."""

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnnlab.mistakes import size_mistakes, value_mistakes
from cnnlab.presets import PRESETS
from cnnlab.setup_changes import change, edit
from cnnlab.setups import Setup, output_size, trace_setup


def torch_maps(setup: Setup, **other: Any) -> np.ndarray:
    """Return the output of a plain convolution as torch computes it."""
    parts = {"weight": setup.weight, "bias": setup.bias, "x": setup.x} | other
    bias = None if parts["bias"] is None else torch.tensor(parts["bias"], dtype=torch.float64)
    return functional.conv2d(
        torch.tensor(parts["x"])[None],
        torch.tensor(np.ascontiguousarray(parts["weight"])),
        bias,
        stride=setup.stride,
        padding=1,
    )[0].numpy()


def test_mistakes_are_what_they_say():
    setup = change(PRESETS["volume"].setup, kernel="random.5", input="random.6", activation="relu")
    setup = edit(setup, "bias", [(0, 2.5), (1, -1.5)])
    found = {m.says: m.values for m in value_mistakes(setup, trace_setup(setup))}

    def expect(words: str, maps: np.ndarray) -> None:
        (says,) = [says for says in found if words in says]
        np.testing.assert_allclose(found[says], maps.ravel(), rtol=1e-12, atol=1e-12)

    expect("forgot the bias", np.maximum(torch_maps(setup, bias=None), 0))
    expect("forgot the activation", torch_maps(setup))
    expect(
        "turned the kernel", np.maximum(torch_maps(setup, weight=setup.weight[..., ::-1, ::-1]), 0)
    )
    dark = setup.x.copy()
    dark[1] = 0
    expect("one channel, number 1", np.maximum(torch_maps(setup, x=dark), 0))
    expect("channel 2 only", np.maximum(torch_maps(setup, x=setup.x * [[[0]], [[0]], [[1]]]), 0))


@pytest.mark.parametrize("name", PRESETS)
def test_no_size_mistake_is_right(name):
    setup = PRESETS[name].setup
    assert output_size(setup) not in [mistake.size for mistake in size_mistakes(setup)]
