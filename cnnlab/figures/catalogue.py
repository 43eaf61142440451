"""What networks give and what they cost: a chart of many, a table of a few."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from html import escape
from typing import Any

import plotly.graph_objects as go

from cnnlab.choosing import COSTS, Entry, frontier
from cnnlab.comparing import Fact
from cnnlab.figures.theme import ROLES

__all__ = ["accuracy_chart", "fact_table", "paper_table"]

TRANSFORMERS = ("ViT", "Swin", "Swin V2", "MaxViT")
_UNITS = {  # of the lower axis: divided by, in words
    "MACs": (1e9, "10⁹ MACs for one picture"),
    "parameters": (1e6, "million parameters"),
    "file size": (1e6, "file of weights in MB (10⁶ bytes)"),
}


def accuracy_chart(
    every: Sequence[Entry], shown: Sequence[Entry], chosen: Sequence[Entry], *, cost: str
) -> go.Figure:
    """Return the accuracy on ImageNet against a cost, a point for each network.

    Parameters
    ----------
    every : sequence of Entry
        All networks; those without an accuracy on ImageNet are left out.
    shown : sequence of Entry
        Those that the filters leave; the others are drawn faintly.
    chosen : sequence of Entry
        Those to point out by name.
    cost : str
        A key of `cnnlab.choosing.COSTS`.

    Returns
    -------
    go.Figure
        Circles are convolutional networks, diamonds are transformers, a ring is a chosen one. The
        dotted line joins those that no other shown network beats.
    """
    divisor, axis = _UNITS[cost]
    rated = [entry for entry in every if entry.accuracy is not None]
    names, picked = {entry.name for entry in shown}, {entry.name for entry in chosen}
    best = frontier(shown, cost)
    reach = _reach([COSTS[cost](entry) / divisor for entry in rated])
    figure = go.Figure()

    def at(entry: Entry) -> float:
        """Return how far to the right a point stands, from 0 to 1."""
        return (math.log10(COSTS[cost](entry) / divisor) - reach[0]) / (reach[1] - reach[0])

    def points(title: str, entries: Sequence[Entry], marker: dict[str, Any], **style: Any) -> None:
        if entries:
            figure.add_scatter(
                x=[COSTS[cost](entry) / divisor for entry in entries],
                y=[entry.accuracy for entry in entries],
                name=title,
                marker=marker,
                hovertext=[_hover(entry) for entry in entries],
                cliponaxis=False,
                **({"mode": "markers", "hoverinfo": "text"} | style),
            )

    rest = [entry for entry in rated if entry.name not in names]
    points("left out by the filters", rest, _marker("padding", size=6, opacity=0.35))
    points(
        "no other gives as much for less",
        best,
        _marker("padding"),
        mode="lines",
        line={"color": ROLES["padding"].figure, "dash": "dot", "width": 2},
        hoverinfo="skip",
    )
    fitting = [entry for entry in rated if entry.name in names]
    attentive = [entry for entry in fitting if entry.family.title in TRANSFORMERS]
    points("convolutional", [e for e in fitting if e not in attentive], _marker("output"))
    points("transformer", attentive, _marker("kernel", symbol="diamond", size=11))
    ring = _marker("cursor", symbol="circle-open", size=19) | {"line": {"width": 4}}
    compared = [entry for entry in rated if entry.name in picked]
    points("chosen", compared, ring)
    for entry in _worth_a_name(best, picked, at):
        _name(figure, entry, entry.name, COSTS[cost](entry) / divisor, _side(entry, best, at))
    for entry in compared:
        words = f"<b>{entry.name}</b>"
        _name(figure, entry, words, COSTS[cost](entry) / divisor, _side(entry, best, at))
    figure.update_layout(
        margin={"l": 0, "r": 15, "t": 10, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "title": None},
    )
    bases = (1, 3) if reach[1] - reach[0] < 4 else (1,)
    ticks = [base * 10**power for power in range(-3, 5) for base in bases]
    figure.update_xaxes(
        type="log",
        title=axis,
        range=reach,
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
        tickangle=0,
        fixedrange=True,
    )
    figure.update_yaxes(title="right at the first guess, in %", range=[54, 91], fixedrange=True)
    return figure


def _reach(costs: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the lower axis as powers of ten, with room for names on the left."""
    low, high = math.log10(min(costs)), math.log10(max(costs))
    return low - 0.27 * (high - low), high + 0.04 * (high - low)


def _worth_a_name(
    best: Sequence[Entry], picked: Collection[str], at: Callable[[Entry], float]
) -> list[Entry]:
    """Return those of the best whose names run into no other name, nor into the axis."""
    named = [entry for entry in best if entry.name in picked]
    found = []
    for entry in reversed(best):
        apart = all(abs((one.accuracy or 0.0) - (entry.accuracy or 0.0)) >= 2 for one in named)
        if apart and not 0.3 < at(entry) < 0.36:
            named.append(entry)
            found.append(entry)
    return found


def _side(entry: Entry, best: Sequence[Entry], at: Callable[[Entry], float]) -> str:
    """Return where a name stands: above the line of the best, where no other point is."""
    if entry in best and at(entry) > 0.3:
        return "top left"
    return "bottom right" if at(entry) < 0.72 else "bottom left"


def _name(figure: go.Figure, entry: Entry, words: str, x: float, side: str) -> None:
    figure.add_scatter(
        x=[x],
        y=[entry.accuracy],
        mode="markers+text",
        marker={"size": 20 if "<b>" in words else 9, "opacity": 0},  # keeps the words at a distance
        text=[words],
        textposition=side,
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def _marker(
    role: str, *, symbol: str = "circle", size: int = 10, opacity: float = 0.8
) -> dict[str, Any]:
    colour = ROLES[role].figure
    line = {"color": colour, "width": 1.5}
    return {"symbol": symbol, "size": size, "color": colour, "opacity": opacity, "line": line}


def _hover(entry: Entry) -> str:
    weights = entry.weights
    return (
        f"<b>{entry.name}</b><br>{entry.family.title}, {entry.family.year}<br>"
        f"{weights.acc1:.1f}\u202f%, {weights.version}<br>{weights.macs / 1e9:.3g} G MACs<br>"
        f"{weights.n_params / 1e6:.3g} million parameters<br>{weights.file_bytes / 1e6:.1f} MB"
    )


def fact_table(names: Sequence[str], facts: Sequence[Fact]) -> str:
    """Return facts about a few networks as HTML, a column for each; the best is marked in words.

    Parameters
    ----------
    names : sequence of str
        The networks.
    facts : sequence of Fact
        The rows, as `cnnlab.comparing.compare` returns them.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row" style="min-width:7rem">{escape(fact.label)}</th>'
        + "".join(_cell(fact, place) for place in range(len(names)))
        + "</tr>"
        for fact in facts
    )
    return (
        '<div class="numbers" tabindex="0" role="region" aria-label="Facts side by side"><table>'
        f'<thead><tr><th scope="col">Fact</th>{head}</tr></thead><tbody>{rows}</tbody></table>'
        "</div>"
    )


def _cell(fact: Fact, place: int) -> str:
    text = escape(fact.texts[place])
    if fact.addresses and fact.addresses[place]:
        text = _link(fact.addresses[place], text)
    if place in fact.best:
        colour = ROLES["output"].figure
        return (
            f'<td><strong>{text}</strong> <span style="white-space:nowrap;font-size:0.85em;'
            f'border:1px solid {colour};border-radius:0.3rem;padding:0 0.3rem">★ {fact.mark}</span>'
            "</td>"
        )
    return f"<td>{text}</td>"


def paper_table(entries: Sequence[Entry]) -> str:
    """Return the families of some networks as HTML: year, idea, paper, and what they teach."""
    families = list({entry.family.title: entry.family for entry in entries}.values())
    families.sort(key=lambda family: family.year)
    rows = "".join(
        f'<tr><th scope="row">{escape(f.title)}<br>'
        f'<span style="font-weight:400">{f.year}</span></th>'
        f"<td>{escape(f.idea)}</td>"
        f'<td class="wide-only">{escape(", ".join(f.teaches))}</td>'
        f"<td>{_link(f.address, escape(f.paper))}<br>"
        f"{escape(_people(f.authors))}, {escape(f.venue)}</td></tr>"
        for f in families
    )
    return (
        '<div class="numbers"><table style="max-width:75rem"><thead><tr><th scope="col">Family</th>'
        '<th scope="col">What was new</th><th scope="col" class="wide-only">Good to show</th>'
        f'<th scope="col">Paper</th></tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}" target="_blank" style="color:inherit">{text}</a>'


def _people(authors: str) -> str:
    names = authors.split(", ")
    return authors if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} others"
