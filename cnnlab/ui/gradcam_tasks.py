"""Which layer to take, what users of Grad-CAM ask, and two tasks that look at the setting."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from cnnlab.exercises.grad_cam import Check, lost_layer, misleads
from cnnlab.target_layers import NOT_FOR, TARGETS
from cnnlab.ui import layout, panels
from cnnlab.ui.gradcam_setting import PAGE, Setting, class_maps

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam

__all__ = ["check_exercises", "users_ask", "which_layer"]


def which_layer() -> None:
    """Show a sensible layer for each family, and where the method does not apply, folded."""
    st.subheader("Which layer, family by family", anchor=False)
    _families()


@st.fragment
def _families() -> None:
    panel = st.expander(
        "The layer of each family, and where Grad-CAM does not apply",
        icon=":material/layers:",
        key=f"{PAGE}_families",
        on_change="rerun",
        bind="query-params",
    )
    if panel.open:
        with panel:
            _family_table()


def _family_table() -> None:
    panels.table(
        ["Family", "Layer", "Maps for 224 × 224", "Why"],
        [
            [
                target.family,
                f"{target.layer} ({target.network})",
                "{} of {}\u00a0×\u00a0{}".format(*target.shape),
                target.why,
            ]
            for target in TARGETS
        ],
        align="llll",
        wide_only=[3],
    )
    st.caption("The digit network takes pictures of 28 × 28.")
    st.markdown("**Where Grad-CAM does not apply**")
    for family, why in NOT_FOR.items():
        st.markdown(f"- **{family}**: {why}")
    st.markdown(
        "- **Any network whose score does not depend on where something is in the layer**: after "
        "global pooling, in dense layers, in a layer with maps of 1 × 1. The lab refuses such a "
        "layer with a sentence. **Networks that answer something else than one row of class "
        "scores** (detection, segmentation) need another score to differentiate."
    )


_ASKED = {
    "Which layer should I take?": "The last one that still has maps: see the table. Earlier "
    "layers give finer maps that say less about the class. If two neighbouring layers disagree "
    "much, trust neither.",
    "Which class is explained?": "The one that you choose. Tools take the first guess if you do "
    "not. For a class that is not in the picture you still get a map: what speaks for it most, "
    "however little. Look at its score and its range.",
    "Why is my map empty?": "Every weighted sum is negative or 0, and the ReLU has removed it. Or "
    "the gradient itself is 0, because a ReLU on the way to the score is closed. Step 5 shows "
    "the sum with its sign.",
    "Why is it all one colour?": "Colours are stretched to the map’s own range. If all values are "
    "nearly alike, small differences fill the whole scale; if the object fills the picture, "
    "everything is warm. The numbers at the ends of the scale tell.",
    "Where is the ReLU?": "After the sum over the channels, once (step 6). The ReLUs inside "
    "the network are left as they are; changing those is guided backpropagation, another method.",
    "Softmax or logit?": "The score before the softmax. After it, the gradient is nearly 0 for a "
    "sure answer and mixes in the other classes.",
    "Should I believe it?": "As a hint, not as a proof. It should change when you ask for another "
    "class, and when the weights are made random; covering the warm place should lower the score. "
    "<em>Compare explanations</em> and <em>Occlusion</em> test that. A warm place can also be "
    "something that merely comes with the object, and the map is never finer than its cells.",
}


def users_ask() -> None:
    """Answer what users of the method ask, in short; the lecture view leaves it out."""
    if layout.is_lecture():
        return
    st.subheader("What users ask", anchor=False)
    folded = "".join(
        f"<details><summary><strong>{escape(question)}</strong></summary><p>{answer}</p></details>"
        for question, answer in _ASKED.items()
    )
    st.html(f'<div class="exercise">{folded}</div>')


def check_exercises(setting: Setting, cam: GradCam) -> None:
    """Two tasks that look at what the learner has set up; the lecture view leaves them out."""
    if layout.is_lecture():
        return
    st.subheader("Your turn", anchor=False)
    _lost(setting)
    _misled(setting, cam)


@st.fragment
def _lost(setting: Setting) -> None:
    with st.container(border=True):
        st.markdown(
            "**Find the layer at which the cat is lost.** Put another picture below the cat, "
            "explain a class that names the cat, and go back from the last layer, one by one. "
            "Choose the first layer at which the largest value of the map is no longer on the "
            "cat. (Other objects of the samples count as well, with their classes.)"
        )
        if st.button("Check my layer", key=f"{PAGE}_check_lost", icon=":material/check:"):
            back = list(reversed(setting.layers))
            maps = (
                (layer, class_maps(setting, (setting.target,), layer)[0].overlay_map)
                for layer in back
            )
            _say(lost_layer(setting.scene, maps, offered=len(back)))


@st.fragment
def _misled(setting: Setting, cam: GradCam) -> None:
    with st.container(border=True):
        st.markdown(
            "**Find a picture on which Grad-CAM misleads.** The network’s first guess is right, "
            "but the largest value of its map, at the recommended layer, lies outside the box of "
            "the object."
        )
        if st.button("Check my picture", key=f"{PAGE}_check_misled", icon=":material/check:"):
            _say(misleads(setting.scene, cam.overlay_map))


def _say(check: Check) -> None:
    if check.solved:
        st.success(check.says, icon=":material/check_circle:")
    else:
        st.info(check.says, icon=":material/hourglass_empty:")
