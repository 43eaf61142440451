"""Links whose address is written in the browser: tell a new one from one that lags behind.

A component writes the state of a lesson into the address bar. The browser sends that address with
every run, and under fast edits it may still be the one of a moment ago; taken for a new link, it
would take the latest edits back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

__all__ = ["arrive_at", "link_written", "new_link"]

_MOST_LINKS = 200
_PAGE, _VISIT = "address_page", "address_visit"


def arrive_at(page: str) -> None:
    """Note which page this run is for, so that coming back to it counts as a new visit."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_VISIT] = st.session_state.get(_VISIT, 0) + 1


def new_link(state: dict[str, Any], parameters: Collection[str]) -> dict[str, str] | None:
    """Return the part of the address that a lesson must read anew, if there is any.

    Parameters
    ----------
    state : dict
        The lesson's own state; the links it knows are kept there.
    parameters : collection of str
        The names that belong to the lesson.

    Returns
    -------
    dict or None
        Names and values, none at a first visit without a link. None where there is nothing new:
        then the lesson's state counts.
    """
    link = {name: st.query_params[name] for name in parameters if name in st.query_params}
    links = state.setdefault("links", [])
    if state.get("visit") != st.session_state.get(_VISIT):
        state["visit"] = st.session_state.get(_VISIT)
        del links[:-1]  # after a visit elsewhere an older link was meant as it is
    if links and (not link or link in links):
        return None
    links.append(link)
    return link


def link_written(state: dict[str, Any], link: dict[str, str]) -> None:
    """Note the link that the browser is going to write for the lesson's present state."""
    if link not in state["links"][-1:]:
        state["links"] = [*state["links"], link][-_MOST_LINKS:]
