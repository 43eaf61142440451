"""Fold the menu away on a phone once a page was chosen, which Streamlit leaves to the visitor."""

from __future__ import annotations

from pathlib import Path

from cnnlab.ui.component import component

__all__ = ["fold_after_choice"]

_component = component(Path(__file__).parent)


def fold_after_choice(page: str) -> None:
    """Let the browser close the menu where it covers the page, when the page is another one.

    Parameters
    ----------
    page : str
        The page that is shown.
    """
    _component(data={"page": page}, key="menu")
