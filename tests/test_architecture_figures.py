"""Drawings and charts of whole networks: what they say, and that every drawing says it in words."""

from __future__ import annotations

import re

import pytest

from cnnlab.architectures import NETWORKS
from cnnlab.architectures.history import ABLATION, MEASURED
from cnnlab.architectures.tables import by_stage
from cnnlab.figures.architectures import (
    ablation_bars,
    accuracy_bubbles,
    challenge_bars,
    stage_shares,
)
from cnnlab.figures.blocks import block_drawing
from cnnlab.layers import Conv2d, Flatten, Linear

DRAWINGS = [(n.key, d) for n in NETWORKS.values() for d in n.drawings]


def texts(html: str) -> list[str]:
    return [text for text in re.sub(r"<[^>]+>", "\n", html).split("\n") if text]


@pytest.mark.parametrize(("key", "drawing"), DRAWINGS)
def test_a_drawing_begins_and_ends_with_its_shapes(key, drawing):
    html = block_drawing(drawing.stage.layers, drawing.input_shape, title=drawing.title)
    words = texts(html)

    def size(shape):
        return " × ".join(str(n) for n in (*reversed(shape[1:]), shape[0]))

    assert words[0] == size(drawing.input_shape)
    assert words[-1] == size(drawing.total.output_shape)
    assert html.count("<div") == html.count("</div>")
    (alt,) = re.findall(r'role="img" aria-label="([^"]+)"', html)
    assert alt.startswith(drawing.title)
    assert alt.endswith(f"output {size(drawing.total.output_shape)}.")


@pytest.mark.parametrize(("key", "drawing"), DRAWINGS)
def test_every_layer_with_weights_has_a_box(key, drawing):
    html = block_drawing(drawing.stage.layers, drawing.input_shape, title=drawing.title)
    boxes = [text for text in texts(html) if " conv, " in text or "depthwise" in text]
    named = [
        row.path
        for row in drawing.rows
        if row.kind == "Block" and not re.fullmatch(r"block\d+", row.name)
    ]
    rows = [
        row
        for row in drawing.rows
        if row.kind.startswith("Conv") and not any(row.path[: len(p)] == p for p in named)
    ]
    twice = sum(row.kind.endswith("groups 2") for row in rows)  # drawn as two boxes
    assert len(boxes) == len(rows) + twice


def test_the_naive_module_has_four_branches_and_their_filters():
    naive = NETWORKS["googlenet"].drawings[0]
    words = texts(block_drawing(naive.stage.layers, naive.input_shape, title="naive"))
    assert [w for w in words if "conv" in w or "pool" in w] == [
        "1×1 conv, 128",
        "3×3 conv, 192",
        "5×5 conv, 96",
        "max pool 3×3",
    ]
    assert "stack" in words


def test_the_halves_of_a_split_say_their_maps():
    unit = NETWORKS["shufflenet_v2_x1_0"].drawings[1]
    words = texts(block_drawing(unit.stage.layers, unit.input_shape, title="unit"))
    assert words.index("maps 59 to 116") < words.index("1×1 conv, 58")
    assert words.index("maps 1 to 58") < words.index("unchanged")
    assert words[-3:] == ["stack", "shuffle the maps", "28 × 28 × 116"]


def test_groups_see_their_own_maps():
    words = texts(block_drawing([Conv2d(384, 3, padding=1, groups=2)], (384, 13, 13), title="x"))
    assert "maps 1 to 192" in words
    assert "maps 193 to 384" in words
    assert words.count("3×3 conv, 192") == 2


def test_a_flattened_end_is_written_as_one_number():
    words = texts(block_drawing([Flatten(), Linear(10)], (6, 5, 5), title="end"))
    assert words[-1] == "10"


@pytest.mark.parametrize("flops", [False, True])
def test_shares_add_up_to_one(flops):
    networks = {
        n.title: (by_stage(n), {n.stages[-1].name})
        for n in (NETWORKS["alexnet"], NETWORKS["vgg16"])
    }
    figure = stage_shares(networks, flops=flops)
    sums: dict[str, float] = {}
    for bar in figure.data:
        sums[bar.y[0]] = sums.get(bar.y[0], 0) + bar.x[0]
    unit = "FLOPs" if flops else "MACs"
    assert list(sums) == [
        "AlexNet<br>parameters",
        f"AlexNet<br>{unit}",
        "VGG-16 (D)<br>parameters",
        f"VGG-16 (D)<br>{unit}",
    ]
    assert list(sums.values()) == pytest.approx([1, 1, 1, 1])
    number = "210.8 M FLOPs" if flops else "105.4 M MACs"
    assert any(number in bar.hovertemplate for bar in figure.data)


def test_long_titles_are_broken_into_lines():
    entry = NETWORKS["resnet110_stochastic"]
    (bar, *_) = stage_shares({entry.title: (by_stage(entry), set())}).data[0].y
    assert bar == "ResNet-110,<br>stochastic depth<br>parameters"


def test_the_human_stands_between_2014_and_2015():
    (bars,) = challenge_bars().data
    place = list(bars.y).index("human")
    assert bars.y[place - 1] == "2014 GoogLeNet"
    assert bars.y[place + 1] == "2015 ResNet"


def test_bubbles_are_the_measured_networks():
    (bubbles,) = accuracy_bubbles().data
    (other,) = accuracy_bubbles(flops=True).data
    entries = list(MEASURED.values())
    assert list(bubbles.text) == [entry.title for entry in entries]
    assert list(bubbles.y) == [entry.top1 for entry in entries]
    assert list(other.x) == pytest.approx([2 * x for x in bubbles.x])
    assert list(bubbles.marker.size) == [entry.n_params for entry in entries]


def test_the_ablation_has_three_bars_a_row():
    figure = ablation_bars()
    assert [len(bars.x) for bars in figure.data] == [len(ABLATION)] * 3
    assert len(set(figure.data[0].y)) == len(ABLATION)


def test_many_branches_and_branches_that_fork_are_numbered_cards():
    normal, reduction = NETWORKS["nasnet_mobile"].drawings
    words = texts(block_drawing(normal.stage.layers, normal.input_shape, title="normal"))
    assert [w for w in words if w.startswith("part ")] == [f"part {n}" for n in range(1, 7)]
    assert words.count("+ add") == 5
    assert words.count("separable 5×5, twice") == 2
    assert words[-2:] == ["stack 6 parts", "28 × 28 × 264"]
    words = texts(block_drawing(reduction.stage.layers, reduction.input_shape, title="reduction"))
    assert words.count("stack 4 parts") == 2
    assert words.count("separable 7×7, twice, stride 2") == 2


def test_a_highway_has_its_layer_its_gate_and_its_input():
    highway = NETWORKS["highway50"].drawings[1]
    words = texts(block_drawing(highway.stage.layers, highway.input_shape, title="highway"))
    assert words.count("fully connected 50") == 2
    assert words.index("new") < words.index("gate") < words.index("unchanged")
    assert words[-2:] == ["mix", "50"]
