"""The lesson on dropout: what the browser gets, links, sentences, exercises."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from cnnlab.dropout import dropout_mask
from cnnlab.exercises.dropout import questions
from tests.pages.components import components, sent_data
from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "dropout.py"


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html"), *at.caption])


def view(at: AppTest, kind: str) -> dict:
    return next(data for data in sent_data(at) if data.get("kind") == kind)


@pytest.mark.parametrize("scaling", ["inverted", "classic"])
def test_the_browser_gets_masks_and_values_of_every_pass(scaling: str) -> None:
    at = run(PAGE, dropout_p="0.2", dropout_seed="5", dropout_pass="7", dropout_scaling=scaling)
    data = view(at, "network")
    assert data["at"] == 7
    assert len(data["records"]) == data["passes"] == len(data["means"]) == 400
    factor = 1 / 0.8 if scaling == "inverted" else 1
    for number, record in enumerate(data["records"], 1):
        kept = dropout_mask((10,), p=0.2, seed=5, number=number)
        assert record["kept"] == kept.tolist()
        want = np.array(record["before"]) * kept * factor
        np.testing.assert_allclose(record["after"], want, atol=2e-4)
    outputs = [record["output"] for record in data["records"]]
    assert data["means"][99] == pytest.approx(np.mean(outputs[:100]), abs=2e-4)
    masks = [tuple(record["kept"]) for record in data["records"]]
    assert data["distinct"][49] == len(set(masks[:50]))
    assert data["subnetworks"] == 1024
    assert all(data["full"]["kept"])


def test_without_dropout_every_pass_is_test_time() -> None:
    data = view(run(PAGE, dropout_p="0.0"), "network")
    assert {record["output"] for record in data["records"]} == {data["full"]["output"]}
    assert data["levels"][0][1] == data["levels"][1][1] == data["means"][-1]


def test_both_scalings_keep_the_expected_value() -> None:
    text = shown(run(PAGE, dropout_p="0.25", dropout_value="0.6", dropout_passes="10000"))
    cell = '<td class="right">'
    for words in (
        f"kept (75\u202f% of the passes)</th>{cell}0.8</td>{cell}0.6</td>",
        f"test time</th>{cell}0.6</td>{cell}0.45</td>",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("units", "words"),
    [("10", "= 1,024"), ("1", "2 to the power of 1 = 2"), ("4096", "a number of 1,234 digits")],
)
def test_sub_networks_are_counted(units: str, words: str) -> None:
    assert words in shown(run(PAGE, dropout_units=units))
    assert len(str(2**4096)) == 1234


def test_blocks_of_resnet_110() -> None:
    at = run(PAGE)
    data = view(at, "blocks")
    assert data["expected"] == 40.25
    assert len(data["survival"]) == 54
    runs = [mask.count("1") for mask in data["kept"]]
    assert data["means"][-1] == pytest.approx(np.mean(runs), abs=1e-3)
    assert data["means"][-1] == pytest.approx(40.25, abs=4 * np.std(runs) / math.sqrt(400))
    assert "54 − (1 − 0.5) · (54 + 1) / 2 = 40.25 of 54 blocks" in shown(at)


def test_one_block_is_counted_as_one() -> None:
    text = shown(run(PAGE, dropout_blocks="1"))
    assert "= 0.5 of 1 block is expected to run" in text
    assert "2 to the power of 1 = 2 networks share" in text
    assert "At test time the block runs." in text
    assert "1 blocks" not in text


def test_a_block_beyond_the_last_is_the_last() -> None:
    at = run(PAGE, dropout_blocks="5", dropout_block="27", dropout_last="0.0")
    assert "The network has 5 blocks: this is the last." in shown(at)
    assert "never" in shown(at)
    assert "survives with p = 0." in shown(at)


def test_whole_maps_are_dropped_or_kept() -> None:
    text = shown(run(PAGE, dropout_pass="3"))
    _, spatial = text.split("Spatial dropout: whole maps", 1)
    dropped = spatial.count("✕ dropped</div>")
    kept = dropout_mask((6,), p=0.5, seed=0, number=3)
    assert dropped == (~kept).sum()


def test_test_time_is_sent() -> None:
    at = run(PAGE, dropout_phase="test time", dropout_depth_phase="test time")
    assert view(at, "network")["test"] is view(at, "blocks")["test"] is True
    assert "every unit is there in every pass" in shown(at)
    assert "every block runs in every pass" in shown(at)


def test_the_rest_of_the_page_stays_while_a_picture_is_chosen() -> None:
    at = run(PAGE, dropout_picture="Upload")
    assert len(components(at)) == 3  # network, blocks, exercises


def test_the_answers_are_right() -> None:
    answers = [question.answer for question in questions()]
    survival = [1 - block / 18 * 0.5 for block in range(1, 19)]
    assert answers[0] == pytest.approx(0.6 / 0.75)
    assert answers[1] == pytest.approx(5 * 0.8)
    assert answers[2] == "Nothing"
    assert answers[3] == 1024
    assert answers[4] == pytest.approx(sum(survival)) == pytest.approx(13.25)
