"""A picture that is moved in front of a network, and the answer that follows."""

from cnnlab.ui.move_stage.move_stage import move_stage

__all__ = ["move_stage"]
