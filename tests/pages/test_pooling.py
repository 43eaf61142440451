"""The lesson on pooling: what the player gets, the ways back, shifts, savings, wishes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.pool_links import PARAMETERS, PRESETS, to_link
from tests.pages.components import sent_data
from tests.pages.test_every_page import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "pages" / "pooling.py"
KEY = "pooling_player"


def visit(**settings: str) -> AppTest:
    return run(PAGE, **{f"pooling_{name}": text for name, text in settings.items()})


def shown(at: AppTest) -> dict[str, str]:
    return to_link(at.session_state[f"{KEY}_state"]["setup"])


def player(at: AppTest) -> dict:
    """Return what the page sends to the step player, the first component on it."""
    return sent_data(at)[0]


def wish(at: AppTest, number: int, **what: object) -> AppTest:
    at.session_state[KEY] = {"wishes": {"token": "t", "list": [{"number": number, **what}]}}
    at.run()
    assert not at.exception, at.exception
    return at


def grids(at: AppTest) -> dict[str, list[list[str]]]:
    """Return the texts of every grid of numbers by its title."""
    html = " ".join(element.value for element in at.get("html"))
    found = {}
    for title, table in re.findall(r'<table aria-label="([^"]*)".*?<tbody>(.*?)</tbody>', html):
        rows = re.findall(r"<tr>(.*?)</tr>", table)
        found[title] = [
            [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
            for row in rows
        ]
    return found


def words(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html")])


def test_the_player_gets_the_steps_and_no_weights() -> None:
    data = player(visit())
    assert data["trace"]["weight"] is None
    assert data["trace"]["steps"]["totals"] == [6, 8, 3, 4]
    assert data["trace"]["steps"]["winners"] == [5, 7, 8, 15]
    assert data["sizes"].startswith("Output size = (input + 2 · padding − window) / stride + 1")
    assert data["dialogs"] == ["page", "code"]


@pytest.mark.parametrize("name", PRESETS)
def test_every_example_opens(name: str) -> None:
    at = wish(visit(), 1, preset=name)
    assert shown(at) == PRESETS[name].link
    assert at.error == []
    (field,) = [f for f in player(at)["fields"] if f.get("name") == "preset"]
    assert field["value"] == name


def test_numbers_are_edited_and_taken_back() -> None:
    at = wish(visit(), 1, edit={"part": "input", "cells": [[0, 9]]})
    assert player(at)["trace"]["steps"]["totals"] == [9, 8, 3, 4]
    assert shown(at)["pooling_input"].startswith("9_1_2_4_5")
    at = wish(at, 2, undo=True)
    assert shown(at) == {}
    at = wish(at, 3, edit={"part": "kernel", "cells": [[0, 9]]})
    assert player(at)["notice"].startswith("There is no part 'kernel'")


def test_settings_change_what_is_asked() -> None:
    at = wish(visit(), 1, set={"windows": "adaptive", "output_rows": 3, "output_columns": 1})
    assert shown(at) == {"pooling_windows": "adaptive", "pooling_output": "3x1"}
    labels = [field["label"] for field in player(at)["fields"]]
    assert "Output size" in labels
    assert "Stride" not in labels
    at = wish(at, 2, set={"windows": "sliding", "kind": "average"})
    assert "Padding counts" in [field["label"] for field in player(at)["fields"]]


def test_what_cannot_be_is_said_at_its_place_with_ways_out() -> None:
    at = visit(padding="2")
    data = player(at)
    assert data["trace"] is None
    assert data["problem"]["says"] == (
        "the padding of a pooling window is at most half its size: it is 2, the window has 2."
    )
    for way in data["problem"]["repairs"]:
        other = wish(visit(padding="2"), 1, set=way["fields"])
        assert player(other)["trace"] is not None
    assert "Unpooled" not in grids(at)
    assert "Pooled, shifted" in grids(at), "the rest of the lesson stays"


@pytest.mark.parametrize("junk", ["99x", "<script>", "z.AAAA"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_hostile_link_gives_the_first_example_and_a_sentence(name: str, junk: str) -> None:
    at = run(PAGE, **{name: junk})
    assert shown(at) == {}
    assert player(at)["notice"].startswith("This link is damaged")


# The ways back -------------------------------------------------------------------------------


def test_the_gradient_goes_to_the_winners() -> None:
    found = grids(visit())
    assert found["Gradient that arrives"] == [["1", "2"], ["3", "4"]]
    assert found["Gradient of the input, winners framed"] == [
        ["0", "0", "0", "0"],
        ["0", "1", "0", "2"],
        ["3", "0", "0", "0"],
        ["0", "0", "0", "4"],
    ]


def test_where_windows_overlap_the_gradient_adds_up() -> None:
    at = visit(stride="1")
    assert grids(at)["Gradient of the input, winners framed"][1] == ["0", "5", "7", "9"]
    assert "The 6 in row 1, column 1 wins 2 windows: it gets 1 + 4 = 5." in words(at)
    assert "In all, 45 arrives and 45 is passed on." in words(at)


def test_an_average_spreads_the_gradient() -> None:
    at = visit(kind="average", gradient="all 1")
    assert grids(at)["Gradient of the input"] == [["0.25"] * 4] * 4
    padded = visit(kind="average", padding="1", gradient="all 1")
    assert "9 arrives, 4 reaches the input: the rest falls on padding." in words(padded)


def test_each_channel_has_its_own_gradient() -> None:
    at = visit(input="maps")
    at.get_by_key("pooling_channel").set_value("1").run()
    assert not at.exception
    assert grids(at)["Gradient of the input, winners framed"][0] == ["0", "0", "2", "0"]
    wish(at, 1, set={"channels": 1})  # the channel that was chosen is gone
    assert grids(at)["Gradient of the input, winners framed"][1] == ["0", "1", "0", "2"]


def test_unpooling_puts_the_numbers_back() -> None:
    at = visit()
    assert grids(at)["Unpooled"] == [
        ["0", "0", "0", "0"],
        ["0", "6", "0", "8"],
        ["3", "0", "0", "0"],
        ["0", "0", "0", "4"],
    ]
    assert grids(at)["Switches: row · 4 + column"] == [["5", "7"], ["8", "15"]]
    assert "**4 of 16** places" in words(at)
    average = visit(kind="average")
    assert "Unpooled" not in grids(average)
    assert "Only max pooling has switches" in average.info[0].value


# Shifts and savings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({}, ":blue[4 of 4] inputs change, :green[2 of 4] maxima change"),
        ({"shift": "0"}, ":blue[0 of 4] inputs change, :green[0 of 4] maxima change"),
        (
            {"map": "6 × 6", "shift_stride": "side by side"},
            ":blue[33 of 36] inputs change, :green[0 of 4] maxima change",
        ),
        (
            {"map": "6 × 6", "shift_stride": "side by side", "window": "2"},
            ":blue[33 of 36] inputs change, :green[4 of 9] maxima change",
        ),
        (
            {"map": "6 × 6", "shift_stride": "side by side", "shift_kind": "average"},
            ":blue[33 of 36] inputs change, :green[2 of 4] means change",
        ),
    ],
)
def test_a_shift_is_counted(settings: dict[str, str], says: str) -> None:
    assert says in words(visit(**settings))


def test_a_window_that_does_not_fit_the_shifted_map_is_refused_in_numbers() -> None:
    at = visit(window="6", shift_stride="side by side")
    (error,) = at.error
    assert "covers 6 columns, the padded input has 4" in error.value
    assert "numbers passed on" in words(at), "the rest of the lesson stays"


def test_savings_follow_the_settings() -> None:
    text = words(visit(channels="16", side="28", filters="32", units="120"))
    for number in ("12,544", "3,136", "4,640", "1,505,400", "376,440", "75\u202f%"):
        assert number in text, number
    at = visit(save_window="16", side="8")
    assert "covers 16 rows, the padded input has 8" in at.error[0].value


# Windows that the player opens ---------------------------------------------------------------


def test_the_code_prints_what_the_player_shows() -> None:
    at = wish(visit(kernel="3", padding="1", stride="1"), 1, open="code")
    (code,) = [block.value for block in at.code]
    assert "functional.max_pool2d(x, kernel_size=3, stride=1, padding=1)" in code


def test_the_offline_page_is_offered() -> None:
    at = wish(visit(), 1, open="page")
    assert not at.exception
    assert "It needs no server" in words(at)
