"""Larger parts that pages share: the lesson map, code, exercises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.figures.pictures import framed
from cnnlab.images import centre_square
from cnnlab.kernels import Kernel
from cnnlab.lessons import LESSONS, SECTIONS, Lesson
from cnnlab.shapes import size_formula, unread_at_end
from cnnlab.trace import Trace
from cnnlab.ui import cache, layout
from cnnlab.ui.controls import Picture

__all__ = ["exercise", "filtered_pair", "lesson_map", "output_size", "show_code", "show_script"]

_CAPTION = {"Input": "The whole picture", "Output": "The same kernel on all of it"}
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


def filtered_pair(picture: Picture, kernel: Kernel, **settings: int) -> None:
    """Show a picture in grey beside what one kernel makes of all of it.

    The frame is the part that the step player shows in few, large cells.
    """
    pair = cache.filtered(picture.image, kernel.values.tolist(), **settings)
    for column, name, shown in zip(st.columns(2), ("Input", "Output"), pair, strict=True):
        size = f"{shown.picture.width} wide, {shown.picture.height} high"
        column.image(
            framed(shown.picture, centre_square(picture.image.size))
            if name == "Input"
            else shown.picture,
            caption=f"{_CAPTION[name]}, {size}: black is {shown.black:.4g}, "
            f"white is {shown.white:.4g}",
            alt=f"{picture.alt} In grey{', filtered' if name == 'Output' else ''}.",
            width="stretch",
        )


def output_size(trace: Trace, **settings: int) -> None:
    """Write down how the size of a square output follows from the settings."""
    n = trace.source.values.shape[1] - 2 * settings["padding"]
    layer = {"kernel_size": trace.weight.values.shape[1], **settings}
    missed = unread_at_end(n, **layer)
    lost = f" No window reaches the last {missed} row(s) and column(s)." if missed else ""
    st.caption(
        "Output size = (input + 2 · padding − pixels the kernel covers) / stride + 1 = "
        f"{size_formula(n, **layer)}.{lost}"
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


def exercise(question: str, answer: str) -> None:
    """Ask something to try; the answer stays folded."""
    if layout.is_lecture():
        return
    with st.container(border=True):
        st.markdown(f"**Try it.** {question}")
        with st.expander("Answer"):
            st.markdown(answer)
