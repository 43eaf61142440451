"""Two pictures in one, and whether a map points into a box."""

import numpy as np
import pytest
from PIL import Image

from cnnlab import digits, sample_boxes, samples
from cnnlab.two_pictures import above, ink, places, pointing


def test_a_marked_box_is_found_again_in_the_double_picture():
    """Paint the box of the cup; in the double picture the paint lies where `places` says."""
    (box,) = sample_boxes.boxes_of("coffee")
    marked = Image.new("RGB", samples.sample("coffee").size)
    marked.paste((255, 255, 255), box.corners)
    both = np.asarray(above(Image.new("RGB", (9, 9)), marked).convert("L")) > 127
    rows, columns = np.nonzero(both)
    _, cup = places("cat", "coffee")
    assert cup.classes == box.classes
    edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.allclose(edges, cup.corners, atol=1)


def test_the_places_of_one_picture_are_its_boxes():
    assert [place.corners for place in places("camera")] == [
        box.corners for box in sample_boxes.boxes_of("camera")
    ]
    assert places("gravel") == ()
    assert places("gravel", "grass") == ()
    assert [place.label for place in places("gravel", "cat")] == ["cat"]


@pytest.mark.parametrize("size", [(1, 1), (1, 10_000), (10_000, 1), (3, 7)])
def test_any_picture_can_be_put_together(size):
    assert above(Image.new("L", size), Image.new("RGB", (4, 4))).size == (448, 448)


def test_the_ink_of_a_digit():
    digit = digits.sample_digit("digit-7-1")
    left, top, right, bottom = ink(digit)
    grey = np.asarray(digit.convert("L"))
    assert 0 < left < right < 28
    assert 0 < top < bottom < 28
    outside = grey.copy()
    outside[int(top) : int(bottom), int(left) : int(right)] = 0
    assert outside.max() <= 127
    assert ink(Image.new("L", (28, 28))) == (0, 0, 28, 28)


def test_how_far_outside_and_how_much_inside():
    values = np.zeros((10, 10))
    values[2, 8] = 3.0
    values[7, 2] = 1.0
    whole = (0.0, 0.0, 10.0, 10.0)
    found = pointing(values, (0, 5, 5, 10), crop=whole)
    assert (found.hit, found.share, found.area) == (False, 0.25, 0.25)
    assert found.outside == pytest.approx(np.hypot(8.5 - 5, 5 - 2.5))
    assert pointing(values, (5, 0, 10, 5), crop=whole).hit
    # The same box, where the network sees only the right half of a picture twice as wide.
    again = pointing(values, (15, 0, 20, 5), crop=(10, 0, 20, 10))
    assert (again.hit, again.share) == (True, 0.75)
    assert pointing(values, (0, 0, 9, 9), crop=(10, 0, 20, 10)) is None


def test_an_empty_map_points_nowhere():
    found = pointing(np.zeros((4, 4)), (0, 0, 2, 2), crop=(0, 0, 4, 4))
    assert (found.hit, found.share, found.outside) == (False, 0, float("inf"))
