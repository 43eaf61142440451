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
from cnnlab.stack_examples import EXAMPLES, Example

__all__ = [
    "EXAMPLES",
    "MOST_LAYERS",
    "Example",
    "Rival",
    "derive_field",
    "example_of",
    "find_layer",
    "fitting_size",
    "layer_names",
    "output_sizes",
    "parse_stack",
    "rivals",
    "usual_padding",
    "write_stack",
]

Window = Conv2d | Pool2d
MOST_LAYERS = 60
LIMITS = {"kernel": (1, 15), "stride": (1, 4), "padding": (0, 120), "dilation": (1, 16)}
SIZES = (32, 64, 128, 224)  # of the square input, in pixels
_LAYER = re.compile(r"(?P<kind>[cp])(?P<k>\d+)(?:s(?P<s>\d+))?(?:p(?P<p>\d+))?(?:d(?P<d>\d+))?")
_LONGEST = 800  # characters of a text that is looked at


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
    >>> len(parse_stack("vgg16")), len(parse_stack("resnet50"))
    (18, 50)
    """
    if text in EXAMPLES:
        text = EXAMPLES[text].stack
    if not text or len(text) > _LONGEST:
        raise InputError(
            f"a stack is a text such as c3-p2-c3: at least one layer, at most {MOST_LAYERS}"
        )
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


def example_of(layers: Sequence[Window]) -> Example | None:
    """Return the example that consists of just these layers, None for other stacks."""
    written = write_stack(layers)
    return next((found for found in EXAMPLES.values() if found.stack == written), None)


def layer_names(layers: Sequence[Window]) -> tuple[str, ...]:
    """Return what to call each layer: the names of a known network, or its number.

    Examples
    --------
    >>> layer_names(parse_stack("vgg16"))[:3], layer_names(parse_stack("c3-p2"))
    (('conv1_1', 'conv1_2', 'pool1'), ('layer 1', 'layer 2'))
    """
    found = example_of(layers)
    if found is not None and found.names:
        return found.names
    return tuple(f"layer {number}" for number in range(1, len(layers) + 1))


def find_layer(names: Sequence[str], asked: str) -> int | None:
    """Return the number of a layer that is asked for by name, counted from 1.

    Parameters
    ----------
    names : sequence of str
        As `layer_names` returns them.
    asked : str
        A name; or that of a block or a stage, which stands for its last layer; or a number.

    Returns
    -------
    int or None
        None if there is no such layer.

    Examples
    --------
    >>> vgg, resnet = (layer_names(parse_stack(name)) for name in ("vgg16", "resnet50"))
    >>> find_layer(vgg, "conv4"), find_layer(vgg, "conv4_3"), find_layer(vgg, "13")
    (13, 13, 13)
    >>> resnet[find_layer(resnet, "conv4_6") - 1], find_layer(resnet, "conv6")
    ('conv4_6c', None)
    """
    if asked in names:
        return names.index(asked) + 1
    if re.fullmatch(r"[0-9]{1,3}", asked):
        return int(asked) if 1 <= int(asked) <= len(names) else None
    inside = re.compile(re.escape(asked) + r"(?:_\d+[abc]?|[abc])")
    within = [number for number, name in enumerate(names, 1) if inside.fullmatch(name)]
    return within[-1] if within else None


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
    [55, 27, 27, 13, 13, 13, 13, 6]
    """
    named = [replace(layer, name=f"layer {number}") for number, layer in enumerate(layers, 1)]
    return [row.output_shape[1] for row in summarize(named, (1, side, side))]


def fitting_size(layers: Sequence[Window]) -> int:
    """Return the input size of a known network, else the smallest of a few with room for the field.

    Examples
    --------
    >>> [fitting_size(parse_stack(text)) for text in ("two", "lenet5", "vgg16", "c15-c15")]
    [32, 32, 224, 64]
    """
    found = example_of(layers)
    if found is not None and found.side:
        return found.side
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
