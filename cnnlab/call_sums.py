"""The sum behind one number that a call gave: what torch's arguments mean for one cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from cnnlab.cell_sums import (
    CellSum,
    average_pool_sum,
    conv_sum,
    linear_sum,
    max_pool_sum,
    region_sum,
)
from cnnlab.forward_calls import Call, Outline

__all__ = ["Arguments", "as_array", "as_maps", "call_sum", "conv_settings"]

_SIGNATURES = {
    "conv2d": "input weight bias stride padding dilation groups",
    "linear": "input weight bias",
    "batch_norm": "input running_mean running_var weight bias training momentum eps",
    "layer_norm": "input normalized_shape weight bias eps",
    "max_pool2d": "input kernel_size stride padding dilation ceil_mode return_indices",
    "avg_pool2d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "adaptive_avg_pool2d": "input output_size",
    "mean": "input dim keepdim",
    "pad": "input pad mode value",
    "hardtanh": "input min_val max_val",
    "leaky_relu": "input negative_slope",
    "elu": "input alpha",
    "gelu": "input approximate",
}


class Arguments:
    """The arguments of a call by the names that torch gives them.

    Parameters
    ----------
    kind : str
        The function's name.
    args, kwargs : tuple, mapping
        As it was called.

    Examples
    --------
    >>> Arguments("avg_pool2d", ("x", 2), {"padding": 1}).pair("kernel_size", 1)
    (2, 2)
    """

    def __init__(self, kind: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        names = _SIGNATURES.get(kind, "input").split()
        self.values: dict[str, Any] = {**dict(zip(names, args, strict=False)), **kwargs}

    def get(self, name: str, usual: Any = None) -> Any:
        """Return an argument; `usual` where it was not given."""
        return self.values.get(name, usual)

    def pair(self, name: str, usual: Any) -> tuple[int, int]:
        """Return an argument as (rows, columns): one number stands for both."""
        value = self.get(name, usual)
        rows, columns = (value[0], value[-1]) if isinstance(value, (tuple, list)) else (value,) * 2
        return int(rows), int(columns)


def call_sum(
    call: Call, given: Arguments, plan: Outline, tensor: int, place: int
) -> CellSum | None:
    """Return the sum that made a number.

    Parameters
    ----------
    call : Call
        What gave it.
    given : Arguments
        The real arguments.
    plan : Outline
        The network's calls.
    tensor, place : int
        The tensor that the call gave, and the number's place in it.

    Returns
    -------
    CellSum or None
        None where the function is neither a convolution, nor fully connected, nor a pooling.
    """
    x = given.get("input")
    if call.kind == "linear":
        *at, channel = (int(index) for index in np.unravel_index(place, plan.shapes[tensor]))
        weight, bias = (as_array(given.get(name)) for name in ("weight", "bias"))
        return linear_sum(as_array(x[tuple(at)]), weight, bias, channel=channel)
    if call.kind not in _READ or not isinstance(x, Tensor) or x.ndim != 4 or len(x) != 1:
        return None
    if call.kind == "mean" and plan.channels_last[call.takes[0]]:
        return None
    maps = as_maps(plan, call.takes[0], x)
    channel, row, column = plan.cell(tensor, place)
    made: CellSum | None = _READ[call.kind](maps, given, channel=channel, cell=(row, column))
    return made


def conv_settings(given: Arguments) -> dict[str, Any]:
    """Return the settings of a convolution as ``conv_sum`` takes them, padding in numbers."""
    kernel_size = given.get("weight").shape[2:]
    dilation = given.pair("dilation", 1)
    padding = given.get("padding", 0)
    if padding == "same":  # where it is odd, the one more stands at the end
        pads = tuple(dilation[axis] * (kernel_size[axis] - 1) // 2 for axis in (0, 1))
    else:
        pads = (0, 0) if padding == "valid" else given.pair("padding", 0)
    return {
        "stride": given.pair("stride", 1),
        "padding": pads,
        "dilation": dilation,
        "groups": int(given.get("groups", 1)),
    }


def as_maps(plan: Outline, tensor: int, values: Tensor) -> NDArray[Any]:
    """Return a tensor's numbers as feature maps (C, H, W)."""
    array = as_array(values)[0]
    if array.ndim == 3:
        maps = array.transpose(2, 0, 1) if plan.channels_last[tensor] else array
    else:
        maps = array.T[:, :, None] if array.ndim == 2 else array[:, None, None]
    return np.asarray(maps)


def as_array(value: Any) -> Any:
    """Return a tensor as an array; None stays None."""
    return None if value is None else value.detach().cpu().numpy()


def _conv(x: NDArray[Any], given: Arguments, **here: Any) -> CellSum:
    weight, bias = (as_array(given.get(name)) for name in ("weight", "bias"))
    return conv_sum(x, weight, bias, **here, **conv_settings(given))


def _max_pool(x: NDArray[Any], given: Arguments, **here: Any) -> CellSum:
    return max_pool_sum(x, **here, **_windows(given), dilation=given.pair("dilation", 1))


def _avg_pool(x: NDArray[Any], given: Arguments, **here: Any) -> CellSum:
    counted, divisor = given.get("count_include_pad", True), given.get("divisor_override")
    settings = _windows(given)
    return average_pool_sum(x, **here, **settings, count_include_pad=counted, divisor=divisor)


def _regions(x: NDArray[Any], given: Arguments, **here: Any) -> CellSum:
    size = given.get("output_size")
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    rows, columns = (
        length if wanted is None else int(wanted)
        for wanted, length in zip(pair, x.shape[1:], strict=True)
    )
    return region_sum(x, **here, output_size=(rows, columns))


def _mean(x: NDArray[Any], given: Arguments, *, channel: int, cell: Any) -> CellSum | None:
    """Return the mean over all places of a map, which is the only one that is told."""
    dims = given.get("dim")
    axes = {int(axis) % 4 for axis in dims} if isinstance(dims, (tuple, list)) else set()
    if axes != {2, 3}:
        return None
    return region_sum(x, channel=channel, cell=(0, 0), output_size=(1, 1))


def _windows(given: Arguments) -> dict[str, Any]:
    kernel_size = given.pair("kernel_size", 1)
    no_stride = given.get("stride") in (None, [])
    return {
        "kernel_size": kernel_size,
        "stride": kernel_size if no_stride else given.pair("stride", 1),
        "padding": given.pair("padding", 0),
    }


_READ: dict[str, Any] = {
    "conv2d": _conv,
    "max_pool2d": _max_pool,
    "avg_pool2d": _avg_pool,
    "adaptive_avg_pool2d": _regions,
    "mean": _mean,
}
