"""Cached wrappers around the core: the same question is answered once.

Pure results are kept with ``st.cache_data`` and a bound; those made from a learner's own picture
only for the learner's session, so that they go when the learner does. What runs a network is
remembered by the work queue instead, so that a learner who waits sees it.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import streamlit as st
from PIL import Image

from cnnlab import images, trace
from cnnlab.conv_steps import trace_conv2d
from cnnlab.convolution import conv2d
from cnnlab.figures.pictures import grey_picture

__all__ = ["Shown", "conv_trace", "digest", "filtered", "sample"]


class Shown(NamedTuple):
    """A matrix drawn in shades of grey, and the values that are black and white."""

    picture: Image.Image
    black: float
    white: float


@st.cache_data(max_entries=64, show_spinner=False)
def sample(name: str) -> Image.Image:
    """Return a sample photograph as an RGB picture."""
    return images.sample(name)


@st.cache_data(max_entries=16, show_spinner=False, scope="session")
def conv_trace(**settings: Any) -> trace.Trace:
    """Return ``trace_conv2d(**settings)``; arrays as nested lists, so that all of them count."""
    return trace_conv2d(**settings)


@st.cache_data(max_entries=4, show_spinner=False, scope="session")
def filtered(image: Image.Image, kernel: list[list[float]], **settings: Any) -> list[Shown]:
    """Return `image` in grey and what `kernel` makes of it, with the values at black and white."""
    grey = images.to_array(image, channels="grey")
    feature_map = conv2d(grey, [[kernel]], **settings)[0]
    low, high = float(feature_map.min()), float(feature_map.max())
    return [
        Shown(grey_picture(grey[0], black=0, white=255), 0, 255),
        Shown(grey_picture(feature_map, black=low, white=high), low, high),
    ]


def digest(image: Image.Image) -> str:
    """Return a short name for the exact pixels of an RGB picture."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:32]
