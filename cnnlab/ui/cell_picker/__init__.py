"""A feature map whose cells can be chosen, beside the picture and what the cell sees of it."""

from cnnlab.ui.cell_picker.cell_picker import cell_picker

__all__ = ["cell_picker"]
