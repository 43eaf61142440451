"""The argument checks: what passes, what is refused, and in which words."""

import re

import numpy as np
import pytest

from cnnlab.checks import InputError, as_int, as_pair, in_range

NOT_WHOLE = [True, False, np.True_, 2.0, np.float64(2.0), "2", b"2", None, 1 + 0j, [2]]


def test_a_page_can_tell_advice_from_a_bug():
    assert issubclass(InputError, ValueError)
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("not a number")
    assert not isinstance(caught.value, InputError)


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3), np.int8(3)])
def test_whole_numbers_become_plain_ints(value):
    assert as_int(value, name="stride") == 3
    assert type(as_int(value, name="stride")) is int
    assert type(in_range(value, name="stride", low=1)) is int
    assert [type(number) for number in as_pair(value, name="stride", low=1)] == [int, int]


@pytest.mark.parametrize("value", NOT_WHOLE, ids=repr)
def test_what_is_not_a_whole_number_is_a_type_error_that_names_it(value):
    words = re.escape(f"stride must be a whole number, got {value!r}")
    with pytest.raises(TypeError, match=f"^{words}$"):
        as_int(value, name="stride")
    with pytest.raises(TypeError, match=f"^{words}$"):
        in_range(value, name="stride", low=1)
    with pytest.raises(TypeError, match=r"^stride must be a whole number, got "):
        as_pair((1, value), name="stride", low=1)


@pytest.mark.parametrize("value", ["2", "12", b"12", None, 2.0, True], ids=repr)
def test_text_is_not_taken_for_a_pair(value):
    words = re.escape(f"stride must be a whole number, got {value!r}")
    with pytest.raises(TypeError, match=f"^{words}$"):
        as_pair(value, name="stride", low=1)


def test_both_ends_of_a_range_are_allowed():
    assert in_range(1, name="groups", low=1, high=4) == 1
    assert in_range(4, name="groups", low=1, high=4) == 4
    assert in_range(10**9, name="groups", low=1) == 10**9


def test_below_the_range_the_message_names_the_rule_and_the_value():
    with pytest.raises(InputError, match=r"^stride must be at least 1, got 0$"):
        in_range(0, name="stride", low=1)
    with pytest.raises(InputError, match=r"^padding must be at least 0, got -2$"):
        as_pair((3, -2), name="padding", low=0)


def test_above_the_range_the_message_names_the_rule_and_the_value():
    with pytest.raises(InputError, match=r"^size must be at most 8, got 9$"):
        in_range(np.int16(9), name="size", low=1, high=8)
    with pytest.raises(InputError, match=r"^size must be at most 8, got 9$"):
        as_pair([9, 1], name="size", low=1, high=8)


@pytest.mark.parametrize(
    ("value", "pair"),
    [
        (2, (2, 2)),
        ((1, 3), (1, 3)),
        ([1, 3], (1, 3)),
        (np.array([1, 3]), (1, 3)),
        (range(1, 3), (1, 2)),
    ],
    ids=repr,
)
def test_one_number_stands_for_both_and_two_keep_their_order(value, pair):
    assert as_pair(value, name="stride", low=1) == pair


@pytest.mark.parametrize("value", [(), (1,), (1, 2, 3)], ids=repr)
def test_neither_none_nor_three_numbers_make_a_pair(value):
    words = rf"^stride takes one number or two \(rows, columns\), got {len(value)}$"
    with pytest.raises(InputError, match=words):
        as_pair(value, name="stride", low=1)
