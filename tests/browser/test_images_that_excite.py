"""Films that play in the browser with their curves, and long work that can be stopped."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/images-that-excite?images_that_excite_network=lenet_digits"


def test_the_film_and_its_curves_play_in_the_browser_alone(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open(PATH)
    page = visit.page
    says = page.locator(".film-view .says")
    expect(says).to_have_text("after 100 of 100 steps")
    curves = page.locator(".film-view .curve")
    expect(curves).to_have_count(3)
    mark, now = curves.first.locator(".mark"), curves.first.locator("strong")
    expect(mark).to_have_attribute("x1", "100")
    picture, last = page.locator(".film-view figure img"), now.inner_text()
    visit.settle()
    with visit.server.asleep():
        end = picture.get_attribute("src")
        slider = page.locator(".film-view [type=range]")
        slider.focus()
        page.keyboard.press("Home")
        expect(says).to_have_text("the start: noise")
        expect(mark).to_have_attribute("x1", "0")
        expect(now).not_to_have_text(last)
        assert picture.get_attribute("src") != end
        page.get_by_role("button", name="One frame on").click()
        expect(says).to_have_text(re.compile(r"^after \d+ of 100 steps$"))
        page.keyboard.press("End")
        expect(now).to_have_text(last)
        expect(picture).to_have_attribute("src", end)
    assert visit.problems == []


def test_making_a_picture_can_be_stopped(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/images-that-excite?images_that_excite_network=squeezenet1_0"
               "&images_that_excite_side=224&images_that_excite_steps=300")  # fmt: skip
    page = visit.page
    start = page.locator(".st-key-images_that_excite_make button")
    expect(start).to_be_visible(timeout=90_000)
    start.click()
    stop = page.locator(".st-key-images_that_excite_make_stop button")
    expect(stop).to_be_visible()
    expect(page.get_by_text(re.compile(r"Making flamingo: \d+"))).to_be_visible()
    stop.click()
    expect(start).to_be_visible()
    expect(stop).to_have_count(0)
    expect(page.locator(".film-view")).to_have_count(0)
    assert visit.problems == []


def test_seven_films_fit_the_screen(arriving: Visit) -> None:
    arriving.open(PATH + "&images_that_excite_steps=10")
    page = arriving.page
    page.locator(".st-key-images_that_excite_compare button").click()
    expect(page.locator(".film-view .films figure")).to_have_count(8)
    assert page.locator(".stMain").evaluate("(main) => main.scrollWidth <= main.clientWidth")
    assert arriving.problems == []
