"""The parts of the Grad-CAM lesson: the map, its steps, two classes, four depths, exercises."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.exercises.grad_cam import FILLED, Check, Scene, lost_layer, misleads
from cnnlab.figures import cam_cards
from cnnlab.figures.cam_cards import Card
from cnnlab.figures.number_grid import number_grid
from cnnlab.numerals import written
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.samples import SAMPLES
from cnnlab.target_layers import NOT_FOR, TARGETS
from cnnlab.two_pictures import Place, above, ink, places
from cnnlab.ui import controls, layout, networks, pace, panels, work

if TYPE_CHECKING:
    from cnnlab.answers import Answer
    from cnnlab.attribution import ClassMap, GradCam

__all__ = [
    "Setting",
    "check_exercises",
    "explained",
    "four_depths",
    "heat",
    "say_not_for",
    "settings",
    "shown_functions",
    "steps",
    "two_classes",
    "users_ask",
    "which_layer",
]

PAGE = "grad_cam"
NOTHING = "nothing"
_BEST_OTHER = "the best other class"
_MOST_FOR, _MOST_AGAINST = "the one that adds most", "the one that takes away most"
_STEPS = (
    "All",
    "1 Forward",
    "2 Score",
    "3 Gradient",
    "4 Weights",
    "5 Sum",
    "6 ReLU",
    "7 Enlarge",
    "Arrays",
)
_PATIENCE = 2.0  # seconds: longer work waits for a button
_ROWS = 4  # channels that speak for the class, and against it
_GRID = 13  # rows and columns of numbers that are written at most
_DEPTHS, _LAST = f"{PAGE}_depths", f"{PAGE}_last_network"

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


# The calculation ---------------------------------------------------------------------------------


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


def _class_maps(setting: Setting, targets: tuple[int, ...], layer: str) -> list[ClassMap]:
    """Return the maps of some classes at a layer, from one forward pass."""

    def run() -> list[ClassMap]:
        from cnnlab import attribution, loading, pretrained

        batch = pretrained.preprocess(setting.picture.image, setting.name)
        with loading.using(setting.name) as model:
            found = attribution.grad_cams(model, batch, targets=targets, layer=layer)
            return [cam.maps_only() for cam in found]

    key = ("grad-cam maps", setting.name, setting.picture.digest, targets, layer)
    return work.in_queue(key, run, label=f"Explaining {setting.name}", own=setting.picture.own)


# The map -----------------------------------------------------------------------------------------


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
        alt=f"Grad-CAM for {setting.category}: {_where(cam.heat_map)}.",
        text=_pointing_words(setting, cam),
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
            smallest="14rem",
        )
    )
    st.caption(
        "The map shows where the channels of this layer speak for the class. It does not show "
        "an outline, and not that the network needs this place for its answer."
    )


def _pointing_words(setting: Setting, cam: ClassMap) -> str:
    """Say how the map lies to the object, where that is known."""
    place, found = setting.scene.place(), setting.scene.points(cam.overlay_map)
    if place is None or found is None or not cam.overlay_map.any():
        return ""
    if found.area > FILLED:
        return f"The {place.label} fills what the network sees: no map can miss it."
    on = "on" if found.hit else f"{found.outside:.0f} pixels outside the box of"
    return (
        f"The largest value lies {on} the {place.label}; {percent(found.share)} of the map lies "
        f"in its box, which is {percent(found.area)} of the picture."
    )


# Step by step ------------------------------------------------------------------------------------


def steps(setting: Setting, cam: GradCam) -> None:
    """Show the calculation in numbered steps, for a channel of the learner's choice."""
    st.subheader("Step by step", anchor=False)
    _steps(setting, cam)


@st.fragment
def _steps(setting: Setting, cam: GradCam) -> None:
    step = controls.choice("Step", list(_STEPS), key=f"{PAGE}_step")
    channel = _channel(cam)
    sections: dict[str, Callable[[], None]] = {
        "1 Forward": lambda: _forward(setting, cam, channel),
        "2 Score": lambda: _score(setting, cam),
        "3 Gradient": lambda: _gradient(setting, cam, channel),
        "4 Weights": lambda: _weights(setting, cam, channel),
        "5 Sum": lambda: _sum(setting, cam, channel),
        "6 ReLU": lambda: _relu(cam),
        "7 Enlarge": lambda: _enlarge(setting, cam),
        "Arrays": lambda: _arrays(setting, cam, channel),
    }
    for title, draw in sections.items():
        if step in ("All", title):
            draw()


def _channel(cam: GradCam) -> int:
    """Let a learner choose a channel of the layer."""
    count = len(cam.weights)
    chosen = controls.pick(
        "Channel k",
        [_MOST_FOR, _MOST_AGAINST, *(str(k) for k in range(count))],
        key=f"{PAGE}_channel",
        width=280,
        help=f"The channel that the steps show; type a number from 0 to {count - 1}.",
    )
    if chosen.isdecimal():
        return int(chosen)
    best = cam.strongest_channels(1, sign=1 if chosen == _MOST_FOR else -1)
    return int(best[0] if len(best) else cam.strongest_channels(1)[0])


def _title(number: int, title: str) -> None:
    st.markdown(f"##### {cam_cards.heading(number, title)}")


def _forward(setting: Setting, cam: GradCam, channel: int) -> None:
    maps = cam.activations
    count, rows, columns = maps.shape
    _title(1, f"Forward: the feature maps A of `{setting.layer}`")
    last = setting.layer == setting.recommended
    words = (
        f"The picture goes through the network up to this layer: **{count} feature maps of "
        f"{rows} × {columns}**. "
    )
    words += (
        "It is the usual choice: the last feature maps, before pooling over the whole map "
        "or dense layers mix all positions. Here the network still knows *where* something is, "
        "and its channels stand for parts and objects."
        if last
        else f"Any layer with maps can be taken. The usual choice is `{setting.recommended}`, the "
        "last feature maps: there the network still knows *where* something is, and its channels "
        "stand for parts and objects."
    )
    layout.prose(words)
    near = [int(k) for k in cam.strongest_channels(5) if k != channel][:3]
    extent = float(np.abs(maps[[channel, *near]]).max()) or None
    signed = bool(maps.min() < 0)
    st.html(
        cam_cards.cards(
            [
                cam_cards.card(
                    Card(
                        f"{'▸ ' if k == channel else ''}A of channel {k}",
                        maps[k],
                        signed=signed,
                        alt=f"Feature map {k}: {_where(maps[k])}.",
                        extent=extent,
                    )
                )
                for k in (channel, *near)
            ],
            smallest="9rem",
        )
    )
    zeros = float((maps == 0).mean())
    st.caption(
        f"All maps: {cam_cards.range_of(maps)}; {percent(zeros)} of the numbers are exactly 0. "
        "One colour scale for these maps. A bright place says that the channel found its pattern "
        "there, not that the pattern matters for the class."
    )


def _score(setting: Setting, cam: GradCam) -> None:
    _title(2, f"The score y of “{setting.category}”")
    share = setting.answer.probability(setting.target)
    rank = int((setting.answer.logits > cam.score + 1e-6 * abs(cam.score)).sum()) + 1
    panels.table(
        ["Number", "Value"],
        [
            ["Score y, before the softmax", written(cam.score)],
            ["Probability, after the softmax", percent(share)],
            ["Place among the classes", f"{rank} of {len(setting.answer.logits)}"],
        ],
        align="lr",
    )
    layout.prose(
        "One class is explained at a time, and it need not be the first guess. The method takes "
        "the **score before the softmax**: a probability depends on the scores of all classes, "
        "and near 0 and 100 % it hardly moves, so its gradient would be almost 0 and about other "
        "classes too."
    )


def _gradient(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(3, "The gradient: dy/dA, back to the layer")
    layout.prose(
        f"How does the score change if one cell of one feature map grows a little? The way back "
        f"ends at `{setting.layer}`; the layers before it are not needed."
    )
    gradient = cam.gradients[channel]
    several = [
        Card(
            f"dy/dA of channel {channel}",
            gradient,
            signed=True,
            alt=f"Gradient of channel {channel}: {cam_cards.range_of(gradient)}.",
            text="Orange: more here raises the score. Blue: it lowers it.",
        ),
        Card(
            "Mean size over all channels",
            np.abs(cam.gradients).mean(axis=0),
            signed=False,
            alt="Where the score reacts to this layer at all.",
            text="Where the score reacts to this layer at all, for or against.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in several]))
    even = float(np.ptp(cam.gradients, axis=(1, 2)).max()) <= 1e-5 * float(
        np.abs(cam.gradients).max()
    )
    note = (
        " Each gradient map is the same everywhere: between this layer and the score there is "
        "only a mean over all positions and a dense layer. Then Grad-CAM is the older CAM."
        if even and cam.gradients.any()
        else ""
    )
    st.caption(f"All gradients: {cam_cards.range_of(cam.gradients)}.{note}")


def _weights(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(4, "One weight for each channel: α, the mean of its gradient")
    st.latex(
        r"\alpha_k = \frac{1}{h\,w}\sum_{i,j}\frac{\partial y}{\partial A^k_{ij}}"
        rf"\qquad \alpha_{{{channel}}} = {cam.weights[channel]:.3g}"
    )
    st.html(cam_cards.bars(cam.weights, title="Weights"))
    positive, negative = int((cam.weights > 0).sum()), int((cam.weights < 0).sum())
    st.caption(
        f"All {len(cam.weights):,} weights, sorted: {positive} above 0 speak for "
        f"“{setting.category}” (orange), {negative} below 0 against it (blue). "
        f"{cam_cards.range_of(cam.weights)}."
    )
    for sign, words in ((1, "speak most for it"), (-1, "speak most against it")):
        chosen = [int(k) for k in cam.strongest_channels(_ROWS, sign=sign)]
        if not chosen:
            st.markdown(f"No channels {words}.")
            continue
        if channel not in chosen and sign * cam.contributions()[channel] > 0:
            chosen.append(channel)
        st.markdown(f"**Channels that {words}**")
        st.html(_contributors(cam, chosen, channel, words))
    st.caption(
        "Each kind of picture has one colour scale for all rows; blue is below 0, orange above. A "
        "weight is one number for the whole map: it cannot speak for a channel at one place and "
        "against it at another. The order is by what a channel adds in all, not by its weight."
    )


def _contributors(cam: GradCam, chosen: list[int], channel: int, words: str) -> str:
    added = cam.contributions()
    rows = [
        (
            k,
            float(cam.weights[k]),
            float(added[k]),
            cam.activations[k],
            cam.gradients[k],
            cam.weighted(k),
        )
        for k in chosen
    ]
    extents = tuple(max(float(np.abs(row[place]).max()) for row in rows) for place in (3, 4, 5))
    return cam_cards.contributors(
        rows,
        chosen=channel,
        extents=(extents[0], extents[1], extents[2]),
        caption=f"Channels that {words}",
    )


def _sum(setting: Setting, cam: GradCam, channel: int) -> None:
    _title(5, "The weighted maps, added up: the sum before the ReLU")
    st.latex(r"S = \sum_k \alpha_k A^k")
    weighted = cam.weighted(channel)
    share = float((cam.signed_map < 0).mean())
    cards = [
        Card(
            f"α · A of channel {channel}",
            weighted,
            signed=True,
            alt=f"Weighted map of channel {channel}: {_where(weighted)}.",
            text="One term of the sum.",
        ),
        Card(
            f"Sum over all {len(cam.weights):,} channels",
            cam.signed_map,
            signed=True,
            alt=f"The sum before the ReLU: {_where(cam.signed_map)}.",
            text=f"{percent(share)} of the positions are below 0: they speak against "
            f"“{setting.category}”.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    layout.prose(
        "This is the whole finding, with its sign: orange places raise the score, blue places "
        "lower it. Where a map is empty after the ReLU, look here."
    )


def _relu(cam: GradCam) -> None:
    _title(6, "The ReLU: only what speaks for the class is kept")
    st.latex(r"L = \mathrm{ReLU}(S)")
    extent = float(np.abs(cam.signed_map).max()) or None
    cards = [
        Card(
            "Before",
            cam.signed_map,
            signed=True,
            alt=f"Before the ReLU: {_where(cam.signed_map)}.",
            extent=extent,
        ),
        Card(
            "After",
            cam.heat_map,
            signed=True,
            alt=f"After the ReLU: {_where(cam.heat_map)}.",
            extent=extent,
            text="The same scale as before: what was blue is 0 now.",
        ),
        Card(
            "After, in the colours of the overlay",
            cam.heat_map,
            signed=False,
            alt=f"After the ReLU: {_where(cam.heat_map)}.",
            text="Black is 0. The bright end is the largest value, however small that is.",
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    kept = float(cam.heat_map.sum())
    lost = float(-np.minimum(cam.signed_map, 0).sum())
    layout.prose(
        "**This is the only ReLU of the method**, and it stands after the sum: not on the single "
        "maps, not on the weights. Positions that speak against the class probably belong to "
        "other classes, so they are left out of the picture."
    )
    st.caption(f"Kept: {written(kept)} in all. Set to 0: {written(lost)} in all.")


def _enlarge(setting: Setting, cam: GradCam) -> None:
    rows, columns = cam.heat_map.shape
    height, width = cam.overlay_map.shape
    _title(7, f"Enlarged from {rows} × {columns} to {height} × {width}, and laid over")
    cards = [
        Card("The map", cam.heat_map, signed=False, alt=f"The map: {_where(cam.heat_map)}."),
        Card(
            "Enlarged, bilinearly",
            cam.overlay_map,
            signed=False,
            alt="The enlarged map.",
            photo=setting.seen,
            text=f"One cell stands for about {height / rows:.3g} × {width / columns:.3g} pixels.",
        ),
        Card(
            "Over the picture",
            cam.overlay_map,
            signed=False,
            alt="The enlarged map over the picture.",
            photo=setting.seen,
            opacity=0.6,
        ),
    ]
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards]))
    layout.prose(
        "The smooth edges come from the enlarging, not from the network: nothing finer than a "
        "cell is known. And a cell sees more of the picture than the square below it: see "
        "*Receptive field*."
    )


def _arrays(setting: Setting, cam: GradCam, channel: int) -> None:
    st.markdown("##### Every array")
    arrays = _named(cam, channel)
    panels.table(
        ["Array", "Shape", "Smallest", "Largest", "Mean", "Exactly 0"],
        [
            [
                what,
                " × ".join(str(side) for side in values.shape),
                written(float(values.min())),
                written(float(values.max())),
                written(float(values.mean(dtype=np.float64))),
                percent(float((values == 0).mean())),
            ]
            for what, values in arrays.items()
        ],
        align="lrrrrr",
        wide_only=[4, 5],
    )
    few = [what for what, values in arrays.items() if values.ndim < 3]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        what = controls.pick("Look at", few, key=f"{PAGE}_array", width=280)
        how = controls.choice("as", ["picture", "numbers"], key=f"{PAGE}_as")
    _one_array(what, arrays[what], how)
    if not layout.is_lecture():
        st.download_button(
            "All arrays (.npz)",
            lambda: _npz(cam),
            file_name=f"grad-cam-{setting.name}.npz",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )


def _named(cam: GradCam, channel: int) -> dict[str, Floats]:
    return {
        "Feature maps A": cam.activations,
        "Gradients dy/dA": cam.gradients,
        "Weights α": cam.weights,
        f"A of channel {channel}": cam.activations[channel],
        f"dy/dA of channel {channel}": cam.gradients[channel],
        f"α · A of channel {channel}": cam.weighted(channel),
        "Sum before the ReLU": cam.signed_map,
        "After the ReLU": cam.heat_map,
        "Enlarged": cam.overlay_map,
    }


def _one_array(what: str, values: Floats, how: str) -> None:
    if values.ndim == 1:
        if how == "picture":
            st.html(cam_cards.bars(values, title=what))
            st.caption(f"Sorted, the largest first. {cam_cards.range_of(values)}.")
            return
        order = np.argsort(-np.abs(values), kind="stable")[:40]
        st.html(
            number_grid(
                values[order].reshape(1, -1) if len(order) < 10 else _in_rows(values[order]),
                title=f"{what}: the {len(order)} largest in size, from channel {order[0]} on",
                role="kernel",
                decimals=_decimals(values),
            )
        )
        st.caption("Channels in this order: " + ", ".join(str(k) for k in order.tolist()) + ".")
        return
    if how == "picture":
        one = Card(what, values, signed=bool(values.min() < 0), alt=f"{what}: {_where(values)}.")
        st.html(cam_cards.cards([cam_cards.card(one)], smallest="18rem"))
        return
    part, top, left = _window(values)
    title = what
    if part.shape != values.shape:
        title += (
            f": rows {top} to {top + part.shape[0] - 1}, columns {left} to "
            f"{left + part.shape[1] - 1}, around the largest"
        )
    st.html(number_grid(part, title=title, role="kernel", decimals=_decimals(values)))
    st.caption("Hatched cells are negative. The stronger the colour, the larger the size.")


def _in_rows(values: Floats) -> Floats:
    rows = np.full((-(-len(values) // 10), 10), np.nan)
    rows.flat[: len(values)] = values
    return rows


def _window(values: Floats) -> tuple[Floats, int, int]:
    """Return as much of a map as fits the page, around its largest size."""
    row, column = np.unravel_index(int(np.abs(values).argmax()), values.shape)
    starts = [
        int(np.clip(at - _GRID // 2, 0, max(side - _GRID, 0)))
        for at, side in zip((row, column), values.shape, strict=True)
    ]
    top, left = starts
    return values[top : top + _GRID, left : left + _GRID], top, left


def _decimals(values: Floats) -> int:
    """Return how many digits after the point show three digits of the largest number."""
    largest = float(np.abs(values).max(initial=0.0))
    return int(np.clip(2 - np.floor(np.log10(largest)), 0, 8)) if largest else 0


def _npz(cam: GradCam) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(
        file,
        activations=cam.activations,
        gradients=cam.gradients,
        weights=cam.weights,
        signed_map=cam.signed_map,
        heat_map=cam.heat_map,
        overlay_map=cam.overlay_map,
        score=cam.score,
    )
    return file.getvalue()


# Two classes -------------------------------------------------------------------------------------


def two_classes(setting: Setting) -> None:
    """Show the maps of two classes of one picture side by side."""
    st.subheader("Two classes, one picture", anchor=False)
    labels = networks.class_labels(setting.name)
    best = next(g.index for g in setting.answer.best if g.index != setting.target)
    guesses = [labels[guess.index] for guess in setting.answer.best]
    others = sorted((label for label in labels if label not in guesses), key=str.casefold)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = controls.pick(
            "Second class",
            [_BEST_OTHER, *guesses, *others],
            key=f"{PAGE}_second",
            width=320,
            help="Any class by name: type to search.",
        )
        common = st.toggle(
            "One colour scale for both", value=True, key=f"{PAGE}_common", bind="query-params"
        )
    other = best if chosen == _BEST_OTHER else labels.index(chosen)
    pair = (setting.target, other)
    maps = _class_maps(setting, pair, setting.layer)
    largest = max(float(found.heat_map.max()) for found in maps)
    cards = []
    for index, found in zip(pair, maps, strict=True):
        share = percent(setting.answer.probability(index))
        cards.append(
            Card(
                f"{labels[index]}: score {written(found.score)}, {share}",
                found.overlay_map,
                signed=False,
                alt=f"Grad-CAM for {labels[index]}: {_where(found.heat_map)}.",
                extent=largest if common and largest else None,
                photo=setting.seen,
                opacity=0.6,
                note="" if found.heat_map.any() else "Empty: no position speaks for this class.",
            )
        )
    difference = maps[0].signed_map - maps[1].signed_map
    cards.append(
        Card(
            f"{labels[pair[0]]} rather than {labels[pair[1]]}",
            difference,
            signed=True,
            alt=f"The difference of both sums: {_where(difference)}.",
            text="Both sums before the ReLU, subtracted. Orange: more for the first class. Blue: "
            "more for the second.",
        )
    )
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards], smallest="14rem"))
    if other == setting.target:
        st.caption("Both classes are the same one.")
    else:
        st.caption(
            "Both maps come from one forward pass: only the way back differs. With one scale, a "
            "dark map says that little speaks for that class; with two, each is stretched to its "
            "own largest value. A map for a class does not say that the network chooses it."
        )


# Four depths -------------------------------------------------------------------------------------


def four_depths(setting: Setting) -> None:
    """Show the same class at four layers, from shallow to deep."""
    st.subheader("The same at four depths", anchor=False)
    usual = _usual(setting.name)
    if st.session_state.get(_LAST, setting.name) != setting.name:
        st.session_state[_DEPTHS] = usual  # the layers of another network mean nothing here
    st.session_state[_LAST] = setting.name
    wanted = st.multiselect(
        "Layers",
        list(setting.layers),
        usual,
        max_selections=4,
        key=_DEPTHS,
        bind="query-params",
        help="Up to four, by their names in PyTorch.",
    )
    chosen = [layer for layer in setting.layers if layer in wanted]
    if not chosen:
        st.info("Choose at least one layer.", icon=":material/layers:")
        return
    needs = 3 * len(chosen) * pace.seconds_a_pass(setting.name)  # back takes twice as long
    if needs > _PATIENCE and not st.toggle(
        f"Compute the maps, about {about(needs)}", key=f"{PAGE}_long", bind="query-params"
    ):
        return
    cards = []
    for place, layer in enumerate(chosen):
        (found,) = _class_maps(setting, (setting.target,), layer)
        cards.append(_depth_card(setting, layer, found, place / max(len(chosen) - 1, 1)))
    st.html(cam_cards.cards([cam_cards.card(each) for each in cards], smallest="12rem"))
    st.caption(
        "Each map has its own colour scale: numbers of different layers cannot be compared. Early "
        "maps are fine, but they show edges more than the class; the last is coarse, but about "
        "the class."
    )


def _usual(name: str) -> list[str]:
    def run() -> list[str]:
        from cnnlab import features, loading, pretrained, target_layers

        batch = pretrained.preprocess(Image.new("RGB", (256, 256)), name)
        with loading.using(name) as model:
            sizes = features.spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
            return target_layers.four_layers(model, sizes)

    return work.in_queue(("four layers", name), run, label=f"Looking at the layers of {name}")


def _depth_card(setting: Setting, layer: str, found: ClassMap, depth: float) -> Card:
    count, rows, columns = setting.layers[layer]
    height, width = found.overlay_map.shape
    place = list(setting.layers).index(layer) + 1
    words = (
        f"Layer {place} of {len(setting.layers)}: {count} maps of {rows} × {columns}; a cell "
        f"stands for {height / rows:.2g} × {width / columns:.2g} pixels. "
    )
    if depth < 0.3:
        words += (
            "Channels answer to edges and colours anywhere; one weight for a whole channel "
            "cannot tell those of the object from the others. "
        )
    elif depth < 0.9:
        words += "Channels answer to textures and small parts. "
    else:
        words += "Channels answer to parts and objects: coarse, but about the class. "
    empty = "" if found.heat_map.any() else "Empty: every sum is negative or 0 at this layer."
    return Card(
        layer,
        found.overlay_map,
        signed=False,
        alt=f"Grad-CAM at {layer}: {_where(found.heat_map)}.",
        text=words + _pointing_words(setting, found),
        note=empty,
        photo=setting.seen,
        opacity=0.7,
    )


# Which layer, and what users ask -----------------------------------------------------------------


def which_layer() -> None:
    """Show a sensible layer for each family, and where the method does not apply."""
    st.subheader("Which layer, family by family", anchor=False)
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
    "the gradient itself is 0, because a ReLU on the way to the score is closed. Section 5 shows "
    "the sum with its sign.",
    "Why is it all one colour?": "Colours are stretched to the map’s own range. If all values are "
    "nearly alike, small differences fill the whole scale; if the object fills the picture, "
    "everything is warm. The numbers at the ends of the scale tell.",
    "Where is the ReLU?": "After the sum over the channels, once (section 6). The ReLUs inside "
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
    st.html(
        "".join(
            f'<div class="exercise"><details><summary><strong>{escape(question)}</strong>'
            f"</summary><p>{answer}</p></details></div>"
            for question, answer in _ASKED.items()
        )
    )


# Exercises ---------------------------------------------------------------------------------------


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
                (layer, _class_maps(setting, (setting.target,), layer)[0].overlay_map)
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


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import attribution, explaining

    return attribution.grad_cams, attribution.weigh, explaining.layer_gradients


def _where(values: Floats) -> str:
    """Say in words where a map is largest in size."""
    if not values.any():
        return "0 everywhere"
    strength = np.abs(values)
    row, column = np.unravel_index(int(strength.argmax()), strength.shape)
    vertical = ("top", "middle", "bottom")[int(3 * row // strength.shape[0])]
    horizontal = ("left", "centre", "right")[int(3 * column // strength.shape[1])]
    return f"strongest at the {vertical} {horizontal}"
