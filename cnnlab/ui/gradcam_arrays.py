"""Every array of Grad-CAM: its range, itself as a picture or as numbers, all of them in a file."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnlab.figures import cam_cards
from cnnlab.figures.cam_cards import Card
from cnnlab.figures.number_grid import number_grid
from cnnlab.ui import controls, layout
from cnnlab.ui.gradcam_setting import PAGE, Floats, Setting, where

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam

__all__ = ["arrays"]

_GRID = 13  # rows and columns of numbers that are written at most


def arrays(setting: Setting, cam: GradCam, channel: int) -> None:
    """Draw all arrays in a table, and one of them as a picture or as numbers."""
    st.markdown("##### Every array")
    named = _named(cam, channel)
    st.html(cam_cards.ranges(named))
    few = [what for what, values in named.items() if values.ndim < 3]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        what = controls.pick("Look at", few, key=f"{PAGE}_array", width=280)
        how = controls.choice("as", ["picture", "numbers"], key=f"{PAGE}_as")
    _one_array(what, named[what], how)
    if not layout.is_lecture():
        st.download_button(
            "All arrays (.npz)",
            lambda: _npz(cam),
            file_name=f"grad-cam-{setting.name}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )


def _named(cam: GradCam, channel: int) -> dict[str, Floats]:
    return {
        "Feature maps A": cam.activations,
        "Gradients dy/dA": cam.gradients,
        "Weights α": cam.weights,
        f"A of channel {channel}": cam.activations[channel],
        f"dy/dA of channel {channel}": cam.gradients[channel],
        f"α · A of channel {channel}": cam.weighted(channel),
        "Sum before the ReLU": cam.signed_map,
        "After the ReLU": cam.heat_map,
        "Enlarged": cam.overlay_map,
    }


def _one_array(what: str, values: Floats, how: str) -> None:
    if values.ndim == 1:
        if how == "picture":
            st.html(cam_cards.bars(values, title=what))
            st.caption(f"Sorted, the largest first. {cam_cards.range_of(values)}.")
            return
        order = np.argsort(-np.abs(values), kind="stable")[:40]
        st.html(
            number_grid(
                values[order].reshape(1, -1) if len(order) < 10 else _in_rows(values[order]),
                title=f"{what}: the {len(order)} largest in size, from channel {order[0]} on",
                role="kernel",
                decimals=_decimals(values),
            )
        )
        st.caption("Channels in this order: " + ", ".join(str(k) for k in order.tolist()) + ".")
        return
    if how == "picture":
        one = Card(what, values, signed=bool(values.min() < 0), alt=f"{what}: {where(values)}.")
        st.html(cam_cards.cards([cam_cards.card(one)], smallest="12rem"))
        return
    part, top, left = _window(values)
    title = what
    if part.shape != values.shape:
        title += (
            f": rows {top} to {top + part.shape[0] - 1}, columns {left} to "
            f"{left + part.shape[1] - 1}, around the largest"
        )
    st.html(number_grid(part, title=title, role="kernel", decimals=_decimals(values)))
    st.caption("Hatched cells are negative. The stronger the colour, the larger the size.")


def _in_rows(values: Floats) -> Floats:
    rows = np.full((-(-len(values) // 10), 10), np.nan)
    rows.flat[: len(values)] = values
    return rows


def _window(values: Floats) -> tuple[Floats, int, int]:
    """Return as much of a map as fits the page, around its largest size."""
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    starts = [
        int(np.clip(at - _GRID // 2, 0, max(side - _GRID, 0)))
        for at, side in zip((row, column), values.shape, strict=True)
    ]
    top, left = starts
    return values[top : top + _GRID, left : left + _GRID], top, left


def _decimals(values: Floats) -> int:
    """Return how many digits after the point show three digits of the largest number."""
    largest = float(np.abs(values).max(initial=0.0))
    return int(np.clip(2 - np.floor(np.log10(largest)), 0, 8)) if largest else 0


def _npz(cam: GradCam) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(
        file,
        activations=cam.activations,
        gradients=cam.gradients,
        weights=cam.weights,
        signed_map=cam.signed_map,
        heat_map=cam.heat_map,
        overlay_map=cam.overlay_map,
        score=cam.score,
    )
    return file.getvalue()
