"""A drawing pad with every tensor of the digit network."""

from cnnlab.ui.digit_pad.digit_pad import arithmetic, digit_pad

__all__ = ["arithmetic", "digit_pad"]
