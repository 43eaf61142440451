"""Numbers as readers see them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.numerals import factor, signed, written


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"),
        (-0.0, 3, "0"),
        (1.0, 3, "1"),
        (12.34567, 3, "12.3"),
        (999.6, 3, "1,000"),
        (0.0091, 1, "0.009"),
        (0.00012, 3, "0.00012"),
        (0.00009999, 3, "0.0001"),
        (0.00009, 3, "9 · 10⁻⁵"),
        (-1234567.8, 3, "−1,234,568"),
        (1.5e9, 3, "1.5 · 10⁹"),
        (-2e-20, 3, "−2 · 10⁻²⁰"),
        (math.inf, 3, "∞"),
        (-math.inf, 3, "−∞"),
        (math.nan, 3, "not a number"),
    ],
)
def test_written(value: float, digits: int, text: str) -> None:
    assert written(value, digits) == text


@given(st.floats(-1e300, 1e300), st.integers(1, 6))
def test_it_can_be_read_back(value: float, digits: int) -> None:
    text = written(value, digits)
    assert "-" not in text
    plain = text.replace(",", "").replace("−", "-").replace(" · 10", "e")
    plain = plain.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    assert float(plain) == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits), abs=0)


@given(st.floats(1e-9, 10), st.integers(1, 10**7), st.integers(0, 4))
def test_a_reader_who_multiplies_gets_the_product(value, times, decimals):
    shown = factor(value, times, decimals=decimals).replace(",", "")
    if "·" in shown:
        digits, power = shown.replace("⁻", "-").split(" · 10")
        shown = f"{digits}e{power.translate(str.maketrans('⁰¹²³⁴⁵⁶⁷⁸⁹', '0123456789'))}"
    assert f"{times * float(shown):.{decimals}f}" == f"{times * value:.{decimals}f}"


@pytest.mark.parametrize(
    ("value", "text"), [(1085.59, "+1,086"), (-0.5, "−0.5"), (0.0, "0"), (2e-7, "+2 · 10⁻⁷")]
)
def test_signed(value: float, text: str) -> None:
    assert signed(value) == text
