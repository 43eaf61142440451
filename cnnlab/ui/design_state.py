"""The state of the design lesson: one text in the link, with undo and a chosen row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import streamlit as st

from cnnlab import design
from cnnlab.checks import InputError
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import Network, network_from_text, network_to_text
from cnnlab.ui.layer_list import Wish, wishes

__all__ = [
    "FIRST",
    "LIST",
    "TEXT",
    "before_drawing",
    "change",
    "change_in_form",
    "form_key",
    "grant_wishes",
    "memory",
    "read_text",
    "redo",
    "row_to_begin",
    "undo",
]

TEXT, LIST = "design_network", "design_list"
FIRST = next(iter(NETWORK_PRESETS.values())).text
_MEMORY = "design_memory"
_MOST_UNDONE = 100


def memory() -> dict[str, Any]:
    """Return what the session knows: the text shown, those before and after it, the chosen row."""
    empty = {"text": "", "past": [], "future": [], "selected": -1, "notice": "", "done": {}}
    empty |= {"form": 0, "form_of": None}
    found: dict[str, Any] = st.session_state.setdefault(_MEMORY, empty)
    return found


def change(make: Callable[[Network, int], Network | tuple[Network, int]]) -> None:
    """Change the network; what `make` refuses becomes a sentence on the page.

    Parameters
    ----------
    make : callable
        Takes the network and the chosen row, returns the new network, and if another row is to be
        chosen then, that row.
    """
    state = memory()
    state["notice"] = ""
    try:
        made = make(network_from_text(state["text"]), state["selected"])
        network, row = made if isinstance(made, tuple) else (made, state["selected"])
        text = network_to_text(network)
    except InputError as error:
        state["notice"] = f"{str(error)[:1].upper()}{str(error)[1:]}."
        return
    if text != state["text"]:
        _remember(state)
        state["text"] = st.session_state[TEXT] = text
    state["selected"] = row


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


def change_in_form(make: Callable[[Network, int], Network]) -> None:
    """Change the network by a field of the form, which stays."""
    change(make)
    state = memory()
    state["form_of"] = (state["selected"], state["text"])


def row_to_begin(network: Network) -> int:
    """Return the row to choose in a network that is new: what is wrong, else the input."""
    wrong = design.add_up(design.survey(network)).error_row
    return -1 if wrong is None else wrong


def undo() -> None:
    """Take the last change back."""
    _step("past", "future")


def redo() -> None:
    """Make the change again that was taken back last."""
    _step("future", "past")


def grant_wishes() -> None:
    """Do what the list asks for; call it before any widget is drawn."""
    state = memory()
    if not state["text"]:
        return
    for wish in wishes(LIST, state["done"]):
        _grant(state, wish)


def read_text(drawn: str) -> Network:
    """Return the network to show, given the text that the field (and so the link) holds.

    A text that cannot be read is put back to what was shown before, or to the first example, with
    one sentence in ``memory()["notice"]``.
    """
    state = memory()
    text = drawn.strip()
    try:
        network = network_from_text(text)
        canonical = network_to_text(network)
    except InputError as error:
        before = "the first example" if not state["text"] else "the network from before"
        state["text"] = state["text"] or FIRST
        state["notice"] = f"This text is damaged ({error}); here is {before} instead."
        _put_back(state)
    if canonical != state["text"]:
        if state["text"]:
            _remember(state)
            state["notice"] = ""
        state["text"], state["selected"] = canonical, row_to_begin(network)
    if canonical != drawn:
        _put_back(state)
    last = len(design.parts_of(network)) - 1
    state["selected"] = max(-1, min(state["selected"], last))
    return network


def _put_back(state: dict[str, Any]) -> NoReturn:
    """Run again with the text that is meant; a widget that is drawn cannot be changed."""
    state["meant"] = state["text"]
    st.rerun()


def before_drawing() -> None:
    """Put the meant text into the field, if the last run asked for that."""
    state = memory()
    if "meant" in state:
        st.session_state[TEXT] = state.pop("meant")
    elif TEXT not in st.session_state and TEXT not in st.query_params:
        st.session_state[TEXT] = state["text"] or FIRST  # at first, or back from another page


def _remember(state: dict[str, Any]) -> None:
    state["past"] = [*state["past"], state["text"]][-_MOST_UNDONE:]
    state["future"] = []


def _step(source: str, other: str) -> None:
    state = memory()
    if not state[source]:
        return
    *state[source], text = state[source]
    state[other] = [*state[other], state["text"]]
    state["text"] = st.session_state[TEXT] = text
    state["notice"] = ""


def _grant(state: dict[str, Any], wish: Wish) -> None:
    last = len(state["text"].split("_")) - 2
    if wish.action == "undo":
        undo()
    elif wish.action == "redo":
        redo()
    elif wish.action == "select":
        state["selected"], state["notice"] = max(-1, min(wish.row, last)), ""
    elif wish.action == "move":
        if 0 <= wish.row <= last and 0 <= wish.before <= last + 1:
            change(lambda network, _: design.move_to(network, wish.row, wish.before))
    elif state["selected"] >= 0:
        actions: dict[str, Callable[[Network, int], tuple[Network, int]]] = {
            "up": lambda network, row: design.move(network, row, -1),
            "down": lambda network, row: design.move(network, row, 1),
            "duplicate": design.duplicate,
            "delete": design.remove,
        }
        change(actions[wish.action])
