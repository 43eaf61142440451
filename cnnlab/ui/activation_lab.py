"""The parts of the lesson on activations: curves, feature maps, a chain of layers, softmax."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.chain import MOST_LAYERS, RULES, dead_units, draw_chain, run_chain, weight_std
from cnnlab.checks import InputError
from cnnlab.convolution import conv2d
from cnnlab.curves import CURVES, Curve, curve, flat_intervals, mean_output, saturated_share
from cnnlab.figures.columns import log_columns, share_bars, short, with_power
from cnnlab.figures.number_grid import number_grid
from cnnlab.figures.signed_maps import map_cards, signed_picture
from cnnlab.images import shrink, to_array
from cnnlab.kernels import KERNELS, kernel
from cnnlab.percent import percent
from cnnlab.softmax import naive_softmax, parse_logits, softmax, softmax_jacobian
from cnnlab.ui import panels
from cnnlab.ui.controls import choice, pick, picture_picker, whole_number
from cnnlab.ui.curve_view import curve_view

__all__ = ["Settings", "chain", "curves", "dead", "feature_maps", "softmax_part", "table_of_all"]

PAGE = "activations"
_NOTHING = "Nothing"
_REACH, _STEP = 6.0, 0.05  # of the axis
_SIDE = 160  # pixels of the photograph
_THRESHOLDS = [0.001, 0.01, 0.05, 0.1]
_EDGES = ["Sobel x", "Sobel y", "Laplacian", "edges"]
_TITLES = list(CURVES.values())
_SHIFTS = [0, 100, 1000, -1000]
Floats = NDArray[np.float64]


class Settings:
    """What is chosen for all parts of the page: slope, alpha, and what counts as saturated."""

    def __init__(self, slope: float, alpha: float, threshold: float) -> None:
        """Keep them."""
        self.slope, self.alpha, self.threshold = slope, alpha, threshold

    def curve(self, title: str) -> Curve:
        """Return the curve of a title in the menus."""
        name = next(name for name, entry in CURVES.items() if entry == title)
        return curve(name, slope=self.slope, alpha=self.alpha)


def curves() -> Settings:
    """Draw two curves and their derivatives with a cursor, and the table of all of them."""
    with st.container(horizontal=True, gap="medium"):
        first = pick("Activation", _TITLES[-3:] + _TITLES[:-3], key=_key("first"), width=160)
        second = pick(
            "Compare with", [_TITLES[0], _NOTHING, *_TITLES[1:]], key=_key("second"), width=160
        )
        place = _number("x", -_REACH, _REACH, 1.0, _STEP, key=_key("x"))
        slope = _number("Leaky slope", 0.0, 0.9, 0.01, 0.01, key=_key("slope"))
        alpha = _number("α of the ELU", 0.1, 3.0, 1.0, 0.1, key=_key("alpha"))
        threshold = choice(
            "Saturated where |f′(x)| is below", _THRESHOLDS, key=_key("threshold"), default=0.05
        )
    found = Settings(slope, alpha, float(threshold))
    shown = [found.curve(title) for title in (first, second) if title != _NOTHING]
    shown = shown[:1] if len(shown) == 2 and shown[0] == shown[1] else shown
    curve_view(_view_data(shown, found, place), key=_key("view"), on_rest=_take_x)
    return found


def table_of_all(found: Settings) -> None:
    """Show formula, derivative, range and flat parts of every activation."""
    rows = []
    for title in _TITLES:
        entry = found.curve(title)
        steepest = np.abs(entry.derivative(np.linspace(-_REACH, _REACH, 12_001))).max()
        mean = mean_output(entry)
        centred = "yes" if abs(mean) < 1e-9 else f"no: mean {mean:.2f}"
        rows.append(
            [
                title,
                entry.formula,
                entry.derivative_formula,
                f"{_end(entry.low)} to {_end(entry.high)}",
                centred,
                f"{steepest:.3g}",
                _flat_words(flat_intervals(entry, threshold=found.threshold)),
            ]
        )
    panels.table(
        ["", "f(x)", "f′(x)", "values", "zero-centred", "largest |f′|", "saturated"],
        rows,
        align="lllllrl",
        wide_only=[1, 2, 4],
    )
    st.caption(
        "Φ(x) is the chance that a standard normal number lies below x, φ(x) its bell curve, σ the "
        "sigmoid. *Zero-centred*: the mean output is 0 when the inputs are standard normal "
        f"numbers. *Saturated*: |f′(x)| is below {found.threshold:g}."
    )


def feature_maps(found: Settings) -> None:
    """Show a photograph through an edge kernel and then through every activation."""
    with st.container(horizontal=True, gap="medium"):
        name = pick("Kernel", _EDGES, key=_key("kernel"), width=150)
        gain = choice("All weights times", ["1/4", "1", "4", "16"], key=_key("gain"), default="1")
        bias = st.slider("Bias", -2.0, 2.0, 0.0, 0.1, key=_key("bias"), bind="query-params")
    with st.container(horizontal=True, gap="medium"):
        picture = picture_picker(PAGE)
    try:
        small = shrink(picture.image, size=_SIDE)
    except InputError as error:
        st.error(str(error))
        return
    pixels = to_array(small, channels="grey") / 255
    times = 0.25 if gain == "1/4" else float(gain)
    z = conv2d(pixels, times * kernel(name)[None, None])[0] + bias
    cards = [
        ("The photograph", f"{_SIDE} × {_SIDE}, grey\nfrom 0 to 1", small.convert("L"), picture.alt)
    ]
    for title in ["None (linear)", *[title for title in _TITLES if title != "None (linear)"]]:
        entry = found.curve(title)
        after = entry.function(z)
        linear = entry.name == "none"
        zeros = percent(float((after == 0).mean()))
        flat = percent(saturated_share(entry, z, threshold=found.threshold))
        shown = f"from {_signed(after.min())} to {_signed(after.max())}"
        cards.append(
            (
                "No activation" if linear else title,
                f"{shown}\n{zeros} zeros" + ("" if linear else f", {flat} saturated"),
                signed_picture(after),
                f"The feature map after {title}: {shown}, {zeros} of it is zero.",
            )
        )
    st.html(map_cards(cards, smallest="9.5rem"))
    st.caption(
        "In every feature map middle grey is 0, brighter is positive, darker is negative; each map "
        f"has its own scale. {KERNELS[name].does} The pixels of the photograph go from 0 (black) "
        "to 1 (white)."
    )


def chain(found: Settings) -> tuple[int, int]:
    """Show what many layers leave of the numbers and of the gradient.

    Returns
    -------
    tuple of int
        The width and the seed, for what follows.
    """
    with st.container(horizontal=True, gap="medium"):
        title = pick(
            "Activation of every layer",
            ["Sigmoid", *[t for t in _TITLES if t != "Sigmoid"]],
            key=_key("chain"),
            width=190,
        )
        rule = choice("First weights", list(RULES), key=_key("weights"), default="Xavier")
        gain = 1.0
        if rule == "Own gain":
            gain = st.slider("Gain", 0.1, 3.0, 1.5, 0.1, key=_key("own"), bind="query-params")
        depth = whole_number("Layers", 1, MOST_LAYERS, 10, key=_key("depth"))
        width = choice("Units a layer", [16, 64, 256], key=_key("width"), default=64)
        seed = whole_number("Seed", 0, 9999, 0, key=_key("seed"))
        of = choice("Gradient of the", ["outputs", "weights"], key=_key("gradient"))
    std = weight_std(rule, int(width), gain=gain)
    name = found.curve(title).name
    forward, outputs, weights = _sizes(
        name, found.slope, found.alpha, depth=depth, width=int(width), std=std, seed=seed
    )
    sizes = outputs if of == "outputs" else weights
    backward = [size / sizes[-1] if sizes[-1] else 0.0 for size in sizes]
    names = [str(number) for number in range(1, depth + 1)]
    st.markdown(f"**{_what_to_see(backward, forward)}**")
    left, right = st.columns(2, gap="medium")
    left.html(
        log_columns(
            names,
            forward,
            title="Forward: standard deviation of the outputs",
            axis="layer",
            role="output",
        )
    )
    right.html(
        log_columns(
            names,
            backward,
            title=f"Backward: norm of the gradient of the {of} (last = 1)",
            axis="layer",
            role="kernel",
        )
    )
    st.caption(
        f"Weights: normal, standard deviation {short(std)} = {_rule_words(rule)}. 128 random "
        "inputs with standard deviation 1, no biases; a random gradient arrives at the last layer. "
        "Each line is a power of ten."
    )
    return int(width), seed


def dead(width: int, seed: int, found: Settings) -> None:
    """Show how many units of one ReLU layer are zero for every input."""
    bias = st.slider(
        "Bias of all units", -6.0, 2.0, -3.0, 0.1, key=_key("dead_bias"), bind="query-params"
    )
    x, weights, gradient = draw_chain(depth=1, width=width, std=weight_std("He", width), seed=seed)
    run = run_chain(x, weights, gradient, found.curve("ReLU"), bias=bias)
    leaky = run_chain(x, weights, gradient, found.curve("Leaky ReLU"), bias=bias)
    lost = dead_units(run.sums[0])
    n_dead = int(lost.sum())
    answers = 100 * (run.sums[0] > 0).mean(axis=0)
    st.markdown(
        f"### {n_dead} of {width} units are dead ({percent(n_dead / width)})\n"
        f"{_dead_words(n_dead, lost, leaky.weight_gradients[0])}"
    )
    columns = 8 if width <= 64 else 16
    st.html(
        number_grid(
            answers.reshape(-1, columns),
            title=f"For how many percent of {len(x)} inputs each unit is above zero. "
            "Framed: dead, zero for all.",
            role="output",
            decimals=0,
            extent=50,
            marked=lost.reshape(-1, columns),
        )
    )


def softmax_part() -> None:
    """Show logits becoming shares, step by step, with temperature, shift and derivative."""
    with st.container(horizontal=True, gap="medium"):
        text = st.text_input(
            "Logits",
            "2, 1, 0.1",
            max_chars=120,
            key=_key("logits"),
            bind="query-params",
            width=260,
            help="2 to 10 numbers with spaces or commas between them.",
        )
        temperature = st.slider(
            "Temperature T", 0.1, 10.0, 1.0, 0.1, key=_key("temperature"), bind="query-params"
        )
        shift = choice("Add to every logit", _SHIFTS, key=_key("shift"))
    try:
        logits = parse_logits(text)
    except InputError as error:
        st.error(f"These are no logits: {error}.", icon=":material/block:")
        return
    z = logits + float(shift)
    shares = softmax(z, temperature=temperature)
    naive = naive_softmax(z, temperature=temperature)
    with np.errstate(over="ignore"):
        typed = np.exp(z / temperature)
    lowered = (z - z.max()) / temperature
    names = [f"{place + 1}: {_signed(value)}" for place, value in enumerate(logits)]
    left, right = st.columns([1, 1], gap="large")
    left.html(share_bars(names, shares.tolist(), title="Share of each logit", role="output"))
    right.html(
        number_grid(
            softmax_jacobian(z, temperature=temperature),
            title="Derivative: how share i (row) changes with logit j (column)",
            role="kernel",
            decimals=3,
        )
    )
    panels.table(
        ["", "z / T", "exp(z / T)", "as typed", "(z − largest) / T", "exp of it", "share"],
        [
            [
                name,
                _signed(z[i] / temperature),
                short(typed[i]) if typed[i] < math.inf else "∞: overflow",
                "not a number" if math.isnan(naive[i]) else f"{naive[i]:.4f}",
                _signed(lowered[i]),
                f"{math.exp(lowered[i]):.4g}",
                f"{shares[i]:.4f}",
            ]
            for i, name in enumerate(names)
        ],
        align="lrrrrrr",
        wide_only=[1, 4, 5],
    )
    broken = bool(np.isnan(naive).any())
    st.caption(
        ("**The formula as typed breaks here**; the safe form subtracts the largest logit first. "
         if broken else "Both forms agree here. ")
        + "Each share is exp(z / T) divided by the sum of all. Adding the same number to every "
        "logit changes no share. In the grid, striped cells are negative: when one share grows, "
        "the others shrink, so every row and every column adds up to 0."
    )  # fmt: skip


def _view_data(shown: list[Curve], found: Settings, place: float) -> dict[str, Any]:
    """Return what the browser draws; all of it plain numbers."""
    x = np.round(np.arange(-_REACH, _REACH + _STEP / 2, _STEP), 4)
    values = [entry.function(x) for entry in shown]
    slopes = [entry.derivative(x) for entry in shown]
    low = max(min(float(v.min()) for v in values), -3.0)
    high = min(max(float(v.max()) for v in values), 4.0)
    lowest = min(float(s.min()) for s in slopes)
    highest = max(1.0, *(float(s.max()) for s in slopes))
    at = np.array([place])
    return {
        "x": x.tolist(),
        "step": _STEP,
        "at": place,
        "here": [
            [float(entry.function(at).item()), float(entry.derivative(at).item())]
            for entry in shown
        ],
        "curves": [
            {
                "title": entry.title,
                "values": v.tolist(),
                "slopes": s.tolist(),
                "flat": [
                    [max(start, -_REACH), min(end, _REACH)]
                    for start, end in flat_intervals(entry, threshold=found.threshold)
                    if start < _REACH and end > -_REACH
                ],
            }
            for entry, v, s in zip(shown, values, slopes, strict=True)
        ],
        "threshold": found.threshold,
        "view": [low - 0.25, high + 0.25],
        "slope_view": [min(lowest, 0.0) - 0.15, highest + 0.15],
    }


@lru_cache(maxsize=64)  # the widest chain takes a second; only three lists of numbers are kept
def _sizes(
    name: str, slope: float, alpha: float, *, depth: int, width: int, std: float, seed: int
) -> tuple[list[float], list[float], list[float]]:
    """Return the spread of the outputs and the norms of both gradients, layer by layer."""
    x, weights, gradient = draw_chain(depth=depth, width=width, std=std, seed=seed)
    run = run_chain(x, weights, gradient, curve(name, slope=slope, alpha=alpha))
    return (
        [float(h.std()) for h in run.outputs],
        [float(np.linalg.norm(part)) for part in run.output_gradients],
        [float(np.linalg.norm(part)) for part in run.weight_gradients],
    )


def _what_to_see(backward: list[float], forward: list[float]) -> str:
    """Say in one sentence what becomes of the gradient, or else of the outputs."""
    depth, left = len(backward), backward[0]
    if depth == 1:
        return "One layer alone: the gradient has no way to go."
    if left == 0:
        return "Nothing of the gradient reaches layer 1: it has vanished altogether."
    each = left ** (1 / (depth - 1))
    way = f"from layer {depth} back to layer 1"
    if left < 0.01:
        return (
            f"The gradient vanishes: {way} only {with_power(left)} of it is left, about {each:.2f} "
            "for each layer, so the first layers hardly learn."
        )
    if left > 100:
        return (
            f"The gradient explodes: {way} it grows {with_power(left)} times, about {each:.3g} for "
            "each layer, so one step of training destroys the weights."
        )
    if not 0.3 < left < 3:
        does = "shrinks" if left < 1 else "grows"
        return (
            f"The gradient {does}: {way} it becomes {left:.2g} times as large, about {each:.2f} "
            "for each layer. More layers make it worse."
        )
    if forward[-1] < 0.01 * forward[0]:
        return "The gradient keeps its size, but the outputs vanish: look at the left chart."
    return f"The gradient keeps its size: {way} it becomes {left:.2g} times as large."


def _dead_words(n_dead: int, lost: NDArray[np.bool_], leaky_gradient: Floats) -> str:
    if not n_dead:
        return "Every unit is above zero for at least one of the inputs, so every unit can learn."
    share = float((leaky_gradient[lost] != 0).any(axis=1).mean())
    return (
        "They are zero for all inputs, so the gradient of their weights is exactly 0 and training "
        f"cannot bring them back. With leaky ReLU {percent(share)} of them would still get a "
        "gradient."
    )


def _rule_words(rule: str) -> str:
    return {
        "Xavier": "1 / √n for n units",
        "He": "√(2 / n) for n units",
        "Own gain": "gain / √n for n units",
    }.get(rule, "the same for every width")


def _flat_words(intervals: list[tuple[float, float]]) -> str:
    parts = []
    if len(intervals) == 2 and intervals[0][1] == -intervals[1][0]:
        return f"|x| > {_signed(intervals[1][0])}"
    for start, end in intervals:
        if math.isinf(start) and math.isinf(end):
            return "everywhere"
        elif math.isinf(start):
            parts.append(f"x < {_signed(end)}")
        elif math.isinf(end):
            parts.append(f"x > {_signed(start)}")
        else:
            parts.append(f"{_signed(start)} to {_signed(end)}")
    return ", ".join(parts) or "nowhere"


def _end(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return _signed(value)


def _signed(value: float) -> str:
    text = f"{value:.4g}" if abs(value) >= 1e6 else f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def _number(label: str, low: float, high: float, default: float, step: float, *, key: str) -> float:
    return st.number_input(
        label, low, high, default, step=step, key=key, bind="query-params", width=150
    )


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _take_x() -> None:
    """Take over the place at which the cursor came to rest."""
    sent: Any = st.session_state[_key("view")].get("x")
    if isinstance(sent, int | float) and -_REACH <= sent <= _REACH:
        st.session_state[_key("x")] = float(sent)
