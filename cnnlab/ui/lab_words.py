"""What the convolution lesson says below its player, and what it asks."""

from __future__ import annotations

import numpy as np

from cnnlab.fillings import KERNEL_NAMES
from cnnlab.kernels import KERNELS
from cnnlab.setups import Setup, output_size
from cnnlab.ui import layout, panels

__all__ = ["exercises", "explanation"]


def explanation(setup: Setup) -> None:
    """Say what a convolution is, in few words; the player shows the rest."""
    kernel = KERNELS.get(KERNEL_NAMES.get(setup.kernel, ""))
    about = (
        f"**{kernel.name.capitalize()}** kernel. {kernel.does} Source: {kernel.source}.\n\n"
        if kernel
        else ""
    )
    n_in, n_out = setup.x.size, setup.filters * int(np.prod(output_size(setup)))
    layout.prose(
        f"{about}"
        "**Neighbours, weighted and added.** A pixel alone says little; it means something beside "
        "its neighbours. A kernel looks at a small patch only (*locality*) and uses the same "
        "weights everywhere (*weight sharing*): what it can find in one place, it finds in every "
        "place.\n\n"
        f"**Why not connect everything?** A fully connected layer from these {n_in} inputs to "
        f"these {n_out} outputs would have {n_in * n_out:,} weights. This layer has "
        f"{setup.weight.size}.\n\n"
        "**Channels and filters.** A filter has one slice of weights for each input channel (with "
        "groups: for each channel of its group); the sums of all slices are added to one number. "
        "Each filter makes one **feature map**, and the feature maps, stacked, are the input of "
        "the next layer.\n\n"
        "**Stride** is how many cells the kernel moves from one step to the next. **Padding** is "
        "how many rows and columns are put around the input. **Dilation** is the distance between "
        "neighbouring weights. A **bias** is one number for each filter, added to every sum of "
        "its products.\n\n"
        "**Transposed convolution** makes a map larger. The numbers of the input are moved apart "
        "by the stride, with zeros between them and a border of zeros around; the kernel, turned "
        "by half a turn, slides over that. It is the way back through a convolution: where the "
        "convolution read, it writes.\n\n"
        "**Strictly, this is cross-correlation.** True convolution turns the kernel by half a turn "
        "first. Try it with the example *One bright pixel*: cross-correlation writes the kernel, "
        "turned by half a turn, into the output; with *true convolution* (under *More settings*) "
        "the kernel appears as it is. A network learns its weights, so it does not "
        "matter which of the two it uses: PyTorch and TensorFlow use the first and call it "
        "convolution."
    )


def exercises() -> None:
    """Ask four things that can be tried in the player above."""
    panels.exercises(
        {
            "Which kernel leaves the picture unchanged? And why is the output still smaller?": (
                "<em>Identity</em>. It only copies the pixel under its centre, but its centre "
                "cannot reach the border: a 3 × 3 kernel loses one row and column on each side. "
                "Padding 1 brings them back."
            ),
            "Open the example <em>Curve detector</em>. Where is the output largest, and what does "
            "the kernel answer to the same curve turned over?": (
                "9000 in the top right corner, where every weight meets a bright pixel. The "
                "turned curve shares only a part with the kernel, so the answers there are smaller."
            ),
            "Which input cells reach the fewest outputs? Point at a corner, then at the middle.": (
                "The corners: without padding only one window contains a corner, while nine "
                "windows of a 3 × 3 kernel contain a cell in the middle."
            ),
        }
    )
