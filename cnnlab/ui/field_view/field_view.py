"""Send a stack's receptive fields to the browser, which walks through them by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["field_view"]

_component = component(Path(__file__).parent)


def field_view(
    data: dict[str, Any],
    *,
    key: str,
    on_edit: Callable[[], None],
    on_layer: Callable[[], None],
) -> None:
    """Draw the layers of a stack, their settings, and the field of one cell on a picture.

    Parameters
    ----------
    data : dict
        What to show, as ``receptive_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    on_edit, on_layer : callable
        Called before the next run when the learner has changed the stack or come to rest at
        another layer; what was sent stands in ``st.session_state[key]``, as "edit" or "layer".
    """
    _component(data=data, key=key, on_edit_change=on_edit, on_layer_change=on_layer)
