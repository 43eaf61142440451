"""How a network's answer and its features follow a picture that is moved."""

from cnnlab.ui.move_curves.move_curves import move_curves

__all__ = ["move_curves"]
