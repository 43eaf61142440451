"""Output size and cost: what comes out of one layer, and what it costs."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.shapes import conv_output_size
from cnnlab.ui import layer_lab, layout, panels

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

panels.exercises(
    {
        "AlexNet's paper says that the input is 224 × 224. Why can that not be, and which sizes "
        "near it work?": (
            "(224 − 11) / 4 + 1 is 54.25. With 227 it is 55, as the paper's next layer needs; 224 "
            "with padding 2 also makes 55, but one column is then never read."
        ),
        "Which costs more operations: 96 kernels of 11 × 11 on the picture, or 256 kernels of "
        "3 × 3 on a 28 × 28 × 256 feature map?": (
            "The second: 28 · 28 · 256 · 3 · 3 · 256 = 462 million MACs, against 105 million. Deep "
            "layers are small but have many channels."
        ),
        "By how much does a depthwise separable layer with 3 × 3 kernels save at most?": (
            "It costs 1/K + 1/9 of the full layer: with many filters K it saves almost 8/9."
        ),
    }
)
panels.show_code("output_size", conv_output_size)
