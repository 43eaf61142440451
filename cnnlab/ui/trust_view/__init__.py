"""The curves of deletion and insertion, with the pictures at each step: a Streamlit component."""

from cnnlab.ui.trust_view.trust_view import trust_view

__all__ = ["trust_view"]
