"""Draw a digit: every tensor of a small network, while you draw."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.digit_pixels import centred
from cnnlab.digits import build
from cnnlab.exercises.draw_a_digit import questions
from cnnlab.ui import digits_lab, layout, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Draw a digit",
    "What happens inside a network while you draw? Draw, and watch every number change.",
)

try:
    digits_lab.pad()
except InputError as error:
    st.error(f"The pad cannot work: {error}.", icon=":material/block:")

layout.prose(
    "**From the top down**: conv1 finds edges and strokes, pool1 keeps the strongest of each 2 × 2 "
    "cells, conv2 combines the maps of pool1 into larger shapes, fc1 weighs all of them, fc2 gives "
    "each digit a score, and softmax turns the scores into shares. Click a cell: the orange frames "
    "show what it reads, the table shows its numbers. The address holds your drawing and the cell: "
    "copy it to share them."
)
layout.prose(
    "**Try it.** Switch off *Scale and centre*, draw a digit in the middle, then the same one in a "
    "corner. The convolutions find the same strokes in another place, but fc1 has other weights "
    "for each place: it has only seen digits in the middle."
)
digits_lab.about()

quiz(questions(), key="draw_a_digit_quiz")
panels.show_code("draw_a_digit", build, centred)
