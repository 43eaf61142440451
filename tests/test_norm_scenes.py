"""What the browser gets to draw: contours, ways, and the tensor with its sets."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from cnnlab.checks import InputError
from cnnlab.descent_scene import MOST_STEPS, Run, contour_axes, scene
from cnnlab.figures.response_bars import response_bars
from cnnlab.least_squares import (
    best_rate,
    generate,
    hessian,
    largest_rate,
    loss,
    minimum,
    treat,
)
from cnnlab.norm_steps import column_lines, parse_table
from cnnlab.norm_tensor import (
    cell_words,
    normalise_all,
    parse_cell,
    set_words,
    small_tensor,
)
from cnnlab.normalisation import KINDS
from tests.test_norm_steps import value_of


@pytest.mark.parametrize("offset", [0.0, 1.5, -0.7])
@pytest.mark.parametrize("ratio", [1, 4, 100])
def test_the_loss_is_the_same_all_along_a_contour_and_doubles_to_the_next(
    ratio: float, offset: float
) -> None:
    problem = generate(ratio=ratio, offset=offset)
    goal = minimum(problem)
    angle, lines = contour_axes(problem, reach=3.0)
    turned = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    heights = []
    for half_axes in lines:
        around = [
            goal + turned @ (half_axes * np.array([math.cos(t), math.sin(t)]))
            for t in np.linspace(0, 6, 9)
        ]
        above = [loss(problem, w) - loss(problem, goal) for w in around]
        np.testing.assert_allclose(above, above[0], rtol=1e-6)
        heights.append(above[0])
    np.testing.assert_allclose(np.diff(np.log2(heights)), 1, rtol=1e-6)
    assert heights[4] == pytest.approx(loss(problem, [0, 0]) - loss(problem, goal))
    assert min(lines[-1]) >= 3.0  # the window is full of them
    assert len(lines) < 40


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95, 1.0, 1.1])
@pytest.mark.parametrize("ratio", [1, 10, 1000])
def test_a_scene_is_plain_and_its_ways_agree_with_the_counted_steps(
    ratio: float, share: float
) -> None:
    raw = generate(ratio=ratio, offset=0.5)
    runs = [
        Run(name, problem, share * largest_rate(hessian(problem)))
        for name, problem in (("a", raw), ("b", treat(raw)))
    ]
    found = scene(runs)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["steps"] <= MOST_STEPS + 2
    for side, run in zip(found["sides"], runs, strict=True):
        assert len(side["way"]) == len(side["left"]) == found["steps"] + 1
        assert side["left"][0] == pytest.approx(1)
        assert side["reached"] == run.steps
        assert (run.steps is None) == (share >= 1)
        if run.steps is not None and run.steps <= found["steps"]:
            assert side["left"][run.steps] <= 0.01 < side["left"][run.steps - 1]
        inside = np.abs(np.array([[0, 0], side["contours"]["centre"]]) - side["middle"])
        assert inside.max() < side["half"]  # start and minimum are in the window


def test_with_the_best_rate_the_example_of_the_page() -> None:
    raw = generate(ratio=4, offset=0.5)
    before, after = (Run("", p, best_rate(hessian(p))) for p in (raw, treat(raw)))
    assert (before.steps, after.steps) == (55, 2)
    assert before.condition == pytest.approx(before.curvature[1] / before.curvature[0])


# The tensor ----------------------------------------------------------------------------------


def test_outputs_of_the_tensor_are_torchs() -> None:
    x = small_tensor((3, 4, 2, 2), seed=5)
    t = torch.from_numpy(x)
    modules = {
        "batch": torch.nn.BatchNorm2d(4),
        "layer": torch.nn.LayerNorm([4, 2, 2]),
        "instance": torch.nn.InstanceNorm2d(4, affine=True),
        "group": torch.nn.GroupNorm(2, 4),
    }
    for found in normalise_all(x, groups=2):
        module = modules[found.kind].double()
        np.testing.assert_allclose(found.out, module(t).detach(), atol=1e-9)
        assert found.n_params == sum(p.numel() for p in module.parameters())
        assert found.n_sets * found.set_size == x.size


def test_only_batch_norm_carries_a_brighter_picture_to_the_others() -> None:
    plain, bright = (small_tensor((3, 4, 2, 2), brighter=value) for value in (0, 20))
    assert (bright[1:] == plain[1:]).all()
    assert (bright[0] - plain[0] == 20).all()
    for one, two in zip(
        normalise_all(plain, groups=2), normalise_all(bright, groups=2), strict=True
    ):
        others = np.allclose(one.out[1:], two.out[1:])
        assert others == (one.kind != "batch"), one.kind


@pytest.mark.parametrize("kind", KINDS)
def test_words_of_sets_and_cells_give_their_numbers(kind: str) -> None:
    x = small_tensor((2, 4, 1, 3), seed=1)
    (found,) = [one for one in normalise_all(x, groups=2) if one.kind == kind]
    sets = set_words(found, x, groups=2)
    assert len(sets) == found.n_sets
    for words in sets:
        product, count = words.split(" cells")[0].split(" = ")
        assert value_of(product) == value_of(count) == found.set_size
    for words, out in zip(cell_words(found, x), found.out.flat, strict=True):
        _, formula, result = words.split(" = ")
        assert value_of(formula) == pytest.approx(out, abs=1e-3)
        assert value_of(result) == pytest.approx(out, abs=1e-3)


def test_where_instance_norm_cannot_be() -> None:
    found = {one.kind: one for one in normalise_all(small_tensor((2, 4, 1, 1)), groups=4)}
    assert found["instance"].out is None
    assert "more than one place" in found["instance"].problem
    assert cell_words(found["instance"], small_tensor((2, 4, 1, 1))) == [""] * 8
    assert found["batch"].out is not None
    assert (found["group"].out == 0).all()


def test_a_chosen_cell() -> None:
    shape = (3, 4, 2, 2)
    assert parse_cell("1 1 1 1", shape) == 0
    assert parse_cell("3, 4, 2, 2", shape) == 47
    assert parse_cell("2 1 1 2", shape) == 17
    for text in ("", "1 1 1", "1 1 1 x", "1 1 1 -1", "1 1 1 ²", "0 1 1 1"):
        with pytest.raises(InputError):
            parse_cell(text, shape)


# Small parts ---------------------------------------------------------------------------------


def test_columns_written_out() -> None:
    lines = column_lines(np.array([[0.2, 10], [0.4, 340], [0.6, 670], [0.8, 1000]]), np.ones(2))
    assert [line.result for line in lines][:2] == ["0.5", "0.22361"]
    for line in lines:
        assert value_of(line.numbers) == pytest.approx(value_of(line.result), rel=1e-3)
    with pytest.raises(InputError, match="as many numbers as a row, 2, got 3"):
        column_lines(np.eye(2), np.ones(3))
    with pytest.raises(InputError, match="column 1 is constant"):
        column_lines(np.ones((2, 1)), np.ones(1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (";;", "must have 1 to 3 rows, got 0"),
        ("1;2;3;4", "got 4"),
        ("1 2; 3", "as many numbers as the first"),
        ("1 2; 3 x", "“x” in row 2 of the data"),
        ("1 2 3", "row 1 of the data must have 1 to 2 numbers, got 3"),
    ],
)
def test_what_is_no_table(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        parse_table(text, name="the data", rows=3, columns=2)


def test_bars_are_as_high_as_their_numbers() -> None:
    html = response_bars([1, -2, 0], [0.25, 0.5, 0], ["0.25", "0.5", "0"])
    for height in ("height:3.250rem", "height:6.500rem", "height:0.000rem"):
        assert html.count(height) == 2
    assert "channel 2: -2 becomes 0.5" in html
    assert response_bars([0.0], [0.0], ["0"]).count("height:0.000rem") == 2
