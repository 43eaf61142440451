"""Bring into view what was just asked for: a Streamlit component."""

from cnnlab.ui.scroll.scroll import scroll_here, scroll_up

__all__ = ["scroll_here", "scroll_up"]
