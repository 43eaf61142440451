"""The calls of a forward pass with their numbers, and what is known of the functions.

`record` writes a pass down. The rest says which cells of what a call takes decide a cell of what it
gives, and how to make the call for some cells only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnnlab.features import layer_name, private_copy
from cnnlab.forward_calls import Call, Ref, Shape, as_tuple, with_parts

__all__ = [
    "CannotReplay",
    "Recording",
    "Window",
    "for_batch",
    "is_cellwise",
    "is_global_mean",
    "is_pointwise",
    "named",
    "record",
    "window_of",
]

_MARK = "_cnnlab_window_number"


class CannotReplay(Exception):
    """The network does something that cannot be followed call by call."""


# Writing down -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Recording:
    """A forward pass.

    Attributes
    ----------
    calls : list of Call
        In the order in which they ran.
    values : list of Tensor
        Every tensor made of the picture, by its number; the picture is number 0.
    output : int
        The number of what the network gives.
    layer : int or None
        The number of what the layer gives that was asked for.
    """

    calls: list[Call]
    values: list[Tensor]
    output: int
    layer: int | None


def record(model: nn.Module, image: Tensor, layer: str | None = None) -> Recording:
    """Run a network on a picture, and write down every function that it calls.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; neither changed nor hooked.
    image : Tensor of shape (1, C, H, W)
        The picture.
    layer : str, optional
        A layer whose maps are wanted too.

    Returns
    -------
    Recording
        Its tensors lie with the channels last.

    Raises
    ------
    CannotReplay
        If the network writes into its own tensors, or gives what is not made of the picture.
    """
    recorder = _Recorder()
    twin = private_copy(model)
    marked = image.contiguous(memory_format=torch.channels_last).view_as(image)
    setattr(marked, _MARK, 0)
    recorder.values.append(marked)
    seen: list[Tensor] = []
    if layer is not None:
        part = twin.get_submodule(layer_name(twin, layer))
        part.register_forward_hook(lambda _m, _i, output: seen.append(output))
    with torch.no_grad(), recorder:
        output = _number_of(twin(marked))
    watched = None if layer is None else _number_of(seen[-1] if seen else None)
    return Recording(recorder.calls, recorder.values, output, watched)


class _Recorder(TorchFunctionMode):
    """Writes down every function that takes something made of the picture, and what it gave."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.values: list[Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        found: list[Tensor] = []
        with_parts((args, kwargs), lambda part: found.append(part) if _is_marked(part) else part)
        if not found:
            return func(*args, **kwargs)
        if kwargs.get("inplace"):
            kwargs["inplace"] = False
        func = _NOT_IN_PLACE.get(getattr(func, "__name__", ""), func)
        before = [(tensor, tensor._version) for tensor in found]
        output = func(*args, **kwargs)
        if any(tensor._version != version for tensor, version in before):
            raise CannotReplay(f"{func} writes into what it takes")
        given = [part for part in as_tuple(output) if isinstance(part, Tensor)]
        if not given:  # a shape
            return output
        takes = tuple(getattr(tensor, _MARK) for tensor in found)
        if any(tensor is part for tensor in found for part in given):
            fresh = [part.view_as(part) for part in given]
            output = fresh[0] if isinstance(output, Tensor) else type(output)(fresh)
            given = fresh
        args, kwargs = (
            with_parts(part, lambda p: Ref(getattr(p, _MARK)) if _is_marked(p) else p)
            for part in (args, kwargs)
        )
        gives = []
        for tensor in given:
            setattr(tensor, _MARK, len(self.values))
            gives.append(len(self.values))
            self.values.append(tensor)
        self.calls.append(Call(_kind(func), "", func, args, kwargs, takes, tuple(gives)))
        return output


_NOT_IN_PLACE = {
    "__iadd__": torch.add,
    "add_": torch.add,
    "__imul__": torch.mul,
    "mul_": torch.mul,
    "relu_": torch.relu,
}


def _is_marked(part: Any) -> bool:
    return isinstance(part, Tensor) and hasattr(part, _MARK)


def _number_of(part: Any) -> int:
    if not _is_marked(part):
        raise CannotReplay("what the network gives is not made of the picture")
    return int(getattr(part, _MARK))


def _kind(func: Any) -> str:
    if func is F.max_pool2d:
        return "max_pool2d"
    name = str(getattr(func, "__name__", "function"))
    return name if name.startswith("__") else name.strip("_")


# What is known of the functions -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Window:
    """A convolution or pooling, ready to be applied to a part of its input."""

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    outside: float  # what stands for the cells beyond the border
    apply: Any  # from padded cells to outputs


_ELEMENTWISE = frozenset(
    [
        *("relu", "relu6", "hardtanh", "hardswish", "hardsigmoid", "sigmoid", "silu", "gelu"),
        *("leaky_relu", "elu", "tanh", "mish", "softplus", "batch_norm", "dropout", "dropout2d"),
        *("add", "sub", "mul", "div", "__add__", "__radd__", "__mul__", "__rmul__", "__sub__"),
        *("__truediv__", "contiguous", "clone", "detach"),
    ]
)


def is_cellwise(call: Call, shapes: dict[int, Shape]) -> bool:
    """Return whether each cell that a call gives depends on the same cell of what it takes."""
    if call.kind in ("batch_norm", "dropout", "dropout2d"):
        given = named(call, _TRAINING[call.kind])
        return not given.get("training", call.kind != "batch_norm")
    if call.kind in _ELEMENTWISE:
        others = [
            part
            for part in (*call.args, *call.kwargs.values())
            if isinstance(part, Tensor) and part.ndim > 0
        ]
        return not others and len({len(shapes[n]) for n in (*call.takes, *call.gives)}) == 1
    first = shapes[call.takes[0]]
    if call.kind in ("cat", "concat"):
        return bool(named(call, ("tensors", "dim")).get("dim", 0) == 1)
    if call.kind in ("chunk", "split"):
        return len(first) > 3 and named(call, ("input", "size", "dim")).get("dim", 0) == 1
    if call.kind == "unsqueeze":
        return bool(named(call, ("input", "dim"))["dim"] == 1)
    if call.kind == "__getitem__":
        where = call.args[1]
        return (
            len(first) == 4
            and isinstance(where, tuple)
            and len(where) == 2
            and (where[0] == slice(None) and isinstance(where[1], int))
        )
    if call.kind == "transpose":
        return len(first) == 5 and set(call.args[1:]) == {1, 2}
    if call.kind in ("view", "reshape"):
        size = _new_size(call)
        return len(size) in (4, 5) and size[0] == 1 and tuple(size[-2:]) == first[-2:]
    return False


def is_global_mean(call: Call, shapes: dict[int, Shape]) -> bool:
    """Return whether a call gives the mean of each map of (1, C, H, W), all cells counted alike."""
    if len(shapes[call.takes[0]]) != 4:
        return False
    if call.kind == "adaptive_avg_pool2d":
        return named(call, ("input", "output_size"))["output_size"] in (1, (1, 1), [1, 1])
    if call.kind != "mean":
        return False
    given = named(call, ("input", "dim", "keepdim"))
    axes = as_tuple(given.get("dim"))
    known = given.keys() <= {"input", "dim", "keepdim"}
    return known and None not in axes and {axis % 4 for axis in axes} == {2, 3}


_TRAINING: dict[str, tuple[str, ...]] = {
    "batch_norm": ("input", "mean", "var", "weight", "bias", "training"),
    "dropout": ("input", "p", "training"),
    "dropout2d": ("input", "p", "training"),
}


def window_of(call: Call) -> Window | None:
    """Return a convolution or pooling ready to be applied to a part; None for another call."""
    if call.kind == "conv2d":
        given = named(call, ("input", "weight", "bias", "stride", "padding", "dilation", "groups"))
        weight, padding = given["weight"], given.get("padding", 0)
        if isinstance(padding, str) or not isinstance(weight, Tensor):
            return None
        stride, dilation = _pair(given.get("stride", 1)), _pair(given.get("dilation", 1))
        bias, groups = given.get("bias"), given.get("groups", 1)
        kernel_size = (weight.shape[2], weight.shape[3])
        weight = weight.contiguous(memory_format=torch.channels_last)

        def multiply(cells: Tensor) -> Tensor:  # 1 x 1: a matrix product, cell by cell
            rows = F.linear(cells.permute(0, 2, 3, 1), weight[:, :, 0, 0], bias)
            return rows.permute(0, 3, 1, 2)

        def convolve(cells: Tensor) -> Tensor:
            return F.conv2d(cells, weight, bias, stride, 0, dilation, groups)

        window = Window(kernel_size, stride, _pair(padding), dilation, 0.0, convolve)
        return replace(window, apply=multiply) if is_pointwise(window) and groups == 1 else window
    if call.kind == "max_pool2d":
        names = ("input", "kernel_size", "stride", "padding", "dilation")
        given = named(call, (*names, "ceil_mode", "return_indices"))
        if given.get("return_indices"):
            return None
        size = _pair(given["kernel_size"])
        stride = _pair(given.get("stride") or size)
        dilation = _pair(given.get("dilation", 1))

        def largest(cells: Tensor) -> Tensor:
            return F.max_pool2d(cells, size, stride, 0, dilation)

        padding = _pair(given.get("padding", 0))
        return Window(size, stride, padding, dilation, -math.inf, largest)
    if call.kind == "avg_pool2d":
        first = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
        given = named(call, (*first, "divisor_override"))
        padding = _pair(given.get("padding", 0))
        counts_border = given.get("count_include_pad", True) or padding == (0, 0)
        if given.get("ceil_mode") or given.get("divisor_override") or not counts_border:
            return None
        size = _pair(given["kernel_size"])
        stride = _pair(given.get("stride") or size)

        def mean(cells: Tensor) -> Tensor:
            return F.avg_pool2d(cells, size, stride)

        return Window(size, stride, padding, (1, 1), 0.0, mean)
    return None


def for_batch(
    call: Call, count: int, size: tuple[int, int] | None = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments for a batch: a size that was written down was that of one picture."""
    if call.kind not in ("view", "reshape"):
        return call.args, call.kwargs
    shape = list(_new_size(call))
    if shape and shape[0] == 1:
        shape[0] = count
    if size is not None:
        shape[-2:] = size
    return (call.args[0], *shape), {}


def _new_size(call: Call) -> tuple[int, ...]:
    sizes = call.args[1:]
    if len(sizes) == 1 and isinstance(sizes[0], Sequence):
        sizes = tuple(sizes[0])
    return sizes if all(isinstance(part, int) for part in sizes) else ()


def named(call: Call, names: Sequence[str]) -> dict[str, Any]:
    """Return a call's arguments by name."""
    return {**dict(zip(names, call.args, strict=False)), **call.kwargs}


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value * 2 if len(value) == 1 else value) if _is_many(value) else (value, value)
    return int(first), int(second)


def _is_many(value: Any) -> bool:
    return isinstance(value, (tuple, list))


def is_pointwise(window: Window) -> bool:
    """Return whether each output cell sees one input cell, at its own place."""
    return window.kernel_size == (1, 1) and window.stride == (1, 1) and window.padding == (0, 0)
