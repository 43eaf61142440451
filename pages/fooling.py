"""Fooling a CNN: how little must change until the network says something else."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.exercises.fooling import questions
from cnnlab.ui import fooling_lab, layout, panels, work
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Fooling a CNN",
    "How little must change in a picture until the network says something else? Choose how, and "
    "make **ε** as small as you can: no number of the picture changes by more than ε of its 256 "
    "grey levels.",
)

work.networks()
try:
    setting = fooling_lab.settings()
    fooled = fooling_lab.result(setting)
except InputError as error:
    st.error(str(error))
    st.stop()
fooling_lab.tasks(setting, fooled)

layout.prose(
    "The **gradient** says for each number of the picture in which direction the answer changes. "
    "The *fast gradient sign method* (FGSM) takes one step of ε in these directions "
    "([Goodfellow et al. 2015](https://arxiv.org/abs/1412.6572)); *projected gradient descent* "
    "(PGD) takes ten small steps, asks again after each, and stays within ε "
    "([Kurakin et al. 2017](https://arxiv.org/abs/1607.02533), "
    "[Madry et al. 2018](https://arxiv.org/abs/1706.06083)). With a small ε the result looks "
    "the same to us. These pictures fool *this* network; others only sometimes."
)
try:
    fooling_lab.closer(setting, fooled)
except InputError as error:
    st.error(str(error))

quiz(questions(), key="fooling_quiz")
panels.show_code("fooling", *fooling_lab.code())
