"""Convolution: slide a kernel over a picture and watch each output appear."""

from cnnlab.ui import dialogs, lab_state, lab_words, layout
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
if trace is not None:
    lab_words.explanation(setup)
    lab_words.exercises()
dialogs.open_dialog("convolution", setup, trace, data, key=KEY)
