"""Where is it?: from an explanation to a box around the object, step by step, and measured."""

from cnnlab.exercises.where_is_it import questions
from cnnlab.ui import layout, localisation_lab, panels
from cnnlab.ui.quiz import quiz

PAGE = "where_is_it"

layout.page_head(
    "Where is it?",
    "A network was only told what is in its pictures, never where. Can it still point at the "
    "object? Move the threshold until the box fits.",
)

made = localisation_lab.studio()
localisation_lab.steps(made)
localisation_lab.tasks(made)

layout.prose(
    "**What happens here.** The pixels that matter most for a class tend to lie on the object "
    "(Simonyan et al. 2014, [arXiv:1312.6034](https://arxiv.org/abs/1312.6034), section 3.2). They "
    "cut it out with GraphCut, which looks at the colours too; here a threshold does it. A "
    "high one leaves the part that matters most, a cat's eye for instance; a low one lets the "
    "background in. **Intersection over union** divides the area that both boxes cover by the area "
    "that at least one covers. In the ImageNet contest (ILSVRC) an object counts as "
    "localised from 0.5 on, and only if the class is right too."
)
quiz(questions(), key=f"{PAGE}_quiz")
panels.show_code(PAGE, *localisation_lab.shown_functions())
