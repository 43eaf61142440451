"""A picture that one can zoom into until its pixels carry their numbers."""

from cnnlab.ui.pixel_view.pixel_view import pixel_view

__all__ = ["pixel_view"]
