"""Send two ways of gradient descent to the browser, which plays them side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["descent_view"]

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.descent_view",
    css=(_HERE / "descent_view.css").read_text(encoding="utf-8"),
    js=(_HERE / "descent_view.js").read_text(encoding="utf-8"),
)


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
