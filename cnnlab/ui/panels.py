"""Larger parts that pages share: the lesson map, code, exercises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cnnlab.fillings import KERNEL_NAMES
from cnnlab.kernels import KERNELS
from cnnlab.lessons import LESSONS, SECTIONS, Lesson
from cnnlab.setups import Setup
from cnnlab.setups import output_size as shape_of_output
from cnnlab.ui import layout

__all__ = [
    "convolution_exercises",
    "convolution_words",
    "exercises",
    "lesson_map",
    "show_code",
    "show_script",
    "table",
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
        "**Channels and filters.** A filter has one slice of weights for each input channel (with "
        "groups: for each channel of its group); the sums of all slices are added to one number. "
        "Each filter makes one **feature map**, and the feature maps, stacked, are the input of "
        "the next layer.\n\n"
        "**Stride** is how many cells the kernel moves from one step to the next. **Padding** is "
        "how many rows and columns are put around the input. **Dilation** is the distance between "
        "neighbouring weights. A **bias** is one number for each filter, added to every sum of "
        "its products.\n\n"
        "**Transposed convolution** makes a map larger. The numbers of the input are moved apart "
        "by the stride, with zeros between them and a border of zeros around; the kernel, turned "
        "by half a turn, slides over that. It is the way back through a convolution: where the "
        "convolution read, it writes.\n\n"
        "**Strictly, this is cross-correlation.** True convolution turns the kernel by half a turn "
        "first. Try it with the example *One bright pixel*: cross-correlation writes the kernel, "
        "turned by half a turn, into the output; with *true convolution* (under *More settings*) "
        "the kernel appears as it is. A network learns its weights, so it does not "
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


def table(
    head: list[str], rows: list[list[str]], *, align: str, wide_only: list[int] | None = None
) -> None:
    """Draw a table of texts that fits a phone: the first column names the row.

    Parameters
    ----------
    head : list of str
        The columns' names.
    rows : list of list of str
        The cells; plain text.
    align : str
        One letter for each column: "l" or "r".
    wide_only : list of int, optional
        Columns that a narrow screen leaves out.
    """
    narrow_out = wide_only or []
    kinds = [
        f"{'right' if side == 'r' else ''} {'wide-only' if place in narrow_out else ''}".strip()
        for place, side in enumerate(align)
    ]

    def line(cells: list[str], tag: str) -> str:
        texts = zip(cells, kinds, range(len(cells)), strict=True)
        parts = [
            f'<th scope="row">{escape(text)}</th>'
            if tag == "td" and place == 0
            else f'<{tag} class="{kind}">{escape(text)}</{tag}>'
            for text, kind, place in texts
        ]
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(line(row, "td") for row in rows)
    st.html(
        f'<div class="numbers"><table><thead>{line(head, "th")}</thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


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
