"""The parts of the lesson on dropout and stochastic depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.convolution import conv2d
from cnnlab.dropout import (
    SCALINGS,
    at_test_time,
    dropout,
    dropout_mask,
    keep_probability,
    spatial_dropout,
)
from cnnlab.figures.columns import with_power
from cnnlab.figures.signed_maps import map_cards, signed_picture
from cnnlab.images import shrink, to_array
from cnnlab.kernels import kernel
from cnnlab.percent import percent
from cnnlab.stochastic_depth import (
    RULES,
    blocks_kept,
    residual_in_training,
    residual_scaled_in_training,
    residual_test_time,
    survival_probabilities,
)
from cnnlab.thinned import INPUTS, SIZES, exact_mean, full_output, run_passes
from cnnlab.ui import panels
from cnnlab.ui.controls import choice, picture_picker, whole_number
from cnnlab.ui.pass_view import pass_view

__all__ = [
    "Settings",
    "blocks",
    "expected_value",
    "feature_maps",
    "network",
    "one_block",
    "sub_networks",
]

PAGE = "dropout"
_RESTS = (
    "At test time every {} in every pass, so all passes are alike and Play has nothing to show."
)
_PASSES = 400
_MOST_BLOCKS = 100
_CELLS = 28  # rows and columns of a small photograph
_MAPS = ["Sobel x", "Sobel y", "Laplacian", "Gaussian blur", "sharpen", "edges"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Settings:
    """What is chosen for all parts of the page."""

    p: float
    scaling: str
    seed: int
    number: int


def network() -> Settings:
    """Draw the small network, pass by pass."""
    with st.container(horizontal=True, gap="medium"):
        p = st.slider(
            "p, the probability to drop a unit",
            0.0,
            0.9,
            0.5,
            0.05,
            key=_key("p"),
            bind="query-params",
            width=260,
        )
        scaling = choice("Scaling", list(SCALINGS), key=_key("scaling"))
        phase = choice("Phase", ["training", "test time"], key=_key("phase"))
        seed = whole_number("Seed", 0, 9999, 0, key=_key("seed"))
        number = whole_number("Pass", 1, _PASSES, 1, key=_key("pass"))
    passes = run_passes(_PASSES, p=p, seed=seed, scaling=scaling)
    before, after, output = full_output(p=p, scaling=scaling)
    seen: set[bytes] = set()
    distinct = []
    for mask in passes.kept:
        seen.add(mask.tobytes())
        distinct.append(len(seen))
    data = {
        "kind": "network",
        "passes": _PASSES,
        "at": number,
        "sizes": list(SIZES),
        "layer_names": ["input", "a: hidden", "b: hidden", "output"],
        "inputs": INPUTS.tolist(),
        "keep": keep_probability(p),
        "scaling": scaling,
        "test": phase == "test time",
        "records": [
            _record(*entry)
            for entry in zip(passes.kept, passes.before, passes.after, passes.outputs, strict=True)
        ],
        "full": _record(np.ones(len(before), bool), before, after, output),
        "distinct": distinct,
        "subnetworks": 2 ** len(before),
        "means": _running(passes.outputs),
        "levels": [
            ["output at test time", round(output, 4)],
            ["exact mean of all sub-networks", round(exact_mean(p=p, scaling=scaling), 4)],
        ],
        "chart_title": "The mean output of all passes so far",
    }
    pass_view(data, key=_key("view"), on_rest=_taker("view", "pass", _PASSES))
    if phase == "test time":
        st.caption(_RESTS.format("unit is there"))
    return Settings(p, scaling, seed, number)


def expected_value(found: Settings) -> None:
    """Compare both scalings for one unit: training, the mean of many passes, test time."""
    with st.container(horizontal=True, gap="medium"):
        value = st.number_input(
            "Value of the unit",
            0.0,
            100.0,
            0.8,
            step=0.1,
            key=_key("value"),
            bind="query-params",
            width=150,
        )
        count = int(choice("Passes", [10, 100, 1000, 10000], key=_key("passes"), default=1000))
    kept = dropout_mask((count,), p=found.p, seed=found.seed, number=0)
    unit, keep = np.array(value), keep_probability(found.p)
    columns = []
    for scaling in SCALINGS:
        on, off = (
            dropout(unit, np.array(state), p=found.p, scaling=scaling).item()
            for state in (True, False)
        )
        mean = dropout(unit, kept, p=found.p, scaling=scaling).mean()
        test = at_test_time(unit, p=found.p, scaling=scaling).item()
        columns.append([on, off, mean, keep * on + found.p * off, test])
    names = [
        f"training, kept ({percent(keep)} of the passes)",
        f"training, dropped ({percent(found.p)})",
        f"mean of {count:,} passes (kept in {int(kept.sum()):,})",
        "expected value: kept · (1 − p) + 0 · p",
        "test time",
    ]
    panels.table(
        ["", *SCALINGS],
        [
            [name, _number(inverted), _number(classic)]
            for name, inverted, classic in zip(names, *columns, strict=True)
        ],
        align="lrr",
    )
    st.caption(
        "In each column the last two numbers agree: the next layer gets at test time what it got "
        "on average in training. *Inverted* divides by 1 − p in training, *classic* multiplies by "
        "1 − p at test time. Here p is the probability to drop, as in PyTorch; the paper of "
        "Srivastava and others (2014) calls p the probability to keep."
    )


def sub_networks() -> None:
    """Count the sub-networks of n units."""
    n = whole_number("Hidden units n", 1, 4096, 10, key=_key("units"))
    count = 2**n
    text = f"{count:,}" if n <= 40 else f"a number of {len(str(count)):,} digits"
    which = "both" if n == 1 else "all"
    st.markdown(
        f"### 2 to the power of {n:,} = {text}\nsub-networks, {which} with the same weights"
    )


def feature_maps(found: Settings) -> None:
    """Show a photograph's feature maps with cells dropped, and with whole maps dropped."""
    with st.container(horizontal=True, gap="medium"):
        picture = picture_picker(PAGE)
    try:
        small = shrink(picture.image, size=_CELLS)
    except InputError as error:
        st.error(str(error))
        return
    pixels = to_array(small, channels="grey") / 255
    weights = np.array([kernel(name) for name in _MAPS])[:, None]
    maps = conv2d(pixels, weights)  # (6, 26, 26)
    settings: dict[str, Any] = {"p": found.p, "seed": found.seed, "number": found.number}
    cells = dropout(maps, dropout_mask(maps.shape, **settings), p=found.p)
    kept = dropout_mask((len(maps),), **settings)
    whole = spatial_dropout(maps, kept, p=found.p)
    for title, result in (("Dropout: single cells", cells), ("Spatial dropout: whole maps", whole)):
        zeros = [float((channel == 0).mean()) for channel in result]
        st.markdown(f"**{title}**, pass {found.number}: {percent(float(np.mean(zeros)))} zeros")
        cards = []
        for name, channel, share in zip(_MAPS, result, zeros, strict=True):
            text = "✕ dropped" if share == 1 else f"{percent(share)} zeros"
            alt = f"The feature map of the kernel {name}, {text}."
            cards.append((name.capitalize(), text, signed_picture(channel), alt))
        st.html(map_cards(cards, smallest="8rem"))
    st.caption(
        f"Six kernels on the photograph, {_CELLS} × {_CELLS} pixels. Middle grey is 0; each map "
        "has its own scale. p, seed and pass are those of the network above; what is kept "
        "is divided by 1 − p."
    )


def blocks() -> Floats:
    """Draw the residual blocks of a network, pass by pass.

    Returns
    -------
    ndarray of shape (L,)
        The survival probabilities.
    """
    with st.container(horizontal=True, gap="medium"):
        count = whole_number("Blocks L", 1, _MOST_BLOCKS, 54, key=_key("blocks"))
        last = st.slider(
            "p_L, survival of the last block",
            0.0,
            1.0,
            0.5,
            0.05,
            key=_key("last"),
            bind="query-params",
            width=260,
        )
        rule = choice("Survival", list(RULES), key=_key("rule"))
        phase = choice("Phase", ["training", "test time"], key=_key("depth_phase"))
        seed = whole_number("Seed", 0, 9999, 0, key=_key("depth_seed"))
        number = whole_number("Pass", 1, _PASSES, 1, key=_key("depth_pass"))
    survival = survival_probabilities(count, last=last, rule=rule)
    kept = np.array([blocks_kept(survival, seed=seed, number=n) for n in range(1, _PASSES + 1)])
    expected = round(float(survival.sum()), 9)
    data = {
        "kind": "blocks",
        "passes": _PASSES,
        "at": number,
        "survival": [round(float(chance), 4) for chance in survival],
        "kept": ["".join("1" if on else "0" for on in mask) for mask in kept],
        "test": phase == "test time",
        "expected": expected,
        "means": _running(kept.sum(axis=1).astype(np.float64)),
        "levels": [["expected number of blocks", expected]],
        "chart_title": "The mean number of blocks that run, over all passes so far",
    }
    pass_view(data, key=_key("depth_view"), on_rest=_taker("depth_view", "depth_pass", _PASSES))
    if phase == "test time":
        st.caption(_RESTS.format("block runs"))
    way = (
        f"{count} − (1 − {last:g}) · ({count} + 1) / 2"
        if rule == "linear"
        else f"{count} · {last:g}"
    )
    expect = "is expected to run" if count == 1 else "are expected to run"
    power = f"{2**count:,}" if count < 20 else f"about {with_power(2.0**count)}"
    st.markdown(
        f"### {way} = {_number(expected)} of {_blocks(count)} {expect}\n"
        f"{percent(1 - expected / count)} of the work of the blocks is saved in training, "
        f"2 to the power of {count} = {power} networks share "
        f"the weights. At test time {'the block runs' if count == 1 else 'all blocks run'}."
    )
    st.caption(
        "Under each block stands its survival probability. ResNet-110 has 54 blocks of two layers, "
        "one layer before and one after them; Huang and others (2016, arXiv:1603.09382) trained it "
        "with p_L = 0.5: (3 · 54 − 1) / 4 = 40.25 blocks, about 40."
    )
    return survival


def one_block(survival: Floats) -> None:
    """Compare what the paper and the libraries do with the output of one block."""
    with st.container(horizontal=True, gap="medium"):
        block = whole_number("Block", 1, _MOST_BLOCKS, 27, key=_key("block"))
        place = min(block, len(survival)) - 1
        if block > len(survival):
            st.markdown(f"The network has {_blocks(len(survival))}: this is the last.")
    chance = float(survival[place])
    x, f = np.array(1.0), np.array(0.6)
    skipped = residual_in_training(x, f, kept=False).item()
    paper = residual_in_training(x, f, kept=True).item()
    rows = [
        ["training, block skipped: x", _number(skipped), _number(skipped)],
        ["training, block runs", f"x + f = {_number(paper)}", "never"],
        ["mean of all passes", _number(chance * paper + (1 - chance) * skipped), "1"],
        [
            "test time",
            f"x + p · f = {_number(residual_test_time(x, f, survival=chance).item())}",
            "x + f = 1.6",
        ],
    ]
    if chance:
        scaled = residual_scaled_in_training(x, f, kept=True, survival=chance).item()
        rows[1][2] = f"x + f / p = {_number(scaled)}"
        rows[2][2] = _number(chance * scaled + (1 - chance) * skipped)
    panels.table(["x = 1, f(x) = 0.6", "the paper", "libraries"], rows, align="lrr")
    st.caption(
        f"Block {place + 1} survives with p = {_number(chance)}. As with dropout, either test time "
        "is scaled, or training: torchvision's stochastic_depth divides by p in training."
    )


def _record(
    kept: NDArray[np.bool_], before: Floats, after: Floats, output: float
) -> dict[str, Any]:
    return {
        "kept": kept.tolist(),
        "before": before.round(4).tolist(),
        "after": after.round(4).tolist(),
        "output": round(float(output), 4),
    }


def _running(values: Floats) -> list[float]:
    """Return the mean of the first, of the first two, and so on."""
    means: Floats = np.cumsum(values) / np.arange(1, len(values) + 1)
    return [round(float(mean), 4) for mean in means]


def _number(value: float) -> str:
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{count} blocks"


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _taker(view: str, name: str, most: int) -> Callable[[], None]:
    """Return what takes over the pass at which the learner came to rest."""

    def take() -> None:
        sent: Any = st.session_state[_key(view)].get("number")
        if isinstance(sent, int) and 1 <= sent <= most:
            st.session_state[_key(name)] = sent

    return take
