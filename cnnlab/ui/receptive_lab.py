"""The parts of the lesson on receptive fields: the stack, the picture, the table, what counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.cost import LayerError
from cnnlab.derivations import with_minus
from cnnlab.effective import core_margin, effective_field
from cnnlab.figures import fields as drawn
from cnnlab.figures.pictures import data_link
from cnnlab.images import centre_square
from cnnlab.layers import Conv2d, Pool2d, window_along
from cnnlab.receptive import ReceptiveField, receptive_fields
from cnnlab.stacks import (
    EXAMPLES,
    MOST_LAYERS,
    SIZES,
    derive_field,
    fitting_size,
    output_sizes,
    parse_stack,
    rivals,
    usual_padding,
    write_stack,
)
from cnnlab.ui import layout, panels
from cnnlab.ui.controls import Picture, choice, picture_picker, whole_number
from cnnlab.ui.field_view import field_view

__all__ = ["Stack", "derivation", "field_table", "settings", "small_kernels", "view", "what_counts"]

PAGE = "receptive_field"
_FIRST = "three"
_OWN = "Own stack"
Window = Conv2d | Pool2d


@dataclass(frozen=True)
class Stack:
    """What a learner looks at: layers, the one chosen, the side of the input, the picture."""

    layers: tuple[Window, ...]
    layer: int
    side: int
    picture: Picture
    square: Image.Image

    @property
    def fields(self) -> list[ReceptiveField]:
        """The receptive field after each layer."""
        return receptive_fields(self.layers)


def settings() -> Stack:
    """Draw the controls and return what they say; stop where the stack is none."""
    row = st.container(horizontal=True, gap="medium")
    with row:
        example = st.container(width=250)  # the example follows from the text
        text = st.text_input(
            "The stack as a text",
            EXAMPLES[_FIRST].stack,
            max_chars=400,
            key=_key("stack"),
            bind="query-params",
            on_change=_to_the_end,
            width=250,
            help="c3: convolution 3 × 3. p2: pooling 2 × 2. Then, if need be, s stride, p padding, "
            "d dilation: c3s2p1d1. Layers are joined by hyphens.",
        )
    try:
        layers, problem = parse_stack(text.strip()), ""
    except InputError as error:
        layers, problem = (), str(error)
    written = write_stack(layers)
    titles = {found.stack: found.title for found in EXAMPLES.values()}
    st.session_state[_key("example")] = titles.get(written, _OWN)
    example.selectbox(
        "Example", [_OWN, *titles.values()], key=_key("example"), on_change=_take_example
    )
    if problem:
        st.error(f"This is no stack: {problem}.", icon=":material/block:")
        st.stop()
    with row:
        wanted = choice("Input, pixels a side", ["auto", *map(str, SIZES)], key=_key("size"))
    with st.container(horizontal=True, gap="medium"):
        picture = picture_picker(PAGE)
    side = fitting_size(layers) if wanted == "auto" else int(wanted)
    box = centre_square(picture.image.size)
    square = picture.image.resize((side, side), Image.Resampling.BOX, box=box)
    return Stack(layers, len(layers), side, picture, square)


def view(stack: Stack) -> None:
    """Draw the layers, their settings, and what one cell sees; stop if a layer does not fit."""
    problem, bad, sizes = "", -1, [1] * len(stack.layers)
    try:
        sizes = output_sizes(stack.layers, stack.side)
    except LayerError as error:
        problem, bad = f"The input is too small. {str(error).capitalize()}.", error.path[0]
    rows = zip(stack.layers, stack.fields, sizes, strict=True)
    data = {
        "src": data_link(stack.square),
        "alt": stack.picture.alt,
        "side": stack.side,
        "stack": write_stack(stack.layers),
        "layers": [_row(layer, field, out) for layer, field, out in rows],
        "layer": stack.layer,
        "problem": problem,
        "bad": bad,
        "most": MOST_LAYERS,
    }
    field_view(data, key=_key("view"), on_edit=_take_edit, on_layer=_take_layer)
    if problem:
        st.stop()
    written = write_stack(stack.layers)
    notice = next((found.notice for found in EXAMPLES.values() if found.stack == written), "")
    if notice:
        layout.prose(f"**Notice.** {notice}")


def field_table(stack: Stack) -> None:
    """Show output size, receptive field, jump and start of every layer."""
    rows = [["input", f"{stack.side} × {stack.side}", "1 × 1", "1", "0"]]
    sizes = output_sizes(stack.layers, stack.side)
    for number, (layer, field, out) in enumerate(
        zip(stack.layers, stack.fields, sizes, strict=True), 1
    ):
        mark = "▸ " if number == stack.layer else ""
        rows.append(
            [
                f"{mark}{number}. {_named(layer)}",
                f"{out} × {out}",
                f"{field.size:,} × {field.size:,}",
                f"{field.jump:,}",
                with_minus(field.start),
            ]
        )
    panels.table(
        ["layer", "output", "one cell sees", "jump", "start"],
        rows,
        align="lrrrr",
        wide_only=[4],
    )
    st.caption(
        "In pixels of the input. *Jump*: from what one cell sees to what its neighbour sees. "
        "*Start*: the first pixel that the first cell sees; below zero it sees padding."
    )


def derivation(stack: Stack) -> Stack:
    """Choose a layer and write out how its field follows from the one before.

    Returns
    -------
    Stack
        With the chosen layer.
    """
    count, key = len(stack.layers), _key("layer")
    if key in st.session_state:  # the stack may have become shorter
        st.session_state[key] = min(max(int(st.session_state[key]), 1), count)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        number = whole_number("Layer", 1, count, count, key=key)
        before = f"layer {number - 1}" if number > 1 else "the input"
        st.markdown(f"**{_named(stack.layers[number - 1])}**, from the numbers of {before}")
    panels.table(
        ["", "formula", "with the numbers", ""],
        [
            [line.quantity, line.formula, line.numbers, line.result]
            for line in derive_field(stack.layers, number)
        ],
        align="lllr",
        wide_only=[1],
    )
    return replace(stack, layer=number)


def small_kernels() -> None:
    """Compare stacks of 3 × 3 kernels with one large kernel."""
    channels = whole_number("Channels C", 1, 4096, 64, key=_key("channels"))
    rows = []
    for group in rivals(channels):
        most = group[0].n_weights
        rows += [
            [
                rival.title,
                f"{rival.sees} × {rival.sees}",
                f"{rival.per_square} · C²",
                f"{rival.n_weights:,}",
                "" if rival.n_weights == most else f"{1 - rival.n_weights / most:.0%} fewer",
            ]
            for rival in group
        ]
    panels.table(["", "sees", "weights", f"for C = {channels:,}", ""], rows, align="lrrrr")
    st.caption("Each layer gets C channels and makes C; biases are not counted.")


def what_counts(stack: Stack) -> None:
    """Show how many paths lead from each pixel of the field to the cell."""
    layers = stack.layers[: stack.layer]
    try:
        values = effective_field(layers)
    except InputError as error:
        st.info(f"Not drawn: {error}.", icon=":material/open_in_full:")
        return
    side, margin = len(values), core_margin(values)
    inner = side - 2 * margin
    share = inner**2 / side**2
    cell = output_sizes(layers, stack.side)[-1] // 2
    first, _ = stack.fields[stack.layer - 1].of_cell(cell)
    whole = drawn.field_picture(stack.square, top=first, left=first, side=side)
    lit = drawn.lit_picture(stack.square, values, top=first, left=first, margin=margin)
    size = f"{side} × {side} pixels"
    most = f" ({int(values.max()):,})" if values.max() < 10**12 else ""
    st.markdown(
        f"#### 95 % of the paths to a cell of layer {stack.layer} come from "
        f":violet[{share:.0%}] of its field: {inner} × {inner} of {side} × {side} pixels"
    )
    shown = [
        (whole, f"What the middle cell can see: {size}.", f"The field of the middle cell, {size}."),
        (
            drawn.heat_picture(values, margin=margin),
            f"How many paths lead to the cell: black none, yellow the most{most}. The white "
            "square holds 95 % of them.",
            f"Heat map of the field: a square of {inner} pixels a side holds 95 % of the paths.",
        ),
        (lit, "What counts: each pixel as bright as it has paths.", "The field, dark at its edge."),
    ]
    for column, (picture, caption, alt) in zip(st.columns(3, gap="medium"), shown, strict=True):
        column.image(picture, caption=caption, output_format="PNG", width="stretch", alt=alt)


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _to_the_end() -> None:
    """Look at the last layer of a stack that is new."""
    try:
        layers = parse_stack(st.session_state[_key("stack")].strip())
    except InputError:
        return
    st.session_state[_key("layer")] = len(layers)


def _take_example() -> None:
    for name, found in EXAMPLES.items():
        if found.title == st.session_state[_key("example")]:
            st.session_state[_key("stack")] = name
            _to_the_end()


def _take_edit() -> None:
    """Take over the stack that was edited in the browser, if it is one."""
    sent: Any = st.session_state[_key("view")].get("edit")
    if not isinstance(sent, dict) or not isinstance(sent.get("stack"), str):
        return
    try:
        layers = parse_stack(sent["stack"])
    except InputError:
        return
    st.session_state[_key("stack")] = write_stack(layers)
    if isinstance(sent.get("layer"), int) and 1 <= sent["layer"] <= len(layers):
        st.session_state[_key("layer")] = sent["layer"]


def _take_layer() -> None:
    """Take over the layer at which the learner came to rest."""
    sent: Any = st.session_state[_key("view")].get("layer")
    if isinstance(sent, int) and 1 <= sent <= MOST_LAYERS:
        st.session_state[_key("layer")] = sent


def _row(layer: Window, field: ReceptiveField, out: int) -> dict[str, Any]:
    """Return one layer as the browser gets it."""
    window = window_along(layer, 0)
    padding = window.padding[0]
    return {
        "kind": "c" if isinstance(layer, Conv2d) else "p",
        "kernel": window.kernel_size,
        "stride": window.stride,
        "padding": None if padding == usual_padding(layer) else padding,
        "dilation": window.dilation,
        "size": field.size,
        "jump": field.jump,
        "start": field.start,
        "out": out,
    }


def _named(layer: Window) -> str:
    kind = "conv" if isinstance(layer, Conv2d) else "pool"
    window = window_along(layer, 0)
    words = [f"{kind} {window.kernel_size} × {window.kernel_size}"]
    for name, value in (("stride", window.stride), ("dilation", window.dilation)):
        words += [f"{name} {value}"] if value > 1 else []
    return ", ".join(words)
