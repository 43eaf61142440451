"""The table of networks: a Streamlit component that sorts, compares and opens lessons."""

from cnnlab.ui.network_table.network_table import Wish, network_table, wishes

__all__ = ["Wish", "network_table", "wishes"]
