"""Bring into view what was just asked for."""

from __future__ import annotations

from pathlib import Path

from cnnlab.ui.component import component

__all__ = ["scroll"]

_component = component(Path(__file__).parent)


def scroll(time: int, *, key: str, to_top: bool = False) -> None:
    """Let the browser scroll, once for each new number.

    Parameters
    ----------
    time : int
        How often it was asked for; 0 for never.
    key : str
        The component's key on this page.
    to_top : bool
        Whether to the top of the page; else to this place, if it lies above the window.
    """
    _component(data={"time": time, "name": key, "top": to_top}, key=key)
