"""The lesson on drawing a digit: what the browser is told, and what if the weights are damaged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from cnnlab import digits
from cnnlab.digit_link import drawing_from_text
from cnnlab.exercises.draw_a_digit import questions
from cnnlab.lessons import LESSONS
from cnnlab.ui import digits_lab
from cnnlab.ui.server import ASSETS
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "draw_a_digit.py"


def sent(at: AppTest) -> dict:
    """Return what the page sends to the pad."""
    return next(entry for entry in sent_data(at) if "weights" in entry)


def test_the_browser_finds_each_tensor_in_the_file() -> None:
    weights = sent(run(PAGE))["weights"]
    path, _, version = weights["address"].removeprefix("/assets/").partition("?")
    content = (ASSETS / path).read_bytes()
    assert len(content) == weights["bytes"]
    assert digits.FACTS.sha256.startswith(version)
    for name, array in digits.read_weights().items():
        start, count = weights["tensors"][name]
        found = np.frombuffer(content, "<f4", count=count, offset=start)
        np.testing.assert_array_equal(found, array.ravel())


def test_all_sample_digits_are_there() -> None:
    data = sent(run(PAGE))
    assert data["start"] in data["samples"]
    for name in digits.SAMPLES:
        drawing = drawing_from_text(data["samples"][name])
        np.testing.assert_array_equal(drawing, np.asarray(digits.sample_digit(name)))


def test_what_is_sent_is_small() -> None:
    (message,) = (one for one in components(run(PAGE)) if '"weights"' in one.json)
    assert len(message.json) < 25_000  # the weights themselves come as a file


def test_the_links_of_the_map_mean_something() -> None:
    lesson = next(lesson for lesson in LESSONS if lesson.file == PAGE.name)
    names = sent(run(PAGE))["names"].values()
    assert {name for _, query in lesson.tries for name in query} <= set(names)


@pytest.mark.parametrize("content", [None, b"", b"PK\3\4 half a file"])
def test_a_damaged_file_is_one_sentence_and_the_page_goes_on(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits, "WEIGHTS", tmp_path / "lenet_digits.npz")
    if content is not None:
        digits.WEIGHTS.write_bytes(content)
    digits_lab.pad_data.cache_clear()
    at = run(PAGE)
    digits_lab.pad_data.cache_clear()
    (error,) = at.error
    assert error.value.startswith("The pad cannot work: the weights of the digit network are ")
    assert "python -m tools.train_digits" in error.value
    assert any("questions" in data for data in sent_data(at))


def test_accuracy_and_size_come_from_the_record() -> None:
    text = " ".join(element.value for element in run(PAGE).markdown)
    assert "431,080 parameters" in text
    assert "8,500 digits" in text
    assert f"reads {100 * digits.FACTS.accuracy:.1f}\u202f%" in text


def test_exercises() -> None:
    network = digits.build()
    by_name = dict(network.named_children())
    params, rows, most, sees = questions()
    assert params.answer == sum(p.numel() for p in by_name["conv1"].parameters())
    x = torch.zeros(1, 1, 28, 28)
    for name, module in by_name.items():
        x = module(x)
        if name == "pool2":
            break
    assert rows.answer == x.shape[2] == x.shape[3]
    counts = {name: sum(p.numel() for p in m.parameters()) for name, m in by_name.items()}
    assert most.answer == max(counts, key=counts.__getitem__)
    assert f"{100 * counts['fc1'] / sum(counts.values()):.0f} percent" in most.why
    convolutions = counts["conv1"] + counts["conv2"]
    assert round(100 * convolutions / sum(counts.values())) == 6
    assert sees.answer == 1 + 4 + 1 + 2 * 4 + 2  # tests/test_digit_stages.py asks the gradient
