"""Moves of a picture: what they are, the series of a curve, and the smallest that counts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.moves import KINDS, LIMITS, Move, describe, first_change, series


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", [28, 224, 299, 480])
def test_a_series_changes_one_number_in_equal_steps(kind: str, side: int) -> None:
    moves = series(kind, side)
    values = [getattr(move, KINDS[kind]) for move in moves]
    steps = {round(after - before, 9) for before, after in pairwise(values)}
    assert len(steps) == 1
    assert steps.pop() > 0
    assert all(move.varies_only(kind) for move in moves)
    assert any(move.changes_nothing for move in moves)
    low, high = LIMITS[KINDS[kind]]
    assert low <= values[0] < values[-1] <= high


def test_the_series_are_those_of_the_lesson() -> None:
    shifts = [move.down for move in series("shift down", 224)]
    assert shifts == list(range(-60, 61, 5))
    assert [move.right for move in series("shift right", 28)] == list(range(-12, 13))
    assert [move.angle for move in series("rotation", 224)] == list(range(0, 361, 15))
    scales = [move.scale for move in series("scale", 224)]
    assert (scales[0], scales[10], scales[-1], len(scales)) == (0.5, 1.0, 1.8, 27)


def test_what_cannot_be_moved_is_one_sentence() -> None:
    with pytest.raises(InputError, match="there is no series 'shear'"):
        series("shear", 224)
    with pytest.raises(InputError, match="side must be at least 1, got 0"):
        series("scale", 0)
    with pytest.raises(InputError, match="scale must be above 0, got -1"):
        Move(scale=-1)
    for number in (math.nan, math.inf):
        with pytest.raises(InputError, match="angle must be a finite number"):
            Move(angle=number)


@given(st.integers(-5, 5))
def test_whole_turns_change_nothing(turns: int) -> None:
    assert Move(angle=360 * turns).changes_nothing
    assert not Move(angle=360 * turns + 1).changes_nothing


def test_a_move_that_changes_two_numbers_belongs_to_no_curve() -> None:
    both = Move(right=1, angle=15)
    assert not any(both.varies_only(kind) for kind in KINDS)
    assert all(Move().varies_only(kind) for kind in KINDS)


def test_words() -> None:
    assert describe(Move(down=-3, right=4)) == "4 px right, 3 px up"
    assert describe(Move(angle=360, scale=0.5)) == "× 0.5"


@pytest.mark.parametrize(
    ("kind", "places", "answer"),
    [
        ("shift right", {0: 5, 24: 5}, Move(right=-60)),  # both as far: the first one
        ("shift right", {14: 5, 8: 5}, Move(right=10)),
        ("rotation", {8: 5, 21: 5}, Move(angle=315)),  # 45° the other way
        ("scale", {0: 5, 25: 5}, Move(scale=1.75)),  # half is further than seven quarters
        ("scale", {}, None),
    ],
)
def test_the_smallest_change_that_counts(
    kind: str, places: dict[int, int], answer: Move | None
) -> None:
    moves = series(kind, 224)
    guesses = [places.get(place, 1) for place in range(len(moves))]
    assert first_change(moves, guesses, kind) == answer
