"""Activations: what they do to a number, and what they leave of the gradient."""

import streamlit as st

from cnnlab.activations import gelu, leaky_relu, sigmoid
from cnnlab.chain import run_chain
from cnnlab.exercises.activations import questions
from cnnlab.softmax import softmax, softmax_jacobian
from cnnlab.ui import activation_lab, layout, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Activations",
    "After every convolution each number goes through a curve. What does the curve do to it, and "
    "how much of the gradient comes back through? Move the cursor over the curves.",
)

settings = activation_lab.curves()
layout.prose(
    "**What to see.** The value is what the next layer gets. The derivative is the factor by which "
    "back-propagation multiplies the gradient. Where a curve is flat it is **saturated**: the "
    "factor is nearly 0, and what lies below learns almost nothing. Sigmoid and tanh saturate on "
    "both sides, ReLU only below zero."
)
activation_lab.table_of_all(settings)
layout.prose(
    "Without an activation, two convolutions in a row are one larger convolution: the curve is "
    "what makes depth useful. AlexNet (2012) made **ReLU** popular but was not the first to use "
    "it: see Jarrett and others (2009), Nair and Hinton (2010). **GELU** is common in "
    "transformers; its tanh form was made because it was quicker to compute. If all outputs are "
    "positive (not **zero-centred**), the gradients of all weights of one unit of the next layer "
    "have the same sign, so they can only grow or shrink together."
)

st.subheader("On a feature map", anchor=False)
layout.prose(
    "A kernel that finds edges gives signed numbers. See what each activation keeps of them: make "
    "the weights larger and watch sigmoid and tanh saturate, move the bias and watch ReLU cut."
)
maps = st.container()  # filled last: it stops where a picture is still to be chosen

st.subheader("A chain of layers", anchor=False)
layout.prose(
    "What do many layers leave of the numbers on the way up, and of the gradient on the way down? "
    "Try sigmoid, then ReLU with Xavier, then ReLU with He; then make the weights tiny and huge."
)
width, seed = activation_lab.chain(settings)

st.subheader("Dead units", anchor=False)
layout.prose(
    "A learning rate that is too high can throw the bias of a ReLU unit far below zero in one "
    "step. Move the bias of one layer (He weights, width and seed as above) and count."
)
activation_lab.dead(width, seed, settings)

st.subheader("Softmax", anchor=False)
layout.prose(
    "The last layer often uses softmax: it is not a curve for one number, it turns all logits "
    "together into shares of 1. Change the logits, the temperature, and add 1000 to all of them."
)
activation_lab.softmax_part()

quiz(questions(), key="activations_quiz")
panels.show_code("activations", leaky_relu, sigmoid, gelu, run_chain, softmax, softmax_jacobian)
with maps:
    activation_lab.feature_maps(settings)
