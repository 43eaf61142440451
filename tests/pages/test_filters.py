"""The lesson on filters: what is sent to the browser, own kernels, two passes, learned filters."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from streamlit.testing.v1 import AppTest

from cnnlab import images, samples
from cnnlab.exercises.filters import questions
from cnnlab.lessons import LESSONS
from cnnlab.ui import filters_lab
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import ROOT, SHELL, run

PAGE = ROOT / "pages" / "filters.py"


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"filters_{name}": value for name, value in query.items()})


def sent(at: AppTest, part: str = "view") -> dict[str, Any]:
    """Return what the page sends to the browser for the view, or for the camera."""
    mark = {"view": "shading", "live": "title", "quiz": "questions"}[part]
    (data,) = [data for data in sent_data(at) if mark in data]
    return data


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html")])


def cat() -> np.ndarray:
    return np.asarray(samples.sample("cat").convert("L"), dtype=float)


def drawn(data: dict[str, Any]) -> np.ndarray:
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(data["out"].split(",")[1]))), dtype=float
    )


def test_at_first_it_finds_the_edges_of_a_cat() -> None:
    at = opened()
    data = sent(at)
    assert data["filter"]["combine"] == "magnitude"
    gx, gy = (ndimage.sobel(cat(), axis=axis, mode="mirror") for axis in (1, 0))
    edges = np.hypot(gx, gy)
    want = 255 * edges / edges.max()
    assert np.abs(drawn(data) - want).mean() < 3  # JPEG
    assert data["shading"] == {"kind": "absolute", "black": 0, "white": pytest.approx(edges.max())}
    row, column = data["start"]
    assert edges[row, column] == edges[75:225, 112:339].max()
    assert f"to **{edges.max():.2f}**" in shown(at)


@pytest.mark.parametrize(
    ("rule", "shading"),
    [
        ("usual", {"kind": "grey", "black": -1, "white": 1}),
        ("0 is grey", {"kind": "grey", "black": -1, "white": 1}),
        ("blue and orange", {"kind": "colours", "black": -1, "white": 1}),
        ("absolute", {"kind": "absolute", "black": 0, "white": 1}),
        ("clipped", {"kind": "grey", "black": 0, "white": 255}),
    ],
)
def test_signed_numbers_are_drawn_as_chosen_and_the_range_is_printed(
    rule: str, shading: dict[str, Any]
) -> None:
    at = opened(filter="Laplacian", shown=rule)
    found = ndimage.laplace(cat(), mode="mirror")
    most = float(np.abs(found).max())
    scale = 1 if rule == "clipped" else most
    data = sent(at)["shading"]
    assert data["kind"] == shading["kind"]
    assert data["black"] == shading["black"] * scale
    assert data["white"] == shading["white"] * scale
    low, high = (f"{number:.0f}".replace("-", "−") for number in (found.min(), found.max()))
    assert f"from **{low}** to **{high}**" in shown(at)


def test_a_blur_is_drawn_as_a_photograph() -> None:
    data = sent(opened(filter="Gaussian blur", size="5"))
    assert data["rule"] == "clipped"
    assert data["filter"]["divisor"] == 256
    line = np.array([1, 4, 6, 4, 1]) / 16
    want = ndimage.correlate(cat(), np.outer(line, line), mode="mirror")
    assert np.abs(drawn(data) - want).mean() < 2  # JPEG


@pytest.mark.parametrize("border", ["mirror", "repeat the edge", "zeros"])
def test_the_border_is_chosen(border: str) -> None:
    data = sent(opened(filter="box blur", size="7", border=border))
    assert data["filter"]["border"] == border
    assert (drawn(data)[0].mean() < 90) == (border == "zeros")


@pytest.mark.parametrize("channels", filters_lab.CHANNELS)
def test_channels_are_filtered_apart(channels: str) -> None:
    at = opened(filter="sharpen", channels=channels)
    data = sent(at)
    rgb = images.to_array(samples.sample("cat"))
    planes = {
        "grey": cat()[None],
        "colour": rgb,
        **{name: rgb[i : i + 1] for i, name in enumerate(("red", "green", "blue"))},
    }[channels]
    low = min((plane - ndimage.laplace(plane, mode="mirror")).min() for plane in planes)
    assert f"from **−{-low:.0f}**" in shown(at)
    want = ["red", "green", "blue"] if channels == "colour" else [channels]
    assert data["channels"] == want
    blobs = [dict(message.mixed.arrow_blobs) for message in components(at)]
    (blob,) = [blob.data for found in blobs for blob in found.values()]
    assert planes.astype(np.uint8).tobytes() in blob  # the exact pixels, once


def test_grey_is_pillows_luma_to_within_rounding() -> None:
    exact = images.to_array(samples.sample("coffee"), channels="grey")[0]
    pillow = np.asarray(samples.sample("coffee").convert("L"), dtype=float)
    assert np.abs(exact - pillow).max() <= 0.501
    assert "0.299 R + 0.587 G + 0.114 B" in shown(opened())


@pytest.mark.parametrize("query", [{"part": "angle"}, {"part": "x", "shown": "blue and orange"}])
def test_what_one_channel_only_can_show_is_said(query: dict[str, str]) -> None:
    at = opened(channels="colour", **query)
    (error,) = at.error
    assert "can show one channel only" in error.value
    at.button_group(key="filters_channels").set_value("grey").run()
    assert at.error == []
    assert sent(at)["width"] == 451


def test_the_own_kernel_is_part_of_the_link() -> None:
    at = opened(filter="own kernel", kernel="1 2 1\n0 0 0\n-1 -2 -1", divisor="4", bias="128")
    found = sent(at)["filter"]
    assert found["kernels"] == [[[1, 2, 1], [0, 0, 0], [-1, -2, -1]]]
    assert (found["divisor"], found["bias"]) == (4, 128)
    want = ndimage.correlate(cat(), np.array(found["kernels"][0]), mode="mirror") / 4 + 128
    assert f"from **{want.min():g}** to **{want.max():g}**" in shown(at)
    assert "**Separable:**" in shown(at)


@pytest.mark.parametrize("name", filters_lab.PRESETS)
def test_a_preset_fills_the_fields(name: str) -> None:
    found = filters_lab.PRESETS[name]
    at = opened(filter="own kernel", kernel="9", divisor="2")
    box = at.selectbox(key="filters_example")
    assert box.value == "what is typed below"
    box.set_value(name).run()
    assert at.error == []
    assert sent(at)["filter"]["kernels"] == [found.kernel.tolist()]
    assert sent(at)["filter"]["divisor"] == found.divisor
    assert at.selectbox(key="filters_example").value == name


HOSTILE = ["", "   ", "words", "NaN", "1e300", "inf", "1 2; 3 4", "1;" * 9, "<b>1</b>", "é" * 500]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("field", ["kernel", "divisor", "bias"])
def test_whatever_is_typed_is_refused_in_place(field: str, text: str) -> None:
    at = opened(filter="own kernel")
    widget = at.text_area if field == "kernel" else at.text_input
    widget(key=f"filters_{field}").set_value(text).run()
    assert not at.exception
    (error,) = at.error
    assert error.value.startswith("This cannot be used: ")
    assert len(error.value) < 180
    assert sent(at, "quiz")["questions"]  # the rest of the page stays
    widget(key=f"filters_{field}").set_value("2").run()  # the way out
    assert at.error == []


def test_two_passes_are_shown_where_they_will_do() -> None:
    at = opened(part="x")
    assert "Two passes take 6 products a pixel instead of 9" in shown(at)
    assert "pictures: **0**" in shown(at)
    at = opened(filter="Gaussian blur", size="7")
    assert "Two passes take 14 products a pixel instead of 49" in shown(at)
    at = opened(filter="sharpen")
    assert "its rank is 2" in shown(at)
    assert "2 · 6 = 12 products" in shown(at)
    at = opened(filter="Gabor")
    assert "which is rounding" in shown(at)
    at = opened(filter="own kernel", kernel="0 0 0")
    assert "its rank is 0" in shown(at)


def test_the_bank_of_gabor_filters_has_eight_directions() -> None:
    at = opened(filter="Gabor", wavelength="6", direction="45°", sample="brick")
    assert sent(at)["outputTitle"] == "Output: Gabor 45°"
    (bank,) = [html.value for html in at.get("html") if "Gabor filter, wave" in html.value]
    assert bank.count("<img") == 16
    assert "157.5°" in bank


def test_the_camera_gets_the_same_filter() -> None:
    at = opened(filter="Scharr", part="angle")
    assert sent(at, "live")["filter"] == sent(at)["filter"]
    assert sent(at, "live")["rule"] == "angle"


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (5, 2)])
def test_tiny_pictures(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Image.new("RGB", size, (10, 20, 30))
    sample = samples.SAMPLES["cat"]
    picture = filters_lab.Picture(tiny, sample.title, sample.alt, "d")
    for name in ("Gaussian blur", "Sobel", "sharpen"):
        kind = (filters_lab.binomial(7),) if name == "Gaussian blur" else None
        parts = kind or (filters_lab.classic("sharpen"),)
        setting = filters_lab.Setting(parts, "sum", picture, "colour", "mirror", "usual", None)  # type: ignore[arg-type]
        values, _ = setting.answers()
        np.testing.assert_allclose(values[:, 0, 0], [10, 20, 30])


def test_learned_filters_are_those_of_the_network() -> None:
    at = opened(learned="true", network="squeezenet1_0", number="5")
    assert at.number_input(key="filters_number").value == 5
    assert at.number_input(key="filters_number").max == 96
    text = shown(at)
    assert "Nobody chose these 96 filters" in text
    assert "7 × 7 pixels, 3 channels (layer `features.0`, stride 2)" in text
    (wall,) = [html.value for html in at.get("html") if "Learned filter" in html.value]
    assert wall.count("<img") == 192


def test_absent_weights_are_said_in_one_sentence_and_the_exercises_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    at = opened(learned="true")
    assert at.error == []
    assert "are not on this computer yet" in at.info[0].value
    assert sent(at, "quiz")["questions"]
    assert sent(at)["width"] == 451


def test_torch_is_loaded_only_when_the_learned_filters_are_opened() -> None:
    code = f"""
import sys
from streamlit.testing.v1 import AppTest
at = AppTest.from_file({str(SHELL)!r}, default_timeout=60).run()
at.switch_page({str(PAGE)!r})
at.run()
assert not at.exception, at.exception
assert at.title[0].value == "Filters"
print(sorted({{"torch", "torchvision", "scipy", "skimage"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "query", [query for x in LESSONS if x.file == PAGE.name for _, query in x.tries]
)
def test_things_to_try_open(query: dict[str, str]) -> None:
    at = run(PAGE, **query)
    assert at.error == []
    wanted = query.get("filters_filter", "Sobel").split()[0]
    assert sent(at)["outputTitle"].startswith(f"Output: {wanted}")


def test_answers_of_the_exercises() -> None:
    flat, edge, passes, separable = questions()
    plus = [[0, 0.2, 0], [0.2, 0.4, 0.2], [0, 0.2, 0]]
    assert flat.answer == pytest.approx(ndimage.correlate(np.full((5, 5), 10.0), plus)[2, 2])
    steps = np.repeat([[0.0, 0, 100, 100]], 5, axis=0)
    assert edge.answer == ndimage.sobel(steps, axis=1)[2, 2]
    assert passes.answer == 14
    from cnnlab.kernels import kernel

    ranks = {name: np.linalg.matrix_rank(kernel(name)) for name in separable.options}
    assert [name for name, rank in ranks.items() if rank == 1] == [separable.answer]
    assert {name for name, _ in separable.slips} == set(separable.options) - {separable.answer}
