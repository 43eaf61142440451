"""What stands in the address of a page: values that no field can hold, links that lag behind.

A component writes the state of a lesson into the address bar. The browser sends that address with
every run, and under fast edits it may still be the one of a moment ago; taken for a new link, it
would take the latest edits back.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

__all__ = ["arrive_at", "arriving", "drop_endless_numbers", "link_written", "new_link"]

_MOST_LINKS = 200
_PAGE, _VISIT = "address_page", "address_visit"


def arrive_at(page: str) -> None:
    """Note which page this run is for, so that coming back to it counts as a new visit."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_VISIT] = st.session_state.get(_VISIT, 0) + 1


def arriving(state: dict[str, Any]) -> bool:
    """Return whether a lesson asks for the first time in this visit; note that it has asked.

    Parameters
    ----------
    state : dict
        The lesson's own state; the visit is noted there.
    """
    first = state.get("visit") != st.session_state.get(_VISIT)
    state["visit"] = st.session_state.get(_VISIT)
    return first


def drop_endless_numbers() -> None:
    """Take numbers too large for the computer out of the address, then begin the run again.

    A number of 309 digits or more, or "1e999", becomes infinity when Streamlit reads it for a
    number field, and the page would end there. Without it, the field shows its usual value, as
    for any other value that it cannot hold. Call this before any widget is drawn.
    """
    endless = [name for name in st.query_params if _endless(name)]
    if not endless:
        return
    try:
        for name in endless:
            del st.query_params[name]
    except StreamlitAPIException:
        return  # its field stands already, so Streamlit does not read the address for it
    st.rerun()


def _endless(name: str) -> bool:
    for value in st.query_params.get_all(name):
        try:
            if math.isinf(float(value)):
                return True
        except ValueError:
            continue
    return False


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
    if arriving(state):
        del links[:-1]  # after a visit elsewhere an older link was meant as it is
    if links and (not link or link in links):
        return None
    links.append(link)
    return link


def link_written(state: dict[str, Any], link: dict[str, str]) -> None:
    """Note the link that the browser is going to write for the lesson's present state."""
    if link not in state["links"][-1:]:
        state["links"] = [*state["links"], link][-_MOST_LINKS:]
