"""Send what occlusion found to the browser, which plays it by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["occlusion_view"]

_component = component(Path(__file__).parent)


def occlusion_view(data: dict[str, Any], *, key: str) -> None:
    """Draw the picture with its window, and the maps so far.

    Parameters
    ----------
    data : dict
        What to show, as ``occlusion_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
