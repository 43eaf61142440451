"""Pictures of receptive fields: the right part, the right brightness, the right square."""

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.fields import field_picture, heat_picture, lit_picture


@pytest.fixture
def picture() -> Image.Image:
    """Return 6 × 6 pixels, each with a colour of its own."""
    pixels = np.zeros((6, 6, 3), dtype=np.uint8)
    pixels[..., 0] = 100 + 20 * np.arange(6)[:, None]
    pixels[..., 1] = 100 + 20 * np.arange(6)
    return Image.fromarray(pixels)


def blocks(shown: Image.Image, side: int) -> np.ndarray:
    """Return the colour in the middle of each block."""
    factor = shown.width // side
    return np.asarray(shown)[factor // 2 :: factor, factor // 2 :: factor]


def test_a_field_shows_its_pixels_and_grey_beyond_the_picture(picture):
    shown = blocks(field_picture(picture, top=-1, left=3, side=4), 4)
    assert (shown[0] == 88).all()  # above the picture
    assert (shown[:, 3] == 88).all()  # to its right
    assert (shown[1:, :3] == np.asarray(picture)[:3, 3:6]).all()


def test_a_field_outside_the_picture_is_grey(picture):
    assert (np.asarray(field_picture(picture, top=50, left=-90, side=3)) == 88).all()


def test_what_counts_is_as_bright_as_its_share(picture):
    values = np.ones((4, 4))
    values[0, 0], values[1, 1] = 0.0, 0.5
    shown = blocks(lit_picture(picture, values, top=1, left=1, margin=0), 4)
    part = np.asarray(picture)[1:5, 1:5]
    assert (shown[0, 0] == 0).all()
    assert (shown[1, 1] == part[1, 1] // 2).all()
    assert (shown[2, 2] == part[2, 2]).all()


def test_heat_is_ordered_by_brightness():
    values = np.arange(25.0).reshape(5, 5)
    light = blocks(heat_picture(values, margin=0), 5).astype(float) @ (0.299, 0.587, 0.114)
    assert (np.diff(light.ravel()) > 0).all()


@pytest.mark.parametrize("margin", [0, 1, 3])
def test_the_square_lies_where_it_should(margin):
    shown = np.asarray(heat_picture(np.zeros((8, 8)), margin=margin))
    factor = len(shown) // 8
    white = np.argwhere((shown == 255).all(axis=-1))
    assert white.min(axis=0).tolist() == [margin * factor] * 2
    assert white.max(axis=0).tolist() == [(8 - margin) * factor - 1] * 2


def test_a_flat_field_and_a_large_one_can_be_drawn(picture):
    assert heat_picture(np.zeros((3, 3)), margin=0).size == (480, 480)
    assert heat_picture(np.ones((700, 700)), margin=5).size == (700, 700)
