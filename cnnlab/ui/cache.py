"""Cached wrappers around the core: the same question is answered once.

Pure results are kept with ``st.cache_data`` and a bound; those made from a learner's own picture
only for the learner's session, so that they go when the learner does. What runs a network is
remembered by the work queue instead, so that a learner who waits sees it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from cnnlab import samples

if TYPE_CHECKING:
    from cnnlab.augmentation import Change
    from cnnlab.augmenting import Step

__all__ = ["digest", "sample", "versions"]


@st.cache_data(max_entries=64, show_spinner=False)
def sample(name: str) -> Image.Image:
    """Return a sample photograph as an RGB picture."""
    return samples.sample(name)


def digest(image: Image.Image) -> str:
    """Return a short name for the exact pixels of an RGB picture."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:32]


@st.cache_data(max_entries=4, show_spinner=False, scope="session")
def versions(
    names: tuple[str, str],
    recipe: tuple[Change, ...],
    seed: int,
    epochs: int,
    _images: tuple[Image.Image, Image.Image],
) -> list[list[Step]]:
    """Return each epoch's steps of an augmentation.

    Parameters
    ----------
    names : pair of str
        The digests of the two pictures.
    recipe, seed, epochs
        What is done to them.
    _images : pair of PIL.Image.Image
        The pictures.
    """
    from cnnlab import augmenting

    first, other = (augmenting.prepare(image) for image in _images)
    return [
        augmenting.steps(first, recipe, seed=seed, epoch=epoch, other=other)
        for epoch in range(epochs)
    ]
