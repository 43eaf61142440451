"""The lesson that shows every layer: totals, order, and a file to take away."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.model_cost import summarize_model
from cnnlab.ui import model_lab
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "model_layers.py"


def html(at: AppTest) -> str:
    return " ".join(element.value for element in at.get("html"))


def test_totals_stand_beside_the_published_ones() -> None:
    shown = html(run(PAGE, model_layers_network="vgg16"))
    for text in ("138,357,544", "15,470,264,320", "15.47 G", "30,940,528,640"):
        assert text in shown


def test_sorted_by_operations() -> None:
    at = run(PAGE, model_layers_network="resnet50", model_layers_order="by operations")
    names = re.findall(r'class="name" style="--depth:0">([^<]+)<', html(at))[1:]
    leaves = [row for row in summarize_model("resnet50") if row.is_leaf and row.macs]
    want = sorted(leaves, key=lambda row: row.macs, reverse=True)
    assert names == [row.name for row in want]


@pytest.mark.parametrize("name", ["regnet_y_400mf", "vit_h_14", "inception_v3"])
def test_networks_that_are_hard_to_build(name: str) -> None:
    at = run(PAGE, model_layers_network=name)
    assert at.error == []
    assert f"{summarize_model(name)[0].n_params:,}" in html(at)


def test_the_order_of_sizes_and_the_way_to_add_up_are_said() -> None:
    captions = " ".join(element.value for element in run(PAGE).caption)
    assert "channels × height × width, the order of PyTorch" in captions
    assert "keep only the rows where is_leaf is True" in captions
    assert "n_activations is the memory" in captions


def test_the_file_has_every_row() -> None:
    rows = summarize_model("resnet18")
    read = list(csv.DictReader(io.StringIO(model_lab._csv(rows))))
    assert [line["name"] for line in read] == [row.name for row in rows]
    memory = [int(line["n_activations"]) for line in read if line["is_leaf"] == "True"]
    assert sum(memory) == rows[0].n_activations
    assert sum(int(line["macs"]) for line in read if line["is_leaf"] == "True") == rows[0].macs
    assert read[1]["output_shape"] == "64x112x112"
