"""The calls of a forward pass: every function that a network uses, what it takes and gives.

A network's modules do not tell all: ResNet adds its shortcuts and GoogLeNet applies its ReLUs by
plain functions. So the functions themselves are written down, with the module that was running.
``cnnlab.forward_watch`` finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cnnlab.checks import InputError

__all__ = [
    "PICTURE",
    "Call",
    "Outline",
    "Ref",
    "Shape",
    "as_tuple",
    "filled",
    "is_layer",
    "with_parts",
]

Shape = tuple[int, ...]
Replayed = tuple[NDArray[np.int64], tuple[Tensor, ...]]
PICTURE = 0  # the number of the tensor that goes into the network


@dataclass(frozen=True)
class Ref:
    """Stands for a tensor among the arguments of a call."""

    number: int


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a function, without the numbers.

    Parameters
    ----------
    kind : str
        The function's name: "conv2d", "batch_norm", "relu", "add", ...
    module : str
        The innermost module that was running; "" is the network itself.
    function : callable
        What was called.
    args, kwargs : tuple, dict
        Its arguments; those that came from the picture are replaced by references.
    takes : tuple of int
        The numbers of the tensors it takes, in the order of the arguments.
    gives : tuple of int
        The numbers of the tensors it gives, one but for functions that split.
    """

    kind: str
    module: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    takes: tuple[int, ...]
    gives: tuple[int, ...]

    @property
    def only_moves(self) -> bool:
        """Whether each number given is one of those taken, at another place, or padding."""
        return self.kind in _MOVES


@dataclass(eq=False)
class Outline:
    """All calls of a forward pass, without the numbers.

    Tensors are numbered in the order in which they appear; the picture is number 0.

    Attributes
    ----------
    calls : list of Call
        In the order in which they run.
    shapes : list of tuple of int
        The shape of every tensor.
    channels_last : list of bool
        Of tensors with four axes: whether the last axis holds the channels (N, H, W, C).
    made_by : dict
        The call that gives a tensor, as its place in `calls`.
    used_by : dict
        The calls that take a tensor.
    layers : dict
        Names of layers and the tensor that each gives, in the order in which they finish. A
        module that runs more than once has its name for the last run; "name~1" is the first. What
        a module does by a plain function is "module:function", as in "layer1.0:add".
    """

    calls: list[Call] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    channels_last: list[bool] = field(default_factory=list)
    made_by: dict[int, int] = field(default_factory=dict)
    used_by: dict[int, list[int]] = field(default_factory=dict)
    layers: dict[str, int] = field(default_factory=dict)
    parts: frozenset[str] = frozenset()  # names of modules that hold others

    def layer_of(self, tensor: int) -> str:
        """Return the name of the innermost layer that gives a tensor; "" is the picture."""
        names = [name for name, number in self.layers.items() if number == tensor]
        return next((n for n in names if n not in self.parts), names[0] if names else "")

    def maps(self, tensor: int) -> tuple[int, int, int]:
        """Return a tensor's shape as feature maps (C, H, W).

        Raises
        ------
        InputError
            If it cannot be read as channels at places.
        """
        shape = self.shapes[tensor]
        if len(shape) == 4:
            first, second, third = shape[1:]
            last = self.channels_last[tensor]
            return (third, first, second) if last else (first, second, third)
        if len(shape) == 3:  # tokens in a row, each with its channels
            return shape[2], shape[1], 1
        if len(shape) == 2:
            return shape[1], 1, 1
        raise InputError(f"a tensor of shape {shape} has no feature maps")

    def place(self, tensor: int, channel: int, row: int, column: int) -> int:
        """Return where the number of a channel at a cell stands in the flattened tensor."""
        shape = self.shapes[tensor]
        if len(shape) == 4:
            last = self.channels_last[tensor]
            at = (row, column, channel) if last else (channel, row, column)
            return int(np.ravel_multi_index((0, *at), shape))
        if len(shape) == 3:
            return int(np.ravel_multi_index((0, row, channel), shape))
        return channel

    def cell(self, tensor: int, place: int) -> tuple[int, int, int]:
        """Return channel, row and column of a number; the inverse of `place`."""
        at = [int(index) for index in np.unravel_index(place, self.shapes[tensor])][1:]
        if len(at) == 3:
            return (at[2], at[0], at[1]) if self.channels_last[tensor] else (at[0], at[1], at[2])
        return (at[1], at[0], 0) if len(at) == 2 else (at[0], 0, 0)

    def back(
        self, call: Call, tensor: int, place: int, replayed: Replayed | None = None
    ) -> tuple[int, int] | None:
        """Return which tensor and which of its numbers a call that only moves put at a place.

        Parameters
        ----------
        call : Call
            One that only moves.
        tensor, place : int
            One of the tensors it gives, and a place in it.
        replayed : optional
            What `replayed` returns for the call, if it is known already.

        Returns
        -------
        (tensor, place) or None
            Where the number came from; None if it is padding.
        """
        starts, given = replayed or self.replayed(call)
        found = int(given[call.gives.index(tensor)].reshape(-1)[place])
        if found == 0:
            return None
        source = int(np.searchsorted(starts, found, side="right")) - 1
        return call.takes[source], found - int(starts[source])

    def ahead(self, call: Call, tensor: int, place: int) -> tuple[int, int] | None:
        """Return where a call that only moves puts a number that it takes; None if it drops it."""
        starts, given = self.replayed(call)
        wanted = int(starts[call.takes.index(tensor)]) + place
        for number, output in zip(call.gives, given, strict=True):
            found = (output.reshape(-1) == wanted).nonzero()
            if len(found):
                return number, int(found[0])
        return None

    def replayed(self, call: Call) -> Replayed:
        """Return what a call that only moves makes of tensors that hold their own places.

        They are counted from 1 on through all tensors that it takes, and 0 is padding. So each
        number of the output says where it came from.

        Returns
        -------
        (starts, given)
            Where the places of each tensor begin, and what the call gives.
        """
        starts = np.cumsum([1, *(int(np.prod(self.shapes[n])) for n in call.takes)])
        stand_in = {
            number: torch.arange(start, stop, dtype=torch.float64).reshape(self.shapes[number])
            for number, start, stop in zip(call.takes, starts, starts[1:], strict=False)
        }
        with torch.inference_mode():
            given = call.function(*filled(call.args, stand_in), **filled(call.kwargs, stand_in))
        return starts, as_tuple(given)


def is_layer(shape: Shape) -> bool:
    """Return whether a tensor holds channels, at places or not, of one picture."""
    return 2 <= len(shape) <= 4 and shape[0] == 1


def as_tuple(value: Any) -> tuple[Any, ...]:
    """Return what a function gives as a tuple: some give several tensors."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


def with_parts(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return arguments with `change` applied to each that is no container."""
    if isinstance(value, (tuple, list)) and not isinstance(value, torch.Size):
        return type(value)(with_parts(part, change) for part in value)
    if isinstance(value, dict):
        return {key: with_parts(part, change) for key, part in value.items()}
    return change(value)


def filled(value: Any, given: dict[int, Any]) -> Any:
    """Return arguments with what is given for each tensor in place of the references."""
    return with_parts(value, lambda part: given[part.number] if isinstance(part, Ref) else part)


_MOVES = frozenset(
    [
        *("cat", "chunk", "clone", "concat", "contiguous", "detach", "dropout", "dropout2d"),
        *("expand", "flatten", "pad", "permute", "reshape", "roll", "split", "squeeze", "stack"),
        *("swapaxes", "transpose", "unflatten", "unsqueeze", "view", "view_as", "__getitem__"),
    ]
)
