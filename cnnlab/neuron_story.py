"""The story of one number of a network: what it was made of, and where that came from.

``cnnlab.neuron`` tells it. A story holds copies of a few numbers and nothing of the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.cell_sums import CellSum

__all__ = ["CellStory", "Near", "Source", "Step"]

Floats = NDArray[np.float64]
Cell = tuple[int, int]


class Source(NamedTuple):
    """Where a number came from.

    Attributes
    ----------
    layer : str
        The layer that gave it; "" where it is a pixel of the picture.
    channel, cell : int, (row, column)
        Its place there.
    value : float
        The number.
    """

    layer: str
    channel: int
    cell: Cell
    value: float


@dataclass(frozen=True, eq=False)
class Step:
    """One function on the way to the number.

    Attributes
    ----------
    kind, title : str
        The function: "batch_norm", and in words.
    layer : str
        The layer whose output the step's number is.
    channel, cell : int, (row, column)
        Its place there.
    formula, written : str
        How the number follows from the one before: in letters, and with numbers.
    numbers : dict of str to float
        What goes into the formula, and what it was made of.
    computed : float
        The result, in float64, from the number that the network had before.
    network : float
        The network's own number, float32.
    magnitude : float
        The sizes of all terms added up: what rounding errors grow with.
    others : tuple of Source
        Numbers from elsewhere in the network that go in too, as at a shortcut or a gate.
    """

    kind: str
    title: str
    layer: str
    channel: int
    cell: Cell
    formula: str
    written: str
    numbers: Mapping[str, float]
    computed: float
    network: float
    magnitude: float
    others: tuple[Source, ...] = ()

    @property
    def difference(self) -> float:
        """How far the network's number is from the computed one."""
        return abs(self.computed - self.network)


@dataclass(frozen=True, eq=False)
class Near:
    """The surroundings of a cell of a convolution, small enough to be shown number by number.

    Attributes
    ----------
    x : ndarray of shape (n, h, w)
        What the cell and its neighbours read, all channels of the group; without padding.
    padding : ((top, bottom), (left, right))
        Zeros to put around `x`.
    first : (row, column)
        The cell of the feature map that comes first in the output.
    step : int
        The number of the cell itself in the output, row by row.
    stride, dilation : (rows, columns)
        Of the convolution.
    """

    x: Floats
    padding: tuple[Cell, Cell]
    first: Cell
    step: int
    stride: Cell
    dilation: Cell


@dataclass(frozen=True, eq=False)
class CellStory:
    """Everything that made one number of a network.

    Attributes
    ----------
    layer, channel, cell : str, int, (row, column)
        The number's place.
    maps : (C, H, W)
        What the layer gives: C channels of H × W cells.
    value : float
        The number itself, the network's own.
    feature_map : ndarray of shape (H, W)
        The channel, float32, the network's own numbers.
    column : ndarray of shape (C,)
        The same cell in all channels, float32.
    steps : tuple of Step
        From the sum that it begins with on. Empty where the story cannot be told.
    told : int
        How many of the steps lead to `value`; those after it are what happens to it next.
    sum : CellSum or None
        The first step, input channel by input channel; None where the first step is no sum.
    sources : dict of int to Source
        Where the strongest number of each input channel came from, by its place in the sum.
    near : Near or None
        The surroundings, where the first step is a convolution.
    says : str
        Why the story begins later or cannot be told; else empty.
    """

    layer: str
    channel: int
    cell: Cell
    maps: tuple[int, int, int]
    value: float
    feature_map: NDArray[np.float32]
    column: NDArray[np.float32]
    steps: tuple[Step, ...] = ()
    told: int = 0
    sum: CellSum | None = None
    sources: dict[int, Source] = field(default_factory=dict)
    near: Near | None = None
    says: str = ""

    @property
    def strongest(self) -> Source | None:
        """The number that contributes most; None where there is none to walk to."""
        if self.sum is None:
            return self.sources.get(0)
        ranked = (self.sources.get(int(place)) for place in self.sum.by_size())
        return next((source for source in ranked if source is not None), None)
