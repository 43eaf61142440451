"""The derivation of a layer's numbers: each calculation, done again, gives its result."""

import re

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.cost import layer_row
from cnnlab.derivations import derive, with_unit
from cnnlab.layers import Conv2d


def calculated(text: str) -> float:
    """Return what a written calculation gives."""
    text = text.split(" = ")[0].replace("·", "*").replace("−", "-").replace(",", "")
    assert re.fullmatch(r"[0-9+*/() -]+", text), text
    return eval(text)  # only digits and signs


@seed(1)
@settings(max_examples=200)
@given(
    channels=st.sampled_from([1, 2, 4, 8]),
    groups=st.sampled_from([1, 2]),
    kernel_size=st.integers(1, 5),
    stride=st.integers(1, 3),
    padding=st.one_of(st.integers(0, 3), st.just("valid")),
    dilation=st.integers(1, 2),
    flops=st.booleans(),
    bias=st.booleans(),
)
def test_every_line_adds_up(channels, groups, kernel_size, stride, padding, dilation, flops, bias):
    layer = Conv2d(
        8,
        kernel_size,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=min(groups, channels),
    )
    shape = (channels, 19, 12)
    row = layer_row(layer, shape)
    lines = {line.quantity: line for line in derive(layer, shape, flops=flops, bias=bias)}
    for name, line in lines.items():
        if name.startswith("Memory"):
            continue
        value = calculated(line.numbers)
        assert int(value // 1) == int(line.result.replace(",", "")), name
    assert lines["Output width W₂"].result == str(row.output_shape[2])
    assert lines["MACs"].result == f"{row.macs:,}"
    assert ("FLOPs" in lines) == flops
    assert ("Biases" in lines) == ("Bias additions" in lines) == bias
    if flops:
        assert lines["FLOPs"].result == f"{2 * row.macs:,}"


def test_a_layer_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="covers 5 rows, the padded input has 3"):
        derive(Conv2d(1, 5), (1, 3, 9))


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_161_600, "1.162 MB"), (4.2e13, "42 TB")],
)
def test_units(number, text):
    assert with_unit(number, "B") == text
