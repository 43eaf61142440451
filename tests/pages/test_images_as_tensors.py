"""The lesson on images as tensors: pixels, places, shuffle, shift, cost, exercises."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import samples
from cnnlab.exercises.images_as_tensors import questions
from cnnlab.ui.pixel_lab import taken
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "images_as_tensors.py"
NAME = "images_as_tensors"


def shown(at: AppTest) -> str:
    parts = [*at.markdown, *at.get("html"), *at.caption]
    return " ".join(element.value for element in parts)


def components(at: AppTest) -> tuple[dict, dict]:
    """Return the numbers that the browser gets, and what it is to show of them."""
    sent = sent_data(at)
    return next(s["pixels"] for s in sent if "pixels" in s), next(s for s in sent if "row" in s)


def visit(**query: str) -> AppTest:
    return run(PAGE, **{f"{NAME}_{name}": value for name, value in query.items()})


def test_the_browser_gets_the_exact_numbers() -> None:
    at = visit(side="32")
    pixels, view = components(at)
    want = samples.sample("cat").resize((32, 21), Image.Resampling.BOX)
    assert base64.b64decode(pixels["values"]) == want.tobytes()
    assert (pixels["height"], pixels["width"], pixels["channels"]) == (21, 32, 3)
    assert pixels["digest"] == view["digest"]
    assert (view["row"], view["column"]) == (20, 31)  # the usual place, inside this small picture


def test_moving_about_sends_no_numbers_again() -> None:
    at = visit()
    before = components(at)
    at.session_state[f"{NAME}_row"] = 100
    at.run()
    after = components(at)
    assert before[0] == after[0]
    assert after[1]["row"] == 100


def test_a_place_is_part_of_the_link() -> None:
    at = visit(row="12", column="40", across="9", channel="green", drawn="tinted")
    _, view = components(at)
    assert [view[name] for name in ("row", "column", "across", "channel")] == [12, 40, 9, 1]
    assert view["tinted"] is True


def test_the_places_are_those_of_numpy_and_torch() -> None:
    at = visit(row="12", column="40", side="64")
    x = np.asarray(samples.sample("cat").resize((64, 43), Image.Resampling.BOX))
    text = shown(at)
    assert "43 × 64 × 3" in text
    assert f"{x.size:,}" in text
    flat = torch.from_numpy(x.copy()).permute(2, 0, 1).contiguous().flatten()
    for channel in range(3):
        hwc = int(np.ravel_multi_index((12, 40, channel), x.shape))
        chw = (channel * 43 + 12) * 64 + 40
        assert flat[chw] == x[12, 40, channel]
        assert f'<td class="right">{hwc:,}</td>' in text
        assert f'<td class="right">{chw:,}</td>' in text
        assert f'<td class="right">{x[12, 40, channel]}</td>' in text
        assert f"{x[12, 40, channel] / 255:.4f}" in text


def test_a_grey_picture_has_one_channel() -> None:
    at = visit(colours="grey")
    assert components(at)[0]["channels"] == 1
    assert "170 × 256 × 1" in shown(at)
    keys = {group.key for group in at.get("button_group")}
    assert f"{NAME}_channel" not in keys
    assert f"{NAME}_drawn" not in keys


@pytest.mark.parametrize(
    ("sent", "want"),
    [
        ({"row": 5, "column": 7, "across": 11, "channel": 2}, (5, 7, 11, "blue")),
        ({"row": 5, "column": -3, "across": 9999, "channel": -1}, (5, 0, 256, "all")),
        ({"row": -1, "column": 8, "across": 0, "channel": 9}, (0, 8, 3, "blue")),
        ({"row": "5", "column": 0, "across": 9, "channel": 0}, ()),
        ({"row": 5}, ()),
        ([5, 7, 11, 2], ()),
        (None, ()),
    ],
)
def test_what_a_browser_sends_is_kept_within_bounds(sent: object, want: tuple) -> None:
    assert tuple(taken(sent).values()) == want


def test_shuffled_both_ways() -> None:
    at = visit(side="64", seed="7")
    text = shown(at)
    assert "4 of 4 outputs are exactly equal" in text
    # Unit 1 by another way: the flattened picture times the weights of seed 7.
    weight = np.random.default_rng(7).integers(-9, 10, (4, 43 * 64 * 3), dtype=np.int8)
    x = np.asarray(samples.sample("cat").resize((64, 43), Image.Resampling.BOX)).astype(int)
    for value in weight.astype(int) @ x.ravel():
        assert text.count(f">{value:,}<".replace("-", "−")) == 2


@pytest.mark.parametrize(
    ("direction", "step"),
    [("right", (0, 3)), ("left", (0, -3)), ("down", (3, 0)), ("up", (-3, 0))],
)
def test_shifted_in_every_direction(direction: str, step: tuple[int, int]) -> None:
    at = visit(direction=direction, by="3", fill="zeros")
    x = np.asarray(samples.sample("cat").resize((256, 170), Image.Resampling.BOX)).astype(int)
    moved = np.roll(x, step, axis=(0, 1))
    rows, columns = step
    blank = {"right": np.s_[:, :3], "left": np.s_[:, -3:], "down": np.s_[:3], "up": np.s_[-3:]}
    moved[blank[direction]] = 0
    text = shown(at)
    assert f"{np.count_nonzero(moved - x):,} of {x.size:,}" in text
    assert f"{rows} rows and {columns} columns".replace("-", "−") in text
    assert "**100\u202f%** have moved along" in text


def test_a_shift_that_leaves_nothing_is_said_in_a_sentence() -> None:
    at = visit(side="32", direction="down", by="32")
    (note,) = at.info
    assert "nothing of a picture of 21 × 32 pixels is left" in note.value


@pytest.mark.parametrize(
    ("example", "texts"),
    [
        ("256 × 256 photograph, 1,000 units", ["196,608", "196,608,000", "786.4 MB", "27,000"]),
        ("Digit of MNIST, 100 units", ["784", "78,400", "2,500"]),
        ("Input of ResNet, its 64 filters of 7 × 7", ["150,528", "9,633,792", "9,408"]),
    ],
)
def test_weights_of_a_dense_layer(example: str, texts: list[str]) -> None:
    at = visit()
    at.selectbox(key=f"{NAME}_cost_example").set_value(example).run()
    assert not at.exception
    assert at.selectbox(key=f"{NAME}_cost_example").value == example
    for text in texts:
        assert text in shown(at), text


def test_the_weights_are_torchs() -> None:
    query = {"height": "9", "width": "7", "channels": "2", "units": "5", "kernel": "3"}
    text = shown(visit(**{f"cost_{name}": value for name, value in query.items()}))
    dense, conv = torch.nn.Linear(9 * 7 * 2, 5), torch.nn.Conv2d(2, 5, 3, padding=1)
    assert f":orange[{dense.weight.numel():,}] weights" in text
    assert f'<td class="right">{conv.weight.numel()}</td>' in text
    assert f'<td class="right">{conv(torch.zeros(1, 2, 9, 7)).numel()}</td>' in text


def test_every_answer_is_right() -> None:
    x = np.arange(4 * 6 * 3).reshape(4, 6, 3)
    small = np.array([[0, 0, 3, 2], [1, 1, 0, 1], [4, 2, 1, 2], [0, 2, 1, 5]])
    left = np.pad(small, ((0, 0), (0, 1)))[:, 1:]
    chw = torch.from_numpy(x).permute(2, 0, 1).flatten().tolist()
    want = [
        np.zeros((480, 480, 3)).size,
        x[2, 3, 1],
        chw.index(x[2, 3, 1]),
        256 * 256 * 3 * 1000,
        int((left != small).sum()),
        "the fully connected one",
    ]
    asked = questions()
    assert [question.answer for question in asked] == want
    for question in asked:
        assert question.answer not in [slip for slip, _ in question.slips]
        assert len({slip for slip, _ in question.slips}) == len(question.slips)
