"""Bring into view what was just asked for: a Streamlit component."""

from cnnlab.ui.scroll.scroll import scroll

__all__ = ["scroll"]
