"""Data augmentation in a real browser: switches, the link, a network on demand, a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/augmentation"


def sources(page: Page) -> list[str]:
    images = page.locator(".st-key-augmentation_shown .versions img")
    expect(images).to_have_count(8)
    return [images.nth(place).get_attribute("src") or "" for place in range(8)]


def test_a_switch_changes_the_versions_and_the_link(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open(PATH)
    before = sources(visit.page)
    toggle = visit.page.locator(".st-key-augmentation_colour label").first
    toggle.click()
    expect(visit.page).to_have_url(re.compile("augmentation_colour=true"))
    expect(visit.page.locator(".st-key-augmentation_colour_settings")).to_be_visible()
    visit.settle()
    after = sources(visit.page)
    assert all(one != other for one, other in zip(before, after, strict=True))

    other = visitor()
    other.open(PATH + "?augmentation_colour=true")
    assert sources(other.page) == after
    assert visit.problems == other.problems == []


def test_the_pictures_stay_in_sight_beside_long_settings(visitor: Callable[..., Visit]) -> None:
    visit = visitor(height=700)
    names = ("rotate", "scale", "colour", "elastic", "mix_up")
    visit.open(PATH + "?" + "&".join(f"augmentation_{name}=true" for name in names))
    last = visit.page.locator(".st-key-augmentation_mix_up")
    last.scroll_into_view_if_needed()
    expect(visit.page.locator(".versions img").first).to_be_in_viewport()


def test_a_network_is_asked_only_when_the_learner_wants_it(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open(PATH)
    captions = visit.page.locator(".st-key-augmentation_shown figcaption")
    expect(captions.first).to_have_text("Epoch 1")
    visit.page.locator(".st-key-augmentation_ask label").first.click()
    expect(captions.first).to_have_text(re.compile(r"Epoch 1.*%"))
    expect(visit.page.locator(".js-plotly-plot")).to_be_visible()
    assert visit.problems == []


def test_on_a_phone_nothing_is_wider_than_the_screen(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    names = ("colour", "elastic", "mix_up", "erase", "ask", "code")
    visit.open(PATH + "?" + "&".join(f"augmentation_{name}=true" for name in names))
    expect(visit.page.locator(".js-plotly-plot")).to_be_visible()
    assert visit.page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []
