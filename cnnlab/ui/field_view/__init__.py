"""A stack of layers that is edited, and what one of its cells sees of a picture."""

from cnnlab.ui.field_view.field_view import field_view

__all__ = ["field_view"]
