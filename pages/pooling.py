"""Pooling: one number for each window, the ways back, and what pooling is good for."""

from cnnlab.exercises.pooling import questions
from cnnlab.pool_gradients import max_pool2d_gradient, max_unpool2d, mean_gradient
from cnnlab.pool_windows import windows_along
from cnnlab.pooling import largest_of_windows, max_pool2d, means_of_windows
from cnnlab.ui import layout, panels, pooling_lab
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Pooling",
    "How does a network make feature maps smaller and still keep what matters? A window slides "
    "over each channel of the :blue[input] and writes **one** number into the :green[output]. "
    "Nothing is learned.",
)

setup, trace = pooling_lab.player()
if trace is not None:
    pooling_lab.section(
        "The way back: who gets the gradient",
        "In training, a gradient arrives at each output. Max pooling hands it to the winner alone, "
        "average pooling to all, in equal parts. Change the pooling above and see where it goes.",
    )
    pooling_lab.gradient(setup, trace)
    pooling_lab.section(
        "Unpooling with switches",
        "Max pooling can remember *where* each maximum stood: its switches. To look back through a "
        "network, Zeiler and Fergus (2014, [arXiv:1311.2901](https://arxiv.org/abs/1311.2901)) put "
        "each pooled number back at that place.",
    )
    pooling_lab.unpooling(setup, trace)

pooling_lab.section(
    "A small shift changes little",
    "Move the input by one cell: almost every number changes, but many maxima "
    "stay. This is *approximate* invariance to small shifts. The first map is figure 9.8 of "
    "Goodfellow, Bengio and Courville (2016): all four inputs change, two of the four maxima do. "
    "(The book gives one number that comes in, 0.3; those for longer shifts are made up.)",
)
pooling_lab.shifts()
layout.prose(
    "Larger windows change less, and means change more often than maxima. What is gained in "
    "invariance is lost in place: after pooling the network knows *that* a feature is there, not "
    "exactly *where*."
)

pooling_lab.section(
    "What it saves the layers behind it",
    "Pooling 2 × 2 at stride 2 keeps one number of four. The convolution behind it has as many "
    "weights as before, but a quarter of the work; a fully connected layer has a quarter of the "
    "weights.",
)
pooling_lab.saving()

quiz(questions(), key="pooling_quiz")
panels.show_code(
    "pooling",
    windows_along,
    max_pool2d,
    largest_of_windows,
    means_of_windows,
    max_pool2d_gradient,
    mean_gradient,
    max_unpool2d,
)
