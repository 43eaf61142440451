"""Plotly charts of single numbers: probabilities and weights."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.figures.theme import ROLES

__all__ = ["log_bars", "percent", "weight_bars"]


def weight_bars(channels: Sequence[int], weights: Sequence[float]) -> go.Figure:
    """Return one bar for each channel's weight, signed.

    Parameters
    ----------
    channels : sequence of int
        Numbers of the channels, in the order to show them.
    weights : sequence of float
        Their weights.

    Returns
    -------
    go.Figure
        Horizontal bars around zero.
    """
    bars = go.Bar(
        x=list(weights),
        y=[f"map {channel}" for channel in channels],
        orientation="h",
        marker_color=ROLES["kernel"].figure,
        hovertemplate="%{y}: weight %{x:.4g}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_layout(margin={"l": 0, "r": 10, "t": 10, "b": 0}, bargap=0.35)
    figure.update_xaxes(title="weight", zeroline=True, zerolinewidth=2, fixedrange=True)
    figure.update_xaxes(nticks=4, tickformat="~g")
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True)
    return figure


def percent(probability: float) -> str:
    """Return a probability as text: two digits that matter, never a false 0 or 100."""
    share = 100 * probability
    if share < 0.01:
        return "< 0.01\u202f%"
    if share >= 99.95:
        return "100\u202f%" if share == 100 else "> 99.9\u202f%"
    return f"{share:.2f}\u202f%" if share < 1 else f"{share:.1f}\u202f%"


def log_bars(names: Sequence[str], values: Sequence[int], *, title: str) -> go.Figure:
    """Return one bar for each number on a logarithmic axis, with the number written out.

    Parameters
    ----------
    names : sequence of str
        What is counted, the first on top.
    values : sequence of int
        At least 1.
    title : str
        What the axis counts.

    Returns
    -------
    go.Figure
        Horizontal bars; each step of the axis is ten times the one before.
    """
    bars = go.Bar(
        x=list(values),
        y=["<br>".join(textwrap.wrap(name, 22)) for name in names],
        text=[f"{value:,}" for value in values],
        textposition="outside",
        orientation="h",
        marker_color=ROLES["kernel"].figure,
        hovertemplate="%{y}: %{text}<extra></extra>",
        cliponaxis=False,
    )
    figure = go.Figure(bars)
    figure.update_layout(margin={"l": 0, "r": 110, "t": 10, "b": 0}, bargap=0.35)
    top = len(str(max(values)))
    figure.update_xaxes(
        type="log", title=title, range=[0, top], dtick=max(1, top // 5), fixedrange=True
    )
    figure.update_xaxes(exponentformat="SI")
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True)
    return figure
