"""Panels that show what a network sees and why it answers as it does."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from cnnlab.figures.pictures import framed
from cnnlab.ui.controls import Picture

__all__ = ["seen_by_network"]


def seen_by_network(
    picture: Picture, seen: Image.Image, box: tuple[float, float, float, float]
) -> None:
    """Show a picture with the part that is cut out, beside what the network gets."""
    image = picture.image
    whole = box == (0, 0, image.width, image.height)
    gets = "The network gets all of it." if whole else "The network gets what is inside the frame."
    with st.grid(2, min_column_width=120):  # side by side on a phone too
        st.image(
            _in_blocks(image if whole else framed(image, box)),
            caption=f"{picture.title}, {image.width} wide, {image.height} high. {gets}",
            alt=picture.alt,
            width="stretch",
        )
        st.image(
            _in_blocks(seen),
            caption=f"As the network sees it, {seen.width} wide, {seen.height} high",
            alt=f"What the network gets. {picture.alt}",
            width="stretch",
        )


def _in_blocks(image: Image.Image) -> Image.Image:
    """Return a small picture with each pixel as a block: the browser would blur it."""
    if max(image.size) > 64:
        return image
    times = 256 // max(image.size)
    size = (times * image.width, times * image.height)
    return image.resize(size, Image.Resampling.NEAREST)
