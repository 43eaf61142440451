"""Let the browser filter its camera, frame by frame; no frame is sent anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component
from cnnlab.ui.filter_view import arithmetic

__all__ = ["live_filter"]

_component = component(Path(__file__).parent, arithmetic=arithmetic())


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
