"""Grad-CAM's cards: what they show is what they were given."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.cam_cards import Card, bars, card, contributors, ranges
from cnnlab.figures.heat_pictures import AGAINST, FOR


def pictures(html: str) -> list[np.ndarray]:
    found = re.findall(r"base64,([^\"]+)", html)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in found]


def test_a_card_shows_each_cell_and_its_range():
    values = np.array([[-2.0, 0.0], [1.0, 2.0]])
    html = card(Card("A <b>", values, signed=True, alt="some", text="t", note="n"))
    (shown,) = pictures(html)
    assert shown.shape == (2, 2, 3)
    assert tuple(shown[0, 0]) == AGAINST
    assert tuple(shown[1, 1]) == FOR
    assert "A &lt;b&gt;" in html
    assert "2 × 2, from −2 to 2, mean 0.25" in html
    assert "<span>−2</span><span>2</span>" in html


def test_cards_can_share_one_scale():
    (weak,) = pictures(card(Card("", np.array([[0.0, 1.0]]), signed=False, alt="", extent=4.0)))
    (strong,) = pictures(card(Card("", np.array([[0.0, 4.0]]), signed=False, alt="", extent=4.0)))
    assert weak[0, 1].sum() < strong[0, 1].sum()
    own = pictures(card(Card("", np.array([[0.0, 1.0]]), signed=False, alt="")))[0]
    assert (own == strong).all()


def test_a_row_for_each_channel():
    one = np.ones((2, 2))
    rows = [(7, 0.5, 2.0, one, one, 0.5 * one), (9, -1.0, -4.0, one, -one, -one)]
    html = contributors(rows, chosen=9, extents=(1.0, 1.0, 1.0), caption="c")
    assert len(pictures(html)) == 6
    assert html.count('class="chosen"') == 1
    assert re.findall(r"<th scope=[^>]+>([^<]+)<", html) == ["7", "▸ 9"]
    assert re.findall(r'data-name="α">([^<]+)<', html) == ["0.5", "−1"]
    assert re.findall(r'data-name="sum">([^<]+)<', html) == ["+2", "−4"]


@pytest.mark.parametrize("values", [[3.0, -1.0, 0.0], [0.0, 0.0], [-2.0]])
def test_bars_stand_on_zero(values):
    html = bars(np.array(values), title="Weights")
    zero = float(re.search(r'<hr style="top:([\d.]+)%', html)[1])
    assert zero == pytest.approx(100 * max(*values, 0) / ((max(*values, 0) - min(*values, 0)) or 1))
    heights = [float(x) for x in re.findall(r"height:([\d.]+)%", html)]
    assert max(heights, default=0) <= 100
    assert len(heights) == len(values)
    marks = [float(x) for x in re.findall(r"<span style=\"top:([\d.]+)%", html)]
    says = [x.replace("−", "-") for x in re.findall(r"<span style=[^>]+>([^<]+)<", html)]
    assert [float(x) for x in says] == sorted({max(*values, 0), 0.0, min(*values, 0)}, reverse=True)
    assert marks[says.index("0")] == zero
    assert f"{values.count(0.0)} exactly 0" in html


def test_a_table_of_arrays_says_the_same_wide_and_narrow():
    html = ranges({"A": np.array([[0.0, 0.0, 3.0]]), "<b>": np.array([-0.0000488])})
    assert "A<small>1 × 3; mean 1; 66.7" in html
    wide = re.findall(r'<td class="right wide-only">([^<]+)<', html)
    assert wide[:2] == ["1 × 3", "1"]
    assert re.findall(r'<td class="right">([^<]+)<', html)[:2] == ["0", "3"]
    assert "&lt;b&gt;" in html
    assert "−4.88 · 10⁻⁵" in html
