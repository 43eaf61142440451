"""Design a network: build it layer by layer; see what every layer makes and costs."""

from cnnlab.design import survey
from cnnlab.ui import design_lab, layout, panels

layout.page_head(
    "Design a network",
    "Which layers, in which order? Choose a row, change it, add one after it. Every number "
    "follows at once, and the link of this page always holds your network.",
)

shown = design_lab.start()
design_lab.problem(shown)
parts = [design_lab.totals, design_lab.editor]
for part in reversed(parts) if layout.is_lecture() else parts:  # a projector shows the list first
    part(shown)
design_lab.drawing(shown)
design_lab.as_text()
design_lab.code(shown)

panels.exercises(
    {
        "Begin with VGG-16. Which layer holds most of the parameters, and which layers do most of "
        "the work?": (
            "The first fully connected layer: 102,764,544 of 138,357,544 parameters. Most of the "
            "work is in the convolutions: 15.35 of 15.47 G MACs."
        ),
        "Begin with the broken LeNet-5 and mend it in two ways.": (
            "Give the first convolution padding 2, or make the input 32 × 32. A third convolution "
            "with kernel 4 works too."
        ),
        "Put global average pooling before Flatten in VGG-16. How many parameters are left?": (
            "37,694,248: the first fully connected layer now reads 512 numbers, not 25,088."
        ),
    }
)
panels.show_code("design", survey)
