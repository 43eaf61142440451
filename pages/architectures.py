"""Architectures: famous networks, layer by layer, with what they cost and what they reached."""

import streamlit as st

from cnnlab.cost import layer_row
from cnnlab.ui import architecture_lab, layout, panels

layout.page_head(
    "Architectures",
    "Which networks made history, what was new in each, and where do their parameters and "
    "operations sit? Choose one, or two to compare.",
)

network, other, flops = architecture_lab.choices()
if other:  # what two have in common and what not is asked first
    architecture_lab.comparison(network, other, flops=flops)
architecture_lab.card(network, flops=flops)
st.subheader("The idea, drawn", anchor=False)
architecture_lab.drawings(network, flops=flops)
if not other:
    architecture_lab.comparison(network, other, flops=flops)
st.subheader("Layer by layer", anchor=False)
architecture_lab.layer_table(network, other, flops=flops)
if network.survival:
    st.subheader("In training", anchor=False)
    architecture_lab.in_training(network, flops=flops)
st.subheader("Published figures beside ours", anchor=False)
architecture_lab.published(network)
st.subheader("What they reached", anchor=False)
architecture_lab.history(flops=flops)
st.subheader("What Keras says about its networks", anchor=False)
architecture_lab.keras()
st.subheader("Ideas of other papers", anchor=False)
architecture_lab.ideas()

panels.exercises(
    {
        "Compare <em>alexnet</em> with <em>vgg16</em>. Where are most parameters, and where is "
        "most of the work?": (
            "In both, most parameters are in the fully connected layers (96 % and 89 %), and most "
            "of the work in the convolutions (92 % and 99 %): a kernel is used at every place, a "
            "fully connected weight only once."
        ),
        "GoogLeNet has a ninth of AlexNet's parameters. What did it leave out?": (
            "The large fully connected layers: it takes the mean of each of its 1024 last maps and "
            "has one layer after that, with 1,025,000 parameters."
        ),
        "Which costs more, ResNet-34 or ResNet-50? Why is the deeper one not twice as expensive?": (
            "ResNet-50, 4.09 against 3.66 billion MACs. Its bottleneck blocks have three layers, "
            "but two of them are 1 × 1, and the 3 × 3 layer works on a quarter of the maps."
        ),
    }
)
panels.show_code("architectures", layer_row)
