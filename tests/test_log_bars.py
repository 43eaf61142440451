"""Bars on a logarithmic axis."""

from __future__ import annotations

import re

import pytest

from cnnlab.figures.log_bars import html_log_bars


def test_a_decade_is_as_long_as_another() -> None:
    drawn = html_log_bars({"a": 10, "b": 100, "c": 1000, "d": 1, "e": 0}, title="weights")
    widths = [float(n) for n in re.findall(r"width:([\d.]+)%", drawn)]
    assert widths == [33.33, 66.67, 100, 0, 0]
    assert 'aria-label="weights: a 10; b 100; c 1,000; d 1; e 0"' in drawn


def test_names_are_text() -> None:
    assert "<script>" not in html_log_bars({"<script>": 3}, title="<script>")


@pytest.mark.parametrize("values", [{}, {"a": -1}])
def test_what_is_no_bar_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="bars show"):
        html_log_bars(values, title="weights")
