"""The state of the design lesson: one text in the link, with undo and a chosen row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cnnlab import design
from cnnlab.checks import InputError
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import Network, network_from_text, network_to_text
from cnnlab.ui import address
from cnnlab.ui.layer_list import Wish, wishes

__all__ = [
    "LINK",
    "LIST",
    "change",
    "change_in_form",
    "current_network",
    "form_key",
    "memory",
    "redo",
    "row_to_begin",
    "take_text",
    "undo",
]

LINK, LIST = "design_network", "design_list"
FIRST = next(iter(NETWORK_PRESETS.values())).text
_MEMORY = "design_memory"
_MOST_UNDONE = 100
Change = Callable[[Network, int], Network | tuple[Network, int]]


def memory() -> dict[str, Any]:
    """Return what the session knows: the text shown, those before and after it, the chosen row."""
    empty = {"text": "", "past": [], "future": [], "selected": -1, "notice": "", "done": {}}
    empty |= {"form": 0, "form_of": None, "refused": ("", "")}
    found: dict[str, Any] = st.session_state.setdefault(_MEMORY, empty)
    return found


def change(make: Change) -> None:
    """Change the network by a button; what `make` refuses becomes a sentence on the page.

    Parameters
    ----------
    make : callable
        Takes the network and the chosen row, returns the new network, and if another row is to be
        chosen then, that row.
    """
    state = memory()
    _grant_wishes(state)  # a row that was chosen just before the button
    _change(state, make)


def form_key(name: str) -> str:
    """Return the key of a setting's widget, another one for each form that is shown.

    A browser may still send a number of the form that stood there before; it must not be taken
    for a setting of the row that is chosen now.
    """
    state = memory()
    shown = (state["selected"], state["text"])
    if shown != state["form_of"]:
        state["form_of"], state["form"] = shown, state["form"] + 1
    return f"design_edit_{name}_{state['form']}"


def change_in_form(key: str, make: Change) -> None:
    """Change the network by a field of the form, which stays.

    Nothing happens if the field belongs to a form that is no longer shown: under fast keys a
    browser sends what a field held when it was drawn, for a row that is not chosen any more.
    """
    state = memory()
    is_shown = state["form_of"] == (state["selected"], state["text"])
    if not is_shown or not key.endswith(f"_{state['form']}"):
        return
    _change(state, make)
    state["form_of"] = (state["selected"], state["text"])


def take_text(key: str) -> None:
    """Take the network that a learner has written as text; what is none stays to be mended."""
    typed = st.session_state[key].strip()
    try:
        written = network_from_text(typed)
    except InputError as error:
        memory()["refused"] = (typed, f"{str(error)[:1].upper()}{str(error)[1:]}.")
        return
    change_in_form(key, lambda network, row: (written, row_to_begin(written)))


def row_to_begin(network: Network) -> int:
    """Return the row to choose in a network that is new: what is wrong, else the input."""
    wrong = design.add_up(design.survey(network)).error_row
    return -1 if wrong is None else wrong


def undo() -> None:
    """Take the last change back."""
    state = memory()
    _grant_wishes(state)
    _step(state, "past", "future")


def redo() -> None:
    """Make the change again that was taken back last."""
    state = memory()
    _grant_wishes(state)
    _step(state, "future", "past")


def current_network() -> Network:
    """Return the network to show: from a new link, else the one before with what was wished.

    A link that cannot be read leaves what was shown before, or the first example, with one
    sentence in ``memory()["notice"]``.
    """
    state = memory()
    link = address.new_link(state, [LINK])
    if link:
        _follow(state, link[LINK])
    state["text"] = state["text"] or FIRST
    _grant_wishes(state)
    address.link_written(state, {LINK: state["text"]})
    return network_from_text(state["text"])


def _follow(state: dict[str, Any], text: str) -> None:
    """Open the network of a link."""
    try:
        network = network_from_text(text.strip())
    except InputError as error:
        instead = "the network from before" if state["text"] else "the first example"
        state["notice"] = f"This link is damaged ({error}); here is {instead} instead."
        return
    canonical = network_to_text(network)
    if canonical != state["text"]:
        if state["text"]:
            _remember(state)
        state["text"], state["selected"] = canonical, row_to_begin(network)
    state["notice"] = ""


def _remember(state: dict[str, Any]) -> None:
    state["past"] = [*state["past"], state["text"]][-_MOST_UNDONE:]
    state["future"] = []


def _step(state: dict[str, Any], source: str, other: str) -> None:
    if not state[source]:
        return
    *state[source], text = state[source]
    state[other] = [*state[other], state["text"]]
    state["text"], state["notice"], state["refused"] = text, "", ("", "")
    state["selected"] = min(state["selected"], _last_row(state))


def _last_row(state: dict[str, Any]) -> int:
    return len(state["text"].split("_")) - 2  # the first part is the input


def _change(state: dict[str, Any], make: Change) -> None:
    state["notice"], state["refused"] = "", ("", "")
    try:
        made = make(network_from_text(state["text"]), state["selected"])
        network, row = made if isinstance(made, tuple) else (made, state["selected"])
        text = network_to_text(network)
    except InputError as error:
        state["notice"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return
    if text != state["text"]:
        _remember(state)
        state["text"] = text
    state["selected"] = row


def _grant_wishes(state: dict[str, Any]) -> None:
    """Do what the list asks for and was not done yet."""
    for wish in wishes(LIST, state["done"]):
        _grant(state, wish)


def _grant(state: dict[str, Any], wish: Wish) -> None:
    last = _last_row(state)
    if wish.action == "undo":
        _step(state, "past", "future")
    elif wish.action == "redo":
        _step(state, "future", "past")
    elif wish.action in ("select", "previous", "next"):  # of the row chosen when it is done
        steps = {"previous": state["selected"] - 1, "next": state["selected"] + 1}
        row = steps.get(wish.action, wish.row)
        state["selected"], state["notice"] = max(-1, min(row, last)), ""
    elif wish.action == "move":
        if 0 <= wish.row <= last and 0 <= wish.before <= last + 1:
            _change(state, lambda network, _: design.move_to(network, wish.row, wish.before))
    elif state["selected"] >= 0:
        actions: dict[str, Callable[[Network, int], tuple[Network, int]]] = {
            "up": lambda network, row: design.move(network, row, -1),
            "down": lambda network, row: design.move(network, row, 1),
            "duplicate": design.duplicate,
            "delete": design.remove,
        }
        _change(state, actions[wish.action])
