"""The lab's own digit network goes wherever torchvision's networks go."""

from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from cnnlab import digits, loading, pretrained
from cnnlab.attribution import grad_cam_steps
from cnnlab.catalogue import OWN, every_name, facts
from cnnlab.classify_code import classify_code
from cnnlab.features import default_layer, record, spatial_layers
from cnnlab.weights import cached_names, cached_path, is_cached, pull

ROOT = Path(__file__).resolve().parents[1]


def test_it_is_always_here_and_is_the_default_where_nothing_else_is(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert OWN not in every_name()
    assert is_cached(OWN)
    assert cached_names() == []
    assert loading.default_name() == OWN
    assert pull(OWN) == cached_path(OWN) == digits.WEIGHTS


def test_its_facts_are_those_of_the_record():
    known = facts(OWN)
    assert known.n_params == sum(p.numel() for p in digits.build().parameters())
    assert known.file_bytes == digits.WEIGHTS.stat().st_size
    assert known.acc1 == 100 * digits.FACTS.accuracy
    assert known.acc5 is None


@pytest.mark.parametrize("name", ["digit-0-1", "digit-4-3", "digit-7-1", "digit-8-2"])
def test_it_reads_sample_digits_as_the_bare_network_does(name):
    picture = digits.sample_digit(name)
    best, second, *_ = pretrained.classify(picture, OWN, k=10)
    with torch.inference_mode():
        shares = digits.load()(digits.preprocess(picture))[0].softmax(0)
    assert best.category == str(int(shares.argmax())) == str(digits.label_of(name))
    assert best.probability == shares.max().item() > second.probability


def test_the_picture_that_it_sees_is_the_digit():
    digit = digits.sample_digit("digit-7-1")
    seen = pretrained.as_seen(pretrained.preprocess(digit, OWN), OWN)
    assert np.array_equal(np.asarray(seen.convert("L")), np.asarray(digit))
    assert pretrained.crop_box(digit, OWN) == (0, 0, 28, 28)


def test_its_layers_and_grad_cam():
    model = loading.load(OWN)
    sizes = spatial_layers(model, size=28)
    assert sizes["conv2"] == (50, 8, 8)
    assert default_layer(model) == "relu2"
    batch = pretrained.preprocess(digits.sample_digit("digit-7-1"), OWN)
    cam = grad_cam_steps(model, batch, target=7, layer="relu2")
    with torch.enable_grad(), record(model, "relu2") as seen:
        score = seen.model(batch)[0, 7]
        score.backward()
    assert seen.gradient is not None
    weights = seen.gradient[0].mean((1, 2))
    expected = (weights[:, None, None] * seen.output[0]).sum(0).relu()
    assert np.allclose(cam.heat_map, expected.numpy(), rtol=1e-4, atol=1e-6)
    assert cam.overlay_map.shape == (28, 28)


def test_the_script_runs_and_says_the_same(tmp_path, capsys):
    photo = tmp_path / "seven.png"
    digits.sample_digit("digit-7-1").save(photo)
    exec(compile(classify_code(OWN, k=2, photos=[str(photo)]), "script", "exec"), {})
    first = capsys.readouterr().out.splitlines()[0].split()
    assert first[1] == "7"
    best = pretrained.classify(digits.sample_digit("digit-7-1"), OWN, k=1)[0].probability
    assert first[0] == f"{best:8.4%}".strip()


@pytest.mark.parametrize("page", ["classify", "grad_cam"])
def test_pages_open_without_any_weights(page, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    app = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=60).run()
    assert not app.exception
    assert not app.error
    assert app.selectbox(key=f"{page}_network").value == OWN
    assert app.selectbox(key=f"{page}_digit").value == "digit-7-1"
