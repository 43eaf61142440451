"""The lesson on architectures in a real browser: a shared link, and a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_vgg_16_against_resnet_50_by_link(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/architectures?architectures_network=vgg16&architectures_other=resnet50")
    page = visit.page
    expect(page.get_by_role("heading", name="VGG-16 (D), 2014")).to_be_visible()
    expect(page.locator("table").get_by_text("138,357,544").first).to_be_visible()
    expect(page.locator("table").get_by_text("25,557,032").first).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(4)
    page.get_by_text("FLOPs", exact=True).click()
    expect(page.get_by_text("30,940,528,640").first).to_be_visible()
    expect(page).to_have_url(
        f"{visit.server.url}/architectures?architectures_network=vgg16"
        "&architectures_other=resnet50&architectures_unit=FLOPs"
    )
    assert visit.problems == []


def test_drawings_fit_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, scheme="dark", touch=True)
    visit.open("/architectures?architectures_network=googlenet")
    drawings = visit.page.locator("[role=img][aria-label^=Inception]")
    expect(drawings).to_have_count(2)
    for place in range(2):
        box = drawings.nth(place).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        names = drawings.nth(place).get_by_text("conv")
        for name in range(names.count()):
            inside = names.nth(name).bounding_box()
            assert inside
            assert inside["x"] + inside["width"] <= 390
    assert visit.page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []
