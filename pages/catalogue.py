"""Networks to choose from: what each gives, what it costs, and what it teaches."""

import streamlit as st

from cnnlab.choosing import frontier, select
from cnnlab.exercises.catalogue import questions
from cnnlab.ui import catalogue_lab, layout, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Networks to choose from",
    "There are 80 pretrained networks in torchvision, and the lab's own. Which one is accurate "
    "enough, small enough, and shows what you want to teach?",
)

above, below = st.container(), st.container()
with above:
    catalogue_lab.unknown()
with below:
    st.subheader("Side by side", anchor=False)
    names = catalogue_lab.choices()
with above:
    found = catalogue_lab.look(names)
    catalogue_lab.table(found)
    st.subheader("What they give for what they cost", anchor=False)
    catalogue_lab.chart(found)
with below:
    catalogue_lab.comparison(found)
st.subheader("Trained more than once", anchor=False)
catalogue_lab.versions_table(found)
st.subheader("Families and their papers", anchor=False)
layout.prose("The families of the networks that fit the filters above.")
catalogue_lab.papers(found)

quiz(questions(), key="catalogue_quiz")
panels.show_code("catalogue", select, frontier)
