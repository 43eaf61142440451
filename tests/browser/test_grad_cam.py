"""Grad-CAM's steps in a real browser: one at a time, by the keyboard, on a phone, in dark."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/grad-cam?grad_cam_network=lenet_digits"


def test_a_step_is_chosen_by_the_keyboard_and_stands_in_the_link(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open(f"{PATH}&grad_cam_step=2+Score")
    page = visit.page
    expect(page.get_by_role("heading", name="2. The score y of “7”")).to_be_visible()
    expect(page.get_by_role("heading", name="1. Forward")).to_have_count(0)
    page.locator(".st-key-grad_cam_step").get_by_role("radio", name="3 Gradient").click()
    expect(page.get_by_role("heading", name="3. The gradient")).to_be_visible()
    expect(page).to_have_url(re.compile(r"grad_cam_step=3(\+|%20)Gradient"))
    channel = page.get_by_role("combobox", name="Channel k")
    channel.click()
    channel.press_sequentially("17")
    page.get_by_role("option", name="17", exact=True).click()
    expect(page.get_by_text("dy/dA of channel 17", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("grad_cam_channel=17"))
    assert visit.problems == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone_and_every_map_has_its_range(
    visitor: Callable[..., Visit], theme: str
) -> None:
    visit = visitor(width=390, height=844, scheme=theme)
    visit.open(f"{PATH}&grad_cam_step=All")
    page = visit.page
    expect(page.get_by_role("heading", name="Every array")).to_be_visible()
    expect(page.get_by_role("heading", name="Your turn")).to_be_visible()
    wide = page.evaluate(
        "[...document.querySelectorAll('.stMain, .cam-cards, .cam-bars, .cam-rows, .cam-ranges, '"
        "+ 'figure')]"
        ".filter((e) => e.scrollWidth > e.clientWidth + 1 || e.clientWidth > 390).length"
    )
    assert wide == 0
    without = page.evaluate(
        "[...document.querySelectorAll('.cam-cards figure')].filter((figure) =>"
        " figure.querySelector('.scale') && !figure.innerText.includes('mean')).length"
    )
    assert without == 0
    assert page.evaluate("[...document.querySelectorAll('.cam-cards img')].every((i) => i.alt)")
    assert visit.problems == []


@pytest.mark.parametrize("lecture", [False, True])
def test_the_next_step_comes_by_mouse_and_keyboard(
    visitor: Callable[..., Visit], lecture: bool
) -> None:
    visit = visitor(width=1280, height=720)
    visit.open(PATH + ("&lecture=true" if lecture else ""))
    page = visit.page
    further = page.get_by_role("button", name="Next step")
    expect(page.get_by_role("heading", name="1. Forward")).to_be_visible()
    further.click()
    expect(page.get_by_role("heading", name="2. The score")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="1. Forward")).to_have_count(0)
    further.focus()
    for key, title in (("Enter", "3. The gradient"), ("Space", "4. One weight")):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=title)).to_be_in_viewport()
        expect(further).to_be_focused()
    expect(page).to_have_url(re.compile("grad_cam_step=4"))
    assert visit.problems == []


def test_on_a_phone_each_step_begins_at_its_top_and_no_column_is_lost(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor(width=390, height=844)
    visit.open(f"{PATH}&grad_cam_step=3+Gradient")
    page = visit.page
    page.get_by_role("button", name="Next step").scroll_into_view_if_needed()
    page.get_by_role("button", name="Next step").click()
    expect(page.get_by_role("heading", name="4. One weight")).to_be_in_viewport()
    outside = page.evaluate(
        "[...document.querySelectorAll('.cam-rows td, .cam-rows img')].filter((e) => {"
        " const box = e.getBoundingClientRect(); return box.left < 0 || box.right > 390 })"
    )
    assert outside == []
    for row in page.locator(".cam-rows tbody tr").all():  # numbers left, pictures in one line
        tops = row.locator("img").evaluate_all("all => all.map((e) => e.getBoundingClientRect().y)")
        assert len(tops) == 3
        assert max(tops) - min(tops) < 1
        expect(row.locator(".sum")).to_be_visible()
    page.locator(".st-key-grad_cam_step").get_by_role("radio", name="Arrays").click()
    expect(page.get_by_role("columnheader", name="Largest")).to_be_visible()
    table = page.locator(".cam-ranges")
    assert table.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert visit.problems == []
