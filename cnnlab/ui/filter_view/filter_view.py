"""Send a photograph and a filter to the browser, which shows what happens at any place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.ui.component import component

__all__ = ["arithmetic", "filter_view", "send_pixels"]


def arithmetic() -> str:
    """Return the arithmetic of filters in JavaScript, without exports."""
    return Path(__file__).with_name("arithmetic.js").read_text(encoding="utf-8")


_component = component(Path(__file__).parent, arithmetic=arithmetic())


def send_pixels(planes: NDArray[np.uint8], *, name: str, key: str) -> None:
    """Give the browser the pixels of a photograph, apart from what is done to them.

    They are a component of their own, which draws nothing: when only the filter changes, Streamlit
    knows this part as already sent.

    Parameters
    ----------
    planes : ndarray of shape (C, H, W)
        The pixels.
    name : str
        A name for exactly these pixels; `filter_view` asks for them by it.
    key : str
        The component's key on this page.
    """
    _component(data={"name": name, "pixels": planes.ravel()}, key=key, height=1)


def filter_view(data: dict[str, Any], *, key: str) -> None:
    """Draw input and output under one cursor: the patch, the kernel and the result.

    Parameters
    ----------
    data : dict
        What to show, as ``filters_lab`` makes it; plain JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
