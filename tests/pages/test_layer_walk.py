"""The walk through a network: what the browser gets is torch's own, for layers of every kind."""

from __future__ import annotations

import base64
import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from cnnlab import compute, loading, pretrained, samples
from cnnlab.map_statistics import STEPS
from cnnlab.network_outline import outline
from cnnlab.ui import layer_walk_lab, walk_jobs
from cnnlab.ui.networks import Chosen
from tests.pages.components import sent_data
from tests.pages.test_every_page import ROOT, run

PAGE = ROOT / "pages" / "layer_walk.py"
NAME = "squeezenet1_0"


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()


def opened(**query: str) -> AppTest:
    query = {"network": NAME, **query}
    return run(PAGE, **{f"layer_walk_{name}": value for name, value in query.items()})


def sent(at: AppTest, kind: str, *, place: int = 0) -> dict[str, Any]:
    """Return what goes to a component, by the kind of message."""
    return [data for data in sent_data(at) if data.get("kind") == kind][place]


def shown(at: AppTest) -> str:
    return " ".join(e.value for e in [*at.markdown, *at.caption, *at.info, *at.get("html")])


def codes(at: AppTest, *, place: int = 0) -> np.ndarray:
    """Return the maps of the first grid (0), or of the filters (-1), as codes."""
    data = sent(at, "codes", place=place)
    values = np.frombuffer(base64.b64decode(data["values"]), np.uint8)
    return values.reshape(data["shape"])


def floats(at: AppTest) -> np.ndarray:
    data = sent(at, "floats")
    return np.frombuffer(base64.b64decode(data["values"]), "<f4").reshape(data["shape"])


def torchs_own(name: str, layer: str, *, trained: bool, run: int = -1) -> np.ndarray:
    """Return what torch's own forward gives out at a layer, heard with a hook on a deep copy."""
    model = copy.deepcopy(loading.load(name, trained=trained))
    outputs: list[np.ndarray] = []
    model.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: outputs.append(output.clone().numpy())
    )
    with torch.inference_mode():
        model(pretrained.preprocess(samples.sample("cat"), name))
    return outputs[run]


def within_half_a_step(drawn: np.ndarray, tiles: list, values: np.ndarray) -> None:
    for code, (number, _, low, high) in zip(drawn, tiles, strict=True):
        back = low + code[..., 0] / STEPS * (high - low)
        step = (high - low) / STEPS
        assert np.abs(back - values[number]).max() <= step / 2 * 1.001 + 1e-6 * abs(high)


# The maps -----------------------------------------------------------------------------------------


def test_the_grid_and_the_large_map_are_torchs_own() -> None:
    at = opened(layer="features.3.expand3x3", channel="5", row="7", column="40")
    want = torchs_own(NAME, "features.3.expand3x3", trained=True)[0]
    grid = sent(at, "grid")
    assert [tile[0] for tile in grid["tiles"]] == list(range(64))
    within_half_a_step(codes(at), grid["tiles"], want)
    assert np.array_equal(floats(at), want[5])
    assert grid["selected"] == [5, 7, 40]
    one = sent(at, "one")
    assert (one["number"], one["row"], one["column"]) == (5, 7, 40)
    after = np.maximum(want[5, 7, 40], 0)
    labels = [button.label for button in at.button if "convolution" in button.label]
    assert labels == [f"convolution: {layer_walk_lab._exact(want[5, 7, 40])}"]
    labels = [button.label for button in at.button if "after" in button.label]
    assert labels == [f"after ReLU: {layer_walk_lab._exact(after)}"]


def test_a_lecturer_can_link_one_number_of_resnet18() -> None:
    link = {"layer": "layer2.0.conv1", "channel": "17", "row": "9", "column": "12"}
    at = opened(network="resnet18", **link)
    want = torchs_own("resnet18", "layer2.0.conv1", trained=False)[0]
    assert np.array_equal(floats(at), want[17])
    assert sent(at, "one")["index"] == "output[0, {c}, {r}, {k}]"
    assert sent(at, "grid")["selected"] == [17, 9, 12]
    assert "random numbers" in shown(at)
    assert "128 feature maps of 28 × 28" in shown(at)
    assert sent(at, "one")["field"] == {
        "side": [224, 224],
        "start": [-25, -25],
        "jump": [8, 8],
        "size": [51, 51],
    }


@pytest.mark.parametrize("order", ["mean", "variance", "max", "zeros"])
def test_maps_are_sorted(order: str) -> None:
    at = opened(layer="features.1", order=order)
    want = torchs_own(NAME, "features.1", trained=True)[0].astype(np.float64).reshape(96, -1)
    by = {"mean": want.mean(1), "variance": want.var(1), "max": want.max(1)}
    key = by.get(order, (want == 0).mean(1))
    numbers = [tile[0] for tile in sent(at, "grid")["tiles"]]
    assert len(numbers) == 64
    assert (np.diff(key[numbers]) <= 1e-12).all()
    assert key[numbers[-1]] >= np.sort(key)[-64]


def test_a_second_page_holds_the_rest() -> None:
    at = opened(layer="features.1", page="2", channel="3")
    assert [tile[0] for tile in sent(at, "grid")["tiles"]] == list(range(64, 96))
    within_half_a_step(
        codes(at), sent(at, "grid")["tiles"], torchs_own(NAME, "features.1", trained=True)[0]
    )
    assert "The chosen channel, 3, stands on page 1." in shown(at)
    assert sent(opened(layer="features.1", page="99"), "grid")["tiles"][0][0] == 0


def test_one_range_for_all_or_one_for_each_and_both_are_printed() -> None:
    want = torchs_own(NAME, "features.0", trained=True)[0]
    extent = float(np.abs(want).max())
    at = opened(layer="features.0", range="one for all")
    tiles = sent(at, "grid")["tiles"]
    assert {(low, high) for _, _, low, high in tiles} == {(-extent, extent)}
    assert f"<span>{extent:.4g}</span>" in shown(at)
    at = opened(layer="features.0")
    for number, note, low, high in sent(at, "grid")["tiles"]:
        assert -low == high == np.abs(want[number]).max()
        assert note == f"±{layer_walk_lab._three(high)}"
    assert "Do not compare the brightness of two maps" in shown(at)


def test_colours_have_a_sign_only_where_values_have() -> None:
    signed, plain = (sent(opened(layer=f"features.{n}"), "grid") for n in (0, 1))
    assert base64.b64decode(signed["palette"])[3 * 127 : 3 * 128] == b"\xff\xff\xff"
    assert base64.b64decode(plain["palette"])[:3] == b"\0\0\0"
    assert {tile[2] for tile in plain["tiles"]} == {0.0}


def test_values_that_are_not_kept_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = opened(layer="features.3", channel="9")
    compute.shutdown()
    monkeypatch.setattr(walk_jobs, "KEPT", 0)
    again = opened(layer="features.3", channel="9")
    assert np.array_equal(codes(kept), codes(again))
    assert np.array_equal(floats(kept), floats(again))


def test_a_layer_that_runs_twice_shows_either_run() -> None:
    outputs = {}
    for chosen in ("1", "2"):
        at = opened(network="resnet18", layer="layer1.0.relu", run=chosen)
        outputs[chosen] = floats(at)
        want = torchs_own("resnet18", "layer1.0.relu", trained=False, run=int(chosen) - 1)
        assert np.array_equal(outputs[chosen], want[0, 0])
    assert not np.array_equal(outputs["1"], outputs["2"])
    at = opened(network="resnet18", layer="layer1.0.relu")
    assert np.array_equal(floats(at), outputs["2"])  # the last is usual


def test_the_last_layer_names_its_classes() -> None:
    at = opened(layer="classifier.3", channel="285")
    assert "channel 285 (class “Egyptian cat”)" in shown(at)
    assert codes(at).shape == (1000, 1, 1, 1)
    at = opened(network="lenet_digits", layer="fc2", channel="7")
    assert "channel 7 (class “7”)" in shown(at)
    assert "(class" not in shown(opened(layer="features.12"))


@pytest.mark.parametrize(
    ("network", "layer", "says"),
    [
        ("vit_b_32", "encoder.layers.encoder_layer_1", "These are no feature maps: 50 tokens"),
        ("swin_t", "features.1.0.attn", "the channels last"),
        ("maxvit_t", "blocks.0.layers.0.layers.grid_attention.attn_layer", "sorted into 64 groups"),
        ("vgg16", "classifier.0", "A vector of 4,096 numbers"),
        ("googlenet", "inception3a", "256 feature maps of 28 × 28"),
        ("densenet121", "features.denseblock1", "256 feature maps of 56 × 56"),
        ("convnext_tiny", "features.1.0.block.3", "384 feature maps of 56 × 56"),
    ],
)
def test_what_a_layer_gives_out_is_said(network: str, layer: str, says: str) -> None:
    at = opened(network=network, layer=layer)
    assert says in shown(at)
    assert at.error == []
    if network == "vit_b_32":
        want = torchs_own(network, layer, trained=False)[0]
        assert np.array_equal(floats(at), want[1:, 0].reshape(7, 7))
        token = layer_walk_lab._exact(want[0, 0])
        assert f"Class token, channel 0: **{token}**" in shown(at)


@pytest.mark.parametrize(
    ("network", "layer", "says"),
    [
        ("inception_v3", "AuxLogits", "runs in training only"),
        ("vit_b_32", "class_token", "Numbers that `the network` has learned"),
        ("swin_t", "features.1.0.attn.qkv", "takes the weights of this layer without calling it"),
        (
            "vit_b_32",
            "encoder.layers.encoder_layer_0.self_attention.matmul",
            "A product of matrices that",
        ),
    ],
)
def test_what_has_no_maps_is_said_and_the_page_goes_on(network: str, layer: str, says: str) -> None:
    at = opened(network=network, layer=layer)
    assert says in shown(at)
    assert sent(at, "tree")["selected"] == layer
    assert at.error == []
    assert "Its filters" in [heading.value for heading in at.subheader]


# The structure ------------------------------------------------------------------------------------


@pytest.mark.parametrize("network", [NAME, "lenet_digits", "resnet50", "efficientnet_b7"])
def test_tree_and_drawing_show_the_whole_network_and_the_same_layer(network: str) -> None:
    layer = outline(network).rows[-3].name
    at = opened(network=network, layer=layer)
    rows = sent(at, "rows")["rows"]
    assert [row[0] for row in rows] == [row.name for row in outline(network).rows]
    assert [row[2] for row in rows] == [row.depth for row in outline(network).rows]
    assert [row[3] for row in rows] == [row.n_parts for row in outline(network).rows]
    assert sent(at, "tree")["selected"] == layer
    blocks = sent(at, "drawing")["blocks"]
    for block in blocks:
        assert block["chosen"] == any(related(layer, part) for part in block["holds"])
    assert any(block["chosen"] for block in blocks)


def related(one: str, other: str) -> bool:
    """Return whether one of two parts is the other or lies in it."""
    return f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


def test_the_structure_is_there_before_the_picture() -> None:
    at = opened(picture="Upload")
    assert "Choose a picture." in shown(at)
    assert len(sent(at, "rows")["rows"]) == len(outline(NAME).rows)


def test_a_network_that_is_too_large_shows_its_structure_and_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loading.forget()
    monkeypatch.setenv("CNNLAB_MODEL_MB", "1")
    at = opened(network="vgg16")
    assert [error.value for error in at.error if "CNNLAB_MODEL_MB" in error.value]
    assert len(sent(at, "rows")["rows"]) == len(outline("vgg16").rows)


def test_another_network_begins_with_its_first_layer() -> None:
    at = opened(layer="features.12.squeeze")
    at.selectbox(key="layer_walk_network").set_value("resnet18").run()
    assert not at.exception
    assert at.selectbox(key="layer_walk_layer").value == "conv1"
    assert sent(at, "tree") == {"kind": "tree", "digest": "resnet18", "selected": "conv1"}


def test_a_link_to_a_layer_that_is_not_there_says_so() -> None:
    at = opened(layer="layer9.conv1")
    assert "The link asks for the layer “layer9.conv1”, which squeezenet1_0 does not" in shown(at)
    assert at.selectbox(key="layer_walk_layer").value == "features.0"
    at.number_input(key="layer_walk_channel").set_value(3).run()
    assert "The link asks" not in shown(at)


def test_a_network_that_does_not_exist_is_the_usual_one() -> None:
    at = opened(network="resnet20")
    assert at.selectbox(key="layer_walk_network").value == loading.default_name()


def test_another_layer_keeps_the_place_in_the_picture() -> None:
    at = opened(layer="features.1", row="54", column="108", channel="90")
    at.selectbox(key="layer_walk_layer").set_value("features.12").run()
    assert sent(at, "grid")["selected"] == [90, 6, 12]  # of 13 × 13 instead of 109 × 109
    at.selectbox(key="layer_walk_layer").set_value("features.3.squeeze").run()
    assert sent(at, "grid")["selected"] == [15, 27, 51]  # it has 16 channels of 54 × 54


def test_the_same_place_in_the_layer_behind() -> None:
    at = opened(layer="features.3.squeeze", row="5", column="6", channel="7")
    (button,) = [button for button in at.button if button.label.startswith("after ReLU")]
    button.click().run()
    assert at.selectbox(key="layer_walk_layer").value == "features.3.squeeze_activation"
    assert sent(at, "grid")["selected"] == [7, 5, 6]
    at = opened(network="resnet18", layer="layer1.0.conv1", channel="7")
    (button,) = [button for button in at.button if button.label.startswith("after ReLU")]
    button.click().run()
    assert at.selectbox(key="layer_walk_layer").value == "layer1.0.relu"
    want = torchs_own("resnet18", "layer1.0.relu", trained=False, run=0)
    assert np.array_equal(floats(at), want[0, 7])


# Filters ------------------------------------------------------------------------------------------


def decoded(at: AppTest) -> np.ndarray:
    """Return the weights that the filters' codes stand for, with half a step."""
    grid = sent(at, "grid", place=-1)
    low, high = (np.array([tile[at_] for tile in grid["tiles"]]) for at_ in (2, 3))
    drawn = codes(at, place=-1)
    low, high = (ends[:, None, None, None] for ends in (low, high))
    return low + drawn / STEPS * (high - low), (high - low) / STEPS


@pytest.mark.parametrize("span", ["one for all", "each its own"])
def test_first_filters_are_drawn_in_colour(span: str) -> None:
    at = opened(filter_range=span)
    weight = loading.load(NAME).features[0].weight.numpy()
    values, step = decoded(at)
    assert values.shape == (64, 7, 7, 3)
    assert (np.abs(values - weight[:64].transpose(0, 2, 3, 1)) <= step / 2 + 1e-6).all()
    high = [tile[3] for tile in sent(at, "grid", place=-1)["tiles"]]
    want = np.abs(weight).max() if span == "one for all" else np.abs(weight[0]).max()
    assert high[0] == want
    assert f"{np.abs(weight).max():.4g}; grey is 0" in shown(at) or span != "one for all"


@pytest.mark.parametrize("kind", ["one filter", "one input channel"])
def test_deeper_filters_are_drawn_slice_by_slice(kind: str) -> None:
    at = opened(layer="features.3.expand3x3", slices=kind, filter="9", input="11")
    weight = loading.load(NAME).features[3].expand3x3.weight.numpy()
    want = weight[9] if kind == "one filter" else weight[:, 11]
    values, step = decoded(at)
    assert (np.abs(values[..., 0] - want) <= step / 2 + 1e-6).all()
    grid = sent(at, "grid", place=-1)
    assert grid["noun"] == ("input channel" if kind == "one filter" else "filter")
    assert [tile[0] for tile in grid["tiles"]] == list(range(len(want)))
    assert "64 filters, and each has one slice of 3 × 3 for each of the 16 input" in shown(at)


@pytest.mark.parametrize(
    ("network", "layer", "says"),
    [
        ("mobilenet_v2", "features.1.conv.0.0", "A **depthwise** convolution: 32 filters of 3 × 3"),
        ("resnext50_32x4d", "layer1.0.conv2", "A **grouped** convolution: 128 filters in 32 group"),
        ("lenet_digits", "conv1", "20 filters of 5 × 5 that read one channel"),
        ("resnet18", "maxpool", "it has no filters"),
        ("resnet18", "bn1", "The filters of `conv1`, which comes before"),
    ],
)
def test_what_the_filters_are_is_said(network: str, layer: str, says: str) -> None:
    assert says in shown(opened(network=network, layer=layer))


# The link to one neuron ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "place", "cell", "layer", "text"),
    [
        ("resnet18", ("layer2.0.bn1", 1), (17, 9, 12), "layer2.0.bn1", "9_12"),
        ("resnet18", ("layer1.0.relu", 1), (17, 9, 12), "layer1.0.relu~1", "9_12"),
        ("resnet18", ("layer1.0.relu", 2), (17, 9, 12), "layer1.0.relu", "9_12"),
        ("vit_b_32", ("encoder.ln", 1), (5, 1, 2), "encoder.ln", "10_0"),  # 1 + 1 · 7 + 2
    ],
)
def test_the_link_to_the_neuron_names_network_layer_channel_cell_and_picture(
    network: str,
    place: tuple[str, int],
    cell: tuple[int, int, int],
    layer: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = {"layer_walk_picture": "Sample", "layer_walk_sample": "cat"}
    monkeypatch.setattr(layer_walk_lab.st, "session_state", kept)
    picture: Any = None
    walk = walk_jobs.Walk(Chosen(network, False), outline(network), place, picture)
    assert layer_walk_lab.neuron_query(walk, cell) == {
        "neuron_network": network,
        "neuron_trained": "false",
        "neuron_layer": layer,
        "neuron_channel": str(cell[0]),
        "neuron_cell": text,
        "neuron_picture": "Sample",
        "neuron_sample": "cat",
    }


# What a channel answers to ------------------------------------------------------------------------


def test_nine_patches_of_a_channel_once_they_are_asked_for() -> None:
    at = opened(network="lenet_digits", layer="conv2", channel="3")
    assert any(panel.label.startswith("What channel 3") for panel in at.expander)
    assert "data:image" not in " ".join(element.value for element in at.get("html"))
    at = opened(network="lenet_digits", layer="conv2", channel="3", patches="true")
    pictures = " ".join(element.value for element in at.get("html"))
    assert pictures.count("data:image") == 9
    assert at.error == []


def test_without_a_known_field_there_are_no_patches() -> None:
    at = opened(network="vit_b_32", layer="encoder.ln", patches="true")
    assert [panel.label for panel in at.expander if panel.label.startswith("What channel")] == []
