"""Grad-CAM's cards: what they show is what they were given."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cnnlab.figures.cam_cards import Card, bars, card, contributors
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
    assert '<th scope="row">▸ 9</th>' in html
    assert '<td class="number">−4</td>' in html
    assert '<td class="number">+2</td>' in html


@pytest.mark.parametrize("values", [[3.0, -1.0, 0.0], [0.0, 0.0], [-2.0]])
def test_bars_stand_on_zero(values):
    html = bars(np.array(values), title="Weights")
    zero = float(re.search(r'<hr style="top:([\d.]+)%', html)[1])
    assert zero == pytest.approx(100 * max(*values, 0) / ((max(*values, 0) - min(*values, 0)) or 1))
    heights = [float(x) for x in re.findall(r"height:([\d.]+)%", html)]
    assert max(heights, default=0) <= 100
    assert len(heights) == len(values)
