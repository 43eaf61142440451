"""Output size and cost: what comes out of one layer, and what it costs."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.output_size import questions
from cnnlab.shapes import conv_output_size
from cnnlab.ui import layer_lab, layout, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Output size and cost",
    "How large is what comes out of a layer, how many weights does it have, and how much work is "
    "it? Every number below is derived.",
)

layer, shape = layer_lab.layer_settings()
try:
    layer_lab.headline(layer, shape)
    flops, bias = layer_lab.conventions()
    layer_lab.cost(layer, shape, flops=flops, bias=bias)
    layer_lab.does_it_fit(layer, shape)
    st.subheader("Why weights are shared", anchor=False)
    layer_lab.sharing(layer, shape)
    st.subheader("The same job, done by other layers", anchor=False)
    layer_lab.comparison(layer, shape, flops=flops, bias=bias)
except InputError as error:
    st.error(f"This layer cannot be: {error}.", icon=":material/block:")
    st.stop()

quiz(questions(), key="output_size_quiz")
panels.show_code("output_size", conv_output_size)
