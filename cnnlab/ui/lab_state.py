"""The state of the convolution lesson: from the link, kept for the session, changed by wishes."""

from __future__ import annotations

import math
from typing import Any

from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.formulas import convolution_formula, size_words
from cnnlab.links import PARAMETERS, setup_from_link, setup_to_link
from cnnlab.mistakes import size_mistakes, value_mistakes
from cnnlab.presets import PRESETS
from cnnlab.repairs import repairs
from cnnlab.setup_changes import change, edit
from cnnlab.setups import Setup, trace_setup
from cnnlab.trace import Trace, short, trace_payload
from cnnlab.ui import layout, player_state
from cnnlab.ui.lab_fields import brief, lab_fields

__all__ = ["current_setup", "player_data", "replace_setup"]

_MOST_ASKED = 2048  # steps; beyond, nobody predicts, and the answers would only cost time
_OWN_WORDS = "Your own settings or numbers."


def current_setup(key: str) -> tuple[Setup, str]:
    """Return the layer to show and, if a link or a wish was refused, one sentence about it.

    A link that was not seen before wins; else the session's own state, with what the learner has
    changed in the player since the last run.

    Parameters
    ----------
    key : str
        The key of the step player.

    Returns
    -------
    Setup
        The layer and its input.
    str
        Why something was refused, empty if nothing was.
    """
    return player_state.current(key, _LAB)


def replace_setup(key: str, setup: Setup) -> None:
    """Put another layer in place of the present one; it can be taken back."""
    player_state.replaced(key, setup)


def player_data(
    setup: Setup, *, key: str, label: str, notice: str
) -> tuple[dict[str, Any], Trace | None]:
    """Return what the step player shows of `setup`, and its steps if there are any.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    key : str
        The key of the step player.
    label : str
        What the player shows, for screen readers.
    notice : str
        One sentence to show above everything.

    Returns
    -------
    dict
        Plain JSON types for ``step_player``.
    Trace or None
        The steps; None where the settings do not go together.
    """
    link = setup_to_link(setup)
    preset = next((entry for entry in PRESETS.values() if entry.link == link), None)
    data: dict[str, Any] = {
        "label": label,
        "notice": notice,
        "fields": lab_fields(setup),
        "brief": brief(setup),
        "fold": layout.is_lecture(),
        "about": f"{preset.says} Source: {preset.source}." if preset else _OWN_WORDS,
        "undo": player_state.has_past(key),
        "link": link,
        "keys": list(PARAMETERS),
        "done": player_state.done(key),
        "values": {
            "height": setup.size[0],
            "width": setup.size[1],
            "bias": None if setup.bias is None else list(setup.bias),
        },
    }
    try:
        trace = trace_setup(setup)
    except InputError as error:
        ways = [{"label": label, "fields": fields} for label, fields in repairs(setup)]
        return data | {"trace": None, "problem": {"says": f"{error}.", "repairs": ways}}, None
    data["trace"] = trace_payload(trace) | {"formula": convolution_formula(setup)}
    data["sizes"] = size_words(setup, len(trace.unread))
    if len(trace) <= _MOST_ASKED:
        data["predict"] = {
            "values": [
                {"says": says, "values": short(values)}
                for says, values in value_mistakes(setup, trace)
            ],
            "sizes": [{"says": says, "size": list(size)} for says, size in size_mistakes(setup)],
        }
    return data, trace


def _granted(setup: Setup, wish: dict[str, Any]) -> Setup:
    if "preset" in wish:
        return PRESETS[wish["preset"]].setup if wish["preset"] in PRESETS else setup
    if "edit" in wish:
        cells = player_state.edited_cells(wish)
        if not all(math.isfinite(value) for _, value in cells):
            raise InputError("a value must be a finite number")
        return edit(setup, wish["edit"]["part"], cells)
    fields = wish.get("set", {})
    example = EXAMPLES.get(str(fields.get("input")))
    if example is not None:  # it comes in its own size
        channels, height, width = example.values.shape
        fields = {"channels": channels, "height": height, "width": width} | fields
    return change(setup, **fields)


_LAB = player_state.Lab(PARAMETERS, setup_from_link, setup_to_link, _granted)
