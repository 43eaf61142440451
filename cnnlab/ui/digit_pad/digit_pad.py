"""Let the browser run the digit network on each stroke of a drawing; nothing is sent back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["arithmetic", "digit_pad"]

_HERE = Path(__file__).parent
_ARITHMETIC = ("centred", "network", "link", "ink")  # what needs no page
_PARTS = ("words", "pad", "maps", "work")


def arithmetic() -> str:
    """Return what the pad computes with, in JavaScript, without exports."""
    return _joined(_ARITHMETIC)


def _joined(names: tuple[str, ...]) -> str:
    return "\n".join((_HERE / "js" / f"{name}.js").read_text(encoding="utf-8") for name in names)


_component = component(_HERE, arithmetic=_joined((*_ARITHMETIC, *_PARTS)))


def digit_pad(data: dict[str, Any], *, key: str) -> None:
    """Draw the pad, the network's answer and all of its tensors.

    Parameters
    ----------
    data : dict
        Where the weights lie, the stages and the sample digits, as ``digits_lab`` makes it; plain
        JSON types only.
    key : str
        The component's key on this page.
    """
    _component(data=data, key=key)
