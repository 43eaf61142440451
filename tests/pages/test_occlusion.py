"""The lesson on occlusion, as a learner meets it."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import digits, trust
from cnnlab.correspondence import RANDOM, SAME_PLACE, SignChange, most_alike
from cnnlab.figures.occlusion import OTHERS, categories_of, shades
from cnnlab.occlusion import filling, occlude
from cnnlab.ui import occlusion_lab
from tests.pages.components import sent_data
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "occlusion.py"


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion_lab, "_PATIENCE", 1e9)  # however slow the computer is


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"occlusion_{name}"] = value
    app.run()
    assert not app.exception
    return app


def film(app: AppTest) -> dict:
    for data in sent_data(app):
        if "boxes" in data:
            return data
    raise AssertionError("no film")


def test_it_opens_with_digits_and_shows_what_the_core_computes(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    data = film(opened())
    batch = digits.preprocess(digits.sample_digit("digit-7-1"))
    fill = filling(batch, "lenet_digits", "mean")
    found = occlude(digits.load(), batch, fill, target=7, window=6, stride=2, layer="relu2")
    assert data["boxes"] == found.boxes.tolist()
    chance, classes, strength = data["maps"]
    high = max(float(found.probability.max()), found.clean_probability)
    assert chance["colours"] == shades(found.probability, 0, high)
    assert chance["title"] == "Probability of “7”"
    marks = {entry["name"]: entry["mark"] for entry in classes["legend"]}
    assert classes["marks"] == [marks[str(index)] for index in found.best.ravel()]
    assert f"map {found.channel} of relu2" in strength["title"]


def test_the_trust_is_that_of_the_map_with_the_window_on_the_page(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    batch = digits.preprocess(digits.sample_digit("digit-7-1"))
    fill = filling(batch, "lenet_digits", "white")
    for window, stride in ((6, 2), (10, 5)):
        app = opened(fill="White", digit_window=str(window), digit_stride=str(stride))
        app.button(key="occlusion_trust").click().run()
        assert not app.exception
        found = occlude(digits.load(), batch, fill, target=7, window=window, stride=stride)
        area = trust.deletion(digits.load(), batch, found.attribution(), target=7, tile=4).area
        assert f"area <b>{area:.2f}</b>" in "".join(text.value for text in app.get("html"))


def test_settings_that_do_not_suit_are_a_sentence():
    app = opened(network="lenet_digits", digit_window="4", digit_stride="9")
    assert "it would leave gaps" in app.error[0].value
    assert app.slider(key="occlusion_left").value == 8  # the rest of the page is there


@needs_weights("squeezenet1_0")
def test_long_work_waits_for_a_button(monkeypatch):
    monkeypatch.setattr(occlusion_lab, "_PATIENCE", 0.0)
    app = opened(network="squeezenet1_0", window="12", stride="5")
    (start,) = [b for b in app.button if b.key == "occlusion_start"]
    assert "positions (about" in start.label


def test_the_table_compares_parts_and_random_parts():
    app = opened(network="lenet_digits", left="40")
    page = "".join(element.proto.body for element in app.get("html"))
    for part in ("the bar", "the foot", "your part", "one random place in all", "a random part"):
        assert part in page
    said = [element.value for element in app.markdown if "one random place in all" in element.value]
    layer, scores = said[-1].splitlines()
    assert layer.startswith("**relu2**: ")
    assert scores.startswith("**class scores**: ")


def test_the_part_with_the_least_change_is_named_if_it_beats_a_random_place():
    def found(**means):
        return {part: {"conv": SignChange(0, mean, 0.1)} for part, mean in means.items()}

    least = found(nose=0.2, mouth=0.1)
    place, other = {"conv": SignChange(0, 0.15, 0.1)}, {"conv": SignChange(0, 0.01, 0.1)}
    assert most_alike({**least, SAME_PLACE: place, RANDOM: other}, "conv") == "mouth"
    assert most_alike({**found(nose=0.2), SAME_PLACE: place, RANDOM: other}, "conv") is None


@pytest.mark.parametrize("count", [3, 12])
def test_every_class_has_a_colour_or_is_among_the_others(count):
    best = np.arange(count * 2).reshape(2, count) % count
    found = categories_of(best, first=2)
    assert found[0].index == 2
    assert sum(category.count for category in found) == best.size
    assert len({category.colour for category in found}) == len(found)
    assert (found[-1].index == OTHERS) == (count > 7)
