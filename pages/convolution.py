"""Convolution: slide a kernel over a picture and watch each output appear."""

import streamlit as st

from cnnlab import convolution
from cnnlab.ui import lab_state, layout, panels
from cnnlab.ui.player import step_player

KEY = "convolution_player"

layout.page_head(
    "Convolution",
    "A :orange[kernel] slides over the :blue[input]. At each place it multiplies, cell by cell, "
    "what lies under it, adds up the products and writes **one** number into the :green[output].",
)

setup, notice = lab_state.current_setup(KEY)
data, trace = lab_state.player_data(
    setup, key=KEY, label="Convolution, step by step", notice=notice
)
step_player(data, key=KEY)
if trace is None:
    st.stop()
panels.output_size(setup, trace)
photograph_place = st.container()
panels.convolution_words(setup)
panels.convolution_exercises()
panels.take_away("convolution", setup, trace, data, convolution.conv2d_by_loops)
with photograph_place:  # last, since the page waits here until there is a picture
    chosen = panels.photograph_input("convolution", setup)
if chosen is not None:
    lab_state.replace_setup(KEY, chosen)
    st.rerun()
