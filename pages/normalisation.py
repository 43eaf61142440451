"""Normalisation: round valleys, one formula with four names, and training against evaluation."""

import streamlit as st

from cnnlab.exercises.normalisation import questions
from cnnlab.least_squares import condition_number, gradient, gradient_descent
from cnnlab.normalisation import batch_norm, group_norm, local_response_norm, update_running
from cnnlab.ui import layout, norm_lab, panels
from cnnlab.ui.quiz import quiz

layout.page_head(
    "Normalisation",
    "Why does a network learn faster when its numbers have mean 0 and deviation 1? Play gradient "
    "descent on the same data before and after, then change the scale of x₂.",
)

norm_lab.descents()
layout.prose(
    "**Why the valley is long.** The slope along a weight is the error times its feature, so a "
    "feature of large numbers makes the loss steep along its weight and leaves it flat along the "
    "other. One learning rate must serve both: too large for the steep weight beyond 2 / λmax, it "
    "is far too small for the flat one. The ratio of the two curvatures is the condition number "
    "κ, and the number of steps grows with it. A common offset does harm too: both features are "
    "then large at the same time, and the valley lies across. Features from 0 to 1 and from 10 to "
    "1000, as in many lectures, give κ of about 2.3 million.\n\n"
    "The data: x₁ = offset + u₁ and x₂ = ratio · (offset + u₂), with 60 examples of u between −1 "
    "and 1, and y = x₁ + x₂ / √ratio + noise. The loss is the mean squared error of w₁ · x₁ + "
    "w₂ · x₂. Where means are subtracted, that of y is too: the best bias would do the same. "
    "*Best for each* is η = 2 / (λmax + λmin); it shrinks the distance by (κ − 1) / (κ + 1) with "
    "each step in the worst case."
)

st.subheader("The same μ and σ for training and test data", anchor=False)
norm_lab.data_table()
layout.prose(
    "**Test data are treated like training data**: their own mean would be another ruler. A value "
    "outside the training data may well come out beyond the others.\n\n"
    "Some lecture notes print the mean as Σ x without the 1/N (that is the sum of the column), and "
    "divide by σᵢ with the index of a row. Each *column* has its mean and its deviation: divide by "
    "σⱼ."
)

st.subheader("Batch normalisation, step by step", anchor=False)
norm_lab.batch()
layout.prose(
    "**Training and evaluation differ.** In training the batch gives μ and σ². In evaluation a "
    "picture must not depend on its neighbours, so running averages are used. PyTorch keeps "
    "(1 − m) · old + m · new with m = 0.1, and for the running variance it takes the *unbiased* "
    "variance of the batch, divided by N − 1, while the batch itself is normalised with the biased "
    "one, divided by N. After one batch the running averages are still far off: raise *Batches "
    "seen so far* and watch the two outputs meet, almost. For pictures, N counts every place of "
    "the channel in every picture: N · H · W numbers.\n\n"
    "**γ and β** are learned. With γ = √(σ² + ε) and β = μ the input comes out again, so nothing "
    "is lost. **Why it helps** is still discussed: the paper (Ioffe and Szegedy 2015, "
    "[arXiv:1502.03167](https://arxiv.org/abs/1502.03167)) says that the inputs of deep layers "
    "shift less; Santurkar and others (2018, "
    "[arXiv:1805.11604](https://arxiv.org/abs/1805.11604)) found that the loss becomes smoother."
)

st.subheader("Batch, layer, instance, group: who shares a mean?", anchor=False)
layout.prose(
    "The same tensor four times: a row for each picture, a column for each channel. Choose a cell "
    "in any of them. Every cell in a thick frame shares its mean and its variance."
)
norm_lab.sharing()
layout.prose(
    "After Wu and He (2018, [arXiv:1803.08494](https://arxiv.org/abs/1803.08494), figure 2). The "
    "formula is always x̂ = (x − μ) / √(σ² + ε). Batch norm, group norm and instance norm learn "
    "one γ and one β for each channel (PyTorch's instance norm only if asked: *affine*). Layer "
    "norm is counted as in PyTorch's LayerNorm([C, H, W]), with a γ and a β for each number of a "
    "picture; Wu and He keep them one a channel, and ConvNeXt averages over the channels of one "
    "place only. Small batches make the means of batch norm noisy; the others do not care."
)

st.subheader("Local response normalisation", anchor=False)
norm_lab.responses()
layout.prose(
    "AlexNet (2012) divides each response by a sum over its neighbouring channels *at the same "
    "place*, so that a strong response makes its neighbours weaker: with the strong constants "
    "above, the 2 beside the 9 comes out below the 1. The formula is "
    "b = a / (k + α · Σ a²)^β, with n = 5, α = 0.0001, β = 0.75, k = 2. There is nothing to learn. "
    "**PyTorch divides α by n**, the paper does not, so the same α means something else; its "
    "default for k is 1. VGG's authors found no gain from it (2014), and hardly any network "
    "uses it today."
)

quiz(questions(), key="normalisation_quiz")
panels.show_code(
    "normalisation",
    batch_norm,
    update_running,
    group_norm,
    local_response_norm,
    gradient,
    gradient_descent,
    condition_number,
)
