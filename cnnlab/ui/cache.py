"""Cached wrappers around the core: the same question is answered once.

Pure results are kept with ``st.cache_data`` and a bound; those made from a learner's own picture
only for the learner's session, so that they go when the learner does. What runs a network is
remembered by the work queue instead, so that a learner who waits sees it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab import pixel_moves, pixel_tensors, samples
from cnnlab.kernels import KERNELS
from cnnlab.ui import sessions

if TYPE_CHECKING:
    from cnnlab.augmentation import Change
    from cnnlab.augmenting import Step

__all__ = [
    "digest",
    "sample",
    "sample_digit",
    "shifted_pixels",
    "shuffled_pixels",
    "tensor",
    "versions",
    "watched",
]


@st.cache_resource(scope="session", show_spinner=False, on_release=sessions.begin_to_end)
def watched(session: str) -> str:
    """Return the name of a session; Streamlit releases it when the session loses its page."""
    return session


@st.cache_data(max_entries=64, show_spinner=False)
def sample(name: str) -> Image.Image:
    """Return a sample photograph as an RGB picture."""
    return samples.sample(name)


@st.cache_data(max_entries=64, show_spinner=False)
def sample_digit(name: str) -> Image.Image:
    """Return a sample digit as an RGB picture of 28 × 28 pixels."""
    from cnnlab import digits

    return digits.sample_digit(name).convert("RGB")


def digest(image: Image.Image) -> str:
    """Return a short name for the exact pixels of an RGB picture."""
    return hashlib.sha256(repr(image.size).encode() + image.tobytes()).hexdigest()[:32]


@st.cache_data(max_entries=4, show_spinner=False, scope="session")
def shuffled_pixels(
    digest: str, _x: NDArray[np.uint8], kernel: str, *, seed: int, block: int
) -> pixel_moves.ShuffleTest:
    """Return what two layers make of a shuffled picture; `digest` names its exact numbers."""
    return pixel_moves.shuffle_test(_x, KERNELS[kernel].values, seed=seed, block=block)


@st.cache_data(max_entries=4, show_spinner=False, scope="session")
def shifted_pixels(
    digest: str,
    _x: NDArray[np.uint8],
    kernel: str,
    *,
    rows: int,
    columns: int,
    fill: pixel_moves.Fill,
) -> pixel_moves.ShiftTest:
    """Return what two layers make of a shifted picture; `digest` names its exact numbers."""
    values = KERNELS[kernel].values
    return pixel_moves.shift_test(_x, values, rows=rows, columns=columns, fill=fill)


@st.cache_data(max_entries=4, show_spinner=False, scope="session")
def tensor(
    digest: str, _image: Image.Image, *, longest: int, grey: bool
) -> tuple[NDArray[np.uint8], str]:
    """Return a picture as H × W × C whole numbers, with a name for exactly these."""
    x = pixel_tensors.to_tensor(_image, longest=longest, grey=grey)
    return x, hashlib.sha256(repr(x.shape).encode() + x.tobytes()).hexdigest()[:32]


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


def forget_own_results() -> None:
    """Let go of everything that this session keeps here; other sessions keep theirs."""
    for function in (shuffled_pixels, shifted_pixels, tensor, versions):
        function.clear()
