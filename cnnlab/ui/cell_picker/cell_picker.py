"""Send a feature map and a picture to the browser; hear which cell is chosen there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["cell_picker"]

_component = component(Path(__file__).parent)


def cell_picker(data: dict[str, Any], *, key: str, on_cell: Callable[[], None]) -> None:
    """Draw a feature map with a chosen cell, and what that cell sees of the picture.

    Parameters
    ----------
    data : dict
        Plain JSON types only. ``board``: ``rows``, ``columns``, ``count`` (cells that there are),
        ``values`` (float32, row by row, in base64), ``extent`` (of the colours), ``title``,
        ``noun`` ("cell" or "channel"). ``cell``: row and column. ``picture``: ``src``, ``width``,
        ``height``, ``alt``, ``title``. ``field``: ``start``, ``jump``, ``size`` as (rows,
        columns), or None for the whole picture. ``heat``: a picture to lay over it, with ``src``
        and ``says``, or None. ``says``: what the cell sees, in words. ``done``: the number of the
        last choice that was taken over. ``link``: names and values that go into the address.
    key : str
        The component's key on this page.
    on_cell : callable
        Called before the next run when another cell was chosen: ``st.session_state[key]["cell"]``
        holds ``at``, row and column, and ``number``.
    """
    _component(data=data, key=key, on_cell_change=on_cell)
