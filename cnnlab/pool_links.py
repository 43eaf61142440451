"""A pooling as the parameters of a link, and back; worked examples to start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from cnnlab.checks import InputError
from cnnlab.link_texts import (
    cut_short,
    number_pair,
    read_numbers,
    short_pair,
    whole_numbers,
    written_numbers,
)
from cnnlab.pool_inputs import natural_size, pool_input
from cnnlab.pool_setups import PoolSetup, change
from cnnlab.setups import OWN

__all__ = ["PARAMETERS", "PRESETS", "PoolPreset", "from_link", "to_link"]

_PREFIX = "pooling_"
_DEFAULTS = {
    "kind": "max",
    "windows": "sliding",
    "input": "lecture",
    "size": "",
    "kernel": "2",
    "stride": "2",
    "padding": "0",
    "output": "2",
    "ceil": "no",
    "count_pad": "yes",
}
PARAMETERS = tuple(f"{_PREFIX}{name}" for name in _DEFAULTS)
_YES = {"yes": True, "no": False}
_MOST_NAME = 40  # characters of anything but a table
_ANY_SIZE = (1, 4, 4)


def to_link(setup: PoolSetup) -> dict[str, str]:
    """Return the parameters of a link that opens `setup`; what is usual is left out.

    Examples
    --------
    >>> to_link(from_link({"pooling_stride": "1", "pooling_kind": "max"}))
    {'pooling_stride': '1'}
    """
    shape = natural_size(setup.input) or _ANY_SIZE
    texts = {
        "kind": setup.kind,
        "windows": setup.windows,
        "input": written_numbers(setup.x) if setup.input == OWN else setup.input,
        "size": "x".join(map(str, setup.x.shape)) if setup.x.shape != shape else "",
        "kernel": short_pair(*setup.kernel_size),
        "stride": short_pair(*setup.stride),
        "padding": short_pair(*setup.padding),
        "output": short_pair(*setup.output),
        "ceil": "yes" if setup.ceil_mode else "no",
        "count_pad": "yes" if setup.count_include_pad else "no",
    }
    return {f"{_PREFIX}{n}": text for n, text in texts.items() if text != _DEFAULTS[n]}


def from_link(parameters: Mapping[str, str]) -> PoolSetup:
    """Return the pooling that a link describes.

    Parameters
    ----------
    parameters : mapping
        Names of `PARAMETERS` and their texts; what is missing is as usual, other names are
        ignored.

    Returns
    -------
    PoolSetup
        The pooling and its input.

    Raises
    ------
    InputError
        If a text does not mean anything or lies outside the limits.

    Examples
    --------
    >>> from_link({"pooling_size": "1x1x2", "pooling_input": "1_2.5"}).x.tolist()
    [[[1.0, 2.5]]]
    """
    given = {n.removeprefix(_PREFIX): text for n, text in parameters.items() if n in PARAMETERS}
    texts = _DEFAULTS | {name: text for name, text in given.items() if text}
    has_table = texts["input"].startswith("z.") or texts["input"][:1] in "-.0123456789"
    for name, text in texts.items():
        if len(text) > _MOST_NAME and not (name == "input" and has_table):
            raise InputError(f"{name} is too long: {cut_short(text)}")
    for name in ("ceil", "count_pad"):
        if texts[name] not in _YES:
            raise InputError(f"{name} must be yes or no, got {cut_short(texts[name])}")
    source = "random.1" if has_table else texts["input"]
    shape = natural_size(source) or _ANY_SIZE
    if texts["size"]:
        shape = whole_numbers("size", texts["size"], 3)  # type: ignore[assignment]
    fields: dict[str, int] = {}
    for name in ("kernel", "stride", "padding", "output"):
        fields[f"{name}_rows"], fields[f"{name}_columns"] = number_pair(name, texts[name])
    setup = change(
        _FIRST,
        kind=texts["kind"],
        windows=texts["windows"],
        ceil_mode=_YES[texts["ceil"]],
        count_include_pad=_YES[texts["count_pad"]],
        input=source,
        channels=shape[0],
        height=shape[1],
        width=shape[2],
        **fields,
    )
    if has_table:
        x = read_numbers(texts["input"], setup.x.shape, name="input")
        setup = replace(setup, x=x, input=OWN)
    return setup


_FIRST = PoolSetup(pool_input("lecture", (1, 4, 4)), "lecture")


@dataclass(frozen=True)
class PoolPreset:
    """One pooling to start from.

    Parameters
    ----------
    title : str
        What a menu shows.
    section : str
        The part of the menu.
    says : str
        What to look at, in one or two sentences.
    source : str
        Where it comes from.
    settings : dict
        The parameters of its link, without their prefix.
    """

    title: str
    section: str
    says: str
    source: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def link(self) -> dict[str, str]:
        """The parameters of its link."""
        return {f"{_PREFIX}{name}": text for name, text in self.settings.items()}

    @property
    def setup(self) -> PoolSetup:
        """The pooling and its input."""
        return from_link(self.link)


_NOTES = "the worked example of lecture notes"
_ONE, _OVER, _WHOLE = "Side by side", "Overlapping, padded, cut off", "Whole maps"

PRESETS: dict[str, PoolPreset] = {
    "max": PoolPreset(
        "Max pooling, four windows", _ONE, "The largest number of each window stays.", _NOTES
    ),
    "average": PoolPreset(
        "Average pooling, four windows",
        _ONE,
        "The means are 3.25, 5.25, 2 and 2. Some slides print 3, 5, 2, 2: rounded to whole "
        "numbers.",
        _NOTES,
        {"kind": "average"},
    ),
    "l2": PoolPreset(
        "L2 pooling, four windows",
        _ONE,
        "The root of the sum of the squares: large numbers count more, but all of them count.",
        "CS231n lecture notes: “average pooling or even L2-norm pooling”",
        {"kind": "L2"},
    ),
    "second": PoolPreset(
        "Another 4 × 4",
        _ONE,
        "The largest number and the mean say different things: change the kind of pooling.",
        _NOTES,
        {"input": "second"},
    ),
    "channels": PoolPreset(
        "Three channels, each by itself",
        _ONE,
        "Pooling never mixes channels: three maps go in, three come out.",
        "two worked examples of lecture notes; the third map is made for this page",
        {"input": "maps"},
    ),
    "robust": PoolPreset(
        "6 × 6, windows of 3 × 3",
        _ONE,
        "8, 7, 6, 7. Choose the next example: the input moves by one, the output stays.",
        _NOTES,
        {"input": "robust", "kernel": "3", "stride": "3"},
    ),
    "shifted": PoolPreset(
        "The same 6 × 6, moved by one",
        _ONE,
        "33 of 36 numbers differ from the last example, and still it makes 8, 7, 6, 7.",
        _NOTES,
        {"input": "shifted", "kernel": "3", "stride": "3"},
    ),
    "overlap": PoolPreset(
        "Windows that overlap",
        _OVER,
        "Stride 1: the 6, 7 and 8 win two windows each.",
        _NOTES,
        {"stride": "1"},
    ),
    "answers": PoolPreset(
        "3 × 3 to 2 × 2",
        _OVER,
        "What a kernel answered, pooled at stride 1: every window has a 4.",
        _NOTES,
        {"input": "answers", "stride": "1"},
    ),
    "alexnet": PoolPreset(
        "3 × 3, stride 2, as in AlexNet",
        _OVER,
        "(6 − 3) / 2 + 1 = 2.5 is rounded down: the last row and column are not read.",
        "Krizhevsky and others, 2012; numbers of lecture notes",
        {"input": "robust", "kernel": "3"},
    ),
    "googlenet": PoolPreset(
        "With ceil mode, as in GoogLeNet",
        _OVER,
        "2.5 is rounded up: the last windows are cut off, and every number is read.",
        "Szegedy and others, 2015; numbers of lecture notes",
        {"input": "robust", "kernel": "3", "ceil": "yes"},
    ),
    "inception": PoolPreset(
        "3 × 3, stride 1, padding 1",
        _OVER,
        "The size stays. The padding counts as minus infinity: it never wins.",
        "the pooling branch of an Inception module, Szegedy and others, 2015",
        {"kernel": "3", "stride": "1", "padding": "1"},
    ),
    "padded": PoolPreset(
        "Average with padding",
        _OVER,
        "Zeros of the padding pull the means at the border down. Switch “padding counts” off.",
        "PyTorch, AvgPool2d: count_include_pad",
        {"kind": "average", "kernel": "3", "stride": "1", "padding": "1"},
    ),
    "global": PoolPreset(
        "Global average: one number a map",
        _WHOLE,
        "The whole map becomes its mean, whatever its size.",
        "Lin and others, Network in Network, 2014, arXiv:1312.4400",
        {"kind": "average", "windows": "global", "input": "maps"},
    ),
    "globalmax": PoolPreset(
        "Global maximum",
        _WHOLE,
        "Is the feature there at all, anywhere in the map?",
        "Keras, GlobalMaxPooling2D",
        {"windows": "global", "input": "maps"},
    ),
    "adaptive": PoolPreset(
        "Adaptive: 6 × 6 to 4 × 4",
        _WHOLE,
        "The output size is given; windows of different places overlap so that it comes out.",
        "PyTorch, AdaptiveAvgPool2d",
        {"kind": "average", "windows": "adaptive", "output": "4", "input": "robust"},
    ),
    "edges": PoolPreset(
        "Edges of a cat",
        _WHOLE,
        "A real feature map: strong edges stay in the small map.",
        "a sample photograph under the Sobel kernel and ReLU",
        {"input": "edges.cat"},
    ),
}
