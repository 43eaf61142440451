"""Passes of dropout and of stochastic depth in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from cnnlab.dropout import dropout_mask
from cnnlab.stochastic_depth import blocks_kept, survival_probabilities
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def part(visit: Visit, name: str, query: str = "") -> Locator:
    visit.open("/dropout" + query)
    found = visit.page.locator(f".st-key-dropout_{name} .pass-view")
    expect(found).to_be_visible()
    return found


def test_stepping_drops_the_units_of_each_pass(arriving: Visit) -> None:
    visit = arriving
    view = part(visit, "view", "?dropout_seed=4")
    visit.settle()
    with visit.server.asleep():
        for number in (1, 2, 3):
            expect(view.locator(".says")).to_contain_text(f"Pass {number} of 400")
            kept = dropout_mask((10,), p=0.5, seed=4, number=number)
            expect(view.locator(".unit.off")).to_have_count(int((~kept).sum()))
            expect(view.locator("tbody tr.off")).to_have_count(int((~kept).sum()))
            if number < 3:
                view.get_by_role("button", name="One pass on").click()
    expect(visit.page).to_have_url(re.compile("dropout_pass=3"))  # once it rests
    assert visit.page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []


def test_playing_goes_on_without_the_server_until_paused(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    view = part(visit, "view")
    visit.settle()
    sent = visit.frames.count("sent")
    play = view.get_by_role("button", name="Play or pause")
    play.click()
    expect(view.locator(".says")).to_contain_text("Pass 4 of 400")
    assert visit.frames.count("sent") == sent
    play.click()
    expect(play).to_have_text("Play")
    expect(visit.page).to_have_url(re.compile(r"dropout_pass=\d"))
    assert visit.problems == []


def test_arrows_step_from_the_buttons(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    view = part(visit, "view", "?dropout_pass=5")
    view.get_by_role("button", name="One pass on").focus()
    visit.page.keyboard.press("ArrowRight")
    expect(view.locator(".says")).to_contain_text("Pass 6 of 400")
    for _ in range(2):
        visit.page.keyboard.press("ArrowLeft")
    expect(view.locator(".says")).to_contain_text("Pass 4 of 400")
    assert visit.problems == []


def test_at_test_time_no_unit_is_dark(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    view = part(visit, "view", "?dropout_phase=test+time&dropout_scaling=classic")
    expect(view.locator(".says")).to_contain_text("no unit is dropped, and every value is")
    expect(view.locator(".unit.off")).to_have_count(0)
    expect(view.locator("caption")).to_have_text("Hidden units at test time")
    expect(view.get_by_role("button", name="Play or pause")).to_be_disabled()
    assert visit.problems == []


def test_blocks_are_skipped_pass_by_pass(arriving: Visit) -> None:
    visit = arriving
    view = part(visit, "depth_view", "?dropout_depth_pass=9")
    survival = survival_probabilities(54, last=0.5)
    for number in (9, 10):
        expect(view.locator(".says")).to_contain_text(f"Pass {number} of 400")
        kept = blocks_kept(survival, seed=0, number=number)
        expect(view.locator(".block")).to_have_count(54)
        expect(view.locator(".block.off")).to_have_count(int((~kept).sum()))
        if number == 9:
            view.get_by_role("button", name="One pass on").click()
    expect(visit.page).to_have_url(re.compile("dropout_depth_pass=10"))
    assert visit.problems == []
