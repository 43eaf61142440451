"""The filters of a convolution, slice by slice; never averaged, since a mean is no filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError, in_range

__all__ = ["FilterSlices", "Kind", "filter_slices"]

Kind = Literal["colour", "filter", "input", "all"]


@dataclass(frozen=True, eq=False)
class FilterSlices:
    """Some slices of a convolution's weight.

    Parameters
    ----------
    values : ndarray of shape (n, kH, kW) or (n, kH, kW, 3)
        The weights; the latter are filters that read red, green and blue.
    numbers : tuple of int
        What each slice belongs to: a filter, or the input channel that it reads.
    total : int
        How many there are; `values` holds one page of them.
    extent : float
        The largest size of all weights of the layer.
    """

    values: NDArray[np.float32]
    numbers: tuple[int, ...]
    total: int
    extent: float


def filter_slices(
    weight: NDArray[np.float32],
    *,
    kind: Kind,
    groups: int = 1,
    number: int = 0,
    first: int = 0,
    count: int = 64,
) -> FilterSlices:
    """Return one page of slices of a convolution's weight.

    Parameters
    ----------
    weight : ndarray of shape (C_out, C_in / groups, kH, kW)
        As PyTorch keeps it.
    kind : {"colour", "filter", "input", "all"}
        "colour": whole filters that read three channels; "filter": one slice for each input
        channel that filter `number` reads; "input": one slice for each filter that reads input
        channel `number`; "all": the only slice of every filter, where it reads one channel.
    groups : int
        Into how many groups the channels are split.
    number : int
        Of the filter or of the input channel, from 0.
    first, count : int
        Which slices: so many from this one on.

    Returns
    -------
    FilterSlices
        The weights themselves; nothing is averaged.

    Raises
    ------
    InputError
        If there is no such filter or channel, or the filters are not of this kind.

    Examples
    --------
    >>> weight = np.arange(4 * 2, dtype=np.float32).reshape(4, 2, 1, 1)
    >>> filter_slices(weight, kind="filter", number=3).values.ravel().tolist()
    [6.0, 7.0]
    >>> found = filter_slices(weight, kind="input", groups=2, number=3)
    >>> found.values.ravel().tolist(), found.numbers
    ([5.0, 7.0], (2, 3))
    """
    n_filters, n_slices = weight.shape[:2]
    each = n_filters // groups
    if kind == "colour":
        if n_slices != 3:
            raise InputError(f"only filters of 3 channels have a colour, these read {n_slices}")
        chosen, numbers = weight.transpose(0, 2, 3, 1), range(n_filters)
    elif kind == "all":
        if n_slices != 1:
            raise InputError(f"these filters read {n_slices} channels, not one")
        chosen, numbers = weight[:, 0], range(n_filters)
    elif kind == "filter":
        number = in_range(number, name="number", low=0, high=n_filters - 1)
        start = number // each * n_slices
        chosen, numbers = weight[number], range(start, start + n_slices)
    else:
        number = in_range(number, name="number", low=0, high=groups * n_slices - 1)
        start = number // n_slices * each
        chosen = weight[start : start + each, number % n_slices]
        numbers = range(start, start + each)
    page = slice(first, first + count)
    return FilterSlices(
        values=np.array(chosen[page]),
        numbers=tuple(numbers[page]),
        total=len(numbers),
        extent=float(np.abs(weight).max()),
    )
