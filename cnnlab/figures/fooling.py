"""Fooled pictures: the change magnified, and curves over its size."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image

from cnnlab.figures.theme import ROLES
from cnnlab.pixels import to_png

__all__ = ["epsilon_chart", "exact_link", "linear_chart", "magnified"]

MIDDLE = 128  # the grey of what did not change
_WIDE = 24  # characters of a name in the legend before it wraps


def magnified(perturbation: NDArray[np.integer[Any]], *, epsilon: int) -> tuple[Image.Image, int]:
    """Return a change so much stronger that it can be seen, and how many times.

    Parameters
    ----------
    perturbation : ndarray of shape (H, W, C)
        The change of every number, in grey levels.
    epsilon : int
        The largest change that is to be told apart.

    Returns
    -------
    picture : PIL.Image.Image
        Grey 128 where nothing changed, brighter and darker elsewhere.
    times : int
        What the change was multiplied with.

    Examples
    --------
    >>> picture, times = magnified(np.array([[[-2], [0], [1]]]), epsilon=2)
    >>> times, [picture.getpixel((column, 0)) for column in range(3)]
    (63, [2, 128, 191])
    """
    times = (255 - MIDDLE) // max(epsilon, 1)
    pixels = np.clip(MIDDLE + times * perturbation.astype(int), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels), times


def exact_link(picture: Image.Image) -> str:
    """Return a picture as a ``data:`` link that keeps every grey level: a PNG file."""
    return f"data:image/png;base64,{base64.b64encode(to_png(picture)).decode()}"


def epsilon_chart(
    epsilons: Sequence[int],
    lines: Sequence[tuple[str, Sequence[float]]],
    texts: Sequence[str],
    *,
    epsilon: int,
) -> go.Figure:
    """Return probabilities over epsilon, with a mark at the epsilon that is chosen.

    Parameters
    ----------
    epsilons : sequence of int
        Grey levels.
    lines : sequence of two (name, probabilities)
        The first is drawn solid, the second dashed.
    texts : sequence of str
        The answer at each epsilon, for the pointer.
    epsilon : int
        What is chosen.

    Returns
    -------
    go.Figure
        A line chart.
    """
    figure = go.Figure()
    roles, dashes = ("input", "kernel"), ("solid", "dash")
    for (name, values), role, dash in zip(lines, roles, dashes, strict=True):
        figure.add_scatter(
            x=list(epsilons),
            y=[float(value) for value in values],
            customdata=list(texts),
            name=_wrapped(name),
            mode="lines+markers",
            line={"color": ROLES[role].figure, "dash": dash, "width": 3},
            hovertemplate="ε = %{x}: %{y:.1%}; answer: %{customdata}<extra></extra>",
        )
    if epsilon <= epsilons[-1]:
        figure.add_vline(x=epsilon, line={"color": ROLES["cursor"].figure, "width": 2})
    figure.update_yaxes(range=[-0.02, 1.02], tickformat=".0%", title="probability")
    return _framed(figure, "ε, grey levels")


def linear_chart(
    epsilons: Sequence[float], foretold: Sequence[float], actual: Sequence[float]
) -> go.Figure:
    """Return a score over epsilon: the straight line of the linear view, and the network's.

    Parameters
    ----------
    epsilons : sequence of float
        Grey levels.
    foretold, actual : sequence of float
        The scores.

    Returns
    -------
    go.Figure
        A line chart.
    """
    figure = go.Figure()
    for name, values, role, dash in (
        ("linear view", foretold, "kernel", "dash"),
        ("the network", actual, "output", "solid"),
    ):
        figure.add_scatter(
            x=[float(x) for x in epsilons],
            y=[float(y) for y in values],
            name=name,
            mode="lines",
            line={"color": ROLES[role].figure, "dash": dash, "width": 3},
            hovertemplate="ε = %{x}: score %{y:.2f}<extra></extra>",
        )
    figure.update_yaxes(title="score of the class")
    return _framed(figure, "ε, grey levels")


def _framed(figure: go.Figure, title: str) -> go.Figure:
    figure.update_layout(
        margin={"l": 0, "r": 10, "t": 10, "b": 0},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "font": {"size": 14}},
    )
    figure.update_xaxes(title=title, fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True, automargin=True)
    return figure


def _wrapped(name: str) -> str:
    return "<br>".join(textwrap.wrap(name, _WIDE))
