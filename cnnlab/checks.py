"""The one error a learner can mend, and the argument checks that the core modules share."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

__all__ = ["InputError", "as_int", "as_pair", "in_range"]


class InputError(ValueError):
    """What a learner chose cannot work; the message names the problem and the way out.

    Pages show the message and nothing else. Anything that is not an ``InputError`` is a bug and
    must stay visible.
    """


def as_int(value: Any, *, name: str) -> int:
    """Return `value` as an int; numpy integers pass, floats, text and booleans do not.

    Parameters
    ----------
    value : Any
        The value to look at.
    name : str
        What the value is called in the message.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    TypeError
        If `value` is not a whole number by type.

    Examples
    --------
    >>> as_int(3, name="stride")
    3
    >>> as_int(2.0, name="stride")
    Traceback (most recent call last):
        ...
    TypeError: stride must be a whole number, got 2.0
    """
    if isinstance(value, bool):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None


def in_range(value: Any, *, name: str, low: int, high: int | None = None) -> int:
    """Return `value` as an int if `low` <= value <= `high`.

    Parameters
    ----------
    value : Any
        The number to check.
    name : str
        What the value is called in the message.
    low, high : int
        The ends of the range, both allowed; no upper end if `high` is None.

    Returns
    -------
    int
        The same number.

    Raises
    ------
    InputError
        If the number lies outside the range.
    TypeError
        If `value` is not a whole number by type.

    Examples
    --------
    >>> in_range(0, name="stride", low=1)
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: stride must be at least 1, got 0
    """
    number = as_int(value, name=name)
    if number < low:
        raise InputError(f"{name} must be at least {low}, got {number}")
    if high is not None and number > high:
        raise InputError(f"{name} must be at most {high}, got {number}")
    return number


def as_pair(value: Any, *, name: str, low: int, high: int | None = None) -> tuple[int, int]:
    """Return `value` as (rows, columns): one number stands for both.

    Parameters
    ----------
    value : int or pair of int
        One number, or one for the rows and one for the columns.
    name : str
        What the value is called in the message.
    low, high : int
        The ends of the range for each number; no upper end if `high` is None.

    Returns
    -------
    tuple of int
        (rows, columns).

    Raises
    ------
    InputError
        If a number lies outside the range, or there are not one or two of them.
    TypeError
        If a number is not whole by type.

    Examples
    --------
    >>> as_pair(2, name="stride", low=1)
    (2, 2)
    >>> as_pair((1, 3), name="stride", low=1)
    (1, 3)
    """
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        value = (value, value)
    numbers = [in_range(number, name=name, low=low, high=high) for number in value]
    if len(numbers) != 2:
        raise InputError(f"{name} takes one number or two (rows, columns), got {len(numbers)}")
    return numbers[0], numbers[1]
