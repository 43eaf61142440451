"""The lesson that compares explanations, as a learner meets it."""

import html
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from cnnlab import digits, loading, trust
from cnnlab.exercises.explanations import passed_back, questions
from cnnlab.explaining import METHODS, Explanation, explain
from cnnlab.figures.heat_pictures import AGAINST, FOR, drawn_over
from cnnlab.pretrained import preprocess
from cnnlab.rectifiers import ReluRule
from cnnlab.samples import SAMPLES, sample
from cnnlab.ui import controls, explain_lab, trust_panel
from tests.pages.components import sent_data
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "explanations.py"


def opened(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"explanations_{name}"] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def test_it_opens_with_digits_where_no_weights_are(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    page = shown(opened())
    for method in ("grad_cam", "saliency", "guided_backprop", "integrated_gradients"):
        assert f"<h3>{METHODS[method].title}</h3>" in page
    assert page.count("data:image/png") == 4
    assert "All numbers together miss the change of the score by" in page


def test_a_link_chooses_the_methods():
    app = opened(network="lenet_digits", methods=["Layer-CAM", "Deconvnet"])
    page = shown(app)
    assert "<h3>Layer-CAM</h3>" in page
    assert "<h3>Deconvnet</h3>" in page
    assert "<h3>Grad-CAM</h3>" not in page


@needs_weights("squeezenet1_0")
def test_an_empty_map_says_why():
    page = shown(opened(network="squeezenet1_0", methods=["Deconvnet"]))
    assert "nothing positive was left for “Egyptian cat”" in page


def test_without_a_method_it_asks_for_one():
    app = opened(network="lenet_digits", methods=["Deconvnet"])
    app.pills(key="explanations_methods").set_value([]).run()
    assert [info.value for info in app.info] == ["Choose at least one method."]


# Drawing -------------------------------------------------------------------------------------


def test_signed_colours_have_zero_in_the_middle():
    photo = Image.new("RGB", (3, 1))
    drawn = drawn_over(photo, np.array([[-4.0, 0.0, 2.0]]), signed=True, opacity=1)
    assert (drawn.low, drawn.high, drawn.beyond) == (-4, 4, 0)
    assert drawn.picture.getpixel((0, 0)) == AGAINST
    assert drawn.picture.getpixel((1, 0)) == (244, 244, 244)
    half = np.array(FOR) / 2 + 122
    assert np.allclose(drawn.picture.getpixel((2, 0)), half, atol=1)


def test_the_share_says_how_much_lies_beyond():
    values = np.zeros((10, 10))
    values[0, :4] = [5, 1, 1, 1]
    drawn = drawn_over(Image.new("RGB", (10, 10)), values, signed=False, opacity=1, share=0.98)
    assert drawn.high == pytest.approx(np.quantile(values, 0.98))
    assert drawn.beyond == 0.01


def test_an_empty_map_is_black_and_a_few_outliers_do_not_hide_it():
    photo = Image.new("RGB", (4, 4), (200, 200, 200))
    empty = drawn_over(photo, np.zeros((4, 4)), signed=True, opacity=1)
    assert empty.picture.getextrema() == ((0, 0), (0, 0), (4, 4))
    one = np.zeros((20, 20))
    one[3, 3] = 1.0
    assert drawn_over(Image.new("L", (20, 20)), one, signed=False, opacity=1, share=0.9).high == 1


def test_a_contour_goes_around_the_upper_half_of_the_range():
    values = np.zeros((21, 21))
    values[6:15, 6:15] = 1.0
    photo = Image.new("RGB", (21, 21), (90, 90, 90))
    plain = drawn_over(photo, values, signed=False, opacity=0.0)
    lined = drawn_over(photo, values, signed=False, opacity=0.0, contour=True)
    changed = np.argwhere(np.asarray(plain.picture) != np.asarray(lined.picture))
    assert changed[:, :2].min() >= 4
    assert changed[:, :2].max() <= 16
    assert np.asarray(lined.picture)[10, 10].tolist() == [90, 90, 90]


# Exercises -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["gradient", "guided", "deconvnet"])
@pytest.mark.parametrize("x", [-1.5, 2.0])
@pytest.mark.parametrize("above", [-0.8, 0.8])
def test_the_answers_follow_the_rules(rule, x, above):
    given = torch.tensor([x], requires_grad=True)
    with ReluRule(rule):
        y = functional.relu(given)
    (y * above).sum().backward()
    assert passed_back(rule, x=x, above=above) == pytest.approx(given.grad.item())


def test_the_exercises_have_their_answers():
    area = np.trapezoid([0.8, 0.4, 0.2, 0.2, 0.0], dx=0.25)
    assert [question.answer for question in questions()] == [
        0.0,
        0.8,
        11.7,
        513,
        pytest.approx(area),
        "Guided backpropagation",
        "hit",
    ]


@needs_weights("squeezenet1_0")
def test_the_numbers_in_the_exercise_on_random_weights_are_measured():
    model, batch = loading.load("squeezenet1_0"), preprocess(sample("cat"), "squeezenet1_0")
    target = int(model(batch).argmax())
    for method, name in {"grad_cam": "Grad-CAM", "saliency": "Saliency"}.items():
        found = trust.cascade(model, batch, method, target=target)
        assert f"{name} {found.ranks.mean():.2f}" in questions()[5].asks


# Trust ---------------------------------------------------------------------------------------


def trust_lines(app: AppTest) -> list[str]:
    """Return what stands beside the maps, one text for each method."""
    found = re.findall(r'<dl class="trust">.*?</dl>', shown(app))
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip() for text in found]


def measured(app: AppTest) -> AppTest:
    app.button(key="explanations_trust").click().run()
    assert not app.exception
    return app


def test_trust_is_measured_on_demand_and_stands_beside_the_maps():
    app = opened(network="lenet_digits", methods=["Grad-CAM", "Saliency (gradient)"])
    label = app.button(key="explanations_trust").label
    assert re.fullmatch(r"Measure the trust of these maps \(about \d+ seconds?\)", label)
    assert trust_lines(app) == []
    measured(app)
    lines = trust_lines(app)
    assert len(lines) == 2
    batch = digits.preprocess(digits.sample_digit("digit-7-1"))
    model = digits.load()
    for line, method in zip(lines, ("grad_cam", "saliency"), strict=True):
        values = explain(method, model, batch, target=7).values
        down = trust.deletion(model, batch, values, target=7, tile=4).area
        up = trust.insertion(model, batch, values, target=7, tile=4).area
        assert f"Deletion area {down:.2f} (low is good)" in line
        assert f"Insertion area {up:.2f} (high is good)" in line
        assert "the digits have none" in line
    assert [button.key for button in app.button if "trust" in str(button.key)] == []
    view = sent_data(app)[0]
    assert [curve["title"] for curve in view["curves"]] == ["Deletion", "Insertion"]
    assert {len(curve["pictures"]) for curve in view["curves"]} == {len(view["shares"])}
    assert "4 of 4 layers random" in shown(app)
    app.selectbox(key="explanations_trust_method").set_value("Saliency (gradient)").run()
    assert not app.exception
    assert trust_lines(app) == lines


def _another_page() -> None:
    from cnnlab import digits
    from cnnlab.ui import controls, trust_panel

    picture = controls.as_picture(digits.sample_digit("digit-3-1"), "A digit", "A 3.")
    trust_panel.panel("another", picture, "lenet_digits", target=3, methods=["grad_cam"])


def test_another_page_needs_one_line():
    app = AppTest.from_function(_another_page, default_timeout=60).run()
    assert app.button(key="another_trust").label.startswith("Measure the trust of this map")
    app.button(key="another_trust").click().run()
    assert not app.exception
    (line,) = trust_lines(app)
    assert line.startswith("Deletion area")
    assert "<h4>Grad-CAM</h4>" in shown(app)
    assert len(app.selectbox) == 0  # one method: nothing to choose


def test_single_pixels_as_in_the_paper():
    app = opened(
        network="lenet_digits", methods=["Grad-CAM"], trust_pixels="single pixels, as in the paper"
    )
    measured(app)
    model, batch = digits.load(), digits.preprocess(digits.sample_digit("digit-7-1"))
    values = explain("grad_cam", model, batch, target=7).values
    area = trust.deletion(model, batch, values, target=7).area
    assert f"Deletion area {area:.2f}" in trust_lines(app)[0]
    assert any("Single pixels in a random order are speckle" in m.value for m in app.markdown)


@needs_weights("squeezenet1_0")
def test_the_pointing_game_counts_its_hits():
    app = measured(opened(network="squeezenet1_0", methods=["Grad-CAM", "Deconvnet"]))
    grad_cam, deconvnet = trust_lines(app)
    assert (
        "Pointing no test here: the cat fills what the network sees, and no map can miss it"
        in grad_cam
    )
    assert deconvnet == "Trust The map is empty, so there is nothing to compare with."
    app.button(key="explanations_trust_pointing").click().run()
    assert not app.exception
    assert any("Pointing game with Grad-CAM: 7 of 8 hits" in text.value for text in app.markdown)
    assert "miss by" in shown(app)


@pytest.mark.parametrize(
    ("sample_name", "target", "words"),
    [
        ("cat", 1, "not for this class: the boxes here are around cat"),
        ("camera", 1, "the boxes here are around tripod and camera"),
        ("gravel", 1, "needs a box around the object; this picture has none"),
    ],
)
def test_without_a_box_for_the_class_the_pointing_game_says_why(sample_name, target, words):
    picture = controls.as_picture(sample(sample_name), SAMPLES[sample_name].title, "")
    asked = trust_panel._Asked(picture, "squeezenet1_0", target, "", 7)
    assert words in trust_panel._pointing_words(asked, None)
    own = trust_panel._Asked(replace(picture, own=True), "squeezenet1_0", target, "", 7)
    assert "this picture has none" in trust_panel._pointing_words(own, None)


@pytest.mark.parametrize(
    ("area", "verdict"), [(0.1, "better"), (0.25, "no better"), (0.5, "worse")]
)
def test_the_verdict_compares_with_all_random_orders(area, verdict):
    by_chance = np.array([0.2, 0.3, 0.4])
    assert f": {verdict} than chance" in trust_panel._against(area, by_chance, low_is_good=True)
    other = {"better": "worse", "worse": "better"}.get(verdict, verdict)
    assert f": {other} than chance" in trust_panel._against(area, by_chance, low_is_good=False)


def test_an_own_picture_leaves_nothing_behind_when_it_is_forgotten():
    app = opened(network="lenet_digits", methods=["Grad-CAM"], picture="Upload")
    pixels = np.zeros((28, 28), np.uint8)
    pixels[5:23, 13:16] = 255
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png")
    app.file_uploader[0].upload("one.png", file.getvalue()).run()
    measured(app)
    assert len(trust_lines(app)) == 1
    app.button(key="explanations_forget").click().run()
    assert trust_lines(app) == []
    assert "results_of_own_pictures" not in app.session_state


# Networks without a switch -------------------------------------------------------------------


def test_a_network_without_relu_says_what_that_means():
    base = {"values": np.ones((2, 2)), "score": 1.0}
    without = Explanation("guided_backprop", n_relus=0, n_others=9, **base)
    mixed = Explanation("deconvnet", n_relus=7, n_others=19, **base)
    usual = Explanation("deconvnet", n_relus=7, n_others=0, **base)
    (says,) = explain_lab._notes(without, "cat")
    assert "no switch to change. So this map is the plain gradient," in says
    (says,) = explain_lab._notes(mixed, "cat")
    assert says.startswith("7 ReLUs follow the rule of this method; 19 other activations")
    assert explain_lab._notes(usual, "cat") == []


@pytest.mark.parametrize("method", METHODS)
def test_each_map_says_how_it_may_mislead(method):
    app = opened(network="lenet_digits", methods=[METHODS[method].title])
    assert f"<b>But:</b> {html.escape(METHODS[method].caveat)}" in shown(app)


@pytest.mark.parametrize("method", METHODS)
def test_an_empty_map_of_each_method_is_explained_in_its_own_words(method):
    empty = Explanation(method, np.zeros((2, 2)), 1.0)
    (says,) = explain_lab._notes(empty, "cat")
    assert says.startswith("The map is empty")
    assert ("at this layer" in says) == (METHODS[method].at_layer and method != "guided_grad_cam")
