"""Receptive field: which part of the picture one cell sees, and how much each pixel counts."""

import streamlit as st

from cnnlab.effective import effective_field
from cnnlab.receptive import receptive_fields
from cnnlab.stacks import derive_field
from cnnlab.ui import layout, panels, receptive_lab

layout.page_head(
    "Receptive field",
    "A kernel is small, but layers are stacked. How much of the picture does one cell of a deep "
    "layer see?",
)
layout.prose(
    "A **cell** is one number of a layer's output. Its **receptive field** is the square of input "
    "pixels that can change it; all other pixels it does not see. Press *Play* and watch the "
    "square grow from layer to layer. Then click on the picture to choose another cell."
)

above, below = st.container(), st.container()
with above:
    stack = receptive_lab.settings(below=below)
    receptive_lab.view(stack)

st.subheader("Layer by layer", anchor=False)
receptive_lab.derivation(stack)
receptive_lab.field_table(stack)

st.subheader("Seeing is not counting: the effective receptive field", anchor=False)
layout.prose(
    "A pixel in the middle reaches the cell on many ways through the layers, a pixel at the edge "
    "only on one. Here all these paths are counted: if all weights were equal, this is how much "
    "each pixel would change the cell (of a pooling, each pixel of the window counts). Luo and "
    "others (2016, [arXiv:1701.04128](https://arxiv.org/abs/1701.04128)) showed that in deep "
    "networks only the middle of the field counts much, in the shape of a bell."
)
receptive_lab.what_counts(stack)

st.subheader("Two 3 × 3 equal one 5 × 5, three equal one 7 × 7", anchor=False)
layout.prose(
    "Small kernels in a row see the same region with fewer weights, and an activation can stand "
    "after each of them. This is the idea of VGG."
)
receptive_lab.small_kernels()

panels.exercises(
    {
        "Build a stack of 3 × 3 kernels that sees 9 × 9 pixels, all of them. How many layers does "
        "it take?": (
            "Four without dilation: 1 + 4 · 2 = 9, with 36 · C² weights instead of 81 · C² for one "
            "9 × 9. Two with dilation 1 and 3: 1 + 2 + 6 = 9, with 18 · C². One layer with "
            "dilation 4 is as wide, but it reads only 9 of the 81 pixels: look at the heat map."
        ),
        "Open <em>Dilated: 1, 2, 4, 8</em> and set every dilation to 2. What is wrong with the "
        "heat map?": (
            "It has holes: every second row and column has no path at all. The cell never sees "
            "those pixels. With dilations 1, 2, 4, 8 there is no hole."
        ),
        "In VGG-16, choose the layer conv5_3 and move its cell to a corner. How much of its "
        "field is padding?": (
            "Look at the line under the picture: of 196 × 196 pixels only 106 × 106 lie in the "
            "picture, so about 70 % are zeros."
        ),
    }
)
panels.show_code("receptive_field", receptive_fields, derive_field, effective_field)
