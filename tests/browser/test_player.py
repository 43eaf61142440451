"""The step player, by mouse, keyboard and touch, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

FINAL = ["4", "3", "4", "2", "4", "3", "2", "3", "4"]
NOT_YET = "·"


def player(page: Page) -> Locator:
    return page.locator("section.player")


def output(page: Page) -> list[str]:
    return page.locator(".board .role-output text.value").all_text_contents()


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).click()


@pytest.fixture
def visit(visitor: Callable[..., Visit]) -> Visit:
    visit = visitor()
    visit.open("/convolution")
    expect(player(visit.page)).to_be_visible()
    return visit


def test_nine_steps_by_mouse(visit: Visit) -> None:
    page = visit.page
    for step in range(1, 10):
        expect(page.get_by_text(f"Step {step} of 9", exact=True)).to_be_visible()
        assert output(page) == FINAL[:step] + [NOT_YET] * (9 - step)
        if step < 9:
            press(page, "One step forward")
    expect(page.get_by_role("button", name="One step forward")).to_be_disabled()
    press(page, "One step back")
    assert output(page) == [*FINAL[:8], NOT_YET]
    press(page, "Back to the first step")
    assert output(page) == FINAL[:1] + [NOT_YET] * 8
    assert visit.problems == []


def test_nine_steps_by_keyboard(visit: Visit) -> None:
    page = visit.page
    player(page).focus()
    for step in range(1, 9):
        page.keyboard.press("ArrowRight")
        assert output(page) == FINAL[: step + 1] + [NOT_YET] * (8 - step)
    page.keyboard.press("ArrowRight")  # there is no tenth step
    assert output(page) == FINAL
    page.keyboard.press("ArrowLeft")
    assert output(page) == [*FINAL[:8], NOT_YET]
    page.keyboard.press("Home")
    assert output(page) == FINAL[:1] + [NOT_YET] * 8
    page.keyboard.press("End")
    assert output(page) == FINAL


def test_play_pause_and_speed_by_keyboard(visit: Visit) -> None:
    page = visit.page
    player(page).focus()
    speed = page.get_by_label("Speed, steps per second")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Pause")
    expect(page.get_by_text("Step 2 of 9", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Play")
    paused = output(page)
    page.wait_for_timeout(1300)
    assert output(page) == paused
    page.keyboard.press("-")
    expect(speed).to_have_value("0.5")
    for _ in range(6):
        page.keyboard.press("+")
    expect(speed).to_have_value("8")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Again")
    assert output(page) == FINAL


def test_play_by_mouse_ends_and_plays_again(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Speed, steps per second").select_option("8")
    press(page, "Play or pause")
    expect(page.get_by_text("Step 9 of 9", exact=True)).to_be_visible()
    assert output(page) == FINAL
    press(page, "Play or pause")
    expect(page.get_by_text("Step 2 of 9", exact=True)).to_be_visible()


def test_scrubbing(visit: Visit) -> None:
    page = visit.page
    scrubber = page.get_by_label("Step", exact=True)
    scrubber.fill("6")
    assert output(page) == FINAL[:6] + [NOT_YET] * 3
    scrubber.press("ArrowLeft")
    assert output(page) == FINAL[:5] + [NOT_YET] * 4


def test_each_step_is_written_out(visit: Visit) -> None:
    page = visit.page
    player(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".written")).to_have_text(
        "output[0, 1] = 1·1 + 1·0 + 0·1 + 1·0 + 1·1 + 1·0 + 0·1 + 1·0 + 1·1 = 3"
    )
    work = page.locator(".work")
    assert work.locator("text.value").all_text_contents() == [
        *("1", "1", "0", "1", "1", "1", "0", "1", "1"),
        *("1", "0", "1", "0", "1", "0", "1", "0", "1"),
        *("1", "0", "0", "0", "1", "0", "0", "0", "1"),
    ]
    expect(work.locator(".sum b")).to_have_text("3")
    marked = page.locator(".board .role-input g.now rect.mark")
    expect(marked).to_have_count(9)
    expect(page.locator("[aria-live=polite]")).to_contain_text("Step 2 of 9: 1 times 1, plus")


def test_stepping_sends_nothing_to_the_server(visit: Visit) -> None:
    page = visit.page
    page.wait_for_timeout(500)
    before = len(visit.frames)
    assert before > 0, "the websocket was not seen at all"
    player(page).focus()
    page.get_by_label("Speed, steps per second").select_option("8")
    press(page, "Play or pause")
    expect(page.get_by_text("Step 9 of 9", exact=True)).to_be_visible()
    for key in ("Home", "ArrowRight", "End", "ArrowLeft", "r", "c"):
        page.keyboard.press(key)
    page.get_by_label("Step", exact=True).fill("3")
    page.wait_for_timeout(500)
    assert len(visit.frames) == before


def test_keeps_its_place_when_the_page_runs_again(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Step", exact=True).fill("5")
    page.locator(".st-key-lecture label").first.click()
    visit.settle()
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    page.locator(".st-key-convolution_kernel input").click()
    page.get_by_role("option", name="box blur", exact=True).click()
    visit.settle()
    expect(page.locator(".work .role-kernel text.value").first).to_have_text("0.111")
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    page.locator(".st-key-convolution_padding").get_by_text("1", exact=True).click()
    visit.settle()
    expect(page.get_by_text("Step 1 of 25", exact=True)).to_be_visible()


def test_padding_is_shown_and_counted_from_minus_one(visit: Visit) -> None:
    visit.open("/convolution?convolution_padding=1")
    page = visit.page
    expect(page.get_by_text("5 × 5, with padding 7 × 7")).to_be_visible()
    labels = page.locator(".board .role-input text.index").all_text_contents()
    assert labels[:7] == ["−1", "0", "1", "2", "3", "4", "5"]
    expect(page.locator(".board .role-input g.pad")).to_have_count(24)


def test_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844)
    visit.open("/convolution")
    page = visit.page
    expect(player(page)).to_be_visible()
    press(page, "One step forward")
    assert output(page) == FINAL[:2] + [NOT_YET] * 7
    sizes = page.locator(".transport button").evaluate_all(
        "buttons => buttons.map(b => [b.offsetWidth, b.offsetHeight])"
    )
    assert all(width >= 44 and height >= 44 for width, height in sizes)
    boxes = [page.locator(f".board .role-{role}").bounding_box() for role in ("input", "output")]
    assert None not in boxes
    assert boxes[1]["x"] + boxes[1]["width"] <= 390
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 5, "input and output stand side by side"
