"""The formula beside the numbers: read as arithmetic, it gives the numbers."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from hypothesis import assume, given, seed, settings

from cnnlab.activations import activation
from cnnlab.checks import InputError
from cnnlab.formulas import convolution_formula, size_words
from cnnlab.links import setup_from_link
from cnnlab.setups import Setup, output_size, trace_setup
from tests.setup_cases import setups


def padded(setup: Setup):
    """Return a function that reads the input with its padding, counted from the data's corner."""
    if setup.padding_mode != "zeros":
        (top, bottom), (left, right) = setup.sides()
        mode = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}[setup.padding_mode]
        wide = np.pad(setup.x, ((0, 0), (top, bottom), (left, right)), mode=mode)
        return lambda d, r, c: wide[d, r + top, c + left]

    def read(d: int, r: int, c: int) -> float:
        inside = 0 <= r < setup.size[0] and 0 <= c < setup.size[1]
        return setup.x[d, r, c] if inside else 0.0

    return read


def by_formula(setup: Setup, k: int, r: int, c: int) -> float:
    """Return one output, with the right side of the formula as Python."""
    per_group = setup.channels // setup.groups
    first = k // (setup.filters // setup.groups) * per_group
    text = convolution_formula(setup).split(" = ", 1)[1]
    title = activation(setup.activation).title
    if setup.activation != "none":
        assert text.startswith(f"{title}(")
        text = text.removeprefix(f"{title}(").removesuffix(")")
    for name, number in (("{k}", k), ("{r}", r), ("{c}", c), ("{f}", first)):
        text = text.replace(name, str(number))
    places, weights, bias = re.fullmatch(
        r"Σ\([dij, ]+\) input\[(.*)\] · kernel\[(.*?)\]( \+ bias.*)?", text
    ).groups()
    assert (bias is None) == (setup.bias is None)
    read, total = padded(setup), 0.0
    rows, columns = setup.kernel_size
    for d, i, j in itertools.product(range(per_group), range(rows), range(columns)):
        scope = {"d": d, "i": i, "j": j}
        at = eval(f"[{places.replace('·', '*').replace('−', '-')}]", scope)
        of = eval(f"[{weights.replace('·', '*').replace('−', '-')}]", scope)
        at = at if len(at) == 3 else [0, *at]
        of = (
            [0] * (4 - len(of)) + of
            if setup.filters == 1
            else [of[0], *[0] * (4 - len(of)), *of[1:]]
        )
        total += read(*at) * setup.weight[tuple(of)]
    total += 0.0 if setup.bias is None else setup.bias[k]
    return float(activation(setup.activation).function(np.array([total]))[0])


@seed(1)
@settings(max_examples=150)
@given(setup=setups(edits=1))
def test_the_formula_gives_the_output(setup):
    assume(not setup.is_transposed)
    try:
        trace = trace_setup(setup)
    except InputError:
        assume(False)
    assume(len(trace) < 3000)
    totals = trace.result.values
    rng = np.random.default_rng(0)
    for _ in range(3):
        k, r, c = (int(rng.integers(n)) for n in totals.shape)
        value = by_formula(setup, k, r, c)
        assert value == pytest.approx(totals[k, r, c], rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    ("link", "formula"),
    [
        (
            {"input": "volume", "kernel": "volume", "filters": "3", "groups": "3"},
            "output[{k}, {r}, {c}] = Σ(i, j) input[{f}, {r} + i, {c} + j] · kernel[{k}, 0, i, j]",
        ),
        (
            {"activation": "relu", "bias": "1"},
            "output[{r}, {c}] = ReLU(Σ(i, j) input[{r} + i, {c} + j] · kernel[i, j] + bias)",
        ),
    ],
)
def test_groups_and_activation_are_in_it(link, formula):
    assert convolution_formula(setup_from_link(link)) == formula


def test_the_size_in_words():
    setup = setup_from_link({"input": "random.1", "size": "1x7x7", "stride": "3"})
    assert output_size(setup) == (2, 2)
    words = size_words(setup, 13)
    assert words.endswith(
        "(7 + 2 · 0 − 3) / 3 + 1 = 2.33, rounded down to 2. No window reads 13 of the cells: they "
        "are grey, with a dotted frame."
    )
    different = size_words(setup_from_link({"size": "1x5x6"}), 0)
    assert "Rows: (5 + 2 · 0 − 3) / 1 + 1 = 3; Columns: (6 + 2 · 0 − 3) / 1 + 1 = 4." in different
