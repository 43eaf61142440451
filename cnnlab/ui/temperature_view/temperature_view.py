"""Send scores to the browser, which makes probabilities of them at any temperature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnlab.ui.component import component

__all__ = ["temperature_view"]

_component = component(Path(__file__).parent)


def temperature_view(data: dict[str, Any], *, key: str, on_rest: Callable[[], None]) -> None:
    """Draw bars for the best classes, with a slider for the temperature of the softmax.

    Parameters
    ----------
    data : dict
        ``logits`` of all classes, the highest first; ``names`` of as many as have a bar; ``at``,
        the temperature to begin with; ``low`` and ``high``, its ends.
    key : str
        The component's key on this page.
    on_rest : callable
        Called before the next run when the slider has come to rest at another temperature, which
        then stands in ``st.session_state[key]`` as "temperature".
    """
    _component(data=data, key=key, on_temperature_change=on_rest)
