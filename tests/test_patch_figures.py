"""Patches as pictures: padding is striped, what is inside is the picture itself."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.patches import (
    is_cut_off,
    map_picture,
    mosaic,
    patch_picture,
    shows_all,
    spotlight,
)
from cnnlab.figures.theme import ROLES
from cnnlab.patches import Patch
from cnnlab.samples import SAMPLES

GREY = tuple(bytes.fromhex(ROLES["padding"].figure[1:]))
STRIPE = tuple(bytes.fromhex(ROLES["padding"].light[1:]))


def patch(box: tuple[int, int, int, int]) -> Patch:
    """Return a patch of a picture that is red on the left and blue on the right."""
    seen = Image.new("RGB", (40, 40), "red")
    seen.paste("blue", (20, 0, 40, 40))
    return Patch(1.0, SAMPLES["cat"], (0, 0), box, seen)


def test_a_patch_inside_is_cut_out_and_enlarged() -> None:
    drawn = patch_picture(patch((4, 16, 12, 24)), 32)
    pixels = np.asarray(drawn)
    assert drawn.size == (32, 32)
    assert (pixels[:, :16] == (255, 0, 0)).all()
    assert (pixels[:, 16:] == (0, 0, 255)).all()


@pytest.mark.parametrize(
    ("box", "padded"),
    [
        ((-10, 0, 10, 20), (slice(0, 20), slice(None))),  # above the picture
        ((25, 5, 45, 25), (slice(30, 40), slice(None))),  # below
        ((0, -5, 20, 15), (slice(None), slice(0, 10))),  # to the left
        ((0, 30, 20, 50), (slice(None), slice(20, 40))),  # to the right
    ],
)
def test_padding_is_striped_and_only_padding(box, padded) -> None:
    pixels = np.asarray(patch_picture(patch(box), 40)).astype(int)
    outside = np.zeros((40, 40), bool)
    outside[padded] = True
    stripes = (pixels == GREY).all(2) | (pixels == STRIPE).all(2)
    assert stripes[outside].all()
    assert not stripes[~outside].any()
    assert (pixels[outside] == STRIPE).all(1).any()  # the colour is not the only sign
    assert is_cut_off(patch(box))
    assert not shows_all(patch(box))


def test_where_a_cell_sees_more_than_the_square_a_ring_marks_the_middle() -> None:
    wide = patch((-30, -10, 50, 50))  # its middle is at row 10, column 20 of 40
    assert shows_all(wide)
    plain = np.asarray(wide.seen.resize((80, 80), Image.Resampling.LANCZOS)).astype(int)
    changed = (np.asarray(patch_picture(wide, 80)).astype(int) != plain).any(2)
    rows, columns = changed.any(1).nonzero()[0], changed.any(0).nonzero()[0]
    assert abs((rows[0] + rows[-1]) / 2 - 20) <= 1
    assert abs((columns[0] + columns[-1]) / 2 - 40) <= 1
    far = np.asarray(patch_picture(patch((-90, -90, 30, 30)), 80)).astype(int)
    assert (far != plain).any(2)[:20, :20].any()  # kept inside


def test_a_cell_that_sees_exactly_the_square_needs_no_ring() -> None:
    whole = patch((0, 0, 40, 40))
    assert not shows_all(whole)
    assert not is_cut_off(whole)
    assert patch_picture(whole, 40).tobytes() == whole.seen.tobytes()


def test_nine_patches_in_a_square_and_empty_places_grey() -> None:
    drawn = mosaic([patch((0, 0, 8, 8)), patch((0, 30, 8, 38))], 20)
    assert drawn.size == (64, 64)
    assert drawn.getpixel((10, 10)) == (255, 0, 0)
    assert drawn.getpixel((32, 10)) == (0, 0, 255)
    assert drawn.getpixel((54, 10)) == drawn.getpixel((21, 10)) == GREY


def test_a_map_is_black_at_zero_and_white_at_its_largest_value() -> None:
    values = np.array([[0, 1], [2, 4]], np.float32)
    assert map_picture(values, 8).tobytes() == bytes([0, 64, 128, 255])
    assert map_picture(values + 4, 8).tobytes()[0] == 128  # 4 of 8
    assert map_picture(values - 4, 8).tobytes() == bytes([0, 64, 128, 255])  # below 0
    assert map_picture(np.zeros((300, 150), np.float32), 100).size == (50, 100)


def test_the_light_falls_where_the_map_lies() -> None:
    white = Image.new("RGB", (40, 40), "white")
    values = np.zeros((4, 4), np.float32)
    values[0, 3] = 5
    grey = np.asarray(spotlight(white, values, (10, 10, 30, 30)).convert("L"))
    row, column = np.unravel_index(grey.argmax(), grey.shape)
    assert 10 <= row < 15
    assert 25 <= column < 30
    assert grey[35, 5] == grey[2, 2] == 51  # a fifth of the light
    dark = np.asarray(spotlight(white, -values, (0, 0, 40, 40)).convert("L"))
    assert (dark == 51).all()
