"""Matrices as shades of grey."""

import numpy as np
import pytest

from cnnlab.figures.pictures import grey_picture


def shades(values, **ends: float) -> list[list[int]]:
    picture = grey_picture(np.array(values, dtype=float), **ends)
    assert picture.mode == "L"
    return np.asarray(picture).tolist()


def test_rows_stay_rows():
    picture = grey_picture(np.zeros((2, 5)), black=0, white=1)
    assert picture.size == (5, 2)  # width, height
    assert shades([[0, 255], [1, 2]], black=0, white=255) == [[0, 255], [1, 2]]


def test_all_256_shades_of_a_photograph_are_kept():
    values = np.arange(256.0).reshape(16, 16)
    assert shades(values, black=0, white=255) == values.tolist()


def test_black_and_white_may_lie_anywhere():
    assert shades([[-4, -3, -2]], black=-4, white=-2) == [[0, 128, 255]]


def test_values_beyond_the_ends_are_drawn_like_the_ends():
    assert shades([[-1e9, 0, 10, 1e9]], black=0, white=10) == [[0, 0, 255, 255]]


@pytest.mark.parametrize("white", [3.0, 2.0])
def test_a_flat_range_is_a_middle_grey(white):
    picture = grey_picture(np.full((2, 4), 3.0), black=3, white=white)
    assert picture.size == (4, 2)
    assert set(np.asarray(picture).ravel().tolist()) == {128}
