"""Bring into view what was just asked for."""

from __future__ import annotations

from pathlib import Path

from cnnlab.ui.component import component

__all__ = ["scroll_here", "scroll_up"]

_component = component(Path(__file__).parent)


def scroll_here(time: int, *, key: str) -> None:
    """Let the browser scroll to this place, once for each new number, if it lies above the window.

    Parameters
    ----------
    time : int
        How often it was asked for; 0 for never.
    key : str
        The component's key on this page.
    """
    _component(data={"time": time, "name": key, "top": False}, key=key)


def scroll_up(time: int, *, key: str) -> None:
    """Let the browser scroll to the top of the page, once for each new number.

    Parameters
    ----------
    time : int
        How often it was asked for; 0 for never.
    key : str
        The component's key on this page.
    """
    _component(data={"time": time, "name": key, "top": True}, key=key)
