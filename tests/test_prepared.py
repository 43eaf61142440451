"""What is cut away is shaded; pictures side by side keep their proportions."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.prepared import picture_cards, shaded
from cnnlab.figures.theme import ROLES


def grey(width: int, height: int, value: int = 200) -> Image.Image:
    return Image.new("RGB", (width, height), (value, value, value))


@pytest.mark.parametrize("box", [(25, 0, 65, 40), (0, 0, 40, 40), (30, 10, 70, 30)])
def test_outside_is_dark_and_inside_is_untouched(box):
    seen = np.asarray(shaded(grey(90, 40), box))
    left, top, right, bottom = box
    edge = 2  # the frame
    inside = seen[top + edge : bottom - edge, left + edge : right - edge]
    assert (inside == 200).all()
    outside = np.ones((40, 90), bool)
    outside[top:bottom, left:right] = False
    assert seen[outside].max() < 160
    assert seen[outside].min() < seen[outside].max()  # stripes: not told by darkness alone
    frame = tuple(int(ROLES["cursor"].figure[i : i + 2], 16) for i in (1, 3, 5))
    assert tuple(seen[top, left]) == frame


def test_nothing_cut_away_is_nothing_shaded():
    seen = np.asarray(shaded(grey(90, 40), (0, 0, 90, 40)))
    assert (seen[3:-3, 3:-3] == 200).all()


def test_a_fraction_of_a_pixel_is_rounded():
    seen = shaded(grey(90, 40), (24.6, 0.2, 65.4, 39.8))
    assert seen.getpixel((45, 20)) == (200, 200, 200)
    assert seen.size == (90, 40)


def test_any_mode_is_shaded_and_not_changed():
    picture = Image.new("L", (60, 60), 90)
    assert shaded(picture, (20, 20, 40, 40)).mode == "RGB"
    assert picture.getextrema() == (90, 90)


def pictures(html: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(data))) for data in found]


def test_cards_hold_title_words_and_a_small_picture():
    html = picture_cards([("One <b>", "two\nthree", grey(2000, 1000), "a & b")])
    (picture,) = pictures(html)
    assert picture.size == (448, 224)
    assert "One &lt;b&gt;" in html
    assert "two<br>three" in html
    assert 'alt="a &amp; b"' in html


def test_small_pictures_are_blocks_and_tall_ones_stay_low():
    (small,) = pictures(picture_cards([("", "", grey(28, 28), "")]))
    assert small.size == (28, 28)
    assert "pixelated" in picture_cards([("", "", grey(28, 28), "")])
    assert "pixelated" not in picture_cards([("", "", grey(200, 100), "")])
    assert "max-height" in picture_cards([("", "", grey(10, 900), "")])
