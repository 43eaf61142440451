"""The lesson on receptive fields: links, examples, edits from the browser, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.lessons import LESSONS
from cnnlab.stacks import EXAMPLES
from cnnlab.ui import receptive_lab
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "receptive_field.py"
EXAMPLE, STACK, LAYER, OTHER, OTHER_LAYER = (
    f"receptive_field_{name}" for name in ("example", "stack", "layer", "other", "other_layer")
)


def opened(**query: str) -> AppTest:
    return run(PAGE, **{f"receptive_field_{name}": value for name, value in query.items()})


def sent(at: AppTest) -> dict[str, Any]:
    """Return what the page sends to the browser."""
    (data,) = sent_data(at)
    return data


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
    at = opened(stack="vgg16", layer="pool3")
    data = sent(at)
    assert (data["layer"], data["side"], len(data["layers"])) == (10, 224, 18)
    assert at.selectbox(key=EXAMPLE).value == "VGG-16"
    assert at.selectbox(key=LAYER).value == "pool3"
    assert at.info == []
    assert "40 + (2 − 1) · 1 · 4" in shown(at)
    assert "196 × 196" in shown(at)


@pytest.mark.parametrize(
    ("layer", "name"),
    [("conv4", "conv4_3"), ("conv4_2", "conv4_2"), ("13", "conv4_3"), ("1", "conv1_1")],
)
def test_a_link_may_name_a_stage_or_a_number(layer: str, name: str) -> None:
    at = opened(stack="vgg16", layer=layer)
    assert at.selectbox(key=LAYER).value == name
    assert sent(at)["layers"][sent(at)["layer"] - 1]["name"] == name
    assert sent(at)["link"] == {LAYER: name}
    assert at.info == []


def test_layers_of_an_own_stack_are_numbered() -> None:
    at = opened(stack="c3-p2-c5", layer="layer 2")
    assert at.selectbox(key=LAYER).options == ["layer 1", "layer 2", "layer 3"]
    assert (sent(at)["layer"], sent(at)["named"]) == (2, False)


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
    assert (sent(at)["layer"], at.selectbox(key=LAYER).value) == (8, "pool5")
    at.selectbox(key=EXAMPLE).set_value(EXAMPLES["two"].title).run()
    assert (sent(at)["layer"], at.selectbox(key=LAYER).value) == (2, "layer 2")
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
    assert at.selectbox(key=LAYER).value == "layer 2"
    tell(at, edit={"stack": "c3", "layer": 1})
    assert (sent(at)["layer"], at.selectbox(key=LAYER).value) == (1, "layer 1")


def test_resting_at_a_layer_shows_its_derivation() -> None:
    at = tell(opened(stack="alexnet"), layer=3)
    assert (sent(at)["layer"], at.selectbox(key=LAYER).value) == (3, "conv2")
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
        ("c3-" * 100, "a stack has at most 60 layers"),
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


@pytest.mark.parametrize("layer", ["0", "19", "x", "-1", "9" * 30, "²", "conv6", "c", "<b>"])
def test_a_layer_that_is_not_there_is_the_last_and_that_is_said(layer: str) -> None:
    at = opened(stack="vgg16", layer=layer)
    assert (sent(at)["layer"], at.selectbox(key=LAYER).value) == (18, "pool5")
    (info,) = at.info
    assert "which is not in this stack: here is its last one." in info.value
    at.run()
    assert at.info == []  # only where the visit begins


def test_a_layer_chosen_after_a_link_stays_chosen() -> None:
    at = opened(stack="vgg16", layer="conv4")
    at.selectbox(key=LAYER).set_value("conv1_2").run()
    assert sent(at)["layer"] == 2
    assert at.run().selectbox(key=LAYER).value == "conv1_2"


# Two stacks ----------------------------------------------------------------------------------

BOTH = {"stack": "vgg16", "layer": "conv4_3", "other": "ResNet-50", "other_layer": "conv4_6"}


def test_one_link_shows_two_networks() -> None:
    at = opened(**BOTH)
    data = sent(at)
    assert (data["layers"][data["layer"] - 1]["size"], data["side"]) == (92, 224)
    other = data["other"]
    assert other["title"] == "ResNet-50, conv4_6c"
    assert [other[name] for name in ("size", "jump", "start", "out", "layer")] == [
        *(267, 16, -133, 14, 41)
    ]
    assert "2.9 times as wide as one of VGG-16, conv4_3" in other["difference"]
    assert data["link"] == {LAYER: "conv4_3", OTHER_LAYER: "conv4_6c"}
    assert "shortcut, which skips these convolutions and so sees less" in shown(at)


def test_the_difference_is_there_in_the_lecture_view_too() -> None:
    query = {f"receptive_field_{name}": value for name, value in BOTH.items()}
    at = run(PAGE, lecture="true", **query)
    assert sent(at)["other"]["difference"].startswith("One cell of ResNet-50")


def test_without_a_second_stack_there_is_none() -> None:
    at = opened(stack="vgg16")
    assert sent(at)["other"] is None
    assert OTHER_LAYER not in [box.key for box in at.selectbox]


def test_the_second_stack_opens_at_the_same_stage() -> None:
    at = opened(stack="vgg16", layer="conv3_2")
    at.selectbox(key=OTHER).set_value("ResNet-18").run()
    assert at.selectbox(key=OTHER_LAYER).value == "conv3_2b"
    at.selectbox(key=OTHER).set_value("LeNet-5").run()
    assert at.selectbox(key=OTHER_LAYER).value == "C5"


@pytest.mark.parametrize(("text", "size"), [("resnet18", 435), ("c3-p2-c3", 8), ("c5-c5d2", 13)])
def test_the_second_stack_may_be_a_text(text: str, size: int) -> None:
    assert sent(opened(other=text))["other"]["size"] == size


def test_a_second_stack_that_is_none_is_said() -> None:
    at = opened(other="junk", other_layer="junk")
    (error,) = at.error
    assert error.value.startswith("Nothing to compare with: layer 1, “junk”, is no layer")
    assert sent(at)["other"] is None


def test_a_second_stack_that_finds_no_room_is_said() -> None:
    at = opened(other="-".join(["p2"] * 6), size="32")
    (warning,) = at.warning
    assert "too small for the stack to compare with. layer 6: a window of 2" in warning.value
    assert sent(at)["other"] is None


def test_a_link_to_another_stack_leaves_the_comparison_behind() -> None:
    at = opened(**BOTH)
    at.switch_page(str(PAGE.with_name("home.py")))
    at.query_params.clear()
    at.run()
    at.switch_page(str(PAGE))
    at.query_params[STACK] = "dilated"
    at.run()
    assert not at.exception
    assert (sent(at)["stack"], sent(at)["layer"]) == (EXAMPLES["dilated"].stack, 4)
    assert sent(at)["other"] is None


def test_the_largest_stack_is_shown() -> None:
    data = sent(opened(stack="-".join(["c15s4p120d16"] * 60), layer="layer 1"))
    assert (data["problem"], len(data["layers"]), data["layer"]) == ("", 60, 1)
    assert data["layers"][-1]["jump"] == 4**60


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


@pytest.mark.parametrize(("size", "out"), [("32", 1), ("64", 2), ("128", 4), ("224", 7)])
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
        assert sent(at)["link"] == {
            name: query[name] for name in (LAYER, OTHER_LAYER) & query.keys()
        }
        assert (sent(at)["other"] is None) == (OTHER not in query)
        assert at.info == at.error == at.warning == []
