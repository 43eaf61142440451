"""Run a network again for pictures that differ from a known one in a small window only.

A window changes few cells of the first feature maps, and more of them layer by layer. The other
cells keep their numbers, so they are not computed again. The calls of the network are written down
once, with the numbers of the unchanged picture; what cannot be followed is computed in full.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnnlab.features import layer_name, private_copy
from cnnlab.forward_calls import Call, Ref, as_tuple, with_parts

__all__ = ["CannotReplay", "Span", "WindowReplay", "touched"]

Ints = NDArray[np.int64]
FULL_FROM = 0.75  # a region of this share of the map is no smaller work than the map
_MARK = "_cnnlab_window_number"


class CannotReplay(Exception):
    """The network does something that cannot be followed call by call."""


@dataclass(frozen=True, eq=False)
class Span:
    """Along one axis: which cells each window can change, and which are computed for it.

    Attributes
    ----------
    low, high : ndarray of shape (N,)
        Window n can change cells from ``low[n]`` to ``high[n] - 1`` and no others.
    start : ndarray of shape (N,)
        First cell that is computed; never behind ``low``.
    size : int
        How many cells are computed, the same for all windows, so that they fit into one batch.
    """

    low: Ints
    high: Ints
    start: Ints
    size: int

    @staticmethod
    def of(low: Ints, high: Ints, length: int) -> Span:
        """Return the span on an axis of `length` cells."""
        low = np.clip(low, 0, length - 1)
        high = np.clip(np.maximum(high, low + 1), 1, length)
        size = int((high - low).max())
        return Span(low, high, np.minimum(low, length - size), size)

    def same(self, other: Span) -> bool:
        """Return whether the same cells are computed."""
        return self.size == other.size and bool((self.start == other.start).all())


Region = tuple[Span, Span]  # rows, columns


def touched(
    span: Span, *, kernel_size: int, stride: int, padding: int, dilation: int, length: int
) -> Span:
    """Return which outputs of a convolution or pooling see the cells of a span.

    Output o sees the inputs o · stride - padding + d · dilation, d from 0 to kernel_size - 1.

    Parameters
    ----------
    span : Span
        Cells of the input.
    kernel_size, stride, padding, dilation : int
        The layer, along this axis.
    length : int
        How many outputs there are.

    Returns
    -------
    Span
        Cells of the output.

    Examples
    --------
    >>> cells = Span.of(np.array([4]), np.array([6]), 20)
    >>> seen = touched(cells, kernel_size=3, stride=1, padding=1, dilation=1, length=20)
    >>> seen.low, seen.high
    (array([3]), array([7]))
    """
    reach = dilation * (kernel_size - 1)
    low = -((reach - padding - span.low) // stride)  # rounded up
    high = (span.high - 1 + padding) // stride + 1
    return Span.of(low, high, length)


@dataclass(frozen=True, eq=False)
class _Window:
    """A convolution or pooling, ready to be applied to a part of its input."""

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    outside: float  # what stands for the cells beyond the border
    apply: Any  # from padded cells to outputs


@dataclass(frozen=True, eq=False)
class _Step:
    """One call, and how much of it is computed."""

    call: Call
    region: Region | None  # None: all of it
    window: _Window | None = None


@dataclass(eq=False)
class _Value:
    """A tensor for a batch of windows: all of it, or the cells of its region only."""

    number: int
    cells: Tensor
    region: Region | None


@dataclass(eq=False)
class WindowReplay:
    """A network that has seen a picture, and can be asked about windows in it.

    Parameters
    ----------
    model : torch.nn.Module
        In evaluation mode; neither changed nor hooked.
    image : Tensor of shape (1, C, H, W)
        The unchanged picture.
    windows : ndarray of shape (N, 4)
        Top, left, bottom, right of each window, in pixels.
    baseline : Tensor of shape (1, C, H, W)
        What a window shows in place of the picture.
    layer : str, optional
        A layer whose maps are wanted too.

    Attributes
    ----------
    scores : Tensor of shape (1, classes)
        What the network says of the unchanged picture.
    maps : Tensor of shape (1, K, h, w) or None
        What the layer gives for it.

    Raises
    ------
    CannotReplay
        If the network does something that cannot be followed.
    """

    model: nn.Module
    image: Tensor
    windows: Ints
    baseline: Tensor
    layer: str | None = None
    scores: Tensor = field(init=False)
    maps: Tensor | None = field(init=False, default=None)
    _clean: dict[int, Tensor] = field(init=False, repr=False)
    _rows: dict[tuple[int, Any], tuple[Tensor, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Run the unchanged picture, and plan what each window needs."""
        recorder = _Recorder()
        twin = private_copy(self.model)
        marked = self.image.contiguous(memory_format=torch.channels_last).view_as(self.image)
        setattr(marked, _MARK, 0)
        recorder.values.append(marked)
        seen: list[Tensor] = []
        if self.layer is not None:
            part = twin.get_submodule(layer_name(twin, self.layer))
            part.register_forward_hook(lambda _m, _i, output: seen.append(output))
        with torch.no_grad(), recorder:
            output = twin(marked)
        self._output = _number_of(output)
        self._layer_tensor: int | None = None
        if self.layer is not None:
            self._layer_tensor = _number_of(seen[-1] if seen else None)
            self.maps = recorder.values[self._layer_tensor]
        self.scores = output
        self._clean = dict(enumerate(recorder.values))
        self._rows = {}
        self._steps = self._plan(recorder.calls)
        self._last_use = {n: i for i, step in enumerate(self._steps) for n in step.call.takes}
        self._overwrite()
        self._forget_unused()

    def batch_size(self, most_bytes: int = 2**25) -> int:
        """Return for how many windows at once the tensors stay small."""
        largest = max(
            math.prod(self._shapes[n][1:])
            if self._regions[n] is None
            else math.prod(self._shapes[n][1:-2])
            * self._regions[n][0].size  # type: ignore[index]
            * self._regions[n][1].size  # type: ignore[index]
            for n in self._regions
        )
        most = int(min(max(most_bytes // (4 * largest), 1), 16))
        # Of sizes near the largest, the one that leaves the last batch fullest: kernels are
        # prepared for each size that occurs.
        return min(range(most, max(3 * most // 4 - 1, 0), -1), key=lambda n: -len(self.windows) % n)

    def run(self, at: slice) -> tuple[Tensor, _Value | None]:
        """Return the class scores for some of the windows, and the layer's maps where asked for.

        Parameters
        ----------
        at : slice
            Which windows.

        Returns
        -------
        scores : Tensor of shape (B, classes)
            One row for each window.
        maps : object or None
            For `strengths`.
        """
        count = len(range(*at.indices(len(self.windows))))
        values = {0: self._picture(at)}
        for place, step in enumerate(self._steps):
            self._do(step, values, at, count)
            for number in step.call.takes:
                if self._last_use[number] == place and number != self._layer_tensor:
                    values.pop(number, None)
        output = values[self._output]
        if output.region is not None:
            output = self._whole(output, at)
        maps = None if self._layer_tensor is None else values[self._layer_tensor]
        return output.cells, maps

    def strengths(self, maps: _Value, channel: int, at: slice) -> NDArray[np.float64]:
        """Return the sum of one map of the layer for each window of a batch."""
        clean = self._clean[maps.number][0, channel].double().numpy()
        cells = maps.cells[:, channel].double().numpy()
        if maps.region is None:
            return np.asarray(cells.sum((1, 2)))
        rows, columns = maps.region
        sums = [
            clean.sum() - clean[r : r + rows.size, c : c + columns.size].sum() + part.sum()
            for r, c, part in zip(rows.start[at], columns.start[at], cells, strict=True)
        ]
        return np.array(sums)

    # Planning -------------------------------------------------------------------------------

    def _plan(self, calls: list[Call]) -> list[_Step]:
        """Decide for every call which cells it has to compute."""
        height, width = self.image.shape[2:]
        top, left, bottom, right = self.windows.T
        self._shapes = {n: tuple(t.shape) for n, t in self._clean.items()}
        self._regions: dict[int, Region | None] = {
            0: (Span.of(top, bottom, height), Span.of(left, right, width))
        }
        steps = []
        for call in calls:
            region, window = self._region_of(call)
            for number in call.gives:
                self._regions[number] = region
            if region is None:  # the network's own function, unless there is a faster one
                window = _window_of(call)
                window = window if window is not None and _is_pointwise(window) else None
            steps.append(_Step(call, region, window))
        return steps

    def _overwrite(self) -> None:
        """Let each ReLU overwrite what it takes, where that is new and nobody needs it again."""
        made_by = {n: step.call.kind for step in self._steps for n in step.call.gives}
        for place, step in enumerate(self._steps):
            call = step.call
            if call.kind != "relu" or not call.args:
                continue
            (number,) = call.takes
            if (
                self._last_use[number] == place
                and made_by.get(number) in _NEW
                and number not in (self._layer_tensor, self._output)
            ):
                shorter = replace(call, function=torch.relu_, args=call.args[:1], kwargs={})
                self._steps[place] = replace(step, call=shorter)

    def _region_of(self, call: Call) -> tuple[Region | None, _Window | None]:
        regions = [self._regions[n] for n in call.takes]
        if any(region is None for region in regions):
            return None, None
        known = [region for region in regions if region is not None]
        spots = {self._shapes[n][-2:] for n in (*call.takes, *call.gives)}
        window = _window_of(call)
        if window is not None and len(known) == 1:
            shape = self._shapes[call.gives[0]]
            axes = [
                touched(
                    known[0][axis],
                    kernel_size=window.kernel_size[axis],
                    stride=window.stride[axis],
                    padding=window.padding[axis],
                    dilation=window.dilation[axis],
                    length=shape[2 + axis],
                )
                for axis in (0, 1)
            ]
            region = (axes[0], axes[1])
        elif len(spots) == 1 and _is_cellwise(call, self._shapes):
            height, width = spots.pop()
            region = (
                _united([r[0] for r in known], height),
                _united([r[1] for r in known], width),
            )
            shape = self._shapes[call.gives[0]]
        else:
            return None, None
        if region[0].size * region[1].size > FULL_FROM * shape[-2] * shape[-1]:
            return None, None
        return region, window

    def _forget_unused(self) -> None:
        """Keep only the numbers of the unchanged picture that some window will need."""
        needed = {0}
        if self._layer_tensor is not None:
            needed.add(self._layer_tensor)
        if self._regions[self._output] is not None:
            needed.add(self._output)
        for step in self._steps:
            for number in step.call.takes:
                region = self._regions[number]
                if region is None:
                    continue
                looks_around = step.window is not None and not _is_pointwise(step.window)
                if looks_around or step.region is None or not _same(region, step.region):
                    needed.add(number)
        self._clean = {n: t for n, t in self._clean.items() if n in needed}

    # Computing ------------------------------------------------------------------------------

    def _picture(self, at: slice) -> _Value:
        """Return the picture's cells around each window, with the window filled."""
        region = self._regions[0]
        assert region is not None
        rows, columns = region
        cells = []
        for r, c, (top, left, bottom, right) in zip(
            rows.start[at], columns.start[at], self.windows[at], strict=True
        ):
            part = self.image[:, :, r : r + rows.size, c : c + columns.size].clone()
            filled = self.baseline[:, :, top:bottom, left:right]
            part[:, :, top - r : bottom - r, left - c : right - c] = filled
            cells.append(part)
        batch = torch.cat(cells).contiguous(memory_format=torch.channels_last)
        return _Value(0, batch, region)

    def _do(self, step: _Step, values: dict[int, _Value], at: slice, count: int) -> None:
        """Compute one call for a batch of windows."""
        call = step.call
        if step.region is None and step.window is not None:
            cells = self._whole(values[call.takes[0]], at).cells
            self._keep(call, step.window.apply(cells), None, values)
            return
        if step.region is None:  # all of it
            tensors = {n: self._whole(values[n], at).cells for n in call.takes}
            args, kwargs = _for_batch(call, count)
        elif step.window is not None:
            value = values[call.takes[0]]
            cells = self._padded(value, step.window, step.region, at)
            self._keep(call, step.window.apply(cells), step.region, values)
            return
        else:
            tensors = {n: self._at(values[n], step.region, at).cells for n in call.takes}
            size = (step.region[0].size, step.region[1].size)
            args, kwargs = _for_batch(call, count, size)
        args, kwargs = (
            with_parts(part, lambda p: tensors[p.number] if isinstance(p, Ref) else p)
            for part in (args, kwargs)
        )
        self._keep(call, call.function(*args, **kwargs), step.region, values)

    def _keep(
        self, call: Call, output: Any, region: Region | None, values: dict[int, _Value]
    ) -> None:
        given = [part for part in as_tuple(output) if isinstance(part, Tensor)]
        for number, cells in zip(call.gives, given, strict=True):
            values[number] = _Value(number, cells, region)

    def _whole(self, value: _Value, at: slice) -> _Value:
        """Return all cells of a tensor: those of the region, and around them the unchanged."""
        if value.region is None:
            return value
        height, width = self._shapes[value.number][-2:]
        start = np.zeros(len(value.cells), np.int64)
        cells = self._around(value, at, start, start, (height, width), (0, 0, 0, 0), 0.0)
        return _Value(value.number, cells, None)

    def _at(self, value: _Value, region: Region, at: slice) -> _Value:
        """Return a tensor's cells in another region."""
        if value.region is None or _same(value.region, region):
            return value
        rows, columns = region
        cells = self._around(
            value,
            at,
            rows.start[at],
            columns.start[at],
            (rows.size, columns.size),
            (0, 0, 0, 0),
            0.0,
        )
        return _Value(value.number, cells, region)

    def _padded(self, value: _Value, window: _Window, region: Region, at: slice) -> Tensor:
        """Return the cells that the outputs of a region see, the border included."""
        if _is_pointwise(window):
            return value.cells
        shape = self._shapes[value.number]
        needs, more = [], []
        for axis in (0, 1):
            reach = window.dilation[axis] * (window.kernel_size[axis] - 1) + 1
            needs.append((region[axis].size - 1) * window.stride[axis] + reach)
            last = int(region[axis].start.max()) * window.stride[axis] + needs[axis]
            more.append(max(last - window.padding[axis] - shape[2 + axis], 0))
        (above, before), (below, behind) = window.padding, more
        return self._around(
            value,
            at,
            region[0].start[at] * window.stride[0],
            region[1].start[at] * window.stride[1],
            (needs[0], needs[1]),
            (before, behind, above, below),
            window.outside,
        )

    def _around(
        self,
        value: _Value,
        at: slice,
        top: Ints,
        left: Ints,
        size: tuple[int, int],
        border: tuple[int, int, int, int],
        outside: float,
    ) -> Tensor:
        """Return cells of the padded unchanged maps, with the changed ones laid over them."""
        assert value.region is not None
        clean, width = self._rows_of(value.number, border, outside)
        height, across = size
        down, right = np.arange(height), np.arange(across)
        places = (
            (top[:, None, None] + down[:, None]) * width + left[:, None, None] + right
        ).ravel()
        rows, columns = value.region
        r = rows.start[at] + border[2] - top
        c = columns.start[at] + border[0] - left
        r = r[:, None] + np.arange(rows.size)  # (B, h), relative to what is wanted
        c = c[:, None] + np.arange(columns.size)
        first = np.arange(len(top))[:, None, None] * height
        target = ((first + r[:, :, None]) * across + c[:, None, :]).ravel()
        changed = _as_rows(value.cells)
        if r.min() < 0 or c.min() < 0 or r.max() >= height or c.max() >= across:
            inside = ((r >= 0) & (r < height))[:, :, None] & ((c >= 0) & (c < across))[:, None, :]
            kept = np.flatnonzero(inside)
            target, changed = target[kept], changed.index_select(0, torch.from_numpy(kept))
        unchanged = np.ones(len(places), dtype=bool)
        unchanged[target] = False
        rest = np.flatnonzero(unchanged)
        cells = clean.new_empty((len(places), *clean.shape[1:]))
        cells.index_copy_(0, torch.from_numpy(target), changed)
        known = clean.index_select(0, torch.from_numpy(places[rest]))
        cells.index_copy_(0, torch.from_numpy(rest), known)
        channels = value.cells.shape[1:-2]
        shaped = cells.view(len(top), height, across, *channels)
        return shaped.movedim((1, 2), (-2, -1))

    def _rows_of(
        self, number: int, border: tuple[int, int, int, int], outside: float
    ) -> tuple[Tensor, int]:
        """Return the padded unchanged maps as rows of channels, and how many make up a line."""
        key = (number, (border, outside))
        if key not in self._rows:
            padded = self._clean[number]
            if any(border):
                padded = F.pad(padded, border, value=outside)
            self._rows[key] = _as_rows(padded), padded.shape[-1]
        return self._rows[key]


# Writing down -----------------------------------------------------------------------------------


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

_NEW = ("conv2d", "linear", "batch_norm", "cat")  # give out memory that nothing else looks at
_ELEMENTWISE = frozenset(
    [
        *("relu", "relu6", "hardtanh", "hardswish", "hardsigmoid", "sigmoid", "silu", "gelu"),
        *("leaky_relu", "elu", "tanh", "mish", "softplus", "batch_norm", "dropout", "dropout2d"),
        *("add", "sub", "mul", "div", "__add__", "__radd__", "__mul__", "__rmul__", "__sub__"),
        *("__truediv__", "contiguous", "clone", "detach"),
    ]
)


def _is_cellwise(call: Call, shapes: dict[int, tuple[int, ...]]) -> bool:
    """Return whether each cell that a call gives depends on the same cell of what it takes."""
    if call.kind in ("batch_norm", "dropout", "dropout2d"):
        given = _named(call, _TRAINING[call.kind])
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
        return bool(_named(call, ("tensors", "dim")).get("dim", 0) == 1)
    if call.kind in ("chunk", "split"):
        return len(first) > 3 and _named(call, ("input", "size", "dim")).get("dim", 0) == 1
    if call.kind == "unsqueeze":
        return bool(_named(call, ("input", "dim"))["dim"] == 1)
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


_TRAINING: dict[str, tuple[str, ...]] = {
    "batch_norm": ("input", "mean", "var", "weight", "bias", "training"),
    "dropout": ("input", "p", "training"),
    "dropout2d": ("input", "p", "training"),
}


def _window_of(call: Call) -> _Window | None:
    """Return a convolution or pooling ready to be applied to a part; None for another call."""
    if call.kind == "conv2d":
        given = _named(call, ("input", "weight", "bias", "stride", "padding", "dilation", "groups"))
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

        window = _Window(kernel_size, stride, _pair(padding), dilation, 0.0, convolve)
        return replace(window, apply=multiply) if _is_pointwise(window) and groups == 1 else window
    if call.kind == "max_pool2d":
        names = ("input", "kernel_size", "stride", "padding", "dilation")
        given = _named(call, (*names, "ceil_mode", "return_indices"))
        if given.get("return_indices"):
            return None
        size = _pair(given["kernel_size"])
        stride = _pair(given.get("stride") or size)
        dilation = _pair(given.get("dilation", 1))

        def largest(cells: Tensor) -> Tensor:
            return F.max_pool2d(cells, size, stride, 0, dilation)

        padding = _pair(given.get("padding", 0))
        return _Window(size, stride, padding, dilation, -math.inf, largest)
    if call.kind == "avg_pool2d":
        first = ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")
        given = _named(call, (*first, "divisor_override"))
        padding = _pair(given.get("padding", 0))
        counts_border = given.get("count_include_pad", True) or padding == (0, 0)
        if given.get("ceil_mode") or given.get("divisor_override") or not counts_border:
            return None
        size = _pair(given["kernel_size"])
        stride = _pair(given.get("stride") or size)

        def mean(cells: Tensor) -> Tensor:
            return F.avg_pool2d(cells, size, stride)

        return _Window(size, stride, padding, (1, 1), 0.0, mean)
    return None


def _for_batch(
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


def _named(call: Call, names: Sequence[str]) -> dict[str, Any]:
    """Return a call's arguments by name."""
    return {**dict(zip(names, call.args, strict=False)), **call.kwargs}


def _pair(value: Any) -> tuple[int, int]:
    first, second = (value * 2 if len(value) == 1 else value) if _is_many(value) else (value, value)
    return int(first), int(second)


def _is_many(value: Any) -> bool:
    return isinstance(value, (tuple, list))


def _is_pointwise(window: _Window) -> bool:
    return window.kernel_size == (1, 1) and window.stride == (1, 1) and window.padding == (0, 0)


def _same(one: Region, other: Region) -> bool:
    return one is other or (one[0].same(other[0]) and one[1].same(other[1]))


def _united(spans: list[Span], length: int) -> Span:
    """Return the cells that any of several spans holds."""
    low = np.minimum.reduce([span.low for span in spans])
    return Span.of(low, np.maximum.reduce([span.high for span in spans]), length)


def _as_rows(maps: Tensor) -> Tensor:
    """Return (B, ..., H, W) as (B · H · W, channels): one row for each cell."""
    moved = maps.movedim((-2, -1), (1, 2))
    batch, height, width = moved.shape[:3]
    return moved.reshape(batch * height * width, -1)
