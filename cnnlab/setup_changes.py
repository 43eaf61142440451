"""How the layer of the convolution lesson is changed: what may be set, and what then stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from cnnlab.activations import ACTIVATIONS
from cnnlab.checks import InputError, in_range
from cnnlab.fillings import filled_input, filled_weight, overlaid
from cnnlab.padding import NamedPadding, PaddingMode
from cnnlab.setups import OWN, OWN_PHOTOGRAPH, Operation, Setup

__all__ = [
    "CHOICES",
    "FIELDS",
    "LIMITS",
    "allowed_value",
    "change",
    "checked_value",
    "edit",
    "edited",
    "own_input",
]

Floats = NDArray[np.float64]
MOST_VALUE = 1e6
LIMITS = {
    "channels": (1, 4),
    "height": (1, 16),
    "width": (1, 16),
    "kernel_height": (1, 7),
    "kernel_width": (1, 7),
    "filters": (1, 4),
    "groups": (1, 4),
    "stride_rows": (1, 8),
    "stride_columns": (1, 8),
    "dilation_rows": (1, 4),
    "dilation_columns": (1, 4),
    "padding_top": (0, 16),
    "padding_bottom": (0, 16),
    "padding_left": (0, 16),
    "padding_right": (0, 16),
    "output_padding_rows": (0, 7),
    "output_padding_columns": (0, 7),
    "seed": (0, 999_999),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "operation": get_args(Operation),
    "padding_mode": get_args(PaddingMode),
    "activation": tuple(ACTIVATIONS),
    "padding": get_args(NamedPadding),
}
_SWITCHES = ("flip", "has_bias")
_NAMES = ("input", "kernel")
FIELDS = (*LIMITS, *CHOICES, *_SWITCHES, *_NAMES)
_PAIRS = ("stride", "dilation", "output_padding")


def change(setup: Setup, **fields: Any) -> Setup:
    """Return `setup` with some fields changed, its numbers kept as far as they fit.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    **fields
        Names of `FIELDS` and their new values. New cells of an example or of edited numbers are
        random with seed 1. ``seed`` fills input and kernel anew.

    Returns
    -------
    Setup
        The changed layer.

    Raises
    ------
    InputError
        If a field is unknown or its value is not allowed by itself.
    """
    values = {name: _allowed(name, value) for name, value in fields.items()}
    if "seed" in values:
        values |= {"input": f"random.{values['seed']}", "kernel": f"random.{values['seed']}"}
    layer: dict[str, Any] = {n: values[n] for n in (*CHOICES, "flip", "groups") if n in values}
    for pair in _PAIRS:
        rows, columns = getattr(setup, pair)
        layer[pair] = (values.get(f"{pair}_rows", rows), values.get(f"{pair}_columns", columns))
    new = _with_sides(replace(setup, **layer), values)
    filters = values.get("filters", setup.filters)
    new = _refilled(
        new,
        input=values.get("input", setup.input),
        kernel=values.get("kernel", setup.kernel),
        shape=(
            values.get("channels", setup.channels),
            values.get("height", setup.size[0]),
            values.get("width", setup.size[1]),
        ),
        filters=filters,
        kernel_size=(
            values.get("kernel_height", setup.kernel_size[0]),
            values.get("kernel_width", setup.kernel_size[1]),
        ),
    )
    return replace(new, bias=_with_bias(setup.bias, new.filters, values.get("has_bias")))


def edit(setup: Setup, part: str, cells: list[tuple[int, float]]) -> Setup:
    """Return `setup` with single numbers changed.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    part : {"input", "kernel", "bias"}
        Which numbers.
    cells : list of (int, float)
        Flat index into ``x``, ``weight`` or ``bias``, and the new value.

    Returns
    -------
    Setup
        The changed layer.

    Raises
    ------
    InputError
        If there is no such cell, or a value is not a finite number from −10⁶ to 10⁶.
    """
    if part == "bias":
        bias = np.array(setup.bias or (0.0,) * setup.filters)
        return replace(setup, bias=tuple(edited(bias, cells).tolist()))
    if part == "input":
        return own_input(setup, edited(setup.x, cells), photograph=setup.is_photograph)
    if part == "kernel":
        return replace(setup, weight=edited(setup.weight, cells), kernel=OWN)
    raise InputError(f"there is no part {part!r}; known are input, kernel, bias")


def own_input(setup: Setup, x: Floats, *, photograph: bool) -> Setup:
    """Return `setup` with other numbers of the same shape as its input.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    x : ndarray of shape (C, H, W)
        The numbers.
    photograph : bool
        Whether they come from a photograph; it is drawn as one while all lie from 0 to 255.
    """
    is_photograph = photograph and x.min() >= 0 and x.max() <= 255
    return replace(setup, x=x, input=OWN_PHOTOGRAPH if is_photograph else OWN)


def checked_value(value: Any) -> float:
    """Return `value` as a float; raise InputError unless it is finite, from −10⁶ to 10⁶."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not abs(value) <= MOST_VALUE
    ):
        raise InputError(f"a value is a number from −1000000 to 1000000, got {value!r}")
    return float(value)


def edited(array: Floats, cells: list[tuple[int, float]]) -> Floats:
    """Return the array with new values in some cells, given by flat index and value."""
    changed = array.copy()
    for index, value in cells:
        place = in_range(index, name="cell", low=0, high=array.size - 1)
        changed.flat[place] = checked_value(value)
    return changed


def allowed_value(
    name: str,
    value: Any,
    *,
    limits: Mapping[str, tuple[int, int]],
    choices: Mapping[str, tuple[str, ...]],
    switches: Collection[str],
    names: Collection[str],
) -> Any:
    """Return a value that a field may have, whatever the other fields are; else raise InputError.

    Parameters
    ----------
    name : str
        The field.
    value : object
        What it is to hold.
    limits, choices, switches, names
        The fields that hold a whole number, one of some words, a yes or no, or any text.
    """
    if name in limits:
        low, high = limits[name]
        try:
            return in_range(value, name=name, low=low, high=high)
        except TypeError as error:
            raise InputError(str(error)) from None
    if name in choices:
        if value not in choices[name]:
            raise InputError(f"{name} must be one of {', '.join(choices[name])}, got {value!r}")
        return value
    if name in switches:
        if not isinstance(value, bool):
            raise InputError(f"{name} must be true or false, got {value!r}")
        return value
    if name in names and isinstance(value, str):
        return value
    raise InputError(f"there is no setting {name!r}")


def _allowed(name: str, value: Any) -> Any:
    return allowed_value(
        name, value, limits=LIMITS, choices=CHOICES, switches=_SWITCHES, names=_NAMES
    )


def _with_sides(setup: Setup, values: dict[str, int]) -> Setup:
    """Take over paddings given as numbers; a named padding is first turned into allowed numbers."""
    names = ("padding_top", "padding_bottom", "padding_left", "padding_right")
    if not any(name in values for name in names):
        return setup
    try:
        # A dilated kernel can need more for "full" or "causal" than may be given in numbers.
        now = [min(n, LIMITS["padding_top"][1]) for side in setup.sides() for n in side]
    except InputError:
        now = [0, 0, 0, 0]
    top, bottom, left, right = (values.get(name, n) for name, n in zip(names, now, strict=True))
    return replace(setup, padding=((top, bottom), (left, right)))


def _refilled(
    setup: Setup,
    *,
    input: str,
    kernel: str,
    shape: tuple[int, int, int],
    filters: int,
    kernel_size: tuple[int, int],
) -> Setup:
    if setup.is_transposed:
        weight_shape = (shape[0], max(1, filters // setup.groups), *kernel_size)
    else:
        weight_shape = (filters, max(1, shape[0] // setup.groups), *kernel_size)
    x, weight = setup.x, setup.weight
    if input != setup.input:
        x = filled_input(input, shape)
    elif x.shape != shape:
        is_own = input in (OWN, OWN_PHOTOGRAPH)
        x = overlaid(filled_input("random.1", shape), x) if is_own else filled_input(input, shape)
    if kernel != setup.kernel:
        weight = filled_weight(kernel, weight_shape)
    elif weight.shape != weight_shape:
        weight = (
            overlaid(filled_weight("random.1", weight_shape), weight)
            if kernel == OWN
            else filled_weight(kernel, weight_shape)
        )
    return replace(setup, x=x, weight=weight, input=input, kernel=kernel)


def _with_bias(
    bias: tuple[float, ...] | None, filters: int, wanted: bool | None
) -> tuple[float, ...] | None:
    if wanted is False or (bias is None and not wanted):
        return None
    have = bias or (1.0,)
    return (*have, *(0.0,) * filters)[:filters]
