"""Differences between maps as pictures: colours, stripes, the white line."""

from __future__ import annotations

import numpy as np

from cnnlab.figures.moved import difference_picture


def test_black_is_nothing_yellow_is_the_most_and_stripes_are_unknown() -> None:
    away = np.array([[0.0, 0.5, 1.0, np.nan], [0.0] * 4, [0.0] * 4, [0.0, 0.0, 0.0, 7.0]])
    picture = difference_picture(away, np.zeros((4, 4), bool), most=1.0)
    assert picture.size == (360, 360)
    assert picture.getpixel((45, 45)) == (0, 0, 4)
    assert picture.getpixel((225, 45)) == picture.getpixel((315, 315)) == (252, 255, 164)
    red, green, _ = picture.getpixel((135, 45))
    assert red > green > 0
    stripes = {picture.getpixel((x, 45)) for x in range(271, 360)}
    assert stripes == {(120, 120, 120), (160, 160, 160)}


def test_a_white_line_goes_around_the_cells_that_are_clear() -> None:
    clear = np.zeros((6, 9), bool)
    clear[1:3, 4:8] = True
    picture = difference_picture(np.zeros((6, 9)), clear, most=1.0)
    white = np.argwhere(np.asarray(picture).min(axis=2) == 255)
    assert white.min(axis=0).tolist() == [40, 160]
    assert white.max(axis=0).tolist() == [119, 319]
    assert picture.getpixel((240, 80)) == (0, 0, 4)  # inside


def test_maps_that_are_all_equal_are_black() -> None:
    picture = difference_picture(np.zeros((3, 3)), np.zeros((3, 3), bool), most=0.0)
    assert len(picture.getcolors()) == 1
