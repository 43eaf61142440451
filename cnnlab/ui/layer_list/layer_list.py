"""Draw a network's layers as rows; tell what a learner wants done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from cnnlab.ui.component import component
from cnnlab.ui.wishes import new_wishes

__all__ = ["Wish", "layer_list", "wishes"]

_component = component(Path(__file__).parent)
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
_MOST_WISHES = 100  # in one run


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

    def understood(wish: dict[str, Any]) -> bool:
        rows = wish.get("row"), wish.get("before", -1)
        return wish.get("action") in _ACTIONS and all(isinstance(row, int) for row in rows)

    found = new_wishes(key, done, most=_MOST_WISHES, understood=understood)
    return [Wish(wish["action"], wish["row"], wish.get("before", -1)) for wish in found]
