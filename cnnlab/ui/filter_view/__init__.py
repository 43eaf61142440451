"""A photograph and its filtered self, with one cursor over both."""

from cnnlab.ui.filter_view.filter_view import arithmetic, filter_view, send_pixels

__all__ = ["arithmetic", "filter_view", "send_pixels"]
