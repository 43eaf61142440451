"""Send the curves of deletion and insertion to the browser, which walks along them by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["trust_view"]

_component = component(Path(__file__).parent)


def trust_view(data: dict[str, Any], *, key: str) -> None:
    """Draw both curves, a slider for the step, and the two pictures at this step.

    Parameters
    ----------
    data : dict
        What to show, as ``trust_panel`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
