"""The filters of a pretrained network's first layer, beside those made by hand."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.filtered import Shading, shaded
from cnnlab.figures.pictures import data_link, framed
from cnnlab.ui import layout, networks, work
from cnnlab.ui.controls import Picture, whole_number

__all__ = ["learned_filters"]

PAGE = "filters"
_TILE = 96  # pixels a side of an answer on the wall


@dataclass(frozen=True, eq=False)
class _Wall:
    """What is kept of a first layer: its pictures, not its millions of numbers."""

    layer: str
    stride: int
    seen: Image.Image
    kernels: list[Image.Image]
    answers: list[Image.Image]  # grey is 0
    extents: list[float]  # the largest answer of each, without its sign
    best: list[tuple[tuple[int, int, int, int], float]]  # where, and how much

    @property
    def side(self) -> str:
        """The size of a kernel, in words."""
        return f"{self.kernels[0].height} × {self.kernels[0].width} pixels, 3 channels"


def learned_filters(picture: Picture) -> None:
    """Show the learned filters and their answers once a learner opens this part."""
    panel = st.expander(
        "Filters that a network learned",
        icon=":material/school:",
        key=f"{PAGE}_learned",
        on_change="rerun",
        bind="query-params",
    )
    if not panel.open:
        return
    with panel:
        name = networks.picker(PAGE, digits=False)
        try:
            wall = _wall(picture, name)
        except InputError as error:
            st.error(str(error))
            return
        layout.prose(
            f"Nobody chose these {len(wall.kernels)} filters: {name} learned them from 1.3 "
            f"million photographs. Each reads {wall.side} (layer `{wall.layer}`, stride "
            f"{wall.stride}); so each is drawn in colour: grey is 0, and the strongest weight of "
            "a filter has the full colour. Look for edges, stripes as of a Gabor filter, and "
            "spots of one colour against its opposite. Beside each is what it answers to your "
            "picture, before the activation: grey is 0, white positive, black negative."
        )
        _one(picture, wall)
        _all(wall)


def _wall(picture: Picture, name: str) -> _Wall:
    def run() -> _Wall:
        from cnnlab.first_layer import first_layer

        found = first_layer(picture.image, name)
        places = [np.unravel_index(answer.argmax(), answer.shape) for answer in found.maps]
        extents = [float(np.abs(answer).max()) for answer in found.maps]
        return _Wall(
            found.layer,
            found.stride,
            found.seen,
            [_kernel_picture(kernel) for kernel in found.weight],
            [
                _answer_picture(answer, extent)
                for answer, extent in zip(found.maps, extents, strict=True)
            ],
            extents,
            [
                (found.window(int(row), int(column)), float(answer[row, column]))
                for answer, (row, column) in zip(found.maps, places, strict=True)
            ],
        )

    return work.in_queue(
        ("first layer", name, picture.digest),
        run,
        label=f"Asking the first layer of {name}",
        own=picture.own,
    )


def _kernel_picture(kernel: NDArray[np.float32]) -> Image.Image:
    most = float(np.abs(kernel).max())
    return shaded(kernel.astype(np.float64), Shading("grey", -most, most))


def _answer_picture(answer: NDArray[np.float32], extent: float) -> Image.Image:
    drawn = shaded(answer[None].astype(np.float64), Shading("grey", -extent, extent))
    drawn.thumbnail((2 * _TILE, 2 * _TILE), Image.Resampling.BOX)
    return drawn


def _one(picture: Picture, wall: _Wall) -> None:
    """Show one filter in detail."""
    count = len(wall.kernels)
    key = f"{PAGE}_number"
    if key in st.session_state:  # another network may have fewer
        st.session_state[key] = min(max(int(st.session_state[key]), 1), count)
    number = whole_number(f"Filter, 1 to {count}", 1, count, 1, key=key) - 1
    kernel = wall.kernels[number].resize((224, 224), Image.Resampling.NEAREST)
    box, most = wall.best[number]
    where = framed(wall.seen, _widened(box, wall.seen.size))
    shown = [
        (kernel, f"Filter {number + 1}: {wall.side}.", f"Learned filter {number + 1}, in colour."),
        (
            wall.answers[number].resize((224, 224)),
            f"Its answer: white is {wall.extents[number]:.3g}, black −{wall.extents[number]:.3g}.",
            f"The answer of filter {number + 1} to the picture.",
        ),
        (where, f"It answers most, {most:.3g}, in the middle of the frame.", picture.alt),
    ]
    for column, (image, caption, alt) in zip(st.columns(3), shown, strict=True):
        column.image(image, caption=caption, output_format="PNG", width="stretch", alt=alt)


def _widened(
    box: tuple[int, int, int, int], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return a frame that is wide enough to be seen around a few pixels, inside the picture."""
    width, height = size
    left, top, right, bottom = box
    margin = 8
    return (
        max(left - margin, 0),
        max(top - margin, 0),
        min(right + margin, width),
        min(bottom + margin, height),
    )


def _all(wall: _Wall) -> None:
    """Show all filters, each beside its answer."""
    tiles = []
    for number, (kernel, answer) in enumerate(zip(wall.kernels, wall.answers, strict=True), 1):
        small = answer.copy()
        small.thumbnail((_TILE, _TILE))
        words = escape(f"filter {number}")
        tiles.append(
            '<figure style="margin:0;width:7.6rem">'
            '<div style="display:flex;gap:0.25rem;align-items:center">'
            f'<img src="{data_link(kernel)}" alt="Learned {words}" '
            'style="width:2.8rem;image-rendering:pixelated;border-radius:3px">'
            f'<img src="{data_link(small)}" alt="Answer of {words}" '
            'style="width:4.4rem;border-radius:3px"></div>'
            f'<figcaption style="font-size:0.85rem;line-height:1.3">{number}</figcaption></figure>'
        )
    st.html(f'<div style="display:flex;flex-wrap:wrap;gap:0.5rem 0.7rem">{"".join(tiles)}</div>')
