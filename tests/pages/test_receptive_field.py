"""The lesson on receptive fields: links, examples, edits from the browser, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.lessons import LESSONS
from cnnlab.stacks import EXAMPLES
from cnnlab.ui import receptive_lab
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "receptive_field.py"
EXAMPLE, STACK, LAYER = (f"receptive_field_{name}" for name in ("example", "stack", "layer"))


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"receptive_field_{name}": value for name, value in query.items()})


def sent(at: AppTest) -> dict[str, Any]:
    """Return what the page sends to the browser."""
    (component,) = at.get("bidi_component")
    return json.loads(component.proto.json)


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html")])


def tell(at: AppTest, **news: Any) -> AppTest:
    """Let the page hear what the browser would send: its callbacks read and write the state."""
    told = {"receptive_field_view": news}

    class State:
        def __getitem__(self, key: str) -> Any:
            return told[key] if key in told else at.session_state[key]

        def __setitem__(self, key: str, value: Any) -> None:
            at.session_state[key] = value

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(receptive_lab.st, "session_state", State())
        hear = receptive_lab._take_edit if "edit" in news else receptive_lab._take_layer
        hear()
    at.run()
    assert not at.exception
    return at


def test_it_opens_with_three_small_kernels_at_the_last_layer() -> None:
    at = opened()
    data = sent(at)
    assert data["stack"] == "c3-c3-c3"
    assert (data["layer"], data["side"], data["problem"]) == (3, 32, "")
    assert [layer["size"] for layer in data["layers"]] == [3, 5, 7]
    assert at.selectbox(key=EXAMPLE).value == "Three 3 × 3"
    assert data["src"].startswith("data:image/png")
    assert data["alt"]


def test_a_link_names_an_example_and_a_layer() -> None:
    at = opened(stack="vgg16", layer="10")
    data = sent(at)
    assert (data["layer"], data["side"], len(data["layers"])) == (10, 224, 17)
    assert at.selectbox(key=EXAMPLE).value == "VGG-16 up to conv5_3"
    assert at.number_input(key=LAYER).value == 10
    assert "40 + (2 − 1) · 1 · 4" in shown(at)
    assert "196 × 196" in shown(at)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_works_from_the_list(name: str) -> None:
    at = opened(stack="vgg16", layer="12")
    at.selectbox(key=EXAMPLE).set_value(EXAMPLES[name].title).run()
    assert not at.exception
    assert at.error == []
    assert sent(at)["stack"] == EXAMPLES[name].stack
    assert EXAMPLES[name].notice in shown(at)
    assert len(at.get("image")) == 3


def test_another_example_is_shown_from_its_last_layer() -> None:
    at = opened()
    at.selectbox(key=EXAMPLE).set_value(EXAMPLES["alexnet"].title).run()
    assert sent(at)["layer"] == at.number_input(key=LAYER).value == 7
    at.selectbox(key=EXAMPLE).set_value(EXAMPLES["two"].title).run()
    assert sent(at)["layer"] == at.number_input(key=LAYER).value == 2
    assert at.warning == []


def test_the_stack_is_written_as_text() -> None:
    at = opened()
    at.text_input(key=STACK).set_value("c5-p2-c3d2").run()
    data = sent(at)
    assert at.selectbox(key=EXAMPLE).value == "Own stack"
    assert [layer["size"] for layer in data["layers"]] == [5, 6, 14]
    assert [layer["padding"] for layer in data["layers"]] == [None, None, None]
    assert data["layer"] == 3


def test_an_edit_in_the_browser_becomes_the_stack() -> None:
    at = opened(stack="three")
    tell(at, edit={"stack": "c3-p2-c3-c3", "layer": 2})
    assert at.text_input(key=STACK).value == "c3-p2-c3-c3"
    data = sent(at)
    assert (data["stack"], data["layer"]) == ("c3-p2-c3-c3", 2)
    assert at.number_input(key=LAYER).value == 2
    tell(at, edit={"stack": "c3", "layer": 1})
    assert sent(at)["layer"] == at.number_input(key=LAYER).value == 1


def test_resting_at_a_layer_shows_its_derivation() -> None:
    at = tell(opened(stack="alexnet"), layer=3)
    assert sent(at)["layer"] == at.number_input(key=LAYER).value == 3
    assert "19 + (5 − 1) · 1 · 8" in shown(at)


@pytest.mark.parametrize(
    "news",
    [
        {"edit": "c3"},
        {"edit": {"stack": "junk", "layer": 1}},
        {"edit": {"stack": 3, "layer": 1}},
        {"edit": None},
        {"layer": 99},
        {"layer": "2"},
        {"layer": None},
    ],
)
def test_what_is_no_edit_changes_nothing(news: dict[str, Any]) -> None:
    at = opened(stack="three")
    before = sent(at)
    assert sent(tell(at, **news)) == before


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ("junk", "layer 1, “junk”, is no layer"),
        ("c3-" * 100, "a stack has at most 20 layers"),
        ("c99", "the kernel must be from 1 to 15, got 99"),
        ("<script>", "is no layer"),
    ],
)
def test_a_text_that_is_no_stack_is_said_in_one_sentence(stack: str, words: str) -> None:
    at = opened(stack=stack)
    (error,) = at.error
    assert words in error.value
    at.selectbox(key=EXAMPLE).set_value(EXAMPLES["two"].title).run()  # the way out
    assert at.error == []
    assert sent(at)["stack"] == "c3-c3"


@pytest.mark.parametrize("layer", ["0", "18", "x", "", "-1", "9" * 30, "²"])
def test_a_layer_that_is_not_there_is_the_last(layer: str) -> None:
    at = opened(stack="vgg16", layer=layer)
    assert sent(at)["layer"] == at.number_input(key=LAYER).value == 17


def test_a_stack_that_swallows_the_picture_stays_editable() -> None:
    at = opened(stack="-".join(["p2"] * 6), size="32")
    data = sent(at)
    assert data["problem"].startswith("The input is too small. Layer 6: a window of 2")
    assert data["bad"] == 5
    assert len(data["layers"]) == 6
    assert at.error == []


def test_a_field_too_large_to_draw_is_said() -> None:
    at = opened(stack="-".join(["c3s4"] * 20))
    (info,) = at.info
    assert "too large to count its paths" in info.value


def test_small_kernels_for_other_channels() -> None:
    assert all(text in shown(opened()) for text in ("102,400", "73,728", "200,704", "110,592"))
    at = opened(channels="512")
    assert "12,845,056" in shown(at)
    assert "7,077,888" in shown(at)
    assert "45% fewer" in shown(at)


@pytest.mark.parametrize(("size", "out"), [("32", 2), ("64", 4), ("128", 8), ("224", 14)])
def test_the_table_is_for_the_chosen_input(size: str, out: int) -> None:
    at = opened(stack="vgg16", size=size)
    assert sent(at)["layers"][-1]["out"] == out
    assert f"{out} × {out}" in shown(at)


@pytest.mark.parametrize("name", [x.title for x in LESSONS if x.file == PAGE.name])
def test_things_to_try_open(name: str) -> None:
    lesson = next(lesson for lesson in LESSONS if lesson.title == name)
    for _, query in lesson.tries:
        at = run(PAGE, **query)
        assert sent(at)["stack"] == EXAMPLES[query[STACK]].stack
