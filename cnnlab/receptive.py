"""Receptive fields: which part of the input one output cell can see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnlab.checks import InputError, as_pair, in_range
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Block,
    ChannelShuffle,
    Concat,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    Gate,
    Highway,
    Layer,
    LayerNorm2d,
    LayerScale,
    Linear,
    LocalResponseNorm,
    PadChannels,
    Pool2d,
    Residual,
    Select,
    Split,
    window_along,
)
from cnnlab.shapes import kernel_span

__all__ = ["ReceptiveField", "receptive_field", "receptive_fields", "union"]


@dataclass(frozen=True)
class ReceptiveField:
    """What one cell of a feature map sees along one axis of the input.

    Parameters
    ----------
    size : int or None
        Input pixels from the first to the last that the cell can see, padding included; None for
        the whole input.
    jump : int
        Input pixels from what one cell sees to what its neighbour sees.
    start : int
        First input pixel that the first cell sees; negative where padding is seen.
    """

    size: int | None = 1
    jump: int = 1
    start: int = 0

    def of_cell(self, index: int) -> tuple[int, int]:
        """Return the first input pixel that a cell sees and the one after the last.

        Raises
        ------
        InputError
            If the cell sees the whole input, however large it is.
        """
        if self.size is None:
            raise InputError("a cell that sees the whole input has no ends")
        first = self.start + index * self.jump
        return first, first + self.size


def receptive_field(
    layers: Sequence[Layer], *, axis: int = 0, before: ReceptiveField | None = None
) -> ReceptiveField:
    """Return the receptive field of a cell after the last of some layers.

    Parameters
    ----------
    layers : sequence of Layer
        From the input on.
    axis : int
        0 along the rows' direction (height), 1 along the columns' (width).
    before : ReceptiveField, optional
        What a cell of their input sees already; without it, they stand at the network's input.

    Returns
    -------
    ReceptiveField
        The theoretical one: every pixel that can have an influence at all.

    Raises
    ------
    InputError
        If a layer has no fixed receptive field (a transposed convolution, adaptive pooling to more
        than one cell), the branches of a join do not go at the same pace, or there is no such axis.

    References
    ----------
    .. [1] Araujo, Norris and Sim, 2019, "Computing receptive fields of convolutional neural
       networks", Distill, equations 2 and 5.

    Examples
    --------
    >>> receptive_field([Conv2d(8, 3), Conv2d(8, 3)])
    ReceptiveField(size=5, jump=1, start=0)
    >>> receptive_field([Conv2d(8, 5), Pool2d(2), Conv2d(8, 5, padding=2)])
    ReceptiveField(size=14, jump=2, start=-4)
    """
    return _after(layers, before or ReceptiveField(), in_range(axis, name="axis", low=0, high=1))


def receptive_fields(layers: Sequence[Layer], *, axis: int = 0) -> list[ReceptiveField]:
    """Return the receptive field after each of some layers; as `receptive_field`."""
    axis = in_range(axis, name="axis", low=0, high=1)
    fields, field = [], ReceptiveField()
    for layer in layers:
        field = _next(layer, field, axis)
        fields.append(field)
    return fields


def _after(layers: Sequence[Layer], field: ReceptiveField, axis: int) -> ReceptiveField:
    for layer in layers:
        field = _next(layer, field, axis)
    return field


def _next(layer: Layer, field: ReceptiveField, axis: int) -> ReceptiveField:
    match layer:
        case Conv2d() | Pool2d():
            return _windowed(layer, field, axis)
        case AdaptiveAvgPool2d():
            if as_pair(layer.output_size, name="output_size", low=1)[axis] > 1:
                raise InputError(
                    "AdaptiveAvgPool2d to more than 1 cell has no receptive field of one size: its "
                    "windows grow with the input"
                )
            return replace(field, size=None)
        case Linear():
            return replace(field, size=None)
        case BatchNorm2d() | LayerNorm2d() | LayerScale() | LocalResponseNorm():
            return field
        case Activation() | Dropout() | Flatten() | ChannelShuffle() | PadChannels():
            return field
        case Select():
            return field  # of all the channels: those that are taken may see less
        case Block():
            return _after(layer.layers, field, axis)
        case Residual():
            return union([_after(way, field, axis) for way in (layer.body, layer.shortcut)])
        case Concat():
            return union([_after(branch, field, axis) for branch in layer.branches])
        case Dense() | Split():
            return union([field, _after(layer.body, field, axis)])
        case Highway():
            ways = (layer.body, layer.gate)
            return union([field, *(_after(way, field, axis) for way in ways)])
        case Gate():
            return replace(field, size=None)  # its numbers come from the whole feature map
    raise InputError(f"{type(layer).__name__} has no receptive field of one size")


def _windowed(layer: Conv2d | Pool2d, field: ReceptiveField, axis: int) -> ReceptiveField:
    window = window_along(layer, axis)
    reach = kernel_span(window.kernel_size, dilation=window.dilation) - 1
    return ReceptiveField(
        size=None if field.size is None else field.size + reach * field.jump,
        jump=field.jump * window.stride,
        start=field.start - window.padding[0] * field.jump,
    )


def union(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """Return the smallest field that holds all of `fields`: what a join of branches sees.

    Raises
    ------
    InputError
        If their jumps differ.

    Examples
    --------
    >>> union([ReceptiveField(3, 1, -1), ReceptiveField(5, 1, -2)])
    ReceptiveField(size=5, jump=1, start=-2)
    """
    jumps = {field.jump for field in fields}
    if len(jumps) != 1:
        raise InputError("the branches of a join must have the same strides in all")
    start = min(field.start for field in fields)
    ends = [None if field.size is None else field.start + field.size for field in fields]
    known = [end for end in ends if end is not None]
    size = None if len(known) < len(ends) else max(known) - start
    return ReceptiveField(size=size, jump=jumps.pop(), start=start)
