"""The lesson on output size and cost: examples, impossible layers, ways that fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.test_every_page import run

PAGE = Path(__file__).resolve().parents[2] / "pages" / "output_size.py"
KEY = "output_size_example"


def shown(at: AppTest) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.get("html")])


def numbers(at: AppTest) -> dict[str, int]:
    return {w.key.removeprefix("output_size_"): w.value for w in at.number_input}


@pytest.mark.parametrize(
    ("example", "texts"),
    [
        ("AlexNet, first layer", ["55 × 55 × 96", "34,848", "34,944", "105,415,200"]),
        ("VGG-16, a middle layer", ["28 × 28 × 512", "1,179,648", "924,844,032"]),
        ("Five filters of 7 × 7 × 3", ["24 × 24 × 5", "735", "740"]),
        ("Depthwise layer of MobileNet", ["112 × 112 × 32", "288", "3,612,672"]),
    ],
)
def test_examples_show_verified_numbers(example: str, texts: list[str]) -> None:
    at = run(PAGE)
    at.selectbox(key=KEY).set_value(example).run()
    assert not at.exception
    assert at.selectbox(key=KEY).value == example
    for text in texts:
        assert text in shown(at), text


def test_every_example_works() -> None:
    at = run(PAGE)
    for example in at.selectbox(key=KEY).options[1:]:
        at.selectbox(key=KEY).set_value(example).run()
        assert not at.exception
        assert at.error == []


def test_what_does_not_fit_is_mended_by_each_button() -> None:
    at = run(PAGE, output_size_width="224", output_size_height="224")
    assert at.selectbox(key=KEY).value == "AlexNet with a 224 input: does not fit"
    (warning,) = at.warning
    assert "**54.25**" in warning.value
    assert "**54**" in warning.value
    keys = [button.key for button in at.button if "_fit_" in button.key]
    assert len(keys) == 4
    for key in keys:
        other = run(PAGE, output_size_width="224", output_size_height="224")
        other.button(key=key).click().run()
        assert not other.exception
        assert len(other.warning) == 0
        is_known = key == "output_size_fit_n_227_width"  # what the paper must have meant
        expected = "AlexNet, first layer" if is_known else "Own settings"
        assert other.selectbox(key=KEY).value == expected


def test_a_size_that_does_not_fit_is_said_beside_it() -> None:
    at = run(PAGE, output_size_width="224", output_size_height="227")
    (beside,) = [m.value for m in at.markdown if "does not fit" in m.value]
    assert "It does not fit along the width" in beside
    assert "54.25, rounded down to 54" in beside


def test_where_only_padding_is_left_out_nothing_is_lost() -> None:
    query = {"width": "56", "height": "56", "kernel": "3", "stride": "2", "padding": "1"}
    at = run(PAGE, **{f"output_size_{name}": value for name, value in query.items()})
    assert len(at.warning) == 0
    (note,) = at.info
    assert "**28.5**" in note.value
    assert "every pixel of the input is read" in note.value


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"width": "5"}, "covers 11 columns, the padded input has 5"),
        ({"groups": "2"}, "2 groups must divide the 3 input channels"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(query: dict[str, str], words: str) -> None:
    at = run(PAGE, **{f"output_size_{name}": value for name, value in query.items()})
    (error,) = at.error
    assert words in error.value


def test_conventions_are_switched() -> None:
    plain, other = run(PAGE), run(PAGE, output_size_unit="FLOPs", output_size_biases="left out")
    assert "210,830,400" in shown(other)
    assert "210,830,400" not in shown(plain)
    assert "34,944" not in shown(other)
    assert "Bias additions" not in shown(other)


def test_a_setting_outside_its_range_is_as_usual() -> None:
    at = run(PAGE, output_size_stride="99", output_size_kernel="-1", output_size_depth="x")
    assert numbers(at)["stride"] == 4
    assert numbers(at)["kernel"] == 11
    assert numbers(at)["depth"] == 3
