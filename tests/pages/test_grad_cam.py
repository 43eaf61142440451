"""The Grad-CAM lesson, as a learner meets it."""

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import loading, pretrained, samples
from cnnlab.attribution import grad_cam, grad_cam_steps
from cnnlab.numerals import written
from cnnlab.ui import gradcam_arrays, gradcam_compare, gradcam_steps
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "grad_cam.py"


def opened(**query: str | list[str]) -> AppTest:
    app = AppTest.from_file(PAGE, default_timeout=120)
    for name, value in query.items():
        app.query_params[f"grad_cam_{name}"] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def words(app: AppTest) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption])


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradcam_compare, "_PATIENCE", 1e9)  # however slow the computer is


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.mark.usefixtures("no_weights")
def test_it_opens_with_a_digit_where_no_weights_are():
    app = opened()
    assert app.selectbox(key="grad_cam_network").value == "lenet_digits"
    assert "Grad-CAM at relu2" in shown(app)
    assert headings(app) == ["##### 1. Forward: the feature maps A of `relu2`"]
    app.button(key="grad_cam_check_misled").click().run()
    assert any("Not yet" in info.value or "Yes" in info.value for info in [*app.info, *app.success])


def headings(app: AppTest) -> list[str]:
    return [text for text in words(app).splitlines() if text.startswith("##### ")]


@pytest.mark.usefixtures("no_weights")
def test_one_goes_from_step_to_step_and_back_or_sees_all():
    every = headings(opened(step="All"))
    assert every == [
        "##### 1. Forward: the feature maps A of `relu2`",
        "##### 2. The score y of “7”",
        "##### 3. The gradient: dy/dA, back to the layer",
        "##### 4. One weight for each channel: α, the mean of its gradient",
        "##### 5. The weighted maps, added up: the sum before the ReLU",
        "##### 6. The ReLU: only what speaks for the class is kept",
        "##### 7. Enlarged from 8 × 8 to 28 × 28, and laid over",
        "##### Every array",
    ]
    app = opened()
    assert app.button(key="grad_cam_before").disabled
    for title in every[1:]:
        app.button(key="grad_cam_next").click().run()
        assert not app.exception
        assert headings(app) == [title]
    assert app.button(key="grad_cam_next").disabled
    app.button(key="grad_cam_before").click().run()
    assert headings(app) == [every[-2]]


@pytest.mark.usefixtures("no_weights")
def test_channels_of_the_digit_network_stand_for_strokes():
    said = words(opened()) + shown(opened())
    assert "curves and strokes" in said
    assert "parts and objects" not in said
    assert "colours anywhere" not in said


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("digit", ["digit-7-1", "digit-3-1"])
def test_a_scale_of_two_classes_ends_at_the_larger_of_the_two_maps(digit):
    app = opened(digit=digit)
    ends = r"<span>0</span><span>([\d.]+)</span></div><p>28 × 28, from 0 to ([\d.]+),"
    _, *pair = re.findall(ends, shown(app))[:3]
    assert {end for end, _ in pair} == {max((high for _, high in pair), key=float)}


@needs_weights("squeezenet1_0")
def test_the_weights_that_are_neither_above_nor_below_zero_are_named():
    app = opened(network="squeezenet1_0", step="4 Weights")
    found = re.search(r"(\d+) above 0 .+ (\d+) below 0 .+ (\d+) are exactly 0\. (.+)", words(app))
    counts = [int(found[place]) for place in (1, 2, 3)]
    assert counts == [31, 46, 435]
    assert sum(counts) == 512
    assert "the gradient is 0 in every cell" in found[4]
    relu = words(opened(network="squeezenet1_0", step="6 ReLU"))
    kept, every, lost = (
        int(n)
        for n in re.search(
            r"the (\d+) of (\d+) positions where S is above 0; .+ the (\d+) positions", relu
        ).groups()
    )
    assert kept + lost == every == 169


@needs_weights("squeezenet1_0")
def test_that_nothing_can_miss_the_cat_is_said_once():
    said = "The cat fills what the network sees: no map can miss it."
    assert shown(opened(network="squeezenet1_0")).count(said) == 1


def test_a_number_in_a_formula_is_written_as_elsewhere():
    assert gradcam_steps._in_latex(-0.0000488) == r"-4.88 \cdot 10^{-5}"
    assert gradcam_steps._in_latex(1234.5) == "1{,}234"
    assert gradcam_steps._in_latex(0.25) == "0.25"


@needs_weights("squeezenet1_0")
def test_the_arrays_on_the_page_are_those_of_the_method(monkeypatch):
    taken = []
    monkeypatch.setattr(
        gradcam_arrays, "_one_array", lambda what, values, how: taken.append((what, values))
    )
    model = loading.load("squeezenet1_0")
    batch = pretrained.preprocess(samples.sample("cat"), "squeezenet1_0")
    cam = grad_cam_steps(model, batch, target=285, layer="features")
    best = int(np.argmax(cam.weights * cam.activations.sum((1, 2))))
    want = {
        "Weights α": cam.weights,
        f"A of channel {best}": cam.activations[best],
        f"dy/dA of channel {best}": cam.gradients[best],
        f"α · A of channel {best}": cam.weights[best] * cam.activations[best],
        "Sum before the ReLU": cam.signed_map,
        "After the ReLU": cam.heat_map,
        "Enlarged": cam.overlay_map,
    }
    app = opened(network="squeezenet1_0", step="Arrays")
    assert app.selectbox(key="grad_cam_array").options == list(want)
    for what in want:
        app.selectbox(key="grad_cam_array").set_value(what).run()
        assert not app.exception
    last = dict(taken)
    for what, values in want.items():
        np.testing.assert_allclose(last[what], values, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(
        last["Enlarged"], grad_cam(model, batch, target=285, layer="features"), rtol=1e-5
    )
    table = shown(app)
    smallest, largest = written(float(cam.signed_map.min())), written(float(cam.signed_map.max()))
    cell = '<td class="right">'
    assert "Sum before the ReLU<small>13 × 13; mean " in table
    assert f"{cell}{smallest}</td>{cell}{largest}</td>" in table
    file = np.load(io.BytesIO(gradcam_arrays._npz(cam)))
    assert set(file) >= {"activations", "gradients", "weights", "signed_map", "heat_map"}


@needs_weights("squeezenet1_0")
@pytest.mark.parametrize("array", ["Weights α", "Sum before the ReLU", "Enlarged"])
def test_any_array_can_be_read_as_numbers(array):
    app = opened(network="squeezenet1_0", step="Arrays", array=array)
    app.get_by_key("grad_cam_as").set_value("numbers").run()
    assert not app.exception
    assert 'role="img"' not in shown(app).split("</style>")[-1] or "<table" in shown(app)
    assert re.search(rf'<table aria-label="{re.escape(array)}', shown(app))


@needs_weights("squeezenet1_0")
def test_the_cat_and_the_cup_have_maps_of_their_own():
    app = opened(
        network="squeezenet1_0",
        below="coffee",
        second="espresso",
        step="2 Score",
        **{"class": "Egyptian cat"},
    )
    page = shown(app)
    assert "The largest value lies on the cat; 78" in page
    assert "espresso: score 25.2, 99.1" in page
    assert "Egyptian cat rather than espresso" in page
    ends = r"<span>0</span><span>([\d.]+)</span></div><p>224 × 224, from 0 to ([\d.]+),"
    top, *pair = re.findall(ends, page)[:3]
    assert {end for end, _ in pair} == {max((high for _, high in pair), key=float)}  # one scale
    app.toggle(key="grad_cam_common").set_value(False).run()
    found = re.findall(ends, shown(app))
    assert found[0] == top
    assert all(end == high for end, high in found)


@needs_weights("squeezenet1_0")
def test_the_second_class_is_the_best_other_one():
    page = shown(opened(network="squeezenet1_0", step="2 Score", **{"class": "tiger cat"}))
    assert "tiger cat rather than Egyptian cat" in page


@needs_weights("squeezenet1_0")
def test_the_tasks_check_the_present_state():
    state = {"network": "squeezenet1_0", "below": "coffee", "class": "Egyptian cat"}
    for layer, says in (
        ("features.12", "Not yet, because at features.12"),
        ("features.9", "Yes. At features.9"),
        ("features.4", "a layer nearer to the end"),
    ):
        app = opened(**state, layer=layer, step="2 Score")
        app.button(key="grad_cam_check_lost").click().run()
        assert any(says in box.value for box in [*app.info, *app.success])
    app = opened(network="squeezenet1_0", sample="rocket", step="2 Score")
    app.button(key="grad_cam_check_misled").click().run()
    assert "Yes. The network says “missile”" in app.success[0].value


@needs_weights("squeezenet1_0")
def test_an_empty_map_says_why_and_what_to_try():
    labels = pretrained.categories("squeezenet1_0")
    model = loading.load("squeezenet1_0")
    batch = pretrained.preprocess(samples.sample("cat"), "squeezenet1_0")
    scores = model(batch)[0]
    silent = next(i for i in range(1000) if scores[i] == 0 and labels.count(labels[i]) == 1)
    app = opened(network="squeezenet1_0", step="2 Score", **{"class": labels[silent]})
    assert "does not react to this layer at all" in app.warning[0].value
    assert "Try: another class" in app.warning[0].value


def test_a_transformer_in_the_link_gets_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    app = opened(network="vit_b_16")
    (warning,) = app.warning
    assert "Grad-CAM does not apply to vit_b_16. It has no feature maps" in warning.value


@pytest.mark.usefixtures("no_weights")
@pytest.mark.parametrize("size", [(1, 1), (9, 9), (1, 10_000)])
def test_odd_uploads_give_a_map_or_a_sentence(size):
    app = AppTest.from_file(PAGE, default_timeout=120)
    app.query_params["grad_cam_picture"] = "Upload"
    app.run()
    file = io.BytesIO()
    Image.new("RGB", size, (90, 120, 30)).save(file, "PNG")
    app.file_uploader[0].upload("a.png", file.getvalue()).run()
    assert not app.exception
    if size == (1, 10_000):
        assert len(app.error) == 1
    else:
        assert "Grad-CAM at relu2" in shown(app)
    assert json.dumps([box.value for box in app.error]).count("Traceback") == 0
