"""Where a kernel fits, and the single changes after which it does."""

from fractions import Fraction

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.fit import fit, sizes_that_fit, ways_to_fit
from cnnlab.shapes import conv_output_size, unread_at_end

SETTINGS = st.fixed_dictionaries(
    {
        "n": st.integers(1, 40),
        "kernel_size": st.integers(1, 9),
        "stride": st.integers(1, 9),
        "padding": st.integers(0, 5),
        "dilation": st.integers(1, 3),
    }
)


@pytest.mark.parametrize(
    ("n", "kernel_size", "stride", "padding", "exact", "unused"),
    [
        (10, 3, 2, 0, Fraction(9, 2), 1),
        (224, 11, 4, 0, Fraction(217, 4), 1),
        (227, 11, 4, 0, Fraction(55), 0),
        (112, 3, 2, 0, Fraction(111, 2), 1),
        (7, 3, 3, 0, Fraction(7, 3), 1),
        (3, 5, 1, 0, Fraction(-1), 0),
    ],
)
def test_worked_examples(n, kernel_size, stride, padding, exact, unused):
    found = fit(n, kernel_size=kernel_size, stride=stride, padding=padding)
    assert (found.exact, found.unused) == (exact, unused)
    assert found.fits == (exact.denominator == 1 and exact > 0)


@seed(1)
@settings(max_examples=500)
@given(layer=SETTINGS)
def test_it_agrees_with_the_output_size(layer):
    found = fit(**layer)
    try:
        size = conv_output_size(**layer)
    except InputError:
        assert found.floor < 1
        assert not found.fits
    else:
        assert found.floor == size
        assert found.unused == unread_at_end(**layer)
        assert found.fits == (found.unused == 0)
        assert found.ceil == size + (found.unused > 0)


@seed(2)
@settings(max_examples=300)
@given(layer=SETTINGS)
def test_every_way_fits_and_none_is_nearer(layer):
    ways = ways_to_fit(**layer)
    if fit(**layer).fits:
        assert ways == {}
    for name, value in ways.items():
        assert fit(**{**layer, name: value}).fits
        away = abs(value - layer[name])
        for near in range(layer[name] - away + 1, layer[name] + away):
            if near >= (0 if name == "padding" else 1):
                assert not fit(**{**layer, name: near}).fits


def test_a_setting_out_of_range_is_refused():
    with pytest.raises(InputError, match="stride must be at least 1, got 0"):
        fit(5, kernel_size=3, stride=0)


@settings(max_examples=200)
@seed(20261121)
@given(SETTINGS)
def test_sizes_that_fit_are_the_nearest_ones(values):
    n, others = values["n"], {name: v for name, v in values.items() if name != "n"}
    fitting = [m for m in range(1, 120) if fit(m, **others).fits]
    expected = [[m for m in fitting if m < n][-1:], [m for m in fitting if m > n][:1]]
    assert sizes_that_fit(n, **others) == [m for side in expected for m in side]
