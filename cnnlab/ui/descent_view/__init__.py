"""Two ways down, side by side: a Streamlit component."""

from cnnlab.ui.descent_view.descent_view import descent_view

__all__ = ["descent_view"]
