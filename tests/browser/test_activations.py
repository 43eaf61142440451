"""The curves and their cursor, by mouse, keyboard and touch, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open("/activations" + query)
    expect(visit.page.locator(".curve-view .at")).to_be_visible()
    return visit.page


def test_a_cursor_reads_both_curves_without_the_server(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    first, second = (
        page.locator(".curve-view .card").nth(0),
        page.locator(".curve-view .card").nth(1),
    )
    expect(first).to_contain_text("f(x) = 0.7311")
    expect(first).to_contain_text("f′(x) = 0.1966")
    visit.settle()
    slider = page.locator(".curve-view input[type=range]")
    slider.focus()
    with visit.server.asleep():
        for _ in range(20):
            page.keyboard.press("ArrowLeft")
        expect(page.locator(".curve-view .at")).to_have_text("x = 0")
        expect(first).to_contain_text("f(x) = 0.5")
        expect(first).to_contain_text("f′(x) = 0.25")
        expect(second).to_contain_text("no gradient passes")
    expect(page).to_have_url(re.compile(r"activations_x=0\b"))  # once it rests
    expect(page.get_by_label("x", exact=True).and_(page.locator("[type=number]"))).to_have_value(
        "0.00"
    )
    expect(slider).to_be_focused()
    assert visit.problems == []


def test_pointing_moves_the_cursor(arriving: Visit) -> None:
    page = arrive(arriving)
    plot = page.locator(".curve-view svg")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + 45, box["y"] + 100)
    expect(page.locator(".curve-view .at")).to_contain_text("x = −5")
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + 100)
    expect(page.locator(".curve-view .at")).to_have_text("x = 6")
    expect(page.locator(".curve-view .card").first).to_contain_text("✕ Saturated")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert arriving.problems == []


def test_a_link_opens_the_cursor_between_the_grid(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?activations_first=tanh&activations_second=Nothing&activations_x=0.33")
    expect(page.locator(".curve-view .at")).to_have_text("x = 0.33")
    expect(page.locator(".curve-view .card")).to_have_count(1)
    expect(page.locator(".curve-view .card")).to_contain_text("f(x) = 0.3185")
    assert visit.problems == []


def test_saturation_is_striped(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    striped = page.locator(".curve-view rect[fill^='url(#stripes']")
    expect(striped).to_have_count(3)  # two of the sigmoid, one of ReLU
    page.locator(".st-key-activations_threshold").get_by_text("0.001", exact=True).click()
    expect(striped).to_have_count(1)
    assert visit.problems == []
