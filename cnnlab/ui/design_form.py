"""The form of a design's chosen row: its settings, and what can be done with the whole row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from cnnlab import design
from cnnlab.design import Facts
from cnnlab.layers import (
    Activation,
    Conv2d,
    Dropout,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
)
from cnnlab.network_text import (
    ACTIVATION_NAMES,
    LIMITS,
    Network,
    layer_from_text,
    layer_to_text,
)
from cnnlab.ui import design_state, layout

__all__ = ["row_form"]

_FIELDS = {
    "out_channels": "Filters",
    "out_features": "Outputs",
    "kernel_size": "Kernel",
    "stride": "Stride",
    "padding": "Padding",
    "dilation": "Dilation",
    "groups": "Groups",
    "size": "Channels around",
}
_ACTIONS: dict[str, tuple[str, Callable[[Network, int], tuple[Network, int]]]] = {
    "Up": ("arrow_upward", partial(design.move, step=-1)),
    "Down": ("arrow_downward", partial(design.move, step=1)),
    "Duplicate": ("content_copy", design.duplicate),
    "Delete": ("delete", design.remove),
}
_WIDTH = 128


def row_form(network: Network, facts: list[Facts], row: int) -> None:
    """Draw the settings of one row, and the buttons that move, double or delete it.

    Parameters
    ----------
    network : Network
        The network.
    facts : list of Facts
        Its rows, as ``cnnlab.design.survey`` returns them.
    row : int
        The chosen row; -1 is the input.
    """
    if row < 0:
        st.markdown("**Input**")
        with st.container(horizontal=True, gap="small"):
            for axis, name in enumerate(("channels", "rows", "columns")):
                key = design_state.form_key(f"input_{name}")
                act = partial(_set_input, axis, key)
                _whole(name.capitalize(), network.input_shape[axis], key, LIMITS[name], act)
        return
    chosen = facts[row]
    st.markdown(f"**Row {row + 1}: {chosen.title}**")
    if chosen.part in design.MARKS:
        _block_form(network, row)
    else:
        _layer_form(layer_from_text(chosen.part))
    with st.container(horizontal=True, gap="small"):
        for label, (icon, make) in _ACTIONS.items():
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"design_edit_{label.lower()}",
                on_click=design_state.change,
                args=(make,),
            )


def _block_form(network: Network, row: int) -> None:
    parts = design.parts_of(network)
    first, last = design.block_of(parts, row)
    layout.prose(
        "A residual block adds what its body makes to what comes over its shortcut. It is moved, "
        "doubled and deleted as a whole."
    )
    if "skip" not in parts[first:last]:
        st.button(
            "Put a 1 × 1 convolution on the shortcut",
            key="design_edit_shortcut",
            on_click=design_state.change,
            args=(design.with_shortcut,),
        )


def _layer_form(layer: Layer) -> None:
    with st.container(horizontal=True, gap="small"):
        match layer:
            case Conv2d():
                for name in ("out_channels", "kernel_size", "stride", "padding", "dilation"):
                    _number(layer, name)
                _number(layer, "groups")
            case Pool2d():
                _number(layer, "kernel_size")
                _number(replace(layer, stride=layer.step), "stride")
                _number(layer, "padding")
            case Linear():
                _number(layer, "out_features")
            case LocalResponseNorm():
                _number(layer, "size")
            case Dropout():
                key = design_state.form_key("p")
                st.session_state[key] = layer.p
                st.slider(
                    "Left out, share",
                    0.0,
                    1.0,
                    step=0.05,
                    key=key,
                    on_change=_set,
                    args=("p", key),
                )
            case Activation():
                key = design_state.form_key("kind")
                st.session_state[key] = layer.kind
                st.selectbox(
                    "Function",
                    list(ACTIVATION_NAMES.values()),
                    key=key,
                    on_change=_set,
                    args=("kind", key),
                )
            case _:
                st.markdown("Nothing to set.")
    if isinstance(layer, Conv2d | Linear):
        key = design_state.form_key("bias")
        st.session_state[key] = layer.bias
        st.toggle("Bias", key=key, on_change=_set, args=("bias", key))


def _number(layer: Layer, name: str) -> None:
    """Draw one setting; two fields where rows and columns differ, words where it is "same"."""
    value = getattr(layer, name)
    key = design_state.form_key(name)
    if isinstance(value, str):
        st.session_state[key] = value
        st.text_input(_FIELDS[name], key=key, disabled=True, width=_WIDTH)
    elif isinstance(value, tuple):
        for axis, word in enumerate(("rows", "columns")):
            own = design_state.form_key(f"{name}_{word}")
            act = partial(_set, name, own, axis)
            _whole(f"{_FIELDS[name]}, {word}", value[axis], own, LIMITS[name], act)
    else:
        _whole(_FIELDS[name], value, key, LIMITS[name], partial(_set, name, key))


def _whole(
    label: str, value: int, key: str, limits: tuple[int, int], act: Callable[[], None]
) -> None:
    st.session_state[key] = value
    width = round(1.4 * _WIDTH) if layout.is_lecture() else _WIDTH  # room for the larger type
    st.number_input(label, *limits, step=1, key=key, on_change=act, width=width)


# Changes -------------------------------------------------------------------------------------


def _set(name: str, key: str, axis: int | None = None) -> None:
    """Put what a field of the form holds into the chosen layer."""
    value = st.session_state[key]

    def make(network: Network, row: int) -> Network:
        layer = layer_from_text(design.parts_of(network)[row])
        now = value
        if axis is not None:
            pair = list(getattr(layer, name))
            pair[axis] = value
            now = pair[0] if pair[0] == pair[1] else tuple(pair)
        part = layer_to_text(replace(layer, **{name: now}))
        return design.replace_part(network, row, part)

    design_state.change_in_form(key, make)


def _set_input(axis: int, key: str) -> None:
    value = st.session_state[key]

    def make(network: Network, row: int) -> Network:
        shape = list(network.input_shape)
        shape[axis] = value
        return design.with_input(network, (shape[0], shape[1], shape[2]))

    design_state.change_in_form(key, make)
