"""Put concatenations off: compute with the parts, where putting them together costs more.

SqueezeNet joins two groups of maps, and the next layer weighs their sum cell by cell down to a few
channels. That is the sum of two such layers, one for each group, and nothing need be joined:
W [a; b] = W_a a + W_b b.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from cnnlab.forward_calls import Call, Ref, filled
from cnnlab.replay_calls import Recording, is_cellwise, is_pointwise, named, window_of

__all__ = ["cats_put_off"]

_JOIN = ("cat", "concat")
_EACH = ("relu", "max_pool2d", "avg_pool2d")  # work on each channel by itself, without weights
_CONV = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")


def cats_put_off(recording: Recording) -> Recording:
    """Return calls with the same result, with fewer or smaller concatenations of channels.

    Parameters
    ----------
    recording : Recording
        A forward pass, as `cnnlab.replay_calls.record` writes it down; not changed.

    Returns
    -------
    Recording
        Tensors keep their numbers; new ones come behind them.

    Examples
    --------
    >>> from torch import nn
    >>> from cnnlab.replay_calls import record
    >>> class Joined(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.squeeze = nn.Conv2d(6, 1, 1)
    ...
    ...     def forward(self, x):
    ...         return self.squeeze(F.relu(torch.cat([x, -x], 1)))
    >>> calls = record(Joined(), torch.ones(1, 3, 4, 4)).calls
    >>> [call.kind for call in calls]
    ['neg', 'cat', 'relu', 'conv2d']
    >>> [call.kind for call in cats_put_off(record(Joined(), torch.ones(1, 3, 4, 4))).calls]
    ['neg', 'relu', 'relu', 'conv2d', 'conv2d', 'add']
    """
    return _PuttingOff(recording).run()


class _PuttingOff:
    """Goes through the calls; knows which tensors exist only as their parts."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.values = list(recording.values)
        self.shapes = {n: tuple(value.shape) for n, value in enumerate(self.values)}
        self.parts: dict[int, list[int]] = {}  # of a tensor that is put off
        self.joins: dict[int, Call] = {}  # how it would be put together
        self.uses = Counter(n for call in recording.calls for n in call.takes)

    def run(self) -> Recording:
        with torch.no_grad():
            calls = [made for call in self.recording.calls for made in self._instead(call)]
        return replace(self.recording, calls=calls, values=self.values)

    def _instead(self, call: Call) -> Iterator[Call]:
        """Yield what is called in place of a call."""
        if self._can_wait(call):
            (number,) = call.gives
            self.parts[number], self.joins[number] = list(call.takes), call
            return
        waiting = [n for n in call.takes if n in self.parts]
        if len(call.takes) == 1 and waiting:
            (number,) = waiting
            if call.kind in _EACH and self._is_free(call.gives[0]):
                yield from self._each(call, self.parts[number])
                return
            if self._sums_few(call, self.parts[number]):
                yield from self._summed(call, self.parts[number])
                return
        for number in waiting:
            yield self.joins[number]
            del self.parts[number]
        yield call

    def _can_wait(self, call: Call) -> bool:
        return (
            call.kind in _JOIN
            and len(set(call.takes)) == len(call.takes)
            and not any(n in self.parts for n in call.takes)
            and is_cellwise(call, self.shapes)
            and self._is_free(call.gives[0])
        )

    def _is_free(self, number: int) -> bool:
        """Return whether a tensor has one use, and nobody asks for it by name."""
        asked = (self.recording.output, self.recording.layer)
        return self.uses[number] == 1 and number not in asked

    def _each(self, call: Call, parts: list[int]) -> Iterator[Call]:
        """Yield the call for each part; what it gives is put off in its turn."""
        (whole,) = call.gives
        made, first = [], 0
        for part in parts:
            behind = first + self.shapes[part][1]
            made.append(self._new(self.values[whole][:, first:behind]))
            yield _applied(call, part, made[-1])
            first = behind
        joined = Call("cat", "", torch.cat, ([Ref(n) for n in made], 1), {}, tuple(made), (whole,))
        self.parts[whole], self.joins[whole] = made, joined

    def _sums_few(self, call: Call, parts: list[int]) -> bool:
        """Return whether a call weighs the channels of each cell down to fewer than each part."""
        window = window_of(call)
        if call.kind != "conv2d" or window is None or not is_pointwise(window):
            return False
        given = named(call, _CONV)
        fewest = min(self.shapes[part][1] for part in parts)
        return given.get("groups", 1) == 1 and len(given["weight"]) <= fewest

    def _summed(self, call: Call, parts: list[int]) -> Iterator[Call]:
        """Yield a layer for each part, and their sum."""
        given = named(call, _CONV)
        bias, first, total = given.get("bias"), 0, None
        for place, part in enumerate(parts):
            behind = first + self.shapes[part][1]
            weight = given["weight"][:, first:behind]
            share = self._new(F.conv2d(self.values[part], weight, bias))
            yield Call("conv2d", "", F.conv2d, (Ref(part), weight, bias), {}, (part,), (share,))
            bias, first = None, behind
            if total is None:
                total = share
                continue
            last = place == len(parts) - 1
            sum_of = (total, share)
            total = call.gives[0] if last else self._new(self.values[total] + self.values[share])
            yield Call("add", "", torch.add, tuple(map(Ref, sum_of)), {}, sum_of, (total,))

    def _new(self, value: Tensor) -> int:
        """Return the number of a new tensor of the unchanged picture."""
        self.values.append(value)
        number = len(self.values) - 1
        self.shapes[number] = tuple(value.shape)
        return number


def _applied(call: Call, takes: int, gives: int) -> Call:
    """Return a call with one tensor, for another tensor."""
    stands_for = {call.takes[0]: Ref(takes)}
    args, kwargs = filled(call.args, stands_for), filled(call.kwargs, stands_for)
    return replace(call, args=args, kwargs=kwargs, takes=(takes,), gives=(gives,))
