"""Two activations and their derivatives over one axis, read at a cursor."""

from cnnlab.ui.curve_view.curve_view import curve_view

__all__ = ["curve_view"]
