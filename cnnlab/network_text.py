"""A network as one short text for a link: what stands in it can be read and typed by hand.

The parts are joined by ``_``. The first is the input, channels x rows x columns; then comes one
part for each layer::

    c64k3s2p1d1g1   convolution: channels, kernel, stride, padding, dilation, groups; nb: no bias
    p2  a3s2p1      max pooling, average pooling: kernel, stride, padding
    gap bn lrn5     global average pooling, batch norm, local response norm
    flat fc10 drop0.5   Flatten, fully connected (nb: no bias), dropout
    relu leaky relu6 sigmoid tanh silu gelu softmax
    res ... skip ... add   residual block: its body, and if there is one its shortcut
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cnnlab.checks import InputError, as_pair
from cnnlab.layers import (
    Activation,
    AdaptiveAvgPool2d,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    Pool2d,
    Residual,
)

__all__ = [
    "ACTIVATION_NAMES",
    "LIMITS",
    "MOST_LAYERS",
    "Network",
    "count_layers",
    "layer_from_text",
    "layer_to_text",
    "network_from_text",
    "network_to_text",
]

MOST_LAYERS = 200
_MOST_TEXT = 12_000  # characters
_MOST_CHANNELS, _MOST_SIDE, _MOST_WINDOW = 65536, 4096, 64
LIMITS = {
    # name: lowest, highest
    "out_channels": (1, _MOST_CHANNELS),
    "out_features": (1, _MOST_CHANNELS),
    "kernel_size": (1, _MOST_WINDOW),
    "stride": (1, _MOST_WINDOW),
    "padding": (0, _MOST_WINDOW),
    "dilation": (1, _MOST_WINDOW),
    "groups": (1, _MOST_CHANNELS),
    "size": (1, _MOST_WINDOW),
    "channels": (1, _MOST_CHANNELS),
    "rows": (1, _MOST_SIDE),
    "columns": (1, _MOST_SIDE),
}
ACTIVATION_NAMES = {
    "relu": "ReLU",
    "leaky": "LeakyReLU",
    "relu6": "ReLU6",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "silu": "SiLU",
    "gelu": "GELU",
    "softmax": "Softmax",
}
_PLAIN: dict[str, Layer] = {
    "gap": AdaptiveAvgPool2d(1),
    "bn": BatchNorm2d(),
    "flat": Flatten(),
    **{short: Activation(kind) for short, kind in ACTIVATION_NAMES.items()},
}
_N, _PAIR = r"([0-9]{1,6})", r"([0-9]{1,6}(?:x[0-9]{1,6})?)"
_CONV = re.compile(
    f"c{_N}k{_PAIR}(?:s{_PAIR})?(?:p(?:(same)|{_PAIR}))?(?:d{_PAIR})?(?:g{_N})?(nb)?"
)
_POOL = re.compile(f"([pa]){_PAIR}(?:s{_PAIR})?(?:p{_PAIR})?")
_LINEAR = re.compile(f"fc{_N}(nb)?")
_NORM = re.compile(f"lrn{_N}")
_DROPOUT = re.compile(r"drop(0(?:\.[0-9]{1,3})?|1)")
_INPUT = re.compile(f"{_N}x{_N}x{_N}")

Pair = int | tuple[int, int]


@dataclass(frozen=True)
class Network:
    """A chain of layers and the shape of its input, (C, H, W)."""

    input_shape: tuple[int, int, int]
    layers: tuple[Layer, ...] = ()


def network_to_text(network: Network) -> str:
    """Return a network as text; `network_from_text` reads back exactly the same.

    Parameters
    ----------
    network : Network
        Names of layers are not kept.

    Returns
    -------
    str
        Letters, digits, ``_`` and ``.``: nothing that a link has to rewrite.

    Raises
    ------
    InputError
        If the text has no way to say what a layer is.

    Examples
    --------
    >>> network_to_text(Network((1, 28, 28), (Conv2d(6, 5, padding=2), Activation(), Pool2d(2))))
    '1x28x28_c6k5p2_relu_p2'
    """
    text = "_".join(["x".join(map(str, network.input_shape)), *_parts(network.layers)])
    network_from_text(text)  # the limits are those of reading
    return text


def network_from_text(text: str) -> Network:
    """Return the network that a text describes.

    Whether its layers fit together is another question: a network that does not work can be
    written down, so that one can see where it breaks.

    Raises
    ------
    InputError
        In one sentence that names the part that cannot be read.

    Examples
    --------
    >>> network_from_text("3x32x32_res_c3k3p1_add_flat_fc10").layers[0]
    Residual(name='', body=(Conv2d(name='', out_channels=3, kernel_size=3, stride=1, padding=1, \
dilation=1, groups=1, bias=True),), shortcut=())
    """
    if len(text) > _MOST_TEXT:
        raise InputError(f"a network has at most {_MOST_TEXT:,} characters, this has {len(text):,}")
    first, *parts = text.split("_")
    found = _INPUT.fullmatch(first)
    if not found:
        raise InputError(
            f"part 1, {_cut(first)}, must be the input: channels x rows x columns, such as 3x32x32"
        )
    shape = tuple(
        _bounded(number, name, 1, first)
        for number, name in zip(found.groups(), ("channels", "rows", "columns"), strict=True)
    )
    layers = count_layers(parts)
    if layers > MOST_LAYERS:
        raise InputError(f"a network has at most {MOST_LAYERS} layers here, this has {layers}")
    return Network((shape[0], shape[1], shape[2]), tuple(_chain(parts)))


def count_layers(parts: Sequence[str]) -> int:
    """Return how many layers the parts of a text are; a residual block itself counts as one.

    Examples
    --------
    >>> count_layers(["res", "c3k1", "skip", "c3k1", "add", "relu"])
    4
    """
    return sum(part not in ("skip", "add") for part in parts)


def layer_to_text(layer: Layer) -> str:
    """Return the part of a text for one layer that is no residual block.

    Examples
    --------
    >>> layer_to_text(Conv2d(64, 3, stride=2, padding=1, bias=False))
    'c64k3s2p1nb'
    """
    match layer:
        case Conv2d():
            return _conv_text(layer)
        case Pool2d(kind="max" | "average", ceil_mode=False, dilation=1):
            letter = "p" if layer.kind == "max" else "a"
            stride = "" if layer.stride is None else f"s{_short(layer.stride)}"
            padding = "" if layer.padding in (0, (0, 0)) else f"p{_short(layer.padding)}"
            return f"{letter}{_short(layer.kernel_size)}{stride}{padding}"
        case Linear():
            return f"fc{layer.out_features}{'' if layer.bias else 'nb'}"
        case LocalResponseNorm():
            return f"lrn{layer.size}"
        case Dropout() if round(layer.p, 3) == layer.p:
            return "drop" + f"{layer.p:.3f}".rstrip("0").rstrip(".")
    for part, plain in _PLAIN.items():
        if layer == plain:
            return part
    raise InputError(f"a text for links has no way to say {layer!r}")


def layer_from_text(part: str, *, place: int = 1) -> Layer:
    """Return the layer of one part; `place` is what the message calls it.

    Examples
    --------
    >>> layer_from_text("p3s2")
    Pool2d(name='', kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False, kind='max')
    """

    def pair(text: str, name: str) -> Pair:
        rows, _, columns = text.partition("x")
        both = tuple(_bounded(n, name, place, part) for n in (rows, columns or rows))
        return both[0] if both[0] == both[1] else (both[0], both[1])

    if part in _PLAIN:
        return _PLAIN[part]
    if found := _CONV.fullmatch(part):
        filters, kernel, stride, same, padding, dilation, groups, no_bias = found.groups()
        return Conv2d(
            _bounded(filters, "out_channels", place, part),
            pair(kernel, "kernel_size"),
            stride=pair(stride or "1", "stride"),
            padding="same" if same else pair(padding or "0", "padding"),
            dilation=pair(dilation or "1", "dilation"),
            groups=_bounded(groups or "1", "groups", place, part),
            bias=not no_bias,
        )
    if found := _POOL.fullmatch(part):
        letter, kernel, stride, padding = found.groups()
        return Pool2d(
            pair(kernel, "kernel_size"),
            stride=None if stride is None else pair(stride, "stride"),
            padding=pair(padding or "0", "padding"),
            kind="max" if letter == "p" else "average",
        )
    if found := _LINEAR.fullmatch(part):
        features = _bounded(found[1], "out_features", place, part)
        return Linear(features, bias=not found[2])
    if found := _NORM.fullmatch(part):
        return LocalResponseNorm(_bounded(found[1], "size", place, part))
    if found := _DROPOUT.fullmatch(part):
        return Dropout(float(found[1]))
    raise InputError(f"part {place}, {_cut(part)}, is no layer")


def _parts(layers: Sequence[Layer]) -> Iterator[str]:
    for layer in layers:
        if not isinstance(layer, Residual):
            yield layer_to_text(layer)
            continue
        yield "res"
        yield from _parts(layer.body)
        if layer.shortcut:
            yield "skip"
            yield from _parts(layer.shortcut)
        yield "add"


def _chain(parts: Sequence[str]) -> Iterator[Layer]:
    """Yield the layers of all parts after the input; blocks are not nested."""
    ways: list[list[Layer]] = []  # body and shortcut of the block that is open
    for place, part in enumerate(parts, 2):
        if part == "res":
            if ways:
                raise InputError(f"part {place}: a residual block cannot stand in another one")
            ways = [[]]
        elif part in ("skip", "add") and not ways:
            raise InputError(f"part {place}: {part!r} has no 'res' before it")
        elif part == "skip":
            if len(ways) == 2:
                raise InputError(f"part {place}: a residual block has only one 'skip'")
            ways.append([])
        elif part == "add":
            yield Residual(tuple(ways[0]), tuple(ways[1]) if len(ways) == 2 else ())
            ways = []
        elif ways:
            ways[-1].append(layer_from_text(part, place=place))
        else:
            yield layer_from_text(part, place=place)
    if ways:
        raise InputError("the last residual block has no end: 'add' is missing")


def _conv_text(layer: Conv2d) -> str:
    text = f"c{layer.out_channels}k{_short(layer.kernel_size)}"
    for letter, value, usual in (
        ("s", layer.stride, 1),
        ("p", 0 if layer.padding == "valid" else layer.padding, 0),
        ("d", layer.dilation, 1),
        ("g", layer.groups, 1),
    ):
        if value not in (usual, (usual, usual)):
            text += letter + (value if isinstance(value, str) else _short(value))
    return text + ("" if layer.bias else "nb")


def _short(pair: Pair) -> str:
    rows, columns = as_pair(pair, name="size", low=0)
    return str(rows) if rows == columns else f"{rows}x{columns}"


def _bounded(text: str, name: str, place: int, part: str) -> int:
    low, high = LIMITS[name]
    number = int(text)
    if not low <= number <= high:
        raise InputError(
            f"part {place}, {_cut(part)}: {name} must be from {low} to {high}, got {number}"
        )
    return number


def _cut(text: str) -> str:
    return repr(text if len(text) <= 30 else f"{text[:30]}…")
