"""Follow one number through the calls of a network, back to its beginning and on to its end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from cnnlab.call_sums import Arguments, as_array, call_sum, conv_settings
from cnnlab.cell_sums import CellSum
from cnnlab.forward_calls import PICTURE, Call, Outline, Replayed
from cnnlab.forward_watch import Ran
from cnnlab.neuron_story import Near, Source, Step
from cnnlab.single_numbers import (
    ACTIVATIONS,
    Changed,
    activated,
    combined,
    normalised,
    with_numbers,
)

__all__ = ["Teller", "calls_after", "calls_before"]

INSIDE = "this module's number is made inside it: open one of its parts"
MOST_SOURCES = 2048  # inputs whose origin is looked up; of more, those that add most
MOST_NEAR = 12  # cells of the input along each side, for the step player
_PASSED_ON = ("clone", "contiguous", "detach", "dropout", "dropout2d", "permute", "reshape", "view")


# Which calls a story needs; asked before the network runs -----------------------------------------


def calls_before(plan: Outline, tensor: int) -> list[int]:
    """Return the calls that lead to the numbers of a tensor, from where their story begins on.

    Parameters
    ----------
    plan : Outline
        The network's calls.
    tensor : int
        Its number.

    Returns
    -------
    list of int
        Places in ``plan.calls``; where several tensors were put side by side, those of all.
    """
    path: list[int] = []
    while tensor != PICTURE:
        place = plan.made_by[tensor]
        call = plan.calls[place]
        if call.only_moves:
            if len(call.takes) > 1:
                return [p for taken in call.takes for p in calls_before(plan, taken)] + path
            tensor = call.takes[0]
            continue
        path.insert(0, place)
        if not _is_pointwise(plan, call):
            break
        tensor = _main(plan, call)
    return path


def calls_after(plan: Outline, tensor: int) -> list[int]:
    """Return the calls that change the numbers of a tensor one by one afterwards.

    Parameters
    ----------
    plan, tensor
        As for `calls_before`.

    Returns
    -------
    list of int
        Up to where the numbers are summed up, or go more than one way.
    """
    found: list[int] = []
    while len(users := plan.used_by.get(tensor, [])) == 1:
        call = plan.calls[users[0]]
        given = call.gives[0]
        if call.kind not in _PASSED_ON:
            if not (_is_pointwise(plan, call) or _is_joint(call)):
                break
            if plan.shapes[given] != plan.shapes[tensor]:
                break  # it is a gate for other numbers
            found.append(users[0])
        tensor = given
    return found


def _is_joint(call: Call) -> bool:
    """Say whether the numbers of two branches are added."""
    return call.kind == "add" and len(set(call.takes)) == len(call.takes) == 2


def _is_pointwise(plan: Outline, call: Call) -> bool:
    """Say whether a call makes each number of one other, and of what stands fast."""
    given = Arguments(call.kind, call.args, call.kwargs)
    if call.kind in ACTIVATIONS:
        return True
    if call.kind == "batch_norm":
        return given.get("running_mean") is not None and not given.get("training")
    if call.kind == "layer_norm":
        return tuple(given.get("normalized_shape")) == plan.shapes[call.gives[0]][-1:]
    if call.kind in ("add", "sub"):
        return len(call.takes) == 1
    return call.kind == "mul" and len(set(call.takes)) == len(call.takes) <= 2


def _main(plan: Outline, call: Call) -> int:
    """Return the tensor whose numbers a pointwise call changes; the other one is a gate."""
    return max(call.takes, key=lambda number: (math.prod(plan.shapes[number]), number))


# The story ----------------------------------------------------------------------------------------


class Teller:
    """Tells of one number after a network has run.

    Parameters
    ----------
    plan : Outline
        The network's calls.
    ran : dict
        The numbers of those that ``calls_before`` and ``calls_after`` name.
    """

    def __init__(self, plan: Outline, ran: dict[int, Ran]) -> None:
        self.plan, self.ran = plan, ran
        self.replayed: dict[int, Replayed] = {}
        self.names: dict[int, str] = {}
        for name, tensor in plan.layers.items():  # of several, the innermost
            if tensor not in self.names or self.names[tensor] in plan.parts:
                self.names[tensor] = name

    def tell(self, tensor: int, place: int) -> dict[str, Any]:
        """Return what ``CellStory`` holds of a number besides its place: steps, sum, sources."""
        way = [*self._way(tensor, place)][::-1]
        if not way:
            return {"says": "this number is a pixel of the picture, or padding"}
        head, head_tensor, head_place = way[0]
        told: dict[str, Any]
        steps = []
        if _is_pointwise(self.plan, head):  # the number before it is a pixel, or padding
            main = _main(self.plan, head)
            at = self._stretched(head_tensor, main, head_place)
            pixel = self._source(main, at, self._value(head, main, at))
            told = {"sources": {0: pixel} if pixel else {}}
        else:
            told = self._begin(head, head_tensor, head_place)
            if "sum" in told:
                steps.append(self._first(head, head_tensor, head_place, told["sum"]))
            else:
                name = self.names.get(head_tensor, head.kind)
                late = f"the number that {name} gives is made inside it; the story begins with it"
                told["says"] = INSIDE if len(way) == 1 else late
            way = way[1:]
        steps += [self._step(*entry, _main(self.plan, entry[0])) for entry in way]
        n_told = len(steps)
        return {"steps": (*steps, *self._later(tensor, place)), "told": n_told, **told}

    # Ways through the network ----------------------------------------------------------------

    def _way(self, tensor: int, place: int) -> Iterator[tuple[Call, int, int]]:
        """Yield what made a number, from its end back to its beginning."""
        while (found := self._real(tensor, place)) is not None and found[0] != PICTURE:
            tensor, place = found
            call = self.plan.calls[self.plan.made_by[tensor]]
            yield call, tensor, place
            if not _is_pointwise(self.plan, call):
                return
            main = _main(self.plan, call)
            tensor, place = main, self._stretched(tensor, main, place)

    def _real(self, tensor: int, place: int) -> tuple[int, int] | None:
        """Return where a number stood before it was only moved; None if it is padding."""
        while tensor != PICTURE:
            made_by = self.plan.made_by[tensor]
            call = self.plan.calls[made_by]
            if not call.only_moves:
                break
            if made_by not in self.replayed:
                self.replayed[made_by] = self.plan.replayed(call)
            found = self.plan.back(call, tensor, place, self.replayed[made_by])
            if found is None:
                return None
            tensor, place = found
        return tensor, place

    def _stretched(self, tensor: int, operand: int, place: int) -> int:
        """Return which number of an operand goes into a number, where shapes were stretched."""
        shape, small = self.plan.shapes[tensor], self.plan.shapes[operand]
        at = np.unravel_index(place, shape)[len(shape) - len(small) :]
        kept = [0 if length == 1 else int(i) for i, length in zip(at, small, strict=True)]
        return int(np.ravel_multi_index(kept, small))

    def _source(self, tensor: int, place: int, value: float) -> Source | None:
        """Return where a number of a tensor came from; None if no layer gave it."""
        found = self._real(tensor, place)
        if found is None or (found[0] != PICTURE and found[0] not in self.names):
            return None
        channel, row, column = self.plan.cell(*found)
        return Source(self.names.get(found[0], ""), channel, (row, column), value)

    def _later(self, tensor: int, place: int) -> Iterator[Step]:
        """Yield what happens to a number afterwards."""
        for wanted in calls_after(self.plan, tensor):
            while (user := self.plan.used_by[tensor][0]) != wanted:
                moved = self.plan.ahead(self.plan.calls[user], tensor, place)
                if moved is None:
                    return
                tensor, place = moved
            call = self.plan.calls[wanted]
            yield self._step(call, call.gives[0], place, tensor)
            tensor = call.gives[0]

    # Beginnings: sums of many numbers --------------------------------------------------------

    def _begin(self, call: Call, tensor: int, place: int) -> dict[str, Any]:
        """Return sum, sources and surroundings of the number that a story begins with."""
        if _is_joint(call):
            return self._joint(call, tensor, place)
        given = self._given(call)
        made = call_sum(call, given, self.plan, tensor, place)
        if made is None:
            return {}
        taken, sources = call.takes[0], {}
        for index in made.by_size()[:MOST_SOURCES].tolist():
            at = self._strongest_place(call, made, index, place)
            if at is not None:
                sources[index] = self._source(taken, at, float(given.get("input").reshape(-1)[at]))
        found: dict[str, Any] = {"sources": {i: source for i, source in sources.items() if source}}
        if call.kind != "conv2d":
            return {"sum": made, **found}
        near = self._near(made, given, tensor, place)
        return {"sum": self._from_the_edge(made, taken), "near": near, **found}

    def _joint(self, call: Call, tensor: int, place: int) -> dict[str, Any]:
        """Return a sum of branches as a sum of inputs with weight 1."""
        values, sources = [], {}
        for index, number in enumerate(call.takes):
            at = self._stretched(tensor, number, place)
            values.append(self._value(call, number, at))
            if source := self._source(number, at, values[-1]):
                sources[index] = source
        one, patches = np.zeros(1, dtype=np.int64), np.array(values).reshape(-1, 1, 1)
        made = CellSum(np.arange(2), patches, np.ones_like(patches), one, one, (1, 1))
        return {"sum": made, "sources": sources}

    def _strongest_place(self, call: Call, made: CellSum, index: int, place: int) -> int | None:
        """Return where the strongest number of an input channel stands; None if it is padding."""
        taken, number = call.takes[0], int(made.inputs[index])
        if call.kind == "linear":  # the features of the same cell
            at = np.unravel_index(place, self.plan.shapes[call.gives[0]])[:-1]
            return int(np.ravel_multi_index((*at, number), self.plan.shapes[taken]))
        found = made.strongest_place(index)
        return None if found is None else self.plan.place(taken, number, *found)

    def _from_the_edge(self, made: CellSum, taken: int) -> CellSum:
        """Count rows and columns from the edge of the maps where these were padded before."""
        call = self.plan.calls[self.plan.made_by[taken]] if taken != PICTURE else None
        if call is None or call.kind != "pad":
            return made
        left, _, top, _ = Arguments("pad", call.args, call.kwargs).get("pad")
        _, height, width = self.plan.maps(call.takes[0])
        return replace(
            made, rows=made.rows - top, columns=made.columns - left, size=(height, width)
        )

    def _near(self, made: CellSum, given: Arguments, tensor: int, place: int) -> Near:
        """Return what a cell and its neighbours read, as far as it is small."""
        settings = conv_settings(given)
        x, (_, *cell), (_, *size) = (
            given.get("input"),
            self.plan.cell(tensor, place),
            self.plan.maps(tensor),
        )
        spans, pads, first, counts = [], [], [], []
        for axis, places in enumerate((made.rows, made.columns)):
            stride = settings["stride"][axis]
            around = 1 if int(np.ptp(places)) + 2 * stride < MOST_NEAR else 0
            low, high = max(cell[axis] - around, 0), min(cell[axis] + around, size[axis] - 1)
            start = int(places[0]) + (low - cell[axis]) * stride
            stop = int(places[-1]) + (high - cell[axis]) * stride + 1
            length = x.shape[axis + 2]
            spans.append((min(max(0, start), length), max(0, min(stop, length))))
            pads.append((max(0, -start), max(0, stop - length)))
            first.append(low)
            counts.append(high - low + 1)
        (top, bottom), (left, right) = spans
        channels = slice(int(made.inputs[0]), int(made.inputs[-1]) + 1)
        part = as_array(x[0, channels, top:bottom, left:right]).astype(np.float64)
        if not part.size:  # all of it lies in the padding
            sides = [sum(pad) + length for pad, length in zip(pads, part.shape[1:], strict=True)]
            part, pads = np.zeros((len(part), *sides)), [(0, 0), (0, 0)]
        step = (cell[0] - first[0]) * counts[1] + cell[1] - first[1]
        around_it = (pads[0], pads[1])
        corner = (first[0], first[1])
        return Near(part, around_it, corner, step, settings["stride"], settings["dilation"])

    def _first(self, call: Call, tensor: int, place: int, made: CellSum) -> Step:
        """Return the sum as the first step of a story."""
        sides = f"{len(made.rows)} × {len(made.columns)}"
        title, formula = {
            "conv2d": (f"Convolution, {len(made.inputs)} × {sides}", "the sum of inputs × weights"),
            "linear": (
                f"Fully connected, {len(made.inputs):,} features",
                "the sum of features × weights",
            ),
            "max_pool2d": (f"Max pooling, {sides}", "the largest number of the window"),
            "add": ("Sum of two branches", "first + second"),
        }.get(call.kind, (f"Average pooling, {sides}", "the mean of the window"))
        bias = {} if made.bias is None else {"bias": made.bias}
        if bias:
            formula += " + bias"
        changed = Changed(title, formula, bias, made.total, made.magnitude)
        return self._as_step(call, tensor, place, changed)

    # Steps that change one number ------------------------------------------------------------

    def _step(self, call: Call, tensor: int, place: int, main: int) -> Step:
        """Return a step that makes a number of one other, which tensor `main` holds."""
        at = self._stretched(tensor, main, place)
        z, given = self._value(call, main, at), self._given(call)
        if call.kind in ACTIVATIONS:
            names = ("min_val", "max_val", "negative_slope", "alpha", "approximate")
            settings = {name: given.get(name) for name in names if given.get(name) is not None}
            return self._as_step(call, tensor, place, activated(call.kind, z, **settings))
        if call.kind in ("batch_norm", "layer_norm"):
            statistics = self._statistics(call, given, tensor, place)
            return self._as_step(call, tensor, place, normalised(z, **statistics))
        index = next(i for i, part in enumerate(call.args) if getattr(part, "number", -1) == main)
        other = getattr(call.args[1 - index], "number", None)
        sources = []
        if other is None:  # it stands fast: a parameter, or a plain number
            fixed = torch.as_tensor(self._ran(call).args[1 - index]).detach().cpu().double()
            y = float(fixed.expand(self.plan.shapes[tensor]).reshape(-1)[place])
        else:
            at = self._stretched(tensor, other, place)
            y = self._value(call, other, at)
            sources = [source for source in [self._source(other, at, y)] if source]
        changed = combined(call.kind, z, y, first=index == 0)
        return self._as_step(call, tensor, place, changed, tuple(sources))

    def _statistics(self, call: Call, given: Arguments, tensor: int, place: int) -> dict[str, Any]:
        """Return mean and variance of a normalisation, and what it has learned."""
        if call.kind == "batch_norm":  # of the channel, measured in training
            channel = self.plan.cell(tensor, place)[0]
            mean, variance = (float(given.get(f"running_{n}")[channel]) for n in ("mean", "var"))
        else:  # of all channels of the cell
            *at, channel = (int(i) for i in np.unravel_index(place, self.plan.shapes[tensor]))
            x = as_array(given.get("input")[tuple(at)]).astype(np.float64)
            mean, variance = float(x.mean()), float(x.var())
        told: dict[str, Any] = {"mean": mean, "variance": variance}
        for name, letter in (("weight", "gamma"), ("bias", "beta")):
            if given.get(name) is not None:
                told[letter] = float(given.get(name)[channel].detach())
        title = "Batch normalisation" if call.kind == "batch_norm" else "Layer normalisation"
        return {**told, "eps": float(given.get("eps", 1e-5)), "title": title}

    def _as_step(
        self,
        call: Call,
        tensor: int,
        place: int,
        changed: Changed,
        others: tuple[Source, ...] = (),
    ) -> Step:
        channel, row, column = self.plan.cell(tensor, place)
        given = self._ran(call).gave[call.gives.index(tensor)]
        return Step(
            kind=call.kind,
            title=changed.title,
            layer=self.names.get(tensor, ""),
            channel=channel,
            cell=(row, column),
            formula=changed.formula,
            written=with_numbers(changed.formula, changed.numbers),
            numbers=changed.numbers,
            computed=changed.result,
            network=float(given.reshape(-1)[place]),
            magnitude=changed.magnitude,
            others=others,
        )

    # The network's own numbers ---------------------------------------------------------------

    def _ran(self, call: Call) -> Ran:
        return self.ran[self.plan.made_by[call.gives[0]]]

    def _given(self, call: Call) -> Arguments:
        ran = self._ran(call)
        return Arguments(call.kind, ran.args, ran.kwargs)

    def _value(self, call: Call, tensor: int, place: int) -> float:
        """Return a number that a call took."""
        ran = self._ran(call)
        parts = [*zip(call.args, ran.args, strict=True)]
        parts += [(call.kwargs[name], ran.kwargs[name]) for name in call.kwargs]
        taken = next(real for part, real in parts if getattr(part, "number", -1) == tensor)
        return float(taken.reshape(-1)[place])
