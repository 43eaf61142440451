"""Occlusion: a window slides over the picture, and the network's answer is kept at each place."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.occlusion import questions
from cnnlab.ui import layout, networks, occlusion_lab, panels, trust_panel, work
from cnnlab.ui.quiz import quiz

PAGE = "occlusion"

layout.page_head(
    "Occlusion",
    "Which part of the picture does the network need? Hide one part after the other, and see what "
    "it then says. No gradient is needed, only answers: an **experiment**.",
)

left, right = st.columns([2, 3], gap="large")
with left:
    name = networks.picker(PAGE)
    picture = networks.picture_picker(PAGE, name)
work.networks()
try:
    answer = networks.answer(picture, name)
    with right:
        target = networks.class_picker(PAGE, name, answer)
        layer = networks.layer_picker(PAGE, name)
    setting = occlusion_lab.settings(name, picture, target, layer)
except InputError as error:
    st.error(str(error))
    st.stop()
try:
    occlusion_lab.experiment(setting)
    window = (setting.window, setting.stride, setting.fill)
    trust_panel.panel(PAGE, picture, name, target=target, methods=["occlusion"], window=window)
except InputError as error:
    st.error(str(error))

st.subheader("Does it know the same part in other pictures?", anchor=False)
layout.prose(
    "Nobody told the network about eyes and noses. Hide the **same part** in several pictures, and "
    "note for each feature of a layer if it rises or falls. If the network knows the part, the "
    "same features change in the same direction in all pictures. The table shows the share of the "
    "features that do **not**, over all pairs of pictures: small means that they change alike "
    "(Zeiler and Fergus, 2014, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901), section 4.4). "
    "A part must do better than *one random place in all*: one place alone already makes features "
    "near it change in all pictures. On a few pictures it need not: see for yourself."
)
try:
    occlusion_lab.correspondence(name, layer)
except InputError as error:
    st.error(str(error))

quiz(questions(), key=f"{PAGE}_quiz")
panels.show_code(PAGE, *occlusion_lab.shown_functions())
