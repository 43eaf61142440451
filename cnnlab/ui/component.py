"""Make a Streamlit component of the style and the script that stand beside its Python module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

__all__ = ["component", "readings_script"]

_SHARED = Path(__file__).with_name("elements.js")


def component(folder: Path, *, arithmetic: str = "") -> Any:
    """Register a component and return the function that draws it.

    Parameters
    ----------
    folder : Path
        Where ``<name>.css`` and ``<name>.js`` lie; its own name is the component's.
    arithmetic : str
        JavaScript that the script builds on, besides ``elements.js``.

    Returns
    -------
    callable
        As ``st.components.v2.component`` returns it.
    """
    style, script = (folder / f"{folder.name}.{kind}" for kind in ("css", "js"))
    parts = [_SHARED.read_text(encoding="utf-8"), arithmetic, script.read_text(encoding="utf-8")]
    return st.components.v2.component(
        f"cnnlab.{folder.name}", css=style.read_text(encoding="utf-8"), js="".join(parts)
    )


def readings_script() -> str:
    """Return the JavaScript that reads what a learner typed as a number: ``readings(text)``."""
    return Path(__file__).with_name("readings.js").read_text(encoding="utf-8")
