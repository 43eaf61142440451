"""One small tensor under batch, layer, instance and group normalisation, for looking at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range
from cnnlab.norm_steps import in_words
from cnnlab.normalisation import (
    EPS,
    KINDS,
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    statistics_sets,
)

__all__ = [
    "Normalised",
    "cell_words",
    "normalise_all",
    "parse_cell",
    "set_words",
    "small_tensor",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Normalised:
    """What one kind of normalisation does to a tensor.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    sets : (N, C, H, W) array of int
        Cells with equal numbers share a mean.
    out : (N, C, H, W) array or None
        The output without scale and shift; None where it cannot be.
    problem : str
        Why it cannot be.
    n_params : int
        How many scales and shifts PyTorch's module learns, if asked to learn them.
    """

    kind: str
    sets: NDArray[np.int64]
    out: Floats | None
    problem: str
    n_params: int

    @property
    def n_sets(self) -> int:
        """How many means there are."""
        return int(self.sets.max()) + 1

    @property
    def set_size(self) -> int:
        """How many cells share one mean."""
        return self.sets.size // self.n_sets


def small_tensor(shape: tuple[int, int, int, int], *, seed: int = 0, brighter: float = 0) -> Floats:
    """Return a tensor of small whole numbers whose channels differ.

    Parameters
    ----------
    shape : (N, C, H, W)
        Pictures, channels, rows, columns.
    seed : int
        Of the random numbers.
    brighter : float
        Added to all numbers of the first picture.

    Returns
    -------
    (N, C, H, W) array
        Each channel has a range of ten numbers; that of channel c begins at 5 · c.

    Examples
    --------
    >>> small_tensor((1, 2, 1, 2), brighter=100).shape
    (1, 2, 1, 2)
    """
    random = np.random.default_rng(seed)
    x = random.integers(0, 10, shape) + 5.0 * np.arange(shape[1])[:, None, None]
    x[0] += brighter
    return x


def normalise_all(x: Floats, *, groups: int) -> list[Normalised]:
    """Return all kinds of normalisation of one tensor, in the order of ``KINDS``.

    Parameters
    ----------
    x : (N, C, H, W) array
        The tensor.
    groups : int
        For group normalisation.

    Returns
    -------
    list of Normalised
        Batch normalisation as in training.

    Raises
    ------
    InputError
        If the groups cannot share the channels equally.

    Examples
    --------
    >>> [found.set_size for found in normalise_all(small_tensor((3, 4, 2, 2)), groups=2)]
    [12, 16, 4, 8]
    """
    channels = x.shape[1]
    n_params = {kind: 2 * channels for kind in KINDS} | {"layer": 2 * math.prod(x.shape[1:])}
    found = []
    for kind in KINDS:
        sets = statistics_sets(kind, x.shape, groups=groups)
        try:
            out, problem = _output(kind, x, groups), ""
        except InputError as error:
            out, problem = None, str(error)
        found.append(Normalised(kind, sets, out, problem, n_params[kind]))
    return found


def parse_cell(text: str, shape: tuple[int, int, int, int]) -> int:
    """Return the place of a cell, counted through the whole tensor from 0.

    Parameters
    ----------
    text : str
        Picture, channel, row and column, each counted from 1.
    shape : (N, C, H, W)
        The tensor's.

    Returns
    -------
    int
        Its place in the flat tensor. A number that is too large is the last one: a tensor may
        have become smaller under a chosen cell.

    Raises
    ------
    InputError
        If there are not four whole numbers above 0.

    Examples
    --------
    >>> parse_cell("1 2 1 1", (3, 4, 2, 2)), parse_cell("9 9 9 9", (3, 4, 2, 2))
    (4, 47)
    """
    parts = text.replace(",", " ").split()
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):
        raise InputError("a cell has four whole numbers: picture, channel, row, column")
    places = [in_range(int(part[:9]), name="each number", low=1) for part in parts]
    clipped = [min(place, size) - 1 for place, size in zip(places, shape, strict=True)]
    return int(np.ravel_multi_index(clipped, shape))


def set_words(found: Normalised, x: Floats, *, groups: int) -> list[str]:
    """Return for each set of cells how many share which mean and variance.

    Examples
    --------
    >>> x = small_tensor((3, 4, 2, 2))
    >>> set_words(normalise_all(x, groups=2)[1], x, groups=2)[0][:33]
    '4 · 2 · 2 = 16 cells share μ = 12'
    """
    n, c, h, w = x.shape
    factors = {
        "batch": [n, h, w],
        "layer": [c, h, w],
        "instance": [h, w],
        "group": [c // groups, h, w],
    }[found.kind]
    count = f"{' · '.join(map(str, factors))} = {found.set_size}"
    words = []
    for number in range(found.n_sets):
        values = x[found.sets == number]
        words.append(
            f"{count} cells share μ = {in_words(values.mean())} and σ² = {in_words(values.var())}."
        )
    return words


def cell_words(found: Normalised, x: Floats) -> list[str]:
    """Return for each cell, in flat order, how its output comes about.

    Examples
    --------
    >>> x = np.array([[[[1.0, 3.0]]]])
    >>> cell_words(normalise_all(x, groups=1)[0], x)[0]
    'x̂ = (1 − 2) / √(1 + 0.00001) = −1'
    """
    if found.out is None:
        return [""] * x.size
    words = []
    for value, out, number in zip(x.flat, found.out.flat, found.sets.flat, strict=True):
        values = x[found.sets == number]
        words.append(
            f"x̂ = ({in_words(value)} − {in_words(values.mean())}) / "
            f"√({in_words(values.var())} + {in_words(EPS)}) = {in_words(out, digits=4)}"
        )
    return words


def _output(kind: str, x: Floats, groups: int) -> Floats:
    match kind:
        case "batch":
            return batch_norm(x)
        case "layer":
            return layer_norm(x)
        case "instance":
            return instance_norm(x)
    return group_norm(x, groups=groups)
