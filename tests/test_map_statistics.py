"""Statistics of feature maps against torch and by hand; orders, ranges, codes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnlab.checks import InputError
from cnnlab.map_statistics import (
    ORDERS,
    STEPS,
    ColourRange,
    colour_range,
    colour_ranges,
    encode,
    histogram,
    map_statistics,
    ordered,
)

NUMBERS = st.floats(-100, 100, width=32).map(lambda x: 0.0 if abs(x) < 0.5 else x)
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5))
MAPS = SHAPES.flatmap(lambda shape: arrays(np.float32, shape, elements=NUMBERS))


@given(MAPS)
def test_each_number_is_torchs(maps):
    found = map_statistics(maps)
    cells = torch.from_numpy(maps).double().flatten(1)
    variance, mean = torch.var_mean(cells, dim=1, unbiased=False)
    assert np.allclose(found.mean, mean, atol=1e-9)
    assert np.allclose(found.variance, variance, atol=1e-9)
    assert found.low.tolist() == cells.amin(1).tolist()
    assert found.high.tolist() == cells.amax(1).tolist()
    count = torch.count_nonzero(cells, dim=1).double() / cells.shape[1]
    assert np.allclose(found.zeros, 1 - count)


def test_by_hand():
    found = map_statistics(np.array([[[1, 2], [3, 6]], [[0, 0], [0, -4]]], dtype=np.float32))
    assert found.mean.tolist() == [3, -1]
    assert found.variance.tolist() == [3.5, 3]  # (4 + 1 + 0 + 9) / 4 and (1 + 1 + 1 + 9) / 4
    assert found.low.tolist() == [1, -4]
    assert found.high.tolist() == [6, 0]
    assert found.zeros.tolist() == [0, 0.75]


@given(MAPS, st.integers(1, 20))
def test_every_value_is_in_the_histogram_or_zero(maps, bins):
    found = histogram(maps, bins=bins)
    assert found.counts.sum() + found.zeros == found.total == maps.size
    assert found.zeros == (maps == 0).sum()
    assert found.negative == (maps < 0).sum()
    assert found.edges[0] <= maps.min()
    assert found.edges[-1] >= maps.max()
    assert np.isclose(found.mean, maps.astype(np.float64).mean())
    assert np.isclose(found.std, maps.astype(np.float64).std())
    steps = np.diff(found.edges)
    assert np.allclose(steps, steps[0])
    assert len(found.counts) in (bins, bins + 1)
    assert (found.low, found.high) == (maps.min(), maps.max())
    if maps.min() < 0 < maps.max():  # no bar stands for values of both signs
        assert (found.edges == 0).sum() == 1
        assert found.counts[found.edges[:-1] < 0].sum() == found.negative
    elif maps.min() < maps.max():
        want = torch.histogram(
            torch.from_numpy(maps[maps != 0]).double(),
            bins,
            range=(float(maps.min()), float(maps.max())),
        )
        assert found.counts.tolist() == want.hist.int().tolist()


def test_histograms_side_by_side_share_their_edges():
    one, two = (np.full((1, 2, 2), value, np.float32) for value in (1, 3))
    first, second = (histogram(maps, bins=4, span=(0.0, 4.0)) for maps in (one, two))
    assert first.edges.tolist() == second.edges.tolist() == [0, 1, 2, 3, 4]
    assert first.counts.tolist() == [0, 4, 0, 0]
    assert second.counts.tolist() == [0, 0, 0, 4]


def test_a_constant_layer_has_a_histogram():
    found = histogram(np.full((2, 3, 3), 5, np.float32), bins=3)
    assert found.counts.tolist() == [0, 18, 0]
    assert histogram(np.zeros((1, 2, 2), np.float32), bins=3).counts.sum() == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_beyond_numbers_are_refused(bad):
    maps = np.ones((2, 2, 2), np.float32)
    maps[1, 0, 1] = bad
    for function in (map_statistics, histogram):
        with pytest.raises(InputError, match="not finite"):
            function(maps)


def test_nothing_is_refused():
    with pytest.raises(InputError, match="no values"):
        map_statistics(np.zeros((0, 2, 2), np.float32))


# Orders -------------------------------------------------------------------------------------------


@given(MAPS, st.sampled_from(ORDERS))
def test_each_channel_comes_once_and_none_before_a_larger_one(maps, order):
    statistics = map_statistics(maps)
    places = ordered(statistics, order)
    assert sorted(places.tolist()) == list(range(len(maps)))
    names = {"mean": "mean", "variance": "variance", "max": "high", "zeros": "zeros"}
    if order == "number":
        assert places.tolist() == list(range(len(maps)))
        return
    key = getattr(statistics, names[order])[places]
    assert (np.diff(key) <= 0).all()
    equal = np.diff(key) == 0
    assert (np.diff(places)[equal] > 0).all()


# Ranges and codes ---------------------------------------------------------------------------------


def test_a_range_begins_at_zero_or_has_zero_in_its_middle():
    assert colour_range(0.0, 7.0) == ColourRange(0, 7)
    assert colour_range(2.0, 7.0) == ColourRange(0, 7)
    assert colour_range(-9.0, 7.0) == ColourRange(-9, 9)
    assert colour_range(-1.0, 7.0) == ColourRange(-7, 7)
    assert colour_range(1.0, 2.0, signed=True) == ColourRange(-2, 2)


def test_one_range_for_all_or_one_for_each():
    maps = np.array([[[0.0, 1.0]], [[-4.0, 2.0]]], dtype=np.float32)
    statistics, channels = map_statistics(maps), np.array([1, 0])
    assert colour_ranges(statistics, channels, shared=True) == [ColourRange(-4, 4)] * 2
    own = colour_ranges(statistics, channels, shared=False)
    assert own == [ColourRange(-4, 4), ColourRange(-1, 1)]  # both with a sign: one meaning
    positive = map_statistics(np.abs(maps))
    assert colour_ranges(positive, channels, shared=False) == [ColourRange(0, 4), ColourRange(0, 1)]


@given(MAPS)
def test_codes_are_within_half_a_step(maps):
    span = colour_range(float(maps.min()), float(maps.max()))
    codes = encode(maps, span)
    assert codes.dtype == np.uint8
    assert codes.max() <= STEPS
    back = span.low + codes.astype(np.float64) / STEPS * (span.high - span.low)
    step = (span.high - span.low) / STEPS
    assert (np.abs(back - maps) <= step / 2 + 1e-9 * (1 + np.abs(maps))).all()
    if span.signed:
        assert (codes[maps == 0] == STEPS // 2).all()


def test_a_range_without_extent_has_one_code():
    assert encode(np.zeros((2, 2), np.float32), ColourRange(0, 0)).tolist() == [[0, 0], [0, 0]]
