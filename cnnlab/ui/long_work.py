"""Work that takes so long that a learner starts it, watches it and may stop it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager

import streamlit as st

__all__ = ["started"]


@contextmanager
def started(
    key: str,
    wanted: Hashable,
    label: str,
    *,
    stop: str = "Stop",
    icon: str = ":material/replay:",
    primary: bool = True,
    ask: bool = True,
) -> Iterator[bool]:
    """Offer a button that starts long work, and one that stops it while it is under way.

    The two buttons have places of their own: one never turns into the other under a finger.

    Parameters
    ----------
    key : str
        Key of the start button; the other one's is `key` + "_stop".
    wanted : hashable
        What is to be worked out, all of it: after a change it must be started again.
    label : str
        What stands on the start button; say there about how long it takes.
    stop : str
        What stands on the other.
    icon : str
        Of the start button.
    primary : bool
        Whether the start button is the main one of the page.
    ask : bool
        Whether to ask at all; False where the work is short: then there are no buttons.

    Yields
    ------
    bool
        Whether to do the work now; it belongs into the body of the ``with``.
    """
    if not ask:
        yield True
        return
    state = f"{key}_for"
    start_place, stop_place = st.container(), st.empty()
    if st.session_state.get(state) != wanted:
        if st.session_state.pop(f"{key}_stopped", None) == wanted:
            st.caption("Stopped. Parts that were finished are kept.")
        start_place.button(
            label,
            key=key,
            type="primary" if primary else "secondary",
            icon=icon,
            on_click=_start,
            args=(state, wanted),
        )
        yield False
        return
    stop_place.button(stop, key=f"{key}_stop", icon=":material/stop:", on_click=_stop, args=(key,))
    yield True
    stop_place.empty()


def _start(state: str, wanted: Hashable) -> None:
    st.session_state[state] = wanted


def _stop(key: str) -> None:
    st.session_state[f"{key}_stopped"] = st.session_state.pop(f"{key}_for", None)
