"""The parts of the lesson on pooling: the player, the ways back, shifts, savings."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.figures.number_grid import number_grid
from cnnlab.percent import percent
from cnnlab.pool_code import pytorch_pooling
from cnnlab.pool_gradients import max_unpool2d
from cnnlab.pool_inputs import DETECTOR, POOL_INPUTS, feature_map
from cnnlab.pool_links import PARAMETERS, PRESETS, from_link, to_link
from cnnlab.pool_savings import savings
from cnnlab.pool_setups import (
    PoolSetup,
    arriving,
    change,
    edit,
    input_gradient,
    switches_of,
    trace_pooling,
)
from cnnlab.pool_words import (
    pool_formula,
    pool_repairs,
    pool_size_mistakes,
    pool_sizes,
    pool_value_mistakes,
)
from cnnlab.shifting import Shifted, expected_change, shift_and_pool
from cnnlab.trace import short
from cnnlab.ui import layout, panels, player_state
from cnnlab.ui.controls import choice, whole_number
from cnnlab.ui.dialogs import offline_page
from cnnlab.ui.player import step_player
from cnnlab.ui.pool_fields import pool_brief, pool_fields
from cnnlab.window_trace import WindowTrace, window_payload

__all__ = ["gradient", "player", "saving", "section", "shifts", "unpooling"]

PAGE = "pooling"
_PLAYER = f"{PAGE}_player"
_MOST_SHIFT = 4
_ROW, _TABLE, _RANDOM, _EDGES = "a detector", "6 × 6", "random row", "edges of a cat"
_KINDS = {"max": "maxima", "average": "means"}


def player() -> tuple[PoolSetup, WindowTrace | None]:
    """Draw the step player; return what it shows and its steps, None where there are none."""
    setup, notice = player_state.current(_PLAYER, _LAB)
    data, trace = _player_data(setup, notice)
    step_player(data, key=_PLAYER)
    wanted = player_state.wanted_dialog(_PLAYER)
    if trace is not None and wanted == "page":
        offline_page(data)
    elif trace is not None and wanted == "code":
        _code(setup)
    return setup, trace


def section(title: str, says: str) -> None:
    """Write the heading of a part of the lesson and what it is about."""
    st.subheader(title, anchor=False)
    layout.prose(says)


def gradient(setup: PoolSetup, trace: WindowTrace) -> None:
    """Show the gradient that arrives at the output, and what of it each input gets."""
    with st.container(horizontal=True, gap="medium"):
        counting = choice("Gradient that arrives", ["1, 2, 3, …", "all 1"], key=_key("gradient"))
        channel = _channel(setup)
    upstream = arriving(trace.result.values.shape, counting=counting != "all 1")
    passed = input_gradient(setup, trace, upstream)
    winners = _winners(setup, trace)
    _grids(
        number_grid(upstream[channel], title="Gradient that arrives", role="output"),
        number_grid(
            passed[channel],
            title="Gradient of the input" + (", winners framed" if setup.kind == "max" else ""),
            marked=None if winners is None else winners[channel],
            decimals=3,
        ),
    )
    st.markdown(_flow_words(setup, trace, upstream, passed, channel))


def unpooling(setup: PoolSetup, trace: WindowTrace) -> None:
    """Show the switches, and the pooled numbers put back at their places."""
    winners = _winners(setup, trace)
    if winners is None:
        st.info(
            f"Only max pooling has switches: a {'mean' if setup.kind == 'average' else 'norm'} "
            "comes from all numbers of its window. Choose max pooling above.",
            icon=":material/info:",
        )
        return
    channel = _channel(setup, "unpool_")
    switches = switches_of(setup, trace)
    back = max_unpool2d(trace.result.values, switches, setup.size)
    _grids(
        number_grid(setup.x[channel], title="Input, winners framed", marked=winners[channel]),
        number_grid(trace.result.values[channel], title="Pooled", role="output"),
        number_grid(
            switches[channel],
            title=f"Switches: row · {setup.size[1]} + column",
            role="kernel",
            tinted=False,
        ),
        number_grid(back[channel], title="Unpooled", marked=winners[channel]),
    )
    kept = int(winners[channel].sum())
    st.markdown(
        f"**{kept} of {winners[channel].size}** places hold a number again; the others are zeros, "
        "since pooling has thrown theirs away."
    )


def shifts() -> None:
    """Shift a map, count what changes before and after pooling."""
    with st.container(horizontal=True, gap="medium"):
        name = choice("Feature map", [_ROW, _TABLE, _RANDOM, _EDGES], key=_key("map"))
        kind = choice("Pooling", list(_KINDS), key=_key("shift_kind"))
        window = choice("Window", [1, 2, 3, 4, 6], default=3, key=_key("window"))
        side = choice("Stride", ["1", "side by side"], key=_key("shift_stride"))
    shift = st.slider(
        "Shift to the right, in cells",
        0,
        _MOST_SHIFT,
        1,
        key=_key("shift"),
        bind="query-params",
        width=420,
    )
    strip, width = _strip(name)
    beside, average = side != "1", kind == "average"
    try:
        found = _shifted(strip, width, shift, window, beside=beside, average=average)
    except InputError as error:
        st.error(f"This pooling cannot be: {error}.", icon=":material/block:")
        return
    inputs, outputs = found.inputs_changed, found.outputs_changed
    st.markdown(
        f"#### :blue[{inputs.sum()} of {inputs.size}] inputs change, "
        f":green[{outputs.sum()} of {outputs.size}] {_KINDS[kind]} change"
    )
    layout.prose("What has changed is framed.")
    _grids(
        number_grid(found.before, title="Input"),
        number_grid(found.after, title="Input, shifted", marked=inputs),
    )
    _grids(
        number_grid(found.pooled_before, title="Pooled", role="output"),
        number_grid(
            found.pooled_after,
            title="Pooled, shifted",
            role="output",
            marked=outputs,
        ),
    )
    _all_windows(strip, width, shift, beside=beside)


def saving() -> None:
    """Show what pooling saves a convolution and a fully connected layer."""
    with st.container(horizontal=True, gap="small"):
        channels = whole_number("Channels", 1, 2048, 64, key=_key("channels"))
        side = whole_number("Rows and columns", 1, 512, 32, key=_key("side"))
        kernel = whole_number("Window", 1, 16, 2, key=_key("save_window"))
        stride = whole_number("Stride", 1, 16, 2, key=_key("save_stride"))
        filters = whole_number("Filters after it", 1, 2048, 128, key=_key("filters"))
        units = whole_number("Units after it", 1, 10_000, 100, key=_key("units"))
    try:
        found = savings(
            (channels, side, side),
            kernel_size=kernel,
            stride=stride,
            filters=filters,
            units=units,
        )
    except InputError as error:
        st.error(f"This pooling cannot be: {error}.", icon=":material/block:")
        return
    panels.table(
        ["", "without pooling", "with pooling", "saved"],
        [[s.quantity, f"{s.without:,}", f"{s.pooled:,}", percent(s.saved)] for s in found],
        align="lrrr",
    )
    st.caption(
        "The convolution: 3 × 3 with padding 1. Parameters with biases; a MAC is one "
        "multiplication with its addition, for one input. The pooling itself has no parameters "
        "and no MACs."
    )


@st.dialog("This pooling as code", width="large", icon=":material/code:")
def _code(setup: PoolSetup) -> None:
    st.markdown("PyTorch. It prints the output that the player shows, and the gradient.")
    st.code(pytorch_pooling(setup), language="python")


# The player ----------------------------------------------------------------------------------


def _player_data(setup: PoolSetup, notice: str) -> tuple[dict[str, Any], WindowTrace | None]:
    link = to_link(setup)
    preset = next((entry for entry in PRESETS.values() if entry.link == link), None)
    data: dict[str, Any] = {
        "label": "Pooling, step by step",
        "file": PAGE,
        "dialogs": ["page", "code"],
        "notice": notice,
        "fields": pool_fields(setup),
        "brief": pool_brief(setup),
        "fold": layout.is_lecture(),
        "about": (
            f"{preset.says} Source: {preset.source}." if preset else "Your own settings or numbers."
        ),
        "undo": player_state.has_past(_PLAYER),
        "link": link,
        "keys": list(PARAMETERS),
        "done": player_state.done(_PLAYER),
        "values": {"height": setup.size[0], "width": setup.size[1]},
    }
    try:
        trace = trace_pooling(setup)
    except InputError as error:
        ways = [{"label": label, "fields": fields} for label, fields in pool_repairs(setup)]
        return data | {"trace": None, "problem": {"says": f"{error}.", "repairs": ways}}, None
    data["trace"] = window_payload(trace) | {"formula": pool_formula(setup)}
    data["sizes"] = pool_sizes(setup, trace)
    data["predict"] = {
        "values": [
            {"says": says, "values": short(values)}
            for says, values in pool_value_mistakes(setup, trace)
        ],
        "sizes": [{"says": says, "size": list(size)} for says, size in pool_size_mistakes(setup)],
    }
    return data, trace


def _granted(setup: PoolSetup, wish: dict[str, Any]) -> PoolSetup:
    if "preset" in wish:
        return PRESETS[wish["preset"]].setup if wish["preset"] in PRESETS else setup
    if "edit" in wish:
        return edit(setup, wish["edit"]["part"], player_state.edited_cells(wish))
    return change(setup, **wish.get("set", {}))


_LAB = player_state.Lab(PARAMETERS, from_link, to_link, _granted)


# Grids ---------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _grids(*grids: str) -> None:
    """Draw grids beside each other, below each other where there is no room."""
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.4rem 1.6rem">{"".join(grids)}</div>')


def _channel(setup: PoolSetup, name: str = "") -> int:
    """Let the learner choose a channel where there are several."""
    if setup.channels == 1:
        return 0
    return int(choice("Channel", list(range(setup.channels)), key=_key(f"{name}channel")))


def _winners(setup: PoolSetup, trace: WindowTrace) -> NDArray[np.bool_] | None:
    """Return which inputs win a window, an array of shape (C, H, W)."""
    if trace.winners is None:
        return None
    ones = np.ones(trace.result.values.shape)
    marks: NDArray[np.bool_] = max_unpool2d(ones, switches_of(setup, trace), setup.size) > 0
    return marks


def _flow_words(
    setup: PoolSetup,
    trace: WindowTrace,
    upstream: NDArray[np.float64],
    passed: NDArray[np.float64],
    channel: int,
) -> str:
    """Say where the gradient goes, with the numbers of one channel."""
    arrives, goes = f"{upstream[channel].sum():.6g}", f"{passed[channel].sum():.6g}"
    if setup.kind == "max":
        switches = switches_of(setup, trace)[channel].ravel()
        places, times = np.unique(switches, return_counts=True)
        most = int(times.argmax())
        text = "Each number goes to the winner of its window, the others get 0."
        if times[most] > 1:
            row, column = divmod(int(places[most]), setup.size[1])
            parts = upstream[channel].ravel()[switches == places[most]]
            sum_ = " + ".join(f"{part:g}" for part in parts[:8]) + (
                " + …" if len(parts) > 8 else ""
            )
            text += (
                f" The {setup.x[channel, row, column]:g} in row {row}, column {column} wins "
                f"{times[most]} windows: it gets {sum_} = {parts.sum():g}."
            )
        return f"{text} In all, {arrives} arrives and {goes} is passed on."
    if setup.kind == "average":
        text = "Each number is spread evenly over its window; where windows overlap, parts add up."
        if arrives != goes:
            return f"{text} {arrives} arrives, {goes} reaches the input: the rest falls on padding."
        return f"{text} In all, {arrives} arrives and {goes} is passed on."
    return (
        "Each input gets the number that arrives, times the input, divided by the norm of its "
        "window: large inputs get more."
    )


# Shifts --------------------------------------------------------------------------------------


def _strip(name: str) -> tuple[NDArray[np.float64], int]:
    """Return a map with what comes in on the left, and how many columns are in sight."""
    random = np.random.default_rng(1)
    if name == _ROW:
        row = [0.6, 0.4, 0.2, *DETECTOR]
        return np.array([row]), len(DETECTOR) - 1
    if name == _TABLE:
        shifted, first = (np.array(POOL_INPUTS[key][1][0]) for key in ("shifted", "robust"))
        more = random.integers(0, 5, size=(len(first), _MOST_SHIFT - 1))
        return np.hstack([more, shifted[:, :1], first]).astype(np.float64), first.shape[1]
    if name == _RANDOM:
        return random.integers(0, 100, size=(1, 24 + _MOST_SHIFT)).astype(np.float64), 24
    return feature_map("cat", (12, 12 + _MOST_SHIFT))[0], 12


def _shifted(
    strip: NDArray[np.float64],
    width: int,
    shift: int,
    window: int,
    *,
    beside: bool,
    average: bool,
) -> Shifted:
    rows = 1 if len(strip) == 1 else window
    reach = (0, 0) if beside else ((rows - 1) // 2, (window - 1) // 2)
    stride = (rows, window) if beside else (1, 1)
    return shift_and_pool(
        strip,
        width=width,
        shift=shift,
        kernel_size=(rows, window),
        stride=stride,
        padding=reach,
        average=average,
    )


def _all_windows(strip: NDArray[np.float64], width: int, shift: int, *, beside: bool) -> None:
    """Compare windows from 1 to 6."""
    rows = []
    for window in range(1, 7):
        try:
            kinds = [
                _shifted(strip, width, shift, window, beside=beside, average=average)
                for average in (False, True)
            ]
        except InputError:
            break
        counts = [
            f"{found.outputs_changed.sum()} of {found.outputs_changed.size}" for found in kinds
        ]
        size = f"{window}" if len(strip) == 1 else f"{window} × {window}"
        expected = percent(float(expected_change(window, shift))) if len(strip) == 1 else ""
        rows.append([size, *counts, expected])
    sizes = (
        "Windows of k side by side give ⌊n / k⌋ outputs along a side of n inputs: "
        "what is left over at the end is not read."
        if beside
        else "A window of k at every place, with ⌊(k − 1) / 2⌋ of padding on both sides, gives n "
        "outputs along a side of n inputs where k is odd, and n − 1 where k is even."
    )
    head = ["window", "maxima that change", "means that change"]
    if len(strip) == 1:
        panels.table([*head, "maxima, expected"], rows, align="lrrr")
        st.caption(
            f"{sizes} *Expected*: of a long row of random numbers, "
            "1 − (window − shift) / (window + shift)."
        )
    else:
        panels.table(head, [row[:3] for row in rows], align="lrr")
        st.caption(sizes)
