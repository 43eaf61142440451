"""Signed numbers, sizes and angles as shades."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from cnnlab.figures.filtered import NEGATIVE, POSITIVE, Shading, shaded


def pixels(values: list[float], shading: Shading, length: list[float] | None = None) -> list:
    lengths = None if length is None else np.array([[length]], dtype=float)
    picture = shaded(np.array([[values]], dtype=float), shading, length=lengths)
    return np.asarray(picture)[0].tolist()


def test_zero_is_the_grey_in_the_middle_and_beyond_is_drawn_like_the_end() -> None:
    assert pixels([-9, -2, 0, 2, 9], Shading("grey", -2, 2)) == [0, 0, 128, 255, 255]


def test_absolute_forgets_the_sign() -> None:
    assert pixels([-2, 0, 1, 2], Shading("absolute", 0, 2)) == [255, 0, 128, 255]


def test_blue_is_negative_white_zero_and_orange_positive() -> None:
    codes = [
        "#{:02X}{:02X}{:02X}".format(*p) for p in pixels([-1, 0, 1], Shading("colours", -1, 1))
    ]
    assert codes == [NEGATIVE, "#FFFFFF", POSITIVE]


@pytest.mark.parametrize("angle", [-180, -90, -33, 0, 45, 90, 179.7])
@pytest.mark.parametrize("length", [0.0, 1.0, 2.0, 5.0])
def test_an_angle_is_a_hue_and_the_length_its_brightness(angle: float, length: float) -> None:
    (found,) = pixels([angle], Shading("angle", 0, 2), [length])
    want = colorsys.hsv_to_rgb((angle / 360) % 1, 1, min(length / 2, 1))
    assert found == pytest.approx([255 * part for part in want], abs=2)  # half degrees, rounding


def test_three_channels_become_colours() -> None:
    values = np.array([0.0, 127.5, 255.0])[:, None, None]
    assert shaded(values, Shading("grey", 0, 255)).getpixel((0, 0)) == (0, 128, 255)
    with pytest.raises(ValueError, match="one channel"):
        shaded(values, Shading("colours", -1, 1))


def test_a_flat_picture_is_grey() -> None:
    assert pixels([0, 0], Shading("grey", 0, 0)) == [128, 128]


def test_the_numbers_are_left_alone() -> None:
    values = np.array([[[1.0, -1.0]]])
    shaded(values, Shading("absolute", 0, 1))
    assert values.tolist() == [[[1.0, -1.0]]]
