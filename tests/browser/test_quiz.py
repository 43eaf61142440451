"""Exercises that check themselves, on the page of output sizes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_number_is_checked(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").first
    field, verdict = form.locator("input"), form.locator(".verdict")
    expect(form).to_contain_text("Exercise 1. AlexNet's paper says")
    visit.settle()
    sent = len(visit.frames)
    for typed, says in (
        ("", "Write a number"),
        ("many", "Write a number"),
        ("224", "is 54.25"),
        ("5", "Not yet"),
        ("2,270", "Not yet"),
    ):
        field.fill(typed)
        field.press("Enter")
        expect(verdict).to_contain_text(says)
        expect(verdict).to_have_class("verdict wrong")
    for typed in ("227", " 227.0 ", "227,0"):
        field.fill(typed)
        form.get_by_role("button", name="Check").click()
        expect(verdict).to_have_text(
            "✓ Right. (227 − 11) / 4 + 1 = 55. With 224 the formula gives 54.25, which cannot be."
        )
    assert len(visit.frames) == sent  # all of it in the browser
    assert visit.problems == []


def test_an_option_is_checked_by_keyboard(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").nth(1)
    verdict = form.locator(".verdict")
    form.get_by_role("button", name="Check").press("Enter")
    expect(verdict).to_contain_text("Choose one")
    form.locator("input").first.focus()
    visit.page.keyboard.press("Space")
    visit.page.keyboard.press("Enter")
    expect(verdict).to_contain_text("Not yet")
    visit.page.keyboard.press("ArrowDown")
    visit.page.keyboard.press("Enter")
    expect(verdict).to_contain_text("✓ Right.")
    expect(verdict).to_contain_text("462 million")


def test_the_answer_is_shown_after_a_try(arriving: Visit) -> None:
    visit = arriving
    visit.open("/output-size")
    form = visit.page.locator(".quiz form").nth(2)
    show = form.get_by_role("button", name="Show the answer")
    expect(show).to_be_hidden()
    form.locator("input").fill("11,1")
    form.locator("input").press("Enter")
    expect(form.locator(".verdict")).to_contain_text("That is 1/9 alone")
    show.click()
    expect(form.locator(".verdict")).to_contain_text("The answer: 11.5017.")
    expect(show).to_be_hidden()
    assert visit.problems == []
