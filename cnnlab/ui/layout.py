"""The look shared by all pages: page head, prose, lecture view."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.figures.theme import ROLES
from cnnlab.ui.server import ASSETS

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["ABOUT", "FAVICON", "chart", "is_lecture", "lecture_view", "page_head", "prose"]

FAVICON = ASSETS / "favicon.png"
ABOUT = "**CNN Lab**: understand convolutional neural networks by trying them."

_EVERYWHERE = """
<style>
.stMainBlockContainer { padding: 3.5rem 3rem 4rem; max-width: 84rem; }
.stMainBlockContainer p, .stMainBlockContainer li { max-width: 46rem; }
.st-key-lecture { position: fixed; top: 1rem; right: 3.5rem; width: auto; z-index: 999990; }
[data-testid="stSidebarHeader"] { position: sticky; top: 0; z-index: 1;
  background: light-dark(#f4f6f8, #1b2128); }
[data-testid="stCaptionContainer"], [data-testid="stImageCaption"] { color: inherit; opacity: 0.8; }
a:focus-visible, button:focus-visible, summary:focus-visible, input:focus-visible {
  outline: 3px solid CURSOR !important; outline-offset: 2px;
}
/* Plotly's labels take the colour of the text around them, so they follow the theme. */
.js-plotly-plot text { fill: currentColor !important; }
/* A link to a lesson wraps where the screen is narrow; Streamlit would cut it off. */
.stMainBlockContainer [data-testid="stPageLink-NavLink"] :is(span, p) { white-space: normal; }
/* What is chosen among many: readable in both themes, which white on the accent colour is not. */
.stMultiSelect [data-tag] { background: color-mix(in srgb, CURSOR 18%, transparent) !important;
  border: 1px solid CURSOR; }
.stMultiSelect [data-tag], .stMultiSelect [data-tag] * { color: inherit !important; }
/* Streamlit writes white on the accent colour; on the dark theme's pink nobody could read it. */
[data-testid="stBaseButton-primary"], [data-testid="stBaseButton-primaryFormSubmit"] {
  color: light-dark(#fff, #12161b) !important; }
/* While a page works, Streamlit's own sign of it stands beside the switch, not over it. */
[data-testid="stStatusWidget"] { margin-right: 12rem; }
@media (max-width: 48rem) { [data-testid="stStatusWidget"] { display: none; } }
.exercise { border: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  border-radius: 0.5rem; padding: 0.8rem 1rem; margin-bottom: 1rem; }
.exercise p { margin: 0 0 0.4rem; }
.exercise summary { cursor: pointer; padding: 0.3rem 0; }
/* A table that is wider than a phone has a shadow on the side on which it goes on. */
.numbers { overflow-x: auto; --page: light-dark(#fff, #12161b);
  --shade: color-mix(in srgb, currentColor 30%, transparent);
  background: linear-gradient(to right, var(--page) 30%, transparent) 0 0 / 2.5rem 100% no-repeat
      local, linear-gradient(to left, var(--page) 30%, transparent) 100% 0 / 2.5rem 100% no-repeat
      local, linear-gradient(to right, var(--shade), transparent) 0 0 / 0.7rem 100% no-repeat
      scroll, linear-gradient(to left, var(--shade), transparent) 100% 0 / 0.7rem 100% no-repeat
      scroll; }
/* The question mark that explains a field: large enough for a finger. */
.stTooltipIcon > div { padding: 4px; margin: -4px; }
.numbers table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.numbers th, .numbers td { text-align: left; padding: 0.4rem 0.9rem 0.4rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.numbers th { font-weight: 600; }
.numbers .right { text-align: right; white-space: nowrap; }
.numbers td.right:last-child { font-weight: 650; padding-right: 0; }
@media (max-width: 40rem) { .numbers .wide-only { display: none; } }
@media (max-width: 40rem) { .stMainBlockContainer { padding: 4rem 1rem 3rem; } }
</style>
""".replace("CURSOR", ROLES["cursor"].figure)

_LECTURE = """
<style>
html { font-size: clamp(18px, min(1.5vw, 2.4vh), 32px); }
/* Labels and captions too are read from the last row. */
.stMainBlockContainer :is([data-testid="stWidgetLabel"], [data-testid="stCaptionContainer"]) p {
  font-size: 1rem; }
.stMainBlockContainer { max-width: none; padding-top: 3.6rem; }
.stMainBlockContainer h1 { font-size: 1.6rem; padding: 0; }
.stMainBlockContainer > div > [data-testid="stVerticalBlock"] { gap: 0.7rem; }
</style>
"""


def lecture_view() -> bool:
    """Draw the switch for the lecture view and apply it.

    The lecture view is for a projector: larger type, navigation in a slim bar, no prose. It is
    part of the link, so a lecturer can prepare it.

    Returns
    -------
    bool
        Whether the lecture view is on.
    """
    st.html(_EVERYWHERE)
    lecture = st.toggle(
        "Lecture view",
        key="lecture",
        bind="query-params",
        help="For a projector: larger type, no side bar, no explanations.",
    )
    if lecture:
        st.html(_LECTURE)
    return lecture


def is_lecture() -> bool:
    """Return whether the lecture view is on."""
    return bool(st.session_state.get("lecture", False))


def page_head(title: str, question: str) -> None:
    """Write the title of a page and the question that it answers."""
    st.title(title, anchor=False)
    prose(question)


def chart(figure: go.Figure, *, height: int, alt: str) -> None:
    """Draw a Plotly figure, with larger type in the lecture view.

    Parameters
    ----------
    figure : go.Figure
        What to draw.
    height : int
        In pixels, outside the lecture view.
    alt : str
        What it shows, in words.
    """
    scale = 1.5 if is_lecture() else 1.0
    size = round(14 * scale)
    figure.update_layout(font_size=size)
    figure.update_xaxes(tickfont_size=size, title_font_size=size)
    figure.update_yaxes(tickfont_size=size, title_font_size=size)
    figure.update_traces(textfont_size=size)
    st.plotly_chart(figure, height=round(height * scale), config={"displayModeBar": False}, alt=alt)


def prose(text: str) -> None:
    """Write explanations; the lecture view leaves them out, since the lecturer speaks."""
    if not is_lecture():
        st.markdown(text)
