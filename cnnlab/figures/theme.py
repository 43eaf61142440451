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
    "input": Role("blue", "#0B62B0", "#74B8FF", "#2F7FD0"),
    "kernel": Role("orange", "#A84A00", "#FFA94D", "#C9701A"),
    "output": Role("green", "#00714F", "#4CD6A2", "#17916A"),
    "cursor": Role("violet", "#A3237E", "#F58FD0", "#C64FA3"),
    "padding": Role("gray", "#5B6672", "#A1ADB9", "#75818E"),
}

BACKGROUND = {"light": "#FFFFFF", "dark": "#12161B"}
