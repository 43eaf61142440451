"""The parts of the lesson on architectures: a network's card, its table, comparison, charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from cnnlab.architectures import NETWORKS, Network, Published
from cnnlab.architectures.history import ABLATION, ABLATION_SOURCE, CHALLENGE, HUMAN, MEASURED
from cnnlab.architectures.ideas import IDEAS
from cnnlab.architectures.tables import Line, by_block, by_layer, by_stage
from cnnlab.derivations import with_unit
from cnnlab.figures.architectures import (
    ablation_bars,
    accuracy_bubbles,
    challenge_bars,
    stage_shares,
)
from cnnlab.figures.blocks import block_drawing
from cnnlab.figures.charts import percent
from cnnlab.layers import Linear, size_text
from cnnlab.ui import layout
from cnnlab.ui.controls import choice, pick

__all__ = [
    "card",
    "choices",
    "comparison",
    "drawings",
    "history",
    "ideas",
    "layer_table",
    "published",
]

PAGE = "architectures"
_LEVELS: dict[str, Callable[[Network], list[Line]]] = {
    "blocks": by_block,
    "stages": by_stage,
    "every layer": by_layer,
}


def choices() -> tuple[Network, Network | None, bool]:
    """Draw the controls and return the network, the one to compare with, and if FLOPs count."""
    names = list(NETWORKS)
    with st.container(horizontal=True, gap="medium"):
        first = pick("Network, in order of year", names, key=_key("network"), width=220)
        other = pick("Compare with", ["none", *names], key=_key("other"), width=220)
        unit = choice("Count operations in", ["MACs", "FLOPs"], key=_key("unit"))
    return NETWORKS[first], NETWORKS.get(other), unit == "FLOPs"


def card(network: Network, *, flops: bool) -> None:
    """Show what a network is: year, authors, paper, idea, totals."""
    st.markdown(f"## {network.title}, {network.year}\n**{network.idea}**")
    st.markdown(f"{network.authors}: [{network.paper}]({network.address})")
    total = network.total
    unit = "FLOPs" if flops else "MACs"
    tiles = {
        "parameters": f"{total.n_params:,}",
        f"{unit} for one picture": f"{total.flops if flops else total.macs:,}",
        "memory of the weights": with_unit(total.weight_bytes, "B"),
        "input, width × height × depth": size_text(network.input_shape),
    }
    boxes = "".join(
        '<div style="border-left:4px solid color-mix(in srgb, currentColor 30%, transparent);'
        f'padding-left:0.7rem"><div style="font-size:1.45rem;line-height:1.9rem;font-weight:650;'
        f'font-variant-numeric:tabular-nums">{value}</div><div>{label}</div></div>'
        for label, value in tiles.items()
    )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:1rem 2rem">{boxes}</div>')
    layout.prose(
        "Computed from the layers below. Parameters are all that is learned: weights, biases, "
        "scales and shifts of normalisation. A MAC is one multiplication with its addition, "
        "counted for weights only, for one picture; one MAC is two FLOPs. Many papers and tables "
        "write FLOPs and mean MACs."
    )


def drawings(network: Network, *, flops: bool) -> None:
    """Draw the idea of a network, or two ways to be compared, with their costs."""
    unit = "FLOPs" if flops else "MACs"
    parts = []
    for drawing in network.drawings:
        total = drawing.total
        operations = total.flops if flops else total.macs
        picture = block_drawing(drawing.stage.layers, drawing.input_shape, title=drawing.title)
        parts.append(
            '<div style="flex:1 1 17rem;max-width:32rem;min-width:0">'
            f'<div style="text-align:center;font-weight:650">{escape(drawing.title)}</div>'
            f'<div style="text-align:center;margin-bottom:0.6rem">{total.n_params:,} parameters, '
            f"{with_unit(operations, '')} {unit}</div>{picture}</div>"
        )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:2rem 3rem">{"".join(parts)}</div>')
    st.caption(
        "Blue: input. Orange: layers with weights. Violet: pooling. Grey: other layers. Green: "
        "where branches meet, and the output. Sizes are width × height × depth."
    )


def layer_table(network: Network, *, flops: bool) -> None:
    """Show the layers of a network, as finely as is wanted, with totals."""
    level = choice("Rows", list(_LEVELS), key=_key("rows"))
    unit = "FLOPs" if flops else "MACs"
    times = 2 if flops else 1
    lines = _LEVELS[level](network)
    grouped = level != "stages"
    body = "".join(_table_row(line, times, grouped=grouped) for line in lines)
    total = network.total
    total_cells = [f"{total.n_params:,}", with_unit(times * total.macs, "")]
    ends = "".join(
        f'<td class="right" style="padding-right:0.5rem"><strong>{cell}</strong></td>'
        for cell in total_cells
    )
    head = f"""<th></th><th class="wide-only">what it is</th><th class="right">output</th>
        <th class="right wide-only">one cell sees</th><th class="right">parameters</th>
        <th class="right">{unit}</th>"""
    st.html(
        f'<div class="numbers"><table style="font-size:clamp(0.78rem, 3.4vw, 1rem)">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}"
        f'<tr><th scope="row">Total</th><td class="wide-only"></td><td></td>'
        f'<td class="wide-only"></td>{ends}</tr>'
        "</tbody></table></div>"
    )
    st.caption(
        "Output: width × height × depth. One cell sees: the theoretical receptive field at the end "
        "of the stage, in pixels of the picture, padding included. In the second column, 3×3, 64 "
        "is a convolution with 64 filters; /2 is stride 2; “+ input” adds the block's input. "
        "Numbers of a stage are the sums of its rows; equal blocks share a row, which has their "
        "sum. k: thousand, M: million, G: thousand million."
    )


def published(network: Network) -> None:
    """Show what others printed about a network, beside our numbers, with the reasons."""
    rows = "".join(_published_row(network, entry) for entry in network.published)
    st.html(
        '<div class="numbers"><table style="max-width:58rem;width:100%"><thead><tr><th></th>'
        '<th class="right">published</th><th class="right">computed here</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
    for note in network.notes:
        st.markdown(f":material/info: {note}")


def comparison(network: Network, other: Network | None, *, flops: bool) -> None:
    """Show where parameters and operations sit, of one network or of two side by side."""
    both = [network] if other is None or other is network else [network, other]
    if len(both) == 2:
        _side_by_side(*both, flops=flops)
    shares, words = {}, []
    for entry in both:
        lines = by_stage(entry)
        connected = {
            stage.name
            for stage in entry.stages
            if any(isinstance(layer, Linear) for layer in stage.layers)
        }
        shares[entry.title] = (lines, connected)
        words.append(_where(entry, lines, connected))
    figure = stage_shares(shares, flops=flops, smallest=17 if layout.is_lecture() else 12)
    layout.chart(figure, height=90 + 150 * len(both), alt=" ".join(words))
    st.markdown("  \n".join(words))
    st.caption(
        "Orange: stages of convolutions. Violet: stages that end in fully connected layers. Point "
        "at a part to read its number."
    )


def history(*, flops: bool) -> None:
    """Show what networks reached: the challenge by year, accuracy by cost, an ablation."""
    st.markdown("#### The ImageNet challenge: error of each year's winner")
    errors = "; ".join(f"{year} {who} {error:g} %" for year, (error, who, _) in CHALLENGE.items())
    layout.chart(
        challenge_bars(),
        height=380,
        alt=f"Top-5 error of the winner by year: {errors}. A human reaches {HUMAN:g} %.",
    )
    st.caption(
        "Top-5 error: the right class is not among the five best guesses. Test pictures, mostly "
        "several networks together; grey: not a convolutional network. In 2012 and 2013 with "
        "more pictures to learn from (without: 16.4 % and 11.7 %). Sources: Russakovsky et al., "
        "2015, arXiv:1409.0575 (2010 to 2014, and the human: one trained person); He et al., "
        "arXiv:1512.03385; results of ILSVRC 2016; Hu et al., arXiv:1709.01507."
    )
    st.markdown("#### Accuracy against cost")
    found = "; ".join(f"{e.title} {e.top1:.1f} %, {e.gmacs:g} GMACs" for e in MEASURED.values())
    layout.chart(
        accuracy_bubbles(flops=flops),
        height=560,
        alt=f"Top-1 accuracy against operations: {found}.",
    )
    st.caption(
        "A bubble's area stands for the parameters; each step of the lower axis is about three "
        "times more. torchvision's published numbers for its first weights of each network "
        "(IMAGENET1K_V1), one crop. Newer networks were also trained in better ways, so not all "
        "of their lead is architecture. Its AlexNet and GoogLeNet are not those of the papers."
    )
    st.markdown("#### What happens if layers are taken away?")
    rows = "; ".join(f"{row.title}: {row.val_top5:g} %" for row in ABLATION)
    layout.chart(
        ablation_bars(),
        height=900,
        alt=f"Validation top-5 error: {rows}. Top-1 errors are drawn too.",
    )
    st.markdown(
        "Two convolutions or the two fully connected layers can go, and the error grows by about "
        "four points only; without both, it is 50 %: **depth** matters. Layer 7 alone holds 16.8 "
        "million parameters and is hardly missed. The last row learns its training pictures best "
        "(10.0 %) and is not the best on new ones: over-fitting."
    )
    st.caption(f"Errors in % on ImageNet 2012, one network each. Source: {ABLATION_SOURCE}.")


def ideas() -> None:
    """Name ideas of papers whose networks are not described here."""
    for entry in IDEAS:
        st.markdown(
            f"**{entry.title}, {entry.year}.** {entry.idea}  \n"
            f"{entry.authors}: [{entry.paper}]({entry.address})"
        )


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _table_row(line: Line, times: int, *, grouped: bool) -> str:
    """Return one row; stages stand out where others lie below them."""
    sees = {None: "all", 0: ""}.get(line.sees, f"{line.sees} × {line.sees}")
    numbers = [
        f"{line.n_params:,}" if line.n_params else "",
        with_unit(times * line.macs, "") if line.macs else "",
    ]
    is_stage = grouped and line.depth == 0
    style = "background:color-mix(in srgb, currentColor 7%, transparent)" if is_stage else ""
    weight = "font-weight:650" if is_stage or not grouped else "font-weight:400"
    cells = "".join(
        f'<td class="right{kind}" style="{weight};padding-right:0.5rem">{cell}</td>'
        for cell, kind in (
            (size_text(line.output_shape), ""),
            (sees, " wide-only"),
            *((number, "") for number in numbers),
        )
    )
    name = escape(line.name)
    many = f"{line.times} times: " if line.times > 1 else ""
    return (
        f'<tr style="{style}"><th scope="row" style="{weight};'
        f'padding-left:{0.3 + 0.7 * line.depth}rem;padding-right:0.5rem">{name}</th>'
        f'<td class="wide-only">{many}{escape(line.kind)}</td>{cells}</tr>'
    )


def _published_row(network: Network, entry: Published) -> str:
    total = network.total
    ours = {"parameters": f"{total.n_params:,}", "MACs": f"{total.macs:,} MACs", "": "–"}
    below = f"{escape(entry.source)}. {escape(entry.remark)}".strip()
    below = below[0].upper() + below[1:]
    return (
        f'<tr><th scope="row" style="border-bottom:none">{escape(entry.quantity)}</th>'
        f'<td class="right" style="border-bottom:none;white-space:normal">{escape(entry.value)}'
        f'</td><td class="right" style="border-bottom:none;white-space:normal">{ours[entry.ours]}'
        f'</td></tr><tr><td colspan="3" style="padding-top:0">{below}</td></tr>'
    )


def _side_by_side(one: Network, two: Network, *, flops: bool) -> None:
    unit = "FLOPs" if flops else "MACs"
    totals = [entry.total for entry in (one, two)]
    counts = [total.flops if flops else total.macs for total in totals]
    rows = {
        "year": [str(one.year), str(two.year)],
        "input": [size_text(one.input_shape), size_text(two.input_shape)],
        "parameters": [f"{total.n_params:,}" for total in totals],
        unit: [f"{count:,}" for count in counts],
        "memory of the weights": [with_unit(total.weight_bytes, "B") for total in totals],
    }
    cell = '<{0} class="right" style="font-weight:{1};padding-right:0.9rem">{2}</{0}>'.format
    head = "".join(cell("th", 650, escape(entry.title)) for entry in (one, two))
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(cell("td", 400, text) for text in texts)}</tr>'
        for name, texts in rows.items()
    )
    st.html(
        f'<div class="numbers"><table><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
    st.markdown(
        f"{_times('parameters', one, two, [total.n_params for total in totals])} "
        f"{_times('operations', one, two, counts)}"
    )


def _times(what: str, one: Network, two: Network, counts: Sequence[int]) -> str:
    """Return in words how many times more one network has than the other."""
    large, small = (one, two) if counts[0] >= counts[1] else (two, one)
    return (
        f"{large.title} has **{max(counts) / min(counts):.3g} times** the {what} of {small.title}."
    )


def _where(network: Network, lines: Sequence[Line], connected: set[str]) -> str:
    """Return in words where the costs sit."""
    total = network.total
    n_params = sum(line.n_params for line in lines if line.name in connected) / total.n_params
    macs = sum(line.macs for line in lines if line.name in connected) / total.macs
    if not connected:
        return f"{network.title}: no fully connected layer; all is convolution."
    return (
        f"{network.title}: fully connected layers hold {percent(n_params)} of the parameters and "
        f"do {percent(macs)} of the operations; convolutions hold {percent(1 - n_params)} and do "
        f"{percent(1 - macs)}."
    )
