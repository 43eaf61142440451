"""A Plotly chart of numbers of very different size."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import plotly.graph_objects as go

from cnnlab.figures.theme import ROLES

__all__ = ["log_bars"]


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
