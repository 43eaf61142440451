"""The list of a network's layers: a Streamlit component, fast with hundreds of rows."""

from cnnlab.ui.layer_list.layer_list import Wish, layer_list, wishes

__all__ = ["Wish", "layer_list", "wishes"]
