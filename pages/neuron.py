"""One neuron: every number that made one cell of a feature map, from the pixels to the class."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.neuron import questions
from cnnlab.ui import layout, neuron_lab, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "One neuron",
    "A network is millions of numbers, and each is made of others. Where does a single one come "
    "from? Click on a cell of the feature map, then read below how it was made.",
)

try:
    neuron = neuron_lab.chosen_neuron()
except InputError as error:
    st.error(str(error))
    st.stop()

st.subheader(f"How {neuron.words} was made", anchor=False)
neuron_lab.steps(neuron)
neuron_lab.follow(neuron)

st.subheader("The sum, input by input", anchor=False)
layout.prose(
    "Each :blue[input] number under the window is multiplied by its :orange[weight]; the products "
    "of one input channel together are what this channel adds. A bar to the right adds, a hatched "
    "bar to the left takes off. Choose a bar to see its numbers."
)
neuron_lab.sums(neuron)

st.subheader("Step by step", anchor=False)
neuron_lab.played(neuron)

quiz(questions(), key="neuron_quiz")
panels.show_code("neuron", *neuron_lab.explaining_functions())
