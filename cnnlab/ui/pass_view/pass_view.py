"""Send passes of training to the browser, which plays them by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["pass_view"]

_component = component(Path(__file__).parent)


def pass_view(data: dict[str, Any], *, key: str, on_rest: Callable[[], None]) -> None:
    """Draw one pass of many, a player for all of them, and their running mean.

    Parameters
    ----------
    data : dict
        ``kind`` is "network" or "blocks"; the rest as ``dropout_lab`` makes it, plain JSON types.
    key : str
        The component's key on this page.
    on_rest : callable
        Called before the next run when the learner has come to rest at another pass, which then
        stands in ``st.session_state[key]`` as "number".
    """
    _component(data=data, key=key, on_number_change=on_rest)
