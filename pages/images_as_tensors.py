"""Images as tensors: what a network gets instead of a picture, and why it matters how."""

import streamlit as st

from cnnlab.exercises.images_as_tensors import questions
from cnnlab.pixel_moves import shifted, shuffle_test
from cnnlab.pixel_tensors import flat_index
from cnnlab.ui import layout, panels, pixel_lab
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Images as tensors",
    "You see a cat. What does a network see? Zoom in until each pixel shows its numbers.",
)

shown = pixel_lab.settings()
row, column = pixel_lab.view(shown)

st.subheader("One pixel, several addresses", anchor=False)
pixel_lab.places(shown, row, column)
layout.prose(
    "An array of numbers with more than two axes is called a *tensor*. Libraries keep the same "
    "numbers in different orders: choose another pixel above and watch its places."
)

st.subheader("Shuffle the pixels", anchor=False)
pixel_lab.shuffle(shown)
layout.prose(
    "A fully connected layer multiplies each number by its own weight and adds up. In which order "
    "it adds does not matter: shuffle the numbers and the weights in the same way, and nothing has "
    "changed. So if all pictures of a data set are shuffled in one way before training, such a "
    "network learns as well as before: it has never known which pixels are neighbours. A "
    "convolution looks at neighbours only, and its few weights cannot be put in another order to "
    "make up for it. Move larger blocks: inside a block the neighbours stay, and so does what the "
    "convolution finds there."
)

st.subheader("Shift by one pixel", anchor=False)
pixel_lab.shift(shown)
layout.prose(
    "For us nothing has happened. For the vector almost everything has: at most places stands "
    "another number than before. That neighbouring pixels are similar keeps the correlation high, "
    "yet a fully connected unit answers with another number. The same kernel, used at every place, "
    "finds the same things and tells where they are now."
)

st.subheader("How many weights would a fully connected layer need?", anchor=False)
pixel_lab.dense_cost()

quiz(questions(), key="images_as_tensors_quiz")
panels.show_code("images_as_tensors", flat_index, shuffle_test, shifted)
