"""The parts of the Grad-CAM lesson: the map on top, and what stands below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import streamlit as st

from cnnlab.figures import cam_cards
from cnnlab.figures.cam_cards import Card
from cnnlab.ui.gradcam_compare import four_depths, two_classes
from cnnlab.ui.gradcam_setting import PAGE, Setting, explained, pointing_words, settings, where
from cnnlab.ui.gradcam_steps import steps
from cnnlab.ui.gradcam_tasks import check_exercises, users_ask, which_layer

if TYPE_CHECKING:
    from cnnlab.attribution import GradCam

__all__ = [
    "check_exercises",
    "explained",
    "four_depths",
    "heat",
    "settings",
    "shown_functions",
    "steps",
    "two_classes",
    "users_ask",
    "which_layer",
]


def heat(setting: Setting, cam: GradCam) -> None:
    """Show what the network got, the map over it, and whether the map can be read."""
    st.html(cam_cards.STYLE)
    _heat(setting, cam)


@st.fragment
def _heat(setting: Setting, cam: GradCam) -> None:
    from cnnlab.map_verdicts import verdict

    st.subheader(f"What speaks for “{setting.category}”", anchor=False)
    found = verdict(cam, category=setting.category)
    if found.kind != "clear":
        st.warning(
            f"{found.says} {found.why} Try: {'; '.join(found.tries)}.",
            icon=":material/visibility_off:",
        )
    opacity = st.slider(
        "Opacity of the map", 0.0, 1.0, 0.6, 0.05, key=f"{PAGE}_opacity", bind="query-params"
    )
    map_card = Card(
        f"Grad-CAM at {setting.layer}",
        cam.overlay_map,
        signed=False,
        alt=f"Grad-CAM for {setting.category}: {where(cam.heat_map)}.",
        text=pointing_words(setting, cam),
        photo=setting.seen,
        opacity=opacity,
    )
    st.html(
        cam_cards.cards(
            [
                cam_cards.photo_card(
                    "What the network gets",
                    setting.seen,
                    alt=setting.picture.alt,
                    text=f"{setting.picture.title}, {setting.seen.width} × "
                    f"{setting.seen.height} pixels",
                ),
                cam_cards.card(map_card),
            ],
            smallest="10rem",
        )
    )
    st.caption(
        "The map shows where the channels of this layer speak for the class. It does not show "
        "an outline, and not that the network needs this place for its answer."
    )


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import attribution, explaining

    return attribution.grad_cams, attribution.weigh, explaining.layer_gradients
