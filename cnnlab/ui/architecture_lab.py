"""The parts of the lesson on architectures: a network's card, its table, comparison, charts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from cnnlab.architectures import NETWORKS, Network, Published
from cnnlab.architectures.history import (
    ABLATION,
    ABLATION_OTHER,
    ABLATION_SOURCE,
    CHALLENGE,
    ENSEMBLES,
    FUSION,
    HUMAN,
    IMAGENET,
    MEASURED,
    SECOND_2012,
    SECOND_2014,
    TRAINING_PICTURES,
)
from cnnlab.architectures.ideas import IDEAS
from cnnlab.architectures.keras_table import KERAS, KERAS_CORRECTED
from cnnlab.architectures.tables import Line, by_block, by_layer, by_stage
from cnnlab.derivations import with_unit
from cnnlab.figures.architectures import (
    ablation_bars,
    accuracy_bubbles,
    challenge_bars,
    stage_shares,
)
from cnnlab.figures.blocks import block_drawing
from cnnlab.layers import Block, Highway, Layer, Linear, size_text
from cnnlab.percent import finely
from cnnlab.ui import layout, panels
from cnnlab.ui.controls import choice, pick

__all__ = [
    "card",
    "choices",
    "comparison",
    "drawings",
    "history",
    "ideas",
    "in_training",
    "keras",
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
        first = pick("Network, in order of year", names, key=_key("network"), width=270)
        other = pick("Compare with", ["none", *names], key=_key("other"), width=270)
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


def layer_table(network: Network, other: Network | None, *, flops: bool) -> None:
    """Show the layers of a network, or of two side by side, as finely as is wanted."""
    level = choice("Rows", list(_LEVELS), key=_key("rows"))
    if other is None or other is network:
        st.html(f'<div class="numbers">{_layers_of(network, level, flops=flops)}</div>')
    else:
        tables = "".join(
            '<div class="numbers" style="flex:1 1 22rem;min-width:0">'
            f'<div style="font-weight:650;margin-bottom:0.4rem">{escape(entry.title)}</div>'
            f"{_layers_of(entry, level, flops=flops, narrow=True)}</div>"
            for entry in (network, other)
        )
        st.html(f'<div style="display:flex;flex-wrap:wrap;gap:1.5rem 2.5rem">{tables}</div>')
    st.caption(
        "Output: width × height × depth, the order of lecture notes; PyTorch writes channels × "
        "height × width. One cell sees: the theoretical receptive field at the end "
        "of the stage, in pixels of the picture, padding included. In what a layer is, 3×3, 64 "
        "is a convolution with 64 filters; /2 is stride 2; “+ input” adds the block's input. "
        "Numbers of a stage are the sums of its rows; equal blocks share a row, which has their "
        "sum. k: thousand, M: "
        "million, G: thousand million."
    )


def _layers_of(network: Network, level: str, *, flops: bool, narrow: bool = False) -> str:
    """Return the table of a network's layers; a narrow one says what they are below the names."""
    unit = "FLOPs" if flops else "MACs"
    times = 2 if flops else 1
    lines = _LEVELS[level](network)
    grouped = level != "stages"
    body = "".join(_table_row(line, times, grouped=grouped, narrow=narrow) for line in lines)
    total = network.total
    total_cells = [f"{total.n_params:,}", with_unit(times * total.macs, "")]
    ends = "".join(
        f'<td class="right" style="padding-right:0.5rem"><strong>{cell}</strong></td>'
        for cell in total_cells
    )
    what, sees = '<th class="wide-only">what it is</th>', "one cell sees"
    head = f"""<th></th>{"" if narrow else what}<th class="right">output</th>
        {"" if narrow else f'<th class="right wide-only">{sees}</th>'}
        <th class="right">parameters</th><th class="right">{unit}</th>"""
    gap = "" if narrow else '<td class="wide-only"></td>'
    size = "0.82rem" if narrow else "clamp(0.78rem, 3.4vw, 1rem)"
    return (
        f'<table style="font-size:{size}"><thead><tr>{head}</tr></thead><tbody>{body}'
        f'<tr><th scope="row">Total</th>{gap}<td></td>{gap}{ends}</tr></tbody></table>'
    )


def in_training(network: Network, *, flops: bool) -> None:
    """Show how many blocks there are on average where some are left out while learning."""
    unit = "FLOPs" if flops else "MACs"
    stay = iter(network.survival)
    rows, sums = [], [0.0, 0.0, 0.0]
    for stage in network.stages:
        held = _blocks_of(network, stage.name)
        if not any(isinstance(layer, Block) for layer in stage.layers):
            continue
        chances = [next(stay) for _ in held]
        work = [row.macs * (2 if flops else 1) for row in held]
        left = sum(chance * n for chance, n in zip(chances, work, strict=True))
        found = len(held), sum(chances), sum(work), left
        sums = [before + now for before, now in zip(sums, found[1:], strict=True)]
        rows.append(
            [
                stage.name,
                f"{found[0]}",
                f"{chances[0]:.3f} to {chances[-1]:.3f}",
                f"{found[1]:.2f}",
                with_unit(round(found[2]), ""),
                with_unit(round(found[3]), ""),
            ]
        )
    blocks = len(network.survival)
    total = [f"{sums[0]:.2f}", *(with_unit(round(n), "") for n in sums[1:])]
    rows.append(["Total", f"{blocks}", "", *total])
    panels.table(
        ["", "blocks", "probability", "on average", f"{unit}, all", f"{unit}, average"],
        rows,
        align="lrrrrr",
        wide_only=[4, 5],
    )
    st.caption("Probability: with which the first and the last block of the stage stay.")
    st.markdown(
        f"While it learns, {sums[0]:.2f} of the {blocks} blocks are there on average: of "
        f"{2 * blocks + 2} layers, {2 * sums[0] + 2:.1f}. Their work is "
        f"{finely(sums[2] / sums[1])} of that of all. Afterwards all blocks work, each "
        "weighed by its probability."
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
    st.subheader("Where parameters and operations sit", anchor=False)
    both = [network] if other is None or other is network else [network, other]
    if len(both) == 2:
        _side_by_side(*both, flops=flops)
    shares, words = {}, []
    for entry in both:
        lines = by_stage(entry)
        connected = {stage.name for stage in entry.stages if _is_connected(stage.layers)}
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
    errors = "; ".join(
        f"{year} {who} {error:g}\u202f%" for year, (error, who, _) in CHALLENGE.items()
    )
    layout.chart(
        challenge_bars(),
        height=380,
        alt=f"Top-5 error of the winner by year: {errors}. A human reaches {HUMAN:g}\u202f%.",
    )
    st.caption(
        "Top-5 error: the right class is not among the five best guesses. Test pictures, mostly "
        "several networks together; grey: not a convolutional network. In 2012 and 2013 with "
        "more pictures to learn from (without: 16.4\u202f% and 11.7\u202f%). Second in 2012: "
        f"{SECOND_2012:g}\u202f%; in 2014: VGG, {SECOND_2014:g}\u202f%. Sources: "
        "Russakovsky et al., 2015, arXiv:1409.0575 (2010 to 2014, and the human: "
        "one trained person); He et al., arXiv:1512.03385; results of "
        "ILSVRC 2016; Hu et al., arXiv:1709.01507."
    )
    st.markdown(
        f"The challenge has 1000 of ImageNet's {IMAGENET[1]:,} classes. All of ImageNet are "
        f"{IMAGENET[0]:,} pictures, {IMAGENET[0] / IMAGENET[1]:.0f} for each class; the networks "
        f"learned from the challenge's {TRAINING_PICTURES['AlexNet']:g} to "
        f"{TRAINING_PICTURES['ZFNet']:g} million, AlexNet too. The 15 million that one can read "
        "are all of ImageNet, as AlexNet's paper counts it."
    )
    st.markdown("#### Several networks together")
    panels.table(
        ["top-5 error, test", "%"],
        [[name, f"{error:.2f}"] for name, error in ENSEMBLES.items()],
        align="lr",
    )
    *parts, (_, fused) = FUSION.items()
    st.caption(
        "He et al., arXiv:1512.03385, table 5. For GoogLeNet its own paper says "
        f"{CHALLENGE[2014][0]:g}\u202f%. The winner of 2016 put together, among others, "
        + ", ".join(f"{name} ({error:.2f}\u202f%)" for name, error in parts)
        + f", and reached {fused:.2f} % in the test: different networks make different mistakes."
    )
    st.markdown("#### Accuracy against cost")
    found = "; ".join(
        f"{e.title} {e.top1:.1f}\u202f%, {e.gmacs:g} GMACs" for e in MEASURED.values()
    )
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
    rows = "; ".join(f"{row.title}: {row.val_top5:g}\u202f%" for row in ABLATION)
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
    base = ABLATION[0].val_top5
    drops = {row.title: row.val_top5 - base for row in ABLATION}
    both = "; ".join(
        f"{title}: {drops[title]:.1f}, not {other:.1f}" for title, other in ABLATION_OTHER.items()
    )
    st.markdown(
        f"Some slides print other drops beside this table. By the table the top-5 error grows by, "
        f"in points, {both}. Theirs are of another run, which was not published."
    )
    st.caption(f"Errors in % on ImageNet 2012, one network each. Source: {ABLATION_SOURCE}.")


def keras() -> None:
    """Show what Keras publishes about its networks."""
    rows = []
    for name, row in KERAS.items():
        size = f"{row.size_mb}"
        if name in KERAS_CORRECTED:
            size += " *"
        depth = "–" if row.depth is None else f"{row.depth}"
        times = ["–" if ms is None else f"{ms:.1f}" for ms in (row.cpu_ms, row.gpu_ms)]
        numbers = [f"{row.top1:.1f}", f"{row.top5:.1f}", f"{row.params_m:.1f} M", size]
        rows.append([name, *numbers, depth, *times])
    panels.table(
        ["", "top-1 %", "top-5 %", "parameters", "MB", "depth", "ms, CPU", "ms, GPU"],
        rows,
        align="lrrrrrrr",
        wide_only=[2, 5, 6, 7],
    )
    wrong, right = KERAS_CORRECTED["EfficientNetB0"]
    st.caption(
        "From Keras' documentation, as lecture notes copy it. Parameters with the means and "
        "variances of batch normalisation, so a little more than ours. Depth counts layers without "
        "weights too; a dash: not in the notes. Times are for one picture, in batches of 32, on "
        "Keras' machines. "
        f"* The notes print {wrong} MB; 5.3 million numbers of 4 bytes are {right} MB."
    )


def ideas() -> None:
    """Name ideas of papers whose networks are not described here."""
    for entry in IDEAS:
        st.markdown(
            f"**{entry.title}, {entry.year}.** {entry.idea}  \n"
            f"{entry.authors}: [{entry.paper}]({entry.address})"
        )


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _blocks_of(network: Network, name: str) -> list[Line]:
    """Return one line for each block of a stage."""
    found, inside = [], False
    for line in by_layer(network):
        if line.depth == 0:
            inside = line.name == name
        elif inside and line.depth == 1:
            found.append(line)
    return found


def _is_connected(layers: Sequence[Layer]) -> bool:
    """Return whether there is a fully connected layer among some, in blocks and highways too."""
    return any(
        isinstance(layer, Linear)
        or (isinstance(layer, Block) and _is_connected(layer.layers))
        or (isinstance(layer, Highway) and _is_connected(layer.body))
        for layer in layers
    )


def _table_row(line: Line, times: int, *, grouped: bool, narrow: bool = False) -> str:
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
            *(() if narrow else ((sees, " wide-only"),)),
            *((number, "") for number in numbers),
        )
    )
    name = escape(line.name)
    many = f"{line.times} times: " if line.times > 1 else ""
    what = f"{many}{escape(line.kind)}"
    if narrow:
        name += f'<div style="font-weight:400;opacity:0.85">{what}</div>'
    else:
        cells = f'<td class="wide-only">{what}</td>{cells}'
    return (
        f'<tr style="{style}"><th scope="row" style="{weight};'
        f'padding-left:{0.3 + 0.7 * line.depth}rem;padding-right:0.5rem">{name}</th>'
        f"{cells}</tr>"
    )


def _narrow(text: str) -> str:
    """Return a text whose percent signs stand as everywhere else in the lab."""
    return text.replace(" %", "\u202f%")


def _published_row(network: Network, entry: Published) -> str:
    total = network.total
    ours = {"parameters": f"{total.n_params:,}", "MACs": f"{total.macs:,} MACs", "": "–"}
    below = f"{escape(entry.source)}. {escape(entry.remark)}".strip()
    below = below[0].upper() + below[1:]
    return (
        f'<tr><th scope="row" style="border-bottom:none">{escape(entry.quantity)}</th>'
        f'<td class="right" style="border-bottom:none;white-space:normal">'
        f"{escape(_narrow(entry.value))}"
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
    ratio = max(counts) / min(counts)
    digits = 4 if ratio < 1.01 else 3
    number = f"{ratio:.{digits}g}" if ratio < 1000 else f"{ratio:,.0f}"
    return f"{large.title} has **{number} times** the {what} of {small.title}."


def _where(network: Network, lines: Sequence[Line], connected: set[str]) -> str:
    """Return in words where the costs sit."""
    total = network.total
    n_params = sum(line.n_params for line in lines if line.name in connected) / total.n_params
    macs = sum(line.macs for line in lines if line.name in connected) / total.macs
    if n_params == 1:
        return f"{network.title}: all layers are fully connected."
    if not connected:
        return f"{network.title}: no fully connected layer; all is convolution."
    return (
        f"{network.title}: fully connected layers hold {finely(n_params)} of the parameters and "
        f"do {finely(macs)} of the operations; convolutions hold {finely(1 - n_params)} and do "
        f"{finely(1 - macs)}."
    )
