"""Films of feature inversion, one for each layer: a Streamlit component."""

from cnnlab.ui.inversion_view.inversion_view import inversion_view

__all__ = ["inversion_view"]
