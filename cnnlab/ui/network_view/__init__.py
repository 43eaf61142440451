"""A network to choose layers from: a tree that folds, and a drawing to scale."""

from cnnlab.ui.network_view.network_view import network_drawing, network_tree

__all__ = ["network_drawing", "network_tree"]
