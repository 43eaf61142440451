"""Send layers with their strongest channels to the browser, where a channel is chosen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["hierarchy_view"]

_component = component(Path(__file__).parent)


def hierarchy_view(data: dict[str, Any], *, key: str, on_pick: Callable[[], None]) -> None:
    """Draw one row for each layer: what a cell sees, and channels with their patches.

    Parameters
    ----------
    data : dict
        What to show, as ``hierarchy_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    on_pick : callable
        Called before the next run when the learner has chosen a channel, which then stands in
        ``st.session_state[key]`` as "pick".
    """
    _component(data=data, key=key, on_pick_change=on_pick)
