"""Walk through a network: the maps of every layer, down to a single number."""

import streamlit as st

from cnnlab.exercises.layer_walk import questions
from cnnlab.map_statistics import map_statistics
from cnnlab.ui import layer_walk_lab, layout, panels, walk_filters
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Walk through a network",
    "What does each layer of a network make of a photograph? Choose a layer, look at its maps, and "
    "go down to a single number.",
)

controls = st.container()
left, right = st.columns([5, 9], gap="medium")
below = st.container()
with controls:
    walk = layer_walk_lab.settings(tree=left, about=right)
with right:
    found = layer_walk_lab.maps(walk, below=below)

if found:
    with below:
        layer_walk_lab.one(walk, *found)
    st.subheader("How the values are spread", anchor=False)
    layer_walk_lab.spread(walk, found[0])
st.subheader("Its filters", anchor=False)
walk_filters.filters(walk)

quiz(questions(), key="layer_walk_quiz")
panels.show_code("layer_walk", layer_walk_lab.running_function(), map_statistics)
