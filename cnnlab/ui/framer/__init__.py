"""A square frame that is dragged over a picture."""

from cnnlab.ui.framer.framer import square_frame

__all__ = ["square_frame"]
