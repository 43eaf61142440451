"""Grad-CAM, step by step: which part of a picture speaks for a class."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.grad_cam import questions
from cnnlab.ui import gradcam_lab, layout, panels, trust_panel
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Grad-CAM",
    "Which part of the picture speaks for a class? Take the feature maps of a late layer, weigh "
    "each by how much it raises the score of the class, add them up, and keep what is positive.",
)

left, right = st.columns([2, 3], gap="large")
try:
    with left:
        setting = gradcam_lab.settings()
    cam = gradcam_lab.explained(setting)
    with right:
        gradcam_lab.heat(setting, cam)
    gradcam_lab.steps(setting, cam)
    gradcam_lab.two_classes(setting)
    gradcam_lab.four_depths(setting)
    gradcam_lab.which_layer()
    gradcam_lab.users_ask()
    trust_panel.panel(
        "grad_cam",
        setting.picture,
        setting.name,
        target=setting.target,
        methods=["grad_cam"],
        layer=setting.layer,
    )
    gradcam_lab.check_exercises(setting, cam)
except InputError as error:
    st.error(str(error))
    st.stop()

quiz(questions(), key="grad_cam_quiz")
panels.show_code("grad_cam", *gradcam_lab.shown_functions())
