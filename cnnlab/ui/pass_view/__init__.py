"""Passes of training one by one: units that go dark, or blocks that are skipped."""

from cnnlab.ui.pass_view.pass_view import pass_view

__all__ = ["pass_view"]
