"""What a learner looks at in the Grad-CAM lesson, and the maps that are computed for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.exercises.grad_cam import FILLED, Scene
from cnnlab.percent import percent
from cnnlab.samples import SAMPLES
from cnnlab.two_pictures import Place, above, ink, places
from cnnlab.ui import controls, networks, work

if TYPE_CHECKING:
    from cnnlab.answers import Answer
    from cnnlab.attribution import ClassMap, GradCam

__all__ = [
    "PAGE",
    "Floats",
    "Setting",
    "class_maps",
    "explained",
    "patterns",
    "pointing_words",
    "say_not_for",
    "settings",
    "where",
]

PAGE = "grad_cam"
NOTHING = "nothing"

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Setting:
    """What a learner looks at."""

    name: str
    picture: controls.Picture
    places: tuple[Place, ...]
    answer: Answer
    target: int
    layer: str
    recommended: str
    layers: dict[str, tuple[int, int, int]]
    category: str
    seen: Image.Image
    crop: tuple[float, float, float, float]

    @property
    def scene(self) -> Scene:
        """What the exercises ask about."""
        first = self.answer.best[0].index
        return Scene(
            self.places, self.crop, self.target, self.category, first, self.layer, self.recommended
        )


def say_not_for() -> None:
    """Say why a network that a link asks for has no Grad-CAM here."""
    asked = st.query_params.get(f"{PAGE}_network", "")
    if not asked:
        return
    from cnnlab import catalogue, target_layers

    if asked in catalogue.every_name() and target_layers.why_not(asked):
        del st.query_params[f"{PAGE}_network"]
        st.warning(
            f"Grad-CAM does not apply to {asked}. {target_layers.why_not(asked)} Below is "
            "another network.",
            icon=":material/block:",
        )


def settings() -> Setting:
    """Draw the controls and return what they say."""
    say_not_for()
    name = networks.picker(PAGE)
    picture, where = _pictures(name)
    pretrained = work.networks()
    said = networks.answer(picture, name)
    target = networks.class_picker(PAGE, name, said)
    layer = networks.layer_picker(PAGE, name)
    recommended, layers = networks.layer_sizes(name)
    seen = pretrained.as_seen(pretrained.preprocess(picture.image, name), name)
    return Setting(
        name,
        picture,
        where,
        said,
        target,
        layer,
        recommended,
        layers,
        networks.class_labels(name)[target],
        seen,
        pretrained.crop_box(picture.image, name),
    )


def _pictures(name: str) -> tuple[controls.Picture, tuple[Place, ...]]:
    """Let a learner choose one picture or two, and return what is known to lie where."""
    from cnnlab import catalogue

    picture = networks.picture_picker(PAGE, name)
    if name == catalogue.OWN:
        if picture.own:
            return picture, ()
        digit = str(st.session_state.get(f"{PAGE}_digit") or "digit-7-1").split("-")[1]
        return picture, (Place("digit", (int(digit),), ink(picture.image)),)
    below = controls.pick(
        "Below it",
        [NOTHING, *SAMPLES],
        key=f"{PAGE}_below",
        help="A second sample picture, below the first: two objects in one picture.",
    )
    sample = "" if picture.own else str(st.session_state.get(f"{PAGE}_sample") or "cat")
    if below == NOTHING:
        return picture, places(sample) if sample else ()
    second = SAMPLES[below]
    from cnnlab.ui import cache

    both = controls.as_picture(
        above(picture.image, cache.sample(below)),
        f"{picture.title}, and below it: {second.title}",
        f"Above: {picture.alt} Below: {second.alt}",
    )
    return replace(both, own=picture.own), places(sample, below) if sample else ()


def explained(setting: Setting) -> GradCam:
    """Return all steps for the chosen class and layer, through the shared queue."""

    def run() -> GradCam:
        from cnnlab import attribution, loading, pretrained

        batch = pretrained.preprocess(setting.picture.image, setting.name)
        with loading.using(setting.name) as model:
            return attribution.grad_cam_steps(
                model, batch, target=setting.target, layer=setting.layer
            )

    key = ("grad-cam", setting.name, setting.picture.digest, setting.target, setting.layer)
    return work.in_queue(key, run, label=f"Explaining {setting.name}", own=setting.picture.own)


def class_maps(setting: Setting, targets: tuple[int, ...], layer: str) -> list[ClassMap]:
    """Return the maps of some classes at a layer, from one forward pass."""

    def run() -> list[ClassMap]:
        from cnnlab import attribution, loading, pretrained

        batch = pretrained.preprocess(setting.picture.image, setting.name)
        with loading.using(setting.name) as model:
            found = attribution.grad_cams(model, batch, targets=targets, layer=layer)
            return [cam.maps_only() for cam in found]

    key = ("grad-cam maps", setting.name, setting.picture.digest, targets, layer)
    return work.in_queue(key, run, label=f"Explaining {setting.name}", own=setting.picture.own)


def pointing_words(setting: Setting, cam: ClassMap, *, full: bool = True) -> str:
    """Say how the map lies to the object, where that is known; `full`: also that it fills all."""
    place, found = setting.scene.place(), setting.scene.points(cam.overlay_map)
    if place is None or found is None or not cam.overlay_map.any():
        return ""
    if found.area > FILLED:
        return f"The {place.label} fills what the network sees: no map can miss it." if full else ""
    on = "on" if found.hit else f"{found.outside:.0f} pixels outside the box of"
    return (
        f"The largest value lies {on} the {place.label}; {percent(found.share)} of the map lies "
        f"in its box, which is {percent(found.area)} of the picture."
    )


def patterns(name: str) -> tuple[str, str, str]:
    """Return what the channels of a network answer to: early, in the middle, at the end."""
    from cnnlab import catalogue

    if name == catalogue.OWN:
        return "edges", "short pieces of strokes", "curves and strokes"
    return "edges and colours", "textures and small parts", "parts and objects"


def where(values: Floats) -> str:
    """Say in words where a map is largest in size."""
    if not values.any():
        return "0 everywhere"
    strength = np.abs(values)
    row, column = np.unravel_index(int(strength.argmax()), strength.shape)
    vertical = ("top", "middle", "bottom")[int(3 * row // strength.shape[0])]
    horizontal = ("left", "centre", "right")[int(3 * column // strength.shape[1])]
    return f"strongest at the {vertical} {horizontal}"
