"""The parts of the lesson that finds an object's box from an explanation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.heat_pictures import drawn_over, scale_bar
from cnnlab.figures.located import FOUND, TRUE, boxed, masked, overlap_columns
from cnnlab.figures.pictures import data_link
from cnnlab.localisation import RIGHT_FROM, RULES, Box, Located
from cnnlab.numerals import written
from cnnlab.percent import finely
from cnnlab.samples import SAMPLES
from cnnlab.ui import controls, layout, networks, work

if TYPE_CHECKING:
    from cnnlab.explaining import Explanation

__all__ = ["Studio", "shown_functions", "steps", "studio", "tasks"]

PAGE = "where_is_it"
FIRST = "coffee"
_METHODS = (
    "saliency",
    "smooth_grad",
    "guided_backprop",
    "integrated_gradients",
    "grad_cam",
    "layer_cam",
)
_ATS: NDArray[np.float64] = np.round(np.arange(0.02, 0.99, 0.02), 2)
_STYLE = """
<style>
.where { display: grid; gap: 1.4rem 1.4rem; margin-bottom: 0.6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(12rem, 100%), 1fr)); }
.where figure { margin: 0; min-width: 0; }
.where h3 { font-size: 1.05rem; margin: 0 0 0.4rem; padding: 0; }
.where img { width: 100%; max-width: 26rem; display: block; border-radius: 4px; }
.where .few { image-rendering: pixelated; }
.where p { margin: 0.5rem 0 0; line-height: 1.45; font-size: 0.9rem; }
.where .bar { height: 0.6rem; border-radius: 2px; margin-top: 0.5rem; max-width: 26rem; }
.where .ends { display: flex; justify-content: space-between; font-size: 0.9rem;
  max-width: 26rem; font-variant-numeric: tabular-nums; }
.where-says { font-size: 1.1rem; line-height: 1.5; margin: 0; }
.where-says b { font-size: 1.35rem; font-variant-numeric: tabular-nums; }
.where-key { display: inline-block; width: 1.6rem; height: 0.8rem; vertical-align: baseline;
  margin: 0 0.3rem 0 0; border: 3px solid; }
.st-key-where_is_it_object [role="radiogroup"], .st-key-where_is_it_rule [role="radiogroup"] {
  flex-wrap: wrap; overflow: visible; }
.where-tasks { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin: 0; }
.where-tasks .done { font-weight: 600; }
</style>
"""


@dataclass(frozen=True, eq=False)
class Studio:
    """What a learner has chosen: the picture, the map, and where the object is.

    `classes` are the classes that name it; none where nobody said so.
    """

    network: str
    picture: controls.Picture
    sample: str
    seen: Image.Image
    method: str
    target: int
    category: str
    result: Explanation
    true: Box
    label: str
    classes: frozenset[int]
    guess: int
    guess_name: str


# Controls --------------------------------------------------------------------------------------


def studio() -> Studio:
    """Let a learner choose what is to be found and how; stop where nothing can be shown."""
    st.html(_STYLE)
    left, right = st.columns([2, 3], gap="large")
    with left:
        network = networks.picker(PAGE)
        picture = networks.picture_picker(PAGE, network, first=FIRST)
    pretrained = work.networks()
    from cnnlab.explaining import METHODS

    try:
        said = networks.answer(picture, network)
        seen = pretrained.as_seen(pretrained.preprocess(picture.image, network), network)
        sample = _sample_name(picture)
        with right:
            target = networks.class_picker(PAGE, network, said)
            titles = {METHODS[method].title: method for method in _METHODS if method in METHODS}
            method = titles[controls.pick("Method", list(titles), key=_key("method"))]
            layer = networks.layer_picker(PAGE, network) if METHODS[method].at_layer else ""
            true, label, classes = _true_box(network, picture, sample, seen)
        result = _explanation(picture, network, target=target, layer=layer, method=method)
    except InputError as error:
        st.error(str(error))
        st.stop()
    labels = networks.class_labels(network)
    guess = said.best[0].index
    return Studio(
        network,
        picture,
        sample,
        seen,
        method,
        target,
        labels[target],
        result,
        true,
        label,
        classes,
        guess,
        labels[guess],
    )


def _true_box(
    network: str, picture: controls.Picture, sample: str, seen: Image.Image
) -> tuple[Box, str, frozenset[int]]:
    """Return where the object is, what it is called, and the classes that name it, if known."""
    from cnnlab import catalogue, pretrained
    from cnnlab.digits import SAMPLES as DIGITS
    from cnnlab.digits import label_of
    from cnnlab.localisation import box_in_view, ink_box
    from cnnlab.sample_boxes import boxes_of

    options: dict[str, tuple[Box, frozenset[int]]] = {}
    if network == catalogue.OWN:
        light = np.asarray(seen.convert("L"), dtype=np.float64) / 255
        classes = frozenset({label_of(sample)}) if sample in DIGITS else frozenset()
        if light.max() >= 0.5:
            options["the strokes"] = (ink_box(light), classes)
    elif sample:
        view = Box(*pretrained.crop_box(picture.image, network))
        for known in boxes_of(sample):
            try:
                box = box_in_view(Box(*known.corners), view, width=seen.width, height=seen.height)
            except InputError:
                continue  # it lies in what is cut away
            options[known.label] = (box, frozenset(known.classes))
    chosen = controls.choice("The object", [*options, "a box of my own"], key=_key("object"))
    if chosen in options:
        box, classes = options[chosen]
        return box, chosen, classes
    return _own_box(seen), "your box", frozenset()


def _own_box(seen: Image.Image) -> Box:
    """Draw four numbers for the edges of a box, in percent of what the network sees."""
    with st.container(horizontal=True, gap="small"):
        edges = {
            name: controls.whole_number(f"{name.capitalize()}, %", low, high, usual, key=_key(name))
            for name, low, high, usual in (
                ("left", 0, 99, 25),
                ("top", 0, 99, 25),
                ("right", 1, 100, 75),
                ("bottom", 1, 100, 75),
            )
        }
    if edges["right"] <= edges["left"] or edges["bottom"] <= edges["top"]:
        raise InputError(
            "your box has no area: its right edge must be right of its left edge, and its bottom "
            "below its top"
        )
    across, down = seen.width / 100, seen.height / 100
    return Box(
        edges["left"] * across, edges["top"] * down, edges["right"] * across, edges["bottom"] * down
    )


def _explanation(
    picture: controls.Picture, network: str, *, target: int, layer: str, method: str
) -> Explanation:
    """Return the map, through the shared queue; the same as in the lesson that compares them."""
    from cnnlab.explaining import METHODS

    def run() -> Explanation:
        from cnnlab import explaining, loading, pretrained

        batch = pretrained.preprocess(picture.image, network)
        with loading.using(network) as model:
            return explaining.explain(method, model, batch, target=target, layer=layer or None)

    key = ("explain", method, network, picture.digest, target, layer)
    label = f"{METHODS[method].title} of {network}"
    return work.in_queue(key, run, label=label, own=picture.own)


# Steps -----------------------------------------------------------------------------------------


@st.fragment
def steps(made: Studio) -> None:
    """Show map, mask, largest part and box, and measure the box."""
    from cnnlab.explaining import METHODS
    from cnnlab.localisation import iou, iou_curve, level_of, locate, positive_part

    small = made.seen.width <= 64
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        at = st.slider(
            "Threshold",
            0.02,
            0.98,
            0.9,
            0.02,
            key=_key("at"),
            bind="query-params",
            width=280,
        )
        rule = controls.choice("is a", list(RULES), key=_key("rule"))
        sigma = st.slider(
            "Smoothing σ, px",
            0.0,
            3.0 if small else 12.0,
            0.5 if small else 3.0,
            0.1 if small else 0.5,
            key=_key("sigma_digits" if small else "sigma"),
            bind="query-params",
            width=180,
        )
    st.caption(RULES[rule])
    try:
        values = positive_part(made.result.values, sigma=sigma)
        level = level_of(values, at=at, rule=rule)
        found = locate(values, level=level)
    except InputError as error:
        st.warning(str(error)[:1].upper() + str(error)[1:] + ".", icon=":material/search_off:")
        return
    fits = iou(found.box, made.true)
    st.html(_verdict(made, fits))
    st.html(f'<div class="where">{"".join(_cards(made, values, found, METHODS))}</div>')
    st.caption(
        "Only what speaks for the class counts: negative numbers are 0 here. The box shows what "
        "the network used for its answer. That can be less than the object, or its surroundings."
    )
    curve = iou_curve(values, made.true, ats=_ATS, rule=rule)
    st.html(overlap_columns(_ATS, curve, at=at, right_from=RIGHT_FROM))
    _take_note(made, fits)


def _verdict(made: Studio, fits: float) -> str:
    """Say how well the box fits and whether that counts as right."""
    parts = [
        f"Intersection over union with {escape(made.label)}: <b>{fits:.2f}</b>, "
        f"{'at least' if fits >= RIGHT_FROM else 'below'} {RIGHT_FROM}."
    ]
    if made.classes:
        named = made.guess in made.classes
        parts.append(
            f"First guess: “{escape(made.guess_name)}”, {'right' if named else 'wrong'}. "
            f"<strong>{'Localised' if named and fits >= RIGHT_FROM else 'Not localised'}</strong>: "
            "both are asked for, the class and the box."
        )
        if made.target not in made.classes:
            parts.append(f"The map explains “{escape(made.category)}”, which is another class.")
    else:
        parts.append("Nobody said which class is right, so only the box is judged.")
    return f'<p class="where-says">{" ".join(parts)}</p>'


def _cards(made: Studio, values: Any, found: Located, methods: Any) -> list[str]:
    """Return the four steps as pictures, each with its range or its count."""
    few = 'class="few" ' if made.seen.width <= 64 else ""
    pixels = values.size
    title = methods[made.method].title
    heat = drawn_over(made.seen, values, signed=False, opacity=0.75)
    share = found.mask.mean()
    ours = found.box
    kept = int(found.part.sum())
    words = {
        "box": (
            "1. The map",
            heat.picture,
            f"{title} for {made.category}, smoothed.",
            f'<div class="bar" style="background:{scale_bar(signed=False)}"></div>'
            f'<div class="ends"><span>0</span><span>{written(heat.high, 2)}</span></div>'
            f"<p>{escape(title)} gave {written(made.result.low, 2)} to "
            f"{written(made.result.high, 2)}. "
            "Shown: what is above 0, smoothed.</p>",
        ),
        "mask": (
            "2. Above the threshold",
            masked(made.seen, found.mask),
            f"{finely(share)} of the pixels reach the threshold.",
            f"<p>{int(found.mask.sum()):,} of {pixels:,} pixels ({finely(share)}) have at least "
            f"{written(found.level, 2)}.</p>",
        ),
        "part": (
            "3. The largest part",
            masked(made.seen, found.part),
            f"The largest of {found.n_parts} parts.",
            f"<p>{kept} pixels, the largest of "
            f"{'1 part' if found.n_parts == 1 else f'{found.n_parts} parts'}. Pixels that touch "
            "at a corner belong together.</p>",
        ),
        "found": (
            "4. Its box",
            boxed(made.seen, found.box, made.true),
            "The box found, and the object's box.",
            f'<p><span class="where-key" style="border-color:{FOUND}"></span>found: edges at x '
            f"{ours.left:.0f} and {ours.right:.0f}, y {ours.top:.0f} and {ours.bottom:.0f}</p>"
            f'<p><span class="where-key" style="border-color:{TRUE};border-style:dashed"></span>'
            f"{escape(made.label)}: edges at x {made.true.left:.0f} and {made.true.right:.0f}, y "
            f"{made.true.top:.0f} and {made.true.bottom:.0f}</p>",
        ),
    }
    return [
        f'<figure><h3>{escape(head)}</h3><img {few}src="{data_link(picture)}" '
        f'alt="{escape(alt)}">{text}</figure>'
        for head, picture, alt, text in words.values()
    ]


# Tasks -----------------------------------------------------------------------------------------


def _take_note(made: Studio, fits: float) -> None:
    """Remember which tasks are done."""
    if made.guess not in made.classes or made.target not in made.classes:
        return
    found: set[Any] = st.session_state.setdefault(_key("found"), set())
    before = len(found)
    if fits >= RIGHT_FROM:
        found.add((made.network, "right", made.picture.digest))
        if made.method == "saliency":
            found.add((made.network, "saliency"))
    if fits >= 0.75:
        found.add((made.network, "close"))
    if len(found) > before:
        st.rerun()  # the list of tasks stands outside this part of the page


def tasks(made: Studio) -> None:
    """Draw what is to be found, with what has been found."""
    if layout.is_lecture():
        return
    found: set[Any] = st.session_state.get(_key("found"), set())
    pictures = sum(1 for note in found if note[:2] == (made.network, "right"))
    asked = {
        "a threshold that localises an object by its saliency": (made.network, "saliency") in found,
        "a box with 0.75 or more, by any method": (made.network, "close") in found,
        f"three pictures localised ({min(pictures, 3)} of 3)": pictures >= 3,
    }
    items = "".join(
        f'<span class="{"done" if done else ""}">{"✓ found:" if done else "○"} {text}</span>'
        for text, done in asked.items()
    )
    st.html(
        f'<p class="where-tasks"><strong>Find, for {escape(made.network)}:</strong> {items}</p>'
    )


# Helpers ---------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _sample_name(picture: controls.Picture) -> str:
    """Return the name of the sample that a picture is; empty for the learner's own."""
    from cnnlab.digits import SAMPLES as DIGITS

    if picture.own:
        return ""
    for name, sample in (*SAMPLES.items(), *DIGITS.items()):
        if sample.title == picture.title:
            return name
    return ""


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import localisation

    return localisation.positive_part, localisation.locate, localisation.iou
