"""Every page, found by globbing, at its defaults and at both ends of every control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab import compute, images, samples
from cnnlab.lessons import HOME, LESSONS
from cnnlab.links import PARAMETERS, setup_to_link
from tests.pages.components import sent_data

ROOT = Path(__file__).resolve().parents[2]
SHELL = ROOT / "cnnlab" / "ui" / "shell.py"
PAGES = sorted((ROOT / "pages").glob("*.py"))
CONVOLUTION = ROOT / "pages" / "convolution.py"
KINDS = ("slider", "select_slider", "selectbox", "radio", "number_input", "toggle", "checkbox")


@pytest.fixture(autouse=True)
def _one_network(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    yield
    compute.shutdown()


def ask(at: AppTest, window: str, *, number: int) -> None:
    """Ask for a window as the step player does: the next run opens it."""
    wishes = {"token": "t", "list": [{"number": number, "open": window}]}
    at.session_state["convolution_player"] = {"wishes": wishes}


def run(page: Path, *, window: str = "", **query: str) -> AppTest:
    """Visit a page, with a window of the convolution lesson open if it is named."""
    at = AppTest.from_file(str(SHELL), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()  # the first page, from which it learns of the others
    at.switch_page(str(page))
    if window:
        ask(at, window, number=1)
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


def ends(widget) -> list:
    """Return the first and the last value that a widget offers."""
    if widget.type in ("toggle", "checkbox"):
        return [False, True]
    if widget.type in ("slider", "number_input"):
        return [type(widget.value)(end) for end in (widget.min, widget.max)]
    first, last = widget.options[0], widget.options[-1]
    return [[first], [last]] if isinstance(widget.value, list) else [first, last]


def ignored(key: str) -> bool:
    """Return whether a control only sets others, which are in the link."""
    return key.endswith("_example") or "_edit_" in key


def controls(at: AppTest) -> list:
    """Return what can be set, but for lists of examples, which only set the others.

    Left out too are forms that edit one layer of a network (``_edit_``): they show what is chosen,
    and what they set stands in the text of the whole network, which is in the link.
    """
    groups = [widget for widget in at.get("button_group") if len(widget.options)]
    found = [widget for kind in KINDS for widget in at.get(kind)] + groups
    return [widget for widget in found if not ignored(widget.key)]


def test_there_are_pages() -> None:
    assert {"home.py", "convolution.py", "classify.py", "grad_cam.py"} <= {p.name for p in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_defaults(page: Path) -> None:
    at = run(page)
    title = next(lesson.title for lesson in (HOME, *LESSONS) if lesson.file == page.name)
    assert [element.value for element in at.title] == [title if page.stem != "home" else "CNN Lab"]
    assert at.error == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_both_ends_of_every_control(page: Path) -> None:
    keys = [widget.key for widget in controls(run(page))]
    assert len(keys) == len(set(keys))
    assert "lecture" in keys
    for key in keys:
        at = run(page)
        for place in (0, 1):
            widget = next(widget for widget in controls(at) if widget.key == key)
            value = ends(widget)[place]
            widget.set_value(value).run()
            assert not at.exception, (key, value, at.exception)
            after = next(widget for widget in controls(at) if widget.key == key)
            # A segmented control's options are texts even where its values are numbers.
            assert str(after.value) == str(value), f"{key} did not take {value}"
            if place:  # what only appears now has ends too
                for other in [w.key for w in controls(at) if w.key not in keys]:
                    for end in (0, 1):
                        for found in [w for w in controls(at) if w.key == other]:
                            found.set_value(ends(found)[end]).run()
                            assert not at.exception, (key, other, at.exception)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_control_has_a_key_of_its_page_and_lives_in_the_link(page: Path) -> None:
    for widget in controls(run(page)):
        assert widget.key == "lecture" or widget.key.startswith(f"{page.stem}_"), widget.key
        assert widget.proto.query_param_key == widget.key, f"{widget.key} is not part of the link"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_number_without_end_in_a_link_is_the_usual_one(page: Path) -> None:
    for field in run(page).number_input:
        if ignored(field.key):
            continue
        for endless in ("9" * 400, "-" + "9" * 5000, "1e999", "inf"):
            at = run(page, **{field.key: endless})  # which fails where the page does
            assert at.number_input(key=field.key).value == field.value
            assert field.key not in at.query_params


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_lecture_view_leaves_prose_out(page: Path) -> None:
    plain, lecture = run(page), run(page, lecture="true")
    assert lecture.toggle(key="lecture").value is True
    assert len(lecture.markdown) < len(plain.markdown)
    assert [title.value for title in lecture.title] == [title.value for title in plain.title]


def shown(at: AppTest) -> dict[str, str]:
    """Return the link of what the convolution lesson shows."""
    return setup_to_link(at.session_state["convolution_player_state"]["setup"])


def player(at: AppTest) -> dict:
    """Return what the page sends to the step player."""
    (data,) = sent_data(at)
    return data


def test_a_kernel_that_does_not_fit_is_explained_with_ways_out() -> None:
    data = player(run(CONVOLUTION, dilation="3"))
    assert "covers 7 rows, the padded input has 5" in data["problem"]["says"]
    assert [way["label"] for way in data["problem"]["repairs"]]
    assert data["trace"] is None


@pytest.mark.parametrize("junk", ["99x", "nan", "<script>", "é" * 500, "z.AAAA", "1x1x1x1x1"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_hostile_link_gives_the_first_example_and_a_sentence(name: str, junk: str) -> None:
    at = run(CONVOLUTION, **{name: junk})
    assert shown(at) == {}
    assert player(at)["notice"].startswith("This link is damaged")


def test_an_empty_parameter_is_as_usual() -> None:
    at = run(CONVOLUTION, stride="", input="")
    assert shown(at) == {}
    assert player(at)["notice"] == ""


def test_a_setup_survives_a_visit_to_another_page() -> None:
    at = run(CONVOLUTION, stride="2", kernel="ones")
    at.switch_page(str(ROOT / "pages" / "home.py")).run()
    at.query_params.clear()
    at.switch_page(str(CONVOLUTION)).run()
    assert shown(at) == {"stride": "2", "kernel": "ones"}
    at.query_params["stride"] = "3"
    at.run()
    assert shown(at) == {"stride": "3"}


@pytest.mark.parametrize("colours", ["grey", "red, green, blue"])
def test_a_photograph_becomes_the_input(colours: str) -> None:
    query = {"convolution_cells": "8", "convolution_colours": colours}
    at = run(CONVOLUTION, window="photograph", **query)
    ask(at, "photograph", number=2)  # a run of the whole page closes the window
    at.button(key="convolution_use").click().run()
    assert not at.exception
    setup = at.session_state["convolution_player_state"]["setup"]
    channels = "grey" if colours == "grey" else "rgb"
    first = samples.sample(next(iter(samples.SAMPLES)))
    want = images.to_array(images.shrink(first, size=8), channels=channels).round()
    assert (setup.x == want).all()
    assert setup_to_link(setup)["input"].startswith("p.z.")


@pytest.mark.parametrize("window", ["photograph", "film", "page", "code"])
def test_both_ends_of_every_control_in_a_window(window: str) -> None:
    plain = {widget.key for widget in controls(run(CONVOLUTION))}
    inside = [w for w in controls(run(CONVOLUTION, window=window)) if w.key not in plain]
    assert bool(inside) == (window != "page")
    for widget in inside:
        assert widget.key.startswith("convolution_")
        for value in ends(widget):
            at = run(CONVOLUTION, window=window, **{widget.key: str(value)})
            taken = next(other for other in controls(at) if other.key == widget.key)
            assert str(taken.value) == str(value)


def test_a_window_that_does_not_exist_opens_nothing() -> None:
    at = run(CONVOLUTION, window="everything")
    assert {widget.key for widget in controls(at)} == {"lecture"}
