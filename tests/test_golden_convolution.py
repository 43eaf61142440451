"""Worked examples of lecture notes on convolution, with corrected answers where notes are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.activations import relu
from cnnlab.conv_steps import trace_conv2d
from cnnlab.convolution import conv2d, conv_transpose2d
from cnnlab.pixel_moves import rearranged
from cnnlab.pixel_tensors import flat_index
from cnnlab.pooling import max_pool2d

FACTS = json.loads(
    (Path(__file__).parent / "golden" / "facts_convolution.json").read_text(encoding="utf-8")
)


def filtered(given: dict[str, Any]) -> np.ndarray:
    weight = np.array(given["kernel"], float)[None, None]
    return conv2d(np.array(given["image"], float)[None], weight, padding=given["padding"])


def pooled(given: dict[str, Any]) -> np.ndarray:
    found = max_pool2d(relu(filtered(given)), given["pool"], stride=given["pool_stride"])
    return found[0][0]


def transposed(given: dict[str, Any]) -> np.ndarray:
    weight = np.array(given["kernel"], float)[None, None]
    x = np.array(given["x"], float)[None]
    return conv_transpose2d(x, weight, stride=given["stride"], padding=given["padding"])[0]


def products(given: dict[str, Any]) -> int:
    """Count the products of one step, as the player lists them."""
    shape = given["Cin"], given["F"], given["F"]
    return trace_conv2d(np.ones(shape), np.ones((1, *shape))).products.shape[1]


def flattened(given: dict[str, Any]) -> list[float]:
    x = np.array(given["x"])[:, :, None]
    rows, columns, _ = x.shape
    places = [
        flat_index(row, column, 0, shape=x.shape, order="HWC")
        for row in range(rows)
        for column in range(columns)
    ]
    vector = np.zeros(x.size)
    vector[places] = x.ravel()
    return vector.tolist()


def permuted(given: dict[str, Any]) -> float:
    order = np.array(given["perm"])
    x, w = (rearranged(np.array(given[name])[None, :, None], order).ravel() for name in "xw")
    assert x @ w == np.dot(given["x"], given["w"])
    return float(x @ w)


ANSWERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "conv2d": lambda given: filtered(given)[0],
    "conv2d_relu_pool": pooled,
    "conv_transpose2d": transposed,
    "dot_length": products,
    "flatten": flattened,
    "perm_invariant_dot": permuted,
}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_fact(fact: dict[str, Any]) -> None:
    found = ANSWERS[fact["given"]["op"]](fact["given"])
    np.testing.assert_allclose(found, fact["expect"], rtol=0, atol=1e-12)
