"""Fooling a network in a real browser: the exercise, the file, a patch that can be stopped."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cnnlab import catalogue
from cnnlab.images import load_image
from cnnlab.pretrained import classify
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/fooling?fooling_network=lenet_digits&fooling_method=PGD"


def test_the_slider_fools_the_network_and_the_file_too(
    visitor: Callable[..., Visit], tmp_path: Path
) -> None:
    visit = visitor()
    visit.open(PATH)
    page = visit.page
    task = page.get_by_text("Fool lenet_digits with ε ≤ 24.")
    expect(task).to_have_text(re.compile("^○"))
    slider = page.locator(".st-key-fooling_epsilon input[type=range]")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("fooling_epsilon=24"))
    expect(task).to_have_text(re.compile("^✓ done:"))
    expect(page.get_by_text("became")).to_contain_text("at most 24 grey levels")
    said = re.search(r"became “(\d)”", page.get_by_text("became").inner_text())
    visit.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name="The result (.png)").click()
    file = tmp_path / "fooled.png"
    download.value.save_as(file)
    assert said
    assert classify(load_image(file), catalogue.OWN, k=1)[0].category == said[1]
    assert visit.problems == []


@pytest.mark.parametrize("width", [390, 1280])
def test_a_patch_is_trained_and_nothing_is_too_wide(
    visitor: Callable[..., Visit], width: int
) -> None:
    visit = visitor(width=width)
    visit.open(f"{PATH}&fooling_part=A+patch&fooling_patch_class=8")
    page = visit.page
    page.get_by_role("button", name="Train a patch for “8”").click()
    expect(page.locator(".wins td")).to_have_count(25, timeout=60_000)
    expect(page.get_by_text(re.compile("it wins at"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.problems == []
