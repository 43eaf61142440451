"""Count what the modules of a network make and cost, while it runs on the meta device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnnlab import layers
from cnnlab.cost import BYTES, describe
from cnnlab.layers import Shape

__all__ = ["ModelRow", "measure", "sums_of"]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One module of a network, or what a module does besides calling others.

    Parameters
    ----------
    name : str
        Name as in ``model.named_modules()``; for parameters that a module with parts holds itself
        their name; ``<module>.matmul`` for matrix products that a module with parts computes
        itself, without weights.
    kind : str
        What it is, such as "Conv 7×7, 64, stride 2, padding 3"; the class of a module with parts.
    path : tuple of int
        Place in the tree: its number among the parts of the network, then inside that part, and
        so on. The network itself has the path ().
    input_shape, output_shape : tuple of int
        Without a first axis of length 1, the batch; of the last call, if there are several. Empty
        if it never runs.
    n_weights, n_biases : int
        Parameters; of normalisation the scales count as weights, the shifts as biases.
    macs : int
        Multiply-accumulates, for one picture.
    n_activations : int
        Numbers that modules without parts and matrix products write, over all calls. What a module
        with parts computes by other functions, such as a sum or a ReLU, is not in it.
    calls : int
        How often it runs; 0 for what only training needs.
    n_parts : int
        How many rows lie directly below it, their paths being one longer; their numbers are in
        its own already. 0: a leaf.
    """

    name: str
    kind: str
    path: tuple[int, ...]
    input_shape: Shape
    output_shape: Shape
    n_weights: int = 0
    n_biases: int = 0
    macs: int = 0
    n_activations: int = 0
    calls: int = 0
    n_parts: int = 0

    @property
    def depth(self) -> int:
        """How deep the row is nested; 0 is the network itself."""
        return len(self.path)

    @property
    def is_leaf(self) -> bool:
        """Whether nothing lies below: each parameter and each MAC belongs to one leaf."""
        return self.n_parts == 0

    @property
    def n_params(self) -> int:
        """Weights and biases."""
        return self.n_weights + self.n_biases

    @property
    def flops(self) -> int:
        """Floating point operations: two for each MAC."""
        return 2 * self.macs

    @property
    def activation_bytes(self) -> int:
        """Memory of what is written, in bytes."""
        return BYTES * self.n_activations

    @property
    def weight_bytes(self) -> int:
        """Memory of the parameters, in bytes."""
        return BYTES * self.n_params


@dataclass(slots=True)
class _Tally:
    """What is known so far about one row."""

    kind: str
    n_weights: int = 0
    n_biases: int = 0
    macs: int = 0
    n_activations: int = 0
    calls: int = 0
    input_shape: Shape = ()
    output_shape: Shape = ()
    first: float = math.inf  # when it ran for the first time, in calls of functions and modules
    parts: list[str] = field(default_factory=list)


class _Counter(TorchFunctionMode):
    """Credit what functions multiply to the owner of the weights, or to the module that runs.

    A mode sees the calls of its own thread, and nobody else's.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.clock = 0
        self.running: list[str] = []  # names of the modules being called, the innermost last
        self.tallies: dict[str, _Tally] = {}
        self.owners: dict[int, str] = {}  # id of a parameter: name of the row that it belongs to
        for name, module in model.named_modules():
            self._enrol(name, module)

    def _enrol(self, name: str, module: nn.Module) -> None:
        has_parts = next(module.children(), None) is not None
        self._add(name, type(module).__name__ if has_parts else _kind(module))
        for key, parameter in module.named_parameters(recurse=False):
            stem = key.removesuffix("bias").removesuffix("weight").removesuffix("_") or key
            owner = _join(name, stem) if has_parts else name
            if owner not in self.tallies:
                self._add(owner, "Parameter")
            is_bias = key.endswith("bias")
            self.tallies[owner].n_weights += 0 if is_bias else parameter.numel()
            self.tallies[owner].n_biases += parameter.numel() if is_bias else 0
            self.owners[id(parameter)] = owner

    def _add(self, name: str, kind: str) -> _Tally:
        tally = self.tallies[name] = _Tally(kind)
        if name:
            self.tallies[name.rpartition(".")[0]].parts.append(name)
        return tally

    # Modules tell when they begin and end (hooks of a network that nobody else has) ---------------

    def enter(self, name: str, _module: nn.Module, _inputs: Any) -> None:
        self.running.append(name)
        self._touch(name)

    def leave(self, name: str, _module: nn.Module, inputs: Any, output: Any) -> None:
        self.running.pop()
        self._note(name, inputs[0], output, writes=not self.tallies[name].parts)

    def _touch(self, name: str) -> None:
        self.clock += 1
        self.tallies[name].first = min(self.tallies[name].first, self.clock)

    def _note(self, name: str, inputs: Any, output: Any, *, writes: bool = True) -> None:
        tally = self.tallies[name]
        tally.calls += 1
        tally.input_shape, tally.output_shape = _shape(inputs), _shape(output)
        tally.n_activations += math.prod(tally.output_shape) if writes else 0

    # Functions ------------------------------------------------------------------------------------

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if func is F.multi_head_attention_forward:
            self._attention(args, output[0])
            return output
        for value in args:
            if id(value) in self.owners:
                self._touch(self.owners[id(value)])
        if func in _MACS:
            weight = args[1] if func in _WEIGHTED else None
            inputs = next(value for value in args if isinstance(value, Tensor))
            self._credit(weight, _MACS[func](args, output), inputs, output)
        return output

    def _credit(self, weight: Any, macs: int, inputs: Any, output: Any) -> None:
        """Add `macs` to the row that owns the weight; without weight, to the running module."""
        running = self.running[-1]
        name = self.owners.get(id(weight), running)
        tally = self.tallies[name]
        if name == running and tally.parts:  # a module with parts: its own work gets its own row
            name = _join(running, "matmul")
            tally = self.tallies.get(name) or self._add(name, "Matrix products")
        tally.macs += macs
        if name != running:  # it is not called as a module, so no hook tells its shapes
            self._touch(name)
            self._note(name, inputs, output)
            if tally.kind == "Parameter":
                tally.kind = describe(layers.Linear(_shape(output)[-1]))

    def _attention(self, args: tuple[Any, ...], output: Tensor) -> None:
        """Take apart torch's attention, one function that holds three steps.

        Query, key and value have the shape (L, N, E); for classification they are the same.
        """
        query, heads, w_in, w_out = args[0], args[4], args[5], args[11]
        length, batch, width = query.shape
        stacked = query.new_empty(length, batch, w_in.shape[0])
        split = query.new_empty(batch * heads, length, width // heads)
        pairs = query.new_empty(batch * heads, length, length)
        self._credit(w_in, stacked.numel() * width, query[:, 0], stacked[:, 0])
        self._credit(None, pairs.numel() * (width // heads), split, pairs)
        self._credit(None, split.numel() * length, pairs, split)
        self._credit(w_out, output.numel() * width, output[:, 0], output[:, 0])


def measure(model: nn.Module, title: str, shape: Shape) -> tuple[ModelRow, ...]:
    """Run a network that lies on the meta device and return its table.

    Parameters
    ----------
    model : torch.nn.Module
        The network; nobody else may use it, for it gets hooks. They are gone afterwards.
    title : str
        The name of the first row.
    shape : (C, H, W)
        Of one picture.

    Returns
    -------
    tuple of ModelRow
        As ``cnnlab.model_cost.summarize_model``, which see.

    Examples
    --------
    >>> conv = nn.Sequential(nn.Conv2d(3, 10, 5, padding=2, device="meta"))
    >>> measure(conv, "one layer", (3, 32, 32))[0].macs
    768000
    """
    counter = _Counter(model)
    hooks = []
    for name, module in model.named_modules():
        hooks.append(module.register_forward_pre_hook(partial(counter.enter, name)))
        hooks.append(module.register_forward_hook(partial(counter.leave, name)))
    try:
        with torch.no_grad(), counter:
            model(torch.empty(1, *shape, device="meta"))
    finally:
        for hook in hooks:
            hook.remove()
    network, *rows = _rows(counter.tallies, "", ())
    return replace(network, name=title), *rows


def _rows(tallies: Mapping[str, _Tally], name: str, path: tuple[int, ...]) -> list[ModelRow]:
    """Return a row and all below it."""
    tally = tallies[name]
    parts = sorted(tally.parts, key=partial(_first, tallies))  # stable: what never runs stays last
    below = [_rows(tallies, part, (*path, number)) for number, part in enumerate(parts)]
    ran = [rows[0] for rows in below if rows[0].output_shape]
    shapes = tally.input_shape, tally.output_shape
    if ran and not tally.calls:  # a list of modules is never called, but its modules are
        shapes = ran[0].input_shape, ran[-1].output_shape
    sums = (
        sums_of(rows[0] for rows in below) if below else {key: getattr(tally, key) for key in _SUMS}
    )
    row = ModelRow(name, tally.kind, path, *shapes, **sums, calls=tally.calls, n_parts=len(below))
    return [row, *chain.from_iterable(below)]


def _first(tallies: Mapping[str, _Tally], name: str) -> float:
    tally = tallies[name]
    return min([tally.first, *(_first(tallies, part) for part in tally.parts)])


_SUMS = ("n_weights", "n_biases", "macs", "n_activations")


def sums_of(rows: Iterable[ModelRow]) -> dict[str, int]:
    """Return the sums of what can be added up over some rows, by name."""
    columns = zip(*([getattr(row, key) for key in _SUMS] for row in rows), strict=True)
    return dict(zip(_SUMS, map(sum, columns), strict=True))


def _shape(value: Any) -> Shape:
    """Return the shape of a tensor for one picture; of a list, that of its tensors stacked."""
    if isinstance(value, Tensor):
        shape = tuple(value.shape)
        return shape[1:] if shape[:1] == (1,) else shape
    first, *others = (_shape(part) for part in value if isinstance(part, Tensor))
    return first[0] + sum(shape[0] for shape in others), *first[1:]


def _join(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _kind(module: nn.Module) -> str:
    """Return what a module without parts is, in the words of `cnnlab.cost`."""
    match module:
        case nn.Conv2d():
            settings = {key: getattr(module, key) for key in _CONV}
            return describe(layers.Conv2d(**settings))
        case nn.MaxPool2d() | nn.AvgPool2d():
            kind: Any = "max" if isinstance(module, nn.MaxPool2d) else "average"
            settings = {key: getattr(module, key) for key in _POOL if hasattr(module, key)}
            return describe(layers.Pool2d(**settings, kind=kind))
        case nn.AdaptiveAvgPool2d():
            size: Any = module.output_size
            return describe(layers.AdaptiveAvgPool2d(size))
        case nn.Linear():
            return describe(layers.Linear(module.out_features))
        case nn.BatchNorm2d():
            return describe(layers.BatchNorm2d())
        case nn.LayerNorm():
            return "Layer norm"
        case nn.Dropout():
            return describe(layers.Dropout(module.p))
        case nn.Flatten():
            return describe(layers.Flatten())
    return type(module).__name__


_CONV = ("out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
_POOL = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


def _einsum_macs(arguments: Sequence[Any], _output: Tensor) -> int:
    """Return the product of all lengths that the letters of an equation stand for."""
    equation, *operands = arguments
    sides = equation.replace(" ", "").split("->")[0].split(",")
    letters: dict[str, int] = {}
    for side, operand in zip(sides, operands, strict=True):
        letters |= dict(zip(side, operand.shape, strict=True))
    return math.prod(letters.values())


# What functions multiply, by their arguments and their output. Torch's own counter, which the tests
# compare with, sets hooks for the whole process and is not for a server with many threads.
_MACS: dict[Any, Callable[[Sequence[Any], Tensor], int]] = {
    torch.conv2d: lambda args, output: output.numel() * math.prod(args[1].shape[1:]),
    F.linear: lambda args, output: output.numel() * args[1].shape[1],
    torch.matmul: lambda args, output: output.numel() * args[0].shape[-1],
    Tensor.matmul: lambda args, output: output.numel() * args[0].shape[-1],
    Tensor.__matmul__: lambda args, output: output.numel() * args[0].shape[-1],
    torch.einsum: _einsum_macs,
}
_WEIGHTED = (torch.conv2d, F.linear)  # their second argument is the weight
