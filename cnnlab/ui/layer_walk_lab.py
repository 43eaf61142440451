"""The parts of the walk through a network: its structure, the maps of a layer, one number."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from cnnlab.checks import InputError
from cnnlab.derivations import with_unit
from cnnlab.figures.map_colours import colour_bar, say_colours
from cnnlab.figures.pictures import data_link
from cnnlab.figures.stage_blocks import SCALE, stage_blocks
from cnnlab.figures.value_bars import value_bars
from cnnlab.layers import shape_text
from cnnlab.lessons import LESSONS
from cnnlab.map_statistics import ORDERS, ColourRange, colour_range, colour_ranges, ordered
from cnnlab.numerals import written
from cnnlab.percent import percent
from cnnlab.ui import address, layout, networks, panels, patch_view, walk_jobs
from cnnlab.ui.controls import choice, pick, whole_number
from cnnlab.ui.map_grid import Span, map_grid, one_map
from cnnlab.ui.network_view import network_drawing, network_tree
from cnnlab.ui.walk_jobs import Pass, Walk

if TYPE_CHECKING:
    from cnnlab.feature_maps import Place
    from cnnlab.model_cost import ModelRow
    from cnnlab.network_outline import Outline

__all__ = [
    "Cell",
    "maps",
    "neuron_query",
    "one",
    "running_function",
    "settings",
    "spread",
]

PAGE = "layer_walk"
_PAGES = Path(__file__).resolve().parents[2] / "pages"
_PER_PAGE = 64  # maps
_SQUARES = 1024  # maps of one cell each
_CELLS = 4_000_000  # on one page, of maps with many cells
_ONE_RANGE, _OWN_RANGES = "one for all", "each map its own"
Cell = tuple[int, int, int]  # channel, row, column


# What is looked at --------------------------------------------------------------------------------


def settings(*, tree: DeltaGenerator, about: DeltaGenerator) -> Walk:
    """Draw the controls and the structure of the network; return what is looked at.

    The structure stands on the page before there is a picture: it needs none.

    Parameters
    ----------
    tree, about : DeltaGenerator
        Where the network's parts are drawn as a tree, and where the facts of the chosen one stand.
    """
    arrived = address.arriving(st.session_state.setdefault(_key("visits"), {}))
    link = dict(st.query_params) if arrived else {}
    if arrived:
        st.session_state.pop(_key("extent"), None)
    left, middle, right = st.columns(3, gap="medium")
    with left:
        chosen = networks.choose(PAGE)
    outline = walk_jobs.network_outline(chosen.name)
    with right:
        place = _pick_place(outline, link)
    _drawing(outline, place)
    with tree:
        _tree(outline, place)
    with about:
        _facts(outline, place)
    with middle:
        picture = networks.picture_picker(PAGE, chosen.name)
    return Walk(chosen, outline, place, picture)


def _pick_place(outline: Outline, link: dict[str, str]) -> Place:
    """Let a layer be chosen, and which of its runs."""
    names, key = [row.name for row in outline.rows], _key("layer")
    if st.session_state.get(key, names[0]) not in names:  # of another network
        st.session_state[key] = outline.first_layer
    layer = pick(
        "Layer",
        names,
        key=key,
        first=names.index(outline.first_layer),
        help="Every part of the network, by its name in PyTorch. Type to search; or choose in the "
        "tree or in the drawing.",
    )
    if link.get(key, layer) not in names:
        st.info(
            f"The link asks for the layer “{link[key][:60]}”, which {outline.name} does not have.",
            icon=":material/link_off:",
        )
    runs = max((run for name, run in outline.shapes if name == layer), default=1)
    return layer, _pick_run(layer, runs) if runs > 1 else runs


def _pick_run(layer: str, runs: int) -> int:
    key, options = _key("run"), [str(run) for run in range(1, runs + 1)]
    if st.session_state.get(key, options[-1]) not in options:
        st.session_state[key] = options[-1]
    return int(choice(f"Which of its {runs} runs", options, key=key, default=options[-1]))


def _drawing(outline: Outline, place: Place) -> None:
    from cnnlab.model_cost import input_shape

    shape = input_shape(outline.name)
    chosen = place[0] if place[0] != outline.name else ""
    said = "; ".join(f"{stage.title}: {shape_text(stage.shape)}" for stage in outline.stages)
    network_drawing(
        stage_blocks(shape, outline.stages, chosen),
        label=f"{outline.name} from the picture to the answer. {said}.",
        key=_key("drawing"),
        on_layer=_take_layer_of_drawing,
    )
    tokens = "tokens" in outline.layouts.values() and "conv_proj" in outline.layouts
    st.caption(SCALE + (" Tokens are drawn at the places of their patches." if tokens else ""))


def _tree(outline: Outline, place: Place) -> None:
    network_tree(
        [_tree_row(outline, row) for row in outline.rows],
        digest=outline.name,
        selected=place[0],
        key=_key("tree"),
        on_layer=_take_layer_of_tree,
    )


def _tree_row(outline: Outline, row: ModelRow) -> list[Any]:
    short = row.name.rpartition(".")[2] if row.path else row.name
    shape = shape_text(row.output_shape) if row.name in outline.layouts else ""
    return [row.name, short, row.depth, row.n_parts, row.kind, shape]


def _facts(outline: Outline, place: Place) -> None:
    """Show what is known of the chosen layer without running the network."""
    layer, run = place
    row = outline.row(layer)
    output = outline.shapes.get(place, row.output_shape)
    rows = [["What it is", row.kind]]
    if row.input_shape and run == row.calls:  # what the table knows of is the last run
        rows.append(["Input", shape_text(row.input_shape)])
    if output:
        cells = f"{int(np.prod(output)):,} numbers"
        rows.append(["Output", f"{shape_text(output)}, {cells}"])
    parts = f": {row.n_weights:,} weights, {row.n_biases:,} biases" if row.n_params else ""
    rows.append(["Parameters", f"{row.n_params:,}{parts}"])
    rows.append(["MACs", f"{row.macs:,}" if row.macs < 10**6 else with_unit(row.macs, "")])
    if row.calls > 1:
        rows.append(
            ["Runs", f"{row.calls} times in one pass; the numbers above add up all of them"]
        )
    st.markdown(f"#### {layer}" + (f", run {run}" if row.calls > 1 else ""))
    panels.table(["", ""], rows, align="ll")


# Its maps -----------------------------------------------------------------------------------------


def maps(walk: Walk, *, below: DeltaGenerator) -> tuple[Pass, Cell] | None:
    """Show the maps of the chosen layer as a grid; return what was computed and the chosen cell.

    Parameters
    ----------
    walk : Walk
        What is looked at.
    below : DeltaGenerator
        Where the numbers of the chosen cell are set.
    """
    from cnnlab.map_layouts import say_layout

    layer = walk.place[0]
    if layer not in walk.outline.layouts:
        st.info(_why_silent(walk.outline.row(layer)), icon=":material/volume_off:")
        return None
    st.markdown(say_layout(walk.outline.layouts[layer], walk.outline.shapes[walk.place]))
    single = walk.outline.map_shape(walk.place)[1:] == (1, 1)
    with st.container(horizontal=True, gap="medium"):
        order = choice("Order", list(ORDERS), key=_key("order"))
        ranges = [_OWN_RANGES, _ONE_RANGE]
        shared = single or choice("Colour range", ranges, key=_key("range")) == _ONE_RANGE
    grid = st.container()
    cell = _pick_cell(walk, below)
    try:
        found = walk_jobs.look(walk)
    except InputError as error:
        grid.error(str(error))
        return None
    with grid:
        _grid(walk, found, cell, order=order, shared=shared)
    return found, cell


def _grid(walk: Walk, found: Pass, cell: Cell, *, order: Any, shared: bool) -> None:
    look = found.looks[walk.place]
    n_channels, height, width = walk.outline.map_shape(walk.place)
    single = height * width == 1
    channels = ordered(look.statistics, order)
    per_page = min(_SQUARES if single else _PER_PAGE, max(1, _CELLS // (height * width)))
    page = _page(n_channels, per_page, "page")
    on_page = channels[page * per_page : (page + 1) * per_page]
    ranges = colour_ranges(look.statistics, on_page, shared=shared)
    whole = colour_ranges(look.statistics, channels[:1], shared=True)[0]
    notes = [
        _note(look.statistics, int(c), order, s, shared)
        for c, s in zip(on_page, ranges, strict=True)
    ]
    map_grid(
        walk_jobs.codes(walk, look, on_page, ranges),
        [
            Span(int(channel), note, span)
            for channel, note, span in zip(on_page, notes, ranges, strict=True)
        ],
        digest=_digest(walk, on_page.tobytes(), shared),
        noun="channel",
        label=f"{len(on_page)} of {n_channels:,} maps of {walk.place[0]}",
        selected=cell,
        signed=whole.signed,
        key=_key("grid"),
        on_cell=_take_cell_of_grid,
    )
    place = int(np.flatnonzero(channels == cell[0])[0]) // per_page
    if shared:
        st.html(colour_bar(whole, unit="activation"))
    else:
        colours = (
            "blue negative, white 0, orange positive" if whole.signed else "black 0, white most"
        )
        st.caption(
            f"Each map has its own range, printed below it (activation, no unit): {colours}. Do "
            "not compare the brightness of two maps."
        )
    if place != page:
        st.caption(f"The chosen channel, {cell[0]}, stands on page {place + 1}.")


def _page(total: int, per_page: int, name: str) -> int:
    """Let a page be chosen; return its number from 0."""
    pages = ceil(total / per_page)
    if pages == 1:
        return 0
    key = _key(name)
    if key in st.session_state:  # another layer may have fewer
        st.session_state[key] = min(max(int(st.session_state[key]), 1), pages)
    return st.pagination(pages, default=1, key=key, bind="query-params") - 1


def _note(statistics: Any, channel: int, order: str, span: ColourRange, shared: bool) -> str:
    """Return what stands below a map: its range, or what it was sorted by."""
    if not shared:
        return f"±{_three(span.high)}" if span.signed else f"0 to {_three(span.high)}"
    if order == "zeros":
        return f"{percent(float(statistics.zeros[channel]))} 0"
    sorted_by = {
        "mean": statistics.mean,
        "variance": statistics.variance,
        "max": statistics.high,
    }
    return _three(float(sorted_by[order][channel])) if order in sorted_by else ""


def _why_silent(row: ModelRow) -> str:
    """Say why a row of the table has no maps."""
    parent = row.name.rpartition(".")[0] or "the network"
    if row.kind == "Matrix products":
        return (
            f"A product of matrices that `{parent}` computes by a function. It is no layer of its "
            f"own: look at what `{parent}` gives out."
        )
    if row.kind == "Parameter":
        return f"Numbers that `{parent}` has learned. They are no layer and give nothing out."
    if not row.calls:
        return "This part runs in training only, so it gives nothing out for a picture."
    return (
        f"`{parent}` takes the weights of this layer without calling it, so its own output cannot "
        f"be caught. Look at what `{parent}` gives out."
    )


# One cell -----------------------------------------------------------------------------------------


def _pick_cell(walk: Walk, box: DeltaGenerator) -> Cell:
    """Let a channel, a row and a column be chosen by numbers."""
    n_channels, height, width = walk.outline.map_shape(walk.place)
    before = st.session_state.get(_key("extent"))
    st.session_state[_key("extent")] = height, width
    for name, old, new in zip(("row", "column"), before or (), (height, width), strict=False):
        if old != new and _key(name) in st.session_state:  # the same place in a map of other size
            at = int(st.session_state[_key(name)])
            st.session_state[_key(name)] = int((at + 0.5) * new / old)
    box.subheader("One map, number by number", anchor=False)
    with box.container(horizontal=True, gap="small"):
        channel = _number("channel", f"Channel, to {n_channels - 1:,}", n_channels, 0)
        if height * width == 1:
            return channel, 0, 0
        row = _number("row", f"Row, to {height - 1}", height, height // 2)
        column = _number("column", f"Column, to {width - 1}", width, width // 2)
    return channel, row, column


def _number(name: str, label: str, length: int, first: int) -> int:
    key = _key(name)
    if key in st.session_state:  # another layer may be smaller
        st.session_state[key] = min(max(int(st.session_state[key]), 0), length - 1)
    return whole_number(label, 0, length - 1, first, key=key)


def one(walk: Walk, found: Pass, cell: Cell) -> None:
    """Show one map large, with exact numbers, beside the picture."""
    channel, row, column = cell
    values = walk_jobs.maps_of_channel(walk, found, channel)
    mine, look = values[walk.place], found.looks[walk.place]
    height, width = mine.shape
    low, high = float(look.statistics.low.min()), float(look.statistics.high.max())
    span = colour_range(float(mine.min()), float(mine.max()), signed=low < 0)
    if height * width == 1:
        st.markdown(f"### channel {channel}{_class_name(walk, channel)}: {_exact(mine[0, 0])}")
        st.caption(f"The layer's values go from {written(low, 4)} to {written(high, 4)} (no unit).")
    else:
        field, says = _field(walk)
        one_map(
            mine,
            {
                "number": channel,
                "row": row,
                "column": column,
                "last": len(look.statistics.mean) - 1,
                "noun": "channel",
                "index": _index(walk),
                "range": f"Channel {channel}: {say_colours(span, unit='activation')}.",
                "field": field,
                "label": f"Channel {channel} of {walk.place[0]}, {height} × {width}",
                "alt": walk.picture.alt,
                "says": says,
            },
            span=span,
            digest=_digest(walk, b"one", channel),
            photo=_photo(walk, found),
            key=_key("one"),
            on_cell=_take_cell_of_one,
        )
    if look.class_token is not None:
        st.markdown(f"Class token, channel {channel}: **{_exact(look.class_token[channel])}**")
    _along_the_chain(walk, values, cell)
    _to_the_neuron(walk, cell)
    _patches(walk, channel)


def _class_name(walk: Walk, channel: int) -> str:
    """Return the class that a number of the last layer stands for, in brackets."""
    from cnnlab import pretrained

    layer, outline = walk.place[0], walk.outline
    names = pretrained.categories(walk.chosen.name)
    if layer != outline.name and not outline.stages[-1].holds(layer):
        return ""
    return f" (class “{names[channel]}”)" if outline.map_shape(walk.place)[0] == len(names) else ""


def _along_the_chain(walk: Walk, values: dict[Place, NDArray[np.float32]], cell: Cell) -> None:
    """Show the number at the same place before and after normalisation and activation."""
    if len(walk.chain) == 1:
        return
    _, row, column = cell
    st.markdown("**The same place in the layers that belong together**")
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for number, place in enumerate(walk.chain):
            value = _exact(values[place][row, column])
            here = place == walk.place
            runs = sum(name == place[0] for name, _ in walk.outline.shapes)
            st.button(
                f"{_step(walk, number)}: {value}",
                key=_key(f"to_{number}"),
                on_click=_go_to,
                args=(*place, runs > 1),  # Streamlit keeps this: it must hold no picture
                disabled=here,
                icon=":material/my_location:" if here else ":material/arrow_forward:",
                help=f"{place[0]}" + (": you are here" if here else ""),
            )


def _step(walk: Walk, number: int) -> str:
    """Return what a layer of the chain is called: "convolution", "after ReLU"."""
    layer = walk.chain[number][0]
    kind = walk.outline.row(layer).kind
    if number == 0:
        return "convolution" if kind.startswith("Conv") else "fully connected"
    name = "ReLU" if kind == "BasicConv2d" else kind
    return f"after {name.lower() if ' ' in name else name}"  # "after batch norm", "after ReLU"


def _go_to(layer: str, run: int, several: bool) -> None:
    """Look at another layer of the chain; channel and cell stay."""
    st.session_state[_key("layer")] = layer
    if several:
        st.session_state[_key("run")] = str(run)


def _field(walk: Walk) -> tuple[dict[str, Any] | None, str]:
    """Return what a cell sees of the picture, and what to say below it."""
    from cnnlab.network_receptive import receptive_field_of

    layer, run = walk.place
    if run != max(number for name, number in walk.outline.shapes if name == layer):
        return None, "The picture as the network sees it."
    try:
        found = receptive_field_of(walk.outline.name, walk.outline.module_name(layer))
    except InputError:
        return None, "The picture as the network sees it. Attention can look anywhere in it."
    side = walk_jobs.input_side(walk.outline.name)
    if found.size is None:
        return None, "The picture as the network sees it: a cell of this layer sees all of it."
    says = f"Framed: the {found.size[0]} × {found.size[1]} pixels that the cell can see."
    if found.whole:
        says += " A mean over the whole picture comes in too."
    return {
        "side": list(side),
        "start": list(found.start),
        "jump": list(found.jump),
        "size": list(found.size),
    }, says


def _index(walk: Walk) -> str:
    """Return how PyTorch writes the place of a number, with letters for what changes."""
    return {
        "maps": "output[0, {c}, {r}, {k}]",
        "channels last": "output[0, {r}, {k}, {c}]",
        "groups": "output[0, {r}, {k}, {c}]",
        "tokens": "output[0, {t}, {c}]",
        "vector": "output[0, {c}]",
    }[walk.outline.layouts[walk.place[0]]]


def _photo(walk: Walk, found: Pass) -> tuple[str, str]:
    return f"{walk.picture.digest} {walk.chosen.name}", data_link(found.seen)


def neuron_query(walk: Walk, cell: Cell) -> dict[str, str]:
    """Return the link's parameters that show the same number in the neuron's lesson.

    The address of that lesson, its parameters and its names of layers are written here and
    nowhere else: a run that is not the last has its number behind the name, and a token is a row.
    """
    (layer, run), (channel, row, column) = walk.place, cell
    if run != walk.outline.row(layer).calls:
        layer = f"{layer}~{run}"
    if walk.outline.layouts[walk.place[0]] == "tokens":
        row, column = 1 + row * walk.outline.map_shape(walk.place)[2] + column, 0
    query = {
        "network": walk.chosen.name,
        "trained": "true" if walk.chosen.trained else "false",
        "layer": layer,
        "channel": str(channel),
        "cell": f"{row}_{column}",
    }
    for name in ("picture", "sample", "digit"):  # as the picture was chosen here
        if _key(name) in st.session_state:
            query[name] = str(st.session_state[_key(name)])
    return {f"neuron_{name}": value for name, value in query.items()}


def _to_the_neuron(walk: Walk, cell: Cell) -> None:
    """Lead to the lesson that takes one number apart, where there is one."""
    lesson = next((found for found in LESSONS if found.file == "neuron.py"), None)
    layer = walk.place[0]
    if lesson is None or layer == walk.outline.name or walk.outline.layouts[layer] == "groups":
        return
    st.page_link(
        _PAGES / lesson.file,
        label="How was this number made?",
        icon=":material/functions:",
        query_params=neuron_query(walk, cell),
    )


def _patches(walk: Walk, channel: int) -> None:
    """Show, once it is asked for, which parts of the sample pictures excite the channel most."""
    from cnnlab.network_receptive import receptive_field_of

    layer, run = walk.place
    try:
        receptive_field_of(walk.outline.name, walk.outline.module_name(layer))
    except InputError:
        return  # a patch is what a cell sees, and that is not known here
    if walk.outline.layouts[layer] != "maps" or run != walk.outline.row(layer).calls:
        return
    panel = st.expander(
        f"What channel {channel} answers to: nine patches of the sample pictures",
        icon=":material/apps:",
        key=_key("patches"),
        on_change="rerun",
        bind="query-params",
    )
    if not panel.open:
        return
    with panel:
        try:
            patch_view.nine_patches(*walk.chosen, layer, channel)
        except InputError as error:
            st.error(str(error))
        layout.prose(patch_view.how_chosen(walk.chosen.name))


def spread(walk: Walk, found: Pass) -> None:
    """Show how the values of the layer, and of those that belong to it, are spread."""
    bars = [
        value_bars(
            found.looks[place].spread,
            title=f"{_step(walk, number)}, {place[0]}" if len(walk.chain) > 1 else place[0],
            chosen=place == walk.place,
        )
        for number, place in enumerate(walk.chain)
    ]
    st.html(
        '<div style="display:grid;gap:1.2rem;'
        f'grid-template-columns:repeat(auto-fit,minmax(min(100%,17rem),1fr))">{"".join(bars)}</div>'
    )
    st.caption(
        "All values of the layer; blue below zero, orange above, exact zeros left out of the bars. "
        "The tallest bar of each picture has the full height. Activations have no unit."
    )


def running_function() -> Callable[..., Any]:
    """Return the function that the page has just run, to show its source."""
    from cnnlab import feature_maps

    return feature_maps.several_feature_maps


# Small things -------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _digest(walk: Walk, *parts: object) -> str:
    told = (walk.chosen, walk.place, walk.picture.digest, *parts)
    return hashlib.sha256(repr(told).encode()).hexdigest()[:24]


def _exact(value: np.float32) -> str:
    """Return the shortest text that means exactly this number."""
    text = np.format_float_positional(value, trim="-") if 1e-5 < abs(value) < 1e7 else str(value)
    return ("0" if value == 0 else text).replace("-", "−")


def _three(value: float) -> str:
    """Return a number with three digits that matter, for the little room below a map."""
    return (f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}").replace("-", "−")


def _take_layer_of_tree() -> None:
    _take_layer(_key("tree"))


def _take_layer_of_drawing() -> None:
    _take_layer(_key("drawing"))


def _take_layer(key: str) -> None:
    """Look at the layer that was chosen; what is no layer is dropped where it is picked."""
    layer = st.session_state[key].get("layer")
    if isinstance(layer, str) and layer:
        st.session_state[_key("layer")] = layer
        st.session_state.pop(_key("run"), None)


def _take_cell_of_grid() -> None:
    _take_cell(_key("grid"))


def _take_cell_of_one() -> None:
    _take_cell(_key("one"))


def _take_cell(key: str) -> None:
    """Look at the cell that was chosen; numbers beyond the map end at its edge."""
    cell = st.session_state[key].get("cell")
    if isinstance(cell, list) and len(cell) == 3 and all(isinstance(at, int) for at in cell):
        for name, at in zip(("channel", "row", "column"), cell, strict=True):
            if name == "channel" or _key(name) in st.session_state:  # a vector has no rows
                st.session_state[_key(name)] = max(0, at)
