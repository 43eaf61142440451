"""One small set of colours by role, shared by figures, the step player and the words on a page.

Streamlit's palette carries them to the browser (``.streamlit/config.toml``): blue is the input,
orange the kernel, green the output, violet the cursor and grey the padding, so prose can write
``:blue[input]``. All are readable (WCAG AA) on the background of their mode, and told apart under
the three common kinds of colour blindness; colour is still never the only carrier.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BACKGROUND", "ROLES", "Role"]


@dataclass(frozen=True)
class Role:
    """The colours of one role.

    Parameters
    ----------
    streamlit : str
        The name of the colour in Streamlit's palette.
    light, dark : str
        For text and lines on the light and on the dark background.
    figure : str
        For areas in Plotly figures: readable on both backgrounds, since a figure is not drawn
        again when the reader switches the theme.
    """

    streamlit: str
    light: str
    dark: str
    figure: str


ROLES: dict[str, Role] = {
    "input": Role("blue", "#0462B9", "#62ACFF", "#0980E4"),
    "kernel": Role("orange", "#A74A03", "#F5A13D", "#C96F11"),
    "output": Role("green", "#016F4E", "#52D7A2", "#209068"),
    "cursor": Role("violet", "#9E1C86", "#FDA9DC", "#C24FAD"),
    "padding": Role("gray", "#5F6870", "#9CA5AE", "#79828B"),
}

BACKGROUND = {"light": "#FFFFFF", "dark": "#12161B"}
