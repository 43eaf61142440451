"""The parts of the lesson on filters: settings, the view, two passes, Gabor filters, the camera."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from cnnlab.checks import InputError
from cnnlab.figures.filtered import Shading, shaded
from cnnlab.figures.number_grid import number_grid
from cnnlab.figures.pictures import data_link
from cnnlab.filtering import (
    BORDERS,
    direction,
    filter_picture,
    filter_twice,
    magnitude,
    products_per_pixel,
    separate,
)
from cnnlab.filters import (
    SIZES,
    Filter,
    binomial,
    box,
    classic,
    gabor,
    kernel_text,
    own_filter,
    parse_kernel,
)
from cnnlab.kernels import KERNELS
from cnnlab.percent import percent
from cnnlab.ui import layout
from cnnlab.ui.controls import Picture, choice, pick, picture_picker
from cnnlab.ui.filter_view import filter_view, send_pixels
from cnnlab.ui.live_filter import live_filter

__all__ = ["Setting", "gabor_bank", "is_gabor", "live", "settings", "two_passes", "view"]

PAGE = "filters"
Floats = NDArray[np.float64]

GRADIENTS = ("Sobel", "Prewitt", "Scharr")
OWN = "own kernel"
FILTERS = (
    *GRADIENTS,
    "box blur",
    "Gaussian blur",
    "sharpen",
    "Laplacian",
    "edges",
    "emboss",
    "Gabor",
    "identity",
    OWN,
)
PARTS = ("magnitude", "x", "y", "angle")
CHANNELS = ("grey", "red", "green", "blue", "colour")
COLOURS = ("red", "green", "blue")
SHOWN = ("usual", "0 is grey", "blue and orange", "absolute", "clipped")
DIRECTIONS = tuple(180 * step / 8 for step in range(8))
WAVELENGTHS = ("3", "4", "6")
_FIRST_OWN = kernel_text(classic("sharpen").kernel)
_TYPED = "what is typed below"
PRESETS: dict[str, Filter] = {
    name: classic(name)
    for name in KERNELS
    if name not in ("box blur", "Gaussian blur", "curve", "causal mean")
} | {f"{made(size).name} {size} × {size}": made(size) for made in (box, binomial) for size in SIZES}
_BANK_SIDE = 240  # pixels: eight small pictures need no more


@dataclass(frozen=True, eq=False)
class Setting:
    """What a learner looks at.

    Parameters
    ----------
    parts : tuple of Filter
        One filter, or the two of a gradient.
    combine : {"sum", "magnitude", "angle"}
        What is made of their answers.
    picture : Picture
        The photograph.
    channels : str
        One of `CHANNELS`.
    border : str
        One of ``BORDERS``.
    shown : str
        One of `SHOWN`.
    stage : DeltaGenerator
        Where the pictures are drawn: above the settings that are needed less often.
    """

    parts: tuple[Filter, ...]
    combine: str
    picture: Picture
    channels: str
    border: str
    shown: str
    stage: DeltaGenerator

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """The pixels that are filtered, ndarray of shape (C, H, W)."""
        if self.channels == "grey":  # Pillow's luma: 0.299 R + 0.587 G + 0.114 B, rounded
            return np.asarray(self.picture.image.convert("L"))[None]
        planes = np.ascontiguousarray(np.asarray(self.picture.image).transpose(2, 0, 1))
        if self.channels == "colour":
            return planes
        place = COLOURS.index(self.channels)
        return planes[place : place + 1]

    @property
    def name(self) -> str:
        """What the filter is called."""
        first = self.parts[0].name
        return first if self.combine == "sum" else f"{first.removesuffix(' x')}, {self.combine}"

    @cached_property
    def planes(self) -> Floats:
        """The same pixels as numbers to reckon with."""
        return self.pixels.astype(np.float64)

    @cached_property
    def sums(self) -> list[Floats]:
        """What each kernel answers, ndarrays of shape (C, H, W)."""
        return [
            filter_picture(
                self.planes, part.kernel, divisor=part.divisor, bias=part.bias, border=self.border
            )
            for part in self.parts
        ]

    def answers(self) -> tuple[Floats, Floats | None]:
        """Return the result and, for angles, the lengths; each of shape (C, H, W)."""
        if self.combine == "sum":
            return self.sums[0], None
        length = magnitude(*self.sums)
        return (length, None) if self.combine == "magnitude" else (direction(*self.sums), length)

    @property
    def rule(self) -> str:
        """How the result is drawn: one of `SHOWN` but the first, or "angle"."""
        if self.combine == "angle":
            return "angle"
        if self.shown != SHOWN[0]:
            return self.shown
        if self.combine == "magnitude":
            return "absolute"
        return "0 is grey" if abs(self.parts[0].total) < 1e-9 else "clipped"

    def shading(self, values: Floats, length: Floats | None) -> Shading:
        """Return how the result is drawn, with the numbers for black and white."""
        most = float(np.abs(values if length is None else length).max())
        return {
            "angle": Shading("angle", 0.0, most / 3),
            "0 is grey": Shading("grey", -most, most),
            "blue and orange": Shading("colours", -most, most),
            "absolute": Shading("absolute", 0.0, most),
            "clipped": Shading("grey", 0.0, 255.0),
        }[self.rule]

    def as_data(self) -> dict[str, Any]:
        """Return the filter as the browser gets it."""
        first = self.parts[0]
        return {
            "kernels": [part.kernel.tolist() for part in self.parts],
            "divisor": first.divisor,
            "bias": first.bias,
            "combine": self.combine,
            "border": self.border,
        }


def settings() -> Setting | None:
    """Draw the controls and return what they say; None, and a sentence, where that cannot be."""
    with st.container(horizontal=True, gap="medium"):
        name = pick("Filter", list(FILTERS), key=_key("filter"), width=200)
        parts, combine = _chosen(name)
    if name == OWN:
        parts = _own()
    with st.container(horizontal=True, gap="medium"):
        picture = picture_picker(PAGE)
    stage = st.container()
    with st.container(horizontal=True, gap="medium"):
        channels = choice("Channels", list(CHANNELS), key=_key("channels"))
        border = choice("Beyond the border", list(BORDERS), key=_key("border"))
        shown = pick("Shades of the output", list(SHOWN), key=_key("shown"), width=180)
    setting = Setting(parts, combine, picture, channels, border, shown, stage)
    if channels == "colour" and parts and setting.rule in ("angle", "blue and orange"):
        what = "Angles" if setting.rule == "angle" else "Blue and orange"
        stage.error(f"{what} can show one channel only: choose grey, red, green or blue.")
        return None
    return setting if parts else None


def _chosen(name: str) -> tuple[tuple[Filter, ...], str]:
    """Draw what belongs to a filter and return its kernels and how they are combined."""
    if name in GRADIENTS:
        part = choice("Part", list(PARTS), key=_key("part"))
        both = (classic(f"{name} x"), classic(f"{name} y"))
        return ((both["xy".index(part)],), "sum") if part in ("x", "y") else (both, part)
    if name in ("box blur", "Gaussian blur"):
        size = choice("Size", list(SIZES), key=_key("size"))
        return ((box if name == "box blur" else binomial)(size),), "sum"
    if name == "Gabor":
        labels = [f"{angle:g}°" for angle in DIRECTIONS]
        label = choice("Direction of the wave", labels, key=_key("direction"))
        wavelength = choice("Wavelength, pixels", list(WAVELENGTHS), key=_key("wavelength"))
        return (gabor(DIRECTIONS[labels.index(label)], float(wavelength)),), "sum"
    return () if name == OWN else (classic(name),), "sum"


def _own() -> tuple[Filter, ...]:
    """Draw the fields of an own kernel and return it; a wrong one is refused beside them."""
    with st.container(horizontal=True, gap="medium"):
        column = st.container(width=320)
        begin = column.container()  # what it shows follows from the fields
        text = column.text_area(
            "Kernel, at most 7 × 7, one row a line",
            _FIRST_OWN,
            max_chars=600,
            height=190,
            key=_key("kernel"),
            bind="query-params",
        )
        fields = st.container(width=200)
        with fields:
            divisor = st.text_input(
                "Divisor", "1", max_chars=40, key=_key("divisor"), bind="query-params"
            )
            bias = st.text_input(
                "Bias, added at the end", "0", max_chars=40, key=_key("bias"), bind="query-params"
            )
        message = st.container(width=360)
    typed = (_usual_text(text), divisor.strip(), bias.strip())
    names = {_typed(found): name for name, found in PRESETS.items()}
    st.session_state[_key("example")] = names.get(typed, _TYPED)
    begin.selectbox("Begin with", [_TYPED, *PRESETS], key=_key("example"), on_change=_take_example)
    try:
        return (own_filter(text, divisor, bias),)
    except InputError as error:
        message.error(f"This cannot be used: {error}.", icon=":material/block:")
        return ()


def _typed(found: Filter) -> tuple[str, str, str]:
    """Return what a learner would type to get a filter: kernel, divisor and bias."""
    return kernel_text(found.kernel), f"{found.divisor:g}", f"{found.bias:g}"


def _usual_text(text: str) -> str:
    """Return a typed kernel in the usual way of writing it; empty if it is none."""
    try:
        return kernel_text(parse_kernel(text))
    except InputError:
        return ""


def _take_example() -> None:
    """Write a preset into the fields."""
    found = PRESETS.get(st.session_state[_key("example")])
    if found is not None:
        for name, text in zip(("kernel", "divisor", "bias"), _typed(found), strict=True):
            st.session_state[_key(name)] = text


def view(setting: Setting) -> None:
    """Draw input and output under one cursor, and say what the output is."""
    pixels = setting.pixels
    values, length = setting.answers()
    shading = setting.shading(values, length)
    name = f"{setting.picture.digest}-{setting.channels}"
    _, height, width = pixels.shape
    title = setting.picture.title
    data: dict[str, Any] = {
        "name": name,
        "width": width,
        "height": height,
        "channels": list(COLOURS) if len(pixels) == 3 else [setting.channels],
        "inputTitle": f"Input: {title}, {width} × {height} pixels, {setting.channels}",
        "inputAlt": setting.picture.alt,
        "outputTitle": f"Output: {setting.name}",
        "outputAlt": f"The same picture after the filter {setting.name}.",
        "out": data_link(shaded(values, shading, length=length)),
        "filter": setting.as_data(),
        "shading": {"kind": shading.kind, "black": shading.black, "white": shading.white},
        "rule": setting.rule,
        "start": _telling_place(values[0] if length is None else length[0]),
    }
    with setting.stage, st.container(gap=None):
        filter_view(data, key=_key("view"))
        send_pixels(pixels, name=name, key=_key("pixels"))
    st.markdown(_range_words(values, length, shading))
    _about(setting)


def _telling_place(values: Floats) -> list[int]:
    """Return row and column of the strongest answer in the middle of the picture."""
    top, left = (side // 4 for side in values.shape)
    middle = np.abs(values[top : len(values) - top, left : values.shape[1] - left])
    row, column = np.unravel_index(middle.argmax(), middle.shape)
    return [top + int(row), left + int(column)]


def _range_words(values: Floats, length: Floats | None, shading: Shading) -> str:
    """Return which numbers there are and how they are drawn."""
    if length is not None:
        return (
            f"Angles from −180° to 180°: 0° (red) where it gets brighter to the right, 90° "
            f"(yellow-green) downwards, ±180° (cyan) to the left, −90° (violet) upwards. The "
            f"longer the gradient, the brighter, up to a third of the longest, which is "
            f"{_number(length.max())}."
        )
    low, high = float(values.min()), float(values.max())
    drawn = {
        "grey": f"black is {_number(shading.black)}, white is {_number(shading.white)}",
        "colours": f"blue is {_number(shading.black)}, white is 0, orange is "
        f"{_number(shading.white)}",
        "absolute": ("without their sign, " if low < 0 else "")
        + f"black is 0, white is {_number(shading.white)}",
        "angle": "",
    }[shading.kind]
    if shading.kind == "grey" and shading.black < 0:
        drawn += ", and the grey in the middle is 0"
    lost = int(((values < shading.black) | (values > shading.white)).sum())
    if shading.kind == "grey" and lost:
        beyond = percent(lost / values.size)
        drawn += f"; {beyond} of the numbers lie beyond and are drawn like the ends"
    return f"The output has numbers from **{_number(low)}** to **{_number(high)}**. Drawn: {drawn}."


def _about(setting: Setting) -> None:
    """Say what the filter does, and what it does to a flat area."""
    first = setting.parts[0]
    total = first.total
    if abs(total) < 1e-9:
        flat = "Its weights add up to 0, so a flat area gives "
        flat += "0." if first.bias == 0 else f"the bias, {_number(first.bias)}."
    elif abs(total - 1) < 1e-9:
        flat = "Its weights add up to 1 (after division), so flat areas keep their brightness."
    else:
        flat = f"Its weights add up to {_number(total)} (after division), so a flat area is "
        flat += f"multiplied by {_number(total)}."
    does = {
        "sum": first.does,
        "magnitude": "The length of the two answers x and y, √(x² + y²): large at edges in every "
        "direction.",
        "angle": "Where it gets brighter, from the two answers x and y.",
    }[setting.combine]
    grey = (
        "*Grey* is luma, as Pillow's mode L: 0.299 R + 0.587 G + 0.114 B (Recommendation 601) on "
        "the stored values, rounded. "
        if setting.channels == "grey"
        else ""
    )
    layout.prose(
        f"**{setting.name[0].upper() + setting.name[1:]}.** {does} {flat} Source: "
        f"{first.source}.\n\n{grey}The kernel is not flipped, as in every CNN library."
    )


def two_passes(setting: Setting) -> None:
    """Show whether a kernel is separable, its two parts, and that they give the same picture."""
    kernel = setting.parts[0]
    found = separate(kernel.kernel)
    once, twice = products_per_pixel(kernel.kernel)
    values = ", ".join(_number(value, 4) for value in found.singular_values)
    if len(setting.parts) == 2:
        layout.prose(
            f"For the kernel {kernel.name}. In that for y, column and row are exchanged; the same "
            "pair for both, as some slides print it, would give the kernel for x twice."
        )
    if found.column is None or found.row is None:
        st.markdown(
            f"**Not separable.** The singular values of the kernel are {values}: "
            f"{found.rank} of them are not 0, so its rank is {found.rank}. No single column times "
            "a single row gives this kernel."
        )
        if found.rank:
            layout.prose(
                f"It is a sum of {found.rank} such products. Done that way it would take "
                f"{found.rank} · {twice} = {found.rank * twice} products a pixel, against {once}."
            )
        return
    again = filter_twice(
        setting.planes,
        found.column,
        found.row,
        divisor=kernel.divisor,
        bias=kernel.bias,
        border=setting.border,
    )
    gap = np.abs(np.subtract(again, setting.sums[0], out=again), out=again).max()
    saved = f"{twice} products a pixel instead of {once}" if twice < once else f"{twice} products"
    st.markdown(
        f"**Separable:** a column times a row. Two passes take {saved}. Largest difference "
        f"between the two pictures: **{_tiny(gap)}**."
    )
    decimals = 0 if (kernel.kernel == np.rint(kernel.kernel)).all() else 3
    grids = [
        number_grid(found.column[:, None], title="Column", role="kernel", decimals=decimals),
        '<strong style="align-self:center;font-size:1.4rem">×</strong>',
        number_grid(found.row[None], title="Row", role="kernel", decimals=decimals),
        '<strong style="align-self:center;font-size:1.4rem">=</strong>',
        number_grid(kernel.kernel, title="Kernel", role="kernel", decimals=decimals),
    ]
    st.html(
        '<div style="display:flex;flex-wrap:wrap;gap:0.4rem 1.2rem;align-items:flex-start">'
        f"{''.join(grids)}</div>"
    )
    layout.prose(
        f"The singular values are {values}: one is not 0, so the rank is 1. First the row slides "
        "along the picture, then the column slides over what came out."
    )


def is_gabor(setting: Setting) -> bool:
    """Return whether the filter is one of Gabor's."""
    return setting.parts[0].name.startswith("Gabor")


def gabor_bank(setting: Setting) -> None:
    """Show eight directions of one wavelength, and what each answers to."""
    wavelength = float(st.session_state.get(_key("wavelength")) or WAVELENGTHS[0])
    image = setting.picture.image.convert("L")
    image.thumbnail((_BANK_SIDE, _BANK_SIDE))
    plane = np.asarray(image, dtype=np.float64)[None]
    bank = [gabor(angle, wavelength) for angle in DIRECTIONS]
    answers = [filter_picture(plane, kind.kernel, border=setting.border) for kind in bank]
    most = max(float(np.abs(answer).max()) for answer in answers)
    tiles = []
    for angle, kind, answer in zip(DIRECTIONS, bank, answers, strict=True):
        strongest = float(np.abs(kind.kernel).max())
        weights = shaded(kind.kernel[None], Shading("grey", -strongest, strongest))
        drawn = shaded(answer, Shading("grey", -most, most))
        best = float(np.abs(answer).max())
        tiles.append(
            '<figure style="margin:0;min-width:0">'
            f'<div style="display:flex;gap:0.4rem;align-items:flex-start">'
            f'<img src="{data_link(weights)}" alt="Gabor filter, wave at {angle:g} degrees" '
            f'style="width:28%;image-rendering:pixelated;border-radius:3px">'
            f'<img src="{data_link(drawn)}" alt="Its answer to the picture, at most {best:.0f}" '
            f'style="width:70%;border-radius:3px"></div>'
            f"<figcaption>{angle:g}°, up to {_number(best, 0)}</figcaption></figure>"
        )
    grid = (
        "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(12rem,45%),1fr));gap:0.9rem"
    )
    st.html(f'<div style="{grid}">{"".join(tiles)}</div>')
    st.caption(
        f"The photograph is made smaller for this, {image.width} × {image.height} pixels. Grey is "
        f"0, white {_number(most, 0)}, black −{_number(most, 0)}, the same in all eight."
    )


def live(setting: Setting) -> None:
    """Filter the camera in the browser; no frame leaves it."""
    data = {"title": setting.name, "filter": setting.as_data(), "rule": setting.rule}
    live_filter(data, key=_key("live"))


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _number(value: float, digits: int = 2) -> str:
    """Write a number with a true minus sign and no trailing zeros."""
    text = f"{float(value):,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text.replace("-", "−")


def _tiny(value: float) -> str:
    """Write a difference that is zero up to rounding."""
    if value == 0:
        return "0"
    digits, power = f"{value:.1e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digits} · 10{raised}, which is rounding"
