"""Feature maps and filters as a grid of small pictures, and one map large with its numbers."""

from cnnlab.ui.map_grid.map_grid import Span, map_grid, one_map

__all__ = ["Span", "map_grid", "one_map"]
