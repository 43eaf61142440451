"""Bars and lists of classes in HTML: numbers, order, escaping, what a narrow screen leaves out."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.figures.class_bars import bar_cards, class_bars, class_table, fact_list
from cnnlab.figures.theme import ROLES


def widths(html: str) -> list[float]:
    return [float(number) for number in re.findall(r"width:([\d.]+)%;min-width:1px", html)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_each_bar_is_as_long_as_its_share(shares):
    html = class_bars([(f"class {i}", share) for i, share in enumerate(shares)])
    assert widths(html) == pytest.approx([100 * share for share in shares], abs=6e-4)
    places = [html.index(f">class {i}<") for i in range(len(shares))]
    assert places == sorted(places)


def test_the_numbers_stand_behind_the_bars():
    html = class_bars([("tabby", 0.712), ("lynx", 0.0042), ("nothing", 0.0)])
    found = re.findall(r'padding:0">([^<]+)</td>', html)
    assert found == ["71.2\u202f%", "0.42\u202f%", "&lt; 0.01\u202f%"]


def test_the_colour_follows_the_role():
    assert ROLES["output"].figure in class_bars([("cat", 1.0)])
    assert ROLES["kernel"].figure in class_bars([("cat", 1.0)], role="kernel")


NASTY = '<img src=x onerror="alert(1)">'


def test_names_are_texts_and_nothing_else():
    for html in (
        class_bars([(NASTY, 0.5)]),
        bar_cards([(NASTY, NASTY, [(NASTY, 0.5)])]),
        class_table([NASTY], [[NASTY]], title=NASTY, widths=[1]),
        fact_list(NASTY, [(NASTY, NASTY)]),
    ):
        assert "<img" not in html
        assert "&lt;img" in html


def test_cards_stand_side_by_side():
    html = bar_cards([("one", "first\nsecond", [("cat", 0.5)]), ("other", "third", [])])
    assert html.count("<section") == 2
    assert "first<br>second" in html


def test_a_table_holds_every_cell_and_hides_columns_on_a_phone():
    rows = [[str(r), f"name {r}", f"kind {r}"] for r in range(1000)]
    html = class_table(
        ["Rank", "Class", "Kind"], rows, title="Classes", widths=[1, 2, 1], wide_only=[2]
    )
    assert html.count("<td>") == 3000
    assert "name 999" in html
    assert html.count('<th scope="col">') == 6  # the head in sight, and the one that is read
    assert ":nth-child(3){display:none}" in html
    assert ":nth-child(2){display:none}" not in html
    assert [float(w) for w in re.findall(r'<col style="width:([\d.]+)%', html)] == [25, 50, 25] * 2
    assert 'aria-label="Classes"' in html


def test_facts_stand_under_their_title():
    html = fact_list("tabby", [("Rank", "3 of 1000"), ("Index", "281")])
    assert html.index("tabby") < html.index("Rank") < html.index("3 of 1000") < html.index("281")
