"""Draw a network's layers as rows; tell what a learner wants done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

__all__ = ["Wish", "layer_list", "wishes"]

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.layer_list",
    css=(_HERE / "layer_list.css").read_text(encoding="utf-8"),
    js=(_HERE / "layer_list.js").read_text(encoding="utf-8"),
)
_ACTIONS = (
    "select",
    "previous",
    "next",
    "move",
    "up",
    "down",
    "duplicate",
    "delete",
    "undo",
    "redo",
)


class Wish(NamedTuple):
    """What a learner wants done, with which row (-1 is the input), and before which it is put."""

    action: str
    row: int
    before: int = -1


def layer_list(data: dict[str, Any], *, key: str) -> None:
    """Draw the list.

    Parameters
    ----------
    data : dict
        ``label``, ``head`` (names of the columns), ``rows`` (each with ``title``, ``depth``,
        ``cells``, ``error``; ``block``: the first row and the one after the last of what is
        dragged with it; ``inside``: whether what is put before it stands in a block),
        ``selected`` (place of a row), ``done`` (what `wishes` has noted), ``link`` (names and
        values that go into the address); plain JSON types. The first row, the input, has place -1.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key, on_wishes_change=lambda: None)


def wishes(key: str, done: dict[str, int]) -> list[Wish]:
    """Return what was wished since the last run, and note in `done` that it was seen.

    Parameters
    ----------
    key : str
        The component's key.
    done : dict
        The number of the last wish seen; changed here.

    Returns
    -------
    list of Wish
        In the order in which they were made.
    """
    sent = (st.session_state.get(key) or {}).get("wishes") or {}
    token, found = str(sent.get("token", ""))[:32], []
    for wish in list(sent.get("list", []))[:100]:
        number, action, row = wish.get("number"), wish.get("action"), wish.get("row")
        if not isinstance(number, int) or not isinstance(row, int) or action not in _ACTIONS:
            continue
        before = wish.get("before", -1)
        if number > done.get(token, 0) and isinstance(before, int):
            done.clear()
            done[token] = number
            found.append(Wish(action, row, before))
    return found
