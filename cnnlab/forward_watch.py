"""Watch a network on its way forward: find its calls, and keep the numbers of some of them.

Only the thread that asks is watched, and nothing is done to the network: two people can look at
different layers of one shared network at the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnnlab.compute import progress
from cnnlab.features import private_copy
from cnnlab.forward_calls import PICTURE, Call, Outline, Ref, as_tuple, is_layer, with_parts

__all__ = ["Ran", "outline", "run_calls"]

_MARK = "_cnnlab_number"  # on a tensor: its number in the outline


@dataclass(frozen=True, eq=False)
class Ran:
    """One call of a real forward pass: copies of what it took and gave."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    gave: tuple[Tensor, ...]


def outline(model: nn.Module, shape: Sequence[int]) -> Outline:
    """Return every call of a forward pass, found without computing a single number.

    Parameters
    ----------
    model : torch.nn.Module
        Any network; it is not changed, and gets no hook.
    shape : sequence of int
        Of its input, (1, C, H, W).

    Returns
    -------
    Outline
        Calls, tensors and layers.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten())
    >>> found = outline(model, (1, 1, 5, 5))
    >>> [call.kind for call in found.calls], found.shapes
    (['conv2d', 'relu', 'flatten'], [(1, 1, 5, 5), (1, 4, 3, 3), (1, 4, 3, 3), (1, 36)])
    >>> list(found.layers)
    ['0', '1', '2']
    """
    twin = private_copy(model)
    for module in twin.modules():  # tensors on the meta device have a shape and no numbers
        for name, weight in module._parameters.items():
            if weight is not None:
                empty = torch.empty_like(weight, device="meta")
                module._parameters[name] = nn.Parameter(empty, weight.requires_grad)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = torch.empty_like(buffer, device="meta")
    found = Outline(parts=frozenset(n for n, m in twin.named_modules() if list(m.children())))
    kind = next((p.dtype for p in twin.parameters()), torch.float32)
    picture = torch.empty(tuple(shape), device="meta", dtype=kind)
    writer = _Writer(found)
    writer.number(picture)
    with _hooked(twin, writer.enter, writer.leave), torch.inference_mode(), writer:
        twin(picture)
    _name_functions(found)
    return found


def run_calls(
    model: nn.Module, batch: Tensor, plan: Outline, keep: set[int], *, gradient: bool = False
) -> dict[int, Ran]:
    """Run a network and return copies of what some of its calls took and gave.

    The pass ends with the last of these calls: what comes later is not computed.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it is not changed, and gets no hook.
    batch : Tensor of shape (1, C, H, W)
        Its input.
    plan : Outline
        As `outline` returns it for this network and this shape.
    keep : set of int
        Places in ``plan.calls``.
    gradient : bool
        Whether what is kept can be differentiated with respect to `batch`.

    Returns
    -------
    dict
        The calls by place. The tensors are the network's own numbers, bit for bit.

    Raises
    ------
    RuntimeError
        If the network does not call the same functions as in `plan`.
    """
    keeper = _Keeper(plan, keep)
    mode = torch.enable_grad() if gradient else torch.inference_mode()
    # No hook is put on it, so a network in evaluation mode need not be copied.
    watched = private_copy(model) if model.training else model
    with suppress(_Enough), torch.inference_mode(False), mode, keeper:
        watched(_marked(batch))
    if keep - keeper.ran.keys():
        raise RuntimeError("the network called fewer functions than before")
    return keeper.ran


# Watching -----------------------------------------------------------------------------------------


class _Enough(Exception):
    """Everything that was wanted has been computed."""


class _Watcher(TorchFunctionMode):
    """Hears of every function that takes a marked tensor, and marks what it gives.

    A mode sees the calls of its own thread, and nobody else's. Where a function writes into its
    argument, the argument counts as a new tensor from then on.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        takes = tuple(_numbers((args, kwargs)))
        if not takes:
            return func(*args, **kwargs)
        return self.called(func, args, kwargs, takes)

    def called(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], takes: tuple[int, ...]
    ) -> Any:
        """Run the function and return what it gives."""
        raise NotImplementedError


class _Writer(_Watcher):
    """Writes an outline down."""

    def __init__(self, found: Outline) -> None:
        super().__init__()
        self.found = found
        self.running = [""]
        self.began: list[int] = []  # how many tensors there were when each module began

    def number(self, tensor: Tensor, *, channels_last: bool = False) -> int:
        """Give a tensor its number."""
        setattr(tensor, _MARK, len(self.found.shapes))
        self.found.shapes.append(tuple(tensor.shape))
        self.found.channels_last.append(channels_last)
        return len(self.found.shapes) - 1

    def enter(self, name: str, _module: nn.Module, _inputs: Any) -> None:
        self.running.append(name)
        self.began.append(len(self.found.shapes))

    def leave(self, name: str, _module: nn.Module, _inputs: Any, output: Any) -> None:
        self.running.pop()
        began = self.began.pop()
        number = _number_of(output)
        if number is None or number < began or not name or not is_layer(self.found.shapes[number]):
            return  # it gives nothing of its own, such as an Identity
        layers = self.found.layers
        if name in layers:  # it ran before: the name stands for its last run
            run = 1 + sum(other.startswith(f"{name}~") for other in layers)
            layers[f"{name}~{run}"] = layers.pop(name)
        layers[name] = number

    def called(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], takes: tuple[int, ...]
    ) -> Any:
        args_of, kwargs_of = _referring(args), _referring(kwargs)
        output = func(*args, **kwargs)
        given = [tensor for tensor in as_tuple(output) if isinstance(tensor, Tensor)]
        if not given:  # a shape, a device
            return output
        kind = _kind(func)
        place = len(self.found.calls)
        last = self._channels_last(kind, args, takes)
        gives = tuple(self.number(tensor, channels_last=last) for tensor in given)
        call = Call(kind, self.running[-1], func, args_of, kwargs_of, takes, gives)
        self.found.calls.append(call)
        for number in gives:
            self.found.made_by[number] = place
        for number in takes:
            self.found.used_by.setdefault(number, []).append(place)
        return output

    def _channels_last(self, kind: str, args: tuple[Any, ...], takes: tuple[int, ...]) -> bool:
        """Say whether what a function gives has its channels on the last axis."""
        if kind in _CHANNELS_FIRST or kind in _CHANNELS_LAST:
            return kind in _CHANNELS_LAST
        before = self.found.channels_last[takes[0]]
        if kind == "permute":
            order = tuple(args[1] if isinstance(args[1], Sequence) else args[1:])
            return {(0, 2, 3, 1): True, (0, 3, 1, 2): False}.get(order, before)
        return before


class _Keeper(_Watcher):
    """Keeps the numbers of some calls while a network runs."""

    def __init__(self, plan: Outline, keep: set[int]) -> None:
        super().__init__()
        self.plan, self.keep = plan, keep
        self.place = -1
        self.ran: dict[int, Ran] = {}

    def called(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], takes: tuple[int, ...]
    ) -> Any:
        wanted = self.place + 1 in self.keep
        # Copied before the call: a function may write into what it takes.
        before = (_copied(args), _copied(kwargs)) if wanted else None
        output = func(*args, **kwargs)
        given = [tensor for tensor in as_tuple(output) if isinstance(tensor, Tensor)]
        if not given:
            return output
        self.place += 1
        calls = self.plan.calls
        progress((self.place + 1) / len(calls))  # which also stops what nobody waits for
        if self.place >= len(calls) or calls[self.place].function is not func:
            raise RuntimeError("the network calls other functions than before")
        for tensor, number in zip(given, calls[self.place].gives, strict=True):
            setattr(tensor, _MARK, number)
        if before:
            self.ran[self.place] = Ran(*before, tuple(tensor.clone() for tensor in given))
            if len(self.ran) == len(self.keep):
                raise _Enough
        return output


@contextmanager
def _hooked(model: nn.Module, enter: Any, leave: Any) -> Iterator[None]:
    """Tell when the modules of a network that nobody else has begin and end."""
    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(partial(enter, name)))
        hooks.append(module.register_forward_hook(partial(leave, name)))
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _marked(batch: Tensor) -> Tensor:
    """Return the input as another tensor of the same numbers, marked as the picture."""
    picture = batch.view_as(batch)
    setattr(picture, _MARK, PICTURE)
    return picture


def _kind(func: Any) -> str:
    if func is F.max_pool2d:
        return "max_pool2d"
    name = str(getattr(func, "__name__", "function"))
    return name if name.startswith("__") else name.rstrip("_")


def _name_functions(found: Outline) -> None:
    """Name what no module gives: "layer1.0:add"."""
    named = set(found.layers.values())
    layers = dict(found.layers)
    for call in found.calls:
        number, shape = call.gives[0], found.shapes[call.gives[0]]
        if number in named or call.only_moves or not is_layer(shape):
            continue
        stem = name = f"{call.module or 'network'}:{call.kind}"
        run = 1
        while name in layers:
            run += 1
            name = f"{stem}~{run}"
        layers[name] = number
    # In the order of their tensors; a block that gives the same as its last part comes after it.
    found.layers = dict(sorted(layers.items(), key=lambda item: item[1]))


# Arguments ----------------------------------------------------------------------------------------


def _number_of(value: Any) -> int | None:
    """Return the number of a tensor that came from the picture; None for anything else."""
    return getattr(value, _MARK, None) if isinstance(value, Tensor) else None


def _numbers(value: Any) -> Iterator[int]:
    """Yield the numbers of the tensors in some arguments."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from _numbers(part)
    elif isinstance(value, dict):
        yield from _numbers(tuple(value.values()))
    elif (number := _number_of(value)) is not None:
        yield number


def _referring(value: Any) -> Any:
    """Return arguments with references in place of the tensors that came from the picture."""

    def change(part: Any) -> Any:
        number = _number_of(part)
        return part if number is None else Ref(number)

    return with_parts(value, change)


def _copied(value: Any) -> Any:
    """Return arguments with copies of the tensors that came from the picture."""
    return with_parts(value, lambda part: part if _number_of(part) is None else part.clone())


_CHANNELS_LAST = ("linear", "layer_norm")
_CHANNELS_FIRST = (
    *("conv2d", "batch_norm", "max_pool2d", "avg_pool2d"),
    *("adaptive_avg_pool2d", "adaptive_max_pool2d"),
)
