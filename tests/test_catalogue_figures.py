"""The chart of the catalogue and its tables: data, axes, shapes, words."""

import itertools
import re

import pytest

from cnnlab.choosing import COSTS, OWN, Wanted, entries, frontier, select
from cnnlab.comparing import compare
from cnnlab.families import FAMILIES
from cnnlab.figures.catalogue import TRANSFORMERS, accuracy_chart, fact_table, paper_table
from cnnlab.figures.theme import ROLES

UNIT = {"MACs": 1e9, "parameters": 1e6, "file size": 1e6}


def chosen(*names: str):
    return [entry for entry in entries() if entry.name in names]


def trace(figure, name: str):
    return next(one for one in figure.data if one.name == name)


@pytest.mark.parametrize("cost", COSTS)
def test_every_network_with_an_accuracy_is_one_point(cost):
    figure = accuracy_chart(entries(), entries(), [], cost=cost)
    points = [
        (x, y)
        for name in ("convolutional", "transformer")
        for x, y in zip(trace(figure, name).x, trace(figure, name).y, strict=True)
    ]
    want = [(COSTS[cost](e) / UNIT[cost], e.accuracy) for e in entries() if e.accuracy is not None]
    assert sorted(points) == sorted(want)
    assert len(want) == 80  # the digit network has none
    assert figure.layout.xaxis.type == "log"
    low, high = (10**end for end in figure.layout.xaxis.range)
    assert all(low < x < high for x, _ in want)
    bottom, top = figure.layout.yaxis.range
    assert all(bottom < y < top for _, y in want)


def test_kinds_are_told_apart_by_shape_too():
    figure = accuracy_chart(entries(), entries(), chosen("resnet50"), cost="MACs")
    kinds = ("convolutional", "transformer", "chosen", "no other gives as much for less")
    marks = {name: trace(figure, name) for name in kinds}
    assert len({one.marker.symbol for name, one in marks.items() if name in kinds[:3]}) == 3
    assert len({marks[name].marker.color for name in kinds[:3]}) == 3
    assert marks["transformer"].marker.color == ROLES["kernel"].figure
    assert marks[kinds[3]].line.dash == "dot"
    assert {text.split("<br>")[1].split(",")[0] for text in marks["transformer"].hovertext} == set(
        TRANSFORMERS
    )


def test_what_is_filtered_out_is_drawn_faintly():
    shown = select(entries(), Wanted(topic="depth"))
    figure = accuracy_chart(entries(), shown, [], cost="MACs")
    rest = trace(figure, "left out by the filters")
    assert len(rest.x) == 80 - len(shown)
    assert rest.marker.opacity < 0.5
    assert rest.marker.size < trace(figure, "convolutional").marker.size
    line = trace(figure, "no other gives as much for less")
    assert list(line.y) == [entry.accuracy for entry in frontier(shown, "MACs")]


def test_the_chosen_are_named_in_bold_where_they_stand():
    figure = accuracy_chart(entries(), entries(), chosen("resnet50", "vgg16", OWN), cost="MACs")
    bold = {one.text[0]: one for one in figure.data if one.text and "<b>" in one.text[0]}
    assert set(bold) == {"<b>resnet50</b>", "<b>vgg16</b>"}
    assert bold["<b>vgg16</b>"].x[0] == 15.47
    assert len(trace(figure, "chosen").x) == 2


@pytest.mark.parametrize("cost", COSTS)
def test_names_of_the_best_keep_their_distance(cost):
    for picked in ([], chosen("efficientnet_b0", "resnet50")):
        figure = accuracy_chart(entries(), entries(), picked, cost=cost)
        best = {entry.name: entry.accuracy for entry in frontier(entries(), cost)}
        named = [re.sub("</?b>", "", one.text[0]) for one in figure.data if one.text]
        assert len(named) == len(set(named))
        heights = sorted(best[name] for name in named if name in best)
        assert len(heights) >= 5
        assert all(b - a >= 2 for a, b in itertools.pairwise(heights))


def test_a_chart_without_any_match_is_empty_and_not_broken():
    figure = accuracy_chart(entries(), [], [], cost="MACs")
    assert [one.name for one in figure.data] == ["left out by the filters"]


def test_facts_are_a_table_with_heads_and_marks_in_words():
    names = ("resnet50", "efficientnet_b0")
    html = fact_table(names, compare(chosen(*names)))
    assert html.count('<th scope="col">') == 3
    assert html.count("★ lowest") == 3
    assert html.count("★ highest") == 2
    assert re.search(r"<strong>25,557,032</strong>", html) is None
    assert "<strong>5,288,548</strong>" in html
    assert 'href="https://arxiv.org/abs/1512.03385"' in html


def test_texts_are_escaped():
    (fact, *_) = compare(chosen("resnet50"))
    bad = type(fact)("<b>", ("<script>",), addresses=('"><script>',))
    html = fact_table(["<i>"], [bad])
    assert "<script" not in html
    assert "<i>" not in html


def test_papers_stand_once_for_each_family_in_order_of_year():
    html = paper_table(entries()[::-1])
    assert html.count('<tr><th scope="row">') == len(FAMILIES)
    places = [html.index(f">{family.title}<br>") for family in FAMILIES]
    years = [int(year) for year in re.findall(r"font-weight:400\">(\d{4})<", html)]
    assert years == sorted(years)
    assert len(set(places)) == len(FAMILIES)
    assert "and 9 others" in html  # twelve people
    assert "He, Zhang, Ren, Sun, CVPR 2016" in html
