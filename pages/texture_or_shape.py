"""Texture or shape: pictures in which the two disagree, and which of them a network follows."""

import streamlit as st

from cnnlab.exercises.texture_or_shape import questions
from cnnlab.ui import cues_lab, layout, panels
from cnnlab.ui.quiz import quiz

PAGE = "texture_or_shape"

layout.page_head(
    "Texture or shape?",
    "What makes a cat a cat for a network: its outline or its fur? Take the shape of one picture "
    "and the texture of another, and see which of the two the network names.",
)

made = cues_lab.studio()
cues_lab.conflict(made)
tasks = st.container()

st.subheader("One cue alone", anchor=False)
layout.prose(
    "Here only the first picture is used, and most of it is destroyed. If the network still names "
    "it, the cue that is left is enough. Raise n: at which size of the patches is the object lost?"
)
cues_lab.cues_alone(made)
with tasks:
    cues_lab.tasks(made)

st.subheader("All pairs of samples", anchor=False)
layout.prose(
    "One conflict proves little. Here each sample that the network names rightly gives its shape "
    "to every other one. The **shape bias** is the share of shape decisions among those for shape "
    "or texture (Geirhos et al. 2019, [arXiv:1811.12231](https://arxiv.org/abs/1811.12231)): 1 for "
    "shape alone, 0 for texture alone."
)
cues_lab.all_pairs(made)

quiz(questions(), key=f"{PAGE}_quiz")
panels.show_code(PAGE, *cues_lab.shown_functions())
