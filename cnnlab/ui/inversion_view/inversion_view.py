"""Send films of feature inversion to the browser, which plays them by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["inversion_view"]

_component = component(Path(__file__).parent)


def inversion_view(data: dict[str, Any], *, key: str) -> None:
    """Draw the photograph and, beside it, what each layer makes of it, step by step.

    Parameters
    ----------
    data : dict
        What to show, as ``hierarchy_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
