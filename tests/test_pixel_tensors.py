"""Pictures as numbers: NumPy's and PyTorch's own order are the oracles."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnlab import samples
from cnnlab.checks import InputError
from cnnlab.pixel_tensors import flat_index, to_tensor


def test_a_small_picture_by_hand() -> None:
    """Two rows, three columns; the numbers say where they stand: row, column, channel."""
    x = np.array([[[100 * r + 10 * c + k for k in range(3)] for c in range(3)] for r in range(2)])
    assert x.ravel()[flat_index(1, 2, 0, shape=(2, 3, 3), order="HWC")] == 120
    assert x.transpose(2, 0, 1).ravel()[flat_index(1, 2, 0, shape=(2, 3, 3), order="CHW")] == 120
    assert flat_index(1, 2, 0, shape=(2, 3, 3), order="HWC") == 15
    assert flat_index(1, 2, 0, shape=(2, 3, 3), order="CHW") == 5


@given(st.data())
def test_places_are_those_of_numpy_and_torch(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(1, 7)) for _ in range(3))
    height, width, channels = shape
    row, column, channel = (data.draw(st.integers(0, n - 1)) for n in shape)
    x = np.arange(height * width * channels).reshape(shape)
    hwc = flat_index(row, column, channel, shape=shape, order="HWC")
    assert hwc == np.ravel_multi_index((row, column, channel), shape)
    chw = flat_index(row, column, channel, shape=shape, order="CHW")
    flat = torch.from_numpy(x).permute(2, 0, 1).contiguous().flatten()
    assert flat[chw].item() == x[row, column, channel]


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((4, 0, 0), "row must be at most 3, got 4"),
        ((0, 6, 0), "column must be at most 5, got 6"),
        ((0, 0, 3), "channel must be at most 2, got 3"),
        ((-1, 0, 0), "row must be at least 0, got -1"),
    ],
)
def test_places_outside_the_picture_are_refused(place: tuple[int, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        flat_index(*place, shape=(4, 6, 3), order="HWC")


def test_an_unknown_order_is_refused() -> None:
    with pytest.raises(InputError, match="order must be 'HWC' or 'CHW', got 'WHC'"):
        flat_index(0, 0, 0, shape=(4, 6, 3), order="WHC")  # type: ignore[arg-type]


def test_a_picture_that_is_small_enough_keeps_its_numbers() -> None:
    photo = samples.sample("cat")
    assert (to_tensor(photo, longest=451) == np.asarray(photo)).all()
    grey = to_tensor(photo, longest=451, grey=True)
    assert grey.shape == (300, 451, 1)
    # Pillow's own conversion uses the same weights, in fixed point
    assert np.abs(grey[..., 0].astype(int) - np.asarray(photo.convert("L"))).max() <= 1


def test_a_larger_picture_is_made_of_means() -> None:
    x = np.zeros((4, 8, 3), dtype=np.uint8)
    x[:2, :2] = [[[10, 0, 0], [20, 0, 0]], [[30, 0, 0], [40, 0, 0]]]
    small = to_tensor(Image.fromarray(x), longest=4)
    assert small.shape == (2, 4, 3)
    assert small[0, 0].tolist() == [25, 0, 0]


@pytest.mark.parametrize("size", [(1024, 7), (3, 999), (1, 1)])
def test_every_picture_keeps_at_least_a_pixel(size: tuple[int, int]) -> None:
    x = to_tensor(Image.new("RGB", size), longest=32)
    assert x.dtype == np.uint8
    assert max(x.shape[:2]) <= 32
    assert min(x.shape) >= 1


def test_a_side_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="longest must be at least 1, got 0"):
        to_tensor(Image.new("RGB", (2, 2)), longest=0)
