"""Let a learner drag, scale and turn a picture in front of a network; show what it answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["move_stage"]

_component = component(Path(__file__).parent)


def move_stage(data: dict[str, Any], *, key: str, on_move: Callable[[], None]) -> None:
    """Draw the picture on what the network sees, and beside it the network's best guesses.

    Parameters
    ----------
    data : dict
        What to show, as ``moving_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    on_move : callable
        Called before the next run when the picture came to rest at another place, which stands
        in ``st.session_state[key]`` as "move": its numbers, and "count", the number of the move.
    """
    _component(data=data, key=key, on_move_change=on_move)
