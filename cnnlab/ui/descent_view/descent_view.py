"""Send two ways of gradient descent to the browser, which plays them side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["descent_view"]

_component = component(Path(__file__).parent)


def descent_view(data: dict[str, Any], *, key: str) -> None:
    """Draw contours of the loss, the data, and the ways, with a player for their steps.

    Parameters
    ----------
    data : dict
        What to show, as ``cnnlab.descent_scene`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
