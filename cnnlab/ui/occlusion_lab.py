"""The parts of the lesson on occlusion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.figures.heat_pictures import drawn_over, scale_bar
from cnnlab.figures.occlusion import OTHERS, categories_of, shades
from cnnlab.figures.pictures import data_link
from cnnlab.numerals import written
from cnnlab.pace import about
from cnnlab.percent import percent
from cnnlab.ui import controls, layout, long_work, pace, panels, work
from cnnlab.ui.occlusion_view import occlusion_view

if TYPE_CHECKING:
    from cnnlab.correspondence import SignChange
    from cnnlab.occlusion import Occlusion

__all__ = ["Setting", "correspondence", "experiment", "settings", "shown_functions"]

PAGE = "occlusion"
_PATIENCE = 2.0  # seconds that work may take without a button
_FILLS = {
    "Mean colour": "mean",
    "Black": "black",
    "White": "white",
    "Blur": "blur",
    "Noise": "noise",
}
_STYLE = """
<style>
.occluded { display: grid; gap: 1rem 1.6rem; grid-template-columns: minmax(0, 18rem) minmax(0, 1fr);
  align-items: start; max-width: 60rem; }
.occluded img { width: 100%; display: block; border-radius: 4px; }
.occluded .few { image-rendering: pixelated; }
.occluded .ramp { height: 0.6rem; border-radius: 2px; margin-top: 0.5rem; }
.occluded .ends { display: flex; justify-content: space-between;
  font-variant-numeric: tabular-nums; font-size: 0.9rem; }
.occluded p { margin: 0 0 0.6rem; line-height: 1.5; }
.parted { display: grid; gap: 0.6rem; max-width: 60rem;
  grid-template-columns: repeat(auto-fill, minmax(6.5rem, 1fr)); margin: 0 0 0.8rem; }
.parted img { width: 100%; display: block; border-radius: 4px; }
@media (max-width: 48rem) { .occluded { grid-template-columns: minmax(0, 1fr); } }
</style>
"""


@dataclass(frozen=True)
class Setting:
    """What the learner chose."""

    name: str
    picture: controls.Picture
    target: int
    layer: str
    window: int
    stride: int
    fill: str

    @property
    def key(self) -> tuple[Any, ...]:
        """All that the result depends on."""
        where = (self.name, self.picture.digest, self.target, self.layer)
        return ("occlusion", *where, self.window, self.stride, self.fill)


# The experiment ---------------------------------------------------------------------------------


def settings(name: str, picture: controls.Picture, target: int, layer: str) -> Setting:
    """Let a learner choose the window, its step and what it shows."""
    from cnnlab.catalogue import OWN

    # A window for digits is no window for photographs: each has its own place in the link.
    if name == OWN:
        kind, most, usual = "digit_", 28, (6, 2)
    else:
        kind, most, usual = "", 224, (32, 16)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        window = controls.whole_number(
            "Window, pixels", 1, most, usual[0], key=_key(kind, "window")
        )
        stride = controls.whole_number("Step, pixels", 1, most, usual[1], key=_key(kind, "stride"))
        fill = controls.choice("The window shows", list(_FILLS), key=f"{PAGE}_fill")
    return Setting(name, picture, target, layer, window, stride, _FILLS[fill])


def _key(kind: str, name: str) -> str:
    return f"{PAGE}_{kind}{name}"


def experiment(setting: Setting) -> None:
    """Slide the window, at once or on demand, and play what came out."""
    from cnnlab.model_cost import input_shape
    from cnnlab.occlusion import WINDOW_COST, grid_shape

    size = input_shape(setting.name)[1:]
    rows, columns = grid_shape(size, window=setting.window, stride=setting.stride)
    count = rows * columns
    needs = pace.seconds_a_pass(setting.name) * count * WINDOW_COST
    with long_work.started(
        f"{PAGE}_start",
        setting.key,
        f"Slide the window over {count:,} positions (about {about(needs)})",
        icon=":material/play_arrow:",
        ask=needs > _PATIENCE,
    ) as going:
        if not going:
            return
        film = work.in_queue(
            setting.key,
            lambda: _slide(setting),
            label=f"Sliding the window, {count:,} positions",
            own=setting.picture.own,
        )
    _show(setting, film)


@dataclass(frozen=True)
class _Film:
    """What occlusion found, with the pictures that the page shows."""

    found: Occlusion
    seen: Image.Image
    filled: Image.Image


def _slide(setting: Setting) -> _Film:
    from cnnlab import loading, occlusion, pretrained

    batch = pretrained.preprocess(setting.picture.image, setting.name)
    baseline = occlusion.filling(batch, setting.name, setting.fill)
    with loading.using(setting.name) as model:
        found = occlusion.occlude(
            model,
            batch,
            baseline,
            target=setting.target,
            window=setting.window,
            stride=setting.stride,
            layer=setting.layer,
        )
    seen, filled = (pretrained.as_seen(part, setting.name) for part in (batch, baseline))
    return _Film(found, seen, filled)


def _show(setting: Setting, film: _Film) -> None:
    from cnnlab import pretrained

    names = pretrained.categories(setting.name)
    found, label = film.found, pretrained.categories(setting.name)[setting.target]
    for note in _notes(found, label):
        st.info(note, icon=":material/info:")
    rows, columns = found.score.shape
    occlusion_view(
        {
            "alt": setting.picture.alt,
            "picture": data_link(film.seen),
            "fill": data_link(film.filled),
            "size": [*found.size],
            "rows": rows,
            "columns": columns,
            "boxes": found.boxes.tolist(),
            "maps": [
                _probabilities(found, label),
                _classes(found, setting.target, names),
                _strengths(found, setting.layer),
            ],
        },
        key=f"{PAGE}_film",
    )
    layout.prose(
        "Dark on the map of the probability: without this part the class is **less** likely, so "
        "the network "
        "used it. The map shows what this window hides, at this size and with this filling; it "
        "does not show parts that only count together, and a hard edge of the window is itself "
        "something new to the network. Try another filling. The last map follows the feature map "
        "of the layer whose cells add up to most for the whole picture."
    )
    _per_pixel(film, label)


def _probabilities(found: Occlusion, label: str) -> dict[str, Any]:
    values = found.probability.ravel()
    high = max(float(values.max()), found.clean_probability)
    whole = percent(found.clean_probability)
    return {
        "title": f"Probability of “{label}”",
        "colours": shades(values, 0.0, high),
        "ramp": scale_bar(signed=False),
        "low": "0 %",
        "high": percent(high),
        "words": [f"{percent(float(p))}; {whole} without the window." for p in values],
    }


def _classes(found: Occlusion, target: int, names: list[str]) -> dict[str, Any]:
    shown = categories_of(found.best, first=target)
    by_index = {category.index: category for category in shown}
    cells = [by_index.get(int(index), by_index.get(OTHERS)) for index in found.best.ravel()]
    total = found.best.size
    return {
        "title": "Most likely class",
        "colours": [cell.colour for cell in cells if cell],
        "marks": [cell.mark for cell in cells if cell],
        "inks": [cell.ink for cell in cells if cell],
        "words": [
            f"{names[int(index)]}; {names[found.clean_best]} without the window."
            for index in found.best.ravel()
        ],
        "legend": [
            {
                "mark": category.mark,
                "colour": category.colour,
                "ink": category.ink,
                "name": "other classes" if category.index == OTHERS else names[category.index],
                "where": f"{category.count} of all {total:,} positions, {_around(category.where)}",
            }
            for category in shown
        ],
    }


def _around(where: str) -> str:
    return where if where == "everywhere" else f"around the {where}"


def _strengths(found: Occlusion, layer: str) -> dict[str, Any]:
    values = np.zeros(found.score.shape) if found.strength is None else found.strength
    clean = found.clean_strength or 0.0
    low = min(0.0, float(values.min()), clean)
    high = max(float(values.max()), clean)
    return {
        "title": f"Strength of map {found.channel} of {layer}",
        "colours": shades(values, low, high),
        "ramp": scale_bar(signed=False),
        "low": written(low),
        "high": written(high),
        "words": [
            f"Its cells add up to {written(float(v))}; {written(clean)} without the window."
            for v in values.ravel()
        ],
    }


def _notes(found: Occlusion, label: str) -> list[str]:
    """Return what a reader must know to understand the maps."""
    notes = []
    if found.clean_best != -1 and found.clean_probability < 1e-4:
        notes.append(
            f"The network gives “{label}” {percent(found.clean_probability)}: there is hardly "
            "anything that a window could take away. Choose a class that it gives more."
        )
    if not np.abs(found.score - found.clean_score).max() > 1e-5 * max(1, abs(found.clean_score)):
        notes.append(
            "No window changes the score: the window shows what was there before, as on a "
            "picture of one colour. Let it show something else."
        )
    if found.clean_strength is not None and found.clean_strength <= 0:
        notes.append(
            "At this layer no map adds up to more than 0: its numbers come before the ReLU, or it "
            "is silent. Choose another layer for the third map."
        )
    return notes


def _per_pixel(film: _Film, label: str) -> None:
    """Show the fall of the score for each pixel, as other methods show theirs."""
    found = film.found
    values = found.attribution()
    drawn = drawn_over(film.seen, values, signed=True, opacity=0.7)
    few = 'class="few" ' if max(film.seen.size) <= 64 else ""
    top, left = np.unravel_index(int(np.argmin(found.score)), found.score.shape)
    fall = found.clean_score - float(found.score.min())
    most = float(found.probability.ravel()[int(np.argmin(found.score))])
    alt = f"How much the score of {label} falls where each pixel is hidden."
    st.subheader("For each pixel: by how much the score falls", anchor=False)
    st.html(
        f'{_STYLE}<div class="occluded"><div><img {few}src="{data_link(drawn.picture)}" '
        f'alt="{escape(alt)}"><div class="ramp" style="background:{scale_bar(signed=True)}"></div>'
        f'<div class="ends"><span>{written(drawn.low)}</span><span>{written(drawn.high)}</span>'
        f"</div></div><div><p>The score of “{escape(label)}” falls most, by {written(fall)}, with "
        f"the window in row {top + 1}, column {left + 1}: the probability is then "
        f"{percent(most)}. The score is the number before the softmax; the probability may fall "
        "more elsewhere, where other classes gain.</p><p>Each pixel has the mean over all windows "
        "that hide it. Orange: without it the score falls. Blue: without it the score rises. All "
        f"values are from {written(float(values.min()))} to {written(float(values.max()))}.</p>"
        "<p>The map is as "
        "coarse as the window: it does not say which pixels inside it count.</p></div></div>"
    )


# Correspondence ---------------------------------------------------------------------------------


def correspondence(name: str, layer: str) -> None:
    """Compare parts of several pictures by how alike the features change without them."""
    from cnnlab.correspondence import Part, prepared

    group = prepared(name)
    st.markdown(f"**Your own part** on all {group.title}, in percent of the picture")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        most = round(100 * (1 - group.width)), round(100 * (1 - group.height))
        left = st.slider(
            "From the left", 0, most[0], 8, key=f"{PAGE}_left", bind="query-params", width=220
        )
        top = st.slider(
            "From the top", 0, most[1], 6, key=f"{PAGE}_top", bind="query-params", width=220
        )
    own = Part("your part", left / 100, top / 100)
    _pictures(name, own)
    draws = 6
    passes = len(group.images) * 2 * (len(group.parts) + 1 + 2 * draws)
    needs = pace.seconds_a_pass(name) * passes
    wanted = (name, layer, left, top)

    def run() -> dict[str, dict[str, SignChange]]:
        from cnnlab import loading, pretrained
        from cnnlab.correspondence import compare_parts

        batches = [pretrained.preprocess(image, name) for image in group.images]
        with loading.using(name) as model:
            return compare_parts(
                model,
                batches,
                (*group.parts, own),
                size=(group.width, group.height),
                layer=layer,
                draws=draws,
            )

    with long_work.started(
        f"{PAGE}_compare",
        wanted,
        f"Hide each part in all {group.title} (about {about(needs)})",
        icon=":material/compare_arrows:",
        primary=False,
        ask=needs > _PATIENCE,
    ) as going:
        if not going:
            return
        found = work.in_queue(("parts", *wanted), run, label="Hiding the parts")
    panels.table(
        ["Hidden part", f"Layer {layer}", "Class scores"],
        [
            [part, *(f"{value.mean:.3f} ± {value.spread:.3f}" for value in by_layer.values())]
            for part, by_layer in found.items()
        ],
        align="lrr",
    )
    st.markdown("  \n".join(_verdict(found, at) for at in next(iter(found.values()))))


def _verdict(found: dict[str, dict[str, SignChange]], at: str) -> str:
    """Say which part a layer knows best, and how one random place does."""
    from cnnlab.correspondence import SAME_PLACE, most_alike

    place, part = f"{found[SAME_PLACE][at].mean:.3f}", most_alike(found, at)
    if part is None:
        return f"**{at}**: no part is below {SAME_PLACE}, {place}."
    return (
        f"**{at}**: smallest without **{part}**, {found[part][at].mean:.3f}; {SAME_PLACE}: {place}."
    )


def _pictures(name: str, own: Any) -> None:
    """Show the pictures with the frames of the parts."""
    from cnnlab import pretrained
    from cnnlab.correspondence import pixel_box, prepared

    group = prepared(name)
    tiles = []
    for number, image in enumerate(group.images, 1):
        batch = pretrained.preprocess(image, name)
        seen = pretrained.as_seen(batch, name)
        zoom = max(1, 224 // seen.width)
        large = seen.resize((seen.width * zoom, seen.height * zoom), Image.Resampling.NEAREST)
        for part in (*group.parts, own):
            box = pixel_box(batch, part.left, part.top, group.width, group.height)
            _frame(large, tuple(zoom * side for side in box), thick=part is own)
        names = ", ".join(part.name for part in group.parts)
        tiles.append(
            f'<img src="{data_link(large)}" alt="Picture {number} of the {group.title} with '
            f'frames around {names} and your part.">'
        )
    st.html(f'{_STYLE}<div class="parted">{"".join(tiles)}</div>')
    st.caption(
        f"Thin frames: {', '.join(part.name for part in group.parts)}. Thick frame: your part. "
        f"{group.title.capitalize()}: {group.credit}."
    )


def _frame(picture: Image.Image, box: tuple[int, ...], *, thick: bool) -> None:
    from PIL import ImageDraw

    top, left, bottom, right = box
    draw = ImageDraw.Draw(picture)
    corners = [left, top, right - 1, bottom - 1]
    draw.rectangle(corners, outline="white", width=7 if thick else 3)
    inner = [left + 1, top + 1, right - 2, bottom - 2]
    draw.rectangle(inner, outline=(158, 28, 134) if thick else "black", width=5 if thick else 1)


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import correspondence, occlusion, window_spans

    return occlusion.occlude, occlusion.spread, window_spans.touched, correspondence.sign_change
