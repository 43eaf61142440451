"""Percentages are written one way."""

from __future__ import annotations

import pytest

from cnnlab.percent import percent


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0"),
        (1, "100"),
        (8 / 64, "12.5"),
        (0.25, "25"),
        (0.908, "90.8"),
        (1 / 3, "33.3"),
        (1e-9, "< 0.1"),
        (0.99999, "> 99.9"),
        (-0.5, "-50"),
    ],
)
def test_a_share_becomes_a_percentage(share: float, text: str) -> None:
    assert percent(share) == f"{text}\u202f%"
