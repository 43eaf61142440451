"""Moved pixels: torch's own layers say what must come out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr
from torch.nn import functional

from cnnlab import samples
from cnnlab.checks import InputError
from cnnlab.kernels import KERNELS
from cnnlab.pixel_moves import (
    changes,
    correlation,
    feature_map,
    peak,
    pixel_order,
    rearranged,
    shift_test,
    shifted,
    shuffle_test,
)
from cnnlab.pixel_tensors import to_tensor

SOBEL = KERNELS["Sobel x"].values
SMALL = np.array([[0, 0, 3, 2], [1, 1, 0, 1], [4, 2, 1, 2], [0, 2, 1, 5]])[..., None]
SIDES = st.integers(1, 40)


def photo(name: str = "cat", longest: int = 96) -> np.ndarray:
    return to_tensor(samples.sample(name), longest=longest)


# Shuffled -------------------------------------------------------------------------------------


@given(SIDES, SIDES, st.integers(0, 9), st.integers(1, 9))
def test_an_order_holds_every_pixel_once(h: int, w: int, seed: int, block: int) -> None:
    order = pixel_order(h, w, seed=seed, block=block)
    assert sorted(order) == list(range(h * w))
    assert (order == pixel_order(h, w, seed=seed, block=block)).all()


def test_blocks_move_as_a_whole_and_the_rest_stays() -> None:
    order = pixel_order(10, 9, seed=3, block=4).reshape(10, 9)
    assert (order[8:] == np.arange(90).reshape(10, 9)[8:]).all()
    assert (order[:, 8] == np.arange(90).reshape(10, 9)[:, 8]).all()
    corners = set()
    for top in (0, 4):
        for left in (0, 4):
            block = order[top : top + 4, left : left + 4]
            assert (block - block[0, 0] == np.arange(4)[:, None] * 9 + np.arange(4)).all()
            corners.add(int(block[0, 0]))
    assert corners == {0, 4, 36, 40}


def test_another_seed_gives_another_order() -> None:
    assert (pixel_order(20, 20, seed=1) != pixel_order(20, 20, seed=2)).any()


def test_the_channels_of_a_pixel_stay_together() -> None:
    x = photo()
    moved = rearranged(x, pixel_order(*x.shape[:2], seed=5))
    assert (moved != x).any()
    before, after = (sorted(map(tuple, part.reshape(-1, 3).tolist())) for part in (x, moved))
    assert before == after


def test_a_dense_layer_is_the_same_and_torch_says_so_too() -> None:
    """The worked example of eight numbers and eight weights, turned round: 11 both times."""
    x, weight = torch.tensor([0.0, 0, 3, 2, 1, 1, 0, 1]), torch.tensor([1.0, -1, 2, 0, 1, 1, 0, 3])
    assert functional.linear(x, weight[None]).item() == 11
    assert functional.linear(x.flip(0), weight[None].flip(1)).item() == 11
    found = shuffle_test(photo(), SOBEL, seed=1)
    assert found.before.dtype == np.int64
    assert (found.before == found.with_weights).all()
    assert (found.before != found.alone).any()


@pytest.mark.parametrize("name", ["cat", "page", "cell"])
def test_a_convolution_loses_its_neighbours(name: str) -> None:
    x = photo(name)
    likeness = {}
    for block in (1, 8, 32):
        found = shuffle_test(x, SOBEL, seed=1, block=block)
        assert (
            rearranged(x, pixel_order(*x.shape[:2], seed=1, block=block)) == found.picture
        ).all()
        likeness[block] = correlation(found.map_before, found.put_back)
    assert abs(likeness[1]) < 0.1
    assert likeness[1] < likeness[8] < likeness[32] < 1


def test_what_is_put_back_is_the_map_of_each_pixel() -> None:
    x = photo(longest=24)
    found = shuffle_test(x, KERNELS["identity"].values, seed=2)
    assert (found.put_back == found.map_before).all()  # a kernel that sees no neighbour
    assert (found.map_after != found.map_before).any()


# Shifted --------------------------------------------------------------------------------------


def test_a_shift_by_hand() -> None:
    after = shifted(SMALL, rows=0, columns=-1, fill="constant")
    want = [[0, 3, 2, 0], [1, 0, 1, 0], [2, 1, 2, 0], [2, 1, 5, 0]]
    assert after[..., 0].tolist() == want
    found = changes(SMALL, after)
    assert (found.changed, found.total) == (14, 16)


@given(st.integers(-6, 6), st.integers(-6, 6))
def test_a_shift_that_wraps_is_numpys_roll(rows: int, columns: int) -> None:
    x = np.arange(60).reshape(4, 5, 3)
    want = np.roll(x, (rows, columns), axis=(0, 1))
    assert (shifted(x, rows=rows, columns=columns) == want).all()


def test_an_edge_moves_in_again() -> None:
    after = shifted(SMALL, rows=2, columns=0, fill="edge")
    assert after[..., 0].tolist() == [[0, 0, 3, 2]] * 3 + [[1, 1, 0, 1]]


def test_an_unknown_filling_is_refused() -> None:
    with pytest.raises(InputError, match="fill must be 'wrap', 'constant' or 'edge', got 'grey'"):
        shifted(SMALL, rows=1, columns=0, fill="grey")  # type: ignore[arg-type]


def test_changes_are_counted_as_scipy_and_numpy_count() -> None:
    x = photo()
    y = shifted(x, rows=0, columns=1)
    found = changes(x, y)
    a, b = x.ravel().astype(float), y.ravel().astype(float)
    assert found.changed == np.count_nonzero(a - b)
    assert found.correlation == pytest.approx(pearsonr(a, b).statistic, abs=1e-12)
    assert found.distance == pytest.approx(np.sqrt(((a - b) ** 2).sum()))
    assert found.plain == pytest.approx(a.std() * np.sqrt(a.size))


def test_a_constant_picture_has_no_correlation() -> None:
    assert correlation(np.ones(4), np.arange(4)) is None
    assert changes(np.full((2, 2, 1), 7), np.full((2, 2, 1), 7)).changed == 0


def test_shapes_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="shapes must be equal"):
        changes(np.ones(3), np.ones(4))


@pytest.mark.parametrize("name", ["Sobel x", "Sobel y", "Laplacian", "edges"])
def test_a_feature_map_is_torchs(name: str) -> None:
    x, kernel = photo(longest=40), KERNELS[name].values
    channels = torch.from_numpy(x.transpose(2, 0, 1).astype(np.float64))[None]
    padded = functional.pad(channels, (1, 1, 1, 1), mode="replicate")
    weight = torch.from_numpy(kernel).expand(1, 3, 3, 3)
    want = functional.conv2d(padded, weight)[0, 0].numpy()
    assert (feature_map(x, kernel) == want).all()


@pytest.mark.parametrize(
    ("kernel", "words"),
    [(np.ones((2, 3)), "must be odd"), (KERNELS["box blur"].values, "whole numbers")],
)
def test_kernels_that_do_not_serve_are_refused(kernel: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        feature_map(photo(longest=8), kernel)


@given(st.integers(-5, 5), st.integers(-5, 5), st.sampled_from(["wrap", "constant", "edge"]))
def test_a_convolution_moves_along(rows: int, columns: int, fill: str) -> None:
    x = photo("coins", longest=48)
    found = shift_test(x, SOBEL, rows=rows, columns=columns, fill=fill)
    assert found.followed == found.comparable
    assert found.comparable == (46 - abs(columns)) * (x.shape[0] - 2 - abs(rows))
    assert found.peak_after.value == found.peak_before.value
    assert found.peak_after.row - found.peak_before.row == rows
    assert found.peak_after.column - found.peak_before.column == columns


def test_the_vector_and_a_dense_unit_do_not() -> None:
    found = shift_test(photo(), SOBEL, rows=0, columns=1)
    assert found.input.changed > 0.8 * found.input.total
    assert found.dense_before != found.dense_after
    still = shift_test(photo(), SOBEL, rows=0, columns=0)
    assert still.input.changed == 0
    assert still.dense_before == still.dense_after


def test_a_shift_beyond_the_picture_is_refused() -> None:
    with pytest.raises(InputError, match="nothing of a picture of 6 × 8 pixels is left"):
        shift_test(photo(longest=96)[:6, :8], SOBEL, rows=0, columns=7)


def test_of_equal_peaks_the_nearest_counts() -> None:
    values = np.array([[5, 0, -5], [0, 5, 0]])
    assert peak(values, near=(1, 2)).column in (1, 2)
    among = np.array([[False, True, True], [True, False, True]])
    assert (peak(values, among=among).row, peak(values, among=among).column) == (0, 2)
