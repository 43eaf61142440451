"""Cached wrappers around the core: the same question is answered once.

Pure results are kept with ``st.cache_data`` and a bound; those made from a learner's own picture
only for the learner's session, so that they go when the learner does. What runs a network is
remembered by the work queue instead, so that a learner who waits sees it.
"""

from __future__ import annotations

import hashlib

import streamlit as st
from PIL import Image

from cnnlab import samples

__all__ = ["digest", "sample"]


@st.cache_data(max_entries=64, show_spinner=False)
def sample(name: str) -> Image.Image:
    """Return a sample photograph as an RGB picture."""
    return samples.sample(name)


def digest(image: Image.Image) -> str:
    """Return a short name for the exact pixels of an RGB picture."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:32]
