"""Larger parts that pages share: the lesson map, code, exercises."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from cnnlab.lessons import LESSONS, SECTIONS, Lesson
from cnnlab.ui import layout

__all__ = [
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
