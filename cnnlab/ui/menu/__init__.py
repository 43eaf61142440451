"""Fold the menu away on a phone: a Streamlit component."""

from cnnlab.ui.menu.menu import fold_after_choice

__all__ = ["fold_after_choice"]
