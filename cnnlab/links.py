"""A setup as the parameters of a link, and back: every state of the lesson can be shared."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.fillings import KERNEL_NAMES, filled_input, filled_weight, natural_shape
from cnnlab.kernels import KERNELS
from cnnlab.setup_changes import change, checked_value, own_input
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
_PACK_FROM = 120  # characters; shorter tables stay readable
_MOST_TEXT = 40_000  # characters of a table, unpacked
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
        else _short(top, left)
    )
    filters, kernel_rows, kernel_columns = _natural_kernel(setup.kernel)
    shape = natural_shape(setup.input) or (1, 5, 5)
    texts = {
        "operation": setup.operation,
        "input": _input_text(setup),
        "size": "x".join(map(str, setup.x.shape)) if setup.x.shape != shape else "",
        "kernel": _written(setup.weight) if setup.kernel == OWN else setup.kernel,
        "kernel_size": ""
        if setup.kernel_size == (kernel_rows, kernel_columns)
        else _short(*setup.kernel_size),
        "filters": "" if setup.filters == filters else str(setup.filters),
        "bias": "none" if setup.bias is None else _written(np.array(setup.bias)),
        "stride": _short(*setup.stride),
        "padding": padding,
        "dilation": _short(*setup.dilation),
        "output_padding": _short(*setup.output_padding),
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
            raise InputError(f"{name} is too long: {_cut(text)}")
    has_input, has_weights = _is_table(texts["input"]), _is_table(texts["kernel"])
    input_name = "random.1" if has_input else texts["input"]
    kernel_name = "random.1" if has_weights else texts["kernel"]
    filters, *kernel_size = _natural_kernel(kernel_name)
    shape = natural_shape(input_name) or (1, 5, 5)
    if "size" in texts:
        shape = _numbers("size", texts["size"], 3)  # type: ignore[assignment]
    if "kernel_size" in texts:
        kernel_size = list(_pair("kernel_size", texts["kernel_size"]))
    if "filters" in texts:
        (filters,) = _numbers("filters", texts["filters"], 1)
    (groups,) = _numbers("groups", texts["groups"], 1)
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
        x = _read(text.removeprefix(_PHOTOGRAPH), setup.x.shape, name="input")
        setup = own_input(setup, x, photograph=text.startswith(_PHOTOGRAPH))
    parts: dict[str, Any] = {}
    if has_weights:
        parts |= {
            "weight": _read(texts["kernel"], setup.weight.shape, name="kernel"),
            "kernel": OWN,
        }
    if setup.bias is not None:
        parts["bias"] = tuple(_read(texts["bias"], (setup.filters,), name="bias").tolist())
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
        raise InputError(f"flip must be yes or no, got {_cut(texts['flip'])}")
    fields["flip"] = texts["flip"] == "yes"
    for name in ("stride", "dilation", "output_padding"):
        fields[f"{name}_rows"], fields[f"{name}_columns"] = _pair(name, texts[name])
    padding = texts["padding"]
    if padding.isascii() and padding[:1].isalpha():
        return fields | {"padding": padding}
    if "." in padding:
        sides = _numbers("padding", padding.replace(".", "x"), 4)
    else:
        rows, columns = _pair("padding", padding)
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


def _short(rows: int, columns: int) -> str:
    return str(rows) if rows == columns else f"{rows}x{columns}"


def _numbers(name: str, text: str, count: int) -> tuple[int, ...]:
    parts = text.split("x")
    if len(parts) != count or not all(p.isascii() and p.isdigit() and len(p) < 7 for p in parts):
        form = "x".join(["number"] * count)
        raise InputError(f"{name} must have the form {form}, got {_cut(text)}")
    return tuple(int(part) for part in parts)


def _pair(name: str, text: str) -> tuple[int, int]:
    if "x" not in text:
        text = f"{text}x{text}"
    rows, columns = _numbers(name, text, 2)
    return rows, columns


def _is_table(text: str) -> bool:
    """Return whether a text holds numbers rather than a name."""
    return text.startswith(("z.", _PHOTOGRAPH)) or text[:1] in "-.0123456789"


def _input_text(setup: Setup) -> str:
    if setup.input == OWN_PHOTOGRAPH:
        return f"{_PHOTOGRAPH}{_written(setup.x)}"
    return _written(setup.x) if setup.input == OWN else setup.input


def _written(values: NDArray[np.float64]) -> str:
    """Return numbers as text: read back, they are exactly the same."""
    text = "_".join(repr(value).removesuffix(".0") for value in values.ravel().tolist())
    if len(text) <= _PACK_FROM:
        return text
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    return f"z.{packed}"


def _read(text: str, shape: tuple[int, ...], *, name: str) -> NDArray[np.float64]:
    """Return the numbers of a table; raise InputError unless they are all there and allowed."""
    if text.startswith("z."):
        text = _unpacked(text[2:], name=name)
    parts = text.split("_")
    if len(parts) != int(np.prod(shape)):
        wanted = " × ".join(map(str, shape))
        raise InputError(f"{name} needs {wanted} numbers, the link has {len(parts)}")
    try:
        values = [checked_value(float(part)) for part in parts]
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} holds something that is not a number") from None
    return np.array(values).reshape(shape)


def _unpacked(text: str, *, name: str) -> str:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        stream = zlib.decompressobj()
        plain = stream.decompress(data, _MOST_TEXT)
        if not stream.eof:
            raise InputError(f"{name} is cut off or too long")
        return plain.decode("ascii")
    except (binascii.Error, zlib.error, UnicodeDecodeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} is damaged") from None


def _cut(text: str) -> str:
    return repr(text if len(text) <= 30 else f"{text[:30]}…")
