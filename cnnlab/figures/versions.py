"""Versions of a picture: the field that bent it, and what a network answers to each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnlab.figures.theme import ROLES
from cnnlab.percent import finely

__all__ = ["answer_strips", "arrow_scale", "arrows", "gridded"]

_GAP = 16  # pixels between two lines of the grid, and between two arrows
_SHARP = 3  # how many pixels are drawn for each one, so that thin lines stay smooth


def gridded(picture: Image.Image) -> Image.Image:
    """Return a picture with a regular grid over it; bend it to see how a field bends.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode RGB; it is not changed.

    Returns
    -------
    PIL.Image.Image
        The same size.

    Examples
    --------
    >>> gridded(Image.new("RGB", (64, 64))).getpixel((8, 20)) == (255, 255, 255)
    True
    """
    shown = picture.copy()
    pen = ImageDraw.Draw(shown)
    width, height = shown.size
    for column in range(_GAP // 2, width, _GAP):
        pen.line((column, 0, column, height), fill="white")
    for row in range(_GAP // 2, height, _GAP):
        pen.line((0, row, width, row), fill="white")
    return shown


def arrow_scale(moves: NDArray[np.float64]) -> int:
    """Return how many times longer than the moves arrows may be drawn: 1, 2, 4 or 8.

    Parameters
    ----------
    moves : ndarray of shape (H, W, 2)
        Pixels, (x, y).

    Examples
    --------
    >>> arrow_scale(np.full((4, 4, 2), 2.0))
    4
    """
    long = float(np.quantile(np.hypot(moves[..., 0], moves[..., 1]), 0.9))  # few are longer
    return max((times for times in (1, 2, 4, 8) if times * long <= _GAP), default=1)


def arrows(picture: Image.Image, moves: NDArray[np.float64], *, times: int) -> Image.Image:
    """Return a picture with arrows that show how its pixels came to their places.

    Parameters
    ----------
    picture : PIL.Image.Image
        The bent picture, mode RGB; it is not changed.
    moves : ndarray of shape (H, W, 2)
        For each pixel how far it was moved, in pixels, (x, y).
    times : int
        How many times longer than the moves the arrows are.

    Returns
    -------
    PIL.Image.Image
        Three times as wide and high, and darker. Each arrow ends at the pixel that was moved.
    """
    size = (picture.width * _SHARP, picture.height * _SHARP)
    shown = picture.resize(size, Image.Resampling.BICUBIC)
    shown = Image.blend(shown, Image.new("RGB", size), 0.5)  # darker, so that the arrows stand out
    pen = ImageDraw.Draw(shown)
    for row in range(_GAP // 2, picture.height, _GAP):
        for column in range(_GAP // 2, picture.width, _GAP):
            x, y = moves[row, column] * times * _SHARP
            _arrow(pen, (column * _SHARP - x, row * _SHARP - y), (column * _SHARP, row * _SHARP))
    return shown


def _arrow(pen: ImageDraw.ImageDraw, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw a light arrow with a dark edge, readable on any picture."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    length = math.hypot(end[0] - start[0], end[1] - start[1])
    head = min(14.0, length)
    wings = [
        (end[0] - head * math.cos(angle + turn), end[1] - head * math.sin(angle + turn))
        for turn in (-0.5, 0.5)
    ]
    for colour, width in (("black", 8), ("white", 4)):
        for tail in (start, *wings):
            pen.line((*tail, *end), fill=colour, width=width)


def answer_strips(
    rows: Mapping[str, Sequence[float]], *, original: float, category: str
) -> go.Figure:
    """Return a strip of dots for each change: the probability of one class for each version.

    Parameters
    ----------
    rows : mapping of str to sequence of float
        For each change, the first on top, the probabilities.
    original : float
        The probability for the unchanged picture.
    category : str
        The class.

    Returns
    -------
    go.Figure
        Dots on an axis from 0 to 1, a bar at each mean, a dashed line at the original.
    """
    dots = go.Scatter(
        x=[share for shares in rows.values() for share in shares],
        y=[name for name, shares in rows.items() for _ in shares],
        mode="markers",
        marker={"size": 11, "color": ROLES["output"].figure, "opacity": 0.6},
        customdata=[epoch + 1 for shares in rows.values() for epoch in range(len(shares))],
        hovertemplate="epoch %{customdata}: %{x:.1%}<extra></extra>",
        name="one version",
        cliponaxis=False,
    )
    means = go.Scatter(
        x=[float(np.mean(shares)) for shares in rows.values()],
        y=list(rows),
        mode="markers",
        marker={
            "symbol": "line-ns",
            "size": 26,
            "line": {"width": 4, "color": ROLES["kernel"].figure},
        },
        hovertemplate="mean %{x:.1%}<extra></extra>",
        name="mean",
        cliponaxis=False,
    )
    figure = go.Figure([dots, means])
    figure.add_vline(
        x=original,
        line={"dash": "dash", "width": 2, "color": ROLES["cursor"].figure},
        annotation_text=f"unchanged {finely(original)}",
        annotation_position="top left" if original > 0.5 else "top right",
    )
    figure.update_layout(
        margin={"l": 0, "r": 20, "t": 30, "b": 0},
        legend={"orientation": "h", "y": -0.35 if len(rows) < 4 else -0.2, "yanchor": "top"},
    )
    figure.update_xaxes(
        range=[0, 1], title=f"probability of “{category}”", tickformat=".0%", fixedrange=True
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticksuffix="  ")
    return figure
