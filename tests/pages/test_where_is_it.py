"""The lesson that finds an object's box, as a learner meets it."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "where_is_it.py"


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"where_is_it_{name}"] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def fits(app: AppTest) -> float:
    (found,) = re.findall(r"Intersection over union with .*?<b>([\d.]+)</b>", shown(app))
    return float(found)


def test_it_opens_with_digits_where_no_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    page = shown(opened())
    for head in ("1. The map", "2. Above the threshold", "4. Its box"):
        assert f"<h3>{head}</h3>" in page
    assert "Intersection over union with the strokes" in page
    assert re.search(r"of 784 pixels \(10\.\d", page)


def test_a_lower_threshold_leaves_more_and_the_box_is_measured_again():
    app = opened(network="lenet_digits")
    first = fits(app)
    app.slider(key="where_is_it_at").set_value(0.76).run()
    assert not app.exception
    assert fits(app) > max(first, 0.5)
    assert "<strong>Localised</strong>" in shown(app)
    assert "✓ found: a threshold that localises an object by its saliency" in shown(app)
    assert "three pictures localised (1 of 3)" in shown(app)


def test_a_box_of_ones_own_is_measured_but_solves_nothing():
    app = opened(network="lenet_digits", object="a box of my own", at="0.76")
    assert "Intersection over union with your box" in shown(app)
    assert "Nobody said which class is right, so only the box is judged." in shown(app)
    app.number_input(key="where_is_it_left").set_value(80).run()
    assert [error.value for error in app.error] == [
        "your box has no area: its right edge must be right of its left edge, and its bottom below "
        "its top"
    ]


def test_another_class_is_pointed_out():
    page = shown(opened(network="lenet_digits", **{"class": "3"}))
    assert "The map explains “3”, which is another class." in page


def test_where_nothing_speaks_for_the_class_there_is_a_sentence():
    empty = {"method": "Grad-CAM", "layer": "pool2", "digit": "digit-1-1", "class": "5"}
    app = opened(network="lenet_digits", **empty)
    said = [warning.value for warning in app.warning]
    assert said
    assert said[0].startswith("The map is nowhere above zero, so no pixel speaks for this class")


@pytest.mark.parametrize("size", [(1, 1), (50, 30), (2, 150)])
def test_a_picture_without_an_object_gives_a_box_of_ones_own(size):
    file = io.BytesIO()
    Image.new("RGB", size, (10, 10, 10)).save(file, "PNG")
    app = opened(network="lenet_digits", picture="Upload")
    app.file_uploader[0].upload("flat.png", file.getvalue()).run()
    assert not app.exception
    assert "your box" in shown(app)


@needs_weights("squeezenet1_0")
def test_the_cup_is_found_by_its_saliency_at_another_threshold():
    app = opened(network="squeezenet1_0")
    assert fits(app) < 0.5
    assert "<strong>Not localised</strong>" in shown(app)
    app.slider(key="where_is_it_at").set_value(0.52).run()
    assert fits(app) > 0.65
    assert "<strong>Localised</strong>" in shown(app)


@needs_weights("squeezenet1_0")
def test_the_link_to_the_tripod_shows_what_it_promises():
    app = opened(network="squeezenet1_0", sample="camera", method="Grad-CAM", at="0.86")
    assert "<strong>Localised</strong>" in shown(app)
    app.get_by_key("where_is_it_object").set_value("camera").run()
    assert "First guess: “tripod”, wrong." in shown(app)


@needs_weights("squeezenet1_0")
def test_a_sample_without_a_box_asks_for_ones_own():
    assert "Intersection over union with your box" in shown(
        opened(network="squeezenet1_0", sample="gravel")
    )


@needs_weights("squeezenet1_0")
def test_the_right_box_for_the_wrong_class_is_not_enough():
    app = opened(network="squeezenet1_0", sample="clock", at="0.84", **{"class": "wall clock"})
    assert fits(app) >= 0.5
    assert "First guess: “washbasin”, wrong. <strong>Not localised</strong>" in shown(app)
    assert "✓" not in shown(app)


def test_a_picture_as_long_as_a_thread_is_refused_in_a_sentence():
    file = io.BytesIO()
    Image.new("RGB", (10_000, 1), (10, 200, 10)).save(file, "PNG")
    app = opened(network="lenet_digits", picture="Upload")
    app.file_uploader[0].upload("thread.png", file.getvalue()).run()
    assert not app.exception
    assert "ne side of the picture is more than 100 times the other" in app.error[0].value
