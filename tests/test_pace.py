"""How long work takes, and how an estimate is said."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.pace import about, shortest


def test_one_disturbed_run_among_several_changes_nothing() -> None:
    naps = iter([0.05, 0.001, 0.05, 0.001, 0.001, 0.05, 0.001, 0.001])
    assert 0.001 <= shortest(lambda: time.sleep(next(naps))) < 0.03


def test_the_first_run_does_not_count() -> None:
    hours = iter([0.0, 0.1, 0.1, 0.25, 0.25, 0.75])  # the first is the shortest
    assert shortest(lambda: None, clock=lambda: next(hours)) == pytest.approx(0.15)


def test_a_slow_first_run_is_not_taken_for_all() -> None:
    hours = iter([0.0, 0.5, 0.5, 0.54])  # the first loads what the others find
    assert shortest(lambda: None, clock=lambda: next(hours)) == pytest.approx(0.04)


def test_long_work_runs_once() -> None:
    hours, runs = iter([0.0, 4.0]), []
    assert shortest(lambda: runs.append(1), clock=lambda: next(hours)) == 4.0
    assert len(runs) == 1


def test_it_runs_no_more_often_than_it_may() -> None:
    runs: list[int] = []
    shortest(lambda: runs.append(1), times=3, within=60)
    assert len(runs) == 4


@given(st.floats(0, 36_000))
def test_an_estimate_is_near_and_has_few_digits(seconds: float) -> None:
    number, unit = about(seconds).split()
    assert unit == ("second" if number == "1" else unit)
    assert unit in ("second", "seconds", "minutes")
    said = int(number) * (60 if unit == "minutes" else 1)
    assert said == 1 if seconds < 1.5 else abs(said - seconds) <= 0.38 * seconds


@given(st.floats(0, 36_000), st.floats(0, 36_000))
def test_more_time_is_never_said_to_be_less(one: float, other: float) -> None:
    def number(seconds: float) -> int:
        count, unit = about(seconds).split()
        return int(count) * (60 if unit == "minutes" else 1)

    low, high = sorted((one, other))
    assert number(low) <= number(high)
    assert re.fullmatch(r"1 second|\d+ (seconds|minutes)", about(one))
