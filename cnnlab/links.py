"""A setup as the parameters of a link, and back: every state of the lesson can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnlab.checks import InputError
from cnnlab.fillings import KERNEL_NAMES, filled_input, filled_weight, natural_shape
from cnnlab.kernels import KERNELS
from cnnlab.link_texts import (
    cut_short,
    number_pair,
    read_numbers,
    short_pair,
    whole_numbers,
    written_numbers,
)
from cnnlab.setup_changes import change, own_input
from cnnlab.setups import OWN, OWN_PHOTOGRAPH, Setup

__all__ = ["PARAMETERS", "setup_from_link", "setup_to_link"]

PARAMETERS = (
    "operation",
    "input",
    "size",
    "kernel",
    "kernel_size",
    "filters",
    "bias",
    "stride",
    "padding",
    "dilation",
    "output_padding",
    "groups",
    "padding_mode",
    "activation",
    "flip",
)
_DEFAULTS = {
    "operation": "convolution",
    "input": "binary",
    "kernel": "cross",
    "bias": "none",
    "stride": "1",
    "padding": "0",
    "dilation": "1",
    "output_padding": "0",
    "groups": "1",
    "padding_mode": "zeros",
    "activation": "none",
    "flip": "no",
}
_MOST_NAME = 60  # characters of anything but a table
_TABLES = ("input", "kernel", "bias")
_PHOTOGRAPH = "p."  # before the table of an input that is drawn as a photograph


def setup_to_link(setup: Setup) -> dict[str, str]:
    """Return the parameters of a link that opens `setup`; what is usual is left out.

    Parameters
    ----------
    setup : Setup
        The layer and its input.

    Returns
    -------
    dict
        Names of `PARAMETERS` and their texts. Edited numbers are written out, packed where they
        are many.

    Examples
    --------
    >>> setup_to_link(setup_from_link({"stride": "2", "filters": "1"}))
    {'stride': '2'}
    """
    (top, bottom), (left, right) = ((0, 0), (0, 0))
    if not isinstance(setup.padding, str):
        (top, bottom), (left, right) = setup.padding
    padding = (
        setup.padding
        if isinstance(setup.padding, str)
        else f"{top}.{bottom}.{left}.{right}"
        if top != bottom or left != right
        else short_pair(top, left)
    )
    filters, kernel_rows, kernel_columns = _natural_kernel(setup.kernel)
    shape = natural_shape(setup.input) or (1, 5, 5)
    texts = {
        "operation": setup.operation,
        "input": _input_text(setup),
        "size": "x".join(map(str, setup.x.shape)) if setup.x.shape != shape else "",
        "kernel": written_numbers(setup.weight) if setup.kernel == OWN else setup.kernel,
        "kernel_size": ""
        if setup.kernel_size == (kernel_rows, kernel_columns)
        else short_pair(*setup.kernel_size),
        "filters": "" if setup.filters == filters else str(setup.filters),
        "bias": "none" if setup.bias is None else written_numbers(np.array(setup.bias)),
        "stride": short_pair(*setup.stride),
        "padding": padding,
        "dilation": short_pair(*setup.dilation),
        "output_padding": short_pair(*setup.output_padding),
        "groups": str(setup.groups),
        "padding_mode": setup.padding_mode,
        "activation": setup.activation,
        "flip": "yes" if setup.flip else "no",
    }
    return {name: text for name, text in texts.items() if text and text != _DEFAULTS.get(name)}


def setup_from_link(parameters: Mapping[str, str]) -> Setup:
    """Return the setup that a link describes.

    Parameters
    ----------
    parameters : mapping
        Names of `PARAMETERS` and their texts; what is missing is as usual, other names are
        ignored.

    Returns
    -------
    Setup
        The layer and its input.

    Raises
    ------
    InputError
        If a text does not mean anything or lies outside the limits.

    Examples
    --------
    >>> setup_from_link({"size": "1x2x2", "input": "1_2_3_4.5"}).x.tolist()
    [[[1.0, 2.0], [3.0, 4.5]]]
    """
    texts = _DEFAULTS | {k: v for k, v in parameters.items() if k in PARAMETERS and v}
    for name, text in texts.items():
        if len(text) > _MOST_NAME and not (name in _TABLES and _is_table(text)):
            raise InputError(f"{name} is too long: {cut_short(text)}")
    has_input, has_weights = _is_table(texts["input"]), _is_table(texts["kernel"])
    input_name = "random.1" if has_input else texts["input"]
    kernel_name = "random.1" if has_weights else texts["kernel"]
    filters, *kernel_size = _natural_kernel(kernel_name)
    shape = natural_shape(input_name) or (1, 5, 5)
    if "size" in texts:
        shape = whole_numbers("size", texts["size"], 3)  # type: ignore[assignment]
    if "kernel_size" in texts:
        kernel_size = list(number_pair("kernel_size", texts["kernel_size"]))
    if "filters" in texts:
        (filters,) = whole_numbers("filters", texts["filters"], 1)
    (groups,) = whole_numbers("groups", texts["groups"], 1)
    setup = change(_PLAIN, **_layer_fields(texts), groups=groups)
    setup = change(
        setup,
        input=input_name,
        kernel=kernel_name,
        filters=filters,
        kernel_height=kernel_size[0],
        kernel_width=kernel_size[1],
        channels=shape[0],
        height=shape[1],
        width=shape[2],
        has_bias=texts["bias"] != "none",
    )
    if has_input:
        text = texts["input"]
        x = read_numbers(text.removeprefix(_PHOTOGRAPH), setup.x.shape, name="input")
        setup = own_input(setup, x, photograph=text.startswith(_PHOTOGRAPH))
    parts: dict[str, Any] = {}
    if has_weights:
        parts |= {
            "weight": read_numbers(texts["kernel"], setup.weight.shape, name="kernel"),
            "kernel": OWN,
        }
    if setup.bias is not None:
        parts["bias"] = tuple(read_numbers(texts["bias"], (setup.filters,), name="bias").tolist())
    return Setup(**{**vars(setup), **parts})


_PLAIN = Setup(
    filled_input("binary", (1, 5, 5)), filled_weight("cross", (1, 1, 3, 3)), "binary", "cross"
)


def _layer_fields(texts: dict[str, str]) -> dict[str, Any]:
    """Return the fields of `change` for everything but sizes and numbers."""
    fields: dict[str, Any] = {
        name: texts[name] for name in ("operation", "padding_mode", "activation")
    }
    if texts["flip"] not in ("yes", "no"):
        raise InputError(f"flip must be yes or no, got {cut_short(texts['flip'])}")
    fields["flip"] = texts["flip"] == "yes"
    for name in ("stride", "dilation", "output_padding"):
        fields[f"{name}_rows"], fields[f"{name}_columns"] = number_pair(name, texts[name])
    padding = texts["padding"]
    if padding.isascii() and padding[:1].isalpha():
        return fields | {"padding": padding}
    if "." in padding:
        sides = whole_numbers("padding", padding.replace(".", "x"), 4)
    else:
        rows, columns = number_pair("padding", padding)
        sides = (rows, rows, columns, columns)
    names = ("padding_top", "padding_bottom", "padding_left", "padding_right")
    return fields | dict(zip(names, sides, strict=True))


def _natural_kernel(name: str) -> tuple[int, int, int]:
    """Return how many filters, rows and columns a kernel has by itself."""
    if name == "volume":
        return 2, 3, 3
    if name in KERNEL_NAMES:
        rows, columns = KERNELS[KERNEL_NAMES[name]].values.shape
        return 1, rows, columns
    return 1, 3, 3


def _is_table(text: str) -> bool:
    """Return whether a text holds numbers rather than a name."""
    return text.startswith(("z.", _PHOTOGRAPH)) or text[:1] in "-.0123456789"


def _input_text(setup: Setup) -> str:
    if setup.input == OWN_PHOTOGRAPH:
        return f"{_PHOTOGRAPH}{written_numbers(setup.x)}"
    return written_numbers(setup.x) if setup.input == OWN else setup.input
