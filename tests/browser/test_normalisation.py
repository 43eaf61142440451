"""Gradient descent played side by side and cells that share a mean, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/normalisation"


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open(PATH + query)
    expect(visit.page.locator(".descent-view .here")).to_have_count(2)
    expect(visit.page.locator(".sharing-view .tensor").first).to_be_attached()
    return visit.page


def step(page: Page, number: int) -> None:
    expect(page.locator(".descent-view .says")).to_have_text(re.compile(f"^Step {number} of "))


def slider(page: Page) -> Locator:
    return page.locator(".descent-view [type=range]")


def marked(page: Page) -> list[int]:
    boards = page.locator(".sharing-view figure")
    return [boards.nth(place).locator(".with").count() for place in range(boards.count())]


def test_the_steps_are_walked_by_keys_and_by_buttons(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    step(page, 57)
    sent = visit.frames.count("sent")
    slider(page).focus()
    page.keyboard.press("Home")
    step(page, 0)
    captions = page.locator(".descent-view figcaption")
    for place in (0, 1):
        expect(captions.nth(place)).to_have_text(re.compile("Left to go: 100 %"))
    start = page.locator(".descent-view .here").first.get_attribute("d")
    page.get_by_role("button", name="One step on").click()
    page.keyboard.press("ArrowRight")
    step(page, 2)
    expect(captions.nth(1)).to_contain_text("At the goal since step 2")
    expect(captions.nth(0)).not_to_contain_text("At the goal")
    assert page.locator(".descent-view .here").first.get_attribute("d") != start
    page.get_by_role("button", name="One step back").click()
    step(page, 1)
    page.keyboard.press("End")
    step(page, 57)
    expect(captions.nth(0)).to_contain_text("At the goal since step 55")
    assert visit.frames.count("sent") == sent  # all of it in the browser
    assert visit.problems == []


def test_playing_goes_to_the_end_and_can_be_paused(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?normalisation_ratio=1&normalisation_offset=0.0")  # 12 steps
    step(page, 12)
    play = page.get_by_role("button", name="Play or pause")
    play.click()
    expect(play).to_have_text("Pause")
    step(page, 1)
    play.click()
    expect(play).to_have_text("Play")
    held = slider(page).input_value()
    page.wait_for_timeout(1200)
    assert slider(page).input_value() == held
    slider(page).focus()
    page.keyboard.press("Space")
    step(page, 12)
    expect(play).to_have_text("Play")
    assert visit.problems == []


def test_who_wants_less_motion_sees_few_stops(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.page.emulate_media(reduced_motion="reduce")
    page = arrive(visit)
    page.get_by_role("button", name="Play or pause").click()
    seen = set()
    for _ in range(60):
        seen.add(int(slider(page).input_value()))
        if 57 in seen:
            break
        page.wait_for_timeout(150)
    assert sorted(seen) == [0, 8, 16, 24, 32, 40, 48, 56, 57]


def test_another_scale_draws_another_bowl(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    steps = page.get_by_role("heading", level=3).first
    expect(steps).to_have_text("Steps to the goal: 55 as they are, 2 normalised")
    page.get_by_role("radio", name="10", exact=True).click()
    expect(page).to_have_url(re.compile("normalisation_ratio=10"))
    expect(steps).not_to_contain_text("55 as they are")
    expect(page.locator(".descent-view .plot").first).to_have_attribute(
        "aria-label", re.compile("condition number 14")
    )
    axes = page.locator(".descent-view figure").first.locator("ellipse").first
    wide, high = (float(axes.get_attribute(name) or 0) for name in ("rx", "ry"))
    assert max(wide, high) / min(wide, high) == pytest.approx(12, rel=0.05)  # the root of κ
    assert visit.problems == []


def test_a_chosen_cell_lights_all_that_share_its_mean(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    assert marked(page) == [12, 16, 4, 8]
    boards = page.locator(".sharing-view figure")
    boards.nth(3).locator("[data-cell='0']").click()
    for place in range(4):
        expect(boards.nth(place).locator(".chosen")).to_have_attribute("data-cell", "0")
    expect(page.get_by_label("Chosen cell: n, c, row, column")).to_have_value("1 1 1 1")
    expect(page).to_have_url(re.compile(r"normalisation_cell=1(\+|%20)1"))
    for key, cell in (("ArrowRight", 1), ("ArrowRight", 4), ("ArrowDown", 6), ("ArrowDown", 20)):
        page.keyboard.press(key)
        expect(boards.first.locator(".chosen")).to_have_attribute("data-cell", str(cell))
    expect(page.get_by_label("Chosen cell: n, c, row, column")).to_have_value("2 2 1 1")
    expect(boards.nth(3).locator(".tensor")).to_be_focused()
    members = boards.first.locator(".with").evaluate_all("cells => cells.map(c => c.dataset.cell)")
    assert [int(cell) // 4 % 4 for cell in members] == [1] * 12  # channel 2 of every picture
    expect(boards.nth(1).locator("figcaption")).to_contain_text("4 · 2 · 2 = 16 cells share μ")
    assert visit.problems == []


def test_a_link_opens_a_cell_of_another_tensor(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    query = "?normalisation_pictures=2&normalisation_channels=6&normalisation_groups=3"
    page = arrive(visit, query + "&normalisation_cell=1+6+2+2&normalisation_cells=output")
    assert marked(page) == [8, 24, 4, 8]
    expect(page.locator(".sharing-view .chosen").first).to_have_attribute("data-cell", "23")
    expect(page.locator(".sharing-view .chosen").first).to_have_text(re.compile(r"^−?\d\.\d$"))
    page.get_by_label("Channels C").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator(".sharing-view figure").first.locator("[data-cell]")).to_have_count(24)
    assert marked(page) == [8, 12, 4, 4]
    assert visit.problems == []


def test_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit, "?normalisation_cells=output&normalisation_channels=6")
    cell = page.locator(".sharing-view figure").first.locator("[data-cell='1']")
    cell.scroll_into_view_if_needed()
    cell.tap()
    expect(cell).to_have_class(re.compile("chosen"))
    page.get_by_role("button", name="One step back").tap()
    step(page, 56)
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    plots = page.locator(".descent-view .plot:not(.data):not(.chart)")
    left, right = (plots.nth(place).bounding_box() for place in (0, 1))
    assert left
    assert right
    assert left["y"] == right["y"]  # both ways stay beside each other
    assert right["x"] + right["width"] <= 390
    assert visit.problems == []
