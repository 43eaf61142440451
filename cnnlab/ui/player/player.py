"""Send a trace to the browser, where the step player walks through it without the server."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from cnnlab.trace import Trace, trace_payload

__all__ = ["step_player"]

_HERE = Path(__file__).parent

_component = st.components.v2.component(
    "cnnlab.step_player",
    css=(_HERE / "player.css").read_text(encoding="utf-8"),
    js=(_HERE / "player.js").read_text(encoding="utf-8"),
)


def step_player(trace: Trace, *, key: str, label: str) -> None:
    """Draw the player: play, pause, step, scrub, speed, by mouse, touch and keyboard.

    The player keeps its place when the page runs again with the same trace, and when values
    change but the steps stay the same; it starts again when the steps are others.

    Parameters
    ----------
    trace : Trace
        What to show.
    key : str
        The component's key on this page.
    label : str
        What the player shows, for screen readers.
    """
    _component(data={**trace_payload(trace), "label": label}, key=key)
