"""Rows of layers, each with its strongest channels and their patches: a Streamlit component."""

from cnnlab.ui.hierarchy_view.hierarchy_view import hierarchy_view

__all__ = ["hierarchy_view"]
