"""Columns on a logarithmic axis, shares as bars, signed maps: what is drawn says what it holds."""

from __future__ import annotations

import re

import numpy as np
import pytest

from cnnlab.figures.columns import log_columns, share_bars, short
from cnnlab.figures.signed_maps import map_cards, signed_picture


def heights(html: str) -> list[tuple[float, float]]:
    """Return top and height of every column, in percent."""
    found = re.findall(r"left:12%;right:12%;top:([\d.-]+)%;height:([\d.-]+)%", html)
    return [(float(top), float(height)) for top, height in found]


def test_columns_start_at_one_and_grow_by_powers_of_ten() -> None:
    html = log_columns(["1", "2", "3"], [1.0, 0.01, 1000.0], title="t", axis="layer", role="output")
    # the axis goes from 10^-2 to 10^3
    assert heights(html) == [(60.0, 0.0), (60.0, 40.0), (0.0, 60.0)]
    assert 'aria-label="t. layer 1: 1; layer 2: 0.01; layer 3: 1e3"' in html


def test_zero_reaches_the_bottom_and_infinity_the_top() -> None:
    html = log_columns(["1", "2"], [0.0, float("inf")], title="t", axis="layer", role="output")
    assert heights(html) == [(50.0, 50.0), (0.0, 50.0)]
    assert "layer 1: 0; layer 2: ∞" in html


def test_many_columns_carry_no_numbers_and_few_names() -> None:
    names = [str(n) for n in range(1, 51)]
    html = log_columns(names, [0.5] * 50, title="t", axis="layer", role="output")
    assert len(heights(html)) == 50
    assert "<span" in html
    under = re.findall(r"calc\(100% \+ 1\.2rem\)\">(\d*)<", html)
    assert [name for name in under if name] == [*map(str, range(1, 51, 5)), "50"]
    assert "font-size:0.8rem" not in html


def test_the_last_two_names_do_not_touch() -> None:
    names = [str(n) for n in range(1, 21)]
    html = log_columns(names, [0.5] * 20, title="t", axis="layer", role="output")
    under = re.findall(r"calc\(100% \+ 1\.2rem\)\">(\d*)<", html)
    assert [name for name in under if name][-3:] == ["15", "17", "20"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.0099, "1e−2"), (999.0, "999"), (1000.0, "1e3"), (float("nan"), "not a number")],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short(value) == text


def test_shares_are_as_long_as_they_say() -> None:
    html = share_bars(["a", "<b>"], [0.25, 0.75], title="t", role="output")
    assert re.findall(r"width:([\d.]+)%", html) == ["25.00", "75.00"]
    assert "<b>" not in html


def test_zero_is_middle_grey_whatever_the_signs() -> None:
    for values in ([[0.0, 3.0]], [[-0.5, 0.0]], [[-1.0, 0.0, 9.0]]):
        grey = np.asarray(signed_picture(np.array(values)))
        assert grey[np.array(values) == 0] == 128
    assert (np.asarray(signed_picture(np.zeros((2, 2)))) == 128).all()


def test_cards_escape_what_they_say() -> None:
    card = ("<i>", "a\n<b>", signed_picture(np.eye(2)), '"quoted"')
    html = map_cards([card], smallest="9rem")
    assert "&lt;i&gt;" in html
    assert "a<br>&lt;b&gt;" in html
    assert 'alt="&quot;quoted&quot;"' in html
