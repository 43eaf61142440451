"""The parts of the lesson on output size and cost: settings, derivation, fit, comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from cnnlab.derivations import derive, with_unit
from cnnlab.figures.axis import axis_drawing
from cnnlab.figures.charts import log_bars
from cnnlab.fit import fit, sizes_that_fit, ways_to_fit
from cnnlab.layers import Conv2d, Shape, output_shape
from cnnlab.ui import layout, panels
from cnnlab.ui.controls import choice, whole_number
from cnnlab.variants import connection_counts, variants

__all__ = [
    "comparison",
    "conventions",
    "cost",
    "does_it_fit",
    "headline",
    "layer_settings",
    "sharing",
]

PAGE = "output_size"
_FIELDS = {
    # name: label, lowest, highest, first value
    "width": ("Input width W₁", 1, 4096, 227),
    "height": ("Input height H₁", 1, 4096, 227),
    "depth": ("Input depth D₁", 1, 65536, 3),
    "filters": ("Filters K", 1, 65536, 96),
    "kernel": ("Kernel F", 1, 63, 11),
    "stride": ("Stride S", 1, 64, 4),
    "padding": ("Padding P", 0, 64, 0),
    "dilation": ("Dilation", 1, 32, 1),
    "groups": ("Groups", 1, 65536, 1),
}
_EXAMPLES: dict[str, tuple[int, ...]] = {
    # in the order of _FIELDS
    "AlexNet, first layer": (227, 227, 3, 96, 11, 4, 0, 1, 1),
    "AlexNet with a 224 input: does not fit": (224, 224, 3, 96, 11, 4, 0, 1, 1),
    "LeNet-5, first layer": (32, 32, 1, 6, 5, 1, 0, 1, 1),
    "VGG-16, a middle layer": (28, 28, 256, 512, 3, 1, 1, 1, 1),
    "ResNet, first layer": (224, 224, 3, 64, 7, 2, 3, 1, 1),
    "Five filters of 7 × 7 × 3": (30, 30, 3, 5, 7, 1, 0, 1, 1),
    "Depthwise layer of MobileNet": (112, 112, 32, 32, 3, 1, 1, 1, 32),
    "Dilated layer": (65, 65, 64, 64, 3, 1, 4, 4, 1),
}


def layer_settings() -> tuple[Conv2d, Shape]:
    """Draw the controls of one layer and return it with the shape of its input."""
    above = st.container()  # the example follows from the numbers
    numbers = {}
    with st.container(horizontal=True, gap="small"):
        for name, (label, low, high, first) in _FIELDS.items():
            numbers[name] = whole_number(label, low, high, first, key=_key(name))
    own, now = "Own settings", tuple(numbers.values())
    st.session_state[_key("example")] = next((t for t in _EXAMPLES if _EXAMPLES[t] == now), own)
    titles = [own, *_EXAMPLES]
    above.selectbox("Example", titles, key=_key("example"), on_change=_take_example, width=420)
    layer = Conv2d(
        numbers["filters"],
        numbers["kernel"],
        stride=numbers["stride"],
        padding=numbers["padding"],
        dilation=numbers["dilation"],
        groups=numbers["groups"],
    )
    return layer, (numbers["depth"], numbers["height"], numbers["width"])


def conventions() -> tuple[bool, bool]:
    """Draw the switches for what is counted; return whether FLOPs, and whether biases are."""
    with st.container(horizontal=True, gap="medium"):
        unit = choice("Count operations in", ["MACs", "FLOPs"], key=_key("unit"))
        counted = choice("Biases", ["counted", "left out"], key=_key("biases"))
    return unit == "FLOPs", counted == "counted"


def headline(layer: Conv2d, shape: Shape) -> None:
    """Show what goes in and what comes out."""
    out = output_shape(layer, shape)
    names = "{} × {} × {}".format
    st.markdown(
        f"### :blue[{names(shape[2], shape[1], shape[0])}] → "
        f":green[{names(out[2], out[1], out[0])}]\nwidth × height × depth"
    )
    for name, n in _axes(shape).items():
        settings = _along(layer)
        found = fit(n, **settings)
        if found.unused > settings["padding"]:
            st.markdown(
                f":orange[**It does not fit along the {name}**: {float(found.exact):.4g}, rounded "
                f"down to {found.floor}. More below.]"
            )


def cost(layer: Conv2d, shape: Shape, *, flops: bool, bias: bool) -> None:
    """Show the derivation of what a layer costs."""
    lines = derive(layer, shape, flops=flops, bias=bias)
    panels.table(
        ["", "formula", "with the numbers", ""],
        [[x.quantity, x.formula, x.numbers, x.result] for x in lines],
        align="lllr",
        wide_only=[1],
    )
    st.caption(
        "A MAC is one multiplication with its addition; one MAC is two FLOPs. For one input "
        "(batch 1), weights only; numbers of 4 bytes. F stands for the pixels that the kernel "
        "covers in the first two lines: dilation · (F − 1) + 1."
    )


def does_it_fit(layer: Conv2d, shape: Shape) -> None:
    """Show the first and the last place of the kernel, and what to do where it does not fit."""
    for name, n in _axes(shape).items():
        settings = _along(layer)
        found = fit(n, **settings)
        st.markdown(f"#### Along the {name}")
        st.html(axis_drawing(n, **settings))
        if found.fits:
            st.markdown(f"The last place ends with the input: **{found.floor}** places.")
            continue
        gives = f"the formula gives **{float(found.exact):.4g}**. Libraries round down to"
        if found.unused <= settings["padding"]:
            st.info(
                f"It does not fit exactly: {gives} **{found.floor}**. Only the last "
                f"{_pixels(found.unused)} of the padding is left out; every pixel of the input is "
                "read.",
                icon=":material/info:",
            )
            continue
        lost = _pixels(found.unused - settings["padding"])
        st.warning(
            f"It does not fit: {gives} **{found.floor}** and never read the last {lost} of the "
            f"input; with *ceil mode*, as in some pooling layers, it would be {found.ceil}.",
            icon=":material/warning:",
        )
        ways = ways_to_fit(n, **settings)
        if ways:
            st.markdown("What fits:")
            with st.container(horizontal=True, gap="small"):
                for size in sizes_that_fit(n, **settings):
                    _offer("n", size, name)
                for setting, value in ways.items():
                    if setting != "n":
                        _offer(setting, value, name)


def sharing(layer: Conv2d, shape: Shape) -> None:
    """Compare shared weights with local ones and with a fully connected layer."""
    counts = connection_counts(layer, shape)
    names = [
        "Convolution",
        "Locally connected",
        "Fully connected",
    ]
    figure = log_bars(names, list(counts.values()), title="weights, on a logarithmic axis")
    alt = "; ".join(f"{n}: {v:,} weights" for n, v in zip(names, counts.values(), strict=True))
    layout.chart(figure, height=210, alt=alt)
    st.caption(
        "A convolution uses the same weights at every place. Locally connected: each place has "
        "weights of its own for its window. Fully connected: every output cell has a weight for "
        "every input number. Biases are not counted."
    )


def comparison(layer: Conv2d, shape: Shape, *, flops: bool, bias: bool) -> None:
    """Show what other layers that could stand in for this one would cost."""
    if layer.groups > 1:
        st.markdown("Set groups to 1 to compare the layer with others.")
        return
    found = variants(replace(layer, bias=bias), shape)
    first = found[0]
    rows = []
    for entry in found:
        share = entry.macs / first.macs
        saves = f"saves {1 - share:.0%}" if share < 1 else f"{share:.3g} times"
        rows.append(
            [
                entry.title,
                f"{entry.n_params:,}",
                with_unit(entry.macs * (2 if flops else 1), ""),
                "" if share == 1 else saves,
                f"{entry.sees} × {entry.sees}",
                entry.idea,
            ]
        )
    panels.table(
        ["", "parameters", "FLOPs" if flops else "MACs", "", "sees", ""],
        rows,
        align="lrrrrl",
        wide_only=[5],
    )
    st.caption("All make the same output shape. *Sees*: the input region of one output cell.")


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _take_example() -> None:
    chosen = _EXAMPLES.get(st.session_state[_key("example")])
    for name, value in zip(_FIELDS, chosen or (), strict=False):
        st.session_state[_key(name)] = value


def _axes(shape: Shape) -> dict[str, int]:
    """Return the lengths of the axes that are told apart."""
    if shape[1] == shape[2]:
        return {"width and height": shape[1]}
    return {"width": shape[2], "height": shape[1]}


def _along(layer: Conv2d) -> dict[str, int]:
    """Return the settings of a square layer along one axis."""
    names = ("kernel_size", "stride", "padding", "dilation")
    return {name: getattr(layer, name) for name in names}


def _pixels(n: int) -> str:
    return "pixel" if n == 1 else f"{n} pixels"


_LABELS: Mapping[str, str] = {
    "n": "input",
    "kernel_size": "kernel",
    "stride": "stride",
    "padding": "padding",
    "dilation": "dilation",
}


def _offer(setting: str, value: int, axis: str) -> None:
    fields = {"n": [part for part in ("width", "height") if part in axis]}.get(
        setting, [_LABELS[setting]]
    )

    def take() -> None:
        for field in fields:
            st.session_state[_key(field)] = value

    st.button(
        f"{_LABELS[setting]} {value}",
        on_click=take,
        key=_key(f"fit_{setting}_{value}_{axis.split()[0]}"),
    )
