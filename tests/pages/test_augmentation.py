"""The lesson on data augmentation: versions, steps, labels, and what a network answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import compute
from cnnlab.augmentation import Change
from cnnlab.augmenting import prepare, steps, version
from cnnlab.label_checks import KINDS, SUBJECTS, verdict
from cnnlab.samples import sample
from cnnlab.version_answers import class_probabilities
from tests.pages.components import components
from tests.pages.test_every_page import run
from tests.real_weights import needs_weights

PAGE = Path(__file__).resolve().parents[2] / "pages" / "augmentation.py"
ALL = ("rotate", "scale", "colour", "elastic", "erase", "mix_up")


@pytest.fixture(autouse=True)
def _fresh_queue() -> Iterator[None]:
    yield
    compute.shutdown()


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"augmentation_{name}": value for name, value in query.items()})


def grids(at: AppTest) -> list[str]:
    """Return the HTML of each group of pictures; the first is the eight versions."""
    return [element.value for element in at.get("html") if 'class="versions' in element.value]


def pictures(html: str) -> list[str]:
    return re.findall(r'<img src="([^"]+)"', html)


def captions(html: str) -> list[str]:
    return re.findall(r"<figcaption>(.*?)</figcaption>", html)


def test_it_opens_with_eight_versions_and_no_network() -> None:
    at = opened()
    versions = pictures(grids(at)[0])
    assert len(versions) == 8
    assert len(set(versions)) == 8
    assert captions(grids(at)[0]) == [f"<b>Epoch {epoch}</b>" for epoch in range(1, 9)]
    assert at.toggle(key="augmentation_ask").value is False
    assert at.get("plotly_chart") == []
    assert "augmentation_network" not in [box.key for box in at.selectbox]


def test_the_steps_are_those_of_the_chosen_epoch() -> None:
    recipe = [Change("random_crop"), Change("flip")]
    seen = set()
    for epoch in (1, 5):
        crop, flip = steps(prepare(sample("cat")), recipe, seed=4, epoch=epoch - 1)
        at = opened(seed="4", epoch=str(epoch))
        _, first, second = captions(grids(at)[1])
        assert f"from row {crop.drawn['top']}, column {crop.drawn['left']}" in first
        assert ("left-right" if flip.drawn["sideways"] else "left as it is") in second
        seen.add(first)
        assert pictures(grids(at)[1])[-1] == pictures(grids(at)[0])[epoch - 1]
    assert len(seen) == 2


def test_the_seed_changes_the_versions_and_brings_them_back() -> None:
    first, other, again = (pictures(grids(opened(seed=seed))[0]) for seed in ("1", "2", "1"))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", ALL)
def test_each_change_makes_other_versions(name: str) -> None:
    plain = grids(opened(crop="false", flip="false"))
    at = opened(crop="false", flip="false", **{name: "true"})
    assert len(set(pictures(plain[0]))) == 1
    assert len(set(pictures(grids(at)[0]))) == 8
    assert len(captions(grids(at)[1])) == 3  # the picture, the middle, the change


def test_all_changes_at_once_show_the_field_and_the_mixture() -> None:
    at = opened(**dict.fromkeys(ALL, "true"), crop_kind="any size and shape", other="horse")
    headings = " ".join(element.value for element in at.markdown)
    assert "displacement field" in headings
    assert "The mixture" in headings
    _, chain, field, mixture, _ = grids(at)
    assert len(pictures(chain)) == 9
    assert len(pictures(field)) == len(pictures(mixture)) == 3
    for caption in captions(grids(at)[0]):
        first, second = re.search(r"(\d\.\d\d) Cat, (\d\.\d\d) Horse", caption).groups()
        assert float(first) + float(second) == pytest.approx(1)


def test_a_mixture_of_a_picture_with_itself_has_one_label() -> None:
    at = opened(mix_up="true", other="cat")
    assert all("1.00 Cat" in caption for caption in captions(grids(at)[0]))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_each_label_is_judged(subject: str) -> None:
    at = opened(subject=subject)
    words = {"keeps": "Yes,", "changes": "No,", "doubtful": "Doubtful"}
    for kind in KINDS:
        at.segmented_control(key="augmentation_kind").set_value(kind).run()
        assert not at.exception
        found = verdict(subject, kind)
        said = [element.value for element in at.markdown]
        assert found.why in said
        assert any(words[found.label] in text for text in said if text.startswith("####"))


@pytest.mark.parametrize("value", ["-3", "nan", "9999999", "x", ""])
def test_a_setting_beyond_its_range_is_its_default(value: str) -> None:
    at = opened(rotate="true", rotate_degrees=value, seed=value)
    assert at.slider(key="augmentation_rotate_degrees").value == 15
    assert at.number_input(key="augmentation_seed").value == 0
    assert at.error == []


def test_the_script_is_that_of_the_versions() -> None:
    at = opened(seed="12", rotate="true", rotate_degrees="40", code="true")
    (code,) = at.code
    assert "SEED = 12" in code.value
    assert "rotate(picture, rng(4), degrees=40.0)" in code.value


def test_without_weights_the_network_says_so_and_the_rest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    at = opened(ask="true")
    (info,) = at.info
    assert "are not on this computer yet" in info.value
    assert len(pictures(grids(at)[0])) == 8
    assert len(components(at)) == 1  # the exercises


@needs_weights("squeezenet1_0")
def test_a_network_is_asked_about_each_version() -> None:
    at = opened(ask="true", colour="true")
    shares = [re.search(r"([^>]+)\u202f%$", text) for text in captions(grids(at)[0])]
    assert all(shares)
    assert len({share.group(1) for share in shares}) == 8
    assert all("Egyptian cat" in share.group(1) for share in shares)
    (chart,) = at.get("plotly_chart")
    dots, means = json.loads(chart.proto.spec)["data"]
    assert list(dict.fromkeys(dots["y"])) == ["all together", "Crop", "Flip", "Colour"]
    assert len(dots["y"]) == 4 * 8
    assert len(means["y"]) == 4
    row = [x for x, y in zip(dots["x"], dots["y"], strict=True) if y == "Colour"]
    recipe = [Change("centre_crop"), Change("colour")]
    cat = prepare(sample("cat"))
    alone = [version(cat, recipe, seed=0, epoch=epoch) for epoch in range(8)]
    assert row == pytest.approx(class_probabilities(alone, "squeezenet1_0")[:, 285], abs=1e-5)
    assert "unchanged 72.3" in chart.proto.alt


@needs_weights("squeezenet1_0")
def test_a_network_asked_without_changes_gives_one_row() -> None:
    at = opened(ask="true", crop="false", flip="false")
    (chart,) = at.get("plotly_chart")
    dots = json.loads(chart.proto.spec)["data"][0]
    assert set(dots["y"]) == {"centre crop"}
