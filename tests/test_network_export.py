"""The scripts to take away are run: they have the parameters and the shape that the lab says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab.checks import InputError
from cnnlab.cost import LayerError, summarize, totals
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
    Residual,
)
from cnnlab.network_export import network_in_keras, network_in_pytorch
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import ACTIVATION_NAMES, Network, network_from_text, network_to_text

WORKING = [name for name in NETWORK_PRESETS if not name.startswith("Broken")]
SPECIAL = [
    "3x9x9_c4k3x5psamed1x2_gelu",
    "4x15x12_c8k3x2s2x1p1d2x3g4nb_p3x2s2p1x0_softmax",
    "2x8x8_res_add_res_skip_add",
    "3x11x11_c4k3s2d2_leaky_a3s2p1_lrn4_flat_fc7nb_softmax",
    "5x7x7_p3s1p1_lrn3_res_c5k3psame_bn_skip_p1_add_gap_flat",
    "1x4x4",
]


def random_layer(random: np.random.Generator) -> Layer:
    def pair(low: int, high: int) -> int | tuple[int, int]:
        rows, columns = random.integers(low, high + 1, size=2).tolist()
        return rows if rows == columns or random.integers(2) else (rows, columns)

    match random.integers(9):
        case 0 | 1 | 2:
            return Conv2d(
                int(random.choice([2, 4, 6])),
                pair(1, 4),
                stride=pair(1, 2),
                padding=pair(0, 2),
                dilation=pair(1, 2),
                groups=int(random.choice([1, 1, 2])),
                bias=bool(random.integers(2)),
            )
        case 3:
            kind = "max" if random.integers(2) else "average"
            return Pool2d(3, stride=pair(1, 2), padding=pair(0, 1), kind=kind)
        case 4:
            return BatchNorm2d()
        case 5:
            return LocalResponseNorm(int(random.integers(1, 6)))
        case 6:
            kinds = list(ACTIVATION_NAMES.values())
            return Activation(kinds[random.integers(len(kinds))])
        case 7:
            body = (Conv2d(4, 3, padding="same", bias=False), BatchNorm2d())
            return Residual(body, (Conv2d(4, 1),) if random.integers(2) else ())
    return Dropout(0.25)


@cache
def random_networks() -> tuple[Network, ...]:
    """Return networks that work, some of them with a head of fully connected layers."""
    random, found = np.random.default_rng(5), []
    while len(found) < 25:
        layers = tuple(random_layer(random) for _ in range(random.integers(1, 7)))
        if random.integers(2):
            layers += (AdaptiveAvgPool2d(1), Flatten(), Linear(5), Activation("ReLU"))
        network = Network((int(random.choice([2, 4])), 14, 11), layers)
        try:
            summarize(network.layers, network.input_shape)
        except InputError:
            continue
        found.append(network)
    return tuple(found)


def executed(script: str) -> nn.Module:
    """Return the model of a script; what it prints is as its comments say."""
    printed: list = []
    names: dict = {"print": lambda *values: printed.append(values)}
    exec(script, names)
    said = [line.rpartition("  # ")[2] for line in script.splitlines() if line.startswith("print(")]
    assert [str(*values) for values in printed] == said
    return names["model"]


def check_in_torch(network: Network) -> None:
    model = executed(network_in_pytorch(network))
    shape = tuple(model(torch.zeros(1, *network.input_shape)).shape)
    if network.layers:
        total = totals(summarize(network.layers, network.input_shape))
        assert sum(p.numel() for p in model.parameters()) == total.n_params
        assert shape == (1, *total.output_shape)


@pytest.mark.parametrize("name", WORKING)
def test_presets_in_pytorch(name: str) -> None:
    check_in_torch(network_from_text(NETWORK_PRESETS[name].text))


@pytest.mark.parametrize("text", SPECIAL)
def test_special_networks_in_pytorch(text: str) -> None:
    check_in_torch(network_from_text(text))


def test_random_networks_in_pytorch() -> None:
    for network in random_networks():
        check_in_torch(network)


def test_a_script_in_full() -> None:
    script = network_in_pytorch(network_from_text("3x8x8_res_c3k3p1nb_bn_add_relu_flat_fc2"))
    assert script.endswith(
        """
model = nn.Sequential(
    Residual(
        nn.Sequential(
            nn.Conv2d(3, 3, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(3),
        ),
    ),
    nn.ReLU(),
    nn.Flatten(),
    nn.Linear(192, 2),
)

x = torch.zeros(1, 3, 8, 8)  # one input: N, C, H, W
model.eval()
print(tuple(model(x).shape))  # (1, 2)
print(sum(p.numel() for p in model.parameters()))  # 473
"""
    )


@pytest.mark.parametrize("write", [network_in_pytorch, network_in_keras])
def test_a_network_that_does_not_work_has_no_script(write) -> None:
    with pytest.raises(LayerError, match="covers 5 rows"):
        write(network_from_text(NETWORK_PRESETS["Broken: LeNet-5 on 28 × 28"].text))


# Keras ---------------------------------------------------------------------------------------
# It runs in a process of its own. Weights are copied from the PyTorch script where no Flatten
# changes their order, and the two outputs are compared.

RUNNER = """
import contextlib, io, json, sys
import keras, numpy as np
answers = []
for case in json.load(sys.stdin):
    names = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(case["script"], names)
    model = names["model"]
    said = [x.rpartition("  # ")[2] for x in case["script"].splitlines() if x.startswith("print(")]
    answer = {
        "agrees": printed.getvalue().splitlines() == said,
        "n_params": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "shape": model.output_shape[1:],
    }
    if case["weights"] is not None:
        for weight, values in zip(model.trainable_weights, case["weights"], strict=True):
            values = np.array(values, dtype="float32")
            if values.ndim == 4:
                values = values.transpose(2, 3, 1, 0)
            elif values.ndim == 2:
                values = values.T
            weight.assign(values)
        x = np.array(case["x"], dtype="float32").transpose(0, 2, 3, 1)
        made = keras.ops.convert_to_numpy(model(x, training=False))
        answer["made"] = (made.transpose(0, 3, 1, 2) if made.ndim == 4 else made).tolist()
    answers.append(answer)
json.dump(answers, sys.stdout)
"""


def n_params(network) -> int:
    rows = summarize(network.layers, network.input_shape) if network.layers else []
    return sum(row.n_params for row in rows)


@pytest.mark.slow
def test_all_networks_in_keras() -> None:
    texts = [NETWORK_PRESETS[name].text for name in WORKING] + SPECIAL
    networks = [network_from_text(text) for text in texts]
    # Networks of over 30 million parameters take a minute to build and show nothing new.
    networks = [net for net in networks if n_params(net) < 30_000_000] + list(random_networks())
    assert len(networks) > 30
    random, cases, wanted = torch.Generator().manual_seed(6), [], []
    for network in networks:
        case = {"script": network_in_keras(network), "weights": None}
        model = executed(network_in_pytorch(network)).eval()
        total = None
        if network.layers:
            total = totals(summarize(network.layers, network.input_shape))
        if sum(p.numel() for p in model.parameters()) < 300_000:
            for weight in model.parameters():
                weight.data = torch.randn(weight.shape, generator=random) / 3
            x = torch.randn(1, *network.input_shape, generator=random)
            with torch.no_grad():
                made = model(x)
            if in_the_same_order(network):
                case |= {"weights": [p.tolist() for p in model.parameters()], "x": x.tolist()}
            wanted.append((total, made))
        else:
            wanted.append((total, None))
        cases.append(case)
    done = subprocess.run(
        [sys.executable, "-P", "-c", RUNNER],
        input=json.dumps(cases),
        env=os.environ | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    compared = 0
    for network, (total, made), answer in zip(
        networks, wanted, json.loads(done.stdout), strict=True
    ):
        text = network_to_text(network)
        assert answer["agrees"], text
        if total is not None:
            assert answer["n_params"] == total.n_params, text
            shape = total.output_shape
            assert tuple(answer["shape"]) == (*shape[1:], shape[0]), text
        if "made" in answer:
            compared += 1
            # float32 sums in another order
            assert np.allclose(answer["made"], made.numpy(), rtol=1e-3, atol=1e-4), text
    assert compared >= 25


def in_the_same_order(network: Network) -> bool:
    """Return whether Flatten, if there is one, meets one pixel only."""
    rows = summarize(network.layers, network.input_shape)
    return all(row.input_shape[1:] == (1, 1) for row in rows if row.kind == "Flatten") and not any(
        isinstance(layer, Residual) and layer.shortcut for layer in network.layers
    )
