"""The lesson on architectures: every network opens, two are compared, numbers are the verified."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.architectures import NETWORKS
from cnnlab.architectures.history import ENSEMBLES, FUSION
from cnnlab.architectures.ideas import IDEAS
from cnnlab.architectures.keras_table import KERAS
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "architectures.py"


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html"), *at.caption])


def test_every_network_opens_in_every_detail() -> None:
    at = run(PAGE)
    for key, network in NETWORKS.items():
        for rows in ("blocks", "stages", "every layer"):
            at.selectbox(key="architectures_network").set_value(key)
            control = next(w for w in at.get("button_group") if w.key == "architectures_rows")
            control.set_value(rows).run()
            assert not at.exception, (key, rows, at.exception)
        words = shown(at)
        assert f"## {network.title}, {network.year}" in words
        assert f"{network.total.n_params:,}" in words
        assert f"{network.total.macs:,}" in words
        for figure in network.published:
            assert figure.value.replace(" %", "\u202f%") in words


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("alexnet", ["60,965,224", "724,406,816", "227 × 227 × 3", "15.3\u202f%"]),
        ("vgg16", ["138,357,544", "15,470,264,320", "38,016", "14,714,688"]),
        ("googlenet", ["6,998,552", "1,582,671,872", "358 million", "271.4 M", "854.2 M"]),
        ("resnet50", ["25,557,032", "4,089,184,256", "3.8 billion"]),
    ],
)
def test_verified_numbers_are_shown(key: str, texts: list[str]) -> None:
    words = shown(run(PAGE, architectures_network=key))
    for text in texts:
        assert text in words, text


def test_other_ideas_are_named_with_their_papers() -> None:
    words = shown(run(PAGE))
    for entry in IDEAS:
        assert entry.idea in words
        assert f"[{entry.paper}]({entry.address})" in words


def test_two_are_compared() -> None:
    at = run(PAGE, architectures_network="vgg16", architectures_other="resnet50")
    words = shown(at)
    assert "VGG-16 (D) has **5.41 times** the parameters of ResNet-50." in words
    assert "VGG-16 (D) has **3.78 times** the operations of ResNet-50." in words
    alone = shown(run(PAGE, architectures_network="vgg16"))
    assert "times** the parameters" not in alone
    same = shown(run(PAGE, architectures_network="vgg16", architectures_other="vgg16"))
    assert "times** the parameters" not in same


def test_two_tables_stand_side_by_side() -> None:
    query = {"architectures_network": "alexnet", "architectures_other": "alexnet_one_column"}
    words = shown(run(PAGE, **query))
    assert words.count(">Total</th>") == 2
    assert "**1.002 times** the parameters of AlexNet." in words
    for text in ("34,944", "23,296", "Conv 11×11, 96, stride 4", "Conv 11×11, 64, stride 4"):
        assert text in words, text
    assert "height × width" in words  # the other order is named once, below the table
    alone = shown(run(PAGE, architectures_network="alexnet"))
    assert alone.count(">Total</th>") == 1
    assert "23,296" not in alone


def test_blocks_that_are_left_out_are_counted() -> None:
    words = shown(run(PAGE, architectures_network="resnet110_stochastic"))
    assert "40.25 of the 54 blocks are there on average: of 110 layers, 82.5" in words
    assert "0.991 to 0.833" in words
    assert "0.657 to 0.500" in words
    assert "blocks are there on average" not in shown(run(PAGE, architectures_network="resnet18"))


def test_a_network_of_fully_connected_layers_is_not_called_convolution() -> None:
    words = shown(run(PAGE, architectures_network="highway50"))
    assert "all layers are fully connected" in words
    assert "all is convolution" not in words


def test_measured_tables_are_shown_with_their_corrections() -> None:
    words = shown(run(PAGE))
    for name, row in KERAS.items():
        assert f">{name}</th>" in words
        assert f">{row.params_m:.1f} M<" in words
    assert "The notes print 29 MB" in words
    for error in ENSEMBLES.values():
        assert f">{error:.2f}<" in words
    for name, error in list(FUSION.items())[:-1]:
        assert f"{name} ({error:.2f}\u202f%)" in words
    assert "without layers 6, 7: 4.3, not 5.7" in words
    assert "14,197,122 pictures, 650 for each class" in words
    assert "Second in 2012: 26.2\u202f%; in 2014: VGG, 7.3\u202f%" in words


def test_where_alexnets_costs_sit_is_said() -> None:
    words = shown(run(PAGE, architectures_network="alexnet"))
    assert "fully connected layers hold 96.2\u202f% of the parameters and do 8.1\u202f%" in words


def test_flops_are_twice_the_macs() -> None:
    query = {"architectures_network": "alexnet", "architectures_unit": "FLOPs"}
    words = shown(run(PAGE, **query))
    assert "1,448,813,632" in words
    assert "1.449 G" in words


def test_an_unknown_network_in_the_link_is_as_usual() -> None:
    at = run(PAGE, architectures_network="vgg17", architectures_other="<b>")
    assert at.selectbox(key="architectures_network").value == "lenet5"
    assert at.selectbox(key="architectures_other").value == "none"


def test_the_lecture_view_leaves_the_prose_out() -> None:
    at = run(PAGE, architectures_network="resnet50")
    before = shown(at)
    at.toggle(key="lecture").set_value(True).run()
    assert not at.exception
    after = shown(at)
    assert "Computed from the layers below" in before
    assert "Computed from the layers below" not in after
    assert "Try it." not in after
    assert "25,557,032" in after
