"""The window that slides over a picture while the maps grow: a Streamlit component."""

from cnnlab.ui.occlusion_view.occlusion_view import occlusion_view

__all__ = ["occlusion_view"]
