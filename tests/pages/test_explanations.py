"""The lesson that compares explanations, as a learner meets it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from torch.nn import functional

from cnnlab.exercises.explanations import passed_back, questions
from cnnlab.explaining import METHODS
from cnnlab.figures.heat_pictures import AGAINST, FOR, drawn_over
from cnnlab.rectifiers import RULES, ReluRule
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


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("x", [-1.5, 2.0])
@pytest.mark.parametrize("above", [-0.8, 0.8])
def test_the_answers_follow_the_rules(rule, x, above):
    given = torch.tensor([x], requires_grad=True)
    with ReluRule(rule):
        y = functional.relu(given)
    (y * above).sum().backward()
    assert passed_back(rule, x=x, above=above) == pytest.approx(given.grad.item())


def test_the_exercises_have_their_answers():
    assert [question.answer for question in questions()] == [0.0, 0.8, 11.7, 513]
