"""What the pooling lesson says in words: formula, sizes, usual mistakes, ways out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cnnlab.checks import InputError
from cnnlab.mistakes import Mistake, SizeMistake
from cnnlab.pool_setups import LIMITS, PoolSetup, change, windows_of
from cnnlab.repairs import Repair
from cnnlab.shapes import pool_output_size
from cnnlab.window_trace import WindowTrace

__all__ = [
    "pool_formula",
    "pool_repairs",
    "pool_size_mistakes",
    "pool_sizes",
    "pool_value_mistakes",
]

_NAMES = {"max": "max", "average": "mean of", "L2": "root of Σ"}
_MOST_REPAIRS = 4


def pool_formula(setup: PoolSetup) -> str:
    """Return how an output follows from the input, with indices.

    Parameters
    ----------
    setup : PoolSetup
        A pooling that works.

    Returns
    -------
    str
        ``{k}``, ``{r}`` and ``{c}`` stand where channel, row and column of the output belong.

    Examples
    --------
    >>> from cnnlab.pool_links import from_link
    >>> pool_formula(from_link({"pooling_padding": "1"}))
    'output[{r}, {c}] = max input[{r}·2 + i − 1, {c}·2 + j − 1], i = 0 … 1, j = 0 … 1'
    """
    lead = "{k}, " if setup.channels > 1 else ""
    out = f"output[{lead}{{r}}, {{c}}]"
    name, square = _NAMES[setup.kind], "²" if setup.kind == "L2" else ""
    if not setup.slides:
        (height, width), (rows, columns) = setup.size, windows_of(setup).output_size
        return (
            f"{out} = {name} input[{lead}y, x]{square}, "
            f"y = ⌊{{r}}·{height}/{rows}⌋ … ⌈({{r}} + 1)·{height}/{rows}⌉ − 1, "
            f"x = ⌊{{c}}·{width}/{columns}⌋ … ⌈({{c}} + 1)·{width}/{columns}⌉ − 1"
        )
    places = ", ".join(
        f"{target}{'' if stride == 1 else f'·{stride}'} + {index}"
        f"{f' − {padding}' if padding else ''}"
        for target, index, stride, padding in zip(
            ("{r}", "{c}"), "ij", setup.stride, setup.padding, strict=True
        )
    )
    reach = ", ".join(
        f"{index} = 0 … {n - 1}" for index, n in zip("ij", setup.kernel_size, strict=True)
    )
    return f"{out} = {name} input[{lead}{places}]{square}, {reach}"


def pool_sizes(setup: PoolSetup, trace: WindowTrace) -> str:
    """Return how the output size follows from the settings, and what is never read.

    Parameters
    ----------
    setup : PoolSetup
        The pooling and its input.
    trace : WindowTrace
        Its steps.

    Returns
    -------
    str
        Two or three sentences.

    Examples
    --------
    >>> from cnnlab.pool_links import from_link
    >>> from cnnlab.pool_setups import trace_pooling
    >>> setup = from_link({"pooling_stride": "1"})
    >>> pool_sizes(setup, trace_pooling(setup)).split(": ")[1]
    '(4 + 2 · 0 − 2) / 1 + 1 = 3. Channels stay 1; pooling has no weights.'
    """
    rows, columns = windows_of(setup).output_size
    channels = f" Channels stay {setup.channels}; pooling has no weights."
    if setup.windows == "global":
        return f"Global pooling: one window over all {setup.x[0].size} cells of a map.{channels}"
    if setup.windows == "adaptive":
        return (
            f"Adaptive pooling: you give the output size, {rows} × {columns}; the windows follow "
            f"from it.{channels}"
        )
    lines = [_size_line(setup, axis) for axis in (0, 1)]
    text = lines[0] if lines[0] == lines[1] else f"rows {lines[0]}; columns {lines[1]}"
    lost = len(trace.unread)
    unread = (
        f" No window reads {lost} of the cells: they are grey, with a dotted frame." if lost else ""
    )
    return f"Output size = (input + 2 · padding − window) / stride + 1: {text}.{channels}{unread}"


def _size_line(setup: PoolSetup, axis: int) -> str:
    n, k, s, p = (
        setup.size[axis],
        setup.kernel_size[axis],
        setup.stride[axis],
        setup.padding[axis],
    )
    size = windows_of(setup).output_size[axis]
    exact = (n + 2 * p - k) / s + 1
    formula = f"({n} + 2 · {p} − {k}) / {s} + 1 = {exact:.4g}"
    if exact == size:
        return formula
    if not setup.ceil_mode:
        return f"{formula}, rounded down to {size}"
    if size >= exact:
        return f"{formula}, rounded up to {size}"
    return f"{formula}; rounded up, the last window would start behind the input, so {size}"


def pool_value_mistakes(setup: PoolSetup, trace: WindowTrace) -> list[Mistake]:
    """Return what each common mistake makes of every step: the other kinds of pooling, mostly."""
    flat = trace.source.values.ravel()
    windows = [
        flat[cells[inside]] for cells, inside in zip(trace.windows, trace.counted, strict=True)
    ]

    def each(function: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([float(getattr(window, function)()) for window in windows])

    squares = np.array([float((window**2).sum()) for window in windows])
    found = [Mistake("That is the sum: it is not divided.", each("sum"))]
    if setup.kind != "max":
        found.append(Mistake("That is the largest number: max pooling.", each("max")))
    else:
        found.append(Mistake("That is the smallest number.", each("min")))
    if setup.kind != "average":
        found.append(Mistake("That is the mean: average pooling.", each("mean")))
    else:
        areas = np.array([len(cells) for cells in trace.windows])
        says = (
            "You left the zeros of the padding out; here they count."
            if setup.count_include_pad
            else "You counted the zeros of the padding; here they do not count."
        )
        others = _data_counts(setup, trace) if setup.count_include_pad else areas
        found.append(Mistake(says, each("sum") / others))
    if setup.kind == "L2":
        found.append(Mistake("You forgot the root.", squares))
    return found


def _data_counts(
    setup: PoolSetup, trace: WindowTrace
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return how many cells of each window lie on the input, not on padding."""
    windows = windows_of(setup)
    counts = [windows.counted(rows, columns, False) for _, _, rows, columns in windows]
    return np.array(counts * setup.channels)


def pool_size_mistakes(setup: PoolSetup) -> list[SizeMistake]:
    """Return what each common mistake makes of the output size, without those that are right."""
    right = windows_of(setup).output_size
    guesses: list[tuple[str, tuple[int, ...]]] = [("That is the size of the input.", setup.size)]
    if setup.slides:
        up = (
            "You rounded down; ceil mode rounds up."
            if setup.ceil_mode
            else ("You rounded up; without ceil mode it is rounded down.")
        )
        guesses += [
            (up, _sizes(setup, other_rounding=True)),
            ("You forgot to add 1.", tuple(n - 1 for n in right)),
            ("You forgot the padding.", _sizes(setup, padding=False)),
            ("You forgot the stride.", _sizes(setup, stride=False)),
        ]
    guesses.append(("Columns and rows are exchanged.", (right[1], right[0])))
    found: dict[tuple[int, int], str] = {}
    for says, (rows, columns) in guesses:
        if (rows, columns) != right and min(rows, columns) > 0:
            found.setdefault((rows, columns), says)
    return [SizeMistake(says, size) for size, says in found.items()]


def _sizes(
    setup: PoolSetup, *, padding: bool = True, stride: bool = True, other_rounding: bool = False
) -> tuple[int, ...]:
    """Return the output size with one part of the formula forgotten; 0 where nothing is left."""
    found = []
    for n, k, s, p in zip(setup.size, setup.kernel_size, setup.stride, setup.padding, strict=True):
        try:
            size = pool_output_size(
                n,
                kernel_size=k,
                stride=s if stride else 1,
                padding=p if padding else 0,
                ceil_mode=setup.ceil_mode != other_rounding,
            )
        except InputError:
            size = 0
        found.append(size)
    return tuple(found)


def pool_repairs(setup: PoolSetup) -> list[Repair]:
    """Return the nearest poolings that work, at most four, each a change of one setting.

    Where no single change helps, there is one: a small window without padding.
    """
    if _works(setup):
        return []
    found = []
    for candidates in _candidates(setup):
        first = next((c for c in candidates if _works(change(setup, **c.fields))), None)
        if first is not None:
            found.append(first)
    return found[:_MOST_REPAIRS] or [_small_window(setup)]


def _small_window(setup: PoolSetup) -> Repair:
    rows, columns = (min(2, n) for n in setup.size)
    fields = {"kernel_rows": rows, "kernel_columns": columns}
    fields |= {"padding_rows": 0, "padding_columns": 0}
    return Repair(f"Window {rows} × {columns}, no padding", fields)


def _works(setup: PoolSetup) -> bool:
    try:
        windows_of(setup)
    except InputError:
        return False
    return True


def _candidates(setup: PoolSetup) -> Iterator[Iterator[Repair]]:
    """For each setting: its other values, the nearest first."""
    for title, name, now in (
        ("Padding", "padding", setup.padding),
        ("Window", "kernel", setup.kernel_size),
    ):
        low, high = LIMITS[f"{name}_rows"]
        numbers = sorted(range(low, high + 1), key=lambda n, now=now: abs(n - max(now)))  # type: ignore[misc]
        yield (Repair(f"{title} {n}", {f"{name}_rows": n, f"{name}_columns": n}) for n in numbers)
    if setup.kind == "L2":
        yield iter([Repair("Average pooling", {"kind": "average"})])
        yield iter([Repair("Max pooling", {"kind": "max"})])
    _, high = LIMITS["height"]
    yield (
        Repair(f"Input {n}", {"height": n, "width": n}) for n in range(max(setup.size), high + 1)
    )
