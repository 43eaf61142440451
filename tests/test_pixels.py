"""Plain pictures: what their numbers are, and what is cut out of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnlab.checks import InputError
from cnnlab.pixels import patch, shrink, to_array, to_png


def test_to_array_by_hand():
    picture = Image.new("RGB", (2, 1), (10, 20, 30))
    picture.putpixel((1, 0), (255, 255, 255))
    rgb, grey = to_array(picture), to_array(picture, channels="grey")
    assert (rgb.dtype, rgb.shape, grey.shape) == (np.float64, (3, 1, 2), (1, 1, 2))
    assert rgb.tolist() == [[[10, 255]], [[20, 255]], [[30, 255]]]
    assert grey.tolist() == [[[18.15, 255.0]]]  # (299·10 + 587·20 + 114·30) / 1000
    assert rgb.flags.c_contiguous
    with pytest.raises(InputError, match="channels must be 'rgb' or 'grey', got 'bgr'"):
        to_array(picture, channels="bgr")


def test_grey_pixels_keep_their_value():
    ramp = Image.frombytes("L", (256, 1), bytes(range(256)))
    assert to_array(ramp, channels="grey").ravel().tolist() == list(range(256))


def test_shrink_by_hand():
    picture = Image.frombytes("L", (4, 2), bytes([0, 10, 100, 200, 20, 30, 100, 200]))
    assert to_array(shrink(picture, size=(1, 2)), channels="grey").tolist() == [[[15, 150]]]
    assert shrink(picture, size=(2, 4)).tobytes() == picture.tobytes()


@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    rows=st.integers(1, 14),
    columns=st.integers(1, 14),
)
@settings(database=None)
def test_shrink_gives_the_size_or_refuses(height, width, rows, columns):
    picture = Image.new("RGB", (width, height), (9, 99, 199))
    if rows > height or columns > width:
        with pytest.raises(InputError, match="too few for a grid"):
            shrink(picture, size=(rows, columns))
    else:
        small = shrink(picture, size=(rows, columns))
        assert small.size == (columns, rows)
        assert small.getcolors() == [(rows * columns, (9, 99, 199))]


def test_shrink_cuts_out_the_middle():
    wide = Image.new("RGB", (30, 10), "red")
    wide.paste("blue", (10, 0, 20, 10))
    assert shrink(wide, size=(5, 5)).getcolors() == [(25, (0, 0, 255))]
    assert shrink(wide.transpose(2), size=5).getcolors() == [(25, (0, 0, 255))]


def test_patch():
    numbers = Image.frombytes("L", (4, 3), bytes(range(12)))
    assert list(patch(numbers, top=1, left=2, height=2, width=2).tobytes()) == [6, 7, 10, 11]
    assert patch(numbers, top=0, left=0, height=3, width=4).tobytes() == numbers.tobytes()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"top": -1}, "top must be at least 0, got -1"),
        ({"top": 2}, "top must be at most 1, got 2"),
        ({"left": 3}, "left must be at most 2, got 3"),
        ({"height": 0}, "height must be at least 1, got 0"),
        ({"height": 4}, "height must be at most 3, got 4"),
        ({"width": 5}, "width must be at most 4, got 5"),
    ],
)
def test_patch_outside_is_refused(changed, words):
    place = {"top": 0, "left": 0, "height": 2, "width": 2} | changed
    with pytest.raises(InputError, match=words):
        patch(Image.new("RGB", (4, 3)), **place)


@pytest.mark.parametrize("function", [to_array, to_png])
@pytest.mark.parametrize("image", [None, b"bytes", Image.new("P", (2, 2)), Image.new("I", (2, 2))])
def test_only_plain_pictures_are_taken(function, image):
    with pytest.raises(TypeError, match="image must be a picture of mode RGB or L"):
        function(image)
