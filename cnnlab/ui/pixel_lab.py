"""The parts of the lesson on images as tensors: the pixels, their indices, shuffle, shift, cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.cost import Row, summarize, totals
from cnnlab.derivations import with_unit
from cnnlab.figures.log_bars import html_log_bars
from cnnlab.figures.number_grid import number_grid
from cnnlab.figures.pictures import framed, grey_picture
from cnnlab.layers import Conv2d, Flatten, Linear
from cnnlab.percent import percent
from cnnlab.pixel_moves import Change, Fill, Peak, ShiftTest, correlation
from cnnlab.pixel_tensors import Order, flat_index
from cnnlab.ui import cache, panels
from cnnlab.ui.controls import Picture, choice, picture_picker, whole_number
from cnnlab.ui.pixel_view import pixel_view

__all__ = ["Shown", "dense_cost", "places", "settings", "shift", "shuffle", "taken", "view"]

PAGE = "images_as_tensors"
_LONGEST = [256, 128, 64, 32]
_FEWEST = 3  # columns in sight at the largest zoom
_FIRST = (57, 92)  # row, column: an eye of the first sample
_NAMES = ["red", "green", "blue"]
_ALL = "all"
_KERNELS = ["Sobel x", "Sobel y", "Laplacian", "edges"]
_DIRECTIONS = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
_FILLS: dict[str, Fill] = {
    "wraps round": "wrap",
    "zeros": "constant",
    "border": "edge",
}
_COST_FIELDS = {
    # name: label, lowest, highest, first value
    "height": ("Height H", 1, 8192, 256),
    "width": ("Width W", 1, 8192, 256),
    "channels": ("Channels C", 1, 1024, 3),
    "units": ("Units or filters", 1, 65536, 1000),
    "kernel": ("Kernel side", 1, 31, 3),
}
_COST_EXAMPLES: dict[str, tuple[int, ...]] = {
    # in the order of _COST_FIELDS
    "256 × 256 photograph, 1,000 units": (256, 256, 3, 1000, 3),
    "Digit of MNIST, 100 units": (28, 28, 1, 100, 5),
    "Picture of CIFAR-10, 100 units": (32, 32, 3, 100, 3),
    "Input of ResNet, its 64 filters of 7 × 7": (224, 224, 3, 64, 7),
    "A phone's photograph of 12 megapixels": (3024, 4032, 3, 1000, 3),
}


@dataclass(frozen=True)
class Shown:
    """What a learner looks at: the picture, its numbers, how they are shown."""

    picture: Picture
    x: NDArray[np.uint8]  # (H, W, C)
    digest: str
    unit: str
    tinted: bool

    @property
    def names(self) -> list[str]:
        """What the channels are called."""
        return _NAMES if self.x.shape[2] == 3 else ["grey"]


def settings() -> Shown:
    """Draw the controls of the picture and return what they say."""
    with st.container(horizontal=True, gap="medium"):
        picture = picture_picker(PAGE)
    with st.container(horizontal=True, gap="medium"):
        longest = choice("Longer side, pixels", _LONGEST, key=_key("side"))
        grey = choice("Channels", ["red, green, blue", "grey"], key=_key("colours")) == "grey"
        unit = choice("Values", ["0 to 255", "0 to 1"], key=_key("values"))
        drawn = (
            "grey" if grey else choice("Show one channel in", ["grey", "tinted"], key=_key("drawn"))
        )
    x, digest = cache.tensor(picture.digest, picture.image, longest=longest, grey=grey)
    kind = "uint8" if unit == "0 to 255" else "float"
    return Shown(picture, x, digest, kind, drawn == "tinted")


def view(shown: Shown) -> tuple[int, int]:
    """Draw the picture to zoom into, and return the row and the column of the chosen pixel."""
    height, width, channels = shown.x.shape
    above = st.container()
    with st.container(horizontal=True, gap="small"):
        row = _place("row", "Row", height, _FIRST[0])
        column = _place("column", "Column", width, _FIRST[1])
        across = whole_number(
            "Columns in sight (zoom)", _FEWEST, _LONGEST[0], _LONGEST[0], key=_key("across")
        )
        channel = _ALL
        if channels == 3:
            channel = choice("Channel in sight", [_ALL, *_NAMES], key=_key("channel"))
    with above:
        pixel_view(
            shown.x,
            {
                "row": row,
                "column": column,
                "across": across,
                "most": _LONGEST[0],
                "channel": [_ALL, *_NAMES].index(channel) - 1,
                "tinted": shown.tinted,
                "unit": shown.unit,
            },
            digest=shown.digest,
            alt=shown.picture.alt,
            key=_key("view"),
            on_rest=_take_rest,
        )
    before = shown.picture.image
    if before.size == (width, height):
        made = "Every pixel of the picture is here."
    else:
        made = (
            f"Made smaller from {before.height} × {before.width}: each pixel is the mean of those "
            "that it stands for."
        )
    cell = "In a cell, from the top: red, green, blue. " if channels == 3 else ""
    st.caption(
        f"{height} rows × {width} columns, counted from 0. {made} {cell}Zoom: wheel, two fingers, "
        "buttons, or + and −. Move: drag, or choose another pixel with a click or the arrow keys."
    )
    return row, column


def places(shown: Shown, row: int, column: int) -> None:
    """Show the shapes of the picture and where one pixel stands in each order."""
    height, width, channels = shown.x.shape
    st.markdown(
        f"### :blue[{height} × {width} × {channels}] = :blue[{shown.x.size:,}] numbers\n"
        "H × W × C: rows × columns × channels, as NumPy and Pillow keep them; C × H × W: "
        f"{channels} × {height} × {width}, as PyTorch does. The chosen pixel, row {row}, column "
        f"{column}:"
    )
    rows = []
    for channel, name in enumerate(shown.names):
        value = int(shown.x[row, column, channel])
        hwc, chw = (_index(shown, row, column, channel, order) for order in ("HWC", "CHW"))
        rows.append(
            [
                name,
                str(value),
                f"{value / 255:.4f}",
                f"x[{row}, {column}, {channel}]",
                f"{hwc:,}",
                f"x[{channel}, {row}, {column}]",
                f"{chw:,}",
            ]
        )
    head = ["", "uint8", "float", "H × W × C", "place HWC", "C × H × W", "place CHW"]
    panels.table(head, rows, align="lrrrrrr", wide_only=[2, 3, 5])
    hwc, chw = (_index(shown, row, column, 0, order) for order in ("HWC", "CHW"))
    st.caption(
        "Place: in the flattened vector, counted from 0. "
        f"H × W × C (NumPy, Pillow): (row · W + column) · C + channel = ({row} · {width} + "
        f"{column}) · {channels} + 0 = {hwc:,} for {shown.names[0]}. C × H × W (PyTorch): (channel "
        f"· H + row) · W + column = (0 · {height} + {row}) · {width} + {column} = {chw:,}. float = "
        "uint8 / 255. Pillow's `size` is (W, H): the width first."
    )
    _strip(shown, row, column, "HWC", "H × W × C: the channels of a pixel stand side by side")
    _strip(
        shown,
        row,
        column,
        "CHW",
        "C × H × W: beside a number stands the same channel of the next pixel",
    )


def shuffle(shown: Shown) -> None:
    """Shuffle the pixels; show what a fully connected layer and a convolution make of it."""
    with st.container(horizontal=True, gap="medium"):
        block = choice("Blocks that move, pixels a side", [1, 8, 32], key=_key("block"))
        seed = whole_number("Seed", 0, 9999, 1, key=_key("seed"))
    found = cache.shuffled_pixels(shown.digest, shown.x, _KERNELS[0], seed=seed, block=block)
    white = _strongest(found.map_before, found.map_after)
    _pictures(
        [
            (_photo(shown.x), "The picture", shown.picture.alt),
            (_photo(found.picture), f"Shuffled, seed {seed}", "The same pixels in random order."),
            (
                _response(found.map_before, white),
                "Convolution of the picture (Sobel x)",
                "Vertical edges of the picture, bright on black.",
            ),
            (
                _response(found.put_back, white),
                "Convolution of the shuffled picture, each cell put back to its pixel's place",
                "What the convolution finds in the shuffled picture, put back in order.",
            ),
        ]
    )
    equal = bool((found.before == found.with_weights).all())
    panels.table(
        ["unit", "as it was", "both shuffled", "pixels only"],
        [
            [f"{number}", *(_signed(value) for value in values)]
            for number, values in enumerate(
                zip(found.before, found.with_weights, found.alone, strict=True), 1
            )
        ],
        align="lrrr",
    )
    like = correlation(found.map_before, found.put_back)
    st.markdown(
        f"**Fully connected layer:** with its weights in the new order, {len(found.before)} of "
        f"{len(found.before)} outputs are exactly equal. To this layer both pictures are the same."
        if equal
        else "**Fully connected layer:** the outputs differ."
    )
    st.markdown(
        "**Convolution:** its map cannot be compared, one of the two is constant."
        if like is None
        else "**Convolution:** correlation of its map, put back in order, with that of the "
        f"picture: **{_two(like)}** (1: the same, 0: nothing in common)."
    )
    st.caption(
        "Both: pixels and weights. "
        f"A layer of {len(found.before)} units with random whole weights from −9 to 9 (same seed), "
        f"{shown.x.size:,} for each unit. Only whole numbers are added, so nothing is rounded."
    )


def shift(shown: Shown) -> None:
    """Move the picture by some pixels; show what changes in the vector and in a feature map."""
    with st.container(horizontal=True, gap="medium"):
        direction = choice("Direction", list(_DIRECTIONS), key=_key("direction"))
        by = whole_number("By, pixels", 0, 32, 1, key=_key("by"))
        fill = choice("What moves in", list(_FILLS), key=_key("fill"))
        kernel = choice("Kernel", _KERNELS, key=_key("kernel"))
    rows, columns = (by * step for step in _DIRECTIONS[direction])
    try:
        found = cache.shifted_pixels(
            shown.digest, shown.x, kernel, rows=rows, columns=columns, fill=_FILLS[fill]
        )
    except InputError as error:
        st.info(f"Too far: {error}.", icon=":material/open_in_full:")
        return
    moved = np.abs(found.picture.astype(np.int32) - shown.x)
    brightest = max(1, int(moved.max()))
    white = _strongest(found.map_before, found.map_after)
    _pictures(
        [
            (_photo(found.picture), "The picture, moved", shown.picture.alt),
            (
                _photo((moved * 255 // brightest).astype(np.uint8)),
                f"Change of the number at each place: black 0, brightest {brightest}",
                "The difference of both pictures: bright along edges.",
            ),
            (
                _marked(found.map_before, white, found.peak_before),
                "Feature map before, its strongest response framed",
                _where("Feature map before", found.peak_before),
            ),
            (
                _marked(found.map_after, white, found.peak_after),
                "Feature map after",
                _where("Feature map after", found.peak_after),
            ),
        ]
    )
    panels.table(["", "before", "after"], _shift_rows(shown, found), align="lrr")
    gone = (
        found.peak_after.row - found.peak_before.row,
        found.peak_after.column - found.peak_before.column,
    )
    share = found.followed / found.comparable
    st.markdown(
        f"**The vector:** {_share(found.input)} of its numbers have changed.\n\n"
        f"**The feature map:** its strongest response is as strong as before and has moved by "
        f"{_counted(gone[0], 'row')} and {_counted(gone[1], 'column')}, as the picture did. Of the "
        f"cells whose window was in both pictures, **{percent(share)}** have moved along with it "
        "(*equivariance*)."
    )


def dense_cost() -> None:
    """Show how many weights a fully connected layer on a picture needs, and a convolution."""
    above = st.container()  # the example follows from the numbers
    numbers = {}
    with st.container(horizontal=True, gap="small"):
        for name, (label, low, high, first) in _COST_FIELDS.items():
            numbers[name] = whole_number(label, low, high, first, key=_key(f"cost_{name}"))
    own, now = "Own numbers", tuple(numbers.values())
    st.session_state[_key("cost_example")] = next(
        (title for title, values in _COST_EXAMPLES.items() if values == now), own
    )
    above.selectbox(
        "Example",
        [own, *_COST_EXAMPLES],
        key=_key("cost_example"),
        on_change=_take_example,
        width=420,
    )
    height, width, channels, units, kernel = now
    shape = (channels, height, width)
    inputs = channels * height * width
    dense = totals(summarize([Flatten(), Linear(units)], shape))
    conv = summarize([Conv2d(units, kernel, padding=kernel // 2)], shape)[0]
    st.markdown(
        f"### :blue[{inputs:,}] inputs × :green[{units:,}] units = "
        f":orange[{dense.n_weights:,}] weights\n"
        f"{height} × {width} × {channels} = {inputs:,}; each unit has a weight for every number"
    )
    convolution = f"convolution, {units:,} filters of {kernel} × {kernel} × {channels}"
    layers = {"fully connected": dense, convolution: conv}
    st.html(
        html_log_bars({name: row.n_weights for name, row in layers.items()}, title="Weights"),
    )
    panels.table(
        ["layer", "weights", "biases", "memory", "outputs"],
        [_cost_row(name, row) for name, row in layers.items()],
        align="lrrrr",
    )
    st.caption(
        "Memory of weights and biases, 4 bytes each (float32; 1 MB is a million bytes). Lecture "
        "notes round 196,608 inputs to 200,000, and 196,608,000 weights to 200 million. The "
        "number of a convolution's weights does not depend on the size of the picture."
    )


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _place(name: str, label: str, length: int, first: int) -> int:
    key = _key(name)
    if key in st.session_state:  # another picture may be smaller
        st.session_state[key] = min(max(int(st.session_state[key]), 0), length - 1)
    return whole_number(label, 0, length - 1, min(first, length - 1), key=key)


def _take_rest() -> None:
    """Take over the place at which the learner came to rest."""
    for name, value in taken(st.session_state[_key("view")].get("rest")).items():
        if name != "channel" or _key(name) in st.session_state:  # a grey picture has no choice
            st.session_state[_key(name)] = value


def taken(sent: Any) -> dict[str, Any]:
    """Return the settings that a browser has sent, each within its bounds; none of them if not all.

    Examples
    --------
    >>> taken({"row": 12, "column": -1, "across": 1, "channel": 0})
    {'row': 12, 'column': 0, 'across': 3, 'channel': 'red'}
    """
    names = ("row", "column", "across", "channel")
    numbers = [sent.get(name) for name in names] if isinstance(sent, dict) else []
    whole = [number for number in numbers if isinstance(number, int)]
    if len(whole) < len(names):
        return {}
    row, column, across, channel = whole
    return {
        "row": max(0, row),
        "column": max(0, column),
        "across": min(max(across, _FEWEST), _LONGEST[0]),
        "channel": [_ALL, *_NAMES][min(max(channel, -1), 2) + 1],
    }


def _take_example() -> None:
    chosen = _COST_EXAMPLES.get(st.session_state[_key("cost_example")])
    for name, value in zip(_COST_FIELDS, chosen or (), strict=False):
        st.session_state[_key(f"cost_{name}")] = value


def _index(shown: Shown, row: int, column: int, channel: int, order: Order) -> int:
    height, width, channels = shown.x.shape
    return flat_index(row, column, channel, shape=(height, width, channels), order=order)


def _strip(shown: Shown, row: int, column: int, order: Order, words: str) -> None:
    """Draw the few numbers around the chosen pixel in the flattened vector."""
    channels = shown.x.shape[2]
    vector = (shown.x if order == "HWC" else shown.x.transpose(2, 0, 1)).ravel()
    mine = [_index(shown, row, column, channel, order) for channel in range(channels)]
    inside = mine if order == "HWC" else mine[:1]
    start = min(max(inside[0] - 4, 0), max(vector.size - 9, 0))
    part = vector[start : start + 9].astype(np.float64)
    marked = np.isin(np.arange(start, start + len(part)), inside)
    title = f"{words}. Places {start:,} to {start + len(part) - 1:,} of the vector"
    values = part if shown.unit == "uint8" else part / 255
    st.html(number_grid(values[None], title=title, marked=marked[None], decimals=3, tinted=False))


def _pictures(shown: list[tuple[Image.Image, str, str]]) -> None:
    with st.grid(len(shown), min_column_width=150):
        for picture, caption, alt in shown:
            st.image(picture, caption=caption, output_format="PNG", width="stretch", alt=alt)


def _photo(x: NDArray[np.uint8]) -> Image.Image:
    return _large(Image.fromarray(x if x.shape[2] == 3 else x[..., 0]))


def _large(picture: Image.Image) -> Image.Image:
    """Return a small picture with each pixel as a block: the browser would blur it."""
    times = max(1, _LONGEST[0] // max(picture.size))
    size = (picture.width * times, picture.height * times)
    return picture.resize(size, Image.Resampling.NEAREST)


def _strongest(*maps: NDArray[np.int64]) -> float:
    return float(max(np.abs(values).max() for values in maps))


def _response(values: NDArray[np.int64], white: float) -> Image.Image:
    size = np.abs(values).astype(np.float64)
    return _large(grey_picture(size, black=0, white=white))


def _marked(values: NDArray[np.int64], white: float, place: Peak) -> Image.Image:
    picture = _response(values, white)
    cell = picture.width / values.shape[1]
    x, y = (place.column + 0.5) * cell, (place.row + 0.5) * cell
    return framed(picture, (x - 12, y - 12, x + 12, y + 12))


def _where(title: str, place: Peak) -> str:
    return f"{title}: strongest response {place.value} in row {place.row}, column {place.column}."


def _shift_rows(shown: Shown, found: ShiftTest) -> list[list[str]]:
    change: Change = found.input
    like = "none, it is constant" if change.correlation is None else _two(change.correlation)
    return [
        ["numbers of the input that changed", "", f"{change.changed:,} of {change.total:,}"],
        ["correlation of the vector with itself before", "1", like],
        ["distance of the vector from itself before", "0", f"{change.distance:,.0f}"],
        ["to compare: distance to a plain picture of its mean", "", f"{change.plain:,.0f}"],
        [
            "a fully connected unit, random weights",
            _signed(found.dense_before),
            _signed(found.dense_after),
        ],
        [
            "strongest response of the convolution",
            f"{found.peak_before.value:,}",
            f"{found.peak_after.value:,}",
        ],
        [
            "its place: row, column",
            f"{found.peak_before.row}, {found.peak_before.column}",
            f"{found.peak_after.row}, {found.peak_after.column}",
        ],
    ]


def _cost_row(name: str, row: Row) -> list[str]:
    return [
        name,
        f"{row.n_weights:,}",
        f"{row.n_biases:,}",
        with_unit(row.weight_bytes, "B"),
        f"{row.n_activations:,}",
    ]


def _share(change: Change) -> str:
    return f"**{percent(change.changed / change.total)}**"


def _two(number: float) -> str:
    text = f"{number:.2f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def _signed(number: int) -> str:
    return f"{number:,}".replace("-", "−")


def _counted(number: int, noun: str) -> str:
    return f"{_signed(number)} {noun}{'' if abs(number) == 1 else 's'}"
