"""The figures of data augmentation: grid, arrows, strips of answers."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.versions import answer_strips, arrow_scale, arrows, gridded

BLACK = Image.new("RGB", (32, 32))


def test_the_grid_has_a_line_every_16_pixels():
    white = np.asarray(gridded(BLACK)).min(axis=2) == 255
    assert [column for column in range(32) if white[:, column].all()] == [8, 24]
    assert [row for row in range(32) if white[row].all()] == [8, 24]
    assert np.asarray(BLACK).max() == 0


@pytest.mark.parametrize(("x", "y"), [(5.0, 0.0), (-5.0, 0.0), (0.0, 5.0), (0.0, -5.0)])
def test_an_arrow_ends_at_the_pixel_that_was_moved(x, y):
    moves = np.zeros((32, 32, 2))
    moves[8, 8] = x, y
    shown = arrows(BLACK, moves, times=1)
    assert shown.size == (96, 96)
    rows, columns = np.nonzero(np.asarray(shown)[:44, :44, 0] > 128)  # the first arrow alone
    along, end = (columns, 8 * 3) if x else (rows, 8 * 3)
    start = end - 3 * (x or y)
    assert min(start, end) - 3 <= along.min() < along.max() <= max(start, end) + 3
    assert along.max() - along.min() >= 14


def test_arrows_of_small_moves_are_drawn_longer():
    scales = [arrow_scale(np.full((4, 4, 2), length)) for length in (0.0, 1.0, 2.0, 4.0, 9.0, 40.0)]
    assert scales == [8, 8, 4, 2, 1, 1]


def test_each_version_is_a_dot_and_each_mean_a_bar():
    figure = answer_strips({"Flip": [0.2, 0.4], "Crop": [0.5]}, original=0.7, category="cat")
    dots, means = figure.data
    assert list(zip(dots.y, dots.x, strict=True)) == [("Flip", 0.2), ("Flip", 0.4), ("Crop", 0.5)]
    assert list(dots.customdata) == [1, 2, 1]
    assert list(means.x) == pytest.approx([0.3, 0.5])
    assert figure.layout.shapes[0].x0 == 0.7
    assert "70.0\u202f%" in figure.layout.annotations[0].text
    assert tuple(figure.layout.xaxis.range) == (0, 1)
