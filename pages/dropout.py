"""Dropout and stochastic depth: what is left out in training, and why the mean is kept."""

import streamlit as st

from cnnlab.dropout import at_test_time, dropout, dropout_mask
from cnnlab.exercises.dropout import questions
from cnnlab.stochastic_depth import blocks_kept, survival_probabilities
from cnnlab.ui import dropout_lab, layout, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Dropout and stochastic depth",
    "Why would one leave out half of a network in training, and what must be done so that all of "
    "it can be used afterwards? Press Play and watch the units go dark.",
)

settings = dropout_lab.network()
layout.prose(
    "**What to see.** In each pass every hidden unit is dropped with probability p, as if by a "
    "coin, so no unit can rely on another one: what it finds must be useful in many different "
    "sub-networks. The output jumps from pass to pass, but its mean comes to rest near the output "
    "at test time, when all units are there. It is not quite the same number: ReLU stands between "
    "the two layers, and the mean of a ReLU is not the ReLU of the mean."
)

st.subheader("Two ways to keep the expected value", anchor=False)
layout.prose(
    "A layer that has learnt with half of its inputs missing would get twice as much at test time. "
    "One of the two must be scaled. Change p above, the value, and the number of passes."
)
dropout_lab.expected_value(settings)

st.subheader("How many sub-networks?", anchor=False)
dropout_lab.sub_networks()
layout.prose(
    "Training with dropout is like training a great many networks that share their weights; test "
    "time asks all of them at once, about as their mean would answer."
)

st.subheader("Spatial dropout: whole feature maps", anchor=False)
layout.prose(
    "In a feature map neighbours say nearly the same. Drop single cells, and the picture can still "
    "be read; drop a whole map, and the network must do without it."
)
maps = st.container()  # filled last: it stops where a picture is still to be chosen

st.subheader("Stochastic depth: blocks that are skipped", anchor=False)
layout.prose(
    "A residual block adds f(x) to what goes around it. So a whole block can be left out of a "
    "pass: only the way around it is left. The first blocks nearly always run, the last one with "
    "probability p_L. Press Play."
)
survival = dropout_lab.blocks()
dropout_lab.one_block(survival)

quiz(questions(), key="dropout_quiz")
panels.show_code(
    "dropout", dropout_mask, dropout, at_test_time, survival_probabilities, blocks_kept
)
with maps:
    dropout_lab.feature_maps(settings)
