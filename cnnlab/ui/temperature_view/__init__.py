"""Probabilities that follow the temperature: a Streamlit component."""

from cnnlab.ui.temperature_view.temperature_view import temperature_view

__all__ = ["temperature_view"]
