"""Slices of a convolution's weight: each is the weight itself, checked with torch's convolution."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.filter_slices import filter_slices


def weight_of(n_filters: int, n_slices: int, side: int = 2) -> np.ndarray:
    shape = (n_filters, n_slices, side, side)
    return np.arange(1, 1 + np.prod(shape), dtype=np.float32).reshape(shape)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.data())
def test_what_a_slice_reads_is_what_moves_the_output(groups, each, n_slices, data):
    """A slice and its numbers, against a convolution of one lit input channel."""
    weight = weight_of(groups * each, n_slices)
    lit = data.draw(st.integers(0, groups * n_slices - 1))
    pixels = torch.zeros(1, groups * n_slices, 2, 2)
    pixels[0, lit] = torch.tensor([[1.0, 0.1], [0.01, 0.001]])
    output = torch.conv2d(pixels, torch.from_numpy(weight), groups=groups)[0, :, 0, 0]
    found = filter_slices(weight, kind="input", groups=groups, number=lit)
    assert set(found.numbers) == set(torch.nonzero(output).ravel().tolist())
    for number, values in zip(found.numbers, found.values, strict=True):
        assert np.isclose((values * pixels[0, lit].numpy()).sum(), output[number])
        mine = filter_slices(weight, kind="filter", groups=groups, number=number)
        assert np.array_equal(mine.values[mine.numbers.index(lit)], values)
    assert found.total == each
    assert found.extent == weight.max()


def test_pages_together_are_all_slices():
    weight = weight_of(10, 1)
    pages = [filter_slices(weight, kind="all", first=at, count=4) for at in (0, 4, 8)]
    assert [page.numbers for page in pages] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]
    assert np.array_equal(np.concatenate([page.values for page in pages]), weight[:, 0])
    assert {page.total for page in pages} == {10}


def test_filters_of_three_channels_become_colours():
    weight = weight_of(5, 3)
    found = filter_slices(weight, kind="colour", first=1, count=2)
    assert found.values.shape == (2, 2, 2, 3)
    assert found.values[0, 1, 0].tolist() == weight[1, :, 1, 0].tolist()
    assert found.numbers == (1, 2)


def test_refusals():
    with pytest.raises(InputError, match="only filters of 3 channels have a colour, these read 4"):
        filter_slices(weight_of(2, 4), kind="colour")
    with pytest.raises(InputError, match="read 4 channels, not one"):
        filter_slices(weight_of(2, 4), kind="all")
    with pytest.raises(InputError, match="number must be at most 1, got 2"):
        filter_slices(weight_of(2, 4), kind="filter", number=2)
    with pytest.raises(InputError, match="number must be at most 7, got 8"):
        filter_slices(weight_of(2, 4), kind="input", groups=2, number=8)
