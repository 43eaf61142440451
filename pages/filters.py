"""Filters: what kernels made by hand do to a photograph, and what a network learned instead."""

import streamlit as st

from cnnlab.exercises.filters import questions
from cnnlab.filtering import filter_picture, magnitude, separate
from cnnlab.ui import filters_lab, layout, panels
from cnnlab.ui.learned_filters import learned_filters
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Filters",
    "Nine numbers can blur a photograph, sharpen it or find its edges. How? Choose a filter, point "
    "at the picture, and follow the numbers.",
)

setting = filters_lab.settings()
if setting is not None:
    filters_lab.view(setting)
    if filters_lab.is_gabor(setting):
        st.subheader("Eight directions side by side", anchor=False)
        filters_lab.gabor_bank(setting)

    st.subheader("One pass or two", anchor=False)
    filters_lab.two_passes(setting)

    st.subheader("Live", anchor=False)
    filters_lab.live(setting)

    st.subheader("By hand and learned", anchor=False)
    layout.prose(
        "The filters above were made by people. In a CNN nobody chooses the weights: they are "
        "learned. Do the learned ones look like these?"
    )
    learned = st.container()

quiz(questions(), key="filters_quiz")
panels.show_code("filters", filter_picture, magnitude, separate)

if setting is not None:
    with learned:  # last, since it stops where the weights are not here
        learned_filters(setting.picture)
