"""Home: a map of the lessons, what each teaches and what can be tried at once."""

import streamlit as st

from cnnlab.ui import layout, panels

layout.page_head(
    "CNN Lab",
    "A convolutional neural network (CNN) is a program that has learned to recognise pictures. "
    "Understand it by trying: every number in sight, your own photographs welcome. Begin at the "
    "top, or with what you need today.",
)
panels.lesson_map()
st.caption(
    "The address bar holds every setting: copy it into slides or a message, and it opens with the "
    "same settings. Your own pictures are never part of it. *Lecture view* is for a projector."
)
