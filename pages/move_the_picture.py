"""Move the picture: shift, scale and turn it, and watch the network's answer follow."""

import streamlit as st

from cnnlab.exercises.move_the_picture import questions
from cnnlab.ui import layout, moving_lab, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Move the picture",
    "Is a cat still a cat at the edge, half as large, or upside down? Drag, scale and turn the "
    "picture: as soon as you pause, the network answers.",
)

made = moving_lab.studio()
moving_lab.tasks(made)

st.subheader("How far the answer and the features follow", anchor=False)
layout.prose(
    "One thing is changed in equal steps, all else stays. Above: how probable the class is. Below: "
    "how far the numbers of a layer are from those of the original, as a share of their length; "
    "0 means the same numbers; at 1.41, the square root of 2, the two have nothing in common. "
    "Click on a point to move the picture there. This is the experiment of Zeiler and Fergus "
    "(2014, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901), figure 5)."
)
moving_lab.curves(made)

st.subheader("Shift by the stride, and the feature maps shift along", anchor=False)
layout.prose(
    "A convolution does the same everywhere, so its maps should move with the picture: it is "
    "**equivariant** to shifts. Here the maps of the shifted picture are compared with the shifted "
    "maps of the original. They agree where a shift is a whole number of strides and no edge is in "
    "sight. A shift by one pixel falls between the cells."
)
moving_lab.shifted_maps(made)

quiz(moving_lab.exercises(questions), key="move_the_picture_quiz")
panels.show_code("move_the_picture", *moving_lab.code())
