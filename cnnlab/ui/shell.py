"""The frame around every page: settings, navigation, lecture view."""

from pathlib import Path

import streamlit as st

from cnnlab.lessons import HOME, LESSONS, SECTIONS
from cnnlab.ui import address, cache, layout, sessions

PAGES = Path(__file__).resolve().parents[2] / "pages"

address.drop_endless_numbers()
cache.watched(sessions.session_id())
st.set_page_config(page_icon=str(layout.FAVICON), layout="wide", menu_items={"About": layout.ABOUT})
st.logo(layout.FAVICON, size="large")

sections: dict[str, list[st.Page]] = {name: [] for name in SECTIONS}
for lesson in (HOME, *LESSONS):
    sections[lesson.section].append(
        st.Page(
            PAGES / lesson.file,
            title=lesson.title,
            icon=lesson.icon,
            url_path=lesson.url_path,
            default=lesson is HOME,
        )
    )

lecture = layout.lecture_view()
page = st.navigation(
    {name: pages for name, pages in sections.items() if pages},
    position="top" if lecture else "sidebar",
)
address.arrive_at(page.url_path)
page.run()
