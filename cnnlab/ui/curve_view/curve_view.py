"""Send curves to the browser, which reads them at a cursor by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["curve_view"]

_component = component(Path(__file__).parent)


def curve_view(data: dict[str, Any], *, key: str, on_rest: Callable[[], None]) -> None:
    """Draw up to two curves with their derivatives and a cursor.

    Parameters
    ----------
    data : dict
        What to draw, as ``activation_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    on_rest : callable
        Called before the next run when the cursor has come to rest at another place, which then
        stands in ``st.session_state[key]`` as "x".
    """
    _component(data=data, key=key, on_x_change=on_rest)
