"""The parts of the lesson on texture and shape: a conflict, single cues, all pairs of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.class_bars import class_bars
from cnnlab.figures.pictures import data_link
from cnnlab.figures.theme import ROLES
from cnnlab.pace import about
from cnnlab.percent import finely
from cnnlab.samples import SAMPLES
from cnnlab.ui import cache, controls, layout, long_work, networks, pace, panels, work

if TYPE_CHECKING:
    from cnnlab.cues import Recipe
    from cnnlab.shape_bias import Verdict

__all__ = ["Studio", "all_pairs", "conflict", "cues_alone", "shown_functions", "studio", "tasks"]

PAGE = "texture_or_shape"
_QUICK = 3.0  # seconds; what takes no longer is done without asking
_MAKING = 0.015  # seconds to make a picture of 224 × 224 pixels
_FIRST = "camera"  # a photograph with an outline in it that networks name
_NO_OUTLINE = {"cat": "The face of the cat reaches beyond all four sides of the picture"}
_TEXTURES = ("cat", "coffee", "camera", "coins", "galaxies", "tissue", "brick", "gravel", "grass")
_ALONE = ("shuffle", "silhouette", "edges", "grey", "blur", "high")
_CONFLICTS = ("fine", "inside", "phase")
_TOP = 4
_ROLE = {"shape": "input", "texture": "kernel", "neither": "padding"}
_STYLE = f"""
<style>
.cues {{ display: grid; gap: 1.4rem 1.4rem; margin-bottom: 0.6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }}
.cues figure {{ margin: 0; min-width: 0; }}
.cues h3 {{ font-size: 1.05rem; margin: 0 0 0.4rem; padding: 0; }}
.cues img {{ width: 100%; max-width: 24rem; display: block; border-radius: 4px; }}
.cues .few {{ image-rendering: pixelated; }}
.cues p {{ margin: 0.5rem 0 0.6rem; line-height: 1.45; }}
.cues .small {{ font-size: 0.9rem; opacity: 0.85; }}
.verdict {{ display: inline-block; padding: 0.05rem 0.55rem; border-radius: 1rem;
  border: 2px solid currentColor; font-weight: 650; white-space: nowrap; }}
.pairs td span {{ font-weight: 650; }}
.pairs .shape {{ border-left: 4px solid {ROLES["input"].figure}; padding-left: 0.4rem; }}
.pairs .texture {{ border-left: 4px solid {ROLES["kernel"].figure}; padding-left: 0.4rem; }}
.pairs .neither {{ border-left: 4px dotted {ROLES["padding"].figure}; padding-left: 0.4rem; }}
.verdict.shape {{ border-color: {ROLES["input"].figure}; }}
.verdict.texture {{ border-color: {ROLES["kernel"].figure}; }}
.verdict.neither {{ border-color: {ROLES["padding"].figure}; border-style: dashed; }}
.st-key-texture_or_shape_way [role="radiogroup"] {{ flex-wrap: wrap; overflow: visible; }}
.cue-tasks p {{ margin: 0 0 0.3rem; }}
.cue-tasks ul {{ list-style: none; margin: 0; padding: 0; }}
.cue-tasks li {{ margin: 0; padding: 0.15rem 0 0.15rem 1.3rem; text-indent: -1.3rem; }}
.cue-tasks .done {{ font-weight: 600; }}
</style>
"""


class Shown(NamedTuple):
    """A picture that was made, and what the network says of it."""

    src: str  # the picture, as a data link
    best: tuple[tuple[str, float], ...]
    verdict: Verdict | None
    problem: str = ""


class Source(NamedTuple):
    """A picture that gives a shape or a texture."""

    image: Image.Image
    name: str  # of the sample; empty for the learner's own
    title: str
    digest: str
    own: bool
    classes: frozenset[int]  # that name it; the network's first guess where nobody knows
    words: str  # these classes, in words
    known: bool  # whether a person said so
    right: bool  # whether the network's first guess is one of them


@dataclass(frozen=True)
class Studio:
    """What a learner has chosen, and what the network says of the pictures as they are."""

    network: str
    shape: Source
    texture: Source
    cue: str
    recipe: Recipe
    box: tuple[float, float, float, float] | None
    seconds: float  # for one pass, about


# Controls --------------------------------------------------------------------------------------


def studio() -> Studio:
    """Let a learner choose two pictures and how they are put together."""
    st.html(_STYLE)
    left, right = st.columns([2, 3], gap="large")
    with left:
        network = networks.picker(PAGE)
        picture = networks.picture_picker(PAGE, network, first=_FIRST)
    work.networks()
    from cnnlab import catalogue
    from cnnlab.cues import CUES

    digits = network == catalogue.OWN
    with right:
        other = _texture_picker(network, picture, digits)
        titles = {CUES[cue].title: cue for cue in _CONFLICTS}
        cue = titles[controls.choice("How they are put together", list(titles), key=_key("way"))]
        holder = st.container()
    try:
        shape, texture = _source(network, picture), _source(network, other)
        box = _box(network, shape, digits)
        size = _size(network)
        seconds = pace.seconds_a_pass(network)
        with holder:
            recipe = _recipe(cue, size, digits, has_box=box is not None)
    except InputError as error:
        st.error(str(error))
        st.stop()
    return Studio(network, shape, texture, cue, recipe, box, seconds)


def _texture_picker(network: str, shape: controls.Picture, digits: bool) -> controls.Picture:
    """Let a learner choose where the texture comes from."""
    from cnnlab.cues import PATTERNS, pattern

    if not digits:
        others = [name for name in _TEXTURES if SAMPLES[name].title != shape.title]
        name = controls.pick("Texture from", others, key=_key("texture"))
        sample = SAMPLES[name]
        return controls.as_picture(cache.sample(name), sample.title, sample.alt)
    from cnnlab.digits import SAMPLES as DIGITS

    others = [name for name, sample in DIGITS.items() if sample.title != shape.title]
    first = others.index("digit-8-1") if "digit-8-1" in others else 0
    name = controls.pick("Texture from", [*others, *PATTERNS], key=_key("ink"), first=first)
    if name in PATTERNS:
        image = Image.fromarray(pattern(name, side=28))
        return controls.as_picture(image, name.capitalize(), f"Even {name}, white on black.")
    return controls.as_picture(cache.sample_digit(name), DIGITS[name].title, DIGITS[name].alt)


def _recipe(cue: str, size: int, digits: bool, *, has_box: bool) -> Recipe:
    """Draw the controls of one way to put pictures together."""
    from cnnlab.cues import GROUNDS, Recipe
    from cnnlab.object_masks import MASKS

    recipe = Recipe(
        dark_ground=digits,
        sigma=_sigma(size),
        line_sigma=1.0 if digits else 2.0,
        fill_holes=not digits,  # the texture goes into the strokes of a digit
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if cue == "fine":
            sigma = st.slider(
                "Coarse ends at σ, px",
                0.2 if digits else 0.5,
                2.0 if digits else 16.0,
                recipe.sigma,
                0.1 if digits else 0.5,
                key=_key("sigma_digits" if digits else "sigma"),
                bind="query-params",
                width=240,
                help="Standard deviation of the blur. What it takes away is the fine detail.",
            )
            recipe = replace(recipe, sigma=sigma)
        if cue == "inside":
            tiles = controls.whole_number("Tiles in a row", 1, 8, 2, key=_key("tiles"))
            strength = st.slider(
                "Strength of the texture",
                0.0,
                1.0,
                1.0,
                0.05,
                key=_key("strength"),
                bind="query-params",
                width=200,
            )
            ground = controls.choice("Around the object", list(GROUNDS), key=_key("ground"))
            recipe = replace(recipe, tiles=tiles, strength=strength, ground=ground)
        patches = controls.whole_number("Texture n × n", 1, 14, 1, key=_key("texture_patches"))
        recipe = replace(recipe, patches=patches)
    if cue == "inside":
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            masks = [mask for mask in MASKS if mask != "box" or has_box]
            mask = controls.choice("The object is found by", masks, key=_key("mask"))
            other = st.toggle("The other side", key=_key("other"), bind="query-params")
        st.caption(MASKS[mask])
        recipe = replace(recipe, mask=mask, other_side=other)
    return recipe


def _sigma(size: int) -> float:
    """Return how coarse a blur to begin with: 6 pixels of 224."""
    return 0.8 if size <= 28 else 6.0


# A conflict ------------------------------------------------------------------------------------


def conflict(made: Studio) -> None:
    """Show both pictures, the one that is made of them, and who wins."""
    from cnnlab.cues import CUES

    cue = CUES[made.cue]
    one, other, both = (_shown(made, part) for part in ("shape", "texture", "both"))
    cards = [
        _card(f"Shape: {made.shape.title}", one, _said(made.shape), size=_size(made.network)),
        _card(
            f"Texture: {made.texture.title}", other, _said(made.texture), size=_size(made.network)
        ),
        _card(cue.title, both, _who_wins(made, both), size=_size(made.network)),
    ]
    st.html(f'<div class="cues">{"".join(cards)}</div>')
    if made.cue == "inside" and made.shape.name in _NO_OUTLINE:
        st.caption(
            f"{_NO_OUTLINE[made.shape.name]}: there is no outline to fill, and the texture covers "
            "parts of it instead."
        )
    st.caption(
        f"Kept: {cue.keeps} Lost: {cue.loses} Pictures are shown as the network gets them; numbers "
        "run from 0 to 255 and are cut off there. Geirhos et al. made theirs by style transfer, "
        "which separates the cues better than these ways do."
    )
    if both.verdict is not None:
        if made.shape.known or _is_sure(one):
            _count(made, both.verdict)
        else:
            st.caption(
                "This one is not counted: the network is not sure what the first picture is "
                f"({finely(one.best[0][1])} for its first guess)."
            )
    _tally(made)


def _is_sure(shown: Shown) -> bool:
    """Return whether the first guess is more probable than all others together."""
    return bool(shown.best) and shown.best[0][1] > 0.5


def _said(source: Source) -> str:
    """Say which classes count for a picture, and whether the network knows it."""
    words = f"Counts as {source.words}."
    if not source.known:
        words = f"Nobody said what this is: the network's first guess counts, {source.words}."
    elif not source.right:
        words += " The network does not name it even here: who wins then means little."
    return f'<p class="small">{escape(words)}</p>'


def _who_wins(made: Studio, shown: Shown) -> str:
    verdict = shown.verdict
    if verdict is None:
        return ""
    if verdict.winner == "neither":
        text = "Neither is the first guess"
        ahead = _who_is_ahead(verdict)
    else:
        text = f"The {verdict.winner} wins"
        ahead = (
            f"All classes of the shape together have {finely(verdict.shape)}, those of the "
            f"texture {finely(verdict.texture)}."
        )
    return (
        f'<p><span class="verdict {verdict.winner}">{text}</span></p>'
        f'<p class="small">{escape(ahead)}</p>'
    )


def _who_is_ahead(verdict: Verdict) -> str:
    """Compare the two cues where another class is the first guess."""
    if verdict.ahead not in ("shape", "texture"):
        return "Both are equally improbable."
    shape, texture = finely(verdict.shape), finely(verdict.texture)
    if shape == texture:
        return f"Of the two alone, the {verdict.ahead} is a little ahead: both have {shape}."
    more, less = (shape, texture) if verdict.ahead == "shape" else (texture, shape)
    return f"Of the two alone, the {verdict.ahead} is ahead: {more} against {less}."


def _count(made: Studio, verdict: Verdict) -> None:
    """Remember the learner's conflicts: one for each pair of pictures and each way."""
    kept: dict[Any, Any] = st.session_state.setdefault(_key("made"), {})
    key = made.network, made.shape.digest, made.texture.digest, made.cue
    kept[key] = (verdict.winner, verdict.ahead)
    if verdict.winner == "shape":
        _found().add((made.network, "shape"))
    if verdict.winner == "texture" and made.recipe.patches >= 2:
        _found().add((made.network, "texture"))


def _found() -> set[tuple[str, str]]:
    """Return which tasks this learner has done, for which network."""
    found: set[tuple[str, str]] = st.session_state.setdefault(_key("found"), set())
    return found


def _tally(made: Studio) -> None:
    """Say how often each cue has won so far."""
    from cnnlab.shape_bias import shape_bias

    kept: Mapping[Any, Any] = st.session_state.get(_key("made"), {})
    here = [won for key, won in kept.items() if key[0] == made.network]
    if not here:
        return
    first = [winner for winner, _ in here]
    bias, forced = shape_bias(first), shape_bias([ahead for _, ahead in here])
    counts = ", ".join(f"{first.count(w)} {w}" for w in ("shape", "texture", "neither"))
    words = "1 conflict" if len(here) == 1 else f"{len(here)} conflicts"
    by_guess = "not yet defined" if bias is None else f"{bias:.2f}"
    by_two = "not yet defined" if forced is None else f"{forced:.2f}"
    st.html(
        f'<p class="tally">You have made <strong>{words}</strong> with {escape(made.network)}: '
        f"{counts}. Shape bias = shape / (shape + texture): <strong>{by_guess}</strong> by the "
        f"first guess, {by_two} if it must choose one of the two. The latest version of each pair "
        "counts.</p>"
    )


def tasks(made: Studio) -> None:
    """Draw what is to be found, with what has been found."""
    if layout.is_lecture():
        return
    asked = {
        "a picture on which the shape wins": "shape",
        "one on which the texture wins, although it was cut into 2 × 2 patches or more": "texture",
        "a picture in 4 × 4 shuffled patches or more that is still named rightly": "shuffle",
    }
    done = {task for network, task in _found() if network == made.network}
    items = "".join(
        f'<li class="{"done" if task in done else ""}">'
        f"{'✓ found:' if task in done else '○'} {text}</li>"
        for text, task in asked.items()
    )
    st.html(
        f'<div class="cue-tasks"><p><strong>Find, for {escape(made.network)}:</strong></p>'
        f"<ul>{items}</ul></div>"
    )


# One cue alone ---------------------------------------------------------------------------------


def cues_alone(made: Studio) -> None:
    """Show the first picture with one cue left at a time."""
    from cnnlab.cues import CUES
    from cnnlab.object_masks import MASKS

    digits = made.recipe.dark_ground
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        patches = controls.whole_number("Patches n × n", 1, 14, 2, key=_key("patches"))
        seed = controls.whole_number("Order (seed)", 0, 999, 0, key=_key("seed"))
        lines = controls.choice("Edges", ["canny", "sobel"], key=_key("lines"))
        blurred = st.slider(
            "Blur σ, px",
            0.2 if digits else 0.5,
            3.0 if digits else 16.0,
            1.0 if digits else 3.0,
            0.1 if digits else 0.5,
            key=_key("blur_digits" if digits else "blur"),
            bind="query-params",
            width=180,
        )
        masks = [mask for mask in MASKS if mask != "box" or made.box is not None]
        mask = controls.choice("Silhouette by", masks, key=_key("outline"))
        other = st.toggle("The other side of it", key=_key("outside"), bind="query-params")
        fill = st.toggle("Fill its holes", value=True, key=_key("fill"), bind="query-params")
    recipe = replace(
        made.recipe,
        patches=patches,
        seed=seed,
        lines="sobel" if lines == "sobel" else "canny",
        sigma=blurred,
        mask=mask,
        other_side=other,
        fill_holes=fill,
    )
    cues = [cue for cue in _ALONE if cue != "grey" or not _is_grey(made.shape.image)]
    filled = _NO_OUTLINE.get(made.shape.name)
    ask = [cue for cue in cues if not (filled and cue == "silhouette")]
    key = ("cues", made.network, made.shape.digest, made.shape.classes, recipe, made.box)
    needs = _needs(made, len(ask))
    with long_work.started(
        _key("compute_cues"),
        key,
        f"Ask about {len(ask)} pictures (about {about(needs)})",
        icon=":material/play_arrow:",
        primary=False,
        ask=needs > _QUICK,
    ) as going:
        if not going:
            return
        try:
            shown = _single_cues(made, recipe, ask, key)
        except InputError as error:
            st.error(str(error))
            return
    if filled:
        problem = f"{filled}, so no outline lies in it. Choose a picture with a whole object."
        shown = {**shown, "silhouette": Shown("", (), None, problem)}
    cards = [
        _card(
            f"{CUES[cue].title}{f', {patches} × {patches}' if cue == 'shuffle' else ''}",
            shown[cue],
            f'<p class="small">Kept: {escape(CUES[cue].keeps)}</p>' + _still_named(shown[cue]),
            size=_size(made.network),
        )
        for cue in cues
    ]
    st.html(f'<div class="cues">{"".join(cards)}</div>')
    verdict = shown["shuffle"].verdict
    if verdict is not None and verdict.winner == "shape" and patches >= 4 and made.shape.known:
        _found().add((made.network, "shuffle"))
    st.caption(
        f"The silhouette: {MASKS[mask]} An object that fills the picture has no outline in it, and "
        "no rule here knows what an object is. Nor are lost cues all that changes: a silhouette or "
        "a line drawing is also unlike anything the network was trained on."
    )


def _still_named(shown: Shown) -> str:
    verdict = shown.verdict
    if verdict is None:
        return ""
    small = (
        f'<p class="small">All of its classes together have {escape(finely(verdict.shape))}.</p>'
    )
    if verdict.winner == "shape":
        return f'<p><span class="verdict shape">Still named</span></p>{small}'
    return f'<p><span class="verdict neither">No longer named</span></p>{small}'


# All pairs -------------------------------------------------------------------------------------


def all_pairs(made: Studio) -> None:
    """Try every pair of samples that the network names rightly, and work out the shape bias."""
    from cnnlab.cues import CUES

    names = _samples(made.network)
    if len(names) < 2:
        st.info(
            "This network names fewer than two of the samples rightly: no conflict can be made."
        )
        return
    count = len(names) * (len(names) - 1)
    needs = _needs(made, count * len(_CONFLICTS))
    key = ("pairs", made.network, made.recipe)
    with long_work.started(
        _key("compute_pairs"),
        key,
        f"Try {count} pairs in {len(_CONFLICTS)} ways (about {about(needs)})",
        icon=":material/play_arrow:",
        primary=False,
    ) as going:
        if not going:
            return
        try:
            results = _pairs(made, names, key)
        except InputError as error:
            st.error(str(error))
            return
    from cnnlab.shape_bias import shape_bias

    rows = []
    for cue in _CONFLICTS:
        firsts = [verdict.winner for _, _, verdict, _ in results[cue]]
        forced = shape_bias([verdict.ahead for _, _, verdict, _ in results[cue]])
        bias = shape_bias(firsts)
        rows.append(
            [
                CUES[cue].title,
                *(str(firsts.count(w)) for w in ("shape", "texture", "neither")),
                "none decided" if bias is None else f"{bias:.2f}",
                "none" if forced is None else f"{forced:.2f}",
            ]
        )
    panels.table(
        ["Way", "Shape", "Texture", "Neither", "Shape bias", "Of the two alone"],
        rows,
        align="lrrrrr",
    )
    filled = " ".join(
        f"{_NO_OUTLINE[name]}: parts of it are filled." for name in names if name in _NO_OUTLINE
    )
    st.caption(
        f"With the settings above; objects are found by brightness. {filled} "
        "Geirhos et al. (2019) let networks choose among 16 classes: people reached a shape bias "
        "of 0.96, ResNet-50 0.22. The numbers here cannot be compared with theirs: other pictures, "
        "few of them, and the first guess among all classes."
    )
    _matrix(names, results[made.cue], CUES[made.cue].title)


def _matrix(names: list[str], results: list[tuple[str, str, Verdict, str]], title: str) -> None:
    """Draw who won for every pair: rows give the shape, columns the texture."""
    by_pair = {(one, other): (verdict, guess) for one, other, verdict, guess in results}

    def cell(one: str, other: str) -> str:
        if (one, other) not in by_pair:
            return "<td>–</td>"
        verdict, guess = by_pair[one, other]
        mark = {"shape": "S", "texture": "T", "neither": "–"}[verdict.winner]
        return f'<td><div class="{verdict.winner}"><span>{mark}</span> {escape(guess)}</div></td>'

    short = {name: name.split("-")[1] if name.startswith("digit-") else name for name in names}
    head = "".join(f'<th scope="col">{escape(short[name])}</th>' for name in names)
    body = "".join(
        f'<tr><th scope="row">{escape(short[one])}</th>'
        f"{''.join(cell(one, other) for other in names)}</tr>"
        for one in names
    )
    st.html(
        f"<p><strong>{escape(title)}: the first guess.</strong> Rows give the shape, columns the "
        "texture. S: the shape wins; T: the texture wins; –: neither.</p>"
        '<div class="numbers pairs"><table><thead><tr><th scope="col">shape ↓ texture →</th>'
        f"{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


# Work ------------------------------------------------------------------------------------------


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _needs(made: Studio, count: int) -> float:
    """Return how long it takes to make so many pictures and to ask about them, in seconds."""
    return count * (made.seconds + _MAKING * (_size(made.network) / 224) ** 2)


def _is_grey(image: Image.Image) -> bool:
    """Return whether a picture has no colours to lose; a glance at some of its pixels."""
    few = np.asarray(image.convert("RGB").resize((64, 64), Image.Resampling.NEAREST))
    return not np.ptp(few, axis=2).any()


def _sample_name(picture: controls.Picture) -> str:
    """Return the name of the sample that a picture is; empty for others."""
    from cnnlab.digits import SAMPLES as DIGITS

    if picture.own:
        return ""
    for name, sample in (*SAMPLES.items(), *DIGITS.items()):
        if sample.title == picture.title:
            return name
    return ""


def _known_classes(network: str, name: str) -> frozenset[int]:
    """Return the classes that name a sample, as far as people said so."""
    from cnnlab import catalogue
    from cnnlab.digits import SAMPLES as DIGITS
    from cnnlab.digits import label_of
    from cnnlab.sample_boxes import boxes_of

    if network == catalogue.OWN:
        return frozenset({label_of(name)}) if name in DIGITS else frozenset()
    if name not in SAMPLES:
        return frozenset()
    return frozenset(index for box in boxes_of(name) for index in box.classes)


def _source(network: str, picture: controls.Picture) -> Source:
    """Return a picture with the classes that count as it."""
    said = networks.answer(picture, network)
    name = _sample_name(picture)
    known = _known_classes(network, name)
    guess = said.best[0].index
    classes = known or frozenset({guess})
    labels = networks.class_labels(network)
    ordered = sorted(classes, key=lambda index: (index != guess, index))  # its own answer first
    words = " or ".join(f"“{labels[index]}”" for index in ordered[:3])
    if len(classes) > 3:
        words += f" or {len(classes) - 3} more"
    return Source(
        picture.image,
        name,
        picture.title,
        picture.digest,
        picture.own,
        classes,
        words,
        bool(known),
        guess in classes,
    )


def _size(network: str) -> int:
    """Return the side of the square that a network sees, in pixels."""
    from cnnlab import model_cost

    return model_cost.input_shape(network)[1]


def _box(network: str, source: Source, digits: bool) -> tuple[float, float, float, float] | None:
    """Return the object's box in what the network sees, if somebody drew one."""
    from cnnlab.sample_boxes import boxes_of

    if digits or source.name not in SAMPLES or not boxes_of(source.name):
        return None
    from cnnlab import pretrained
    from cnnlab.localisation import Box, box_in_view

    size = _size(network)
    view = Box(*pretrained.crop_box(source.image, network))
    try:
        return box_in_view(Box(*boxes_of(source.name)[0].corners), view, width=size, height=size)
    except InputError:
        return None  # the object lies in what is cut away


def _shown(made: Studio, part: str) -> Shown:
    """Return one of the three pictures with the network's answer."""
    own = made.shape.own or made.texture.own
    network, shape, texture = made.network, made.shape, made.texture
    key: tuple[Any, ...] = (
        "cue",
        part,
        network,
        shape.digest,
        texture.digest,
        shape.classes,
        texture.classes,
    )
    if part == "both":
        key = (*key, made.cue, made.recipe, made.box)

    def run() -> Shown:
        from cnnlab import cue_answers, cues

        sources = {"shape": shape.image, "texture": texture.image}
        seen = {p: cue_answers.seen_pixels(image, network) for p, image in sources.items()}
        if part == "both":
            pixels = cues.conflict(
                made.cue, seen["shape"], seen["texture"], made.recipe, box=made.box
            )
        else:
            pixels = seen[part]
        return _ask(network, [pixels], shape.classes, texture.classes if part == "both" else None)[
            0
        ]

    try:
        return work.in_queue(key, run, label=f"Asking {network}", own=own)
    except InputError as error:
        return Shown("", (), None, str(error))


def _ask(
    network: str,
    pictures: list[NDArray[np.uint8]],
    shape: frozenset[int],
    texture: frozenset[int] | None,
) -> list[Shown]:
    """Return each picture with the network's answer; inside the queue."""
    from cnnlab import cue_answers
    from cnnlab.shape_bias import judge

    labels = networks.class_labels(network)
    shown = []
    answers = cue_answers.answers_to(pictures, network)
    for pixels, row in zip(pictures, answers, strict=True):
        order = np.argsort(-row, kind="stable")[:_TOP].tolist()
        best = tuple((labels[index], float(row[index])) for index in order)
        verdict = judge(row, shape=shape, texture=texture or ())
        shown.append(Shown(data_link(Image.fromarray(pixels)), best, verdict))
    return shown


def _single_cues(made: Studio, recipe: Recipe, cues: list[str], key: Any) -> dict[str, Shown]:
    network, source = made.network, made.shape

    def run() -> dict[str, Shown]:
        from cnnlab import compute, cue_answers
        from cnnlab.cues import alone

        pixels = cue_answers.seen_pixels(source.image, network)
        pictures, problems = {}, {}
        for number, cue in enumerate(cues):
            compute.progress(number / (2 * len(cues)))
            try:
                pictures[cue] = alone(cue, pixels, recipe, box=made.box)
            except InputError as error:
                problems[cue] = Shown("", (), None, str(error))
        with compute.part(0.5, 1.0):
            shown = _ask(network, list(pictures.values()), source.classes, None)
        return {**dict(zip(pictures, shown, strict=True)), **problems}

    return work.in_queue(key, run, label=f"Asking {network}", own=source.own)


def _samples(network: str) -> list[str]:
    """Return the samples that the network names rightly, with different classes."""

    def run() -> list[str]:
        from cnnlab import answers, catalogue
        from cnnlab.digits import SAMPLES as DIGITS
        from cnnlab.sample_boxes import samples_with_boxes

        if network == catalogue.OWN:
            candidates = [name for name in DIGITS if name.endswith("-1")]
        else:
            candidates = list(samples_with_boxes())
        return [
            name
            for name in candidates
            if answers.ask(_sample_image(name), network).best[0].index
            in _known_classes(network, name)
        ]

    return work.in_queue(("cue samples", network), run, label=f"Asking {network}")


def _sample_image(name: str) -> Image.Image:
    from cnnlab import digits, samples

    return samples.sample(name) if name in SAMPLES else digits.sample_digit(name).convert("RGB")


def _pairs(
    made: Studio, names: list[str], key: Any
) -> dict[str, list[tuple[str, str, Verdict, str]]]:
    """Return for each way and each pair who wins and what the first guess is."""
    network, recipe = made.network, replace(made.recipe, mask="brightness", other_side=False)

    def run() -> dict[str, list[tuple[str, str, Verdict, str]]]:
        from cnnlab import compute, cue_answers
        from cnnlab.cues import conflict

        labels = networks.class_labels(network)
        pictures = {name: cue_answers.seen_pixels(_sample_image(name), network) for name in names}
        classes = {name: _known_classes(network, name) for name in names}
        results = {}
        for number, cue in enumerate(_CONFLICTS):

            def make(one: str, other: str, cue: str = cue) -> NDArray[np.uint8]:
                return conflict(cue, pictures[one], pictures[other], recipe)

            with compute.part(number / len(_CONFLICTS), (number + 1) / len(_CONFLICTS)):
                found = cue_answers.conflicts(pictures, classes, make, network)
            results[cue] = [(f.shape, f.texture, f.verdict, labels[f.verdict.guess]) for f in found]
        return results

    return work.in_queue(key, run, label=f"Asking {network} about all pairs")


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import cues, shape_bias

    return (
        cues.patch_shuffle,
        cues.coarse_and_fine,
        cues.phase_swap,
        shape_bias.judge,
        shape_bias.shape_bias,
    )


def _card(title: str, shown: Shown, words: str, *, size: int) -> str:
    """Return a picture with the network's best guesses."""
    head = f"<h3>{escape(title)}</h3>"
    if shown.problem:
        return f'<figure>{head}<p class="small">{escape(shown.problem)}</p></figure>'
    few = 'class="few" ' if size <= 64 else ""
    alt = f"{title}: the network's first guess is {shown.best[0][0]}."
    return (
        f'<figure>{head}<img {few}src="{shown.src}" alt="{escape(alt)}">{words}'
        f"{class_bars(shown.best, wide='9rem')}</figure>"
    )
