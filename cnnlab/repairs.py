"""The nearest settings that work, offered where those chosen cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from cnnlab.checks import InputError
from cnnlab.setup_changes import LIMITS, change
from cnnlab.setups import Setup, output_size, trace_setup

__all__ = ["Repair", "repairs"]

_MOST = 4


class Repair(NamedTuple):
    """One way out: what a button says, and the fields for ``change``."""

    label: str
    fields: dict[str, Any]


def repairs(setup: Setup) -> list[Repair]:
    """Return the nearest setups that work, at most four, each a change of one setting.

    Parameters
    ----------
    setup : Setup
        A setup that ``trace_setup`` refuses.

    Returns
    -------
    list of Repair
        The smallest change of each setting that helps; empty where the setup works.
    """
    if _works(setup):
        return []
    found = []
    for candidates in _candidates(setup):
        first = next((c for c in candidates if _works(_changed(setup, c.fields))), None)
        if first is not None:
            found.append(first)
    return found[:_MOST]


def _works(setup: Setup | None) -> bool:
    if setup is None:
        return False
    try:
        output_size(setup)
        trace_setup(setup)
    except InputError:
        return False
    return True


def _changed(setup: Setup, fields: dict[str, Any]) -> Setup | None:
    try:
        return change(setup, **fields)
    except InputError:
        return None


def _candidates(setup: Setup) -> Iterator[Iterator[Repair]]:
    """For each setting: its other values, the nearest first."""
    if setup.padding_mode != "zeros":
        yield iter([Repair("Padding with zeros", {"padding_mode": "zeros"})])
    if isinstance(setup.padding, str):
        yield iter([Repair("No padding", _padding(0))])
    else:
        now = max(number for side in setup.padding for number in side)
        yield (Repair(f"Padding {n}", _padding(n)) for n in _near(now, "padding_top"))
    yield _pairs("Kernel", setup.kernel_size, "kernel_height", "kernel_width")
    if max(setup.dilation) > 1:
        yield _pairs("Dilation", setup.dilation, "dilation_rows", "dilation_columns")
    if max(setup.stride) > 1 or setup.is_transposed:
        yield _pairs("Stride", setup.stride, "stride_rows", "stride_columns")
    if max(setup.output_padding) > 0:
        yield _pairs(
            "Output padding",
            setup.output_padding,
            "output_padding_rows",
            "output_padding_columns",
        )
    if setup.groups > 1:
        yield (Repair(f"Groups {n}", {"groups": n}) for n in _near(setup.groups, "groups"))
        yield (
            Repair(f"Filters {n}", {"filters": n})
            for n in _near(setup.filters, "filters")
            if n % setup.groups == 0
        )
    yield (Repair(f"Channels {n}", {"channels": n}) for n in _near(setup.channels, "channels"))
    yield _pairs("Input", setup.size, "height", "width")
    if setup.is_transposed:
        # A convolution may use several settings that a transposed one does not have.
        yield iter([Repair("Convolution", {"operation": "convolution"})])


def _padding(n: int) -> dict[str, Any]:
    return {f"padding_{side}": n for side in ("top", "bottom", "left", "right")}


def _pairs(title: str, now: tuple[int, int], rows_name: str, columns_name: str) -> Iterator[Repair]:
    """Yield other values of a setting with rows and columns: one of the two, then both."""
    for distance in range(1, 16):
        for rows, columns in (
            (now[0] - distance, now[1]),
            (now[0] + distance, now[1]),
            (now[0], now[1] - distance),
            (now[0], now[1] + distance),
            (now[0] - distance, now[1] - distance),
            (now[0] + distance, now[1] + distance),
            (max(now) - distance, max(now) - distance),
        ):
            square = rows == columns or now[0] != now[1]
            if square and _in(rows_name, rows) and _in(columns_name, columns):
                written = rows if rows == columns else f"{rows} × {columns}"
                yield Repair(f"{title} {written}", {rows_name: rows, columns_name: columns})


def _in(name: str, value: int) -> bool:
    low, high = LIMITS[name]
    return low <= value <= high


def _near(now: int, name: str) -> Iterator[int]:
    """Yield the other values of a setting, the nearest first."""
    low, high = LIMITS[name]
    yield from sorted((n for n in range(low, high + 1) if n != now), key=lambda n: abs(n - now))
