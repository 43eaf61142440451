"""The lesson on activations: links, what is refused, sentences that say what is computed."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from cnnlab.chain import draw_chain, weight_std
from cnnlab.exercises.activations import questions
from cnnlab.figures.columns import short
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "activations.py"


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html"), *at.caption])


def view(at: AppTest) -> dict:
    return next(data for data in sent_data(at) if "curves" in data)


def test_the_browser_gets_torchs_values_and_slopes() -> None:
    data = view(
        run(PAGE, activations_first="GELU", activations_second="tanh", activations_x="0.33")
    )
    assert [entry["title"] for entry in data["curves"]] == ["GELU", "tanh"]
    z = torch.tensor(data["x"], dtype=torch.float64, requires_grad=True)
    for entry, function in zip(data["curves"], (functional.gelu, torch.tanh), strict=True):
        (slopes,) = torch.autograd.grad(function(z).sum(), z)
        np.testing.assert_allclose(entry["values"], function(z).detach(), atol=1e-12)
        np.testing.assert_allclose(entry["slopes"], slopes, atol=1e-12)
    assert data["at"] == 0.33
    assert data["here"][1][0] == pytest.approx(math.tanh(0.33))


def test_what_is_saturated_is_marked_within_the_axis() -> None:
    (curve,) = view(run(PAGE, activations_second="Nothing"))["curves"]
    assert curve["flat"] == [[-6.0, -2.888], [2.888, 6.0]]
    curve, _ = view(run(PAGE, activations_threshold="0.001"))["curves"]
    assert curve["flat"] == []  # the ends lie beyond the axis


def test_the_same_curve_twice_is_drawn_once() -> None:
    data = view(run(PAGE, activations_first="ReLU"))
    assert [entry["title"] for entry in data["curves"]] == ["ReLU"]


def test_the_settings_of_elu_and_leaky_relu_reach_the_curve() -> None:
    at = run(
        PAGE,
        activations_first="ELU",
        activations_second="Leaky ReLU",
        activations_alpha="2.0",
        activations_slope="0.2",
        activations_x="-6.0",
    )
    elu, leaky = view(at)["here"]
    assert elu == pytest.approx([2 * math.expm1(-6), 2 * math.exp(-6)])
    assert leaky == pytest.approx([-1.2, 0.2])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"chain": "Sigmoid", "weights": "Xavier"}, "The gradient vanishes: from layer 10 back"),
        ({"chain": "ReLU", "weights": "He"}, "The gradient keeps its size: from layer 10"),
        ({"chain": "ReLU", "weights": "Huge"}, "The gradient explodes: from layer 10"),
        ({"chain": "ReLU", "weights": "Tiny"}, "The gradient vanishes"),
        ({"chain": "ReLU", "weights": "He", "depth": "1"}, "One layer alone"),
        ({"chain": "ReLU", "weights": "Xavier"}, "The gradient shrinks: .* about 0.7"),
        ({"chain": "None (linear)", "weights": "Own gain", "own": "1.5"}, "The gradient grows"),
    ],
)
def test_one_sentence_says_what_becomes_of_the_gradient(query: dict[str, str], words: str) -> None:
    at = run(PAGE, **{f"activations_{name}": value for name, value in query.items()})
    assert re.search(words, shown(at))


def test_a_lower_bias_kills_more_units() -> None:
    counts = []
    for bias in ("2.0", "-3.0", "-6.0"):
        found = re.search(
            r"### (\d+) of 64 units are dead", shown(run(PAGE, activations_dead_bias=bias))
        )
        assert found
        counts.append(int(found[1]))
    assert counts[0] == 0 < counts[1] < counts[2]


def test_softmax_survives_what_breaks_the_naive_form() -> None:
    plain, shifted = run(PAGE), run(PAGE, activations_shift="1000")
    for at in (plain, shifted):
        for share in ("65.9\u202f%", "24.2\u202f%", "9.9\u202f%"):
            assert share in shown(at)
    assert "∞: overflow" in shown(shifted)
    assert "1000.1" in shown(shifted)
    assert "The formula as typed breaks here" in shown(shifted)
    assert "∞: overflow" not in shown(plain)


@pytest.mark.parametrize("text", ["", "1", "1, two", "1, nan"])
def test_what_are_no_logits_is_said_and_the_rest_stays(text: str) -> None:
    at = run(PAGE)
    at.text_input(key="activations_logits").set_value(text).run()
    assert not at.exception
    (error,) = at.error
    assert error.value.startswith("These are no logits: ")
    assert "No activation" in shown(at)


def test_a_word_among_the_logits_is_named() -> None:
    (error,) = run(PAGE, activations_logits="abc").error
    assert error.value == "These are no logits: “abc” is no number."


def test_maps_say_their_share_of_zeros() -> None:
    text = shown(run(PAGE, activations_bias="-2.0"))
    assert re.search(r"ReLU</figcaption>.*?100\u202f% zeros, 100\u202f% saturated", text)


def test_choosing_a_picture_later_leaves_the_rest_of_the_page() -> None:
    at = run(PAGE, activations_picture="Upload")
    assert "Softmax" in [element.value for element in at.subheader]
    assert len(components(at)) == 2  # the curves, the exercises


def test_the_answers_are_right() -> None:
    answers = [question.answer for question in questions()]
    depth = 0
    z = torch.zeros((), dtype=torch.float64, requires_grad=True)
    torch.sigmoid(z).backward()
    while z.grad.item() ** depth > 1e-6:
        depth += 1
    assert answers[0] == depth
    assert answers[1] == 50
    assert answers[2] == pytest.approx(torch.nn.init.calculate_gain("relu") / math.sqrt(200))
    logits = torch.tensor([1002, 1001, 1000.1], dtype=torch.float64)
    assert answers[3] == pytest.approx(torch.softmax(logits, 0).max().item())
    assert answers[4] == "Leaky ReLU"


@pytest.mark.parametrize("of", ["outputs", "weights"])
def test_the_columns_are_the_norms_of_torchs_gradients(of: str) -> None:
    at = run(PAGE, activations_chain="tanh", activations_depth="5", activations_gradient=of)
    x, weights, gradient = draw_chain(depth=5, width=64, std=weight_std("Xavier", 64), seed=0)
    h, outputs = torch.tensor(x), []
    parameters = [torch.tensor(weight, requires_grad=True) for weight in weights]
    for weight in parameters:
        h = torch.tanh(functional.linear(h, weight))
        h.retain_grad()
        outputs.append(h)
    h.backward(torch.tensor(gradient))
    norms = [float(part.grad.norm()) for part in (outputs if of == "outputs" else parameters)]
    columns = [f"layer {n}: {short(norm / norms[-1])}" for n, norm in enumerate(norms, 1)]
    assert "; ".join(columns) in shown(at)
    spread = [
        f"layer {n}: {short(float(h.detach().numpy().std()))}" for n, h in enumerate(outputs, 1)
    ]
    assert "; ".join(spread) in shown(at)
