"""Classify: what a network trained on ImageNet says of a photograph, and what it really sees."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.classify import questions
from cnnlab.ui import classify_lab, classify_sets, layout, panels
from cnnlab.ui.controls import choice
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Classify a photograph",
    "What does a network see in a picture, and how sure is it? It was trained on pictures that "
    "people had named, and gives each of their classes a probability. Try your own.",
)

main = st.container()  # filled last: it stops where a picture is still to be chosen
panels.exercises(
    {
        "Compare the whole picture with <em>As the network sees it</em>. What was cut away? Upload "
        "one in which the main thing stands at the edge.": (
            "The shorter side is resized and the middle square is cut out. What stands outside of "
            "it cannot be recognised: the network never sees it."
        )
    }
)
quiz(questions(), key="classify_quiz")

with main:
    mode = choice("Compare", list(classify_lab.MODES), key="classify_mode")
    try:
        if mode == "Nothing":
            script = classify_lab.one_picture()
        elif mode == "Networks":
            script = classify_sets.several_networks()
        else:
            script = classify_sets.several_pictures()
    except InputError as error:
        st.error(str(error))
        st.stop()

panels.show_script(
    "classify",
    script,
    says="This is all that it takes. Save your picture beside it, under the name that it opens.",
)
