"""What a learner asks of a step player: granted once each, kept for the session, taken back.

A lesson with a player says in a `Lab` what its state is, how a link stands for it, and what a wish
makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.ui import address
from cnnlab.ui.wishes import new_wishes

__all__ = ["Lab", "current", "done", "edited_cells", "has_past", "replaced", "wanted_dialog"]

S = TypeVar("S")
_MOST_UNDONE = 50
_MOST_WISHES = 1000  # in one run


@dataclass(frozen=True)
class Lab(Generic[S]):
    """What a step player shows and how it is changed.

    Parameters
    ----------
    parameters : tuple of str
        The names that a link has for it.
    from_link, to_link : callable
        The state of a link, and the link of a state; the first raises InputError.
    granted : callable
        Takes a state and a wish, returns the new state, or raises InputError.
    """

    parameters: tuple[str, ...]
    from_link: Callable[[Mapping[str, str]], S]
    to_link: Callable[[S], dict[str, str]]
    granted: Callable[[S, dict[str, Any]], S]


def current(key: str, lab: Lab[S]) -> tuple[S, str]:
    """Return the state to show and, if a link or a wish was refused, one sentence about it.

    A link that was not seen before wins; else the session's own state, with what the learner has
    changed in the player since the last run.

    Parameters
    ----------
    key : str
        The key of the step player.
    lab : Lab
        What it shows.

    Returns
    -------
    S
        The state.
    str
        Why something was refused, empty if nothing was.
    """
    state = st.session_state.setdefault(_name(key), {"done": {}})
    link, notice = address.new_link(state, lab.parameters), ""
    if link is not None:
        try:
            state["setup"] = lab.from_link(link)
        except InputError as error:
            state["setup"] = lab.from_link({})
            notice = f"This link is damaged ({error}); here is the first example instead."
    notice = _grant(key, state, lab) or notice
    address.link_written(state, lab.to_link(state["setup"]))
    return state["setup"], notice


def replaced(key: str, setup: Any) -> None:
    """Put another state in place of the present one; it can be taken back."""
    state = st.session_state[_name(key)]
    _remember(state)
    state["setup"] = setup


def wanted_dialog(key: str) -> str:
    """Return the name of the window that the learner has just asked for, once; else ""."""
    name: str = st.session_state[_name(key)].pop("wanted", "")
    return name


def has_past(key: str) -> bool:
    """Return whether a change can be taken back."""
    return bool(st.session_state[_name(key)].get("past"))


def done(key: str) -> dict[str, int]:
    """Return which wishes have been granted: the last number of the player that sent them."""
    numbers: dict[str, int] = st.session_state[_name(key)]["done"]
    return numbers


def edited_cells(wish: dict[str, Any]) -> list[tuple[int, float]]:
    """Return the cells of a wish to edit numbers: flat index and new value."""
    return [(int(index), float(value)) for index, value in wish["edit"]["cells"]]


def _name(key: str) -> str:
    return f"{key}_state"


def _grant(key: str, state: dict[str, Any], lab: Lab[S]) -> str:
    """Apply what the player asks for, each wish once; return why the last one was refused."""
    refused = ""
    for wish in new_wishes(key, state["done"], most=_MOST_WISHES):
        if "open" in wish:
            state["wanted"] = wish["open"]
            continue
        if "undo" in wish:
            state["setup"] = state["past"].pop() if state.get("past") else state["setup"]
            continue
        try:
            changed = lab.granted(state["setup"], wish)
            _remember(state)
            state["setup"] = changed
            refused = ""
        except InputError as error:
            refused = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return refused


def _remember(state: dict[str, Any]) -> None:
    """Keep the present state, so that a change can be taken back."""
    state["past"] = [*state.get("past", []), state["setup"]][-_MOST_UNDONE:]
