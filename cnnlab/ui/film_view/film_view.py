"""Send films to the browser, which plays them by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["film_view"]

_component = component(Path(__file__).parent)


def film_view(data: dict[str, Any], *, key: str) -> None:
    """Draw films side by side, all at the same step, and curves beside them.

    Parameters
    ----------
    data : dict
        What to show; plain JSON types only. ``label`` says what the films show, ``start`` what
        they begin with. ``steps`` are the steps of the frames. Each of ``films`` has a ``name``,
        its ``frames`` as links and ``words`` for each frame. Optional are ``target``, a picture
        that stands before them (``src``, ``alt``), ``code`` (the names are names of code),
        ``pixelated`` (each pixel is to be seen) and ``curves``: ``name`` and ``values``, one for
        each step from 0 on.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
