"""The lesson on one neuron, without a browser: links, walking, what does not exist."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from cnnlab import compute, loading, pretrained, samples, weights
from cnnlab.exercises.neuron import questions
from cnnlab.lessons import LESSONS
from cnnlab.neuron_story import CellStory
from cnnlab.numerals import signed, written
from tests.pages.components import sent_data
from tests.pages.test_every_page import ROOT, run

PAGE = ROOT / "pages" / "neuron.py"
NETWORK = "squeezenet1_0"


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()


def visit(**query: str) -> AppTest:
    return run(PAGE, **{f"neuron_{name}": value for name, value in query.items()})


def component(at: AppTest, has: str) -> dict[str, Any]:
    """Return what is sent to the component whose data has a certain entry."""
    for data in sent_data(at):
        if has in data:
            return data
    raise AssertionError(f"no component with {has}")


def shown(at: AppTest) -> tuple[str, int, str]:
    return (
        at.selectbox(key="neuron_layer").value,
        at.number_input(key="neuron_channel").value,
        at.text_input(key="neuron_cell").value,
    )


def told(at: AppTest) -> str:
    return " ".join(str(element.proto.body) for element in at.get("html"))


def infos(at: AppTest) -> str:
    return " ".join(element.value for element in at.info)


def values(board: dict[str, Any]) -> np.ndarray:
    found = np.frombuffer(base64.b64decode(board["values"]), dtype="<f4")
    return np.resize(found, (board["rows"], board["columns"]))


def scores() -> torch.Tensor:
    batch = pretrained.preprocess(samples.sample("cat"), NETWORK)
    with torch.inference_mode():
        return loading.load(NETWORK)(batch)[0]


# Links --------------------------------------------------------------------------------------------


def test_a_link_opens_exactly_its_neuron() -> None:
    at = visit(
        network=NETWORK,
        layer="features.4.expand3x3",
        channel="17",
        cell="9_12",
        sample="cat",
    )
    assert shown(at) == ("features.4.expand3x3", 17, "9_12")
    assert infos(at) == ""
    board = component(at, "board")
    assert board["cell"] == [9, 12]
    batch = pretrained.preprocess(samples.sample("cat"), NETWORK)
    model = loading.load(NETWORK)
    with torch.inference_mode():
        x = model.features[:4](batch)
        own = model.features[4].expand3x3(model.features[4].squeeze(x).relu())[0, 17].numpy()
    assert np.array_equal(values(board["board"]), own)
    assert written(float(own[9, 12]), 9) in told(at)
    assert "features.4.expand3x3, channel 17, cell (9, 12)" in " ".join(
        s.value for s in at.subheader
    )


def test_the_lecturers_link_opens_resnet18_with_random_numbers_where_it_is_not_here() -> None:
    """On a computer with its weights it opens with these: ``networks.choose`` decides."""
    lesson = next(lesson for lesson in LESSONS if lesson.file == "neuron.py")
    (query,) = (query for _, query in lesson.tries if "neuron_network" in query)
    assert query == {
        "neuron_network": "resnet18",
        "neuron_layer": "layer2.0.conv1",
        "neuron_channel": "17",
        "neuron_cell": "9_12",
        "neuron_sample": "cat",
    }
    at = run(PAGE, **query)
    assert shown(at) == ("layer2.0.conv1", 17, "9_12")
    steps = told(at)
    assert [name in steps for name in ("layer2.0.conv1", "layer2.0.bn1", "layer2.0.relu~1")]
    if not weights.is_cached("resnet18"):
        (offer,) = at.info
        assert "The weights of **resnet18** are not on this computer yet: 47 MB" in offer.value
        assert "random numbers" in offer.value
    field = component(at, "board")["field"]
    assert (field["size"], field["jump"], field["start"]) == ([51, 51], [8, 8], [-25, -25])


def test_random_numbers_are_part_of_the_link() -> None:
    trained, random = (
        component(visit(layer="features.0", channel="3", cell="5_5", **more), "board")["board"]
        for more in ({}, {"trained": "false"})
    )
    assert trained["values"] != random["values"]


def test_start_opens_the_score_of_the_likeliest_class() -> None:
    at = visit(layer="start")
    best = int(scores().argmax())
    assert shown(at) == ("classifier.3", best, "0_0")
    board = component(at, "board")["board"]
    assert board["noun"] == "channel"
    assert values(board).flat[best] == pytest.approx(float(scores().max()))
    label = pretrained.categories(NETWORK)[best]
    assert label in board["title"]
    assert label in at.subheader[0].value


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            {"layer": "layer9.conv"},
            "asks for the layer “layer9.conv”, which squeezenet1_0 does not",
        ),
        (
            {"layer": "features.3", "channel": "128"},
            "no channel “128” in features.3, it has 0 to 127",
        ),
        ({"layer": "features.3", "channel": "red"}, "There is no channel “red” in features.3"),
        ({"layer": "features.3", "cell": "54_0"}, "no cell “54_0” in features.3: write row_column"),
        ({"layer": "features.3", "cell": "<b>"}, "There is no cell “<b>” in features.3"),
        ({"layer": "features.3.squeeze", "input": "96"}, "no input “96” to features.3.squeeze"),
    ],
)
def test_what_a_link_asks_for_in_vain_is_said_in_a_sentence(query: dict, says: str) -> None:
    at = visit(**query)
    assert says in infos(at)
    assert at.error == []
    layer, channel, cell = shown(at)
    assert layer == (query["layer"] if query["layer"] != "layer9.conv" else "features.7.expand3x3")
    board = values(component(at, "board")["board"])
    row, column = (int(part) for part in cell.split("_"))
    assert 0 <= channel < 256
    if "cell" in query or "layer9" in query["layer"]:
        assert board[row, column] == board.max()


def test_without_a_link_the_strongest_neuron_of_a_middle_layer_is_shown() -> None:
    at = visit()
    board = component(at, "board")
    own = values(board["board"])
    assert shown(at)[0] == "features.7.expand3x3"
    assert own[tuple(board["cell"])] == own.max()
    assert infos(at) == ""


# Choosing and walking -----------------------------------------------------------------------------


def test_another_layer_shows_its_strongest_neuron() -> None:
    at = visit(layer="features.3", channel="100", cell="40_40")
    at.selectbox(key="neuron_layer").set_value("features.12").run()
    assert not at.exception
    layer, channel, cell = shown(at)
    assert layer == "features.12"
    assert (channel, cell) != (100, "40_40")
    assert infos(at) == ""
    at.number_input(key="neuron_channel").set_value(7).run()
    assert shown(at)[1] == 7
    at.text_input(key="neuron_cell").set_value("3, 4").run()
    assert shown(at) == ("features.12", 7, "3_4")


def test_a_cell_chosen_in_the_browser_is_taken_over() -> None:
    at = visit(layer="features.3", channel="5", cell="1_1")
    at.session_state["neuron_map"] = {"cell": {"at": [7, 9], "number": 1}}
    at.session_state["neuron_cell"] = "7_9"  # what the callback does
    at.run()
    assert component(at, "board")["cell"] == [7, 9]


def test_one_walks_from_the_class_to_the_picture_and_back() -> None:
    at = visit(layer="start")
    before, hops = [], 0
    while "neuron_strongest" in {button.key for button in at.button}:
        before.append((*shown(at), story(at)))
        at.button(key="neuron_strongest").click().run()
        assert not at.exception
        hops += 1
        assert hops < 40
    assert hops >= 8
    (reached,) = at.success
    assert "The way has reached the picture: row" in reached.value
    assert f"{hops + 1} numbers" in at.expander[0].label
    at.button(key="neuron_back").click().run()
    assert shown(at) == before[-1][:3]
    at.button(key="neuron_start").click().run()
    assert shown(at) == before[0][:3]
    assert "neuron_back" not in {button.key for button in at.button}


def story(at: AppTest) -> str:
    return at.subheader[0].value


def test_an_input_can_be_chosen_and_opened() -> None:
    at = visit(layer="features.3.squeeze", channel="2", cell="10_20")
    bars = component(at, "rows")
    names = [row["name"] for row in bars["rows"]]
    assert len([name for name in names if name is not None]) == 20
    assert bars["rows"][20]["title"] == "and 76 others together"
    assert bars["rows"][-1]["title"] == "all of it"
    sizes = [abs(row["value"]) for row in bars["rows"][:20]]
    assert sizes == sorted(sizes, reverse=True)
    total = sum(row["value"] for row in bars["rows"][:-1])
    assert signed(total, 4) == bars["rows"][-1]["text"]
    at.number_input(key="neuron_input").set_value(names[3]).run()
    assert component(at, "rows")["chosen"] == names[3]
    assert "Channel " + str(names[3]) in told(at)
    at.button(key="neuron_open").click().run()
    assert shown(at)[0] == "features.2"
    assert shown(at)[1] == names[3]


def test_a_number_has_one_form_on_the_whole_page() -> None:
    at = visit(layer="features.7.expand3x3", channel="45", cell="11_7", sample="cat")
    board, rows = component(at, "board")["board"], component(at, "rows")["rows"]
    cell = float(values(board)[11, 7])
    assert cell > 1000
    words = " ".join(m.value for m in at.markdown)
    assert rows[-1]["text"] == signed(cell, 4) == f"+{cell:,.0f}"
    assert f"make **{cell:,.0f}**" in words
    channel = rows[0]["text"]
    assert f"products, sum {channel}" in told(at)
    assert f"its sum {channel} and" in words
    # The player writes its cells and sums with as many digits as the grids and the bars.
    assert component(at, "trace")["digits"] == {"cell": 3, "term": 3, "sum": 4}


def test_the_product_that_adds_most_is_told_apart_from_the_number_behind_it() -> None:
    at = visit(layer="features.7.expand3x3", channel="45", cell="11_7", sample="cat")
    (words,) = (m.value for m in at.markdown if "The product that adds most" in m.value)
    first = component(at, "rows")["rows"][0]["name"]
    model, batch = loading.load(NETWORK), pretrained.preprocess(samples.sample("cat"), NETWORK)
    with torch.inference_mode():
        x = model.features[7].squeeze(model.features[:7](batch)).relu()[0, first]
    weight = model.features[7].expand3x3.weight[45, first].detach()
    window = x[10:13, 6:9]
    products = (window * weight).numpy()
    at_most = np.unravel_index(products.argmax(), products.shape)
    assert f"most, {signed(float(products.max()))}, comes from" in words
    assert f"cell ({10 + at_most[0]}, {6 + at_most[1]})**, whose value is " in words
    assert words.endswith(f"{written(float(window[at_most]))}.")


def test_the_player_computes_the_cell_from_the_strongest_channels() -> None:
    at = visit(layer="features.4.expand3x3", channel="17", cell="9_12", played="4")
    data = component(at, "trace")
    assert data["fixed"] is True
    assert data["trace"]["source"]["shape"] == [4, 5, 5]
    assert data["trace"]["result"]["shape"] == [1, 3, 3]
    assert data["start"] == 4
    (words,) = (m.value for m in at.markdown if "part here: their sum" in m.value)
    assert "the other 12 channels" in words
    strongest = [row["name"] for row in component(at, "rows")["rows"][:4]]
    assert data["trace"]["source"]["planes"] == [f"channel {name}" for name in strongest]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"layer": "features.2", "channel": "3", "cell": "4_4"}, "Max pooling, 3 × 3"),
        ({"layer": "features.1", "channel": "3", "cell": "4_4"}, "ReLU"),
        (
            {"layer": "features.3", "channel": "70", "cell": "4_4"},
            "features.3.expand3x3_activation",
        ),
        ({"network": "resnet18", "layer": "layer1.0:add"}, "Sum of two branches"),
        ({"network": "mobilenet_v2", "layer": "features.2.conv.1.0"}, "Convolution, 1 × 3 × 3"),
        ({"network": "vit_b_32", "layer": "encoder.layers.encoder_layer_0.mlp.1"}, "GELU"),
        (
            {"network": "lenet_digits", "layer": "fc2", "digit": "digit-7-1"},
            "Fully connected, 500 features",
        ),
    ],
    ids=lambda value: value.get("layer", "") if isinstance(value, dict) else "",
)
def test_every_kind_of_layer_tells_its_story(query: dict, says: str) -> None:
    at = visit(**query)
    assert says in told(at)
    assert at.error == []


def test_attention_says_that_it_cannot_be_told() -> None:
    at = visit(network="vit_b_32", layer="encoder.layers.encoder_layer_0.dropout")
    assert "This module's number is made inside it: open one of its parts." in infos(at)


def test_lecture_view_keeps_what_is_shown() -> None:
    at = run(PAGE, lecture="true", neuron_layer="features.3", neuron_channel="5")
    assert shown(at)[:2] == ("features.3", 5)
    assert component(at, "board")["board"]["title"] == "features.3, channel 5"


# Exercises ----------------------------------------------------------------------------------------


def test_the_answers_by_torch() -> None:
    answers = [question.answer for question in questions()]
    conv = torch.nn.Conv2d(128, 2, 3, groups=2)
    assert answers[0] == conv.weight[0].numel()
    x = torch.tensor([[[[1.0, 2], [0, -1]], [[0, 3], [1, 1]]]])
    weight = torch.tensor([[[[0.5, -1], [3, 2]], [[2, 1], [-1, 0.5]]]])
    assert answers[1] == float(torch.nn.functional.conv2d(x, weight, torch.tensor([4.0])))
    norm = torch.nn.functional.batch_norm(
        *(torch.tensor(v) for v in ([[2.5]], [1.0], [4.0], [0.5], [-1.0])), eps=0.0
    )
    assert answers[2] == float(norm.relu())
    window = torch.tensor([[[[7.0, 3], [5, 1]]]])
    changed = window.clone()
    changed[0, 0, 1, 0] = 6.0
    pool = torch.nn.functional.max_pool2d
    assert answers[3] == float(pool(changed, 2) - pool(window, 2))


def test_a_story_holds_nothing_of_the_network() -> None:
    """It stays in memory long after: no tensor, no module, and little in all."""
    from cnnlab.neuron import explain_cell

    batch = pretrained.preprocess(samples.sample("cat"), NETWORK)
    found = explain_cell(loading.load(NETWORK), batch, "features.9.expand3x3", None, None)
    assert isinstance(found, CellStory)
    arrays = [*vars(found).values(), *vars(found.sum).values(), *vars(found.near).values()]
    assert not any(isinstance(part, (torch.Tensor, torch.nn.Module)) for part in arrays)
    assert all(
        part.base is None or part.base.nbytes < 10**6
        for part in arrays
        if isinstance(part, np.ndarray)
    )
    assert sum(part.nbytes for part in arrays if isinstance(part, np.ndarray)) < 10**6
