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
from cnnlab.ui import gradcam_arrays, gradcam_compare
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
    page = shown(app)
    assert app.selectbox(key="grad_cam_network").value == "lenet_digits"
    assert "Grad-CAM at relu2" in page
    assert [text for text in words(app).splitlines() if text.startswith("##### ")] == [
        "##### 1. Forward: the feature maps A of `relu2`",
        "##### 2. The score y of “7”",
        "##### 3. The gradient: dy/dA, back to the layer",
        "##### 4. One weight for each channel: α, the mean of its gradient",
        "##### 5. The weighted maps, added up: the sum before the ReLU",
        "##### 6. The ReLU: only what speaks for the class is kept",
        "##### 7. Enlarged from 8 × 8 to 28 × 28, and laid over",
        "##### Every array",
    ]
    app.button(key="grad_cam_check_misled").click().run()
    assert any("Not yet" in info.value or "Yes" in info.value for info in [*app.info, *app.success])


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
    smallest = f"{cam.signed_map.min():.3g}".replace("-", "−")
    cell = '<td class="right">'
    assert f"Sum before the ReLU</th>{cell}13 × 13</td>{cell}{smallest}<" in table
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
    assert page.count("<span>0.733</span>") == 2  # one scale for both
    app.toggle(key="grad_cam_common").set_value(False).run()
    assert shown(app).count("<span>0.73</span>") == 1


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
