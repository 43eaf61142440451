"""The filters of a layer in the walk through a network: in colour, or slice by slice."""

from __future__ import annotations

import hashlib
from math import ceil
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.figures.map_colours import colour_bar
from cnnlab.figures.number_grid import number_grid
from cnnlab.map_statistics import ColourRange, encode
from cnnlab.ui import walk_jobs
from cnnlab.ui.controls import choice, whole_number
from cnnlab.ui.map_grid import Span, map_grid
from cnnlab.ui.walk_jobs import Walk

if TYPE_CHECKING:
    from cnnlab.filter_slices import FilterSlices, Kind
    from cnnlab.network_outline import FilterShape

__all__ = ["filters"]

PAGE = "layer_walk"
_PER_PAGE = 64
_SQUARES = 1024
_LARGEST = 11  # rows of a kernel whose numbers are written out
_OF_FILTER, _OF_INPUT = "one filter", "one input channel"
_ONE_RANGE, _OWN_RANGES = "one for all", "each its own"


def filters(walk: Walk) -> None:
    """Show the filters of the convolution that the chosen layer is or belongs to."""
    layer = next((name for name, _ in walk.chain if name in walk.outline.filters), None)
    if layer is None:
        st.caption("The chosen layer is no convolution and does not follow one: it has no filters.")
        return
    shape = walk.outline.filters[layer]
    if layer != walk.place[0]:
        st.markdown(f"The filters of `{layer}`, which comes before the chosen layer.")
    st.markdown(_what_they_are(shape))
    kind, number = _which(shape)
    with st.container(horizontal=True, gap="medium"):
        shared = (
            choice("Colour range of filters", [_ONE_RANGE, _OWN_RANGES], key=_key("filter_range"))
            == _ONE_RANGE
        )
    single = shape.kernel_size == (1, 1) and kind != "colour"
    per_page = _SQUARES if single else _PER_PAGE
    page = _page(_count(shape, kind), per_page)
    try:
        found = walk_jobs.slices(
            walk.chosen,
            layer,
            kind=kind,
            groups=shape.groups,
            number=number,
            first=page * per_page,
            count=per_page,
        )
    except InputError as error:
        st.error(str(error))
        return
    _grid(walk, layer, found, kind, shared=shared or single)


def _what_they_are(shape: FilterShape) -> str:
    rows, columns = shape.kernel_size
    each = f"{rows} × {columns}"
    if shape.depthwise:
        return (
            f"A **depthwise** convolution: {shape.out_channels:,} filters of {each}, and each "
            f"reads one of the {shape.in_channels:,} input channels alone."
        )
    if shape.groups > 1:
        return (
            f"A **grouped** convolution: {shape.out_channels:,} filters in {shape.groups} groups. "
            f"Each filter reads the {shape.slices} input channels of its group, not all "
            f"{shape.in_channels:,}, so it has {shape.slices} slices of {each}."
        )
    if shape.in_channels == 3:
        return (
            f"{shape.out_channels:,} filters of {each} that read red, green and blue; so each is "
            "drawn in colour. Grey is a weight of 0; more red than grey is a positive weight for "
            "red, and so on."
        )
    if shape.in_channels == 1:
        return f"{shape.out_channels:,} filters of {each} that read one channel."
    return (
        f"{shape.out_channels:,} filters, and each has one slice of {each} for each of the "
        f"{shape.in_channels:,} input channels: {shape.out_channels * shape.in_channels:,} slices. "
        "They are drawn one by one; a mean over them would be a picture of nothing."
    )


def _which(shape: FilterShape) -> tuple[Kind, int]:
    """Let the slices be chosen: those of one filter, or those that read one input channel."""
    if shape.slices == 3 and shape.groups == 1:
        return "colour", 0
    if shape.slices == 1:
        return "all", 0
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        of_filter = choice("Slices of", [_OF_FILTER, _OF_INPUT], key=_key("slices")) == _OF_FILTER
        if of_filter:
            last = shape.out_channels - 1
            return "filter", _number("filter", f"Filter, to {last:,}", last)
        last = shape.in_channels - 1
        return "input", _number("input", f"Input channel, to {last:,}", last)


def _count(shape: FilterShape, kind: Kind) -> int:
    if kind == "filter":
        return shape.slices
    return shape.out_channels // shape.groups if kind == "input" else shape.out_channels


def _grid(walk: Walk, layer: str, found: FilterSlices, kind: Kind, *, shared: bool) -> None:
    noun = "input channel" if kind == "filter" else "filter"
    sizes = [found.extent if shared else float(np.abs(one).max()) for one in found.values]
    ranges = [ColourRange(-size, size) for size in sizes]
    chosen = _chosen(found)
    map_grid(
        np.stack([encode(one, span) for one, span in zip(found.values, ranges, strict=True)]),
        [
            Span(number, "" if shared else f"±{span.high:.3g}", span)
            for number, span in zip(found.numbers, ranges, strict=True)
        ],
        digest=_digest(walk, layer, kind, found.numbers, shared, found.values.tobytes()),
        noun=noun,
        label=f"{len(found.numbers)} of {found.total:,} {_plural(kind)} of {layer}",
        selected=(found.numbers[chosen], 0, 0),
        signed=True,
        key=_key("filters"),
        on_cell=_take_slice,
    )
    if kind == "colour":
        end = f"{found.extent:.4g}" if shared else "its own, printed below it"
        st.caption(
            f"Range: −{end} to {end}; grey is 0 (weight, no unit)."
            if shared
            else f"Range of each filter: {end}; grey is 0 (weight, no unit)."
        )
    elif shared:
        st.html(colour_bar(ColourRange(-found.extent, found.extent), unit="weight"))
    else:
        st.caption(
            "Each slice has its own range, printed below it: blue negative, white 0, orange "
            "positive (weight, no unit)."
        )
    _numbers(found.values[chosen], f"{noun} {found.numbers[chosen]}")


def _plural(kind: Kind) -> str:
    return "filters" if kind in ("colour", "all") else "slices"


def _numbers(values: NDArray[np.float32], title: str) -> None:
    """Write out the weights of the chosen slice."""
    if max(values.shape[:2]) > _LARGEST or values.shape[:2] == (1, 1):
        return
    extent = float(np.abs(values).max()) or 1.0
    if values.ndim == 2:
        grids = [number_grid(values, title=title, role="kernel", decimals=3, extent=extent)]
    else:
        grids = [
            number_grid(
                values[..., place],
                title=f"{title}, {name}",
                role="kernel",
                decimals=3,
                extent=extent,
            )
            for place, name in enumerate(("red", "green", "blue"))
        ]
    st.html(
        f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem 1.6rem;overflow-x:auto">'
        f"{''.join(f'<div>{grid}</div>' for grid in grids)}</div>"
    )


def _chosen(found: FilterSlices) -> int:
    """Return which of the slices on the page is chosen."""
    number = st.session_state.get(_key("slice_shown"), found.numbers[0])
    return found.numbers.index(number) if number in found.numbers else 0


def _take_slice() -> None:
    cell = st.session_state[_key("filters")].get("cell")
    if isinstance(cell, list) and cell and isinstance(cell[0], int):
        st.session_state[_key("slice_shown")] = cell[0]


def _page(total: int, per_page: int) -> int:
    pages, key = ceil(total / per_page), _key("filter_page")
    if pages == 1:
        return 0
    if key in st.session_state:  # another layer may have fewer
        st.session_state[key] = min(max(int(st.session_state[key]), 1), pages)
    return st.pagination(pages, default=1, key=key, bind="query-params") - 1


def _number(name: str, label: str, last: int) -> int:
    key = _key(name)
    if key in st.session_state:  # another layer may have fewer
        st.session_state[key] = min(max(int(st.session_state[key]), 0), last)
    return whole_number(label, 0, last, 0, key=key)


def _digest(walk: Walk, *parts: object) -> str:
    return hashlib.sha256(repr((walk.chosen, *parts)).encode()).hexdigest()[:24]


def _key(name: str) -> str:
    return f"{PAGE}_{name}"
