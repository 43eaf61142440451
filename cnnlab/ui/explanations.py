"""Panels that show what a network sees and why it answers as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.figures import charts, tensors
from cnnlab.figures.pictures import framed
from cnnlab.ui import layout
from cnnlab.ui.controls import Picture

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam

__all__ = ["grad_cam_steps", "heat_overlay", "seen_by_network"]

_SHOWN = 9  # feature maps side by side


def seen_by_network(
    picture: Picture, seen: Image.Image, box: tuple[float, float, float, float]
) -> None:
    """Show a picture with the part that is cut out, beside what the network gets."""
    image = picture.image
    whole = box == (0, 0, image.width, image.height)
    gets = "The network gets all of it." if whole else "The network gets what is inside the frame."
    with st.grid(2, min_column_width=120):  # side by side on a phone too
        st.image(
            _in_blocks(image if whole else framed(image, box)),
            caption=f"{picture.title}, {image.width} wide, {image.height} high. {gets}",
            alt=picture.alt,
            width="stretch",
        )
        st.image(
            _in_blocks(seen),
            caption=f"As the network sees it, {seen.width} wide, {seen.height} high",
            alt=f"What the network gets. {picture.alt}",
            width="stretch",
        )


def _in_blocks(image: Image.Image) -> Image.Image:
    """Return a small picture with each pixel as a block: the browser would blur it."""
    if max(image.size) > 64:
        return image
    times = 256 // max(image.size)
    size = (times * image.width, times * image.height)
    return image.resize(size, Image.Resampling.NEAREST)


@st.fragment
def heat_overlay(page: str, seen: Image.Image, cam: GradCam, *, category: str) -> None:
    """Show the heat map over the picture, with a slider for its opacity."""
    st.subheader(f"What speaks for “{category}”", anchor=False)
    if not cam.overlay_map.any():
        st.warning(
            f"The map is empty: at this layer nothing speaks for “{category}”, every weighted sum "
            "is negative. Choose another class, or another layer.",
            icon=":material/visibility_off:",
        )
    opacity = st.slider(
        "Opacity of the heat map", 0.0, 1.0, 0.5, 0.05, key=f"{page}_opacity", bind="query-params"
    )
    layout.chart(
        tensors.overlay(seen, cam.overlay_map, opacity=opacity, unit="heat"),
        height=460,
        alt=f"Grad-CAM for {category}: {_where(cam.overlay_map)}.",
    )


def grad_cam_steps(cam: GradCam, *, category: str) -> None:
    """Show feature maps × weights = heat map, as three small pictures."""
    strongest = cam.strongest_channels(_SHOWN)
    maps, weights = cam.activations[strongest], cam.weights[strongest]
    st.subheader("Feature maps × weights = heat map", anchor=False)
    first, second, third = st.columns(3, gap="medium")
    with first:
        st.markdown(
            f"**:blue[1. Feature maps]** the {len(strongest)} that change the sum most "
            "(weight × activation)"
        )
        st.image(
            tensors.map_gallery(maps, labels=[str(channel) for channel in strongest]),
            caption=f"Each with its number. Black is {maps.min():.3g}, white is {maps.max():.3g}.",
            output_format="PNG",
            width="stretch",
            alt=f"{len(strongest)} feature maps in shades of grey.",
        )
    with second:
        st.markdown(f"**:orange[2. Weights]** does the map speak for or against “{category}”?")
        layout.chart(
            charts.weight_bars([int(channel) for channel in strongest], weights.tolist()),
            height=260,
            alt=f"Weights from {weights.min():.3g} to {weights.max():.3g}.",
        )
        st.caption(
            "How much the score of the class, before the softmax, grows when the map grows: the "
            "mean of its gradient. "
            "Below 0, the map speaks against the class."
        )
    with third:
        rows, columns = cam.heat_map.shape
        st.markdown("**:green[3. Heat map]** weighted sum of all maps, negative values set to 0")
        layout.chart(
            tensors.heat_map(cam.heat_map, unit="heat"),
            height=260,
            alt=f"Heat map of {rows} × {columns} cells: {_where(cam.heat_map)}.",
        )
        st.caption(
            f"{rows} × {columns} cells, from 0 to {cam.heat_map.max():.3g}. "
            "Enlarged to the size of the picture, it is the overlay above."
        )


def _where(heat: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> str:
    """Say in words where a heat map is largest."""
    if not heat.any():
        return "empty"
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    vertical = ("top", "middle", "bottom")[int(3 * row // heat.shape[0])]
    horizontal = ("left", "centre", "right")[int(3 * column // heat.shape[1])]
    return f"largest at the {vertical} {horizontal}"
