"""Can these maps be believed? Measures of trust beside every method, on every page with maps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.heat_pictures import drawn_over
from cnnlab.figures.pictures import data_link
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.sample_boxes import SampleBox, boxes_of, samples_with_boxes
from cnnlab.samples import SAMPLES
from cnnlab.ui import controls, layout, long_work, networks, pace, panels, work
from cnnlab.ui.trust_view import trust_view

if TYPE_CHECKING:
    from torch import Tensor, nn

    from cnnlab.trust import Array, Cascade, Curve, Pointed

__all__ = ["known", "panel"]

Window = tuple[int, int, str]  # side, step, filling
_THUMB = 160  # pixels of a picture on the way
_TILES = {"squares": 7, "single pixels, as in the paper": 0}  # squares in a row
_ORDERS = 4  # random orders
_SAME = 0.5  # a mean similarity from which on a map is said to stay much the same
_STYLE = """
<style>
dl.trust.trust { margin: 0.6rem 0 0; padding: 0.5rem 0 0; line-height: 1.4; font-size: 0.9375rem;
  border-top: 1px solid color-mix(in srgb, currentColor 22%, transparent);
  font-variant-numeric: tabular-nums; }
.trust div { display: grid; grid-template-columns: 7.4rem 1fr; gap: 0.6rem; margin: 0.15rem 0; }
.trust dt, .trust dd { margin: 0; padding: 0; }
.trust dt { font-weight: 600; }
.trust-lines { display: grid; gap: 1rem 2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.trust-lines h4 { font-size: 1rem; margin: 0; padding: 0; }
.cascade { display: flex; gap: 0.9rem; overflow-x: auto; padding-bottom: 0.4rem; }
.cascade figure { margin: 0; flex: 1 0 7.5rem; max-width: 11rem; }
.cascade img { width: 100%; aspect-ratio: 1; display: block; border-radius: 4px; }
.cascade .few { image-rendering: pixelated; }
.cascade figcaption { font-size: 0.875rem; line-height: 1.4; margin-top: 0.3rem;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.cascade figcaption span { display: block; }
</style>
"""


@dataclass(frozen=True)
class _Asked:
    """What is to be measured, all of it but the method."""

    picture: controls.Picture
    name: str
    target: int
    layer: str
    tiles: int
    window: Window | None = None  # of occlusion, where the page sets it

    def key(self, method: str) -> Hashable:
        """Return what the measures of one method depend on."""
        from cnnlab.explaining import METHODS

        place = self.layer if METHODS[method].at_layer else ""
        how = (method, self.window if method == "occlusion" else None)
        return ("trust", *how, self.name, self.picture.digest, self.target, place, self.tiles)

    def explainer(self, method: str, batch: Tensor, target: int) -> Callable[[nn.Module], Array]:
        """Return the function from a network to its map that the page shows."""
        from cnnlab import occlusion
        from cnnlab.explaining import METHODS, explain

        if method != "occlusion" or self.window is None:
            layer = self.layer if METHODS[method].at_layer and self.layer else None
            return lambda network: (
                explain(method, network, batch, target=target, layer=layer).values
            )
        side, stride, fill = self.window
        shows = occlusion.filling(batch, self.name, fill)
        return lambda network: occlusion.occlude(
            network, batch, shows, target=target, window=side, stride=stride
        ).attribution()

    @property
    def chance_key(self) -> Hashable:
        """Return what the random orders depend on."""
        return ("trust by chance", self.name, self.picture.digest, self.target, self.tiles)

    def tile(self, side: int) -> int:
        """Return how many pixels wide the squares are that go at once."""
        return max(1, side // self.tiles) if self.tiles else 1


@dataclass(frozen=True)
class _Walk:
    """One curve, ready for the page."""

    curve: Curve
    pictures: tuple[str, ...]


@dataclass(frozen=True)
class _Measured:
    """All measures of one map, ready for the page."""

    deletion: _Walk
    insertion: _Walk
    ranks: tuple[float, ...]
    ssims: tuple[float, ...]
    layers: tuple[str, ...]
    counts: tuple[int, ...]
    empty: tuple[bool, ...]
    thumbs: tuple[str, ...]  # the trained network's map, then one for each stage
    pointed: Pointed | None
    tile: int
    few: bool


def known(
    page: str,
    picture: controls.Picture,
    name: str,
    *,
    target: int,
    methods: Sequence[str],
    layer: str = "",
) -> dict[str, str]:
    """Return what has been measured so far, for each method a few lines of HTML; starts nothing.

    Parameters are those of `panel`.
    """
    asked = _asked(page, picture, name, target, layer)
    chance = work.remembered(asked.chance_key, own=picture.own)
    lines: dict[str, str] = {}
    for method in methods:
        found = work.remembered(asked.key(method), own=picture.own)
        if found is not None and chance is not None:
            lines[method] = ("" if lines else _STYLE) + _line(asked, found, chance)
    return lines


def panel(
    page: str,
    picture: controls.Picture,
    name: str,
    *,
    target: int,
    methods: Sequence[str],
    layer: str = "",
    window: Window | None = None,
    lines: bool = True,
) -> None:
    """Offer to measure how far maps can be believed, and show what comes out.

    Parameters
    ----------
    page : str
        Prefix of the widgets' keys.
    picture : Picture
        What is explained.
    name : str
        The network, with its trained weights.
    target : int
        Number of the class.
    methods : sequence of str
        Keys of `cnnlab.explaining.METHODS`.
    layer : str
        For the methods that look at a layer.
    window : (int, int, str), optional
        For occlusion: side and step of the window in pixels and a key of
        `cnnlab.occlusion.FILLS`; what suits the picture if left out.
    lines : bool
        Whether to write the results of each method here; not where they stand at the maps, by
        `known`.
    """
    st.subheader("Can these maps be believed?", anchor=False)
    layout.prose(
        "Three tests, each of which a map may fail. **Random weights**: does the map change when "
        "the network forgets what it has learnt? It must. **Deletion and insertion**: do the "
        "pixels that the map names decide the answer? **Pointing**: is the map largest on the "
        "object? A map that passes is not proved right; one that fails should not be trusted."
    )
    controls.choice(
        "Pixels go and come as",
        list(_TILES),
        key=f"{page}_trust_pixels",
        default=next(iter(_TILES)),
    )
    asked = replace(_asked(page, picture, name, target, layer), window=window)
    try:
        _measure_and_show(page, asked, methods, lines=lines)
    except InputError as error:  # all workers are busy, for example
        st.error(str(error))


def _measure_and_show(page: str, asked: _Asked, methods: Sequence[str], *, lines: bool) -> None:
    from cnnlab.explaining import METHODS

    picture = asked.picture
    wanted = (asked.chance_key, asked.layer, asked.window, tuple(methods))
    todo = [m for m in methods if work.remembered(asked.key(m), own=picture.own) is None]
    chance = work.remembered(asked.chance_key, own=picture.own)
    results: dict[str, _Measured | InputError] = {}
    if todo or chance is None:
        seconds = _estimate(asked, todo, chance is None)
        these = "this map" if len(methods) == 1 else "these maps"
        label = f"Measure the trust of {these} (about {about(seconds)})"
        with long_work.started(
            f"{page}_trust",
            wanted,
            label,
            stop="Stop measuring",
            icon=":material/rule:",
            primary=False,
        ) as going:
            if not going:
                return
            chance = _chance(asked)
            for number, method in enumerate(methods, 1):
                title = f"Measuring {METHODS[method].title}, {number} of {len(methods)}"
                results[method] = _measure(asked, method, title)
        kept = [work.remembered(asked.key(m), own=picture.own) is not None for m in methods]
        if not lines and all(kept):
            st.rerun()  # the results stand further up, at the maps
    for method in methods:
        if method not in results:
            results[method] = _measure(asked, method, f"Measuring {METHODS[method].title}")
    assert chance is not None
    if lines:
        st.html(
            f'{_STYLE}<div class="trust-lines">'
            + "".join(
                f"<div><h4>{escape(METHODS[m].title)}</h4>{_line(asked, found, chance)}</div>"
                for m, found in results.items()
            )
            + "</div>"
        )
    _details(page, asked, results, chance)


def _asked(page: str, picture: controls.Picture, name: str, target: int, layer: str) -> _Asked:
    chosen = st.session_state.get(f"{page}_trust_pixels") or next(iter(_TILES))
    return _Asked(picture, name, target, layer, _TILES.get(chosen, 7))


# Work --------------------------------------------------------------------------------------------


def _measure(asked: _Asked, method: str, label: str) -> _Measured | InputError:
    """Return all measures of one method, through the shared queue; or why there are none."""

    def run() -> _Measured | InputError:
        from cnnlab import loading, pretrained, trust
        from cnnlab.compute import part

        picture, name = asked.picture, asked.name
        try:
            batch = pretrained.preprocess(picture.image, name)
            tile = asked.tile(batch.shape[3])
            with loading.using(name) as model:
                with part(0, 0.8):
                    look = asked.explainer(method, batch, asked.target)
                    forgot = trust.cascade(model, batch, look, target=asked.target)
                values = forgot.original
                with part(0.8, 0.9):
                    down = trust.deletion(model, batch, values, target=asked.target, tile=tile)
                with part(0.9, 1):
                    up = trust.insertion(model, batch, values, target=asked.target, tile=tile)
            order = trust.pixel_order(values, tile=tile)
            soft = trust.blurred(batch)
            return _Measured(
                _walk(down, batch, 0 * batch, order, name),
                _walk(up, soft, batch, order, name),
                tuple(forgot.ranks.tolist()),
                tuple(forgot.ssims.tolist()),
                forgot.layers,
                forgot.counts,
                tuple(not new.any() for new in forgot.maps),
                _thumbs(forgot, method),
                _pointed(asked, values),
                tile,
                max(values.shape) <= 64,
            )
        except InputError as error:
            return error

    return work.in_queue(asked.key(method), run, label=label, own=asked.picture.own)


def _chance(asked: _Asked) -> Array:
    """Return the areas in random orders, the same for all methods."""

    def run() -> Array:
        from cnnlab import loading, pretrained, trust

        batch = pretrained.preprocess(asked.picture.image, asked.name)
        with loading.using(asked.name) as model:
            return trust.random_areas(
                model,
                batch,
                target=asked.target,
                n_orders=_ORDERS,
                tile=asked.tile(batch.shape[3]),
            )

    label = "Measuring random orders"
    return work.in_queue(asked.chance_key, run, label=label, own=asked.picture.own)


def _walk(curve: Curve, first: Any, last: Any, order: Any, name: str) -> _Walk:
    """Return a curve with the picture at each step."""
    from cnnlab import pretrained, trust

    links = []
    for share in curve.shares:
        step = trust.mixed(first, last, order, [round(share * order.size)])
        links.append(data_link(_small(pretrained.as_seen(step.contiguous(), name))))
    return _Walk(curve, tuple(links))


def _small(picture: Image.Image) -> Image.Image:
    if max(picture.size) <= 64:
        return picture
    return picture.resize((_THUMB, _THUMB), Image.Resampling.LANCZOS)


def _thumbs(forgot: Cascade, method: str) -> tuple[str, ...]:
    """Return the maps of the cascade as pictures, each on its own scale."""
    from cnnlab.explaining import METHODS

    about = METHODS[method]
    share = 1.0 if about.at_layer and not about.signed else 0.99
    links = []
    for values in (forgot.original, *forgot.maps):
        photo = Image.new("RGB", values.shape[::-1])
        drawn = drawn_over(photo, values, signed=about.signed, opacity=1.0, share=share)
        links.append(data_link(_small(drawn.picture)))
    return tuple(links)


def _boxes(picture: controls.Picture) -> tuple[SampleBox, ...]:
    """Return the boxes of a picture; none for a learner's own and for digits."""
    if picture.own:
        return ()
    titles = {SAMPLES[sample].title: sample for sample in samples_with_boxes()}
    return boxes_of(titles[picture.title]) if picture.title in titles else ()


def _meant(asked: _Asked) -> list[SampleBox]:
    """Return the boxes of the picture whose names include the class."""
    from cnnlab.catalogue import OWN

    if asked.name == OWN:
        return []
    return [box for box in _boxes(asked.picture) if asked.target in box.classes]


def _pointed(asked: _Asked, values: Array) -> Pointed | None:
    from cnnlab import pretrained, trust

    boxes = [box.corners for box in _meant(asked)]
    if not boxes:
        return None
    return trust.point(values, boxes, view=pretrained.crop_box(asked.picture.image, asked.name))


def _estimate(asked: _Asked, todo: Sequence[str], chance: bool) -> float:
    """Return about how many seconds the measures take."""
    from cnnlab.trust import STAGES, STEPS

    walks = 2 * (STEPS + 1)
    passes = sum(walks + STAGES + (STAGES + 1) * _passes(asked, method) for method in todo)
    return pace.seconds_a_pass(asked.name) * (passes + (_ORDERS * walks if chance else 0))


def _passes(asked: _Asked, method: str) -> float:
    """Return about how many forward passes one map takes; a backward pass costs as much."""
    from cnnlab import explaining

    many = {
        "smooth_grad": 2.0 * explaining.NOISE_PICTURES,
        "integrated_gradients": 2.0 * explaining.PATH_STEPS,
        "guided_grad_cam": 4.0,
        "occlusion": _passes_of_occlusion(asked),
    }
    if method == "ablation_cam":
        usual, layers = networks.layer_sizes(asked.name)
        return float(layers[asked.layer if asked.layer in layers else usual][0])
    return many.get(method, 2.0)


def _passes_of_occlusion(asked: _Asked) -> float:
    """Return about how many passes occlusion is worth, with the window of the page."""
    from cnnlab.model_cost import input_shape
    from cnnlab.occlusion import WINDOW_COST, grid_shape, usual_window

    size = input_shape(asked.name)[1:]
    side, stride = asked.window[:2] if asked.window else usual_window(size)
    rows, columns = grid_shape(size, window=side, stride=stride)
    return rows * columns * WINDOW_COST


# Words -------------------------------------------------------------------------------------------


def _line(asked: _Asked, found: _Measured | InputError, chance: Array) -> str:
    """Write the measures of one map, each with what it is compared with."""
    if isinstance(found, InputError):
        return (
            f'<dl class="trust"><div><dt>Trust</dt><dd>{escape(_sentence(found))}</dd></div></dl>'
        )
    rows = {
        "Deletion": _against(found.deletion.curve.area, chance[:, 0], low_is_good=True),
        "Insertion": _against(found.insertion.curve.area, chance[:, 1], low_is_good=False),
        "Random weights": _weights_words(found),
        "Pointing": escape(_pointing_words(asked, found.pointed)),
    }
    cells = "".join(f"<div><dt>{name}</dt><dd>{words}</dd></div>" for name, words in rows.items())
    return f'<dl class="trust">{cells}</dl>'


def _against(area: float, by_chance: Array, *, low_is_good: bool) -> str:
    """Write an area beside those of random orders."""
    low, high = float(by_chance.min()), float(by_chance.max())
    if low <= area <= high:
        verdict = "no better than chance"
    else:
        verdict = "better than chance" if (area < low) == low_is_good else "worse than chance"
    wish = "low" if low_is_good else "high"
    return (
        f"area <b>{_number(area)}</b> ({wish} is good), in random orders {_number(low)} to "
        f"{_number(high)}: {verdict}"
    )


def _weights_words(found: _Measured) -> str:
    mean = float(np.mean(found.ranks))
    stays = (
        "much of it stays, and that part is not what was learnt"
        if mean >= _SAME
        else "the map changes, as it must"
    )
    return (
        f"similarity <b>{_number(mean)}</b> on average, {_number(found.ranks[-1])} when all "
        f"layers are random: {stays}"
    )


def _pointing_words(asked: _Asked, pointed: Pointed | None) -> str:
    from cnnlab.catalogue import OWN

    if pointed is None:
        if asked.name == OWN:
            return "needs a box around the object; the digits have none"
        boxes = _boxes(asked.picture)
        if not boxes:
            return "needs a box around the object; this picture has none"
        labels = " and ".join(box.label for box in boxes)
        return f"not for this class: the boxes here are around {labels}"
    label = " or ".join(box.label for box in _meant(asked))
    if pointed.by_chance == 1:
        return f"no test here: the {label} fills what the network sees, and no map can miss it"
    chance = f"; a place by lot would hit in {percent(pointed.by_chance)}"
    if pointed.hit:
        inside = "inside" if pointed.distance == 0 else f"{_pixels(pointed.distance)} beside"
        return f"hit: the maximum lies {inside} the box of the {label}{chance}"
    away = _pixels(pointed.distance)
    return f"miss: the maximum lies {away} beside the box of the {label}{chance}"


def _pixels(distance: float) -> str:
    number = max(1, round(distance))
    return "1 pixel" if number == 1 else f"{number} pixels"


def _sentence(error: InputError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _number(value: float) -> str:
    """Write a number between -1 and 1 with two digits that count."""
    digits = 2 if abs(value) >= 0.095 or value == 0 else 3
    text = f"{value:.{digits}f}".replace("-", "−")
    return "0" if not text.strip("−0.") else text


# Details -----------------------------------------------------------------------------------------


@st.fragment
def _details(
    page: str, asked: _Asked, results: dict[str, _Measured | InputError], chance: Array
) -> None:
    """Show the curves and the cascade of one method."""
    from cnnlab.explaining import METHODS

    good = {
        METHODS[m].title: (m, found)
        for m, found in results.items()
        if not isinstance(found, InputError)
    }
    if not good:
        return
    title = next(iter(good))
    if len(good) > 1:
        title = controls.pick("Look closer at", list(good), key=f"{page}_trust_method", width=320)
    method, found = good[title]
    trust_view(_curves(asked, found, chance), key=f"{page}_trust_curves")
    layout.prose(_caveats(asked, found))
    st.html(_STYLE + _cascade(found, title))
    times = (
        "This method multiplies by the picture: where the prepared picture is 0, the map is 0 with "
        "any weights, and so part of the similarity comes from the picture alone. "
        if method in ("input_x_gradient", "integrated_gradients")
        else ""
    )
    layout.prose(
        f"{times}From left to right the network forgets: each weight gets a random number, the "
        "last layer first. Each map has a colour scale of its own, up to its largest value. "
        "Similarity is Spearman's rank correlation of the absolute values, 1 for the same order of "
        "all pixels, near 0 for unrelated maps; SSIM compares the structure. A low similarity is "
        "necessary, not sufficient: a map of pure noise has it too. (Adebayo et al. 2018, "
        "arXiv:1810.03292)"
    )
    _all_samples(page, asked, method, title)


def _curves(asked: _Asked, found: _Measured, chance: Array) -> dict[str, Any]:
    from cnnlab.catalogue import OWN

    own = asked.name == OWN
    parts = (
        (
            "deletion",
            "Deletion",
            found.deletion,
            chance[:, 0],
            "turned black" if own else "turned grey",
        ),
        ("insertion", "Insertion", found.insertion, chance[:, 1], "made sharp"),
    )
    return {
        "shares": found.deletion.curve.shares.tolist(),
        "few": found.few,
        "curves": [
            {
                "kind": kind,
                "title": title,
                "words": f"area {_number(walk.curve.area)}, in random orders "
                f"{_number(float(by_chance.min()))} to {_number(float(by_chance.max()))}.",
                "alt": _course(walk.curve),
                "axis": f"share of the pixels {done}",
                "done": done,
                "values": [round(value, 5) for value in walk.curve.probabilities.tolist()],
                "pictures": list(walk.pictures),
            }
            for kind, title, walk, by_chance, done in parts
        ],
    }


def _course(curve: Curve) -> str:
    """Say in words where a curve begins, is in the middle, and ends."""
    first, middle, last = (
        _number(float(curve.probabilities[place])) for place in (0, len(curve.shares) // 2, -1)
    )
    return f"The probability begins at {first}, is {middle} half way and ends at {last}."


def _caveats(asked: _Asked, found: _Measured) -> str:
    first = float(found.deletion.curve.probabilities[0])
    weak = (
        f"The network gives this class only {_number(first)} at the start: there is little that "
        "deletion could take away. "
        if first < 0.05
        else ""
    )
    grain = (
        f"The pixels go in squares of {found.tile} × {found.tile}, by the mean of the map in each. "
        if found.tile > 1
        else "Single pixels in a random order are speckle, which disturbs a network more than a "
        "hole does: here even a good map may look worse than chance. "
    )
    return (
        f"{weak}{grain}The area under a curve is its mean height. Both tests show the network "
        "pictures such as it has never seen, so a fall may come from the strange picture and not "
        "from the pixel that went. (Petsiuk et al. 2018, arXiv:1806.07421)"
    )


def _cascade(found: _Measured, title: str) -> str:
    few = 'class="few" ' if found.few else ""
    total = found.counts[-1]
    captions = ["<span>the trained network</span>"]
    alts = [f"{title} of the trained network."]
    for rank, ssim, layer, count, empty in zip(
        found.ranks, found.ssims, found.layers, found.counts, found.empty, strict=True
    ):
        down = "" if count == total else f", down to {layer}"
        which = f"{count} of {total} layers random{down}"
        what = (
            "<span>an empty map</span>"
            if empty
            else (
                f"<span>similarity <b>{_number(rank)}</b></span><span>SSIM {_number(ssim)}</span>"
            )
        )
        captions.append(f"<span>{escape(which)}</span>{what}")
        alts.append(f"{title}, {which}: similarity {_number(rank)}.")
    return (
        '<div class="cascade" tabindex="0" role="group" aria-label="The map while the network \
forgets">'
        + "".join(
            f'<figure><img {few}src="{link}" alt="{escape(alt)}"><figcaption>{caption}</figcaption>'
            "</figure>"
            for link, alt, caption in zip(found.thumbs, alts, captions, strict=True)
        )
        + "</div>"
    )


# Pointing game on all samples --------------------------------------------------------------------


@dataclass(frozen=True)
class _Shot:
    """One object in one sample."""

    sample: str
    label: str
    category: str
    distance: float | None  # None where there is no map
    hit: bool


def _all_samples(page: str, asked: _Asked, method: str, title: str) -> None:
    """Offer the pointing game on all samples that have a box."""
    from cnnlab.catalogue import OWN
    from cnnlab.trust import TOLERANCE

    if asked.name == OWN:
        st.caption("The pointing game needs boxes around objects; the sample digits have none.")
        return
    window = asked.window if method == "occlusion" else None
    key = ("pointing game", method, asked.name, asked.layer, window)
    n_objects = sum(len(boxes_of(sample)) for sample in samples_with_boxes())
    seconds = pace.seconds_a_pass(asked.name) * n_objects * (_passes(asked, method) + 1)
    shots: list[_Shot] | None = work.remembered(key)
    if shots is None:
        label = f"Play the pointing game on all samples (about {about(seconds)})"
        with long_work.started(
            f"{page}_trust_pointing", key, label, icon=":material/my_location:", primary=False
        ) as going:
            if not going:
                return
            shots = work.in_queue(key, _game(asked, method), label=f"Pointing with {title}")
    hits = sum(shot.hit for shot in shots)
    st.markdown(f"**Pointing game with {title}: {hits} of {len(shots)} hits**")
    panels.table(
        ["Sample", "Object", "Class explained", "Result"],
        [[SAMPLES[shot.sample].title, shot.label, shot.category, _result(shot)] for shot in shots],
        align="llll",
        wide_only=[2],
    )
    layout.prose(
        f"A hit: the largest value lies in the box, or at most {TOLERANCE:.0f} pixels beside it, "
        "as in the paper (Zhang et al. 2016, arXiv:1608.00507). Of the classes that name the "
        "object, the one with the highest score is explained. The game judges network and map "
        "together: where the network takes the grass for the horse, an honest map misses. A large "
        "box is easy to hit, and so few pictures prove little."
    )


def _result(shot: _Shot) -> str:
    if shot.distance is None:
        return "miss: the map is empty"
    if shot.hit:
        return "hit" if shot.distance == 0 else f"hit, {_pixels(shot.distance)} beside"
    return f"miss by {_pixels(shot.distance)}"


def _game(asked: _Asked, method: str) -> Callable[[], list[_Shot]]:
    def run() -> list[_Shot]:
        import torch

        from cnnlab import loading, pretrained, trust
        from cnnlab.compute import part
        from cnnlab.samples import sample

        name = asked.name
        labels = pretrained.categories(name)
        pairs = [(key, box) for key in samples_with_boxes() for box in boxes_of(key)]
        shots = []
        with loading.using(name) as model:
            for number, (key, box) in enumerate(pairs):
                image = sample(key)
                batch = pretrained.preprocess(image, name)
                with part(number / len(pairs), (number + 1) / len(pairs)):
                    with torch.inference_mode():
                        scores = model(batch.to(next(model.parameters()).device))[0]
                    target = max(box.classes, key=lambda c: float(scores[c]))
                    view = pretrained.crop_box(image, name)
                    try:
                        values = asked.explainer(method, batch, target)(model)
                        at = trust.point(values, [box.corners], view=view)
                        shots.append(_Shot(key, box.label, labels[target], at.distance, at.hit))
                    except InputError:
                        shots.append(_Shot(key, box.label, labels[target], None, False))
        return shots

    return run
