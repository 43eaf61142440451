"""The calculation of Grad-CAM in numbered steps, for a channel of the learner's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from cnnlab.figures import cam_cards
from cnnlab.figures.cam_cards import Card
from cnnlab.numerals import written
from cnnlab.percent import percent
from cnnlab.ui import controls, layout, panels
from cnnlab.ui.gradcam_arrays import arrays
from cnnlab.ui.gradcam_setting import PAGE, Setting, patterns, where
from cnnlab.ui.scroll import scroll

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam

__all__ = ["steps"]

_MOST_FOR, _MOST_AGAINST = "the one that adds most", "the one that takes away most"
_STEPS = (
    "1 Forward",
    "2 Score",
    "3 Gradient",
    "4 Weights",
    "5 Sum",
    "6 ReLU",
    "7 Enlarge",
    "Arrays",
)
_ALL = "All"
_STEP, _MOVES = f"{PAGE}_step", f"{PAGE}_moves"
_ROWS = 4  # channels that speak for the class, and against it


def steps(setting: Setting, cam: GradCam) -> None:
    """Show the calculation in numbered steps, for a channel of the learner's choice."""
    st.subheader("Step by step", anchor=False)
    _steps(setting, cam)


@st.fragment
def _steps(setting: Setting, cam: GradCam) -> None:
    scroll(st.session_state.get(_MOVES, 0), key=f"{PAGE}_scroll")
    step = controls.choice("Step", [*_STEPS, _ALL], key=_STEP)
    channel = _channel(cam)
    sections: dict[str, Callable[[], None]] = {
        "1 Forward": lambda: _forward(setting, cam, channel),
        "2 Score": lambda: _score(setting, cam),
        "3 Gradient": lambda: _gradient(setting, cam, channel),
        "4 Weights": lambda: _weights(setting, cam, channel),
        "5 Sum": lambda: _sum(setting, cam, channel),
        "6 ReLU": lambda: _relu(cam),
        "7 Enlarge": lambda: _enlarge(setting, cam),
        "Arrays": lambda: arrays(setting, cam, channel),
    }
    with st.container():  # however much a step draws, the buttons below stay the same ones
        for title, draw in sections.items():
            if step in (_ALL, title):
                draw()
    if step != _ALL:
        _way_on(_STEPS.index(step))


def _way_on(place: int) -> None:
    """Draw the buttons that lead to the step before and to the next one."""
    before = _STEPS[place - 1] if place else ""
    after = _STEPS[place + 1] if place + 1 < len(_STEPS) else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Step before",
            key=f"{PAGE}_before",
            icon=":material/arrow_back:",
            disabled=not before,
            on_click=_go,
            args=(before,),
        )
        st.button(
            "Next step",
            key=f"{PAGE}_next",
            icon=":material/arrow_forward:",
            icon_position="right",
            type="primary" if after else "secondary",
            disabled=not after,
            on_click=_go,
            args=(after,),
        )
        st.caption(f"Next: {after}" if after else "This is the last one.")


def _go(step: str) -> None:
    st.session_state[_STEP] = step
    st.session_state[_MOVES] = st.session_state.get(_MOVES, 0) + 1


def _channel(cam: GradCam) -> int:
    """Let a learner choose a channel of the layer."""
    count = len(cam.weights)
    chosen = controls.pick(
        "Channel k",
        [_MOST_FOR, _MOST_AGAINST, *(str(k) for k in range(count))],
        key=f"{PAGE}_channel",
        width=280,
        help=f"The channel that the steps show; type a number from 0 to {count - 1}.",
    )
    if chosen.isdecimal():
        return int(chosen)
    best = cam.strongest_channels(1, sign=1 if chosen == _MOST_FOR else -1)
    return int(best[0] if len(best) else cam.strongest_channels(1)[0])


def _title(number: int, title: str) -> None:
    st.markdown(f"##### {cam_cards.heading(number, title)}")


def _forward(setting: Setting, cam: GradCam, channel: int) -> None:
    maps = cam.activations
    count, rows, columns = maps.shape
    _title(1, f"Forward: the feature maps A of `{setting.layer}`")
    last = setting.layer == setting.recommended
    late = patterns(setting.name)[2]
    words = (
        f"The picture goes through the network up to this layer: **{count} feature maps of "
        f"{rows} × {columns}**. "
    )
    words += (
        "It is the usual choice: the last feature maps, before pooling over the whole map "
        "or dense layers mix all positions. Here the network still knows *where* something is, "
        f"and its channels stand for {late}."
        if last
        else f"Any layer with maps can be taken. The usual choice is `{setting.recommended}`, the "
        "last feature maps: there the network still knows *where* something is, and its channels "
        f"stand for {late}."
    )
    layout.prose(words)
    near = [int(k) for k in cam.strongest_channels(5) if k != channel][:3]
    extent = float(np.abs(maps[[channel, *near]]).max()) or None
    signed = bool(maps.min() < 0)
    st.html(
        cam_cards.cards(
            [
                cam_cards.card(
                    Card(
                        f"{'▸ ' if k == channel else ''}A of channel {k}",
                        maps[k],
                        signed=signed,
                        alt=f"Feature map {k}: {where(maps[k])}.",
                        extent=extent,
                    )
                )
                for k in (channel, *near)
            ],
            smallest="10rem",
        )
    )
    zeros = float((maps == 0).mean())
    st.caption(
        f"All maps: {cam_cards.range_of(maps)}; {percent(zeros)} of the numbers are exactly 0. "
        "One colour scale for these maps. A bright place says that the channel found its pattern "
        "there, not that the pattern matters for the class."
    )


def _score(setting: Setting, cam: GradCam) -> None:
    _title(2, f"The score y of “{setting.category}”")
    share = setting.answer.probability(setting.target)
    rank = int((setting.answer.logits > cam.score + 1e-6 * abs(cam.score)).sum()) + 1
    panels.table(
        ["Number", "Value"],
        [
            ["Score y, before the softmax", written(cam.score)],
            ["Probability, after the softmax", percent(share)],
            ["Place among the classes", f"{rank} of {len(setting.answer.logits)}"],
        ],
        align="lr",
    )
    layout.prose(
        "One class is explained at a time, and it need not be the first guess. The method takes "
        "the **score before the softmax**: a probability depends on the scores of all classes, "
        "and near 0 and 100 % it hardly moves, so its gradient would be almost 0 and about other "
        "classes too."
    )


def _gradient(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(3, "The gradient: dy/dA, back to the layer")
    layout.prose(
        f"How does the score change if one cell of one feature map grows a little? The way back "
        f"ends at `{setting.layer}`; the layers before it are not needed."
    )
    gradient = cam.gradients[channel]
    several = [
        Card(
            f"dy/dA of channel {channel}",
            gradient,
            signed=True,
            alt=f"Gradient of channel {channel}: {cam_cards.range_of(gradient)}.",
            text="Orange: more here raises the score. Blue: it lowers it.",
        ),
        Card(
            "Mean of |dy/dA| over all channels",
            np.abs(cam.gradients).mean(axis=0),
            signed=False,
            alt="Where the score reacts to this layer at all.",
            text=f"At each position, the mean of the gradient’s size (without its sign) over the "
            f"{len(cam.gradients):,} channels: where the score reacts to this layer at all.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in several]))
    even = float(np.ptp(cam.gradients, axis=(1, 2)).max()) <= 1e-5 * float(
        np.abs(cam.gradients).max()
    )
    note = (
        " Each gradient map is the same everywhere: between this layer and the score there is "
        "only a mean over all positions and a dense layer. Then Grad-CAM is the older CAM."
        if even and cam.gradients.any()
        else ""
    )
    st.caption(f"All gradients: {cam_cards.range_of(cam.gradients)}.{note}")


def _weights(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(4, "One weight for each channel: α, the mean of its gradient")
    st.latex(
        r"\alpha_k = \frac{1}{h\,w}\sum_{i,j}\frac{\partial y}{\partial A^k_{ij}}"
        rf"\qquad \alpha_{{{channel}}} = {_in_latex(float(cam.weights[channel]))}"
    )
    st.html(cam_cards.bars(cam.weights, title="Weights"))
    positive, negative = int((cam.weights > 0).sum()), int((cam.weights < 0).sum())
    st.caption(
        f"All {len(cam.weights):,} weights, sorted: {positive} above 0 speak for "
        f"“{setting.category}” (orange), {negative} below 0 against it (blue), "
        f"{len(cam.weights) - positive - negative:,} are exactly 0. {_why_zero(cam)}"
    )
    for sign, words in ((1, "speak most for it"), (-1, "speak most against it")):
        chosen = [int(k) for k in cam.strongest_channels(_ROWS, sign=sign)]
        if not chosen:
            st.markdown(f"No channels {words}.")
            continue
        if channel not in chosen and sign * cam.contributions()[channel] > 0:
            chosen.append(channel)
        st.markdown(f"**Channels that {words}**")
        st.html(_contributors(cam, chosen, channel, words))
    st.caption(
        "Each kind of picture has one colour scale for all rows; blue is below 0, orange above. A "
        "weight is one number for the whole map: it cannot speak for a channel at one place and "
        "against it at another. The order is by what a channel adds in all, not by its weight."
    )


def _in_latex(value: float) -> str:
    """Write a number as everywhere, in LaTeX."""
    digits, _, power = written(value).replace("−", "-").partition(" · 10")
    plain = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return digits.replace(",", "{,}") + (rf" \cdot 10^{{{plain}}}" if plain else "")


def _why_zero(cam: GradCam) -> str:
    """Say why some weights are exactly 0; nothing where none is."""
    zero = cam.weights == 0
    if not zero.any():
        return ""
    silent = int((zero & (cam.gradients == 0).all(axis=(1, 2))).sum())
    count = int(zero.sum())
    if not silent:
        return "In those that are 0 the gradients of the cells cancel."
    which = "these" if silent == count else f"{silent} of these"
    rest = "" if silent == count else " In the others the gradients of the cells cancel."
    return (
        f"In {which} maps the gradient is 0 in every cell: the score does not react to them, "
        "since the weights that lead from them to this class are 0, or a ReLU or a max pooling "
        f"on the way passes nothing back.{rest}"
    )


def _contributors(cam: GradCam, chosen: list[int], channel: int, words: str) -> str:
    added = cam.contributions()
    rows = [
        (
            k,
            float(cam.weights[k]),
            float(added[k]),
            cam.activations[k],
            cam.gradients[k],
            cam.weighted(k),
        )
        for k in chosen
    ]
    extents = tuple(max(float(np.abs(row[place]).max()) for row in rows) for place in (3, 4, 5))
    return cam_cards.contributors(
        rows,
        chosen=channel,
        extents=(extents[0], extents[1], extents[2]),
        caption=f"Channels that {words}",
    )


def _sum(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(5, "The weighted maps, added up: the sum before the ReLU")
    st.latex(r"S = \sum_k \alpha_k A^k")
    weighted = cam.weighted(channel)
    share = float((cam.signed_map < 0).mean())
    cards = [
        Card(
            f"α · A of channel {channel}",
            weighted,
            signed=True,
            alt=f"Weighted map of channel {channel}: {where(weighted)}.",
            text="One term of the sum.",
        ),
        Card(
            f"Sum over all {len(cam.weights):,} channels",
            cam.signed_map,
            signed=True,
            alt=f"The sum before the ReLU: {where(cam.signed_map)}.",
            text=f"{percent(share)} of the positions are below 0: they speak against "
            f"“{setting.category}”.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    layout.prose(
        "This is the whole finding, with its sign: orange places raise the score, blue places "
        "lower it. Where a map is empty after the ReLU, look here."
    )


def _relu(cam: GradCam) -> None:
    _title(6, "The ReLU: only what speaks for the class is kept")
    st.latex(r"L = \mathrm{ReLU}(S)")
    extent = float(np.abs(cam.signed_map).max()) or None
    cards = [
        Card(
            "Before",
            cam.signed_map,
            signed=True,
            alt=f"Before the ReLU: {where(cam.signed_map)}.",
            extent=extent,
        ),
        Card(
            "After",
            cam.heat_map,
            signed=True,
            alt=f"After the ReLU: {where(cam.heat_map)}.",
            extent=extent,
            text="The same scale as before: what was blue is 0 now.",
        ),
        Card(
            "After, in the colours of the overlay",
            cam.heat_map,
            signed=False,
            alt=f"After the ReLU: {where(cam.heat_map)}.",
            text="Black is 0. The bright end is the largest value, however small that is.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    kept = float(cam.heat_map.sum())
    lost = float(-np.minimum(cam.signed_map, 0).sum())
    layout.prose(
        "**This is the only ReLU of the method**, and it stands after the sum: not on the single "
        "maps, not on the weights. Positions that speak against the class probably belong to "
        "other classes, so they are left out of the picture."
    )
    positions, above = cam.signed_map.size, int((cam.heat_map > 0).sum())
    below = int((cam.signed_map < 0).sum())
    st.caption(
        f"Kept: the {above} of {positions} positions where S is above 0; their values add up to "
        f"{written(kept)}. Set to 0: the {below} positions where S is below 0; theirs add up to "
        f"{written(-lost)}."
    )


def _enlarge(setting: Setting, cam: GradCam) -> None:
    rows, columns = cam.heat_map.shape
    height, width = cam.overlay_map.shape
    high, low = float(cam.heat_map.max()), float(cam.overlay_map.max())
    flatter = (
        f" The largest value falls from {written(high)} to {written(low)}, since each pixel is a "
        "mix of the cells around it."
        if written(low) != written(high)
        else ""
    )
    _title(7, f"Enlarged from {rows} × {columns} to {height} × {width}, and laid over")
    cards = [
        Card("The map", cam.heat_map, signed=False, alt=f"The map: {where(cam.heat_map)}."),
        Card(
            "Enlarged, bilinearly",
            cam.overlay_map,
            signed=False,
            alt="The enlarged map.",
            photo=setting.seen,
            text=f"One cell stands for about {height / rows:.3g} × {width / columns:.3g} pixels."
            + flatter,
        ),
        Card(
            "Over the picture",
            cam.overlay_map,
            signed=False,
            alt="The enlarged map over the picture.",
            photo=setting.seen,
            opacity=0.6,
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    layout.prose(
        "The smooth edges come from the enlarging, not from the network: nothing finer than a "
        "cell is known. And a cell sees more of the picture than the square below it: see "
        "*Receptive field*."
    )
