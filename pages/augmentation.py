"""Data augmentation: one photograph, a new version of it in every epoch."""

import streamlit as st

from cnnlab.exercises.augmentation import questions
from cnnlab.ui import augmentation_lab, layout
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Data augmentation",
    "How does one photograph become many? Switch changes on and off: chance draws a new version "
    "for each epoch, and the label should stay right.",
)

made = augmentation_lab.studio()
augmentation_lab.one_version(made)
network = st.container()  # filled last: it stops where weights are missing
augmentation_lab.labels()
quiz(questions(), key="augmentation_quiz")
augmentation_lab.script(made)
with network:
    augmentation_lab.answers(made)
