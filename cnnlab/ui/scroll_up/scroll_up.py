"""Go to the top of the page, where what was just chosen is shown."""

from __future__ import annotations

from pathlib import Path

from cnnlab.ui.component import component

__all__ = ["scroll_up"]

_component = component(Path(__file__).parent)


def scroll_up(time: int, *, key: str) -> None:
    """Let the browser scroll to the top, once for each new number.

    Parameters
    ----------
    time : int
        How often it was asked for.
    key : str
        The component's key on this page.
    """
    _component(data={"time": time}, key=key)
