"""Every layer of a network: what each part of torchvision's networks makes and costs."""

import streamlit as st

from cnnlab.ui import layout, model_lab, panels

layout.page_head(
    "Every layer of a network",
    "Where do the parameters sit, and where is the work done? Every layer of every classification "
    "network that torchvision has, counted without its weights.",
)

rows = model_lab.model_rows()
model_lab.beside_published(rows)
model_lab.table(rows)
model_lab.download(rows)
st.subheader("Can one trust such tables?", anchor=False)
model_lab.beside_torchinfo()

panels.exercises(
    {
        "Open <em>alexnet</em> and sort by parameters, then by operations. Who leads?": (
            "The fully connected layers hold 58.6 of the 61.1 million parameters; the "
            "convolutions do most of the operations."
        ),
        "<em>vgg16</em> has 138 million parameters, <em>resnet50</em> 25.6. Which layer makes the "
        "difference?": (
            "One: the first fully connected layer of VGG-16, 25,088 × 4,096 weights, is 102.8 "
            "million. ResNet takes the mean over each feature map instead."
        ),
    }
)
