"""The list of lessons: nothing missing, nothing twice, and every link opens what it promises."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.ensembling import CROPS
from cnnlab.lessons import HOME, LESSONS, SECTIONS
from cnnlab.links import setup_to_link
from cnnlab.pretrained import categories
from cnnlab.samples import SAMPLES
from cnnlab.ui import classify_lab
from tests.pages.components import sent_data

ROOT = Path(__file__).resolve().parents[1]
SHELL = ROOT / "cnnlab" / "ui" / "shell.py"
ALL = (HOME, *LESSONS)
TRIES = [(lesson, label, query) for lesson in ALL for label, query in lesson.tries]
# These pages ask a network before they show more than their pictures.
WITH_A_NETWORK = ("classify.py", "grad_cam.py")


def test_every_page_is_listed_exactly_once():
    pages = [file.name for file in (ROOT / "pages").glob("*.py")]
    assert sorted(lesson.file for lesson in ALL) == sorted(pages)


def test_addresses_titles_and_icons_are_told_apart():
    for name in ("url_path", "title", "icon", "teaches"):
        values = [getattr(lesson, name) for lesson in ALL]
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("lesson", ALL, ids=lambda lesson: lesson.title)
def test_a_lesson_says_all_that_the_map_shows(lesson):
    assert lesson.section in SECTIONS
    assert lesson.url_path == quote(lesson.url_path.lower(), safe="")
    assert "_" not in lesson.url_path
    assert re.fullmatch(r":material/[a-z0-9_]+:", lesson.icon)
    assert 1 <= lesson.minutes <= 60
    assert lesson.teaches.endswith(".")


def test_lessons_come_section_by_section():
    order = [SECTIONS.index(lesson.section) for lesson in ALL]
    assert order == sorted(order)


def test_a_lesson_offers_each_thing_to_try_once():
    for lesson in LESSONS:
        labels = [label for label, _ in lesson.tries]
        queries = [tuple(sorted(query.items())) for _, query in lesson.tries]
        assert len(set(labels)) == len(labels) > 0
        assert len(set(queries)) == len(queries)


def opened(lesson, query: dict[str, str]) -> AppTest:
    """Return the page of a lesson, opened by a link."""
    at = AppTest.from_file(str(SHELL), default_timeout=60)
    at.switch_page(str(ROOT / "pages" / lesson.file))
    for name, value in query.items():
        at.query_params[name] = value
    at.run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize(
    ("lesson", "query"),
    [
        pytest.param(lesson, query, id=f"{lesson.title}: {label}")
        for lesson, label, query in TRIES
        if lesson.file == "convolution.py"
    ],
)
def test_a_link_to_the_convolution_lesson_opens_the_setup_that_it_names(lesson, query):
    at = opened(lesson, query)
    setup = at.session_state["convolution_player_state"]["setup"]
    written = setup_to_link(setup)
    usual = {"input": "binary", "kernel": "cross"}
    assert {**usual, **written} == {**usual, **query}
    assert sent_data(at)[0]["notice"] == ""


@pytest.mark.parametrize(
    ("lesson", "query"),
    [
        pytest.param(lesson, query, id=f"{lesson.title}: {label}")
        for lesson, label, query in TRIES
        if lesson.file in WITH_A_NETWORK
    ],
)
def test_a_link_to_a_page_with_a_network_names_what_there_is(lesson, query):
    page = lesson.file.removesuffix(".py")
    offered = {
        f"{page}_sample": list(SAMPLES),
        "grad_cam_below": ["nothing", *SAMPLES],
        "grad_cam_class": categories("resnet18"),
        "grad_cam_second": categories("resnet18"),
        "classify_mode": classify_lab.MODES,
        "classify_part": classify_lab.PARTS,
        "classify_crops": list(CROPS),
    }
    for name, value in query.items():
        assert value in offered[name][1:]  # the first is the default
