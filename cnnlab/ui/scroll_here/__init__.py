"""Go to a place on the page: a Streamlit component."""

from cnnlab.ui.scroll_here.scroll_here import scroll_here

__all__ = ["scroll_here"]
