"""Stacks of convolutions and poolings as one short text, such as ``c3-c3-p2-c3d2``.

A layer is its kind and its window: ``c3`` is a convolution with a 3 × 3 kernel, ``p2`` a pooling
over 2 × 2. After that may stand, in this order, ``s`` for the stride, ``p`` for the padding and
``d`` for the dilation. What is left out is as usual: a convolution has stride 1 and the padding
that keeps the size, a pooling has stride 2 and no padding; the dilation is 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cnnlab.checks import InputError, in_range
from cnnlab.cost import summarize, totals
from cnnlab.derivations import Line, with_minus
from cnnlab.layers import Conv2d, Pool2d, window_along
from cnnlab.receptive import ReceptiveField, receptive_field, receptive_fields
from cnnlab.shapes import same_padding

__all__ = [
    "EXAMPLES",
    "MOST_LAYERS",
    "Example",
    "Rival",
    "derive_field",
    "fitting_size",
    "output_sizes",
    "parse_stack",
    "rivals",
    "usual_padding",
    "write_stack",
]

Window = Conv2d | Pool2d
MOST_LAYERS = 20
LIMITS = {"kernel": (1, 15), "stride": (1, 4), "padding": (0, 120), "dilation": (1, 16)}
SIZES = (32, 64, 128, 224)  # of the square input, in pixels
_LAYER = re.compile(r"(?P<kind>[cp])(?P<k>\d+)(?:s(?P<s>\d+))?(?:p(?P<p>\d+))?(?:d(?P<d>\d+))?")
_LONGEST = 400  # characters of a text that is looked at


@dataclass(frozen=True)
class Example:
    """A stack worth seeing: what to call it, its text, and what to notice."""

    title: str
    stack: str
    notice: str


EXAMPLES: dict[str, Example] = {
    "two": Example("Two 3 × 3", "c3-c3", "Two small kernels see as far as one of 5 × 5."),
    "three": Example("Three 3 × 3", "c3-c3-c3", "Three small kernels see as far as one of 7 × 7."),
    "seven": Example("One 7 × 7", "c7", "The same region at once, with more weights."),
    "pooling": Example(
        "Convolution, pooling, convolution",
        "c3-p2-c3",
        "After the pooling, cells are 2 pixels apart, so the same kernel reaches twice as far.",
    ),
    "dilated": Example(
        "Dilated: 1, 2, 4, 8",
        "c3-c3d2-c3d4-c3d8",
        "The field doubles with every layer, and the feature map stays as large as the input.",
    ),
    "alexnet": Example(
        "AlexNet's convolutions",
        "c11s4p2-p3-c5-p3-c3-c3-c3",
        "Strides at the start make cells 16 pixels apart; from then on each layer adds 32 pixels.",
    ),
    "vgg16": Example(
        "VGG-16 up to conv5_3",
        "c3-c3-p2-c3-c3-p2-c3-c3-c3-p2-c3-c3-c3-p2-c3-c3-c3",
        "Only 3 × 3 kernels, and the last cells see 196 × 196 pixels of 224 × 224.",
    ),
}


def parse_stack(text: str) -> tuple[Window, ...]:
    """Return the layers that a text stands for.

    Parameters
    ----------
    text : str
        The name of one of `EXAMPLES`, or layers with a hyphen between them.

    Returns
    -------
    tuple of Conv2d and Pool2d
        From the input on. Convolutions have one filter: their number changes no field.

    Raises
    ------
    InputError
        If the text is no stack, or a number lies outside `LIMITS`.

    Examples
    --------
    >>> parse_stack("c5-p2") == (Conv2d(1, 5, padding=2), Pool2d(2, stride=2))
    True
    >>> len(parse_stack("vgg16"))
    17
    """
    if text in EXAMPLES:
        text = EXAMPLES[text].stack
    if not text or len(text) > _LONGEST:
        raise InputError("a stack is a text such as c3-p2-c3: at least one layer, at most 20")
    parts = text.split("-")
    if len(parts) > MOST_LAYERS:
        raise InputError(f"a stack has at most {MOST_LAYERS} layers, this one has {len(parts)}")
    return tuple(_layer(part, number) for number, part in enumerate(parts, 1))


def write_stack(layers: Sequence[Window]) -> str:
    """Return the shortest text that `parse_stack` reads as these layers.

    Examples
    --------
    >>> write_stack(parse_stack("c3s1p1-p2s2p0d1"))
    'c3-p2'
    """
    return "-".join(_written(layer) for layer in layers)


def usual_padding(layer: Window) -> int:
    """Return the padding that a layer gets if its text names none."""
    if isinstance(layer, Pool2d):
        return 0
    window = window_along(layer, 0)
    return same_padding(window.kernel_size, dilation=window.dilation)[0]


def output_sizes(layers: Sequence[Window], side: int) -> list[int]:
    """Return how many cells a square input of `side` pixels has after each layer, a side.

    Raises
    ------
    LayerError
        If a layer cannot take what it gets; it says which one.

    Examples
    --------
    >>> output_sizes(parse_stack("alexnet"), 224)
    [55, 27, 27, 13, 13, 13, 13]
    """
    named = [replace(layer, name=f"layer {number}") for number, layer in enumerate(layers, 1)]
    return [row.output_shape[1] for row in summarize(named, (1, side, side))]


def fitting_size(layers: Sequence[Window]) -> int:
    """Return the smallest of a few input sizes in which the field of the last layer has room.

    Examples
    --------
    >>> fitting_size(parse_stack("two")), fitting_size(parse_stack("vgg16"))
    (32, 224)
    """
    seen = receptive_field(layers).size or SIZES[-1]
    return next((side for side in SIZES if 2 * side >= 3 * seen), SIZES[-1])


def derive_field(layers: Sequence[Window], number: int) -> list[Line]:
    """Return how the receptive field after one layer follows from the one before, in numbers.

    Parameters
    ----------
    layers : sequence of Conv2d and Pool2d
        The stack; square windows.
    number : int
        The layer, counted from 1.

    Returns
    -------
    list of Line
        For size, jump and start.

    References
    ----------
    .. [1] Araujo, Norris and Sim, 2019, "Computing receptive fields of convolutional neural
       networks", Distill, equations 2 and 5.

    Examples
    --------
    >>> derive_field(parse_stack("c3-p2-c3"), 3)[0].numbers
    '4 + (3 − 1) · 1 · 2'
    """
    number = in_range(number, name="layer", low=1, high=len(layers))
    before = ReceptiveField(), *receptive_fields(layers)
    old, new, layer = before[number - 1], before[number], layers[number - 1]
    window = window_along(layer, 0)
    first = with_minus(old.start)
    return [
        Line(
            "Size",
            "size + (kernel − 1) · dilation · jump",
            f"{old.size:,} + ({window.kernel_size} − 1) · {window.dilation} · {old.jump:,}",
            f"{new.size:,}",
        ),
        Line("Jump", "jump · stride", f"{old.jump:,} · {window.stride}", f"{new.jump:,}"),
        Line(
            "Start",
            "start − padding · jump",
            f"{first} − {window.padding[0]} · {old.jump:,}",
            with_minus(new.start),
        ),
    ]


@dataclass(frozen=True)
class Rival:
    """One of several stacks that see the same region, with what it costs."""

    title: str
    stack: str
    sees: int
    n_weights: int
    per_square: int  # weights, as a multiple of the channels squared


def rivals(channels: int) -> list[list[Rival]]:
    """Return stacks of small kernels beside one large kernel that sees as much.

    Parameters
    ----------
    channels : int
        C, the channels that each layer gets and makes; biases are left out.

    Returns
    -------
    list of list of Rival
        Two groups, the large kernel first in each.

    References
    ----------
    .. [1] Simonyan and Zisserman, 2015, arXiv:1409.1556, section 2.3.

    Examples
    --------
    >>> [[rival.n_weights for rival in group] for group in rivals(10)]
    [[2500, 1800], [4900, 2700]]
    """
    channels = in_range(channels, name="channels", low=1, high=4096)
    named = [
        [("One 5 × 5", "c5"), ("Two 3 × 3", "c3-c3")],
        [("One 7 × 7", "c7"), ("Three 3 × 3", "c3-c3-c3")],
    ]
    groups = []
    for group in named:
        found = []
        for title, stack in group:
            layers = [
                Conv2d(channels, layer.kernel_size, padding=layer.padding, bias=False)
                for layer in parse_stack(stack)
            ]
            weights = totals(summarize(layers, (channels, 7, 7))).n_weights
            sees = receptive_field(layers).size or 0
            found.append(Rival(title, stack, sees, weights, weights // channels**2))
        groups.append(found)
    return groups


def _layer(part: str, number: int) -> Window:
    """Return one layer of a text."""
    match = _LAYER.fullmatch(part) if part.isascii() else None
    if match is None:
        raise InputError(
            f"layer {number}, “{part[:20]}”, is no layer: write c3 for a 3 × 3 convolution or p2 "
            "for a 2 × 2 pooling, then if need be s, p and d with a number, as in c3s2p1d1"
        )
    given = {
        name: None if match[letter] is None else _number(match[letter], name, number)
        for name, letter in zip(LIMITS, "kspd", strict=True)
    }
    kernel_size, dilation = given["kernel"] or 1, given["dilation"] or 1
    padding = given["padding"]
    if match["kind"] == "c":
        usual = same_padding(kernel_size, dilation=dilation)[0]
        return Conv2d(
            1,
            kernel_size,
            stride=given["stride"] or 1,
            padding=usual if padding is None else padding,
            dilation=dilation,
        )
    if (padding or 0) > kernel_size // 2:
        raise InputError(
            f"layer {number}: the padding of a pooling is at most half its window, here "
            f"{kernel_size // 2}, got {padding}"
        )
    return Pool2d(kernel_size, given["stride"] or 2, padding or 0, dilation)


def _number(digits: str, name: str, number: int) -> int:
    low, high = LIMITS[name]
    if len(digits) > 3 or not low <= int(digits) <= high:
        raise InputError(f"layer {number}: the {name} must be from {low} to {high}, got {digits}")
    return int(digits)


def _written(layer: Window) -> str:
    conv, window = isinstance(layer, Conv2d), window_along(layer, 0)
    text = f"{'c' if conv else 'p'}{window.kernel_size}"
    for letter, value, usual in (
        ("s", window.stride, 1 if conv else 2),
        ("p", window.padding[0], usual_padding(layer)),
        ("d", window.dilation, 1),
    ):
        text += "" if value == usual else f"{letter}{value}"
    return text
