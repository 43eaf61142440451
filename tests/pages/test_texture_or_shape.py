"""The lesson on texture and shape, as a learner meets it."""

import io
import re
import time
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab.shape_bias import Verdict
from cnnlab.ui import cues_lab
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "texture_or_shape.py"
WITHIN = "Texture inside the shape"


def opened(**query: str) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"texture_or_shape_{name}"] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def tally(app: AppTest) -> str:
    (found,) = re.findall(r'<p class="tally">(.*?)</p>', shown(app))
    return re.sub(r"<.*?>", "", found)


def test_it_opens_with_digits_where_no_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    app = opened()
    page = shown(app)
    for title in ("Shape: Digit 7, no. 1", "Texture: Digit 8, no. 1", "Coarse and fine"):
        assert f"<h3>{title}</h3>" in page
    assert "<h3>Grey</h3>" not in page  # digits have no colours to lose
    assert "Counts as “7”." in page
    assert tally(app).startswith("You have made 1 conflict with lenet_digits")


def test_each_pair_and_way_is_one_conflict_and_its_latest_version_counts():
    app = opened(network="lenet_digits")
    app.slider(key="texture_or_shape_sigma_digits").set_value(0.2).run()
    assert tally(app).startswith("You have made 1 conflict with lenet_digits: 1 shape, 0 texture")
    assert "✓ found: a picture on which the shape wins" in shown(app)
    app.selectbox(key="texture_or_shape_ink").set_value("digit-1-1").run()
    assert "Shape bias = shape / (shape + texture): 1.00" in tally(app)
    assert tally(app).startswith("You have made 2 conflicts with lenet_digits: 2 shape")


def test_a_pattern_has_no_class_of_its_own_but_the_networks_guess():
    page = shown(opened(network="lenet_digits", ink="stripes", way=WITHIN))
    assert "Texture: Stripes" in page
    assert "Nobody said what this is: the network&#x27;s first guess counts" in page


def test_all_pairs_of_digits_show_a_network_that_follows_the_shape():
    app = opened(network="lenet_digits")
    app.button(key="texture_or_shape_compute_pairs").click().run()
    assert not app.exception
    page = shown(app)
    (row,) = re.findall(r'<th scope="row">Coarse and fine</th>(.*?)</tr>', page)
    cells = re.findall(r">([^<>]+)</td>", row)
    shape, texture, neither = (int(cell) for cell in cells[:3])
    assert shape + texture + neither == 90
    assert float(cells[3]) == pytest.approx(shape / (shape + texture), abs=0.005)
    assert page.count("<td>–</td>") == 10  # no digit is put together with itself


def test_the_same_class_for_both_is_explained():
    page = shown(opened(network="lenet_digits", digit="digit-7-1", ink="digit-7-2"))
    assert "both pictures have the same class" in page


@pytest.mark.parametrize("size", [(1, 1), (40, 40), (300, 5)])
def test_an_upload_without_an_object_gives_sentences(size):
    file = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(file, "PNG")
    app = opened(network="lenet_digits", picture="Upload")
    app.file_uploader[0].upload("flat.png", file.getvalue()).run()
    assert not app.exception
    assert "the picture has one colour only" in shown(app)
    assert "Nobody said what this is" in shown(app)


@needs_weights("squeezenet1_0")
def test_it_opens_with_an_outline_that_the_network_names():
    page = shown(opened(network="squeezenet1_0"))
    assert "Counts as “tripod” or" in page
    assert "does not name it" not in page
    assert '<span class="verdict texture">The texture wins</span>' in page
    assert "<h3>Silhouette</h3><img" in page
    assert "<h3>Grey</h3>" not in page  # a grey photograph has no colours to lose
    other = shown(opened(network="squeezenet1_0", way=WITHIN))
    assert '<span class="verdict shape">The shape wins</span>' in other


@needs_weights("squeezenet1_0")
def test_the_cat_loses_against_a_coffee_cup():
    app = opened(network="squeezenet1_0", sample="cat")
    page = shown(app)
    assert '<span class="verdict texture">The texture wins</span>' in page
    assert "Counts as “Egyptian cat” or “tabby” or “tiger cat” or 2 more." in page
    assert page.count("<figure>") == 9
    assert "<h3>Silhouette</h3><p" in page
    assert "so no outline lies in it" in page
    assert "✓" not in page  # nothing is found before anything was done
    app.number_input(key="texture_or_shape_patches").set_value(4).run()
    assert "✓ found: a picture in 4 × 4 shuffled patches" in shown(app)
    app.number_input(key="texture_or_shape_texture_patches").set_value(2).run()
    assert "✓ found: one on which the texture wins" in shown(app)


@needs_weights("squeezenet1_0")
def test_the_rocket_keeps_its_shape_under_coffee():
    page = shown(opened(network="squeezenet1_0", sample="rocket", texture="coffee", way=WITHIN))
    assert '<span class="verdict shape">The shape wins</span>' in page


@needs_weights("squeezenet1_0")
def test_a_picture_that_the_network_does_not_know_says_so():
    page = shown(opened(network="squeezenet1_0", sample="clock"))
    assert "The network does not name it even here" in page


def test_a_picture_as_long_as_a_thread_is_refused_in_a_sentence():
    file = io.BytesIO()
    Image.new("RGB", (10_000, 1), (10, 200, 10)).save(file, "PNG")
    app = opened(network="lenet_digits", picture="Upload")
    app.file_uploader[0].upload("thread.png", file.getvalue()).run()
    assert not app.exception
    assert "ne side of the picture is more than 100 times the other" in app.error[0].value


@needs_weights("squeezenet1_0")
def test_all_pairs_take_about_as_long_as_is_said():
    app = opened(network="squeezenet1_0")
    button = app.button(key="texture_or_shape_compute_pairs")
    (said,) = re.findall(r"Try 12 pairs in 3 ways \(about (\d+) seconds?\)", button.label)
    began = time.perf_counter()
    button.click().run()
    taken = time.perf_counter() - began
    assert not app.exception
    assert int(said) <= 4 * taken + 1  # a busy computer may be slower, but not seven times faster


def test_what_takes_long_waits_for_a_press(monkeypatch):
    monkeypatch.setattr(cues_lab, "_QUICK", 0.0)  # a slow computer
    app = opened(network="lenet_digits")
    assert "<h3>Silhouette</h3>" not in shown(app)
    app.button(key="texture_or_shape_compute_cues").click().run()
    assert not app.exception
    assert "<h3>Silhouette</h3>" in shown(app)
    assert "texture_or_shape_compute_cues" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("shape", "texture", "says"),
    [
        (0.2, 0.1, "the shape is ahead: 20.0\u202f% against 10.0\u202f%."),
        (0.0004, 0.3, "the texture is ahead: 30.0\u202f% against 0.04\u202f%."),
        (4e-5, 2e-5, "the shape is a little ahead: both have < 0.01\u202f%."),
        (0.0, 0.0, "Both are equally improbable."),
    ],
)
def test_the_two_cues_are_compared_where_another_class_wins(
    shape: float, texture: float, says: str
) -> None:
    verdict = Verdict(guess=0, shape=shape, texture=texture, winner="neither")
    assert cues_lab._who_is_ahead(verdict).endswith(says)
