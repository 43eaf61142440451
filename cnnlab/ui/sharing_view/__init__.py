"""Which cells of a tensor share a mean: a Streamlit component."""

from cnnlab.ui.sharing_view.sharing_view import sharing_view

__all__ = ["sharing_view"]
