"""Designing a network: its rows as one sees them, how to change them, what each one costs.

A row is a part of the network's text: a layer, or ``res``, ``skip`` and ``add``, which begin a
residual block, begin its shortcut and end it. A block is moved, doubled and deleted as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnnlab.checks import InputError
from cnnlab.cost import describe, layer_row
from cnnlab.layers import Layer, Residual, Shape
from cnnlab.network_text import (
    MOST_LAYERS,
    Network,
    count_layers,
    layer_from_text,
    network_from_text,
    network_to_text,
)
from cnnlab.receptive import ReceptiveField, receptive_field

__all__ = [
    "MARKS",
    "Facts",
    "Totals",
    "add_up",
    "block_of",
    "duplicate",
    "insert",
    "is_in_block",
    "move",
    "move_to",
    "parts_of",
    "remove",
    "replace_part",
    "survey",
    "with_input",
    "with_shortcut",
]

MARKS = {"res": "Residual block", "skip": "Shortcut", "add": "Add"}


@dataclass(frozen=True)
class Facts:
    """What is known of one row.

    Parameters
    ----------
    part : str
        Its text, such as "c64k3" or "add".
    title : str
        The same in words.
    depth : int
        0, or 1 inside a residual block.
    input_shape, output_shape : tuple of int or None
        None after a layer that does not fit.
    n_params, macs, activation_bytes : int
        As in ``cnnlab.cost.Row``.
    field : tuple of (int or None) or None
        Receptive field, rows and columns; None inside stands for the whole input, None for a row
        that has none.
    error : str
        Why the row does not fit; empty for all but the first that does not.
    """

    part: str
    title: str
    depth: int
    input_shape: Shape | None = None
    output_shape: Shape | None = None
    n_params: int = 0
    macs: int = 0
    activation_bytes: int = 0
    field: tuple[int | None, int | None] | None = None
    error: str = ""


@dataclass(frozen=True)
class Totals:
    """Sums over all rows that work."""

    n_params: int
    macs: int
    activation_bytes: int
    output_shape: Shape | None
    error: str
    error_row: int | None


def parts_of(network: Network) -> list[str]:
    """Return the rows of a network.

    Examples
    --------
    >>> parts_of(network_from_text("3x8x8_res_c3k1_add_relu"))
    ['res', 'c3k1', 'add', 'relu']
    """
    return network_to_text(network).split("_")[1:]


def survey(network: Network) -> list[Facts]:
    """Return what is known of each row; after one that does not fit, nothing more is known."""
    walk = _Walk()
    walk.chain(network.layers, network.input_shape, _seen(), depth=0)
    texts = parts_of(network)
    return [Facts(**{**vars(f), "part": t}) for f, t in zip(walk.facts, texts, strict=True)]


def add_up(facts: Sequence[Facts]) -> Totals:
    """Return the sums over the rows before an error, or over all of them."""
    wrong = next((place for place, row in enumerate(facts) if row.error), None)
    return Totals(
        n_params=sum(row.n_params for row in facts),
        macs=sum(row.macs for row in facts),
        activation_bytes=sum(row.activation_bytes for row in facts),
        output_shape=facts[-1].output_shape if facts else None,
        error="" if wrong is None else facts[wrong].error,
        error_row=wrong,
    )


# Changes -------------------------------------------------------------------------------------


def block_of(parts: Sequence[str], place: int) -> tuple[int, int]:
    """Return the first row and the one after the last of what is moved with a row.

    Examples
    --------
    >>> block_of(["relu", "res", "bn", "add"], 3), block_of(["relu", "res", "bn", "add"], 2)
    ((1, 4), (2, 3))
    """
    if parts[place] not in MARKS:
        return place, place + 1
    first = place
    while parts[first] != "res":
        first -= 1
    return first, parts.index("add", first) + 1


def is_in_block(parts: Sequence[str], place: int) -> bool:
    """Return whether what is put after row `place` stands in a residual block; -1 is the input."""
    before = [part for part in parts[: place + 1] if part in ("res", "add")]
    return bool(before) and before[-1] == "res"


def insert(network: Network, after: int, part: str) -> tuple[Network, int]:
    """Return the network with one more layer, or a block, and the row to look at next.

    Parameters
    ----------
    network : Network
        What there is.
    after : int
        The row after which the new one comes; -1 for the input.
    part : str
        The layer's text; "res_add" is an empty block.
    """
    parts = parts_of(network)
    _check_room(network, 1)
    if part.startswith("res") and is_in_block(parts, after):
        raise InputError("a residual block cannot stand in another one; choose a row outside it")
    new = [*parts[: after + 1], *part.split("_"), *parts[after + 1 :]]
    return _again(network, new), after + 1


def remove(network: Network, place: int) -> tuple[Network, int]:
    """Return the network without a row, or without its block, and the row to look at next."""
    parts = parts_of(network)
    if parts[place] == "skip":  # only the shortcut goes
        first, last = place, parts.index("add", place)
    else:
        first, last = block_of(parts, place)
    left = [*parts[:first], *parts[last:]]
    return _again(network, left), min(first, len(left) - 1)


def duplicate(network: Network, place: int) -> tuple[Network, int]:
    """Return the network with a row, or its block, twice, and where the second one is."""
    parts = parts_of(network)
    first, last = block_of(parts, place)
    _check_room(network, count_layers(parts[first:last]))
    return _again(network, [*parts[:last], *parts[first:last], *parts[last:]]), last + place - first


def move(network: Network, place: int, step: int) -> tuple[Network, int]:
    """Return the network with a row one place up (-1) or down (1), and where it is now.

    A layer moves into a residual block and out again; a block passes over what is around it.
    """
    parts = parts_of(network)
    first, last = block_of(parts, place)
    is_block = last - first > 1
    target = first + step if step < 0 else last
    if not 0 <= target < len(parts):
        return network, place
    start, stop = block_of(parts, target) if is_block else (target, target + 1)
    own, other = parts[first:last], parts[start:stop]
    if step < 0:
        new = [*parts[:start], *own, *other, *parts[last:]]
        return _again(network, new), place - len(other)
    new = [*parts[:first], *other, *own, *parts[stop:]]
    return _again(network, new), place + len(other)


def move_to(network: Network, place: int, before: int) -> tuple[Network, int]:
    """Return the network with a row put elsewhere, and where it is now.

    Parameters
    ----------
    network : Network
        What there is.
    place : int
        The row; a residual block goes as a whole.
    before : int
        The row that is to come after it; the number of rows stands for the end.

    Examples
    --------
    >>> made, row = move_to(network_from_text("3x8x8_relu_bn_tanh"), 0, 3)
    >>> network_to_text(made), row
    ('3x8x8_bn_tanh_relu', 2)
    """
    parts = parts_of(network)
    first, last = block_of(parts, place)
    if first <= before <= last:
        return network, place
    if last - first > 1 and is_in_block(parts, before - 1):
        raise InputError("a residual block cannot stand in another one; put it before or after it")
    own = parts[first:last]
    if before < first:
        new, row = [*parts[:before], *own, *parts[before:first], *parts[last:]], before
    else:
        new, row = [*parts[:first], *parts[last:before], *own, *parts[before:]], before - len(own)
    row += place - first
    # A shortcut that has lost its last layer is none: its row goes.
    gone = sum(new[i] == "skip" and new[i + 1] == "add" for i in range(row))
    return _again(network, new), row - gone


def replace_part(network: Network, place: int, part: str) -> Network:
    """Return the network with another layer in a row."""
    layer_from_text(part, place=place + 2)
    parts = parts_of(network)
    return _again(network, [*parts[:place], part, *parts[place + 1 :]])


def with_shortcut(network: Network, place: int) -> tuple[Network, int]:
    """Return the network with a 1 × 1 convolution on a block's shortcut, and where the row is now.

    Its channels and stride are those that fit the block's body, where there are any; a batch norm
    comes after it.
    """
    parts = parts_of(network)
    first, last = block_of(parts, place)
    if "skip" in parts[first:last]:
        raise InputError("this block has a shortcut already")
    _check_room(network, 2)
    facts = survey(network)
    before, after = facts[first].input_shape, facts[last - 2].output_shape
    channels, stride = "64", ""
    if before and after and len(before) == len(after) == 3:
        channels = str(after[0])
        rows, columns = (-(-n // m) for n, m in zip(before[1:], after[1:], strict=True))
        pair = str(rows) if rows == columns else f"{rows}x{columns}"
        stride = "" if pair == "1" else f"s{pair}"
    new = ["skip", f"c{channels}k1{stride}nb", "bn"]
    made = _again(network, [*parts[: last - 1], *new, *parts[last - 1 :]])
    return made, place + len(new) if place == last - 1 else place


def with_input(network: Network, shape: tuple[int, int, int]) -> Network:
    """Return the network with an input of another shape."""
    return _again(Network(shape, network.layers), parts_of(network))


def _again(network: Network, parts: Sequence[str]) -> Network:
    return network_from_text("_".join(["x".join(map(str, network.input_shape)), *parts]))


def _check_room(network: Network, more: int) -> None:
    now = count_layers(parts_of(network))
    if now + more > MOST_LAYERS:
        raise InputError(f"a network has at most {MOST_LAYERS} layers here")


# What is known of each row -------------------------------------------------------------------

_Seen = tuple[ReceptiveField, ReceptiveField] | None


def _seen() -> _Seen:
    return ReceptiveField(), ReceptiveField()


def _look(layer: Layer, seen: _Seen) -> _Seen:
    """Return the receptive field after one more layer; None where it has no one size."""
    if seen is None:
        return None
    try:
        rows, columns = (receptive_field([layer], axis=i, before=seen[i]) for i in (0, 1))
    except InputError:
        return None
    return rows, columns


class _Walk:
    """Walks through a network and notes each row; `failed` once a layer does not fit."""

    def __init__(self) -> None:
        self.facts: list[Facts] = []
        self.failed = False

    def chain(
        self, layers: Sequence[Layer], shape: Shape, seen: _Seen, *, depth: int
    ) -> tuple[Shape, _Seen]:
        for layer in layers:
            shape, seen = (
                self._block(layer, shape, seen)
                if isinstance(layer, Residual)
                else self._layer(layer, shape, seen, describe(layer), depth)
            )
        return shape, seen

    def _block(self, block: Residual, shape: Shape, seen: _Seen) -> tuple[Shape, _Seen]:
        self._mark("res", shape)
        self.chain(block.body, shape, seen, depth=1)
        if block.shortcut:
            self._mark("skip", shape)
            self.chain(block.shortcut, shape, seen, depth=1)
        return self._layer(block, shape, seen, MARKS["add"], 0)

    def _mark(self, part: str, shape: Shape) -> None:
        known = None if self.failed else shape
        self.facts.append(Facts("", MARKS[part], 0, input_shape=known, output_shape=known))

    def _layer(
        self, layer: Layer, shape: Shape, seen: _Seen, title: str, depth: int
    ) -> tuple[Shape, _Seen]:
        if self.failed:
            self.facts.append(Facts("", title, depth))
            return shape, seen
        try:
            row = layer_row(layer, shape)
        except InputError as error:
            self.failed = True
            self.facts.append(Facts("", title, depth, input_shape=shape, error=str(error)))
            return shape, seen
        seen = _look(layer, seen)
        self.facts.append(
            Facts(
                "",
                title,
                depth,
                input_shape=shape,
                output_shape=row.output_shape,
                n_params=row.n_params,
                macs=row.macs,
                activation_bytes=row.activation_bytes,
                field=None if seen is None else (seen[0].size, seen[1].size),
            )
        )
        return row.output_shape, seen
