"""Go to the top of the page: a Streamlit component."""

from cnnlab.ui.scroll_up.scroll_up import scroll_up

__all__ = ["scroll_up"]
