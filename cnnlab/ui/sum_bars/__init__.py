"""What each input adds to a sum, as bars that can be chosen."""

from cnnlab.ui.sum_bars.sum_bars import sum_bars

__all__ = ["sum_bars"]
