"""The lesson that moves a picture: stage, curves, shifted maps, links, own pictures."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cnnlab import compute, digits, loading, moving, pretrained
from cnnlab.lessons import LESSONS
from cnnlab.moves import KINDS, LIMITS, Move, series
from cnnlab.samples import sample
from cnnlab.ui import moving_lab
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run
from tests.real_weights import needs_weights
from tests.test_features import n_hooks

PAGE = Path(__file__).resolve().parents[2] / "pages" / "move_the_picture.py"
DIGIT = {"network": "lenet_digits", "digit": "digit-6-2", "fill": "black"}


@pytest.fixture(autouse=True)
def _fresh_queue() -> Iterator[None]:
    yield
    compute.shutdown()
    loading.forget()


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"move_the_picture_{name}": value for name, value in query.items()})


def sent(at: AppTest, part: str) -> dict[str, Any]:
    """Return what the page sends to the stage, to the curves or to the quiz."""
    has = {"stage": "answer", "curves": "shares", "quiz": "questions"}[part]
    (data,) = [data for data in sent_data(at) if has in data]
    return data


def parts(at: AppTest) -> int:
    return len(components(at))


def html(at: AppTest) -> str:
    return " ".join(element.value for element in at.get("html"))


def tell(at: AppTest, move: object) -> AppTest:
    """Let the page hear what the browser would send: its callback reads and writes the state."""
    told = {"move_the_picture_stage": {"move": move}}

    class State:
        def __getitem__(self, key: str) -> Any:
            return told[key] if key in told else at.session_state[key]

        def __setitem__(self, key: str, value: Any) -> None:
            at.session_state[key] = value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving_lab.st, "session_state", State())
        moving_lab._take_move()
    at.run()
    assert not at.exception
    return at


def of_the_six(moves: list[Move], **settings: Any) -> moving.Followed:
    six = digits.preprocess(digits.sample_digit("digit-6-2"))
    return moving.follow(digits.load(), six, moves, fill=torch.zeros(1), **settings)


# The stage -------------------------------------------------------------------------------------


def test_it_opens_with_the_picture_as_it_was_and_the_plain_answer() -> None:
    at = opened()
    data = sent(at, "stage")
    name = at.selectbox(key="move_the_picture_network").value
    best = pretrained.classify(sample("cat"), name, k=5)
    assert [row["name"].split(" (")[0] for row in data["answer"]["guesses"]] == [
        guess.category for guess in best
    ]
    shares = [row["share"] for row in data["answer"]["guesses"]]
    assert shares == [pytest.approx(guess.probability, abs=1e-6) for guess in best]
    assert data["move"] == {"right": 0, "down": 0, "scale": 1, "angle": 0}
    assert data["answer"]["guesses"][0]["was"] == shares[0]
    assert data["src"] == data["answer"]["got"]
    assert data["fill"] == "rgb(124, 116, 104)"
    assert (data["width"], data["height"], data["echo"]) == (224, 224, 0)
    assert not at.error


def test_a_link_moves_the_picture_and_the_answer_follows() -> None:
    at = opened(**DIGIT, right="-1", down="2", scale="1.1", angle="135")
    move = Move(right=-1, down=2, scale=1.1, angle=135)
    data, found = sent(at, "stage"), of_the_six([move])
    assert data["move"] == data["answer"]["move"] == dict(right=-1, down=2, scale=1.1, angle=135)
    best = int(found.guesses[0])
    assert data["answer"]["head"].startswith(f"{best}, ")
    shown = {row["name"]: row["share"] for row in data["answer"]["guesses"]}
    assert len(shown) in (5, 6)
    for name, share in shown.items():
        assert share == pytest.approx(float(found.probabilities[0, int(name)]), abs=1e-5)
    (watched,) = [row for row in data["answer"]["guesses"] if row["watched"]]
    assert watched["name"] == "6"
    assert watched["was"] == pytest.approx(float(found.original[6]), abs=1e-6)
    assert (data["width"], data["fill"]) == (28, "rgb(0, 0, 0)")


def test_any_class_can_be_watched() -> None:
    at = opened(**DIGIT, angle="180", **{"class": "9"})
    assert [row["name"] for row in sent(at, "stage")["answer"]["guesses"] if row["watched"]] == [
        "9"
    ]
    assert sent(at, "curves")["watched"] == "9"


def test_what_the_browser_sends_becomes_the_place_and_the_link() -> None:
    at = tell(opened(**DIGIT), {"right": 3, "down": -2, "scale": 1.25, "angle": 30, "count": 4})
    data = sent(at, "stage")
    assert data["move"] == {"right": 3, "down": -2, "scale": 1.25, "angle": 30}
    assert data["echo"] == 4
    numbers = [at.number_input(key=f"move_the_picture_{name}").value for name in LIMITS]
    assert numbers == [3, -2, 1.25, 30]


@pytest.mark.parametrize(
    "junk",
    [
        None,
        "x",
        {"right": 1},
        {"right": "1", "down": 0, "scale": 1, "angle": 0, "count": 1},
        {"right": True, "down": 0, "scale": 1, "angle": 0, "count": 1},
        {"right": 1e9, "down": 0, "scale": 1, "angle": 0, "count": 1},
        {"right": 1, "down": 0, "scale": 0, "angle": 0, "count": 1},
        {"right": 1, "down": 0, "scale": float("nan"), "angle": 0, "count": 1},
    ],
)
def test_what_is_no_place_is_not_taken(junk: object) -> None:
    at = tell(opened(**DIGIT, angle="90"), junk)
    assert sent(at, "stage")["move"] == {"right": 0, "down": 0, "scale": 1, "angle": 90}


def test_a_whole_turn_is_none() -> None:
    data = sent(opened(**DIGIT, angle="360"), "stage")
    assert data["move"]["angle"] == 0
    assert data["answer"]["got"] == data["src"]


@pytest.mark.parametrize("fill", ["mean grey", "black", "edge"])
def test_the_fill_is_what_the_network_gets(fill: str) -> None:
    plain, moved = opened(fill=fill), opened(fill=fill, right="100")
    assert sent(plain, "stage")["src"] == sent(moved, "stage")["src"]
    assert sent(plain, "stage")["answer"]["got"] != sent(moved, "stage")["answer"]["got"]
    colour = {"mean grey": "rgb(124, 116, 104)", "black": "rgb(0, 0, 0)", "edge": "edge"}
    assert sent(moved, "stage")["fill"] == colour[fill]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, junk) for name in LIMITS for junk in ("9999", "nan", "x", "")),
        *(
            (name, "zzz")
            for name in ("fill", "curve", "layer", "shallow", "last", "digit", "class")
        ),
    ],
)
def test_a_setting_that_is_none_is_the_usual_one(name: str, value: str) -> None:
    at = opened(**{**DIGIT, name: value})
    assert not at.error
    assert sent(at, "stage")["move"] == {"right": 0, "down": 0, "scale": 1, "angle": 0}
    assert sent(at, "curves")["number"] == "angle"


def test_what_changes_the_first_guess_alone_is_found() -> None:
    assert "✓" not in html(opened(**DIGIT))
    assert "✓ found: a turn" in html(opened(**DIGIT, angle="135"))
    both = html(opened(**DIGIT, angle="135", right="1"))  # a turn and a shift
    assert "✓" not in both
    at = opened(network="lenet_digits", digit="digit-7-1", right="-1")
    assert "✓ found: a shift" in html(at)
    at.number_input(key="move_the_picture_right").set_value(0).run()
    assert "✓ found: a shift" in html(at)  # it stays found
    at.selectbox(key="move_the_picture_digit").set_value("digit-7-2").run()
    assert "✓" not in html(at)  # but for this picture


# The curves ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_curves_are_those_of_the_core(kind: str) -> None:
    at = opened(**DIGIT, curve=kind)
    data = sent(at, "curves")
    moves = series(kind, 28)
    layers = ["relu1", "relu2", "input of fc2"]
    found = of_the_six(moves, layers=layers)
    assert data["values"] == [getattr(move, KINDS[kind]) for move in moves]
    np.testing.assert_allclose(data["shares"], found.probabilities[:, 6], atol=1e-6)
    assert data["guesses"] == [str(guess) for guess in found.guesses]
    assert [layer["name"] for layer in data["layers"]] == layers
    distances = np.array([layer["distances"] for layer in data["layers"]]).T
    np.testing.assert_allclose(distances, found.relative, rtol=1e-4, atol=1e-6)
    assert len(data["thumbs"]) == len(data["names"]) == len(moves)
    assert all(thumb.startswith("data:image/png") for thumb in data["thumbs"])
    assert not [button for button in at.button if "compute" in (button.key or "")]


def test_other_layers_can_be_followed() -> None:
    at = opened(**DIGIT, shallow="conv1", middle="pool1", last="pool2")
    data = sent(at, "curves")
    assert [layer["name"] for layer in data["layers"]] == ["conv1", "pool1", "pool2"]
    found = of_the_six(series("rotation", 28), layers=["conv1", "pool1", "pool2"])
    np.testing.assert_allclose(data["layers"][1]["distances"], found.relative[:, 1], rtol=1e-4)


def test_dragging_computes_no_curve_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    follow = moving.follow
    monkeypatch.setattr(moving, "follow", lambda *a, **k: asked.append(1) or follow(*a, **k))
    at = opened(**DIGIT)
    before = len(asked)  # the curve, and the exercises
    first = sent(at, "curves")
    tell(at, {"right": 5, "down": 0, "scale": 1, "angle": 0, "count": 1})
    second = sent(at, "curves")
    assert len(asked) == before
    assert second.pop("move") != first.pop("move")
    assert second == first


def photograph() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((60, 50), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


def test_the_curve_of_an_own_picture_waits_for_a_button_and_is_not_shared() -> None:
    at = opened(network="lenet_digits", picture="Upload")
    assert parts(at) == 0
    at.file_uploader[0].upload("mine.png", photograph()).run()
    assert not at.exception
    assert parts(at) == 2  # the stage and the exercises, no curves
    labels = {button.key: button.label for button in at.button}
    assert labels["move_the_picture_compute_curve"] == (
        "Compute the curve: 25 pictures, about 1 second"
    )
    assert "Compare: 4 pictures" in labels["move_the_picture_compute_shift"]
    at.button(key="move_the_picture_compute_curve").click().run()
    assert len(sent(at, "curves")["shares"]) == 25
    at.number_input(key="move_the_picture_right").set_value(2).run()
    assert len(sent(at, "curves")["shares"]) == 25  # asked once for this picture
    at.button(key="move_the_picture_compute_shift").click().run()
    assert "shifted-maps" in html(at)
    digest = at.session_state["own_picture"][1].digest
    queue = compute.shared_queue()
    assert queue._done  # what belongs to nobody: layers, exercises
    assert not [key for key in queue._done._values if digest in repr(key)]


def test_a_slow_network_asks_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_lab, "_QUICK", 0.0)
    at = opened(**DIGIT)
    assert parts(at) == 2
    at.button(key="move_the_picture_compute_curve").click().run()
    assert len(sent(at, "curves")["shares"]) == 25


# Shifted maps ----------------------------------------------------------------------------------


def test_shifted_maps_agree_after_a_stride() -> None:
    text = html(opened(**DIGIT))
    assert text.count('alt="Difference in each cell after a shift by') == 3
    assert "4 px, the stride" in text
    assert "Each cell of pool2 (4 × 4, stride 4)" in text
    assert "&lt; 0.01\u202f% away on average in the 12 cells inside the white line" in text
    other = html(opened(**DIGIT, layer="conv1"))
    assert "Each cell of conv1 (24 × 24, stride 1)" in other
    assert other.count('alt="Difference in each cell after a shift by') == 1


def test_a_network_without_its_weights_has_curves_that_say_what_they_mean() -> None:
    at = opened(network="mobilenet_v3_small")
    assert "are not on this computer yet" in at.info[0].value
    assert [layer["name"] for layer in sent(at, "curves")["layers"]] == [
        "features.0",
        "features.3",
        "input of classifier.3",
    ]
    captions = [caption.value for caption in at.caption]
    assert any(text.startswith("With random numbers the class means nothing") for text in captions)
    assert "squeeze-and-excitation" in " ".join(text.value for text in at.markdown)


# Everything else -------------------------------------------------------------------------------


def test_the_shared_network_is_as_before() -> None:
    model = loading.load("lenet_digits")

    def numbers() -> str:
        state = model.state_dict()
        return hashlib.sha256(b"".join(state[key].numpy().tobytes() for key in state)).hexdigest()

    before = numbers()
    at = opened(**DIGIT, angle="75", curve="scale")
    tell(at, {"right": 5, "down": 0, "scale": 1, "angle": 0, "count": 1})
    assert loading.load("lenet_digits") is model
    assert (numbers(), n_hooks(model)) == (before, 0)


@needs_weights("squeezenet1_0")
def test_the_cat_upside_down_is_a_lynx() -> None:
    at = opened(angle="180")
    assert sent(at, "stage")["answer"]["head"].startswith("lynx, ")
    assert "Each cell of features (13 × 13, stride 16)" in html(at)
    assert "in the 20 cells inside the white line" in html(at)


def test_each_thing_to_try_shows_what_it_promises() -> None:
    (lesson,) = [lesson for lesson in LESSONS if lesson.file == PAGE.name]
    heads = {}
    for label, query in lesson.tries:
        at = run(PAGE, **query)
        assert not at.error
        heads[label] = sent(at, "stage")["answer"]["head"]
    assert heads["Turn a 6 into a 9"].startswith("9, ")
    assert heads["A 7, one pixel to the left"].startswith("4, ")


def test_the_code_is_that_of_the_functions() -> None:
    at = opened(**DIGIT, code="true")
    assert [code.value.split("(")[0] for code in at.code] == [
        "def moved",
        "def follow",
        "def shift_test",
    ]


def test_the_lecture_view_has_no_tasks_and_no_exercises() -> None:
    at = run(PAGE, lecture="true", **{f"move_the_picture_{k}": v for k, v in DIGIT.items()})
    assert "changes the first guess" not in html(at)
    assert parts(at) == 2
