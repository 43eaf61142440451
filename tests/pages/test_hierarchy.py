"""The lesson from edges to objects: rows, one channel, links, and films of feature inversion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import compute, patches
from cnnlab.images import to_png
from cnnlab.network_receptive import receptive_field_of
from cnnlab.ui import cache
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "hierarchy.py"
OWN = {"network": "lenet_digits"}


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"hierarchy_{name}": value for name, value in query.items()})


def sent(at: AppTest, part: str) -> dict[str, Any]:
    """Return what the page sends to the component whose data hold `part`."""
    (data,) = [one for one in sent_data(at) if part in one]
    return data


def text(at: AppTest) -> str:
    return " ".join(one.value for one in [*at.markdown, *at.get("html"), *at.caption])


def test_squeezenet_opens_with_four_layers_and_their_fields() -> None:
    data = sent(opened(), "rows")
    layers = ["features.1", "features.5", "features.10", "features.12"]
    assert [row["layer"] for row in data["rows"]] == layers
    for row in data["rows"]:
        side, _ = receptive_field_of("squeezenet1_0", row["layer"]).size
        assert row["words"][1] == f"a cell sees {side}\u00a0×\u00a0{side}\u00a0pixels"
        assert row["frame"]["width"] <= side / 224
        assert len(row["tiles"]) == 4
        for tile in row["tiles"]:
            assert tile["map"].startswith("data:image/")
            assert tile["mapAlt"]
    assert data["chosen"] == ["features.12", data["rows"][-1]["tiles"][0]["channel"]]


def test_stripes_are_explained_in_the_rows_where_they_are() -> None:
    rows = sent(opened(), "rows")["rows"]
    assert rows[1]["note"] == rows[3]["note"] == "Grey stripes are outside the picture."
    for row in rows:
        channels = [tile["channel"] for tile in row["tiles"]]
        found = [patches.patches_of("squeezenet1_0", row["layer"], c) for c in channels]
        cut = [
            not (patch.box[0] >= 0 and patch.box[1] >= 0 and max(patch.box[2:]) <= 224)
            for nine in found
            for patch in nine
        ]
        assert bool(row["note"]) == any(cut)


def test_a_stronger_answer_among_the_samples_is_explained_beside_the_map() -> None:
    at = opened(at="features.12", channel="368")
    found = patches.patches_of("squeezenet1_0", "features.12", 368)
    best = max(patch.value for patch in found if patch.sample.name == "cat")
    captions = " ".join(str(image.proto) for image in at.get("image"))
    assert "white is 736" in captions
    assert f"the same photograph reaches {best:.0f}: there it is also shown" in captions
    assert best > 736
    # A digit is shown once, here as there: nothing is to be explained.
    digit = opened(**OWN)
    assert "also shown" not in " ".join(str(image.proto) for image in digit.get("image"))


def test_digits_need_no_weights_and_show_nine_patches() -> None:
    at = opened(**OWN)
    data = sent(at, "rows")
    assert [row["layer"] for row in data["rows"]] == ["relu1", "relu2"]
    assert all(tile["patches"].startswith("data:") for row in data["rows"] for tile in row["tiles"])
    assert text(at).count("<figure") == 9
    assert "40 sample digits" in text(at)
    assert at.error == []


def test_a_link_opens_one_channel_of_one_layer() -> None:
    at = opened(**OWN, at="relu1", channel="17")
    assert sent(at, "rows")["chosen"] == ["relu1", 17]
    assert at.number_input(key="hierarchy_channel").value == 17
    best = patches.patches_of("lenet_digits", "relu1", 17)[0]
    assert f"<strong>{best.value:.3g}</strong> {best.sample.title}" in text(at)


@pytest.mark.parametrize(
    "query", [{"channel": "50"}, {"channel": "-1"}, {"at": "layer9"}, {"layers": "nothing"}]
)
def test_what_does_not_exist_in_a_link_gives_the_usual_one(query: dict[str, str]) -> None:
    usual = sent(opened(**OWN), "rows")
    at = opened(**OWN, **query)
    assert sent(at, "rows")["chosen"] == usual["chosen"]
    assert at.error == []


def test_the_layers_are_chosen_and_stand_from_shallow_to_deep() -> None:
    at = opened(**OWN)
    at.multiselect(key="hierarchy_layers").set_value(["pool2", "conv1"]).run()
    assert [row["layer"] for row in sent(at, "rows")["rows"]] == ["conv1", "pool2"]
    assert at.selectbox(key="hierarchy_at").value == "pool2"
    at.multiselect(key="hierarchy_layers").set_value([]).run()
    assert at.info[0].value == "Choose at least one layer."
    assert not at.exception


def test_another_network_comes_with_its_own_layers_and_channel() -> None:
    at = opened(**OWN, at="relu2", channel="49")
    at.toggle(key="hierarchy_trained").set_value(False).run()
    assert sent(at, "rows")["chosen"][0] == "relu2"
    at.selectbox(key="hierarchy_network").set_value("squeezenet1_0").run()
    data = sent(at, "rows")
    assert data["rows"][0]["layer"] == "features.1"
    assert data["chosen"] == ["features.12", data["rows"][-1]["tiles"][0]["channel"]]
    at.selectbox(key="hierarchy_network").set_value("lenet_digits").run()
    assert [row["layer"] for row in sent(at, "rows")["rows"]] == ["relu1", "relu2"]
    assert not at.exception


def test_a_channel_stays_when_the_picture_changes() -> None:
    at = opened(**OWN, channel="11")
    at.selectbox(key="hierarchy_digit").set_value("digit-3-2").run()
    assert sent(at, "rows")["chosen"] == ["relu2", 11]


def test_a_channel_that_no_sample_excites_is_said() -> None:
    found = patches.strongest_patches("lenet_digits", ["relu2"])["relu2"]
    silent = patches.Strongest(found.values * 0, found.squares * 0 - 1, found.cells)
    key = patches._key("lenet_digits", "relu2", True)
    patches._known.put(key, silent)
    try:
        at = opened(**OWN, channel="5")
        assert "No sample excites channel 5 of relu2" in at.info[0].value
    finally:
        patches._known.put(key, found)


def test_the_picture_is_reconstructed_on_demand_and_can_be_stopped() -> None:
    at = opened(**OWN)
    assert not [one for one in sent_data(at) if "films" in one]
    at.button(key="hierarchy_invert").click().run()
    data = sent(at, "films")
    assert [film["name"] for film in data["films"]] == ["relu1", "relu2"]
    assert data["steps"][0] == 0
    for film in data["films"]:
        assert len(film["frames"]) == len(film["words"]) == len(data["steps"])
        assert film["words"][-1].startswith("features ")
    at.selectbox(key="hierarchy_digit").set_value("digit-3-2").run()  # another picture: asked anew
    assert at.button(key="hierarchy_invert")


def test_an_own_picture_is_remembered_in_the_session_alone() -> None:
    at = opened(**OWN, picture="Upload")
    green = Image.new("RGB", (40, 40), (10, 200, 30))
    at.file_uploader[0].upload("mine.png", to_png(green), "image/png").run()
    at.button(key="hierarchy_invert").click().run()
    assert not at.exception
    assert len(sent(at, "films")["films"]) + len(at.error) == 2
    mine = cache.digest(green)
    queue = compute.shared_queue()
    assert not [key for key in queue._done._values if mine in repr(key)]
    assert [key for key in at.session_state["results_of_own_pictures"]._values if mine in repr(key)]


def test_a_network_without_weights_shows_its_structure() -> None:
    at = opened(network="shufflenet_v2_x0_5")
    assert "random numbers" in at.info[0].value
    rows = sent(at, "rows")["rows"]
    assert [row["layer"] for row in rows] == ["conv1", "stage2", "stage3", "conv5"]
    assert at.error == []


def test_squeeze_and_excitation_is_said() -> None:
    rows = sent(opened(network="mobilenet_v3_small"), "rows")["rows"]
    assert "and the mean of the whole picture" not in rows[0]["words"]
    assert all("and the mean of the whole picture" in row["words"] for row in rows[1:])
