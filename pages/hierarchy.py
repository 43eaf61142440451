"""From edges to objects: what the layers of a network look for, and what they still know."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.ui import hierarchy_lab, layout, panels, work
from cnnlab.ui.quiz import quiz

layout.page_head(
    "From edges to objects",
    "What does a network look for in its first layers, and what in its last? Each row is a layer. "
    "Its four channels that answer most to your picture are shown with the **nine patches** of "
    "the sample pictures that excite them most.",
)

work.networks()
try:
    setting = hierarchy_lab.settings()
    above, below = st.container(), st.container()
    with below:
        st.subheader("One channel", anchor=False)
        layout.prose("Choose a channel by a click above, or by its number. The link keeps it.")
        at, channel = hierarchy_lab.channel_controls(setting)
    with above:
        hierarchy_lab.levels(setting, at, channel)
        layout.prose(
            "The frame on the small picture is what one cell sees: its receptive field. It grows "
            "from row to row, and so do the patches. In a network trained on photographs the "
            "first channels answer to **edges and colours**, the next to corners and **textures**, "
            "later ones to **parts** such as eyes, rims or letters, the last to whole "
            "**objects**; in one trained on digits to edges, then to curves and strokes. Nobody "
            "told them to: it follows from training. Switch the trained weights off and compare."
        )
    with below:
        hierarchy_lab.one_channel(setting, at, channel)

    st.subheader("What does a layer still know of the picture?", anchor=False)
    layout.prose(
        "Forget the picture and keep only the numbers of one layer. Then look for a picture that "
        "gives the same numbers: begin with noise, and change its pixels by gradient descent. "
        "What comes back, the layer still knows; what comes back wrong, it has let go. This is "
        "**feature inversion** (Mahendran and Vedaldi, 2015, "
        "[arXiv:1412.0035](https://arxiv.org/abs/1412.0035)). Two small terms keep the picture "
        "smooth; similarity is the correlation with the photograph, 1 for the same picture."
    )
    hierarchy_lab.inversion(setting)
except InputError as error:
    st.error(str(error))
    st.stop()

quiz(hierarchy_lab.exercises(), key="hierarchy_quiz")
panels.show_code("hierarchy", *hierarchy_lab.code())
