"""The wrong answers that learners give, computed, so that each can be recognised by its name."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnlab.setups import Setup, output_size
from cnnlab.shapes import kernel_span
from cnnlab.trace import Trace

__all__ = ["Mistake", "SizeMistake", "size_mistakes", "value_mistakes"]

Floats = NDArray[np.float64]


class Mistake(NamedTuple):
    """One way to go wrong: what to say, and the number that it gives at each step."""

    says: str
    values: Floats  # (S,)


class SizeMistake(NamedTuple):
    """One way to get the output size wrong: what to say, and (rows, columns) that it gives."""

    says: str
    size: tuple[int, int]


def value_mistakes(setup: Setup, trace: Trace) -> list[Mistake]:
    """Return what each common mistake makes of every step.

    Parameters
    ----------
    setup : Setup
        The layer and its input.
    trace : Trace
        Its steps.

    Returns
    -------
    list of Mistake
        The bias forgotten, a channel forgotten, the kernel turned (or not turned), the
        activation forgotten, the input's middle pixel copied. A wrong window is found by
        comparing with the other steps.
    """
    act = trace.activation.function
    sums = trace.sums.sum(axis=1)
    found = []
    if trace.has_bias:
        found.append(Mistake("You forgot the bias.", act(sums)))
    if trace.activation.name != "none":
        title = trace.activation.title
        found.append(Mistake(f"You forgot the activation, {title}.", trace.before))
    channels = trace.sums.shape[1]
    if channels > 1:
        found += [
            Mistake(f"You forgot one channel, number {c}.", act(trace.before - trace.sums[:, c]))
            for c in range(channels)
        ]
        found += [
            Mistake(f"You took channel {c} only.", act(trace.sums[:, c] + trace.bias))
            for c in range(channels)
        ]
    says = (
        "You did not turn the kernel by half a turn."
        if trace.turned
        else "You turned the kernel by half a turn: true convolution does, this layer does not."
    )
    found.append(Mistake(says, act(_turned_sums(setup, trace) + trace.bias)))
    patch = trace.source.values.ravel()[trace.reads].sum(axis=1)
    found.append(Mistake("You added up the patch and forgot the weights.", patch))
    return found


def _turned_sums(setup: Setup, trace: Trace) -> Floats:
    """Return the sum of products of each step with the kernel turned the other way."""
    cells = trace.window[0] * trace.window[1]
    weights = trace.weights.reshape(len(trace), -1, cells)[:, :, ::-1].reshape(len(trace), -1)
    products = trace.source.values.ravel()[trace.reads] * trace.weight.values.ravel()[weights]
    sums: Floats = products.sum(axis=1)
    return sums


def size_mistakes(setup: Setup) -> list[SizeMistake]:
    """Return what each common mistake makes of the output size, without those that are right.

    Parameters
    ----------
    setup : Setup
        A layer that works.

    Returns
    -------
    list of SizeMistake
        Each wrong size once.
    """
    right = output_size(setup)
    guesses: list[tuple[str, tuple[int, ...]]] = [
        ("That is the size of the input.", setup.size),
        ("You forgot to add 1.", tuple(n - 1 for n in right)),
        ("Columns and rows are exchanged.", (right[1], right[0])),
    ]
    if not setup.is_transposed:
        guesses += _conv_guesses(setup)
    found: dict[tuple[int, int], str] = {}
    for says, size in guesses:
        rows, columns = size
        if (rows, columns) != right and min(rows, columns) > 0:
            found.setdefault((rows, columns), says)
    return [SizeMistake(says, size) for size, says in found.items()]


def _conv_guesses(setup: Setup) -> list[tuple[str, tuple[int, ...]]]:
    def size(
        *, stride: bool = True, padding: bool = True, span: bool = True, up: int = 0
    ) -> tuple[int, ...]:
        result = []
        for i, side in enumerate(setup.sides()):
            covered = (
                kernel_span(setup.kernel_size[i], dilation=setup.dilation[i])
                if span
                else setup.kernel_size[i]
            )
            step = setup.stride[i] if stride else 1
            way = setup.size[i] + (sum(side) if padding else 0) - covered
            result.append((way + up * (step - 1)) // step + 1)
        return tuple(result)

    half = tuple(
        (n + side[0] - kernel_span(k, dilation=d)) // s + 1
        for n, side, k, d, s in zip(
            setup.size, setup.sides(), setup.kernel_size, setup.dilation, setup.stride, strict=True
        )
    )
    return [
        ("You forgot the padding.", size(padding=False)),
        ("You counted the padding on one side only.", half),
        ("You forgot the stride.", size(stride=False)),
        ("You forgot the dilation.", size(span=False)),
        ("You rounded up: libraries round down.", size(up=1)),
    ]
