"""Run a network again for pictures that differ from a known one in a small window only.

A window changes few cells of the first feature maps, and more of them layer by layer. The other
cells keep their numbers, so they are not computed again. The calls of the network are written down
once, with the numbers of the unchanged picture; what cannot be followed is computed in full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlab.forward_calls import Call, as_tuple, filled
from cnnlab.replay_calls import (
    Window,
    for_batch,
    is_cellwise,
    is_global_mean,
    is_pointwise,
    record,
    window_of,
)
from cnnlab.replay_parts import cats_put_off
from cnnlab.window_spans import Region, Span, same, touched, united

__all__ = ["WindowReplay"]

Ints = NDArray[np.int64]
FULL_FROM = 0.75  # a region of this share of the map is no smaller work than the map
_NEW = ("conv2d", "linear", "batch_norm", "cat", "add")  # give out memory that nobody else sees


@dataclass(frozen=True, eq=False)
class _Step:
    """One call, and how much of it is computed."""

    call: Call
    region: Region | None  # None: all of it
    window: Window | None = None
    is_mean: bool = False  # of each map, from the region and what is known of the rest


@dataclass(eq=False)
class _Value:
    """A tensor for a batch of windows: all of it, or the cells of its region only."""

    number: int
    cells: Tensor
    region: Region | None


class _Batch:
    """Some of the windows, and what is computed for them: at the border less than elsewhere."""

    def __init__(self, at: slice, windows: Ints) -> None:
        self.at = at
        self.windows = windows[at]
        self.parts: dict[int, Region] = {}  # by the region of all windows

    def part(self, region: Region | None) -> Region | None:
        """Return the cells that are computed for these windows, of those for all of them."""
        if region is None:
            return None
        key = id(region)
        if key not in self.parts:
            self.parts[key] = (region[0].part(self.at), region[1].part(self.at))
        return self.parts[key]


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
    _sums: dict[int, Tensor] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Run the unchanged picture, and plan what each window needs."""
        recording = cats_put_off(record(self.model, self.image, self.layer))
        values = recording.values
        self._output, self._layer_tensor = recording.output, recording.layer
        self.scores = values[self._output]
        if self._layer_tensor is not None:
            self.maps = values[self._layer_tensor]
        self._clean = dict(enumerate(values))
        self._rows, self._sums = {}, {}
        self._steps = self._plan(recording.calls)
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
        batch = _Batch(at, self.windows)
        values = {0: self._picture(batch)}
        for place, step in enumerate(self._steps):
            self._do(step, values, batch)
            for number in step.call.takes:
                if self._last_use[number] == place and number != self._layer_tensor:
                    values.pop(number, None)
        output = values[self._output]
        if output.region is not None:
            output = self._whole(output)
        maps = None if self._layer_tensor is None else values[self._layer_tensor]
        return output.cells, maps

    def strengths(self, maps: _Value, channel: int) -> NDArray[np.float64]:
        """Return the sum of one map of the layer for each window of a batch."""
        clean = self._clean[maps.number][0, channel].double().numpy()
        cells = maps.cells[:, channel].double().numpy()
        if maps.region is None:
            return np.asarray(cells.sum((1, 2)))
        rows, columns = maps.region
        sums = [
            clean.sum() - clean[r : r + rows.size, c : c + columns.size].sum() + part.sum()
            for r, c, part in zip(rows.start, columns.start, cells, strict=True)
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
                window = window_of(call)
                window = window if window is not None and is_pointwise(window) else None
            is_mean = (
                is_global_mean(call, self._shapes) and self._regions[call.takes[0]] is not None
            )
            steps.append(_Step(call, region, window, is_mean))
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

    def _region_of(self, call: Call) -> tuple[Region | None, Window | None]:
        regions = [self._regions[n] for n in call.takes]
        if any(region is None for region in regions):
            return None, None
        known = [region for region in regions if region is not None]
        spots = {self._shapes[n][-2:] for n in (*call.takes, *call.gives)}
        window = window_of(call)
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
        elif len(spots) == 1 and is_cellwise(call, self._shapes):
            height, width = spots.pop()
            region = (
                united([r[0] for r in known], height),
                united([r[1] for r in known], width),
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
                looks_around = step.window is not None and not is_pointwise(step.window)
                if looks_around or step.region is None or not same(region, step.region):
                    needed.add(number)
        self._clean = {n: t for n, t in self._clean.items() if n in needed}

    # Computing ------------------------------------------------------------------------------

    def _picture(self, batch: _Batch) -> _Value:
        """Return the picture's cells around each window, with the window filled."""
        region = batch.part(self._regions[0])
        assert region is not None
        rows, columns = region
        cells = []
        for r, c, (top, left, bottom, right) in zip(
            rows.start, columns.start, batch.windows, strict=True
        ):
            part = self.image[:, :, r : r + rows.size, c : c + columns.size].clone()
            shows = self.baseline[:, :, top:bottom, left:right]
            part[:, :, top - r : bottom - r, left - c : right - c] = shows
            cells.append(part)
        whole = torch.cat(cells).contiguous(memory_format=torch.channels_last)
        return _Value(0, whole, region)

    def _do(self, step: _Step, values: dict[int, _Value], batch: _Batch) -> None:
        """Compute one call for a batch of windows."""
        call, region, count = step.call, batch.part(step.region), len(batch.windows)
        if step.is_mean:
            means = self._means(values[call.takes[0]])
            shape = (count, *self._shapes[call.gives[0]][1:])
            self._keep(call, means.reshape(shape), None, values)
            return
        if region is None and step.window is not None:
            cells = self._whole(values[call.takes[0]]).cells
            self._keep(call, step.window.apply(cells), None, values)
            return
        if region is None:  # all of it
            tensors = {n: self._whole(values[n]).cells for n in call.takes}
            args, kwargs = for_batch(call, count)
        elif step.window is not None:
            cells = self._padded(values[call.takes[0]], step.window, region)
            self._keep(call, step.window.apply(cells), region, values)
            return
        else:
            tensors = {n: self._at(values[n], region).cells for n in call.takes}
            size = (region[0].size, region[1].size)
            args, kwargs = for_batch(call, count, size)
        given = call.function(*filled(args, tensors), **filled(kwargs, tensors))
        self._keep(call, given, region, values)

    def _keep(
        self, call: Call, output: Any, region: Region | None, values: dict[int, _Value]
    ) -> None:
        given = [part for part in as_tuple(output) if isinstance(part, Tensor)]
        for number, cells in zip(call.gives, given, strict=True):
            values[number] = _Value(number, cells, region)

    def _means(self, value: _Value) -> Tensor:
        """Return the mean of each map, (B, C): unchanged cells are counted once for all windows."""
        assert value.region is not None
        clean = self._clean[value.number][0]
        if value.number not in self._sums:  # over all cells above and to the left of each
            above = clean.double().cumsum(-2).cumsum(-1)
            self._sums[value.number] = F.pad(above, (1, 0, 1, 0)).permute(1, 2, 0).contiguous()
        sums = self._sums[value.number]
        rows, columns = value.region
        top, left = rows.start, columns.start
        bottom, right = top + rows.size, left + columns.size
        covered = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        outside = (sums[-1, -1] - covered).to(value.cells.dtype)
        return (outside + value.cells.sum((2, 3))) / clean[0].numel()

    def _whole(self, value: _Value) -> _Value:
        """Return all cells of a tensor: those of the region, and around them the unchanged."""
        if value.region is None:
            return value
        height, width = self._shapes[value.number][-2:]
        start = np.zeros(len(value.cells), np.int64)
        cells = self._around(value, start, start, (height, width), (0, 0, 0, 0), 0.0)
        return _Value(value.number, cells, None)

    def _at(self, value: _Value, region: Region) -> _Value:
        """Return a tensor's cells in another region."""
        if value.region is None or same(value.region, region):
            return value
        rows, columns = region
        cells = self._around(
            value,
            rows.start,
            columns.start,
            (rows.size, columns.size),
            (0, 0, 0, 0),
            0.0,
        )
        return _Value(value.number, cells, region)

    def _padded(self, value: _Value, window: Window, region: Region) -> Tensor:
        """Return the cells that the outputs of a region see, the border included."""
        if is_pointwise(window):
            return value.cells
        shape = self._shapes[value.number]
        needs, more = [], []
        for axis in (0, 1):
            reach = window.dilation[axis] * (window.kernel_size[axis] - 1) + 1
            needs.append((region[axis].size - 1) * window.stride[axis] + reach)
            last = (region[axis].length - 1) * window.stride[axis] + reach
            more.append(max(last - window.padding[axis] - shape[2 + axis], 0))
        (above, before), (below, behind) = window.padding, more
        return self._around(
            value,
            region[0].start * window.stride[0],
            region[1].start * window.stride[1],
            (needs[0], needs[1]),
            (before, behind, above, below),
            window.outside,
        )

    def _around(
        self,
        value: _Value,
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
        r = rows.start + border[2] - top
        c = columns.start + border[0] - left
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


def _as_rows(maps: Tensor) -> Tensor:
    """Return (B, ..., H, W) as (B · H · W, channels): one row for each cell."""
    moved = maps.movedim((-2, -1), (1, 2))
    batch, height, width = moved.shape[:3]
    return moved.reshape(batch * height * width, -1)
