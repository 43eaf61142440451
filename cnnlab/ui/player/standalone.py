"""The step player as one file that plays without any server."""

from __future__ import annotations

import json
from typing import Any

from cnnlab.figures.theme import BACKGROUND, ROLES
from cnnlab.ui.player.player import player_script, player_style

__all__ = ["standalone_page"]

_TEXT = {"light": "#1B2430", "dark": "#E8ECF0"}
_SECOND = {"light": "#F4F6F8", "dark": "#1B2128"}
_LINE = {"light": "#D5DBE1", "dark": "#37414C"}
_SHOWN = ("label", "trace", "values", "predict", "about")

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; {light} }}
@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}
body {{ margin: 1.5rem; background: var(--st-background-color); font-family: var(--st-font); }}
{style}
</style>
<div id="player"></div>
<script type="application/json" id="data">{data}</script>
<script type="module">
{script}
const data = JSON.parse(document.getElementById("data").textContent);
mount({{ data, parentElement: document.getElementById("player") }});
</script>
</html>
"""


def standalone_page(data: dict[str, Any]) -> str:
    """Return the player with its steps as one HTML file.

    Parameters
    ----------
    data : dict
        As for ``step_player``. Settings and numbers cannot be changed in the file, since the sums
        are computed in Python; steps, levels of detail and predicting work.

    Returns
    -------
    str
        A page that loads nothing from anywhere.
    """
    shown = {name: data[name] for name in _SHOWN if name in data}
    text = json.dumps(shown, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return _PAGE.format(
        title=data["label"],
        light=_variables("light"),
        dark=_variables("dark"),
        style=player_style(),
        data=text,
        script=player_script(),
    )


def _variables(mode: str) -> str:
    """Return the colours that the player otherwise takes from the app around it."""
    colours = {
        f"{role.streamlit}-color": role.light if mode == "light" else role.dark
        for role in ROLES.values()
    }
    colours |= {
        "background-color": BACKGROUND[mode],
        "secondary-background-color": _SECOND[mode],
        "text-color": _TEXT[mode],
        "border-color": _LINE[mode],
        "font": "'IBM Plex Sans', system-ui, sans-serif",
        "code-font": "'IBM Plex Mono', ui-monospace, monospace",
        "base-radius": "0.5rem",
    }
    return " ".join(f"--st-{name}: {value};" for name, value in colours.items())
