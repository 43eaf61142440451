"""The parts of the lesson on fooling a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.figures.class_bars import class_bars
from cnnlab.percent import finely
from cnnlab.pixels import to_png
from cnnlab.ui import controls, fooling_parts, layout, networks, pace
from cnnlab.ui.fooling_setting import PAGE, Setting, class_picker, picture_of, worked_out

if TYPE_CHECKING:
    from cnnlab.fooling import Fooled

__all__ = ["closer", "code", "result", "settings", "tasks"]

_GOALS = ("Any other", "A chosen class", "Least likely")
_STYLE = """
<style>
.fooled { display: grid; gap: 1.2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.fooled figure { margin: 0; min-width: 0; }
.fooled h3 { font-size: 1.05rem; margin: 0 0 0.4rem; padding: 0; }
.fooled img { width: 100%; max-width: 26rem; display: block; border-radius: 4px; }
.fooled .few { image-rendering: pixelated; }
@media (max-width: 40rem) {  /* what is compared stands side by side, the change below */
  .fooled { grid-template-columns: 1fr 1fr; gap: 1.2rem 0.8rem; }
  .fooled figure:nth-child(2) { order: 1; grid-column: 1 / -1; }
  .fooled .class-bars { grid-template-columns: 1fr 3.6rem !important; font-size: 0.85rem;
    gap: 0.1rem 0.35rem !important; }
  .fooled .class-bars th { grid-column: 1 / -1; margin-top: 0.25rem; } }
.fooled p { margin: 0.4rem 0 0.6rem; line-height: 1.45; }
.tasks span { display: block; padding: 0.15rem 0; }
.tasks .done { font-weight: 650; }
</style>
"""


def settings() -> Setting:
    """Draw the controls and return what they say."""
    from cnnlab import catalogue, fooling

    left, right = st.columns([2, 3], gap="large")
    with left:
        chosen = networks.choose(PAGE)
        picture = networks.picture_picker(PAGE, chosen.name)
    digits = chosen.name == catalogue.OWN
    with right:
        method = controls.choice("Method", list(fooling.METHODS), key=f"{PAGE}_method")
        goal = controls.choice("What the network shall say", list(_GOALS), key=f"{PAGE}_goal")
        target = 0
        if goal == _GOALS[1]:
            target = class_picker("class", chosen.name, "Class that it shall see")
        epsilon = st.slider(
            "ε: the largest change of any number, in grey levels",
            0,
            80 if digits else 32,
            30 if digits else 8,
            key=f"{PAGE}_epsilon",
            bind="query-params",
            help="A picture file holds whole grey levels, 0 to 255. So ε is whole, and the result "
            "is a real picture. 8 of 256 levels are 3 %.",
        )
    usual = dict(zip(_GOALS, fooling.GOALS, strict=True))
    seconds = pace.seconds_a_pass(chosen.name, trained=chosen.trained)
    return Setting(chosen, picture, method, usual[goal], epsilon, target, digits, seconds)


# The attack -------------------------------------------------------------------------------------


def result(setting: Setting) -> Fooled | None:
    """Show original, change and result with the answers; return them, None if not yet computed."""

    def run() -> Fooled:
        from cnnlab import fooling, loading

        with loading.using(setting.chosen.name, trained=setting.chosen.trained) as model:
            return fooling.attack(
                model,
                setting.picture.image,
                setting.chosen.name,
                epsilon=setting.epsilon,
                **setting.attack,
            )

    fooled = worked_out(
        setting,
        "attack",
        (setting.method, setting.goal, setting.target, setting.epsilon),
        run,
        passes=setting.passes,
        label="Fooling",
        says=f"Fool {setting.chosen.name}",
    )
    if fooled is None:
        return None
    _verdict(setting, fooled)
    st.html(_STYLE + _cards(setting, fooled))
    if setting.epsilon and not layout.is_lecture():
        _download(setting, fooled)
    return fooled


def _verdict(setting: Setting, fooled: Fooled) -> None:
    """Say in a sentence or two what came out."""
    first, last = fooled.answers
    before, after = setting.labels[first], setting.labels[last]
    target = setting.labels[fooled.target]
    if fooled.towards and fooled.target == first:
        st.info(f"The network says “{target}” already. Choose another class.")
    elif not setting.epsilon:
        st.info("With ε = 0 nothing changes. Move ε.", icon=":material/tune:")
    elif fooled.worked:
        st.success(
            f"**{'Reached' if fooled.towards else 'Fooled'}:** “{before}” "
            f"({finely(float(fooled.before[first]))}) became “{after}” "
            f"({finely(float(fooled.after[last]))}), with at most {fooled.largest} grey "
            f"level{'' if fooled.largest == 1 else 's'}.",
            icon=":material/check_circle:",
        )
    elif fooled.towards:
        way = "One step rarely reaches a given class: try PGD." if setting.method == "FGSM" else ""
        st.warning(
            f"**Not reached:** “{target}” went from {finely(float(fooled.before[fooled.target]))} "
            f"to {finely(float(fooled.after[fooled.target]))}; the answer is “{after}”. "
            f"{way or 'Try a larger ε or another class.'}",
            icon=":material/block:",
        )
    else:
        st.warning(
            f"**Not fooled:** the answer is still “{before}”, "
            f"{finely(float(fooled.after[first]))} after "
            f"{finely(float(fooled.before[first]))}. Try a larger ε"
            f"{', or PGD' if setting.method == 'FGSM' else ''}.",
            icon=":material/block:",
        )
    if fooled.worked and {first, last} <= _right_names(setting):
        st.caption(
            "Both are right names for what the picture shows: a small mistake. For a plain one, "
            "choose “Least likely” or a class of your own."
        )
    if not setting.chosen.trained:
        st.caption("With random numbers the answers mean nothing, before and after.")
    elif fooled.before[first] < 0.5:
        st.caption(
            f"The network was not sure before: its first answer had "
            f"{finely(float(fooled.before[first]))}. Such a picture is easy to fool."
        )


def _right_names(setting: Setting) -> set[int]:
    """Return the classes that name what a sample shows; none for other pictures."""
    from cnnlab.sample_boxes import boxes_of

    sample = str(st.session_state.get(f"{PAGE}_sample") or "cat")
    if setting.digits or setting.picture.own:
        return set()
    return {number for box in boxes_of(sample) for number in box.classes}


def _cards(setting: Setting, fooled: Fooled) -> str:
    from cnnlab.figures.fooling import exact_link, magnified

    labels = setting.labels
    change, times = magnified(fooled.perturbation, epsilon=fooled.largest)
    few = 'class="few" ' if setting.digits else ""

    def figure(title: str, picture: Image.Image, alt: str, below: str) -> str:
        return (
            f'<figure><h3>{title}</h3><img {few}src="{exact_link(picture)}" '
            f'alt="{escape(alt)}">{below}</figure>'
        )

    facts = (
        f"<p>Grey 128 is no change; each change is drawn <strong>{times} times</strong> as strong "
        f"as it is.</p><p>Largest change of a number (L<sub>∞</sub>): "
        f"<strong>{fooled.largest}</strong> grey level{'' if fooled.largest == 1 else 's'}. "
        f"Changed: {finely(fooled.changed)} of the pixels.</p>"
    )
    if not fooled.perturbation.any():
        facts = "<p>Nothing has changed.</p>"
    alt = setting.picture.alt
    return (
        '<div class="fooled">'
        + figure("Original", picture_of(fooled.original), alt, _bars(fooled.before, labels))
        + figure("The change, magnified", change, "The change of each pixel, magnified.", facts)
        + figure("Result", picture_of(fooled.result), f"Fooled: {alt}", _bars(fooled.after, labels))
        + "</div>"
    )


def _bars(shares: np.ndarray[Any, np.dtype[np.float32]], labels: list[str]) -> str:
    best = np.argsort(-shares, kind="stable")[:3]
    rows = [(labels[index], float(shares[index])) for index in best]
    return f'<div style="margin-top:0.6rem">{class_bars(rows, wide="9rem")}</div>'


def _download(setting: Setting, fooled: Fooled) -> None:
    """Offer the result as a file that the network answers in the same way."""
    image, name = setting.picture.image, setting.chosen.name
    result = fooled.result

    def file() -> bytes:
        from cnnlab.fooling import as_file

        return to_png(as_file(image, result, name))

    st.download_button(
        "The result (.png)",
        file,
        file_name=f"{name}-fooled.png",
        mime="image/png",
        icon=":material/download:",
        on_click="ignore",
    )
    rim = "" if setting.digits else ", with the border that the network does not see"
    st.caption(
        f"A real picture in whole grey levels{rim}: upload it under Classify, and {name} answers "
        "as above. Saved as JPEG or resized, it may not."
    )


def tasks(setting: Setting, fooled: Fooled | None) -> None:
    """Draw what is to be reached, with what has been reached."""
    if layout.is_lecture() or fooled is None:
        return
    little, more = (24, 40) if setting.digits else (2, 2)
    texts = {
        "little": f"Fool {setting.chosen.name} with ε ≤ {little}.",
        "class": f"Make it see a class of your choice with more than 90 %, ε ≤ {more}.",
    }
    found: set[Any] = st.session_state.setdefault(f"{PAGE}_found", set())
    first, _ = fooled.answers
    here = setting.chosen, setting.picture.digest
    if fooled.worked and fooled.largest and fooled.largest <= little:
        found.add((*here, "little"))
    chosen = fooled.towards and fooled.target == setting.target != first
    if chosen and fooled.largest <= more and fooled.after[fooled.target] > 0.9:
        found.add((*here, "class"))
    items = [
        f'<span class="{"done" if (*here, task) in found else ""}">'
        f"{'✓ done:' if (*here, task) in found else '○'} {escape(text)}</span>"
        for task, text in texts.items()
    ]
    st.html(
        f'{_STYLE}<div class="exercise tasks"><p><strong>Try it</strong> with this picture. The '
        f"page notices when you have done it.</p>{''.join(items)}</div>"
    )


# A closer look ----------------------------------------------------------------------------------


def closer(setting: Setting, fooled: Fooled | None) -> None:
    """Let a learner choose one of the further experiments, and draw it."""
    st.subheader("A closer look", anchor=False)
    parts: dict[str, Callable[[], None]] = {
        "How small can ε be?": partial(fooling_parts.epsilons, setting),
        "Why it works": partial(fooling_parts.linear, setting),
        "From noise": partial(fooling_parts.noise, setting),
        "A patch": partial(fooling_parts.patch, setting),
        "Defences": partial(fooling_parts.defences, setting, fooled),
    }
    part = controls.choice("Experiment", list(parts), key=f"{PAGE}_part")
    parts[part]()


def code() -> tuple[Callable[..., Any], ...]:
    """Return the functions that the page has run, to show their source."""
    from cnnlab import fooling

    return fooling.gradient, fooling.fgsm, fooling.pgd
