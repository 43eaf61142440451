"""Home: a map of the lessons, what each teaches and what can be tried at once."""

import streamlit as st

from cnnlab.ui import layout, panels

layout.page_head(
    "CNN Lab",
    "Understand convolutional neural networks by trying them: every number visible, every state "
    "a link, your own photographs welcome. Begin at the top, or with what you need today.",
)
panels.lesson_map()
st.caption(
    "The address bar always holds what you see: copy it into slides or a message, and it opens "
    "the same state. Switch *Lecture view* on for a projector."
)
