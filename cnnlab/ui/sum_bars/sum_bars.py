"""Send the parts of a sum to the browser; hear which one is chosen there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["sum_bars"]

_component = component(Path(__file__).parent)


def sum_bars(data: dict[str, Any], *, key: str, on_choice: Callable[[], None]) -> None:
    """Draw bars to the right for what is added, to the left for what is taken off.

    Parameters
    ----------
    data : dict
        Plain JSON types only. ``label`` for screen readers; ``rows``, each with ``name`` (a
        number to send back, None where nothing can be chosen), ``title``, ``value`` (None for the
        whole, which has no bar), ``text``; ``extent`` of the bars; ``chosen``, a name.
    key : str
        The component's key on this page.
    on_choice : callable
        Called before the next run when a row was chosen; ``st.session_state[key]["choice"]``
        holds its name.
    """
    _component(data=data, key=key, on_choice_change=on_choice)
