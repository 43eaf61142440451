"""Grad-CAM: which part of a picture speaks for a class."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.ui import explanations, layout, networks, panels, work

layout.page_head(
    "Grad-CAM",
    "Which part of the picture speaks for a class? Take the feature maps of a late layer, weigh "
    "each by how much it raises the score of the class, add them up, and keep what is positive.",
)

left, right = st.columns([2, 3], gap="large")
with left:
    name = networks.picker("grad_cam")
    picture = networks.picture_picker("grad_cam", name)
pretrained = work.networks()
try:
    answer = networks.answer(picture, name)
    with left:
        target = networks.class_picker("grad_cam", name, answer)
        layer = networks.layer_picker("grad_cam", name)
    cam = networks.explain(picture, name, target=target, layer=layer)
    seen = pretrained.as_seen(pretrained.preprocess(picture.image, name), name)
except InputError as error:
    st.error(str(error))
    st.stop()

category = pretrained.categories(name)[target]
with right:
    explanations.heat_overlay("grad_cam", seen, cam, category=category)
explanations.grad_cam_steps(cam, category=category)

panels.exercises(
    {
        "Explain a class that is not in the picture. What does the map show then?": (
            "The parts that would speak for that class the most, however little that is: look at "
            "the range beside the colours. If nothing speaks for it, the map is empty."
        )
    }
)
panels.show_code("grad_cam", networks.explaining_function())
