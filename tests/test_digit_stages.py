"""The stages of the digit network: their lines of PyTorch build it, and the golden facts hold."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from cnnlab import digits
from cnnlab.cost import summarize, totals
from cnnlab.digit_stages import stages

GOLDEN = Path(__file__).parent / "golden" / "facts_arithmetic.json"


def lenet_facts() -> list[dict]:
    """Return the golden facts on this network's parameters, shapes and operations."""
    text = json.loads(GOLDEN.read_text(encoding="utf-8"))
    facts = [fact for group in text.values() for fact in group] if isinstance(text, dict) else text
    return [fact for fact in facts if fact["id"].startswith("lenet-code-")]


@pytest.mark.parametrize("fact", lenet_facts(), ids=lambda fact: fact["id"])
def test_golden(fact):
    shown = {"pool1", "pool2", "conv1", "conv2", "flatten", "fc1", "fc2"}
    rows = [r for r in summarize(digits.LAYERS, digits.INPUT_SHAPE) if r.name in shown]
    given = fact["given"]
    if given["want"] in ("layer_params", "layer_shape"):
        row = rows[given["index"]]
        channels_last = [*row.output_shape[1:], row.output_shape[0]]
        found = row.n_params if given["want"] == "layer_params" else channels_last
    else:
        found = getattr(totals(rows), given["want"].replace("total", "n").replace("n_macs", "macs"))
    assert found == fact["expect"]


def test_there_are_golden_facts():
    assert len(lenet_facts()) == 10


def test_the_lines_of_code_build_the_network():
    lines = ", ".join(stage.code for stage in stages())
    written = nn.Sequential(*eval(f"[{lines}]", {"nn": nn}))
    assert [repr(module) for module in written] == [repr(module) for module in digits.build()]


def test_stages_add_up():
    found = stages()
    assert sum(stage.n_params for stage in found) == digits.FACTS.n_params
    assert sum(stage.macs for stage in found) == digits.FACTS.macs
    assert [stage.source for stage in found] == ["input", *(stage.name for stage in found[:-1])]


@pytest.mark.parametrize("name", ["conv1", "pool1", "conv2", "pool2"])
def test_fields_are_where_the_gradient_goes(name):
    stage = next(found for found in stages() if found.name == name)
    layers = digits.load()[: [layer.name for layer in digits.LAYERS].index(name) + 1]
    for module in layers:
        if isinstance(module, nn.Conv2d):
            nn.init.ones_(module.weight)
    layers = nn.Sequential(*(nn.AvgPool2d(2) if isinstance(m, nn.MaxPool2d) else m for m in layers))
    x = torch.ones(1, 1, 28, 28, requires_grad=True)
    layers(x)[0, 0, 2, 1].backward()
    rows, columns = torch.nonzero(x.grad[0, 0], as_tuple=True)
    assert (rows.min(), columns.min()) == (2 * stage.jump, stage.jump)
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == stage.field
