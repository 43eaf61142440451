"""Send the probabilities of all classes to the browser, which draws them in WordNet's order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["class_strip"]

_component = component(Path(__file__).parent)


def class_strip(data: dict[str, Any], *, key: str, on_choice: Callable[[], None]) -> None:
    """Draw a column for each class, with the groups below and a cursor that reads them.

    Parameters
    ----------
    data : dict
        ``names`` and ``shares`` of all classes; ``groups`` with ``name``, ``spans`` and ``share``;
        ``parts``, the rows with ``title``, ``first`` and ``last``; ``log``, whether the axis is
        logarithmic; ``chosen``, an index.
    key : str
        The component's key on this page.
    on_choice : callable
        Called before the next run when a class was chosen, whose index then stands in
        ``st.session_state[key]`` as "choice".
    """
    _component(data=data, key=key, on_choice_change=on_choice)
