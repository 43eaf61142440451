"""Windows that the step player opens: a photograph as the input, and what can be taken away."""

from __future__ import annotations

import inspect
from typing import Any

import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.convolution import conv2d_by_loops
from cnnlab.figures.pictures import data_link
from cnnlab.images import patch, shrink, to_array
from cnnlab.setup_changes import change, own_input
from cnnlab.setups import Setup
from cnnlab.trace import Trace
from cnnlab.ui import lab_state, player_state
from cnnlab.ui.controls import choice, picture_picker
from cnnlab.ui.framer import square_frame

__all__ = ["offline_page", "open_dialog"]

_HEIGHTS = {"small": 360, "medium": 540, "large": 720}


def open_dialog(
    page: str, setup: Setup, trace: Trace | None, data: dict[str, Any], *, key: str
) -> None:
    """Open the window that the learner has asked for in the step player, if any.

    Parameters
    ----------
    page : str
        Prefix of the widgets' keys.
    setup : Setup
        The layer and its input.
    trace : Trace or None
        Its steps; without steps there is nothing to take away.
    data : dict
        What the step player shows.
    key : str
        The key of the step player.
    """
    wanted = player_state.wanted_dialog(key)
    if wanted == "photograph":
        _photograph(page, setup, key)
    elif wanted == "film" and trace is not None:
        _film(page, trace)
    elif wanted == "page" and trace is not None:
        offline_page(data)
    elif wanted == "code" and trace is not None:
        _code(page, setup)


@st.dialog("A photograph as the input", width="large", icon=":material/photo_camera:")
def _photograph(page: str, setup: Setup, key: str) -> None:
    picture = picture_picker(page)
    with st.container(horizontal=True, gap="medium"):
        size = choice("Cells per side", [8, 12, 16], default=12, key=f"{page}_cells")
        colours = choice("Colours", ["grey", "red, green, blue"], key=f"{page}_colours")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("Drag the frame over the part that you want.")
        frame = square_frame(
            picture.image,
            smallest=size,
            alt=picture.alt,
            key=f"{page}_frame_{picture.digest[:16]}",
        )
    part = patch(picture.image, left=frame[0], top=frame[1], width=frame[2], height=frame[2])
    try:
        small = shrink(part, size=size)
    except InputError as error:  # a picture that is smaller than the input
        st.error(f"{error}.")
        return
    x = to_array(small, channels="grey" if colours == "grey" else "rgb").round()
    with right:
        shown = small.convert("L") if colours == "grey" else small
        st.image(
            data_link(shown.resize((320, 320), Image.Resampling.NEAREST)),
            caption=f"The input: {size} × {size} cells, each the mean of what it covers.",
            alt="The framed part in large cells.",
        )
        if st.button("Use it as the input", type="primary", key=f"{page}_use"):
            sized = change(setup, channels=len(x), height=size, width=size)
            lab_state.replace_setup(key, own_input(sized, x, photograph=True))
            st.rerun()


@st.dialog("All steps as an animated GIF", icon=":material/movie:")
def _film(page: str, trace: Trace) -> None:
    from cnnlab.animation import MOST_FRAMES, animated_gif

    height = choice("Size", list(_HEIGHTS), default="medium", key=f"{page}_film")
    speed = choice("Steps per second", [1, 2, 4], default=2, key=f"{page}_speed")
    theme = choice("Background", ["light", "dark"], key=f"{page}_theme")
    if len(trace) > MOST_FRAMES:
        st.caption(f"The film shows {MOST_FRAMES} of the {len(trace):,} steps, evenly spaced.")
    st.download_button(
        "Save the GIF",
        lambda: animated_gif(
            trace, height=_HEIGHTS[height], steps_per_second=speed, dark=theme == "dark"
        ),
        file_name=f"{page}.gif",
        mime="image/gif",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )


@st.dialog("The step player as one file", icon=":material/web:")
def offline_page(data: dict[str, Any]) -> None:
    """Offer the step player as one file, without a server."""
    from cnnlab.ui.player.standalone import standalone_page

    st.markdown(
        "A web page with exactly these numbers. It needs no server and no network: open it in any "
        "browser, put it on a stick or into the course's folder. Its steps can be played, its "
        "numbers cannot be changed."
    )
    st.download_button(
        "Save the page",
        standalone_page(data),
        file_name=f"{data.get('file', 'convolution')}.html",
        mime="text/html",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )


@st.dialog("This layer as code", width="large", icon=":material/code:")
def _code(page: str, setup: Setup) -> None:
    from cnnlab import code_export

    writers = {
        "NumPy": code_export.numpy_code,
        "PyTorch": code_export.pytorch_code,
        "Keras": code_export.keras_code,
    }
    loops = [] if setup.is_transposed else ["plain loops"]
    library = choice("Library", [*writers, *loops], key=f"{page}_library")
    if library in writers:
        st.markdown("Run it: it prints the output that the player shows.")
        st.code(writers[library](setup), language="python")
    else:
        st.markdown(
            "What a convolution does, written to be read: `conv2d_by_loops` in "
            "`cnnlab/convolution.py`. `Floats` is an array of float64."
        )
        st.code(inspect.getsource(conv2d_by_loops), language="python")
