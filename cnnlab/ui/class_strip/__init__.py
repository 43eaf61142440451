"""All classes in the order of their index: a Streamlit component."""

from cnnlab.ui.class_strip.class_strip import class_strip

__all__ = ["class_strip"]
