"""Deletion and insertion walked through in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/explanations?explanations_network=lenet_digits&explanations_methods=Grad-CAM"


def test_the_curves_are_walked_by_the_keyboard(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = visit.page
    visit.open(PATH)
    page.locator(".st-key-explanations_trust button").click()
    view = page.locator(".trust-view")
    slider = view.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuetext", "25\u202f% of the pixels")
    expect(page.locator(".trust dt")).to_have_text(
        ["Deletion", "Insertion", "Random weights", "Pointing"]
    )
    deletion, insertion = view.locator("figure img").all()
    slider.focus()
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "100\u202f% of the pixels")
    expect(view.locator(".deletion .now")).to_contain_text("100\u202f% turned black: probability")
    expect(view.locator(".insertion .now")).to_contain_text("100\u202f% made sharp: probability")
    black, sharp = deletion.get_attribute("src"), insertion.get_attribute("src")
    page.keyboard.press("Home")
    expect(view.locator(".deletion .now")).to_contain_text("0\u202f% turned black")
    assert deletion.get_attribute("src") == sharp  # nothing deleted: the picture itself
    assert insertion.get_attribute("src") not in (sharp, black)  # it begins blurred
    main = page.locator('[data-testid="stMain"]')
    page.set_viewport_size({"width": 390, "height": 900})
    expect(view.locator(".both").first).to_have_css("flex-wrap", "wrap")
    assert main.evaluate("main => main.scrollWidth <= main.clientWidth")
    assert visit.problems == []
