"""Larger parts that pages share: the lesson map, code, exercises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.fillings import KERNEL_NAMES
from cnnlab.kernels import KERNELS
from cnnlab.lessons import LESSONS, SECTIONS, Lesson
from cnnlab.setups import Setup
from cnnlab.setups import output_size as shape_of_output
from cnnlab.shapes import size_formula, transpose_size_formula
from cnnlab.trace import Trace
from cnnlab.ui import layout

__all__ = [
    "convolution_exercises",
    "convolution_words",
    "exercises",
    "lesson_map",
    "output_size",
    "show_code",
    "show_script",
]

_PAGES = Path(__file__).resolve().parents[2] / "pages"


def lesson_map() -> None:
    """Draw every lesson by section: what it teaches, how long it takes, what to try at once."""
    for section in SECTIONS:
        lessons = [lesson for lesson in LESSONS if lesson.section == section]
        if not lessons:
            continue
        st.subheader(section, anchor=False)
        for lesson in lessons:
            _lesson_card(lesson)


def _lesson_card(lesson: Lesson) -> None:
    with st.container(border=True, key=f"card_{lesson.url_path}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.page_link(_PAGES / lesson.file, label=f"**{lesson.title}**", icon=lesson.icon)
            st.caption(f"{lesson.minutes} minutes")
        st.markdown(lesson.teaches)
        with st.container(horizontal=True, gap="small"):
            for label, query in lesson.tries:
                st.page_link(
                    _PAGES / lesson.file,
                    label=f":blue[{label}]",
                    icon=":material/play_arrow:",
                    query_params=query,
                    width="content",
                )


def output_size(setup: Setup, trace: Trace) -> None:
    """Write down how the output size follows from the settings, and what is never read."""
    names = ("Rows", "Columns")
    lines = [f"{name}: {_size_line(setup, axis)}" for axis, name in enumerate(names)]
    if lines[0].removeprefix("Rows: ") == lines[1].removeprefix("Columns: "):
        lines = [lines[0].removeprefix("Rows: ")]
    rule = (
        "(input − 1) · stride − 2 · padding + pixels the kernel covers + output padding"
        if setup.is_transposed
        else "(input + padding − pixels the kernel covers) / stride + 1"
    )
    unread = len(trace.unread)
    lost = f" No window reads {unread} of the cells: they are crossed out." if unread else ""
    st.caption(f"Output size = {rule}. " + ". ".join(lines) + f".{lost}")


def _size_line(setup: Setup, axis: int) -> str:
    common = {
        "kernel_size": setup.kernel_size[axis],
        "stride": setup.stride[axis],
        "dilation": setup.dilation[axis],
    }
    if setup.is_transposed:
        return transpose_size_formula(
            setup.size[axis],
            padding=setup.sides()[axis][0],
            output_padding=setup.output_padding[axis],
            **common,
        )
    return size_formula(setup.size[axis], padding=setup.sides()[axis], **common)


def convolution_words(setup: Setup) -> None:
    """Say what a convolution is, in few words; the player shows the rest."""
    kernel = KERNELS.get(KERNEL_NAMES.get(setup.kernel, ""))
    about = (
        f"**{kernel.name.capitalize()}** kernel. {kernel.does} Source: {kernel.source}.\n\n"
        if kernel
        else ""
    )
    n_in, n_out = setup.x.size, setup.filters * int(np.prod(shape_of_output(setup)))
    layout.prose(
        f"{about}"
        "**Neighbours, weighted and added.** A pixel alone says little; it means something beside "
        "its neighbours. A kernel looks at a small patch only (*locality*) and uses the same "
        "weights everywhere (*weight sharing*): what it can find in one place, it finds in every "
        "place.\n\n"
        f"**Why not connect everything?** A fully connected layer from these {n_in} inputs to "
        f"these {n_out} outputs would have {n_in * n_out:,} weights. This layer has "
        f"{setup.weight.size}.\n\n"
        "**Channels and filters.** A filter has one slice of weights for each input channel; the "
        "sums of all slices are added to one number. Each filter makes one **feature map**, and "
        "the feature maps, stacked, are the input of the next layer.\n\n"
        "**Stride** is how many cells the kernel moves from one step to the next. **Padding** is "
        "how many rows and columns are put around the input. **Dilation** is the distance between "
        "neighbouring weights.\n\n"
        "**Strictly, this is cross-correlation.** True convolution turns the kernel by half a turn "
        "first. Try it: take the *single bright pixel* as input. Cross-correlation writes the "
        "kernel turned by half a turn into the output; with *true convolution* (under *More "
        "settings*) the kernel appears as it is. A network learns its weights, so it does not "
        "matter which of the two it uses: PyTorch and TensorFlow use the first and call it "
        "convolution."
    )


def convolution_exercises() -> None:
    """Ask four things that can be tried in the player above."""
    exercises(
        {
            "Which kernel leaves the picture unchanged? And why is the output still smaller?": (
                "<em>Identity</em>. It only copies the pixel under its centre, but its centre "
                "cannot reach the border: a 3 × 3 kernel loses one row and column on each side. "
                "Padding 1 brings them back."
            ),
            "Open the example <em>Curve detector</em>. Where is the output largest, and what does "
            "the kernel answer to the same curve turned over?": (
                "9000 in the top right corner, where every weight meets a bright pixel. The "
                "turned curve shares only a part with the kernel, so the answers there are smaller."
            ),
            "Which input cells reach the fewest outputs? Point at a corner, then at the middle.": (
                "The corners: without padding only one window contains a corner, while nine "
                "windows of a 3 × 3 kernel contain a cell in the middle."
            ),
        }
    )


def show_code(page: str, *functions: Callable[..., Any]) -> None:
    """Show the source of the functions that a page has just run."""
    _code(page, *(inspect.getsource(function) for function in functions))


def show_script(page: str, script: str, *, says: str) -> None:
    """Show a script that does the same outside the lab."""
    _code(page, script, says=says)


def _code(page: str, *sources: str, says: str = "") -> None:
    """Show Python code in a folded panel; the browser loads its highlighter only when opened."""
    panel = st.expander(
        "The code",
        icon=":material/code:",
        key=f"{page}_code",
        on_change="rerun",
        bind="query-params",
    )
    if panel.open:
        with panel:
            st.markdown(says)
            for source in sources:
                st.code(source, language="python")


def exercises(asked: dict[str, str]) -> None:
    """Ask for things to try; each answer stays folded. Both texts may hold ``<em>``.

    Parameters
    ----------
    asked : dict
        Questions and their answers.

    Notes
    -----
    The browser's own fold is used: Streamlit's costs each page 50 to 100 ms.
    """
    if layout.is_lecture():
        return
    st.html(
        "".join(
            f'<div class="exercise"><p><strong>Try it.</strong> {question}</p>'
            f"<details><summary>Answer</summary><p>{answer}</p></details></div>"
            for question, answer in asked.items()
        )
    )
