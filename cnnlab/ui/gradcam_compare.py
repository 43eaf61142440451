"""Grad-CAM compared: two classes of one picture, one class at four depths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from cnnlab.figures import cam_cards
from cnnlab.figures.cam_cards import Card
from cnnlab.numerals import written
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.ui import controls, networks, pace, work
from cnnlab.ui.gradcam_setting import PAGE, Setting, class_maps, patterns, pointing_words, where

if TYPE_CHECKING:
    from cnnlab.attribution import ClassMap

__all__ = ["four_depths", "two_classes"]

_BEST_OTHER = "the best other class"
_PATIENCE = 2.0  # seconds: longer work waits for a button
_DEPTHS, _LAST = f"{PAGE}_depths", f"{PAGE}_last_network"


def two_classes(setting: Setting) -> None:
    """Show the maps of two classes of one picture side by side."""
    st.subheader("Two classes, one picture", anchor=False)
    labels = networks.class_labels(setting.name)
    best = next(g.index for g in setting.answer.best if g.index != setting.target)
    guesses = [labels[guess.index] for guess in setting.answer.best]
    others = sorted((label for label in labels if label not in guesses), key=str.casefold)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = controls.pick(
            "Second class",
            [_BEST_OTHER, *guesses, *others],
            key=f"{PAGE}_second",
            width=320,
            help="Any class by name: type to search.",
        )
        common = st.toggle(
            "One colour scale for both", value=True, key=f"{PAGE}_common", bind="query-params"
        )
    other = best if chosen == _BEST_OTHER else labels.index(chosen)
    pair = (setting.target, other)
    maps = class_maps(setting, pair, setting.layer)
    largest = max(float(found.overlay_map.max()) for found in maps)
    cards = []
    for index, found in zip(pair, maps, strict=True):
        share = percent(setting.answer.probability(index))
        cards.append(
            Card(
                f"{labels[index]}: score {written(found.score)}, {share}",
                found.overlay_map,
                signed=False,
                alt=f"Grad-CAM for {labels[index]}: {where(found.heat_map)}.",
                extent=largest if common and largest else None,
                photo=setting.seen,
                opacity=0.6,
                note="" if found.heat_map.any() else "Empty: no position speaks for this class.",
            )
        )
    difference = maps[0].signed_map - maps[1].signed_map
    cards.append(
        Card(
            f"{labels[pair[0]]} rather than {labels[pair[1]]}",
            difference,
            signed=True,
            alt=f"The difference of both sums: {where(difference)}.",
            text="Both sums before the ReLU, subtracted. Orange: more for the first class. Blue: "
            "more for the second.",
        )
    )
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards], smallest="10rem"))
    if other == setting.target:
        st.caption("Both classes are the same one.")
    else:
        st.caption(
            "Both maps come from one forward pass: only the way back differs. One scale ends at "
            "the largest value of the two maps: a dark map then says that little speaks for that "
            "class. With two, each is stretched to its own largest value. A map for a class does "
            "not say that the network chooses it."
        )


def four_depths(setting: Setting) -> None:
    """Show the same class at four layers, from shallow to deep."""
    st.subheader("The same at four depths", anchor=False)
    usual = _usual(setting.name)
    if st.session_state.get(_LAST, setting.name) != setting.name:
        st.session_state[_DEPTHS] = usual  # the layers of another network mean nothing here
    st.session_state[_LAST] = setting.name
    wanted = st.multiselect(
        "Layers",
        list(setting.layers),
        usual,
        max_selections=4,
        key=_DEPTHS,
        bind="query-params",
        help="Up to four, by their names in PyTorch.",
    )
    chosen = [layer for layer in setting.layers if layer in wanted]
    if not chosen:
        st.info("Choose at least one layer.", icon=":material/layers:")
        return
    needs = 3 * len(chosen) * pace.seconds_a_pass(setting.name)  # back takes twice as long
    if needs > _PATIENCE and not st.toggle(
        f"Compute the maps, about {about(needs)}", key=f"{PAGE}_long", bind="query-params"
    ):
        return
    cards = []
    for place, layer in enumerate(chosen):
        (found,) = class_maps(setting, (setting.target,), layer)
        cards.append(_depth_card(setting, layer, found, place / max(len(chosen) - 1, 1)))
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards], smallest="10rem"))
    st.caption(
        "Each map has its own colour scale: numbers of different layers cannot be compared. Early "
        "maps are fine, but they show edges more than the class; the last is coarse, but about "
        "the class."
    )


def _usual(name: str) -> list[str]:
    def run() -> list[str]:
        from cnnlab import features, loading, pretrained, target_layers

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), name)
        with loading.using(name) as model:
            sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
            return target_layers.four_layers(model, sizes)

    return work.in_queue(("four layers", name), run, label=f"Looking at the layers of {name}")


def _depth_card(setting: Setting, layer: str, found: ClassMap, depth: float) -> Card:
    count, rows, columns = setting.layers[layer]
    height, width = found.overlay_map.shape
    place = list(setting.layers).index(layer) + 1
    words = (
        f"Layer {place} of {len(setting.layers)}: {count} maps of {rows} × {columns}; a cell "
        f"stands for {height / rows:.2g} × {width / columns:.2g} pixels. "
    )
    early, middle, late = patterns(setting.name)
    if depth < 0.3:
        words += (
            f"Channels answer to {early} anywhere; one weight for a whole channel "
            "cannot tell those of the object from the others. "
        )
    elif depth < 0.9:
        words += f"Channels answer to {middle}. "
    else:
        words += f"Channels answer to {late}: coarse, but about the class. "
    empty = "" if found.heat_map.any() else "Empty: every sum is negative or 0 at this layer."
    return Card(
        layer,
        found.overlay_map,
        signed=False,
        alt=f"Grad-CAM at {layer}: {where(found.heat_map)}.",
        text=words + pointing_words(setting, found, full=False),
        note=empty,
        photo=setting.seen,
        opacity=0.7,
    )
