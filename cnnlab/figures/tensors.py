"""Feature maps and heat maps as Plotly figures: row 0 on top, square pixels, ranges said."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plotly.colors import hex_to_rgb, sequential

from cnnlab.images import to_png

__all__ = ["heat_map", "map_gallery", "overlay"]

Floats = NDArray[np.floating[Any]]
# From black over red to yellow: ordered by brightness, so it is safe for colour-blind readers.
# Written as rgb(), because Streamlit takes the scale's own first colour, #000004, for a
# placeholder of its theme and replaces it.
_SCALE = [
    [place / (len(sequential.Inferno) - 1), f"rgb{hex_to_rgb(colour)}"]
    for place, colour in enumerate(sequential.Inferno)
]


def overlay(picture: Image.Image, values: Floats, *, opacity: float, unit: str) -> go.Figure:
    """Return a heat map laid over the picture that it explains.

    Parameters
    ----------
    picture : PIL.Image.Image
        RGB, W × H pixels.
    values : ndarray of shape (H, W)
        Not negative.
    opacity : float
        Of the heat map, between 0 (only the picture) and 1 (only the map).
    unit : str
        What the colour bar measures.

    Returns
    -------
    go.Figure
        The picture, the map over it, and a colour bar from zero to the largest value.
    """
    height, width = values.shape
    figure = _heat(values, opacity=opacity, unit=unit)
    figure.add_layout_image(
        source=_data_url(picture),
        xref="x",
        yref="y",
        x=-0.5,
        y=-0.5,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer="below",
    )
    return figure


def heat_map(values: Floats, *, unit: str) -> go.Figure:
    """Return a small heat map; up to 8 cells wide, each shows its number.

    Parameters
    ----------
    values : ndarray of shape (h, w)
        Not negative.
    unit : str
        What the colour bar measures.

    Returns
    -------
    go.Figure
        The map with a colour bar from zero to the largest value.
    """
    figure = _heat(values, opacity=1.0, unit=unit)
    if values.shape[1] <= 8:
        figure.update_traces(texttemplate="%{z:.2g}")
    return figure


def map_gallery(maps: Floats, *, columns: int = 3, labels: Sequence[str] = ()) -> Image.Image:
    """Return feature maps side by side, in one shared range of grey.

    Parameters
    ----------
    maps : ndarray of shape (N, h, w)
        The maps.
    columns : int
        Maps in a row.
    labels : sequence of str
        What to write into the upper left corner of each map.

    Returns
    -------
    PIL.Image.Image
        Mode L: black is the smallest value of all maps, white the largest, one middle grey
        between the maps.
    """
    count, height, width = maps.shape
    rows = math.ceil(count / columns)
    low, high = float(maps.min()), float(maps.max())
    shade = np.round((maps - low) / (high - low) * 255) if high > low else np.full_like(maps, 128)
    scale = max(1, 160 // max(height, width))
    gap = 4
    tile_h, tile_w = height * scale + gap, width * scale + gap
    sheet = np.full((rows * tile_h - gap, columns * tile_w - gap), 128, dtype=np.uint8)
    for place, tile in enumerate(shade.astype(np.uint8)):
        top, left = place // columns * tile_h, place % columns * tile_w
        block = np.kron(tile, np.ones((scale, scale), dtype=np.uint8))
        sheet[top : top + height * scale, left : left + width * scale] = block
    gallery = Image.fromarray(sheet)
    draw = ImageDraw.Draw(gallery)
    for place, label in enumerate(labels):
        corner = (place % columns * tile_w, place // columns * tile_h)
        box = draw.textbbox(corner, label, font_size=16)
        draw.rectangle((*corner, box[2] + 3, box[3] + 3), fill=0)
        draw.text(corner, label, fill=255, font_size=16)
    return gallery


def _heat(values: Floats, *, opacity: float, unit: str) -> go.Figure:
    height, width = values.shape
    top = float(values.max())
    trace = go.Heatmap(
        z=values.astype(np.float32),
        zmin=0,
        zmax=top if top > 0 else 1,
        colorscale=_SCALE,
        opacity=opacity,
        colorbar={
            "title": {"text": unit, "side": "bottom"},
            "orientation": "h",
            "y": 0,
            "yanchor": "top",
            "thickness": 12,
            "nticks": 5,
            "tickformat": "~g",
        },
        hovertemplate="row %{y}, column %{x}: %{z:.4g}<extra></extra>",
    )
    figure = go.Figure(trace)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 8, "b": 0})
    hidden: dict[str, Any] = {
        "showgrid": False,
        "zeroline": False,
        "showticklabels": False,
        "ticks": "",
        "fixedrange": True,
    }
    figure.update_xaxes(range=[-0.5, width - 0.5], constrain="domain", **hidden)
    figure.update_yaxes(range=[height - 0.5, -0.5], scaleanchor="x", constrain="domain", **hidden)
    return figure


def _data_url(picture: Image.Image) -> str:
    return "data:image/png;base64," + base64.b64encode(to_png(picture)).decode()
