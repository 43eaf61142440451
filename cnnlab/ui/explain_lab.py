"""The parts of the lesson that compares explanations."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.figures.heat_pictures import Drawn, drawn_over, scale_bar
from cnnlab.figures.pictures import data_link
from cnnlab.images import to_png
from cnnlab.numerals import written
from cnnlab.ui import controls, layout, work

if TYPE_CHECKING:
    from cnnlab.explaining import Explanation

__all__ = ["cards", "explanations", "methods_picker", "shown_functions", "take_away"]

_STYLE = """
<style>
.explanations { display: grid; gap: 1.6rem 1.2rem;
  grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); }
.st-key-explanations_methods [role="toolbar"], .st-key-explanations_methods [role="toolbar"] * {
  flex-wrap: wrap; overflow: visible; }
.explanations figure { margin: 0; }
.explanations h3 { font-size: 1.05rem; margin: 0 0 0.4rem; padding: 0; }
.explanations img { width: 100%; display: block; border-radius: 4px; }
.explanations .few { image-rendering: pixelated; }
.explanations .bar { height: 0.6rem; border-radius: 2px; margin-top: 0.5rem; }
.explanations .ends { display: flex; justify-content: space-between;
  font-variant-numeric: tabular-nums; font-size: 0.9rem; }
.explanations p { margin: 0.4rem 0 0; line-height: 1.45; }
.explanations .small { font-size: 0.875rem; opacity: 0.8; }
.explanations .empty { border-left: 3px solid currentColor; padding-left: 0.6rem; }
</style>
"""
_USUAL = ("grad_cam", "saliency", "guided_backprop", "integrated_gradients")
_SHARES = {"99 % of the pixels": 0.99, "the largest value": 1.0}


def methods_picker(page: str) -> list[str]:
    """Let a learner choose the methods to compare."""
    from cnnlab.explaining import METHODS

    names = {method.title: name for name, method in METHODS.items()}  # titles stand in links
    chosen = st.pills(
        "Methods",
        list(names),
        default=[METHODS[name].title for name in _USUAL],
        selection_mode="multi",
        key=f"{page}_methods",
        bind="query-params",
        help="Ablation-CAM, SmoothGrad, integrated gradients and occlusion need many passes: "
        "seconds each.",
    )
    return [name for title, name in names.items() if title in (chosen or ())]


def explanations(
    picture: controls.Picture, name: str, *, target: int, layer: str, methods: Sequence[str]
) -> dict[str, Explanation | InputError]:
    """Return what each method says, through the shared queue; or why it cannot say anything."""
    from cnnlab.explaining import METHODS

    found: dict[str, Explanation | InputError] = {}
    for method in methods:
        place = layer if METHODS[method].at_layer else ""
        key = ("explain", method, name, picture.digest, target, place)

        def run(method: str = method, place: str = place) -> Explanation:
            from cnnlab import explaining, loading, pretrained

            batch = pretrained.preprocess(picture.image, name)
            with loading.using(name) as model:
                return explaining.explain(method, model, batch, target=target, layer=place or None)

        try:
            label = f"{METHODS[method].title} of {name}"
            found[method] = work.in_queue(key, run, label=label, own=picture.own)
        except InputError as error:
            found[method] = error
    return found


@st.fragment
def cards(
    page: str,
    seen: Image.Image,
    found: dict[str, Explanation | InputError],
    *,
    category: str,
    beside: dict[str, str] | None = None,
) -> None:
    """Show the maps side by side, each with its range, its question, its cost and its source.

    What `beside` holds for a method, HTML, stands below its map.
    """
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        opacity = st.slider(
            "Opacity of the maps",
            0.0,
            1.0,
            0.7,
            0.05,
            key=f"{page}_opacity",
            bind="query-params",
            width=220,
        )
        share = controls.choice("Colours reach to", list(_SHARES), key=f"{page}_range")
        contour = st.toggle(
            "Contours", key=f"{page}_contours", bind="query-params", help="Around half the extent."
        )
    st.html(
        f'{_STYLE}<div class="explanations">'
        + "".join(
            _card(
                method,
                seen,
                result,
                category,
                opacity,
                _SHARES[share],
                contour,
                (beside or {}).get(method, ""),
            )
            for method, result in found.items()
        )
        + "</div>"
    )


def take_away(
    page: str, seen: Image.Image, found: dict[str, Explanation | InputError], *, name: str
) -> None:
    """Offer each map as numbers and as a picture."""
    from cnnlab.explaining import METHODS

    good = {m: result for m, result in found.items() if not isinstance(result, InputError)}
    if not good or layout.is_lecture():
        return
    st.subheader("Take a map away", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Map", list(good), format_func=lambda m: METHODS[m].title, key=f"{page}_edit_file"
        )
        values, signed = good[method].values, METHODS[method].signed
        st.download_button(
            "Numbers (.npy)",
            lambda: _npy(values),
            file_name=f"{name}-{method}.npy",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Picture (.png)",
            lambda: to_png(drawn_over(seen, values, signed=signed, opacity=0.7).picture),
            file_name=f"{name}-{method}.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
        )


def shown_functions() -> tuple[Callable[..., Any], ...]:
    """Return functions that the page has just run, to show their source."""
    from cnnlab import explaining, rectifiers, trust

    return (
        explaining.gradient_of,
        explaining.integrated_gradients,
        rectifiers.ReluRule,
        trust.randomised,
        trust.deletion,
        trust.pixel_order,
        trust.point,
    )


def _npy(values: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _card(
    method: str,
    seen: Image.Image,
    result: Explanation | InputError,
    category: str,
    opacity: float,
    share: float,
    contour: bool,
    beside: str,
) -> str:
    from cnnlab.explaining import METHODS

    about = METHODS[method]
    head = f"<h3>{escape(about.title)}</h3>"
    words = (
        f"<p>{escape(about.asks)}</p><p><b>But:</b> {escape(about.caveat)}</p>"
        f'<p class="small">Cost: {escape(about.cost)}. {escape(about.source)}.</p>'
    )
    if isinstance(result, InputError):
        return f'<figure>{head}<p class="empty">{escape(str(result))}</p>{words}</figure>'
    notes = "".join(f'<p class="empty">{escape(note)}</p>' for note in _notes(result, category))
    whole = about.at_layer and not about.signed
    drawn = drawn_over(
        seen,
        result.values,
        signed=about.signed,
        opacity=opacity,
        share=1.0 if whole else share,
        contour=contour and whole,
    )
    few = 'class="few" ' if max(seen.size) <= 64 else ""
    alt = f"{about.title} for {category}: {_where(result)}."
    return (
        f'<figure>{head}<img {few}src="{data_link(drawn.picture)}" alt="{escape(alt)}">'
        f'<div class="bar" style="background:{scale_bar(signed=about.signed)}"></div>'
        f"{_range(drawn, result)}{notes}{words}{beside}</figure>"
    )


def _range(drawn: Drawn, result: Explanation) -> str:
    """Write the ends of the colours, and what lies beyond them."""
    ends = f"<span>{written(drawn.low)}</span><span>{written(drawn.high)}</span>"
    beyond = ""
    if drawn.beyond:
        beyond = (
            f'<p class="small">{100 * drawn.beyond:.1f} % of the pixels lie beyond these colours: '
            f"all values are from {written(result.low)} to {written(result.high)}.</p>"
        )
    return f'<div class="ends">{ends}</div>{beyond}'


def _notes(result: Explanation, category: str) -> list[str]:
    """Return what a reader must know to believe the map, one sentence each."""
    notes = []
    if result.high <= 0 <= result.low:
        notes.append(_EMPTY.get(result.method, _EMPTY["cam"]).format(category=category))
    if result.n_relus == 0:
        times = " times Grad-CAM" if result.method == "guided_grad_cam" else ""
        notes.append(
            "This network has no ReLU: its activations are smooth (such as SiLU or GELU) and have "
            f"no switch to change. So this map is the plain gradient{times}, whatever it is called."
        )
    elif result.n_others:
        relus = "1 ReLU follows" if result.n_relus == 1 else f"{result.n_relus} ReLUs follow"
        notes.append(
            f"{relus} the rule of this method; {result.n_others} other activations (such as hard "
            "swish) have no switch to change and pass back the plain gradient. The paper does not "
            "say what the mixture means."
        )
    if result.missing is not None:
        notes.append(
            "All numbers together miss the change of the score by "
            f"{written(abs(result.missing))} (the score is {written(result.score)}): the path was "
            "followed in steps."
        )
    return notes


_EMPTY = {
    "cam": "The map is empty: at this layer every weighted sum is negative or zero. Choose "
    "another class or another layer.",
    "deconvnet": "The map is empty: each ReLU passes back only what is positive, and at some layer "
    "nothing positive was left for “{category}”. Try another class.",
    "guided_backprop": "The map is empty: no active neuron raises the score of “{category}”.",
    "saliency": "The map is empty: the score does not change with any pixel.",
    "smooth_grad": "The map is empty: the score does not change with any pixel.",
    "input_x_gradient": "The map is empty: the prepared picture is 0 everywhere, or the score does "
    "not change with any pixel.",
    "integrated_gradients": "The map is empty: the picture is the even one at which the path "
    "begins, or the score never changes on the way.",
    "guided_grad_cam": "The map is empty: Grad-CAM or guided backpropagation is, and this is "
    "their product. Choose another class or another layer.",
    "occlusion": "The map is empty: no hidden part changes the score of “{category}”.",
}


def _where(result: Explanation) -> str:
    """Say in words where a map is strongest."""
    strength = np.abs(result.values)
    if not strength.any():
        return "empty"
    row, column = np.unravel_index(int(strength.argmax()), strength.shape)
    vertical = ("top", "middle", "bottom")[int(3 * row // strength.shape[0])]
    horizontal = ("left", "centre", "right")[int(3 * column // strength.shape[1])]
    return f"strongest at the {vertical} {horizontal}"
