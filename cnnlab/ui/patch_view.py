"""The nine patches that excite one channel most, for any page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from cnnlab.figures.pictures import data_link
from cnnlab.numerals import written
from cnnlab.ui import work

__all__ = ["STRIPES", "find_patches", "how_chosen", "nine_patches"]

STRIPES = "Grey stripes are outside the picture"
_SIDE = 112  # pixels of a patch


@dataclass(frozen=True)
class _Shown:
    """One patch, ready for the page."""

    link: str
    value: float
    title: str
    alt: str


@dataclass(frozen=True)
class _Nine:
    """The patches of a channel, and what is to be said of them."""

    patches: list[_Shown]
    side: str  # of what a cell sees
    padding: bool
    rings: bool
    whole: bool


def nine_patches(name: str, trained: bool, layer: str, channel: int) -> None:
    """Show the nine patches of the sample pictures that excite a channel most, with values.

    The first call for a layer searches all samples, with progress, in the shared queue; what was
    found is kept for everybody.

    Parameters
    ----------
    name : str
        A network.
    trained : bool
        With its trained weights, or with random numbers.
    layer : str
        Name of a layer whose output is (N, C, H, W).
    channel : int
        Number of the channel, from 0.

    Raises
    ------
    InputError
        If the network, the layer or the channel cannot be used.
    """
    find_patches(name, trained, [layer])
    nine = _nine(name, trained, layer, channel)
    if not nine.patches:
        st.info(
            f"No sample excites channel {channel} of {layer}: it answers 0 or less to all of "
            "them. Other pictures may excite it.",
            icon=":material/visibility_off:",
        )
        return
    st.html(
        '<div role="list" style="display:grid;grid-template-columns:repeat(3,minmax(0,8.5rem));'
        f'gap:0.6rem">{"".join(_figure(patch) for patch in nine.patches)}</div>'
    )
    st.caption(_words(nine))


def find_patches(name: str, trained: bool, layers: Sequence[str]) -> None:
    """Search the samples for the patches of some layers, unless that is done already."""
    from cnnlab import patches

    missing = [layer for layer in layers if not patches.are_known(name, [layer], trained)]
    if not missing:
        return

    def run() -> bool:
        patches.strongest_patches(name, missing, trained=trained)
        return True

    key = ("search patches", name, trained, tuple(missing))
    work.in_queue(key, run, label=f"Showing {len(patches.crops(name))} squares to {name}")
    if not patches.are_known(name, missing, trained):  # the queue remembers a search long gone
        work.in_queue((*key, "again"), run, label=f"Searching patches for {name} again")


def how_chosen(name: str) -> str:
    """Say from which pictures the patches of a network come, and how few these are."""
    from cnnlab import patches

    squares, pictures = len(patches.crops(name)), len(patches.shown_samples(name))
    if squares == pictures:
        return (
            f"All {pictures} sample digits were shown to the network; at most one patch comes "
            "from each. Nine from so few say little: with thousands, the nine would be more alike."
        )
    return (
        f"{pictures} of the sample photographs were shown to the network as {squares} squares, at "
        "two scales. At most two patches come from one photograph, and these a quarter of its "
        "side apart. So few pictures say only roughly what a channel looks for. Zeiler and Fergus "
        "(2014, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901)) took the nine best of 50,000: "
        "then a channel's patches look far more alike, and one sees dog faces, wheels or text."
    )


def _nine(name: str, trained: bool, layer: str, channel: int) -> _Nine:
    def run() -> _Nine:
        from cnnlab import network_receptive, patches
        from cnnlab.figures import patches as drawn

        found = patches.patches_of(name, layer, channel, trained=trained)
        field = network_receptive.receptive_field_of(name, layer)
        shown = [
            _Shown(
                data_link(drawn.patch_picture(patch, _SIDE)),
                patch.value,
                patch.sample.title,
                patch.sample.alt,
            )
            for patch in found
        ]
        return _Nine(
            shown,
            "the whole square"
            if field.size is None
            else f"{field.size[0]} × {field.size[1]} pixels",
            any(drawn.has_stripes(patch) for patch in found),
            any(drawn.is_cut_off(patch) and drawn.shows_all(patch) for patch in found),
            field.whole and field.size is not None,
        )

    key = ("nine patches", name, trained, layer, channel)
    return work.in_queue(key, run, label="Cutting out the patches")


def _figure(patch: _Shown) -> str:
    title = escape(patch.title)
    return (
        '<figure role="listitem" style="margin:0;min-width:0">'
        f'<img src="{patch.link}" alt="A part of: {escape(patch.alt)}" '
        'style="width:100%;display:block;border-radius:4px">'
        '<figcaption style="font-size:0.9rem;line-height:1.35;margin-top:0.15rem">'
        f"<strong>{written(patch.value)}</strong> {title}</figcaption></figure>"
    )


def _words(nine: _Nine) -> str:
    words = [f"The strongest answers come first. Each patch is what one cell sees: {nine.side}."]
    if nine.padding:
        words.append(f"{STRIPES}: padding.")
    if nine.rings:
        words.append(
            "A cell here can see more than the square is large: all of it is drawn, and the "
            "ring marks the middle of what it sees."
        )
    if nine.whole:
        words.append(
            "On top of that, squeeze-and-excitation weighs each channel by the whole picture."
        )
    return " ".join(words)
