"""The parts of the catalogue of networks: filters, table, chart, comparison, papers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from cnnlab.architectures import NETWORKS
from cnnlab.choosing import ORDERS, OWN, Entry, Wanted, entries, frontier, in_order, select
from cnnlab.comparing import compare, duration, in_a_sentence, picture_words
from cnnlab.derivations import with_unit
from cnnlab.families import FAMILIES, TOPICS
from cnnlab.figures.catalogue import accuracy_chart, fact_table, paper_table
from cnnlab.ui import controls, layout, panels
from cnnlab.ui.network_table import network_table, wishes
from cnnlab.weight_table import download_seconds, versions

__all__ = [
    "Found",
    "chart",
    "choices",
    "comparison",
    "look",
    "papers",
    "table",
    "unknown",
    "versions_table",
]

PAGE = "catalogue"
MOST = 4  # networks side by side
FIRST = ("resnet50", "efficientnet_b0")  # what is compared at the beginning
_TABLE = f"{PAGE}_table"
_MEMORY = f"{PAGE}_memory"
_PAGES = Path(__file__).resolve().parents[2] / "pages"
_ANY_FAMILY, _ANY_TOPIC, _ANY_SIZE = "all families", "anything", "any size"
_SIZES = [_ANY_SIZE, "5 MB", "10 MB", "25 MB", "50 MB", "100 MB", "250 MB", "500 MB", "1000 MB"]
_VERSIONS = ["recommended", "first"]
_YEARS = FAMILIES[0].year, FAMILIES[-1].year
_UP, _DOWN = "rising", "falling"
_NAMES = [name for family in FAMILIES for name in family.members]
_COLUMNS = (  # what they are sorted by, if anything; what they are called; in words
    ("name", "network", "Sort by name"),
    ("", "family", "The family of networks that one paper describes"),
    ("year", "year", "Sort by the year of the paper"),
    ("accuracy", "accuracy", "Right at the first guess on ImageNet: sort by it"),
    ("parameters", "parameters", "Sort by the number of parameters"),
    ("MACs", "MACs", "Multiply-accumulates for one picture: sort by them"),
    ("file size", "file", "Size of the file of weights: sort by it"),
    ("", "here?", "Whether the weights are on this computer, and how long a download takes"),
)
_HISTORY = {"alexnet": "alexnet_one_column"}  # what the lesson on architectures calls a network


class Found(NamedTuple):
    """What the filters leave.

    Parameters
    ----------
    every, shown, chosen : list of Entry
        All networks, those that fit, in order, and those to compare.
    order : str
        What they are sorted by.
    falling : bool
        Whether the largest comes first.
    """

    every: list[Entry]
    shown: list[Entry]
    chosen: list[Entry]
    order: str
    falling: bool


def unknown() -> None:
    """Say what a link asks for that does not exist; call it before the choices are drawn."""
    controls.say_unknown(f"{PAGE}_compare", _NAMES, what="network")
    controls.say_unknown(f"{PAGE}_family", [f.title for f in FAMILIES], what="family")
    controls.say_unknown(f"{PAGE}_topic", list(TOPICS), what="topic")


def choices() -> list[str]:
    """Draw the list of networks to compare and return them; grant what was wished in the table."""
    state: dict[str, Any] = st.session_state.setdefault(_MEMORY, {"done": {}})
    _grant(state)
    return st.multiselect(
        "Networks to compare",
        _NAMES,
        default=list(FIRST),
        max_selections=MOST,
        key=f"{PAGE}_compare",
        bind="query-params",
        help=f"Up to {MOST}. Or tick them in the table above.",
    )


def look(names: Sequence[str]) -> Found:
    """Draw the filters; return the networks that fit, and those to compare.

    Parameters
    ----------
    names : sequence of str
        The networks to compare.
    """
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key=f"{PAGE}_search",
            bind="query-params",
            placeholder="resnet, mobile, attention",
            max_chars=60,
            width=220,
        )
        family = controls.pick(
            "Family",
            [_ANY_FAMILY, *(family.title for family in FAMILIES)],
            key=f"{PAGE}_family",
            width=170,
        )
        topic = controls.pick("Good to show", [_ANY_TOPIC, *TOPICS], key=f"{PAGE}_topic", width=150)
        since = controls.whole_number("From year", *_YEARS, _YEARS[0], key=f"{PAGE}_since")
        until = controls.whole_number("To year", *_YEARS, _YEARS[1], key=f"{PAGE}_until")
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        size = controls.pick("Largest file", _SIZES, key=f"{PAGE}_largest", width=140)
        here = st.toggle("On this computer", key=f"{PAGE}_here", bind="query-params")
        order = controls.pick("Sort by", list(ORDERS), key=f"{PAGE}_order", width=150)
        turn = controls.choice("Order", [_UP, _DOWN], key=f"{PAGE}_turn")
        version = controls.choice("Weights", _VERSIONS, key=f"{PAGE}_weights")
    if topic != _ANY_TOPIC:
        st.markdown(f"**{topic.capitalize()}.** {TOPICS[topic]}")
    every = entries(version)
    wanted = Wanted(
        family="" if family == _ANY_FAMILY else family,
        topic="" if topic == _ANY_TOPIC else topic,
        since=since,
        until=until,
        max_bytes=None if size == _ANY_SIZE else int(size.split()[0]) * 10**6,
        here=here,
        words=words,
    )
    by_name = {entry.name: entry for entry in every}
    chosen = [by_name[name] for name in names]
    shown = in_order(select(every, wanted), order, descending=turn == _DOWN)
    return Found(every, shown, chosen, order, falling=turn == _DOWN)


def table(found: Found) -> None:
    """Show the networks as rows that can be sorted, compared and opened in other lessons."""
    turn = "descending" if found.falling else "ascending"
    head = [
        {
            "key": key,
            "label": label,
            "help": says,
            "sorted": turn if key == found.order else "none",
            "left": key in ("name", ""),
            "wide": label == "family",
        }
        for key, label, says in _COLUMNS
    ]
    network_table(
        {
            "label": "Networks",
            "nothing": "No network fits. Take a filter away.",
            "head": head,
            "rows": [_row(entry) for entry in found.shown],
            "chosen": [entry.name for entry in found.chosen],
            "most": MOST,
            "done": st.session_state[_MEMORY]["done"],
        },
        key=_TABLE,
    )
    count = len(found.shown)
    st.caption(
        f"{count} of {len(found.every)} networks. Tick up to {MOST} to compare them. Accuracy: "
        "share of ImageNet's 50,000 validation pictures whose class is the first guess; the digit "
        "network was measured on digits, so it is not comparable. A MAC is one multiplication with "
        "its addition, for one picture of the size that the network wants; torchvision writes "
        "GFLOPS and means these. MB are 10⁶ bytes. Where a file is not here, the time is that of "
        "its download at 50 Mbit/s."
    )


def chart(found: Found) -> None:
    """Show what the networks give against what they cost."""
    cost = controls.choice("Cost", ["MACs", "parameters", "file size"], key=f"{PAGE}_cost")
    best = ", ".join(
        f"{entry.name} {entry.accuracy:.1f}\u202f%" for entry in frontier(found.shown, cost)
    )
    chosen = ", ".join(
        f"{entry.name} {entry.accuracy:.1f}\u202f%"
        for entry in found.chosen
        if entry.accuracy is not None
    )
    layout.chart(
        accuracy_chart(found.every, found.shown, found.chosen, cost=cost),
        height=470,
        alt=f"Accuracy against {cost} of {len(found.shown)} networks. No other gives as much for "
        f"less: {best or 'none'}. Chosen: {chosen or 'none'}.",
    )
    st.caption(
        "The lower axis is logarithmic. Point at a mark to read it. Not "
        "all of a difference is the network: the same ResNet-50 reaches 76.1\u202f% with its first "
        "weights and 80.9\u202f% with new ones, and the largest (SWAG) saw billions of other "
        "pictures first. Switch *Weights* to *first* for a fairer look."
    )


def comparison(found: Found) -> None:
    """Show up to four networks side by side."""
    chosen = found.chosen
    if not chosen:
        st.markdown("Choose two to four networks here, or tick them in the table.")
        return
    if len(chosen) == 2:
        st.markdown(in_a_sentence(*chosen))
    st.html(fact_table([entry.name for entry in chosen], compare(chosen)))
    for entry in chosen:
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            st.markdown(f"**{entry.name}**", width="content")
            for link in _links(entry, every=True):
                st.page_link(
                    _PAGES / link["file"],
                    label=link["label"],
                    query_params=link["query"],
                    width="content",
                )
    _how_to_fetch(chosen)


def versions_table(found: Found) -> None:
    """Show every version of the weights of the chosen networks."""
    rows = []
    for entry in found.chosen:
        if entry.name == OWN:
            continue
        for one in versions(entry.name):
            accuracy = "names no classes" if one.acc1 is None else f"{one.acc1:.1f}\u202f%"
            mark = " (recommended)" if one.recommended else ""
            rows.append(
                [
                    entry.name,
                    f"{one.version}{mark}",
                    accuracy,
                    with_unit(one.macs, ""),
                    picture_words(one),
                    f"{one.file_bytes / 1e6:,.1f} MB",
                ]
            )
    if rows:
        panels.table(
            ["", "weights", "accuracy", "MACs", "picture", "file"],
            rows,
            align="llrrlr",
            wide_only=[3, 4],
        )
    st.caption(
        "The same network, trained again: V2 weights come from a newer and longer training. SWAG: "
        "first trained on billions of pictures with their hashtags, then on ImageNet, end to end "
        "(E2E) or only in the last layer (LINEAR). The lab uses the recommended ones."
    )


def papers(found: Found) -> None:
    """Show the families of the networks that fit: what was new, and the paper."""
    if found.shown:
        st.html(paper_table(found.shown))


def _grant(state: dict[str, Any]) -> None:
    """Do what was wished in the table; the widgets, drawn later, show it."""
    for wish in wishes(_TABLE, state["done"]):
        if wish.action == "sort" and wish.what in ORDERS:
            again = st.session_state.get(f"{PAGE}_order", next(iter(ORDERS))) == wish.what
            falling = st.session_state.get(f"{PAGE}_turn") == _DOWN
            st.session_state[f"{PAGE}_order"] = wish.what
            st.session_state[f"{PAGE}_turn"] = _DOWN if again and not falling else _UP
        elif wish.action == "compare":
            named = [name for name in dict.fromkeys(wish.names) if name in _NAMES]
            st.session_state[f"{PAGE}_compare"] = named[:MOST]
        elif wish.action == "open" and wish.what in _NAMES:
            by_name = {entry.name: entry for entry in entries()}
            for link in _links(by_name[wish.what]):
                if link["page"] == wish.page:
                    st.switch_page(_PAGES / link["file"], query_params=link["query"])


def _row(entry: Entry) -> dict[str, Any]:
    weights = entry.weights
    accuracy = "on digits" if entry.accuracy is None else f"{entry.accuracy:.1f}\u202f%"
    return {
        "name": entry.name,
        "cells": [
            entry.family.title,
            str(entry.family.year),
            accuracy,
            with_unit(weights.n_params, ""),
            with_unit(weights.macs, ""),
            f"{weights.file_bytes / 1e6:,.1f} MB",
            _state(entry),
        ],
        "links": [{key: link[key] for key in ("label", "page", "query")} for link in _links(entry)],
    }


def _state(entry: Entry) -> str:
    if entry.state == "here":
        return "✓ here"
    if entry.state == "damaged":
        return "✕ damaged"
    return f"no, {duration(download_seconds(entry.weights.file_bytes, mbit_per_s=50))}"


def _links(entry: Entry, *, every: bool = False) -> list[dict[str, Any]]:
    """Return the lessons in which a network can be opened; the table has room for three."""
    found: list[tuple[str, str, dict[str, str]]] = []
    found.append(("Classify", "classify", {"classify_network": entry.name}))
    if every or entry.name == OWN:
        found.append(("Walk", "layer_walk", {"layer_walk_network": entry.name}))
    if entry.name == OWN:
        found.append(("Draw a digit", "draw_a_digit", {}))
    else:
        found.append(("Every layer", "model_layers", {"model_layers_network": entry.name}))
    history = _HISTORY.get(entry.name, entry.name)
    if history in NETWORKS:
        found.append(("Architectures", "architectures", {"architectures_network": history}))
    return [
        {"label": label, "file": f"{stem}.py", "page": stem.replace("_", "-"), "query": query}
        for label, stem, query in found
    ]


def _how_to_fetch(chosen: Sequence[Entry]) -> None:
    """Say how the files that are not here come here."""
    missing = [entry for entry in chosen if entry.state != "here" and entry.weights.recommended]
    if not missing:
        return
    total = sum(entry.weights.file_bytes for entry in missing)
    names = " ".join(entry.name for entry in missing)
    st.markdown(
        f"To have what is missing before class, {total / 1e6:,.0f} MB, "
        f"{duration(download_seconds(total, mbit_per_s=10))} at 10 Mbit/s and "
        f"{duration(download_seconds(total, mbit_per_s=50))} at 50 Mbit/s:"
    )
    st.code(f"python -m cnnlab weights pull {names}", language="bash")
    st.caption("The files go to torchvision’s folder; `python -m cnnlab weights list` names it.")
