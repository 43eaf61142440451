"""Send curves over a series of moves to the browser, which marks where the picture stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["move_curves"]

_component = component(Path(__file__).parent)


def move_curves(data: dict[str, Any], *, key: str) -> None:
    """Draw the probability of a class and the distances of features over a series of moves.

    A click on a point moves the picture of the ``move_stage`` on the same page there.

    Parameters
    ----------
    data : dict
        What to draw, as ``moving_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
