"""Draw networks as rows; tell what a learner wants done with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from cnnlab.ui.component import component
from cnnlab.ui.wishes import new_wishes

__all__ = ["Wish", "network_table", "wishes"]

_component = component(Path(__file__).parent)
_ACTIONS = ("sort", "compare", "open")
_MOST_WISHES = 100  # in one run


class Wish(NamedTuple):
    """What a learner wants done.

    Attributes
    ----------
    action : str
        "sort", "compare" or "open".
    what : str
        The column to sort by, or the network to open.
    page : str
        The lesson to open it in.
    names : tuple of str
        All networks to compare, as the learner sees them: the list that Streamlit has of them may
        lag behind fast clicks.
    """

    action: str
    what: str = ""
    page: str = ""
    names: tuple[str, ...] = ()


def network_table(data: dict[str, Any], *, key: str) -> None:
    """Draw the table.

    Parameters
    ----------
    data : dict
        ``label``, and ``nothing``, what is said without rows; ``head``, each with ``key``,
        ``label``, ``help``, ``left``, ``wide`` and ``sorted`` (for ``aria-sort``); ``rows``, each
        with ``name``, ``cells`` and ``links`` (each with ``label``, ``page`` and ``query``);
        ``chosen``, the names that are compared; ``most``, how many can be; ``done``, what `wishes`
        has noted. Plain JSON types.
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
        texts, names = [wish.get("what", ""), wish.get("page", "")], wish.get("names", [])
        return (
            wish.get("action") in _ACTIONS
            and isinstance(names, list)
            and all(isinstance(text, str) for text in (*texts, *names))
        )

    found = new_wishes(key, done, most=_MOST_WISHES, understood=understood)
    return [
        Wish(
            wish["action"], wish.get("what", ""), wish.get("page", ""), tuple(wish.get("names", []))
        )
        for wish in found
    ]
