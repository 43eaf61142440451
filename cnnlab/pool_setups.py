"""One pooling and its input: everything that the pooling lesson shows, and how it is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.fillings import overlaid
from cnnlab.pool_gradients import max_pool2d_gradient, mean_gradient
from cnnlab.pool_inputs import EDGES, natural_size, pool_input
from cnnlab.pool_steps import Kind, trace_pool2d
from cnnlab.pool_windows import Windows
from cnnlab.setup_changes import allowed_value, edited
from cnnlab.setups import OWN
from cnnlab.window_trace import WindowTrace

__all__ = [
    "LIMITS",
    "PoolSetup",
    "arriving",
    "change",
    "edit",
    "input_gradient",
    "switches_of",
    "trace_pooling",
    "windows_of",
]

Floats = NDArray[np.float64]
Layout = Literal["sliding", "adaptive", "global"]

LIMITS = {
    "channels": (1, 3),
    "height": (1, 16),
    "width": (1, 16),
    "kernel_rows": (1, 8),
    "kernel_columns": (1, 8),
    "stride_rows": (1, 8),
    "stride_columns": (1, 8),
    "padding_rows": (0, 4),
    "padding_columns": (0, 4),
    "output_rows": (1, 16),
    "output_columns": (1, 16),
    "seed": (0, 999_999),
}
CHOICES: dict[str, tuple[str, ...]] = {"kind": get_args(Kind), "windows": get_args(Layout)}
_SWITCHES = ("ceil_mode", "count_include_pad")
_PAIRS = {"kernel_size": "kernel", "stride": "stride", "padding": "padding", "output": "output"}


@dataclass(frozen=True, eq=False)
class PoolSetup:
    """One pooling and its input.

    Parameters
    ----------
    x : ndarray of shape (C, H, W)
        The input.
    input : str
        Where its numbers come from: a name for ``pool_input``, or "own".
    kind : {"max", "average", "L2"}
        What is made of a window.
    windows : {"sliding", "adaptive", "global"}
        How the windows lie: by kernel size, stride and padding; so many that the output has the
        size `output`; or one over everything.
    kernel_size, stride, padding, output : (rows, columns)
        Settings; those that `windows` does not need are kept for later.
    ceil_mode, count_include_pad : bool
        As for ``avg_pool2d``.

    Notes
    -----
    The settings lie in their own limits, but need not go together: `windows_of` says so.
    """

    x: Floats
    input: str
    kind: Kind = "max"
    windows: Layout = "sliding"
    kernel_size: tuple[int, int] = (2, 2)
    stride: tuple[int, int] = (2, 2)
    padding: tuple[int, int] = (0, 0)
    output: tuple[int, int] = (2, 2)
    ceil_mode: bool = False
    count_include_pad: bool = True

    @property
    def channels(self) -> int:
        """How many feature maps there are."""
        return len(self.x)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the input."""
        return self.x.shape[1], self.x.shape[2]

    @property
    def slides(self) -> bool:
        """Whether kernel size, stride and padding count."""
        return self.windows == "sliding"

    @property
    def is_grey(self) -> bool:
        """Whether the input is drawn in shades of grey."""
        return self.input.startswith(EDGES) and self.channels == 1


def windows_of(setup: PoolSetup) -> Windows:
    """Return where the windows lie.

    Raises
    ------
    InputError
        If the settings do not go together.
    """
    if not setup.slides:
        if setup.kind == "L2" and setup.windows == "adaptive":
            raise InputError("L2 pooling has no adaptive windows, neither here nor in PyTorch")
        return Windows.adaptive(setup.size, setup.output if setup.windows == "adaptive" else 1)
    if setup.kind == "L2" and max(setup.padding) > 0:
        raise InputError(
            f"L2 pooling takes no padding, as in PyTorch: it is {max(setup.padding)}, it must be 0"
        )
    return Windows.sliding(
        setup.size, setup.kernel_size, setup.stride, setup.padding, setup.ceil_mode
    )


def trace_pooling(setup: PoolSetup) -> WindowTrace:
    """Return every step of the pooling; raise InputError if its settings do not go together."""
    return trace_pool2d(
        setup.x,
        windows_of(setup),
        kind=setup.kind,
        count_include_pad=setup.count_include_pad,
        whole=setup.kernel_size[0] * setup.kernel_size[1] if setup.slides else 0,
        as_grey=setup.is_grey,
    )


def arriving(shape: tuple[int, ...], *, counting: bool) -> Floats:
    """Return a gradient that arrives at the output: ones, or 1, 2, 3, … in each channel.

    Examples
    --------
    >>> arriving((1, 2, 2), counting=True).tolist()
    [[[1.0, 2.0], [3.0, 4.0]]]
    """
    if not counting:
        return np.ones(shape)
    cells = np.arange(1.0, 1 + shape[1] * shape[2]).reshape(1, *shape[1:])
    return np.repeat(cells, shape[0], axis=0)


def switches_of(setup: PoolSetup, trace: WindowTrace) -> NDArray[np.int64]:
    """Return the places of the winners in the input without padding, shape (C, oH, oW).

    Raises
    ------
    InputError
        If the pooling has no winners, being no max pooling.
    """
    if trace.winners is None:
        raise InputError(f"{setup.kind} pooling has no winners: choose max pooling")
    _, rows, columns = trace.source.values.shape
    top, _, left, _ = trace.source.margin
    in_plane = trace.winners % (rows * columns)
    row, column = np.divmod(in_plane, columns)
    places: NDArray[np.int64] = (row - top) * setup.size[1] + column - left
    return places.reshape(trace.result.values.shape)


def input_gradient(setup: PoolSetup, trace: WindowTrace, upstream: Floats) -> Floats:
    """Return the gradient with respect to the input, an ndarray of shape (C, H, W).

    Parameters
    ----------
    setup : PoolSetup
        The pooling and its input.
    trace : WindowTrace
        Its steps.
    upstream : ndarray of shape (C, oH, oW)
        The gradient with respect to the output.
    """
    windows = windows_of(setup)
    if setup.kind == "max":
        return max_pool2d_gradient(upstream, switches_of(setup, trace), setup.size)
    if setup.kind == "average":
        return mean_gradient(upstream, windows, count_include_pad=setup.count_include_pad)
    # L2: each cell's share is its number over the norm; a mean times the window is a sum.
    norms = trace.result.values
    slope = np.divide(upstream, norms, out=np.zeros_like(norms), where=norms > 0)
    height, width = setup.size
    whole = setup.kernel_size[0] * setup.kernel_size[1] if setup.slides else height * width
    return mean_gradient(slope * whole, windows) * setup.x


def change(setup: PoolSetup, **fields: Any) -> PoolSetup:
    """Return `setup` with some fields changed, its numbers kept as far as they fit.

    Parameters
    ----------
    setup : PoolSetup
        The pooling and its input.
    **fields
        Names of `LIMITS`, "kind", "windows", "ceil_mode", "count_include_pad", "input", and their
        new values. ``seed`` fills the input anew.

    Returns
    -------
    PoolSetup
        The changed pooling.

    Raises
    ------
    InputError
        If a field is unknown or its value is not allowed by itself.
    """
    values = {name: _allowed(name, value) for name, value in fields.items()}
    if "seed" in values:
        values["input"] = f"random.{values['seed']}"
    settings: dict[str, Any] = {n: values[n] for n in (*CHOICES, *_SWITCHES) if n in values}
    for pair, name in _PAIRS.items():
        rows, columns = getattr(setup, pair)
        settings[pair] = (
            values.get(f"{name}_rows", rows),
            values.get(f"{name}_columns", columns),
        )
    source = values.get("input", setup.input)
    natural = (natural_size(source) if source != setup.input else None) or setup.x.shape
    sides = ("channels", "height", "width")
    shape = tuple(values.get(side, n) for side, n in zip(sides, natural, strict=True))
    return replace(setup, **settings, input=source, x=_filled(setup, source, shape))


def edit(setup: PoolSetup, part: str, cells: list[tuple[int, float]]) -> PoolSetup:
    """Return `setup` with single numbers of its input changed.

    Parameters
    ----------
    setup : PoolSetup
        The pooling and its input.
    part : {"input"}
        Which numbers; only the input can be edited.
    cells : list of (int, float)
        Flat index into ``x`` and the new value.

    Returns
    -------
    PoolSetup
        The changed pooling.

    Raises
    ------
    InputError
        If there is no such cell, or a value is not a finite number from −10⁶ to 10⁶.
    """
    if part != "input":
        raise InputError(f"there is no part {part!r}; pooling has an input only")
    return replace(setup, x=edited(setup.x, cells), input=OWN)


def _filled(setup: PoolSetup, source: str, shape: tuple[int, ...]) -> Floats:
    channels, rows, columns = shape
    if source == setup.input and setup.x.shape == shape:
        return setup.x
    if source == OWN:
        return overlaid(pool_input("random.1", (channels, rows, columns)), setup.x)
    return pool_input(source, (channels, rows, columns))


def _allowed(name: str, value: Any) -> Any:
    return allowed_value(
        name, value, limits=LIMITS, choices=CHOICES, switches=_SWITCHES, names=("input",)
    )
