"""Filters by name, and what a learner may type."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.filters import (
    binomial,
    box,
    classic,
    gabor,
    kernel_text,
    own_filter,
    parse_kernel,
    parse_number,
)
from cnnlab.kernels import KERNELS, kernel


@pytest.mark.parametrize("name", KERNELS)
def test_a_classic_filter_is_the_classic_kernel(name: str) -> None:
    found = classic(name)
    np.testing.assert_allclose(found.kernel / found.divisor, kernel(name), rtol=1e-15)
    assert found.total == pytest.approx(kernel(name).sum(), abs=1e-12)


def test_the_small_blurs_are_the_classic_ones() -> None:
    for made, name in ((box(3), "box blur"), (binomial(3), "Gaussian blur")):
        assert (made.kernel == classic(name).kernel).all()
        assert made.divisor == classic(name).divisor


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2), (" -0.5 ", -0.5), ("1/9", 1 / 9), ("−3", -3), ("1e3", 1000), (".5", 0.5), ("+4", 4)],
)
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    assert parse_number(text, name="it") == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("two", "it must be a number, got “two”"),
        ("NaN", "must be a number"),
        ("inf", "must be a number"),
        ("1_000", "must be a number"),
        ("٣", "must be a number"),
        ("0x10", "must be a number"),
        ("1/2/3", "must be a number"),
        ("1/", "must be a number"),
        ("1/0", "divides by 0"),
        ("1e300", "between −1,000,000 and 1,000,000"),
        ("10" * 200, "between −1,000,000 and 1,000,000, got “1010"),
        ("1e999", "between"),
        ("1e300/1e300000", "between"),
        ("1/1e-300", "between"),
        ("<script>alert(1)</script>", "must be a number"),
    ],
)
def test_what_is_no_number_is_refused_with_a_short_sentence(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r"^it ") as caught:
        parse_number(text, name="it")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    "text", ["0 1 0\n1 -4 1\n0 1 0", "0,1,0;1,-4,1;0,1,0", "\n 0 1 0 \r\n1  −4 1\n0 1 0,\n\n"]
)
def test_rows_end_with_a_line_or_a_semicolon(text: str) -> None:
    assert (parse_kernel(text) == kernel("Laplacian")).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the kernel is empty"),
        (" ;\n; ", "the kernel is empty"),
        ("1 2 3\n1 2\n1 2 3", "row 2 has 2 numbers, row 1 has 3"),
        ("1 2\n3 4", "a kernel of 2 × 2 has no middle"),
        ("1 2 3 4 5 6 7 8 9", "has 1 rows and up to 9 columns"),
        ("\n".join(["1"] * 9), "9 rows"),
        ("1 2 3\n4 nan 6\n7 8 9", "the weight in row 2, column 2 must be a number, got “nan”"),
        ("1e300", "row 1, column 1 must lie between"),
        ("hello", "must be a number, got “hello”"),
    ],
)
def test_what_is_no_kernel_is_refused_and_the_place_is_named(text: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_kernel(text)
    assert words in str(caught.value)


@settings(max_examples=200)
@given(st.text(max_size=60))
def test_any_text_is_a_finite_kernel_or_an_input_error(text: str) -> None:
    with contextlib.suppress(InputError):
        assert np.isfinite(own_filter(text, text, text).kernel).all()


@settings(max_examples=50)
@given(seed=st.integers(0, 999))
def test_a_kernel_survives_being_written(seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(3, 5)).round(6)
    assert (parse_kernel(kernel_text(weights)) == weights).all()


@pytest.mark.parametrize("divisor", ["0", "1e-9", "0.0", "-0"])
def test_a_divisor_of_nothing_is_refused(divisor: str) -> None:
    with pytest.raises(InputError, match="divisor must not be 0"):
        own_filter("1", divisor, "0")


def test_a_sentence_for_every_filter() -> None:
    for found in (box(5), binomial(7), gabor(45, 4), own_filter("1", "2", "3")):
        assert found.does.endswith(".")
        assert found.source
    assert own_filter("1", "2", "3").total == 0.5
