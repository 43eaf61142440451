"""The parts of the lesson on designing a network: list, palette, totals, drawing, code."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from cnnlab import design
from cnnlab.cost import BYTES
from cnnlab.derivations import with_unit
from cnnlab.design import Facts, Totals
from cnnlab.figures.network import network_drawing
from cnnlab.layers import shape_text
from cnnlab.network_export import network_in_keras, network_in_pytorch
from cnnlab.network_presets import NETWORK_PRESETS
from cnnlab.network_text import Network, network_from_text
from cnnlab.ui import design_state, layout
from cnnlab.ui.controls import choice
from cnnlab.ui.design_form import row_form
from cnnlab.ui.layer_list import layer_list

__all__ = ["Design", "as_text", "code", "drawing", "editor", "problem", "start", "totals"]

_PAGES = Path(__file__).resolve().parents[2] / "pages"
_OWN = "Own network"
_PALETTE = {
    "Convolution": "c32k3p1",
    "Batch norm": "bn",
    "Activation": "relu",
    "Max pooling": "p2",
    "Average pooling": "a2",
    "Global average pooling": "gap",
    "Residual block": "res_add",
    "Flatten": "flat",
    "Fully connected": "fc10",
    "Dropout": "drop0.5",
    "Local response norm": "lrn5",
}


class Design(NamedTuple):
    """What the page shows."""

    network: Network
    facts: list[Facts]
    in_flops: bool


def start() -> Design:
    """Draw what begins a design: examples, undo, units, and what is to be said."""
    network = design_state.current_network()
    state = design_state.memory()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        titles = {preset.text: title for title, preset in NETWORK_PRESETS.items()}
        chosen = titles.get(state["text"], _OWN)
        st.session_state["design_example"] = chosen
        st.selectbox(
            "Begin with",
            [_OWN, *NETWORK_PRESETS],
            key="design_example",
            on_change=_take_example,
            width=320,
        )
        for label, icon, act, kept in (
            ("Undo", ":material/undo:", design_state.undo, "past"),
            ("Redo", ":material/redo:", design_state.redo, "future"),
        ):
            st.button(
                label,
                icon=icon,
                on_click=act,
                disabled=not state[kept],
                key=f"design_edit_{label.lower()}",
            )
        unit = choice("Count operations in", ["MACs", "FLOPs"], key="design_unit")
    preset = NETWORK_PRESETS.get(chosen)
    st.caption(preset.says if preset else "Your own network.")
    notice = st.container(key="design_notice")
    if state["notice"]:
        notice.warning(state["notice"], icon=":material/info:")
    return Design(network, design.survey(network), unit == "FLOPs")


def problem(shown: Design) -> None:
    """Say what is wrong, and at which row."""
    found = design.add_up(shown.facts)
    # Always there, so that the list below keeps its place, and with it the learner's focus.
    message = st.container(key="design_message")
    if found.error_row is not None:
        message.error(
            f"Row {found.error_row + 1}, {shown.facts[found.error_row].title}: {found.error}. The "
            "rows before it are counted.",
            icon=":material/block:",
        )


def totals(shown: Design) -> None:
    """Show the sums over all rows."""
    st.html(_sums(design.add_up(shown.facts), in_flops=shown.in_flops))


def editor(shown: Design) -> None:
    """Draw the palette, the list of layers and, beside it, the settings of the chosen one."""
    network, facts = shown.network, shown.facts
    state = design_state.memory()
    row = state["selected"]
    place = "the input" if row < 0 else f"row {row + 1}, {facts[row].title}"
    st.markdown(f"**Add after {place}**")
    with st.container(horizontal=True, gap="small"):
        for label, part in _PALETTE.items():
            st.button(
                label,
                key=f"design_edit_add_{part.partition('_')[0]}",
                on_click=design_state.change,
                args=(partial(_added, part=part),),
            )
    left, right = st.columns([2.3, 1], gap="medium")
    with left:
        rows = _rows(network, facts, in_flops=shown.in_flops)
        unit = "FLOPs" if shown.in_flops else "MACs"
        layer_list(
            {
                "label": "The layers of the network",
                "head": ["Layer", "Output", "Parameters", unit, "Memory", "Sees"],
                "rows": rows,
                "selected": state["selected"],
                "done": state["done"],
                "link": {design_state.LINK: state["text"]},
            },
            key=design_state.LIST,
        )
    with right, st.container(border=True):
        row_form(network, facts, state["selected"])
    st.caption(
        "Output: channels × rows × columns. Sees: how many input pixels one output cell can "
        "see (its receptive field). Drag a row to another place; on a touch screen, by the "
        "dots at its left. Keys in the list: ↑ ↓ choose, Alt + ↑ ↓ move, Ctrl + D duplicate, "
        "Delete, Ctrl + Z undo."
    )
    layout.prose(
        "Everything is counted for one picture (batch 1). A MAC is one multiplication with "
        "its addition; one MAC is two FLOPs. Only operations with weights count: biases, "
        "pooling, normalisation and activations do not. Memory: numbers of 4 bytes, the "
        "output of every row, all kept."
    )
    st.page_link(
        _PAGES / "model_layers.py",
        label="Read any of torchvision's 80 networks, layer by layer",
        icon=":material/table_rows:",
    )


def drawing(shown: Design) -> None:
    """Draw the network to scale."""
    st.subheader("Drawn to scale", anchor=False)
    st.html(network_drawing(shown.network.input_shape, shown.facts))
    st.caption(
        "Height: the rows of the feature map, to scale. Width: its channels, on a logarithmic "
        "scale (each doubling adds the same). After Flatten a box is a row of numbers, drawn "
        "upright; its height is logarithmic too. Blue: input, orange: convolution, grey: pooling, "
        "green: rows of numbers, violet: sums. Normalisation, activation and dropout have no box. "
        "Scroll sideways to see all."
    )


def as_text() -> None:
    """Show the network as the text that its link holds, to copy, to change or to replace."""
    key = design_state.form_key("text")
    state = design_state.memory()
    typed, why = state["refused"]
    st.session_state[key] = typed or state["text"]
    st.text_input(
        "The network as text: copy it, change it, put another in",
        key=key,
        on_change=design_state.take_text,
        args=(key,),
        help="Input, then one part for each layer: c64k3s2p1 is a convolution with 64 "
        "filters, kernel 3, stride 2, padding 1. The link of this page holds the same text.",
    )
    if why:
        st.error(f"{why} Above is still the network from before.", icon=":material/block:")


def code(shown: Design) -> None:
    """Show the network as a script in PyTorch or Keras, to copy or to download."""
    panel = st.expander(
        "The network as code",
        icon=":material/code:",
        key="design_export",
        on_change="rerun",
        bind="query-params",
    )
    if not panel.open:
        return
    with panel:
        if design.add_up(shown.facts).error:
            st.markdown("There is code as soon as the network works.")
            return
        framework = choice("Framework", ["PyTorch", "Keras"], key="design_framework")
        write = network_in_pytorch if framework == "PyTorch" else network_in_keras
        script = write(shown.network)
        name = f"network_{framework.lower()}.py"
        st.download_button(
            f"Download {name}",
            script,
            file_name=name,
            mime="text/x-python",
            icon=":material/download:",
            key="design_edit_download",
            on_click="ignore",
        )
        st.code(script, language="python")


# Changes -------------------------------------------------------------------------------------


def _take_example() -> None:
    preset = NETWORK_PRESETS.get(st.session_state["design_example"])
    if preset is not None:
        network = network_from_text(preset.text)
        row = design_state.row_to_begin(network)
        design_state.change(lambda now, chosen: (network, row))


def _added(network: Network, row: int, *, part: str) -> tuple[Network, int]:
    return design.insert(network, row, part)


# What is shown -------------------------------------------------------------------------------


def _rows(network: Network, facts: list[Facts], *, in_flops: bool) -> list[dict[str, Any]]:
    shape = network.input_shape
    rows: list[dict[str, Any]] = [
        {"title": "Input", "depth": 0, "cells": [shape_text(shape), "", "", "", "1"], "error": ""}
    ]
    parts = [row.part for row in facts]
    for place, row in enumerate(facts):
        later = row.output_shape is None
        cells = [""] * 5
        if row.part in ("res", "skip"):
            cells[0] = ""
        elif row.output_shape is not None:
            cells = [
                shape_text(row.output_shape),
                f"{row.n_params:,}" if row.n_params else "–",
                with_unit(row.macs * (2 if in_flops else 1), "") if row.macs else "–",
                with_unit(row.activation_bytes, "B"),
                _seen(row),
            ]
        rows.append(
            {
                "title": row.title,
                "depth": row.depth,
                "cells": cells,
                "error": row.error,
                "later": later and not row.error,
                "block": design.block_of(parts, place),
                "inside": design.is_in_block(parts, place - 1),
            }
        )
    return rows


def _seen(row: Facts) -> str:
    if row.field is None:
        return "–"
    rows, columns = row.field
    if rows is None or columns is None:
        return "all"
    return str(rows) if rows == columns else f"{rows} × {columns}"


def _sums(found: Totals, *, in_flops: bool) -> str:
    operations = found.macs * (2 if in_flops else 1)
    unit = "FLOPs" if in_flops else "MACs"
    entries = [
        ("Output", shape_text(found.output_shape or ()) or "none", ""),
        ("Parameters", with_unit(found.n_params, ""), f"{found.n_params:,}"),
        (f"Operations, {unit}", with_unit(operations, ""), f"{operations:,}"),
        ("Memory of the parameters", with_unit(BYTES * found.n_params, "B"), ""),
        ("Memory of the activations", with_unit(found.activation_bytes, "B"), ""),
    ]
    cards = "".join(
        '<div style="flex:1 1 9rem;border:1px solid color-mix(in srgb, currentColor 22%, '
        'transparent);border-radius:0.5rem;padding:0.5rem 0.8rem">'
        f'<div style="font-size:0.9rem;opacity:0.8">{label}</div>'
        f'<div style="font-size:1.45rem;font-weight:650">{value}</div>'
        f'<div style="font-size:0.85rem;opacity:0.8;min-height:1.2em">{exact}</div></div>'
        for label, value, exact in entries
    )
    style = "display:flex;flex-wrap:wrap;gap:0.6rem;font-variant-numeric:tabular-nums"
    return f'<div style="{style}">{cards}</div>'
