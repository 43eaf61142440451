"""Channels chosen by a click and films of feature inversion, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/hierarchy?hierarchy_network=lenet_digits"


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open(PATH + query)
    expect(visit.page.locator(".hierarchy-view .tile img.patches:not(.map)")).to_have_count(8)
    return visit.page


def test_a_click_chooses_a_channel_and_the_link_keeps_it(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    tile = page.locator(".hierarchy-view .layer").first.locator(".tile").nth(2)
    number = re.search(r"\d+", tile.locator(".name").inner_text())
    assert number
    expect(tile).to_have_attribute("aria-pressed", "false")
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Channel, 0 to 19")).to_have_value(number[0])  # relu1 has 20
    expect(page).to_have_url(re.compile(rf"hierarchy_channel={number[0]}"))
    expect(page).to_have_url(re.compile("hierarchy_at=relu1"))
    expect(page.locator('[role="listitem"] img')).to_have_count(9)
    visit.settle()

    other = visitor()
    other.page.goto(page.url)  # the link, opened by somebody else
    expect(other.page.get_by_label("Channel, 0 to 19")).to_have_value(number[0])
    pressed = other.page.locator('.hierarchy-view [aria-pressed="true"] .name')
    expect(pressed).to_have_text(f"channel {number[0]}")
    assert visit.problems == other.problems == []


def test_a_channel_is_chosen_by_the_keyboard(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor())
    tile = page.locator(".hierarchy-view .tile").nth(1)
    tile.focus()
    page.keyboard.press("Enter")
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("hierarchy_at=relu1"))
    expect(tile).to_be_focused()


def test_films_play_in_the_browser_alone(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".st-key-hierarchy_invert button").click()
    says = page.locator(".film-view .says")
    expect(says).to_have_text("after 150 of 150 steps")
    films = page.locator(".film-view figure img")
    expect(films).to_have_count(3)  # the digit and two layers
    last = films.nth(1).get_attribute("src")
    visit.settle()
    with visit.server.asleep():
        play = page.get_by_role("button", name="Play or pause")
        play.click()
        expect(says).to_have_text("the start: noise")
        expect(play).to_have_text("Pause")
        assert films.nth(1).get_attribute("src") != last
        expect(says).to_have_text("after 150 of 150 steps")
        expect(play).to_have_text("Play")
        assert films.nth(1).get_attribute("src") == last
        slider = page.locator(".film-view [type=range]")
        slider.focus()
        page.keyboard.press("Home")
        expect(says).to_have_text("the start: noise")
        page.get_by_role("button", name="One frame on").click()
        expect(says).to_have_text(re.compile(r"^after \d+ of 150 steps$"))
    assert visit.problems == []


def test_a_reconstruction_can_be_stopped(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/hierarchy?hierarchy_network=squeezenet1_0&hierarchy_layers=features.12")
    start = page_button(visit.page, "invert")
    expect(start).to_be_visible(timeout=90_000)
    start.click()
    stop = page_button(visit.page, "invert_stop")
    expect(stop).to_be_visible()
    stop.click()
    expect(start).to_be_visible()
    expect(visit.page.locator(".film-view")).to_have_count(0)
    assert visit.problems == []


def page_button(page: Page, name: str):
    return page.locator(f".st-key-hierarchy_{name} button")


def test_nothing_is_wider_than_the_screen(arriving: Visit) -> None:
    page = arrive(arriving)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    main = page.locator(".stMain")
    assert main.evaluate("(main) => main.scrollWidth <= main.clientWidth")
    tiles = page.locator(".hierarchy-view .tiles").first
    if arriving.page.viewport_size["width"] < 500:  # they scroll inside themselves
        assert tiles.evaluate("(row) => row.scrollWidth > row.clientWidth")
