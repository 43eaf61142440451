"""Conflicts of cues and boxes from explanations, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_a_conflict_is_made_by_the_keyboard_and_kept_in_the_link(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open("/texture-or-shape?texture_or_shape_network=lenet_digits")
    page = visit.page
    tally = page.locator(".tally")
    expect(tally).to_contain_text("You have made 1 conflict")
    sigma = page.locator(".st-key-texture_or_shape_sigma_digits input[type=range]")
    sigma.focus()
    page.keyboard.press("Home")
    expect(tally).to_contain_text("1 shape, 0 texture, 0 neither")
    expect(page.locator(".verdict.shape").first).to_have_text("The shape wins")
    expect(page.locator(".cue-tasks .done")).to_have_text(
        "✓ found: a picture on which the shape wins"
    )
    expect(page).to_have_url(re.compile("texture_or_shape_sigma_digits=0.2"))
    other = visitor(width=390, scheme="dark")
    other.page.goto(page.url)
    expect(other.page.locator(".verdict.shape").first).to_have_text("The shape wins")
    main = other.page.locator(".stMain")
    assert main.evaluate("(main) => main.scrollWidth <= main.clientWidth")
    assert visit.problems == other.problems == []


def test_the_threshold_moves_the_box_and_the_task_is_done(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open("/where-is-it?where_is_it_network=lenet_digits")
    page = visit.page
    says = page.locator(".where-says")
    expect(says).to_contain_text("Not localised")
    columns = page.locator(".where-curve .plot > i")
    expect(columns).to_have_count(49)
    at = page.locator(".st-key-where_is_it_at input[type=range]")
    at.focus()
    for _ in range(7):  # from 0.90 to 0.76
        page.keyboard.press("ArrowLeft")
    expect(says).to_contain_text(re.compile(r"0\.5\d, at least 0\.5"))
    expect(page.locator(".where-curve .now")).to_have_attribute("title", re.compile("0.76: 0.5"))
    expect(page.locator(".where-tasks .done")).to_contain_text("by its saliency")
    expect(page).to_have_url(re.compile("where_is_it_at=0.76"))
    assert visit.problems == []
