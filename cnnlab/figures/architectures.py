"""Plotly charts about whole networks: where their costs sit, and what they reached."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from cnnlab.architectures.history import ABLATION, CHALLENGE, HUMAN, MEASURED
from cnnlab.architectures.tables import Line
from cnnlab.derivations import with_unit
from cnnlab.figures.theme import ROLES
from cnnlab.percent import percent

__all__ = ["ablation_bars", "accuracy_bubbles", "challenge_bars", "stage_shares"]


def stage_shares(
    networks: Mapping[str, tuple[Sequence[Line], set[str]]],
    *,
    flops: bool = False,
    smallest: int = 12,
) -> go.Figure:
    """Return two stacked bars for each network: its parameters and its operations, by stage.

    Parameters
    ----------
    networks : mapping
        By title: a line for each stage, and the names of those that are fully connected.
    flops : bool
        Whether operations are counted as FLOPs, two for each MAC.
    smallest : int
        Size of type below which a name is left out rather than written.

    Returns
    -------
    go.Figure
        Horizontal bars, each 100 % long. Convolutions and fully connected layers are told apart by
        colour and by the name on the bar.
    """
    unit = "FLOPs" if flops else "MACs"
    figure = go.Figure()
    for title, (lines, connected) in networks.items():
        for quantity in ("parameters", unit):
            counts = [x.n_params if quantity == "parameters" else x.macs for x in lines]
            whole = sum(counts)
            bar = "<br>".join([*textwrap.wrap(title, 20), quantity])
            for line, count in zip(lines, counts, strict=True):
                role = "cursor" if line.name in connected else "kernel"
                share = count / whole
                number = with_unit(count * (2 if quantity == "FLOPs" else 1), "")
                says = f"{line.name}: {number} {quantity}, {percent(share)}"
                figure.add_bar(
                    x=[share],
                    y=[bar],
                    orientation="h",
                    marker={
                        "color": ROLES[role].figure,
                        "opacity": 0.55,
                        "line": {"color": ROLES[role].figure, "width": 2},
                    },
                    text=f"{line.name}<br>{percent(round(share, 2))}" if share >= 0.08 else "",
                    textposition="inside",
                    insidetextanchor="middle",
                    textangle=0,
                    hovertemplate=f"{says}<extra></extra>",
                    showlegend=False,
                )
    figure.update_layout(
        barmode="stack",
        bargap=0.25,
        margin={"l": 0, "r": 15, "t": 5, "b": 0},
        uniformtext={"minsize": smallest, "mode": "hide"},
    )
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="share of the whole", fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    return figure


def challenge_bars() -> go.Figure:
    """Return the winner's error in the ImageNet challenge by year, with the human level."""
    bars = [
        (f"{year} {winner}", error, "kernel" if network else "padding")
        for year, (error, winner, network) in CHALLENGE.items()
    ]
    bars.append(("human", HUMAN, "cursor"))
    bars.sort(key=lambda bar: -bar[1])  # the winners get better every year
    figure = go.Figure(
        go.Bar(
            x=[error for _, error, _ in bars],
            y=[name for name, _, _ in bars],
            orientation="h",
            text=[f"{error:g}\u202f%" for _, error, _ in bars],
            textposition="outside",
            constraintext="none",
            marker_color=[ROLES[role].figure for _, _, role in bars],
            hovertemplate="%{y}: %{x}\u202f%<extra></extra>",
            cliponaxis=False,
        )
    )
    figure.update_layout(margin={"l": 0, "r": 50, "t": 5, "b": 0}, bargap=0.25, showlegend=False)
    figure.update_xaxes(title="top-5 error in %", range=[0, 30], fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    return figure


_PLACES = {  # where the name stands; elsewhere above
    "alexnet": "bottom center",
    "squeezenet1_0": "middle right",
    "shufflenet_v2_x1_0": "bottom center",
    "googlenet": "middle left",
    "resnet18": "middle right",
    "densenet121": "middle left",
    "resnet50": "middle right",
    "resnext50_32x4d": "middle left",
    "resnet152": "top center",
    "vgg16": "bottom center",
    "efficientnet_b3": "middle left",
    "efficientnet_b7": "top left",
}


def accuracy_bubbles(*, flops: bool = False) -> go.Figure:
    """Return top-1 accuracy against operations; a bubble's area stands for the parameters."""
    entries = list(MEASURED.values())
    times = 2 if flops else 1
    unit = "FLOPs" if flops else "MACs"
    figure = go.Figure(
        go.Scatter(
            x=[times * entry.gmacs for entry in entries],
            y=[entry.top1 for entry in entries],
            mode="markers+text",
            text=[entry.title for entry in entries],
            textposition=[_PLACES.get(name, "top center") for name in MEASURED],
            marker={
                "size": [entry.n_params for entry in entries],
                "sizemode": "area",
                "sizeref": 1.4e8 / 45**2,
                "sizemin": 4,
                "color": ROLES["output"].figure,
                "opacity": 0.6,
                "line": {"color": ROLES["output"].figure, "width": 2},
            },
            hovertext=[
                f"{e.title}: {e.top1:.1f}\u202f%, {times * e.gmacs:.3g} G{unit}, "
                f"{with_unit(e.n_params, '')} parameters"
                for e in entries
            ],
            hoverinfo="text",
            cliponaxis=False,
        )
    )
    figure.update_layout(margin={"l": 0, "r": 20, "t": 20, "b": 0}, showlegend=False)
    figure.update_xaxes(
        type="log",
        title=f"operations for one picture, in 10⁹ {unit}",
        tickvals=[0.1, 0.3, 1, 3, 10, 30, 100],
        range=[-1, 1.75] if not flops else [-0.7, 2.05],
        fixedrange=True,
    )
    figure.update_yaxes(title="top-1 accuracy in %", range=[53, 88], fixedrange=True)
    return figure


def ablation_bars() -> go.Figure:
    """Return the error of networks with layers taken away or changed: training and validation."""
    names = ["<br>".join(textwrap.wrap(row.title, 20)) for row in ABLATION]
    figure = go.Figure()
    for label, values, role, shape in (
        ("training pictures, top-1", [row.train_top1 for row in ABLATION], "padding", "/"),
        ("validation, top-1", [row.val_top1 for row in ABLATION], "kernel", ""),
        ("validation, top-5", [row.val_top5 for row in ABLATION], "output", ""),
    ):
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            name=label,
            text=[f"{value:.1f}" for value in values],
            textposition="outside",
            constraintext="none",
            marker={
                "color": ROLES[role].figure,
                "pattern": {"shape": shape, "fillmode": "overlay"},
            },
            hovertemplate="%{y}: %{x}\u202f%<extra>" + label + "</extra>",
            cliponaxis=False,
        )
    figure.update_layout(
        margin={"l": 0, "r": 30, "t": 10, "b": 0},
        bargap=0.2,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    figure.update_xaxes(title="error in %", range=[0, 82], fixedrange=True)
    figure.update_yaxes(autorange="reversed", automargin=True, fixedrange=True)
    return figure
