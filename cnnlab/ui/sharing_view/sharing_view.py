"""Send a tensor to the browser, where a cell is chosen and all that share its mean light up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["sharing_view"]

_component = component(Path(__file__).parent)


def sharing_view(data: dict[str, Any], *, key: str, on_cell: Callable[[], None]) -> None:
    """Draw the same tensor once for each kind of normalisation.

    Parameters
    ----------
    data : dict
        What to show, as ``cnnlab.ui.norm_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    on_cell : callable
        Called before the next run when the learner came to rest at another cell, which stands
        in ``st.session_state[key]`` as "cell".
    """
    _component(data=data, key=key, on_cell_change=on_cell)
