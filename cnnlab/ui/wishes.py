"""What a learner asks for in a component drawn by the browser: each wish is granted once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import streamlit as st

__all__ = ["new_wishes"]


def new_wishes(
    key: str,
    done: dict[str, int],
    *,
    most: int,
    understood: Callable[[dict[str, Any]], bool] = lambda wish: True,
) -> Iterator[dict[str, Any]]:
    """Yield what was wished since the last run, and note in `done` that it was seen.

    The browser sends ``{"token": ..., "list": [{"number": 1, ...}, ...]}`` as the component's
    ``wishes``, and sends a wish again until its number is noted.

    Parameters
    ----------
    key : str
        The component's key.
    done : dict
        The number of the last wish seen, under the token of the visit; changed here.
    most : int
        How many of the wishes sent are looked at.
    understood : callable, optional
        Says whether the rest of a wish can be read; others are passed over and not noted.

    Yields
    ------
    dict
        A wish, in the order in which they were made.
    """
    sent = (st.session_state.get(key) or {}).get("wishes") or {}
    token = str(sent.get("token", ""))[:32]
    for wish in list(sent.get("list", []))[:most]:
        number = wish.get("number")
        if not isinstance(number, int) or number <= done.get(token, 0) or not understood(wish):
            continue
        done.clear()
        done[token] = number
        yield wish
