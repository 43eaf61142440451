"""The camera, filtered in the browser."""

from cnnlab.ui.live_filter.live_filter import live_filter

__all__ = ["live_filter"]
