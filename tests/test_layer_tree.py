"""The tree of a network's layers: all rows, nested as their paths say, shares that add up."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from cnnlab.figures.layer_tree import layer_list, layer_tree
from cnnlab.model_cost import ModelRow, summarize_model


class Tree(HTMLParser):
    """Reads back how deep each name stands in folds, and whether all tags close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: list[tuple[int, str]] = []
        self.is_name = False
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.is_name = dict(attributes).get("class") == "name"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        self.is_name = False

    def handle_data(self, data):
        if self.is_name:
            inside = self.open.count("details") - (1 if "summary" in self.open else 0)
            self.names.append((inside, data))


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_0", "vit_b_16", "googlenet"])
def test_every_row_stands_below_its_parent(name):
    rows = summarize_model(name)
    tree = Tree(layer_tree(rows, flops=False))
    assert tree.names[0] == (0, "layer")
    assert tree.names[1:] == [(row.depth, row.name.rsplit(".", 1)[-1]) for row in rows]


def test_depth_opens_folds():
    rows = summarize_model("resnet18")
    counts = [
        layer_tree(rows, flops=False, open_depth=depth).count("<details open>")
        for depth in (0, 1, 2, 99)
    ]
    assert counts == [0, 1, 5, sum(not row.is_leaf for row in rows)]


def test_shares_and_units():
    rows = summarize_model("alexnet")
    leaves = [row for row in rows if row.is_leaf and row.n_params]
    html = layer_list(leaves, rows[0], flops=True)
    shares = [float(text) for text in re.findall(r'title="([0-9.]+) % of all"', html)]
    assert sum(shares[::2]) == pytest.approx(100, abs=0.5)  # parameters
    assert sum(shares[1::2]) == pytest.approx(100, abs=0.5)  # operations
    assert "FLOPs" in html
    assert "37,752,832" in html
    assert "75.5 M" in html  # two for each of its MACs


def test_names_are_no_markup():
    row = ModelRow("<b>x</b>", "<i>", (), (1,), (1,))
    assert "<b>" not in layer_tree([row], flops=False)
    assert "<i>" not in layer_tree([row], flops=False)
