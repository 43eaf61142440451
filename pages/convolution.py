"""Convolution: slide a kernel over a picture and watch each output appear."""

import streamlit as st

from cnnlab import convolution, images
from cnnlab.checks import InputError
from cnnlab.examples import EXAMPLES
from cnnlab.kernels import KERNELS
from cnnlab.ui import cache, controls, layout, panels
from cnnlab.ui.player import step_player

layout.page_head(
    "Convolution",
    "A :orange[kernel] slides over the :blue[input]. At each place it multiplies, cell by cell, "
    "what lies under it, adds up the products and writes **one** number into the :green[output].",
)

with st.container(horizontal=True, gap="small"):
    source = controls.pick("Input", [*EXAMPLES, "photograph"], key="convolution_input", width=170)
    kernel = KERNELS[controls.pick("Kernel", list(KERNELS), key="convolution_kernel", width=140)]
    stride = controls.choice("Stride", [1, 2, 3], key="convolution_stride")
    padding = controls.choice("Padding", [0, 1, 2, 3], key="convolution_padding")
    dilation = controls.choice("Dilation", [1, 2, 3], key="convolution_dilation")
settings = {"stride": stride, "padding": padding, "dilation": dilation}

picture = None
if source in EXAMPLES:
    x = EXAMPLES[source].values
else:
    left, right = st.columns([1, 2], gap="medium")
    with left:
        picture = controls.picture_picker("convolution")
        size = controls.choice("Cells per side", [8, 12, 16], default=12, key="convolution_size")
    x = images.to_array(images.shrink(picture.image, size=size), channels="grey").round()

try:
    trace = cache.conv_trace(
        x=x.tolist(),
        weight=[[kernel.values.tolist()]],
        as_grey=picture is not None,
        **settings,
    )
except InputError as error:
    st.error(f"{str(error).capitalize()}.")
    st.stop()
if picture is not None:
    with right:
        panels.filtered_pair(picture, kernel, **settings)

step_player(trace, key="convolution_player", label="Convolution, step by step")
panels.output_size(trace, **settings)
layout.prose(
    f"**{kernel.name.capitalize()}** kernel. {kernel.does} Source: {kernel.source}.\n\n"
    "**Stride** is how many cells the kernel moves from one step to the next. **Padding** is how "
    "many rows and columns of zeros are put around the input. **Dilation** is the distance between "
    "neighbouring weights: at 2, the kernel skips every other cell. The output of one kernel is "
    "called a **feature map**.\n\n"
    "*For the curious: strictly, this is cross-correlation. True convolution turns the kernel by "
    "half a turn first; PyTorch, TensorFlow and this page do not, and say convolution all the "
    "same.*"
)

panels.exercise(
    "Which kernel leaves the picture unchanged? And why is the output still smaller?",
    "*Identity*. It only copies the pixel under its centre, but its centre cannot reach the "
    "border: a 3 × 3 kernel loses one row and column on each side. Padding 1 brings them back.",
)
panels.show_code("convolution", convolution.conv2d_by_loops)
