"""Let the browser filter its camera, frame by frame; no frame is sent anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.ui.filter_view import arithmetic

__all__ = ["live_filter"]

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "cnnlab.live_filter",
    css=(_HERE / "live_filter.css").read_text(encoding="utf-8"),
    js=arithmetic() + (_HERE / "live_filter.js").read_text(encoding="utf-8"),
)


def live_filter(data: dict[str, Any], *, key: str) -> None:
    """Draw a button that starts the camera, its picture in grey, and the filtered one.

    Parameters
    ----------
    data : dict
        The filter and how its answers are drawn; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
