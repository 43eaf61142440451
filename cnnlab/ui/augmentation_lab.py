"""The parts of the lesson on data augmentation: the studio, one version, a network, the labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st
from PIL import Image

from cnnlab import label_checks
from cnnlab.augmentation import CHANGES, FLIPS, Change, describe, mixed_label
from cnnlab.checks import InputError
from cnnlab.figures.pictures import data_link, framed
from cnnlab.percent import finely
from cnnlab.samples import SAMPLES
from cnnlab.ui import cache, layout, networks, panels, work
from cnnlab.ui.controls import Picture, choice, pick, picture_picker, whole_number

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from cnnlab.augmenting import Step

__all__ = ["Studio", "answers", "labels", "one_version", "script", "studio"]

PAGE = "augmentation"
EPOCHS = 8
_TITLES = {
    "crop": "Crop",
    "flip": "Flip",
    "rotate": "Rotate",
    "scale": "Scale",
    "colour": "Colour",
    "elastic": "Elastic distortion",
    "erase": "Erase a part",
    "mix_up": "Mix-up",
}
_CROPS = {"224 × 224": "random_crop", "any size and shape": "random_resized_crop"}
_ERASERS = {"rectangle": "erase", "square (cut-out)": "cut_out"}
_ON = ("crop", "flip")  # what is switched on at first
_STYLE = """
<style>
.versions { display: grid; gap: 0.9rem; grid-template-columns: repeat(4, minmax(0, 1fr)); }
.versions.steps { grid-template-columns: repeat(auto-fill, minmax(min(10.5rem, 44%), 1fr)); }
.versions.three { grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); }
.versions.sum { grid-template-columns: repeat(3, minmax(0, 14rem)); }
.versions.two { grid-template-columns: repeat(2, minmax(0, 13rem)); }
@media (max-width: 40rem) { .versions { gap: 0.5rem; } }
@media (min-width: 40.01rem) {  /* the pictures stay in sight while settings are tried */
  .stColumn:has(.st-key-augmentation_shown) { position: sticky; top: 4rem;
    align-self: flex-start; }
}
.versions figure { margin: 0; min-width: 0; }
.versions img { display: block; width: 100%; aspect-ratio: 1; border-radius: 0.3rem; }
.versions figcaption { font-size: 0.875rem; line-height: 1.35; padding-top: 0.3rem;
  font-variant-numeric: tabular-nums; overflow-wrap: break-word; }
.versions figcaption b { display: block; font-weight: 600; }
</style>
"""


@dataclass(frozen=True)
class Studio:
    """What a learner has chosen, and the versions that follow."""

    picture: Picture
    other: Picture
    recipe: tuple[Change, ...]
    seed: int
    versions: list[list[Step]]
    place: DeltaGenerator  # where the versions stand

    @property
    def mixes(self) -> bool:
        """Whether two pictures are mixed."""
        return any(change.name == "mix_up" for change in self.recipe)

    @property
    def chosen(self) -> tuple[Change, ...]:
        """What leaves something to chance."""
        return tuple(change for change in self.recipe if change.name != "centre_crop")


class Answers(NamedTuple):
    """What a network says: the class of the unchanged picture, and its probabilities."""

    category: str
    original: float
    alone: dict[str, list[float]]  # by change
    together: list[float]


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _augmenting() -> ModuleType:
    """Return ``cnnlab.augmenting``; the first call in a process loads PyTorch."""
    with st.spinner("Starting PyTorch. This happens once after the server has started."):
        from cnnlab import augmenting
    return augmenting


# The studio ------------------------------------------------------------------------------------


def studio() -> Studio:
    """Draw eight versions of a picture and, beside them, what they are made by."""
    shown, beside = st.columns([2, 1], gap="large")
    with shown, st.container(key=_key("shown")):
        place = st.empty()
        st.caption(
            "Each epoch, the network gets another version. The picture on the disk stays as it "
            "is. The same seed always gives the same versions."
        )
    with beside:
        picture = picture_picker(PAGE)
        seed = whole_number("Seed of chance", 0, 9999, 0, key=_key("seed"))
        recipe, other = _recipe()
    _augmenting()
    names, images = (picture.digest, other.digest), (picture.image, other.image)
    versions = cache.versions(names, recipe, seed, EPOCHS, images)
    made = Studio(picture, other, recipe, seed, versions, place)
    waits = bool(st.session_state.get(_key("ask")))
    _show_versions(made, ["…"] * EPOCHS if waits else [""] * EPOCHS)
    return made


def _recipe() -> tuple[tuple[Change, ...], Picture]:
    """Draw the switches and settings of all changes; return those that are on."""
    chosen: list[Change] = []
    other = _sample("coffee")
    for name, title in _TITLES.items():
        on = st.toggle(title, name in _ON, key=_key(name), bind="query-params")
        if not on:
            if name == "crop":
                chosen.append(Change("centre_crop"))
            continue
        with st.container(key=_key(f"{name}_settings")):
            if name == "crop":
                kind = choice("Cut out", list(_CROPS), key=_key("crop_kind"))
                chosen.append(_change(_CROPS[kind]))
            elif name == "flip":
                direction = choice("Mirror", list(FLIPS), key=_key("flip_direction"))
                chosen.append(_change("flip", direction=direction))
            elif name == "erase":
                eraser = choice("Shape", list(_ERASERS), key=_key("erase_shape"))
                chosen.append(_change(_ERASERS[eraser]))
            elif name == "mix_up":
                other = _sample(_other())
                chosen.append(_change("mix_up"))
            else:
                chosen.append(_change(name))
    return tuple(sorted(chosen, key=lambda change: list(CHANGES).index(change.name))), other


def _other() -> str:
    """Let a learner choose the second picture of a mixture."""
    names = ["coffee", *(name for name in SAMPLES if name != "coffee")]
    return pick("Second picture", names, key=_key("other"))


def _sample(name: str) -> Picture:
    image = cache.sample(name)
    return Picture(image, SAMPLES[name].title, SAMPLES[name].alt, cache.digest(image))


def _change(name: str, *, direction: str = FLIPS[0]) -> Change:
    """Draw the sliders of a change and return it."""
    values, width = [], 168 if layout.is_lecture() else 120
    with st.container(horizontal=True, gap="small"):
        for setting, about in CHANGES[name].items():
            value = st.slider(
                about.says,
                about.low,
                about.high,
                about.default,
                about.step,
                key=_key(f"{name}_{setting}"),
                format="%.0f" if about.step >= 1 else "%.2f",
                bind="query-params",
                width=width,
            )
            values.append((setting, float(value)))
    return Change(name, tuple(values), direction)


def _show_versions(made: Studio, notes: Sequence[str]) -> None:
    """Draw the grid of versions, each with its epoch, its label and a note."""
    to_picture = _augmenting().to_picture
    figures = []
    for epoch, (steps, note) in enumerate(zip(made.versions, notes, strict=True), 1):
        lines = [_label(made, steps[-1])] if made.mixes else []
        lines += [note] if note else []
        figures.append(
            _figure(
                to_picture(steps[-1].picture),
                f"Epoch {epoch}",
                "<br>".join(map(escape, lines)),
                alt=f"{made.picture.title}, version of epoch {epoch}",
            )
        )
    made.place.html(f'{_STYLE}<div class="versions">{"".join(figures)}</div>')


def _label(made: Studio, mixture: Step) -> str:
    label = mixed_label(made.picture.title, made.other.title, mixture.drawn["lam"])
    return ", ".join(f"{share:.2f} {name}" for name, share in label.items())


def _share(probability: float) -> str:
    """Return a probability as text that no line break cuts."""
    return finely(probability).replace(" ", "\u00a0")


def _figure(picture: Image.Image, title: str, says: str, *, alt: str) -> str:
    """Return a picture with its caption as HTML; `says` is HTML already."""
    return (
        f'<figure><img src="{data_link(picture)}" alt="{escape(alt)}">'
        f"<figcaption><b>{escape(title)}</b>{says}</figcaption></figure>"
    )


# One version -----------------------------------------------------------------------------------


def one_version(made: Studio) -> None:
    """Draw the picture after each change of one version, with what chance gave."""
    st.subheader("One version, step by step", anchor=False)
    augmenting = _augmenting()
    epoch = choice("Epoch", list(range(1, EPOCHS + 1)), key=_key("epoch"))
    steps = made.versions[epoch - 1]
    whole = augmenting.to_picture(augmenting.prepare(made.picture.image))
    part = steps[0].drawn
    box = (part["left"], part["top"], part["left"] + part["width"], part["top"] + part["height"])
    figures = [
        _figure(
            framed(whole, box),
            "The picture, 256 × 256",
            "The frame shows what is cut out.",
            alt=made.picture.alt,
        )
    ]
    for number, step in enumerate(steps, 1):
        says = describe(step.name, step.drawn)
        if step.name == "mix_up":
            says = f"{says}: {_label(made, step)}"
        figures.append(
            _figure(
                augmenting.to_picture(step.picture),
                f"{number}. {_title(step.name)}",
                escape(says),
                alt=f"{made.picture.title} after {_title(step.name)}: {says}",
            )
        )
    st.html(f'<div class="versions steps">{"".join(figures)}</div>')
    for place, step in enumerate(steps):
        if step.name == "elastic":
            _field(steps[place - 1], step)
        elif step.name == "mix_up":
            _mixture(made, steps[place - 1], step)


def _title(name: str) -> str:
    known = {"cut_out": "Cut-out", "erase": "Random erasing", "centre_crop": "Centre crop"}
    return known.get(name) or _TITLES.get(name) or "Crop"


def _field(before: Step, after: Step) -> None:
    """Draw the field that bends the picture: a bent grid and arrows."""
    from cnnlab.figures import versions as drawn

    augmenting = _augmenting()
    moves = augmenting.moves(after.drawn["field"])
    times = drawn.arrow_scale(moves)
    regular = drawn.gridded(augmenting.to_picture(before.picture))
    bent = augmenting.to_picture(
        augmenting.warp(augmenting.F.pil_to_tensor(regular), after.drawn["field"])
    )
    st.markdown("**The displacement field of the elastic distortion**")
    scale = "as long as the moves" if times == 1 else f"{times} times as long as the moves"
    figures = [
        _figure(regular, "Before", "with a regular grid", alt="The picture under a regular grid"),
        _figure(
            bent,
            "After",
            "the same field has bent picture and grid",
            alt="The picture and the grid, both bent",
        ),
        _figure(
            drawn.arrows(augmenting.to_picture(after.picture), moves, times=times),
            "The field",
            f"an arrow each 16 pixels, {scale}",
            alt="Arrows over the bent picture show where its pixels came from",
        ),
    ]
    st.html(f'<div class="versions three">{"".join(figures)}</div>')
    layout.prose(
        "Each pixel draws a random move; a Gaussian blur of sigma makes neighbours move alike; "
        "alpha says how far. Small sigma with large alpha tears the picture."
    )


def _mixture(made: Studio, before: Step, after: Step) -> None:
    """Draw two pictures, their mixture and its label."""
    augmenting = _augmenting()
    lam = after.drawn["lam"]
    st.markdown("**The mixture**")
    figures = [
        _figure(augmenting.to_picture(picture), title, escape(says), alt=title)
        for picture, title, says in (
            (before.picture, f"{lam:.2f} × {made.picture.title}", f"label {made.picture.title}: 1"),
            (
                after.drawn["other"],
                f"+ {1 - lam:.2f} × {made.other.title}",
                f"label {made.other.title}: 1",
            ),
            (after.picture, "= the mixture", f"label {_label(made, after)}"),
        )
    ]
    st.html(f'<div class="versions sum">{"".join(figures)}</div>')
    layout.prose(
        "Lambda is drawn from a Beta distribution. Small alpha gives lambdas near 0 and 1, so one "
        "picture rules; with alpha = 1 every lambda is equally likely. The label is mixed by the "
        "same lambda."
    )


# A network -------------------------------------------------------------------------------------


def answers(made: Studio) -> None:
    """Ask a network about each version; stop if its weights are not here."""
    st.subheader("How a network's answer moves", anchor=False)
    asked = st.toggle("Ask a pretrained network", key=_key("ask"), bind="query-params")
    if not asked:
        layout.prose(
            "It needs the weights of a network. It tells how sure the network is of its first "
            "guess when it gets each version."
        )
        return
    name = networks.picker(PAGE, digits=False)
    try:
        said = _ask(made, name)
    except InputError as error:
        st.error(str(error))
        return
    _show_versions(made, [f"{said.category} {_share(share)}" for share in said.together])
    rows = {_title(change): shares for change, shares in said.alone.items()}
    rows = {"all together": said.together, **rows} if len(rows) > 1 else rows
    if not rows:
        rows = {"centre crop": said.together}
    mean = sum(said.together) / EPOCHS
    st.markdown(
        f"**{name} says “{said.category}” of the unchanged picture: {_share(said.original)}. "
        f"Over the eight versions: {_share(min(said.together))} to "
        f"{_share(max(said.together))}, on average {_share(mean)}.**"
    )
    from cnnlab.figures.versions import answer_strips

    layout.chart(
        answer_strips(rows, original=said.original, category=said.category),
        height=170 + 44 * len(rows),
        alt=f"Probability of {said.category}, unchanged {_share(said.original)}. "
        + " ".join(
            f"{row}: {_share(min(shares))} to {_share(max(shares))}."
            for row, shares in rows.items()
        ),
    )
    layout.prose(
        "Below *all together* stands each change alone, with the same draws. Unchanged means "
        "the middle 224 × 224 pixels. A network that saw such versions in training should move "
        "less. To average its answers over versions is called test-time augmentation."
    )


def _ask(made: Studio, name: str) -> Answers:
    """Return what a network says of all versions, through the shared queue."""

    def run() -> Answers:
        from cnnlab import augmenting, pretrained, version_answers

        first, other = map(augmenting.prepare, (made.picture.image, made.other.image))
        middle = Change("centre_crop")
        alone = {
            change.name: [change] if change.name.endswith("crop") else [middle, change]
            for change in made.chosen
        }
        settings: dict[str, Any] = {"seed": made.seed, "other": other}
        pictures = [augmenting.version(first, [middle], seed=0, epoch=0)]
        for recipe in (made.recipe, *alone.values()):
            pictures += [
                augmenting.version(first, recipe, epoch=epoch, **settings)
                for epoch in range(EPOCHS)
            ]
        found = version_answers.class_probabilities(pictures, name)
        best = int(found[0].argmax())
        shares = [float(share) for share in found[:, best]]
        rows = [shares[1 + EPOCHS * row :][:EPOCHS] for row in range(1 + len(alone))]
        category = pretrained.categories(name)[best]
        return Answers(category, shares[0], dict(zip(alone, rows[1:], strict=True)), rows[0])

    key = ("augmentation", name, made.picture.digest, made.other.digest, made.recipe, made.seed)
    own = made.picture.own or made.other.own
    return work.in_queue(key, run, label=f"Asking {name}", own=own)


# The labels ------------------------------------------------------------------------------------


def labels() -> None:
    """Show a picture before and after a change, and whether its label is still right."""
    st.subheader("Is the label still right?", anchor=False)
    subject = choice("Picture with its label", list(label_checks.SUBJECTS), key=_key("subject"))
    kind = choice("Change", list(label_checks.KINDS), key=_key("kind"), default="Half turn")
    before = label_checks.drawn(subject)
    after = _augmenting().relabelled(before, kind)
    found = label_checks.verdict(subject, kind)
    words = {
        "keeps": ("Yes, the label is still right.", ":material/check_circle:"),
        "changes": ("No, the label is wrong now.", ":material/cancel:"),
        "doubtful": ("Doubtful.", ":material/help:"),
    }
    pictures, says = st.columns([2, 3], gap="large", vertical_alignment="center")
    pictures.html(
        '<div class="versions two">'
        + _figure(before, f"Label: {subject}", "", alt=label_checks.SUBJECTS[subject])
        + _figure(after, f"After: {kind}", "", alt=f"The same picture after: {kind}")
        + "</div>"
    )
    sentence, icon = words[found.label]
    says.markdown(f"#### {icon} {sentence}")
    says.markdown(found.why)
    layout.prose(
        "Choose only changes that could happen to a picture and leave its class as it is. That "
        "depends on the task, so no library can decide it for you."
    )


def script(made: Studio) -> None:
    """Show a script that makes the same versions."""
    title = (made.picture.title, made.other.title)
    panels.show_script(
        PAGE,
        _augmenting().source_code(made.recipe, seed=made.seed, epochs=EPOCHS, labels=title),
        says="This makes exactly the versions above with torchvision alone. Save the picture as "
        "`photo.png` beside it, and the second one as `other.png` for a mixture; the lab reduces "
        "an upload to 1024 pixels first. Each function names the class of `v2` that does the same "
        "in a training loop. Those classes draw from torch's global generator, these functions "
        "from generators of their own.",
    )
