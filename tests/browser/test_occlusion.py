"""The window slides in the browser: step, keys, a click on a map."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def test_the_film_steps_by_button_key_and_click(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/occlusion?occlusion_network=lenet_digits")
    view = visit.page.locator(".occlusion-view")
    says = view.locator(".says")
    expect(says).to_have_text("position 144 of 144", timeout=60_000)
    view.get_by_role("button", name="One position back").click()
    expect(says).to_have_text("position 143 of 144")
    view.get_by_role("button", name="One position back").press("ArrowUp")
    expect(says).to_have_text("position 131 of 144")
    view.get_by_role("button", name="One position back").press("Home")
    expect(says).to_have_text("position 1 of 144")
    cells = view.locator("canvas.cells").first
    expect(cells).to_have_attribute(
        "aria-label", re.compile("Probability of “7”.*without the window")
    )
    cells.click(position={"x": 3, "y": 3})
    expect(says).to_have_text("position 1 of 144")
    view.get_by_role("button", name="Play").click()
    expect(says).not_to_have_text("position 1 of 144")
    view.get_by_role("button", name="Pause").click()
    expect(view.get_by_role("button", name="Play")).to_have_text("Play")
