"""Numbers as the texts of a link, and back: short, readable where few, packed where many."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import InputError
from cnnlab.setup_changes import checked_value

__all__ = [
    "cut_short",
    "number_pair",
    "read_numbers",
    "short_pair",
    "whole_numbers",
    "written_numbers",
]

_PACK_FROM = 120  # characters; shorter tables stay readable
_MOST_TEXT = 40_000  # characters of a table, unpacked


def short_pair(rows: int, columns: int) -> str:
    """Return rows and columns as text, one number where they are equal."""
    return str(rows) if rows == columns else f"{rows}x{columns}"


def whole_numbers(name: str, text: str, count: int) -> tuple[int, ...]:
    """Return the numbers of a text such as "3x4"; raise InputError unless there are `count`."""
    parts = text.split("x")
    if len(parts) != count or not all(p.isascii() and p.isdigit() and len(p) < 7 for p in parts):
        form = "x".join(["number"] * count)
        raise InputError(f"{name} must have the form {form}, got {cut_short(text)}")
    return tuple(int(part) for part in parts)


def number_pair(name: str, text: str) -> tuple[int, int]:
    """Return rows and columns of a text; one number stands for both."""
    if "x" not in text:
        text = f"{text}x{text}"
    rows, columns = whole_numbers(name, text, 2)
    return rows, columns


def written_numbers(values: NDArray[np.float64]) -> str:
    """Return numbers as text: read back, they are exactly the same."""
    text = "_".join(repr(value).removesuffix(".0") for value in values.ravel().tolist())
    if len(text) <= _PACK_FROM:
        return text
    packed = base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")
    return f"z.{packed}"


def read_numbers(text: str, shape: tuple[int, ...], *, name: str) -> NDArray[np.float64]:
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


def cut_short(text: str) -> str:
    """Return a text in quotes, short enough for a message."""
    return repr(text if len(text) <= 30 else f"{text[:30]}…")
