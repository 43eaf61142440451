"""The pooling lesson in a real browser: steps, winners, channels, edits, shifts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from cnnlab.pool_links import from_link
from cnnlab.pool_setups import trace_pooling
from cnnlab.ui.player.standalone import standalone_page
from cnnlab.window_trace import window_payload
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

NOT_YET = "·"


def output(page: Page) -> list[str]:
    return page.locator(".board .role-output text.value").all_text_contents()


def formula(page: Page) -> str:
    return page.locator(".written").inner_text()


def containing(part: str) -> re.Pattern[str]:
    return re.compile(re.escape(part))


@pytest.fixture(params=[(1280, 1000), (390, 844)], ids=["wide", "narrow"])
def anywhere(visitor: Callable[..., Visit], request: pytest.FixtureRequest) -> Visit:
    visit = visitor(width=request.param[0], height=request.param[1])
    visit.open("/pooling")
    expect(visit.page.locator("section.player")).to_be_visible()
    return visit


def test_four_steps_by_keyboard(anywhere: Visit) -> None:
    page = anywhere.page
    page.locator("section.player").focus()
    assert formula(page) == "output[0, 0] = max(1, 1, 5, 6) = 6"
    expect(page.locator(".board .role-kernel")).to_have_count(0)
    expect(page.locator(".board .role-input g.now rect.mark")).to_have_count(4)
    for step, values in enumerate((["6"], ["6", "8"], ["6", "8", "3"], ["6", "8", "3", "4"])):
        assert output(page) == values + [NOT_YET] * (3 - step)
        marks = page.locator(".board .role-input g.won")
        expect(marks.locator("rect.mark")).to_have_count(step + 1)
        expect(marks.locator("text")).to_have_text(["max"])
        page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-live=polite]")).to_have_text(
        "Step 4 of 4: the largest of 1, 0, 3, 4 is 4, written to output row 1, column 1."
    )
    assert anywhere.problems == []


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("pooling_kind=average", "output[0, 0] = (1 + 1 + 5 + 6) / 4 = 3.25"),
        ("pooling_kind=L2", "output[0, 0] = √(1² + 1² + 5² + 6²) = 7.93725"),
        ("pooling_padding=1", "output[0, 0] = max(1) = 1"),
        ("pooling_padding=1&pooling_kind=average", "output[0, 0] = (0 + 0 + 0 + 1) / 4 = 0.25"),
        (
            "pooling_input=robust&pooling_kernel=3&pooling_ceil=yes#step=9",
            "output[2, 2] = max(1, 2, 7, 2) = 7",
        ),
        (
            "pooling_input=detector&pooling_kind=L2&pooling_kernel=1x3&pooling_ceil=yes#step=2",
            "output[0, 1] = √((0.2² + 0.1²) · 3 / 2) = 0.273861",
        ),
        (
            "pooling_windows=global&pooling_input=maps&pooling_kind=average#step=3",
            "output[2, 0, 0] = ((−4) + (−1) + 2 + 0 + (−3) + (−2) + 1 + 5 + 0 + 3 + (−1) + (−6) "
            "+ 2 + (−5) + (−2) + (−3)) / 16 = −0.875",
        ),
    ],
)
def test_each_kind_is_written_out(visitor: Callable[..., Visit], query: str, written: str) -> None:
    visit = visitor()
    visit.open(f"/pooling?{query}")
    expect(visit.page.locator(".written")).to_have_text(written)
    assert visit.problems == []


def test_padding_of_a_maximum_is_minus_infinity(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/pooling?pooling_padding=1")
    pads = visit.page.locator(".board .role-input .cell.pad text.value")
    expect(pads.first).to_be_visible()
    assert set(pads.all_text_contents()) == {"−∞"}
    pads.first.locator("xpath=..").hover()
    expect(visit.page.locator(".hint")).to_have_text(
        "padding (row -1, column -1) holds no number and never counts."
    )


def test_one_channel_of_three(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/pooling?pooling_input=maps")
    page = visit.page
    expect(page.locator(".board .role-input svg.plane")).to_have_count(3)
    page.get_by_role("button", name="One channel").click()
    expect(page.locator(".board .role-input svg.plane")).to_have_count(1)
    page.locator("section.player").get_by_label("Channel", exact=True).select_option("channel 2")
    expect(page.locator(".written")).to_have_text("output[2, 0, 0] = max(−4, −1, −3, −2) = −1")
    expect(page.get_by_text("Step 9 of 12", exact=True)).to_be_visible()


def test_an_edited_number_wins_and_the_gradient_follows(anywhere: Visit) -> None:
    page = anywhere.page
    cell = page.locator(".board .role-input g[data-cell='0']")
    cell.click()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page.locator(".written")).to_have_text("output[0, 0] = max(9, 1, 5, 6) = 9")
    gradient = page.get_by_label("Gradient of the input, winners framed")
    expect(gradient.locator("tr").first).to_have_text("1000")
    expect(page).to_have_url(containing("pooling_input=9_1_2_4_5_6"))
    assert anywhere.problems == []


def test_a_wrong_guess_is_named(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/pooling")
    page = visit.page
    page.get_by_label("Predict first").check()
    page.get_by_label("Rows of the output").fill("4")
    page.get_by_label("Columns of the output").fill("4")
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator(".predict .answer")).to_contain_text("That is the size of the input.")
    page.get_by_label("Rows of the output").fill("2")
    page.get_by_label("Columns of the output").fill("2")
    page.get_by_role("button", name="Check").first.click()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".board .won rect.mark")).to_have_count(0)
    for guess, says in (
        ("3.25", "average pooling"),
        ("8", "You used the wrong window"),
        ("77", "It is the largest of 1, 1, 5, 6: where do you differ?"),
    ):
        page.get_by_label("Your answer").fill(guess)
        page.get_by_role("button", name="Check").first.click()
        expect(page.locator(".predict .answer")).to_contain_text(says)
    page.get_by_label("Your answer").fill("6")
    page.get_by_role("button", name="Check").first.click()
    expect(page.locator(".predict .answer")).to_contain_text("Right: output[0, 0] = 6.")


def test_a_way_out_of_too_much_padding(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/pooling?pooling_padding=2")
    page = visit.page
    expect(page.get_by_text("it is 2, the window has 2")).to_be_visible()
    page.get_by_role("button", name="Padding 1").click()
    expect(page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    expect(page.get_by_text("it is 2, the window has 2")).to_have_count(0)


def test_the_shift_is_counted_as_the_slider_moves(anywhere: Visit) -> None:
    page = anywhere.page
    expect(page.get_by_text("2 of 4 maxima change")).to_be_visible()
    slider = page.locator(".st-key-pooling_shift input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("0 of 4 maxima change")).to_be_visible()
    page.keyboard.press("End")
    expect(page).to_have_url(containing("pooling_shift=4"))
    page.locator(".st-key-pooling_map").get_by_text("6 × 6").click()
    expect(page.get_by_text("of 36 inputs change")).to_be_visible()


def test_a_step_in_a_link_opens_there(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/pooling?pooling_stride=1#step=5")
    page = visit.page
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    page.locator("section.player").focus()
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(containing("pooling_stride=1#step=6"))


def test_the_file_without_a_server_plays(browser: Browser) -> None:
    setup = from_link({"pooling_kind": "average"})
    data = {"label": "Pooling", "trace": window_payload(trace_pooling(setup))}
    page = browser.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_content(standalone_page(data))
    page.locator("section.player").focus()
    page.keyboard.press("End")
    expect(page.locator(".written")).to_have_text("output[1, 1] = (1 + 0 + 3 + 4) / 4 = 2")
    assert problems == []
    page.close()
