"""The parts of the lesson on receptive fields: stack, picture, comparison, tables, what counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from cnnlab.checks import InputError
from cnnlab.cost import LayerError
from cnnlab.derivations import with_minus
from cnnlab.effective import core_margin, effective_field
from cnnlab.figures import fields as drawn
from cnnlab.figures.pictures import data_link
from cnnlab.images import centre_square
from cnnlab.layers import Conv2d, Pool2d, window_along
from cnnlab.receptive import ReceptiveField, receptive_fields
from cnnlab.stack_comparison import View, say_difference, view_from
from cnnlab.stacks import (
    EXAMPLES,
    MOST_LAYERS,
    SIZES,
    derive_field,
    example_of,
    find_layer,
    fitting_size,
    layer_names,
    output_sizes,
    parse_stack,
    rivals,
    usual_padding,
    write_stack,
)
from cnnlab.ui import address, layout, panels
from cnnlab.ui.controls import Picture, choice, pick, picture_picker, whole_number
from cnnlab.ui.field_view import field_view

__all__ = [
    "Stack",
    "derivation",
    "field_table",
    "settings",
    "small_kernels",
    "view",
    "what_counts",
]

PAGE = "receptive_field"
_FIRST = "three"
_OWN = "Own stack"
_NOTHING = "nothing"
_LONGEST = 800  # characters of a stack's text
_MOST_ROWS = 20  # a longer table scrolls
_COLUMNS = (
    "In pixels of the input. *Jump*: from what one cell sees to what its neighbour sees. *Start*: "
    "the first pixel that the first cell sees; below zero it sees padding."
)
Window = Conv2d | Pool2d


@dataclass(frozen=True)
class Stack:
    """What a learner looks at: layers, the one chosen, the side of the input, the picture.

    `other` are the layers of the stack to compare with, none where there is no such stack, and
    `other_layer` is the number of the chosen one.
    """

    layers: tuple[Window, ...]
    layer: int
    side: int
    picture: Picture
    square: Image.Image
    other: tuple[Window, ...] = ()
    other_layer: int = 0

    @property
    def fields(self) -> list[ReceptiveField]:
        """The receptive field after each layer."""
        return receptive_fields(self.layers)

    @property
    def names(self) -> tuple[str, ...]:
        """What each layer is called."""
        return layer_names(self.layers)

    @property
    def first_view(self) -> View:
        """What a cell of the chosen layer sees."""
        return view_from(self.layers, self.layer, self.side)


def settings(*, below: DeltaGenerator) -> Stack:
    """Draw the controls and return what they say; stop where the stack is none.

    Parameters
    ----------
    below : DeltaGenerator
        Where the size of the input and its picture are chosen.
    """
    link = _link_of_a_visit()
    row = st.container(horizontal=True, gap="medium")
    with row:
        example = st.container(width=_wide(250))  # the example follows from the text
        text = st.text_input(
            "The stack as a text",
            EXAMPLES[_FIRST].stack,
            max_chars=_LONGEST,
            key=_key("stack"),
            bind="query-params",
            on_change=_to_the_end,
            width=_wide(250),
            help="c3: convolution 3 × 3. p2: pooling 2 × 2. Then, if need be, s stride, p padding, "
            "d dilation: c3s2p1d1. Layers are joined by hyphens. The name of an example works too.",
        )
    try:
        layers, problem = parse_stack(text.strip().lower()), ""
    except InputError as error:
        layers, problem = (), str(error)
    found = example_of(layers)
    titles = [entry.title for entry in EXAMPLES.values()]
    st.session_state[_key("example")] = _OWN if found is None else found.title
    example.selectbox("Example", [_OWN, *titles], key=_key("example"), on_change=_take_example)
    if problem:
        st.error(f"This is no stack: {problem}.", icon=":material/block:")
        st.stop()
    with row:
        layer = _pick_layer("Layer", layers, "layer", "stack", link)
    other, other_layer = _settings_of_other(link)
    with below.container(horizontal=True, gap="medium"):
        wanted = choice("Input, pixels a side", ["auto", *map(str, SIZES)], key=_key("size"))
        picture = picture_picker(PAGE)
    fitting = max(fitting_size(stack) for stack in (layers, other) if stack)
    side = fitting if wanted == "auto" else int(wanted)
    box = centre_square(picture.image.size)
    square = picture.image.resize((side, side), Image.Resampling.BOX, box=box)
    return Stack(layers, layer, side, picture, square, other, other_layer)


def _settings_of_other(link: dict[str, str]) -> tuple[tuple[Window, ...], int]:
    """Let a second stack be chosen, and its layer; return no layers where there is none."""
    titles = {found.title: name for name, found in EXAMPLES.items()}
    if _key("stack") in link and _key("other") not in link:
        st.session_state[_key("other")] = _NOTHING  # not what an earlier visit left
    with st.container(horizontal=True, gap="medium"):
        text = pick(
            "Compare with",
            [_NOTHING, *titles],
            key=_key("other"),
            help="A second stack on the same picture. Choose one, or type your own as a text: "
            "c3-p2-c3.",
            width=250,
            own=True,
            on_change=_match_layers,
        ).strip()
        if text in ("", _NOTHING):
            return (), 0
        try:
            other = parse_stack(titles.get(text, text))
        except InputError as error:
            st.error(f"Nothing to compare with: {error}.", icon=":material/block:")
            return (), 0
        return other, _pick_layer("Its layer", other, "other_layer", "other", link)


def _pick_layer(
    label: str, layers: tuple[Window, ...], name: str, stack: str, link: dict[str, str]
) -> int:
    """Let one of some layers be chosen, the last to begin with; return its number."""
    key, names = _key(name), layer_names(layers)
    kept = st.session_state.get(key, "")
    asked = link.get(key, "" if _key(stack) in link else kept)  # a new stack, from its end
    number = find_layer(names, asked) or len(names)
    if (asked or kept) and names[number - 1] != kept:
        st.session_state[key] = names[number - 1]
    chosen = pick(label, list(names), key=key, width=170, first=len(names) - 1)
    if key in link and find_layer(names, link[key]) is None:
        st.info(
            f"The link asks for the layer “{link[key][:20]}”, which is not in this stack: here is "
            "its last one.",
            icon=":material/link_off:",
        )
    return find_layer(names, chosen) or len(names)


def view(stack: Stack) -> None:
    """Draw the layers, their settings, and what one cell sees; stop if a layer does not fit."""
    problem, bad, sizes = "", -1, [1] * len(stack.layers)
    try:
        sizes = output_sizes(stack.layers, stack.side)
    except LayerError as error:
        problem, bad = f"The input is too small. {str(error).capitalize()}.", error.path[0]
    found, other, small = example_of(stack.layers), None, ""
    if stack.other and not problem:
        try:
            other = view_from(stack.other, stack.other_layer, stack.side, stack="other stack")
        except LayerError as error:
            small = f"The input is too small for the stack to compare with. {error}."
    rows = zip(stack.layers, stack.fields, sizes, stack.names, strict=True)
    data = {
        "src": data_link(stack.square),
        "alt": stack.picture.alt,
        "side": stack.side,
        "stack": write_stack(stack.layers),
        "title": "" if found is None else found.title,
        "named": bool(found and found.names),
        "layers": [_row(*row) for row in rows],
        "layer": stack.layer,
        "other": None if other is None else _compared(stack.first_view, other),
        "cell": _key("cell"),
        "link": _chosen_layers(stack),
        "problem": problem,
        "bad": bad,
        "most": MOST_LAYERS,
    }
    field_view(data, key=_key("view"), on_edit=_take_edit, on_layer=_take_layer)
    if problem:
        st.stop()
    if small:
        st.warning(small, icon=":material/block:")
    if other:
        st.caption(_COLUMNS)
    for shown in dict.fromkeys([found, example_of(stack.other) if stack.other else None]):
        if shown:
            layout.prose(f"**{shown.title}.** {shown.notice}")


def _chosen_layers(stack: Stack) -> dict[str, str]:
    """Return the chosen layers as the link names them, but for the last, which are usual.

    Streamlit drops what is no option from the address, as "conv4" for its last layer, conv4_3.
    """
    chosen = {"layer": (stack.layers, stack.layer), "other_layer": (stack.other, stack.other_layer)}
    return {
        _key(name): layer_names(layers)[number - 1]
        for name, (layers, number) in chosen.items()
        if number < len(layers)
    }


def _compared(one: View, other: View) -> dict[str, Any]:
    """Return what the browser shows of the stack to compare with."""
    numbers = _seen(other.field, other.out)
    words = say_difference(one, other)
    return {"title": other.title, "layer": other.n_layers, "difference": words, **numbers}


def field_table(stack: Stack) -> None:
    """Show output size, receptive field, jump and start of every layer."""
    rows = [["input", f"{stack.side} × {stack.side}", "1 × 1", "1", "0"]]
    sizes = output_sizes(stack.layers, stack.side)
    own = all(name.startswith("layer ") for name in stack.names)
    named = [""] * len(sizes) if own else [f"{name}, " for name in stack.names]
    for number, (layer, field, out, name) in enumerate(
        zip(stack.layers, stack.fields, sizes, named, strict=True), 1
    ):
        mark = "▸ " if number == stack.layer else ""
        rows.append(
            [
                f"{mark}{number}. {name}{_named(layer)}",
                f"{out} × {out}",
                f"{field.size:,} × {field.size:,}",
                f"{field.jump:,}",
                with_minus(field.start),
            ]
        )
    with st.container(height=560 if len(rows) > _MOST_ROWS else "content"):
        panels.table(
            ["layer", "output", "one cell sees", "jump", "start"],
            rows,
            align="lrrrr",
            wide_only=[4],
        )
    st.caption(_COLUMNS)


def derivation(stack: Stack) -> None:
    """Write out how the field of the chosen layer follows from the one before."""
    number, names = stack.layer, stack.names
    before = names[number - 2] if number > 1 else "the input"
    st.markdown(
        f"**{names[number - 1]}** ({_named(stack.layers[number - 1])}), from the numbers of "
        f"{before}:"
    )
    panels.table(
        ["", "formula", "with the numbers", ""],
        [
            [line.quantity, line.formula, line.numbers, line.result]
            for line in derive_field(stack.layers, number)
        ],
        align="lllr",
        wide_only=[1],
    )


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
        f"#### 95 % of the paths to a cell of {stack.names[stack.layer - 1]} come from "
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


def _wide(width: int) -> int:
    """Return a width with room for the larger type of the lecture view."""
    return round(1.4 * width) if layout.is_lecture() else width


def _link_of_a_visit() -> dict[str, str]:
    """Return what the address says of this page where a visit begins, nothing later."""
    if not address.arriving(st.session_state.setdefault(_key("visits"), {})):
        return {}
    return {name: text for name, text in st.query_params.items() if name.startswith(f"{PAGE}_")}


def _to_the_end() -> None:
    """Look at the last layer of a stack that is new."""
    try:
        names = layer_names(parse_stack(st.session_state[_key("stack")].strip().lower()))
    except InputError:
        return
    st.session_state[_key("layer")] = names[-1]


def _match_layers() -> None:
    """Look at the same stage of a stack to compare with that is new, if it has one."""
    text = st.session_state[_key("other")] or ""
    titles = {found.title: name for name, found in EXAMPLES.items()}
    try:
        names = layer_names(parse_stack(titles.get(text, text)))
    except InputError:
        return
    stage = str(st.session_state.get(_key("layer"), "")).partition("_")[0]
    number = find_layer(names, stage) if stage.startswith("conv") else None
    st.session_state[_key("other_layer")] = names[(number or len(names)) - 1]


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
        st.session_state[_key("layer")] = layer_names(layers)[sent["layer"] - 1]


def _take_layer() -> None:
    """Take over the layer at which the learner came to rest."""
    sent: Any = st.session_state[_key("view")].get("layer")
    try:
        names = layer_names(parse_stack(st.session_state[_key("stack")].strip().lower()))
    except InputError:
        return
    if isinstance(sent, int) and 1 <= sent <= len(names):
        st.session_state[_key("layer")] = names[sent - 1]


def _row(layer: Window, field: ReceptiveField, out: int, name: str) -> dict[str, Any]:
    """Return one layer as the browser gets it."""
    window = window_along(layer, 0)
    padding = window.padding[0]
    return {
        "kind": "c" if isinstance(layer, Conv2d) else "p",
        "kernel": window.kernel_size,
        "stride": window.stride,
        "padding": None if padding == usual_padding(layer) else padding,
        "dilation": window.dilation,
        "name": name,
        **_seen(field, out),
    }


def _seen(field: ReceptiveField, out: int) -> dict[str, Any]:
    """Return the numbers of a field as the browser gets them."""
    return {"size": field.size or 0, "jump": field.jump, "start": field.start, "out": out}


def _named(layer: Window) -> str:
    kind = "conv" if isinstance(layer, Conv2d) else "pool"
    window = window_along(layer, 0)
    words = [f"{kind} {window.kernel_size} × {window.kernel_size}"]
    for name, value in (("stride", window.stride), ("dilation", window.dilation)):
        words += [f"{name} {value}"] if value > 1 else []
    return ", ".join(words)
