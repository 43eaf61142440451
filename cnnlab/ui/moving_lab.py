"""The parts of the lesson that moves a picture: the stage, the curves, shifted feature maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.pictures import data_link
from cnnlab.moves import FILLS, KINDS, LIMITS, Move, describe, series
from cnnlab.pace import about
from cnnlab.percent import finely
from cnnlab.ui import layout, networks, pace, work
from cnnlab.ui.controls import Picture, choice, pick
from cnnlab.ui.move_curves import move_curves
from cnnlab.ui.move_stage import move_stage

if TYPE_CHECKING:
    from cnnlab.equivariance import ShiftTest
    from cnnlab.moving import Followed
    from cnnlab.questions import Question

__all__ = ["Studio", "code", "curves", "exercises", "shifted_maps", "studio", "tasks"]

PAGE = "move_the_picture"
_TOP = "the first guess"
_QUICK = 3.0  # seconds; a curve of a sample that takes no longer is computed without asking
_WHERE = ("shallow", "middle", "last")
_TASKS = {"a shift": ("right", "down"), "a turn": ("angle",), "a size": ("scale",)}
_LARGEST_STRIDE = 20  # pixels of the picture for each cell, about, of the maps to look at first
_STYLE = """
<style>
.st-key-move_the_picture_shown [data-stale="true"] { opacity: 1 !important; transition: none; }
.shifted-maps { display: grid; gap: 1rem 1.4rem; max-width: 66rem;
  grid-template-columns: repeat(auto-fit, minmax(min(14rem, 100%), 1fr)); }
.shifted-maps figure { margin: 0; max-width: 20rem; }
.shifted-maps img { display: block; width: 100%; image-rendering: pixelated;
  border-radius: 0.3rem; }
.shifted-maps figcaption { padding-top: 0.4rem; line-height: 1.45; }
.shifted-maps b { font-size: 1.15rem; }
.tasks { display: flex; flex-wrap: wrap; gap: 0.3rem 1.4rem; margin: 0; }
.tasks .done { font-weight: 600; }
.heat-key { display: inline-block; width: 7rem; height: 0.7rem; border-radius: 0.2rem;
  background: linear-gradient(to right, #000004, #57106e, #bc3754, #f98e09, #fcffa4); }
</style>
"""


class Said(NamedTuple):
    """What a network says of a picture at one place."""

    probabilities: NDArray[np.float32]  # of every class
    got: str  # the picture that it got, as a data link

    @property
    def guess(self) -> int:
        """The class that is guessed first."""
        return int(self.probabilities.argmax())


class Layers(NamedTuple):
    """What can be watched in a network."""

    usual: list[str]  # a shallow layer, one in the middle, the last features
    maps: Mapping[str, tuple[int, int, int]]  # (C, H, W) of layers with feature maps
    height: int
    width: int
    mean_grey: tuple[int, int, int]


class Curve(NamedTuple):
    """A series of moves, what followed, and small pictures of each."""

    followed: Followed
    thumbnails: list[str]


@dataclass(frozen=True)
class Studio:
    """What a learner looks at: network, picture, where it stands, and what is said of it.

    `first` is the answer for the picture as it was, `said` the one for where it stands.
    """

    chosen: networks.Chosen
    picture: Picture
    fill: str
    move: Move
    layers: Layers
    labels: list[str]
    first: Said
    said: Said
    target: int
    seconds: float  # for one pass through the network, about


# The stage -------------------------------------------------------------------------------------


def studio() -> Studio:
    """Draw the picture on its stage with the network's answer; stop where there is none."""
    st.html(_STYLE)
    shown, beside = st.columns([2, 1], gap="large")
    with shown:
        stage = st.container(key=_key("shown"))
        with st.container(horizontal=True, gap="small"):
            move = _fields()
            fill = choice("Where no picture is left", list(FILLS), key=_key("fill"))
    with beside:
        chosen = networks.choose(PAGE, transformers=False)
        picture = networks.picture_picker(PAGE, chosen.name)
        below, waiting = st.container(), st.container()
    try:
        with waiting:
            layers = _layers(chosen)
            first = _ask(chosen, picture, fill, Move())
            said = _ask(chosen, picture, fill, move)
            seconds = pace.seconds_a_pass(chosen.name, trained=chosen.trained)
    except InputError as error:
        shown.error(str(error))
        st.stop()
    labels = networks.class_labels(chosen.name)
    with below:
        target = _class(labels, first)
    made = Studio(chosen, picture, fill, move, layers, labels, first, said, target, seconds)
    with stage:
        move_stage(_stage_data(made), key=_key("stage"), on_move=_take_move)
    return made


def _fields() -> Move:
    """Draw the numbers of the move and return it."""
    about = {
        "right": ("Right, px", 1),
        "down": ("Down, px", 1),
        "scale": ("Scale", 0.05),
        "angle": ("Turn, °", 5),
    }
    values = {}
    for name, (label, step) in about.items():
        low, high = LIMITS[name]
        whole = isinstance(step, int)
        values[name] = st.number_input(
            label,
            int(low) if whole else float(low),
            int(high) if whole else float(high),
            0 if whole else 1.0,
            step=step,
            format="%d" if whole else "%.2f",
            key=_key(name),
            bind="query-params",
            width=160 if layout.is_lecture() else 112,
        )
    return Move(**values)


def _class(labels: list[str], first: Said) -> int:
    """Let a learner choose the class to watch."""
    best = [labels[index] for index in first.probabilities.argsort()[::-1][:5]]
    others = sorted((label for label in labels if label not in best), key=str.casefold)
    chosen = pick(
        "Class to watch",
        [_TOP, *best, *others],
        key=_key("class"),
        help="Its probability is marked in the list and drawn as a curve. The first guess is that "
        "for the picture as it was.",
    )
    return first.guess if chosen == _TOP else labels.index(chosen)


def _stage_data(made: Studio) -> dict[str, Any]:
    """Return what the browser shows on the stage."""
    shares = made.said.probabilities
    order = [int(index) for index in shares.argsort()[::-1][:5]]
    if made.target not in order:
        order.append(made.target)
    was = float(made.first.probabilities[made.target])
    guesses = [
        {
            "name": made.labels[index],
            "share": float(shares[index]),
            "text": finely(float(shares[index])),
            "watched": index == made.target,
            "was": was if index == made.target else None,
        }
        for index in order
    ]
    best = made.said.guess
    says = "The network got this."
    if not made.move.changes_nothing:
        says += f" The dotted mark: {finely(was)} for the picture as it was."
    return {
        "src": made.first.got,
        "alt": made.picture.alt,
        "width": made.layers.width,
        "height": made.layers.height,
        "fill": _css_colour(made),
        "limits": {name: list(LIMITS[name]) for name in ("right", "down", "scale")},
        "step": max(1, round(made.layers.width / 45)),
        "network": made.chosen.words,
        "move": _numbers(made.move),
        "echo": st.session_state.get(_key("told"), 0),
        "answer": {
            "move": _numbers(made.move),
            "head": f"{made.labels[best]}, {finely(float(shares[best]))}",
            "guesses": guesses,
            "got": made.said.got,
            "says": says,
        },
    }


def _css_colour(made: Studio) -> str:
    if made.fill == "edge":
        return "edge"
    return "rgb({}, {}, {})".format(*((0, 0, 0) if made.fill == "black" else made.layers.mean_grey))


def _numbers(move: Move) -> dict[str, float]:
    """Return a move as the browser knows it: a whole turn is none."""
    return {
        "right": move.right,
        "down": move.down,
        "scale": round(move.scale, 2),
        "angle": move.angle % 360,
    }


def _take_move() -> None:
    """Take over where the picture came to rest in the browser."""
    sent: Any = st.session_state[_key("stage")].get("move")
    if not isinstance(sent, dict):
        return
    for name, (low, high) in LIMITS.items():
        value = sent.get(name)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            return
    for name in LIMITS:
        value = sent[name]
        st.session_state[_key(name)] = float(value) if name == "scale" else round(value)
    if isinstance(sent.get("count"), int):
        st.session_state[_key("told")] = sent["count"]


def tasks(made: Studio) -> None:
    """Draw what is to be found on the stage, with what has been found."""
    if layout.is_lecture():
        return
    found: set[Any] = st.session_state.setdefault(_key("found"), set())
    here = made.chosen, made.picture.digest
    if made.said.guess != made.first.guess:
        usual = Move()
        changed = {name for name in LIMITS if getattr(made.move, name) != getattr(usual, name)}
        found |= {(*here, task) for task, names in _TASKS.items() if changed <= set(names)}
    items = [
        f'<span class="{"done" if (*here, task) in found else ""}">'
        f"{'✓ found:' if (*here, task) in found else '○'} {task}</span>"
        for task in _TASKS
    ]
    st.html(
        '<p class="tasks"><strong>Find, each alone, what changes the first guess:</strong> '
        f"{''.join(items)}</p>"
    )


# The curves ------------------------------------------------------------------------------------


def curves(made: Studio) -> None:
    """Draw how the answer and the features follow a series of moves."""
    kind = choice("The picture is moved by", list(KINDS), key=_key("curve"))
    drawn = st.container()
    options = [*made.layers.maps, made.layers.usual[-1]]
    with st.container(horizontal=True, gap="medium"):
        layers = tuple(
            pick(
                f"{where.capitalize()} layer",
                options,
                key=_key(where),
                first=options.index(usual),
                width=230,
            )
            for where, usual in zip(_WHERE, made.layers.usual, strict=True)
        )
    with drawn:
        _draw_curve(made, kind, layers)


def _draw_curve(made: Studio, kind: str, layers: tuple[str, ...]) -> None:
    """Compute a curve and draw it, or offer to."""
    moves = series(kind, made.layers.width if kind == "shift right" else made.layers.height)
    needs = about(made.seconds * len(moves))
    key = ("curve", made.chosen, made.picture.digest, made.fill, kind, layers)
    if not _wanted(
        made, key, len(moves), f"Compute the curve: {len(moves)} pictures, about {needs}"
    ):
        return
    try:
        curve = _curve(made, moves, layers, key)
    except InputError as error:
        st.error(str(error))
        return
    move_curves(_curve_data(made, kind, moves, layers, curve), key=_key("curves"))
    if not made.chosen.trained:
        st.caption("With random numbers the class means nothing; the distances are real.")


def _wanted(made: Studio, key: Any, pictures: int, label: str) -> bool:
    """Return whether work is to be done: it is short, or the learner has asked for it."""
    asked: set[Any] = st.session_state.setdefault(_key("asked"), set())
    if key in asked or (not made.picture.own and made.seconds * pictures < _QUICK):
        return True
    if st.button(label, icon=":material/play_arrow:", key=_key(f"compute_{key[0]}")):
        asked.add(key)
        return True
    return False


def _curve_data(
    made: Studio, kind: str, moves: list[Move], layers: tuple[str, ...], curve: Curve
) -> dict[str, Any]:
    """Return what the browser draws."""
    followed, name = curve.followed, KINDS[kind]
    shares = followed.probabilities[:, made.target]
    values = [getattr(move, name) for move in moves]
    ticks, unit = {
        "rotation": (list(range(0, 361, 90)), "°"),
        "scale": ([0.5, 1, 1.5], " ×"),
    }.get(kind, ([values[0], values[6], 0, values[18], values[-1]], " px"))
    best = followed.probabilities.max(axis=1)
    watched = made.labels[made.target]
    return {
        "number": name,
        "values": values,
        "ticks": ticks,
        "unit": unit,
        "names": [describe(move) for move in moves],
        "watched": watched,
        "shares": [float(share) for share in shares],
        "texts": [finely(float(share)) for share in shares],
        "guesses": [made.labels[guess] for guess in followed.guesses],
        "best": [finely(float(share)) for share in best],
        "layers": [
            {"where": where, "name": layer, "distances": [float(x) for x in distances]}
            for where, layer, distances in zip(_WHERE, layers, followed.relative.T, strict=True)
        ],
        "thumbs": curve.thumbnails,
        "pixels": made.layers.width <= 64,
        "move": _numbers(made.move),
        "alt": f"Curves over {kind}: probability of {watched} and distance of features.",
    }


# Shifted feature maps --------------------------------------------------------------------------


def shifted_maps(made: Studio) -> None:
    """Compare the maps of a shifted picture with the shifted maps, for three shifts."""
    maps = made.layers.maps
    options = list(maps)
    layer = pick(
        "Layer",
        options,
        key=_key("layer"),
        first=options.index(_deep_maps(made.layers)),
        width=260,
    )
    key = ("shift", made.chosen, made.picture.digest, made.fill, layer)
    if not _wanted(made, key, 4, f"Compare: 4 pictures, about {about(4 * made.seconds)}"):
        return
    try:
        test = _shift(made, layer, key)
    except InputError as error:
        st.info(f"Nothing to compare: {error}.", icon=":material/block:")
        return
    _show_shifts(layer, test)


def _deep_maps(layers: Layers) -> str:
    """Return the last layer of some extent before the part that holds the last layer."""
    end = layers.usual[-1].split()[-1].partition(".")[0]  # "input of classifier.1": classifier
    near = [
        layer
        for layer, (_, height, _) in layers.maps.items()
        if layers.height < _LARGEST_STRIDE * height and layer.partition(".")[0] != end
    ]
    return near[-1] if near else next(iter(layers.maps))


def _show_shifts(layer: str, test: ShiftTest) -> None:
    from cnnlab.figures.moved import difference_picture

    most = float(np.nanmax(test.away))
    clear = int(test.clear[-1].sum())
    means = test.clear_mean if clear else test.middle
    where = f"in the {clear} cells inside the white line" if clear else "in the middle third"
    figures = []
    for pixels, mean, away, inside in zip(test.pixels, means, test.away, test.clear, strict=True):
        stride = ", the stride" if pixels == test.stride else ""
        says = f"{finely(float(mean))} away on average {where}"
        picture = data_link(difference_picture(away, inside, most=most))
        alt = f"Difference in each cell after a shift by {pixels} px: {says}"
        figures.append(
            f'<figure><img src="{picture}" alt="{escape(alt)}">'
            f"<figcaption><b>{pixels} px{stride}</b><br>{escape(says)}</figcaption></figure>"
        )
    st.html(f'<div class="shifted-maps">{"".join(figures)}</div>')
    rows, columns = test.away.shape[1:]
    st.html(
        f"<p>Each cell of {escape(layer)} ({rows} × {columns}, stride {test.stride}): no "
        'difference <span class="heat-key" role="img" aria-label="black to yellow"></span> '
        f"{finely(most)} of the usual length of its features. Striped: nothing to compare "
        "with.</p>"
    )
    if test.whole:
        layout.prose(
            "This network also averages over the whole picture (squeeze-and-excitation), so "
            "whatever happens at the edge changes every cell a little."
        )
    elif not clear:
        layout.prose(
            "One cell of this layer sees so much that every cell sees an edge. Choose a layer "
            "nearer to the picture to see cells that agree exactly."
        )


# Exercises and code ----------------------------------------------------------------------------


def exercises(ask: Callable[[], list[Question]]) -> list[Question]:
    """Return the questions, whose answers a network computes, through the shared queue."""
    return work.in_queue((PAGE, "questions"), ask, label="Preparing the exercises")


def code() -> tuple[Callable[..., Any], ...]:
    """Return the functions that the page has just run."""
    from cnnlab import equivariance, moving

    return moving.moved, moving.follow, equivariance.shift_test


# Work for the queue ----------------------------------------------------------------------------


def _layers(chosen: networks.Chosen) -> Layers:
    """Return which layers of a network can be watched, and the size of its pictures."""

    def run() -> Layers:
        from cnnlab import features, loading, moving, pretrained

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), chosen.name)
        height, width = batch.shape[2:]
        grey: Any = pretrained.as_seen(batch * 0, chosen.name).getpixel((0, 0))
        with loading.using(chosen.name, trained=chosen.trained) as model:
            maps = features.spatial_layers(model, size=(height, width))
            return Layers(moving.three_layers(model, maps), maps, height, width, grey)

    key = (PAGE, "layers", chosen)
    return work.in_queue(key, run, label=f"Looking at the layers of {chosen.name}")


def _ask(chosen: networks.Chosen, picture: Picture, fill: str, move: Move) -> Said:
    """Return what a network says of a picture that has been moved."""

    def run() -> Said:
        import torch

        from cnnlab import loading, moving, pretrained

        batch = pretrained.preprocess(picture.image, chosen.name)
        batch = moving.moved(batch, [move], fill=moving.filling(fill, chosen.name))
        got = data_link(pretrained.as_seen(batch, chosen.name))
        with (
            loading.using(chosen.name, trained=chosen.trained) as model,
            torch.inference_mode(),
        ):
            shares = model(batch.to(next(model.parameters()).device))[0].softmax(0).cpu().numpy()
            return Said(shares, got)

    place = Move() if move.changes_nothing else move
    key = (PAGE, chosen, picture.digest, place, "" if place == Move() else fill)
    return work.in_queue(key, run, label=f"Asking {chosen.name}", own=picture.own)


def _curve(made: Studio, moves: list[Move], layers: tuple[str, ...], key: Any) -> Curve:
    """Return what follows a series of moves."""
    name = made.chosen.name

    def run() -> Curve:
        from cnnlab import loading, moving, pretrained

        batch = pretrained.preprocess(made.picture.image, name)
        fill = moving.filling(made.fill, name)
        with loading.using(name, trained=made.chosen.trained) as model:
            followed = moving.follow(model, batch, moves, layers=layers, fill=fill)
        thumbnails = []
        for place in range(len(moves)):
            small = pretrained.as_seen(
                moving.moved(batch, moves[place : place + 1], fill=fill), name
            )
            small.thumbnail((72, 72))
            thumbnails.append(data_link(small))
        return Curve(followed, thumbnails)

    label = f"Moving the picture in front of {name}"
    return work.in_queue((PAGE, *key), run, label=label, own=made.picture.own)


def _shift(made: Studio, layer: str, key: Any) -> ShiftTest:
    """Return what a shift does to the maps of a layer."""
    name = made.chosen.name

    def run() -> ShiftTest:
        from cnnlab import equivariance, loading, moving, pretrained

        batch = pretrained.preprocess(made.picture.image, name)
        fill = moving.filling(made.fill, name)
        with loading.using(name, trained=made.chosen.trained) as model:
            return equivariance.shift_test(model, batch, layer=layer, fill=fill)

    label = f"Shifting the picture in front of {name}"
    return work.in_queue((PAGE, *key), run, label=label, own=made.picture.own)


def _key(name: str) -> str:
    return f"{PAGE}_{name}"
