"""Draw the parts of a network as a tree and as blocks; tell which one a learner chooses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.ui.component import component

__all__ = ["network_drawing", "network_tree"]

_component = component(Path(__file__).parent)


def network_tree(
    rows: list[list[Any]], *, digest: str, selected: str, key: str, on_layer: Callable[[], None]
) -> None:
    """Draw the parts as a tree that folds.

    Parameters
    ----------
    rows : list of list
        For each part, parents first: its full name, its short one, its depth, how many parts it
        has, what it is, and the shape of its output; plain JSON types only.
    digest : str
        A name for exactly these rows.
    selected : str
        The full name of the part that is chosen; the tree opens down to it.
    key : str
        The component's key on this page.
    on_layer : callable
        Called before the next run when another part was chosen; its full name stands in
        ``st.session_state[key]["layer"]``.

    Notes
    -----
    The rows travel in a message of their own: Streamlit sends it once for each network.
    """
    with st.container(gap=None):  # what only carries rows takes no room
        _component(data={"kind": "rows", "digest": digest, "rows": rows}, key=f"{key}_rows")
        data = {"kind": "tree", "digest": digest, "selected": selected}
        _component(data=data, key=key, on_layer_change=on_layer)


def network_drawing(
    blocks: list[dict[str, Any]], *, label: str, key: str, on_layer: Callable[[], None]
) -> None:
    """Draw blocks side by side, each a button.

    Parameters
    ----------
    blocks : list of dict
        ``layer`` (chosen by a click; "" for the picture), ``holds`` (the parts that lie in it),
        ``title``, ``shape`` (in words), ``width``, ``height`` and the ``room`` it stands in, in
        rem, ``chosen``; plain JSON types only.
    label : str
        What is drawn, in words.
    key, on_layer
        As in `network_tree`.
    """
    data = {"kind": "drawing", "blocks": blocks, "label": label}
    _component(data=data, key=key, on_layer_change=on_layer)
