"""Images that excite: pictures made by climbing along the gradient of a class or a channel."""

import streamlit as st

from cnnlab.checks import InputError
from cnnlab.ui import exciting_lab, layout, panels, work
from cnnlab.ui.quiz import quiz

PAGE = "images_that_excite"

layout.page_head(
    "Images that excite",
    "Which picture would a network like best? Begin with noise and change the **pixels**, step by "
    "step, so that one class or one channel answers more. The network itself "
    "stays as it is. Switch off what holds the picture back, and see what is left.",
)

work.networks()
try:
    setting = exciting_lab.settings()
    made = exciting_lab.one_picture(setting)
    if made is not None:
        exciting_lab.verdict(setting, made)
    exciting_lab.tasks(setting, made)

    st.subheader("What does each regulariser do?", anchor=False)
    layout.prose(
        "The same goal, start and seed, seven times: without any regulariser, with each one alone, "
        "and with all. Look for what repeats like a fine grid, and for shapes that you could name. "
        "With all of them on, the score is mostly the lowest, and yet the picture shows you most: "
        "**a high score and a picture that looks like something are two different things**."
    )
    exciting_lab.comparison(setting)
except InputError as error:
    st.error(str(error))
    st.stop()

layout.prose(
    "**Where this comes from.** Gradient ascent on the pixels: Erhan and others (2009). On a class "
    "score before the softmax, with L2: Simonyan and others (2014, "
    "[arXiv:1312.6034](https://arxiv.org/abs/1312.6034)). Blur: Yosinski and others (2015, "
    "[arXiv:1506.06579](https://arxiv.org/abs/1506.06579)). Jitter, and photographs as a start: "
    "Mordvintsev and others (2015, DeepDream). Large shapes first: Olah and others (2017, "
    "[Feature Visualization](https://distill.pub/2017/feature-visualization))."
)
quiz(exciting_lab.exercises(), key=f"{PAGE}_quiz")
panels.show_code(PAGE, *exciting_lab.code())
