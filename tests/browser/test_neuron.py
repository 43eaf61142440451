"""One neuron in a real browser: choosing cells and inputs by mouse, keyboard and touch."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

LINK = "/neuron?neuron_network=squeezenet1_0&neuron_layer=features.4.expand3x3"
BOARD = ".cell-picker .board"
PLACE = "&neuron_channel=17&neuron_cell=9_12&neuron_sample=cat"


def arrive(visit: Visit, path: str = LINK + PLACE) -> Page:
    visit.open(path)
    expect(visit.page.locator(".cell-picker .board")).to_be_visible()
    return visit.page


def value(page: Page) -> str:
    return page.locator(".cell-picker .value").inner_text()


def chosen(page: Page, row: int, column: int) -> None:
    expect(page.locator(".cell-picker .value")).to_contain_text(f"Row {row}, column {column}:")
    expect(page.get_by_role("heading", name=f"cell ({row}, {column}) was made")).to_be_visible()


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found
    return dict(found)


def test_a_link_opens_exactly_its_cell(arriving: Visit) -> None:
    page = arrive(arriving)
    chosen(page, 9, 12)
    expect(page.locator(".st-key-neuron_channel input")).to_have_value("17")
    expect(page.locator(".st-key-neuron_cell input")).to_have_value("9_12")
    board, ring = box(page, BOARD), box(page, f"{BOARD} .ring")
    middle = (ring["x"] + ring["width"] / 2 - board["x"]) / board["width"]
    assert middle == pytest.approx(12.5 / 54, abs=0.01)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert arriving.problems == []


def test_arrows_move_the_cell_at_once_and_python_when_they_rest(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    before = box(page, ".world .frame")
    page.locator(BOARD).focus()
    with visit.server.asleep():
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        expect(page.locator(".cell-picker .value")).to_contain_text("Row 10, column 13:")
        moved, world = box(page, ".world .frame"), box(page, ".world")
        jump = 4 * world["width"] / 224  # of this layer
        assert moved["x"] - before["x"] == pytest.approx(jump, abs=0.7)
        expect(page.locator(".world")).to_have_class(re.compile("stale"))
    chosen(page, 10, 13)
    expect(page).to_have_url(re.compile("neuron_cell=10_13"))
    expect(page.locator(".world")).not_to_have_class(re.compile("stale"))
    expect(page.locator(BOARD)).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    chosen(page, 0, 0)
    assert visit.problems == []


def test_a_click_and_a_tap_choose_a_cell(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    board = box(page, BOARD)
    page.mouse.click(
        board["x"] + board["width"] * 30.5 / 54, board["y"] + board["height"] * 2.5 / 54
    )
    chosen(page, 2, 30)
    assert visit.problems == []
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit)
    page.locator(BOARD).scroll_into_view_if_needed()
    board = box(page, BOARD)
    page.touchscreen.tap(
        board["x"] + board["width"] * 5.5 / 54, board["y"] + board["height"] * 7.5 / 54
    )
    chosen(page, 7, 5)
    assert visit.problems == []


def test_an_input_is_chosen_by_its_bar_and_opened(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    bars = page.locator(".sum-bars button")
    expect(bars.first).to_have_attribute("aria-pressed", "true")
    name = bars.nth(2).get_attribute("data-name")
    bars.nth(2).click()
    expect(bars.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".st-key-neuron_input input")).to_have_value(str(name))
    expect(page).to_have_url(re.compile(f"neuron_input={name}"))
    page.get_by_role("button", name="Open this neuron").click()
    expect(page.get_by_role("heading", name="How features.4.squeeze_activation")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"neuron_channel={name}\b"))
    page.get_by_role("button", name="Back", exact=True).click()
    chosen(page, 9, 12)
    assert visit.problems == []


def test_the_player_begins_at_the_cell_and_cannot_be_changed(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    player = page.locator(".player")
    expect(player.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    expect(player.get_by_text("Paint")).to_be_hidden()
    expect(player.get_by_role("button", name="Copy link")).to_be_hidden()
    sent = visit.frames.count("sent")
    player.get_by_role("button", name="One step forward").click()
    expect(player.get_by_text("Step 6 of 9", exact=True)).to_be_visible()
    assert visit.frames.count("sent") == sent
    assert "#" not in page.url
    page.locator(BOARD).focus()
    page.keyboard.press("ArrowLeft")
    chosen(page, 9, 11)
    expect(player.get_by_text("Step 5 of 9", exact=True)).to_be_visible()  # at the new cell
    assert visit.problems == []


def test_a_cell_that_does_not_exist_is_said_and_the_link_mended(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit, LINK + "&neuron_channel=17&neuron_cell=99_99")
    expect(page.get_by_text("There is no cell “99_99” in features.4.expand3x3")).to_be_visible()
    expect(page.locator(".st-key-neuron_cell input")).not_to_have_value("99_99")
    cell = page.locator(".st-key-neuron_cell input").input_value()
    expect(page).to_have_url(re.compile(f"neuron_cell={cell}"))
    assert visit.problems == []


def test_one_walks_from_the_class_score(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "/neuron?neuron_layer=start")
    expect(page.locator(".cell-picker .value")).to_contain_text("Channel")
    expect(page).to_have_url(re.compile(r"neuron_layer=classifier\.3"))
    for layer in ("classifier.2", "features.12.expand"):
        page.get_by_role("button", name="The neuron that contributes most").click()
        expect(page.get_by_role("heading", name=re.compile(f"How {layer}"))).to_be_visible()
    page.get_by_text("field only").click()
    visit.settle()
    page.wait_for_timeout(600)
    words = page.get_by_role("heading", name=re.compile("^How features.12.expand")).inner_text()
    again = visitor()
    arrive(again, page.url.removeprefix(visit.server.url))  # the address opens the same neuron
    expect(again.page.get_by_role("heading", name=words)).to_be_visible()
    assert again.problems == visit.problems == []


def test_the_player_agrees_with_the_table_and_its_notes_fit(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(
        visit, "/neuron?neuron_layer=features.7.expand3x3&neuron_channel=45&neuron_cell=11_7"
    )
    table = page.locator(".neuron-products table")
    texts = [table.nth(i).locator("td").all_inner_texts() for i in range(3)]
    row = page.locator(".work .channel").first
    cells = [row.locator("figure.role-" + role) for role in ("input", "kernel", "output")]
    shown = [cell.locator("text.value").all_text_contents() for cell in cells]
    assert shown == texts
    assert any("," in text for text in texts[0])
    total = page.locator(".work .sum b").inner_text()
    assert f"sum +{total}" in page.locator(".neuron-products").inner_text()
    marked = page.locator("figure.role-output .plane text.value", has_text=total)
    assert marked.count() >= 1  # the output's cell too
    assert page.locator("text.times").count() == 0  # ×−0.0843 does not fit beside its number
    assert page.locator(".cell-picker .value").inner_text().endswith(": 3,152")
    assert visit.problems == []
