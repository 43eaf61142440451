"""Send a lesson's state to the browser, where the step player walks through it by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.ui.component import readings_script

__all__ = ["player_script", "player_style", "step_player"]

_HERE = Path(__file__).parent
_FILES = ("base", "grid", "board", "work", "window", "fields", "predict", "picture", "player")


def player_script() -> str:
    """Return the player as one JavaScript module; it exports the function that mounts it."""
    files = [(_HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in _FILES]
    return "\n".join([readings_script(), *files])


def player_style() -> str:
    """Return the player's style sheet; colours come from variables of the page around it."""
    return (_HERE / "player.css").read_text(encoding="utf-8")


_component = st.components.v2.component(
    "cnnlab.step_player", css=player_style(), js=player_script()
)


def step_player(data: dict[str, Any], *, key: str) -> None:
    """Draw the player: settings, board, arithmetic, and the way through the steps.

    The player keeps its place when the page runs again with the same steps, and when only values
    change; it starts again when the steps are others. What a learner changes in it stands in
    ``st.session_state[key]["wishes"]`` at the next run.

    Parameters
    ----------
    data : dict
        What to show, as ``lab_state.player_data`` returns it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key, on_wishes_change=lambda: None)
