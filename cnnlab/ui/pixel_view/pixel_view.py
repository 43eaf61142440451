"""Send the numbers of a picture to the browser, which zooms into them by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.ui.component import component

__all__ = ["pixel_view"]

_component = component(Path(__file__).parent)


def pixel_view(
    x: NDArray[np.uint8],
    view: dict[str, Any],
    *,
    digest: str,
    alt: str,
    key: str,
    on_rest: Callable[[], None],
) -> None:
    """Draw a picture that one can zoom into, its channels apart beside it.

    Parameters
    ----------
    x : ndarray of shape (H, W, C)
        The picture; C is 1 or 3.
    view : dict
        What to show: "row", "column" and "across" (columns in sight), "channel" (-1: all of
        them), "tinted" (channels in their colour, else grey), "unit" (values from 0 to "uint8"
        255 or to "float" 1); plain JSON types only.
    digest : str
        A name for these exact numbers.
    alt : str
        What the picture shows, in words.
    key : str
        The component's key on this page.
    on_rest : callable
        Called before the next run when the learner has come to rest at another place; what was
        sent stands in ``st.session_state[key]["rest"]``.

    Notes
    -----
    The numbers travel in a message of their own, which stays the same while one moves about:
    Streamlit sends it once for each picture.
    """
    height, width, channels = x.shape
    pixels = {
        "digest": digest,
        "height": height,
        "width": width,
        "channels": channels,
        "values": base64.b64encode(np.ascontiguousarray(x).tobytes()).decode(),
    }
    with st.container(gap=None):  # what only carries numbers takes no room
        _component(data={"pixels": pixels}, key=f"{key}_numbers")
        _component(data={**view, "digest": digest, "alt": alt}, key=key, on_rest_change=on_rest)
