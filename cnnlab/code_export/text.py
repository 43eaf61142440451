"""What the scripts of all frameworks share: the headline, the numbers, calls that fit on a line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnlab.setups import Setup
from cnnlab.trace import Trace

__all__ = [
    "NO_SIDES",
    "NUMPY_MODE",
    "WIDTH",
    "call_lines",
    "headline",
    "is_flipped",
    "numbers",
    "padding_comment",
    "pair_text",
    "script",
]

Floats = NDArray[np.float64]
WIDTH = 99  # characters a line
_WIDEST_ALIGNED = 6  # characters of a number; longer ones are not lined up
NO_SIDES = ((0, 0), (0, 0))
NUMPY_MODE = {  # an argument of np.pad
    "zeros": "",
    "reflect": ', mode="reflect"',
    "replicate": ', mode="edge"',
    "circular": ', mode="wrap"',
}


def script(*parts: list[str]) -> str:
    """Return the parts that are not empty, with a blank line between them."""
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def headline(setup: Setup, trace: Trace, framework: str) -> str:
    """Return a comment that says what the layer makes of what."""
    sizes = [
        " × ".join(map(str, shape))
        for shape in (
            setup.x.shape,
            (setup.channels // setup.groups, *setup.kernel_size),
            trace.result.values.shape,
        )
    ]
    kernels = "1 kernel" if setup.filters == 1 else f"{setup.filters} kernels"
    return (
        f"# {'Transposed convolution' if setup.is_transposed else 'Convolution'} in {framework}: "
        f"input {sizes[0]}, {kernels} of {sizes[1]}, output {sizes[2]}."
    )


def numbers(setup: Setup, trace: Trace, *, call: str, options: str = "") -> list[str]:
    """Return the lines that define input, weights and bias."""
    axes = "(C, K / groups, kH, kW)" if setup.is_transposed else "(K, C / groups, kH, kW)"
    if setup.groups == 1:
        axes = axes.replace(" / groups", "")
    lines = [f"# The input, shape (C, H, W) = {setup.x.shape}."]
    lines += _array("x", setup.x, trace.source.planes, call, options)
    lines.append(f"# The weights, shape {axes} = {setup.weight.shape}.")
    lines += _array("weight", setup.weight, trace.weight.planes, call, options)
    if setup.bias is not None:
        each = "" if setup.filters == 1 else ", one for each feature map"
        lines.append(f"# The bias{each}.")
        lines += _array("bias", np.array(setup.bias), (), call, options)
    return lines


def _array(
    name: str, values: Floats, planes: tuple[str, ...], call: str, options: str
) -> list[str]:
    """Return the lines of ``name = call(values, options)``, one row of numbers a line."""
    texts = [_written(value) for value in values.ravel().tolist()]
    width = max(map(len, texts))
    if width <= _WIDEST_ALIGNED:
        texts = [text.rjust(width) for text in texts]
    length, ndim = values.shape[-1], values.ndim
    if len(texts) == length:  # one row only
        line = f"{name} = {call}{'[' * ndim}{', '.join(texts)}{']' * ndim}{options})"
        if len(line) <= WIDTH:
            return [line]
    lines = [f"{name} = {call}["]
    for row in range(len(texts) // length):
        place = np.unravel_index(row, values.shape[:-1])
        first = _brackets([i == 0 for i in place])
        last = _brackets([i == n - 1 for i, n in zip(place, values.shape[:-1], strict=True)])
        indent = " " * (3 + ndim - first)
        text = _wrapped(texts[row * length : (row + 1) * length], indent + "[" * first, "]" * last)
        if len(planes) > 1 and place[-1] == 0:
            text[0] += f"  # {planes[row // values.shape[-2]]}"
        lines += text if len(text[0]) <= WIDTH else [text[0].split("  #")[0], *text[1:]]
    return [*lines, f"]{options})"]


def _brackets(at_the_end: list[bool]) -> int:
    """Return how many brackets stand at a row, except for the outermost one.

    The row has one of its own, if it is not itself the outermost, and one for each axis whose
    first (or last) row it is.
    """
    count = 0
    for axis, is_end in reversed(list(enumerate(at_the_end))):
        count += 1
        if axis == 0 or not is_end:
            break
    return count


def _wrapped(numbers: list[str], start: str, end: str) -> list[str]:
    """Return one row on as many lines as it needs."""
    lines = [start]
    for number in numbers:
        if len(lines[-1]) + len(number) + len(end) + 2 > WIDTH:
            lines[-1] = lines[-1].rstrip()
            lines.append(" " * len(start))
        lines[-1] += f"{number}, "
    lines[-1] = lines[-1].removesuffix(", ") + f"{end},"
    return lines


def _written(value: float) -> str:
    """Return a number exactly; whole ones without a point, and no minus before 0."""
    return repr(value + 0.0).removesuffix(".0")


def pair_text(pair: tuple[int, int]) -> str:
    """Return one number where rows and columns have the same, else both."""
    return str(pair[0]) if pair[0] == pair[1] else str(pair)


def call_lines(target: str, function: str, arguments: list[str]) -> list[str]:
    """Return a call on one line, or where that is too long with the arguments on their own."""
    line = f"{target} = {function}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return [line]
    return [f"{target} = {function}(", *(f"    {argument}," for argument in arguments), ")"]


def is_flipped(setup: Setup) -> bool:
    """Return whether the kernels are turned; a transposed convolution takes no notice of it."""
    return setup.flip and not setup.is_transposed


def padding_comment(setup: Setup, *, order: str) -> list[str]:
    """Return a comment: what the padding is filled with, why, and the order of its numbers."""
    name = {
        "same": " so that the output is as large as the input",
        "full": " so that every weight meets every pixel",
        "causal": " on the left only, so that no output sees what comes later",
    }.get(setup.padding if isinstance(setup.padding, str) else "", "")
    filling = {
        "zeros": "zeros",
        "reflect": "the picture mirrored at its edge",
        "replicate": "the pixel at the edge",
        "circular": "the other end of the picture",
    }[setup.padding_mode]
    line = f"# Padding with {filling}{name}: {order}."
    if len(line) <= WIDTH:
        return [line]
    return [f"# Padding with {filling}{name}.", f"# The order is {order}."]
