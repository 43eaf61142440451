"""The catalogue in a real browser: sort, tick, open a lesson, share the link, on a phone too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser


def rows(page: Page) -> Locator:
    return page.locator(".networks tbody tr")


def row(page: Page, name: str) -> Locator:
    return page.locator(f'.networks tbody tr[data-name="{name}"]')


def test_sort_tick_and_share(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/catalogue?catalogue_topic=depth")
    page = visit.page
    expect(rows(page)).to_have_count(17)
    expect(rows(page).first).to_contain_text("vgg11")
    head = page.locator(".networks th", has_text="accuracy")
    head.get_by_role("button").click()
    expect(rows(page).first).to_contain_text("vgg11")  # 69.0 %, the least of them
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").press("Enter")  # the focus has stayed where it was
    expect(rows(page).first).to_contain_text("resnet152")
    expect(head).to_have_attribute("aria-sort", "descending")
    tags = page.locator(".st-key-catalogue_compare [data-tag]")
    row(page, "resnet50").get_by_role("checkbox").uncheck()
    expect(tags).to_have_count(1)
    row(page, "vgg19").get_by_role("checkbox").check()
    expect(tags).to_have_count(2)
    row(page, "densenet121").get_by_role("checkbox").check()
    expect(page.get_by_role("region", name="Facts side by side")).to_contain_text("143,667,240")
    expect(page.locator(".st-key-catalogue_compare [data-tag]")).to_have_count(3)
    expect(page).to_have_url(re.compile("compare=densenet121"))
    visit.settle()
    address = page.url
    for part in ("topic=depth", "order=accuracy", "turn=falling", "compare=vgg19"):
        assert f"catalogue_{part}" in address
    other = visitor(scheme="dark")
    other.open(address.removeprefix(visit.server.url))
    expect(rows(other.page).first).to_contain_text("resnet152")
    expect(row(other.page, "vgg19").get_by_role("checkbox")).to_be_checked()
    expect(row(other.page, "resnet50").get_by_role("checkbox")).not_to_be_checked()
    facts = other.page.get_by_role("region", name="Facts side by side")
    other.settle()
    assert facts.locator("thead").inner_text() == page.locator(".numbers thead").first.inner_text()
    assert visit.problems == other.problems == []


def test_fast_ticks_are_all_taken_and_a_fifth_is_refused(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/catalogue?catalogue_family=VGG")
    page = visit.page
    expect(rows(page)).to_have_count(8)
    row(page, "vgg19").get_by_role("checkbox").evaluate(  # each tick while the last is on its way
        """async (box) => {
          const rows = box.closest("tbody");
          for (const name of ["vgg19", "vgg16", "vgg19", "vgg16", "vgg11", "vgg13"]) {
            rows.querySelector(`tr[data-name="${name}"] input`).click();
            await new Promise((done) => setTimeout(done, 40));
          }
        }"""
    )
    facts = page.get_by_role("region", name="Facts side by side").locator("thead")
    expect(facts).to_contain_text("efficientnet_b0")
    expect(facts).to_contain_text("vgg13")
    expect(facts).to_contain_text("vgg11")
    expect(row(page, "vgg16").get_by_role("checkbox")).to_be_disabled()
    expect(row(page, "vgg11").get_by_role("checkbox")).to_be_enabled()
    row(page, "vgg11").get_by_role("checkbox").uncheck()
    expect(row(page, "vgg16").get_by_role("checkbox")).to_be_enabled()
    assert visit.problems == []


def test_a_row_opens_a_lesson_without_loading_the_page_anew(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/catalogue?catalogue_family=SqueezeNet")
    page = visit.page
    page.evaluate("window.same = true")
    row(page, "squeezenet1_0").get_by_role("link", name="Every layer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Every layer of a network")
    expect(page.get_by_text("1,248,424").first).to_be_visible()
    assert "model_layers_network=squeezenet1_0" in page.url
    assert page.evaluate("window.same") is True
    page.go_back()
    visit.open("/catalogue?catalogue_family=SqueezeNet")
    link = row(page, "squeezenet1_1").get_by_role("link", name="Every layer")
    with page.context.expect_page() as opened:  # with Ctrl, the browser opens a tab of its own
        link.click(modifiers=["Control"])
    expect(opened.value.get_by_text("1,235,496").first).to_be_visible(timeout=60_000)
    assert visit.problems == []


def test_names_in_the_search_field_need_no_mouse(visitor: Callable[..., Visit]) -> None:
    visit = visitor(scheme="dark")
    visit.open("/catalogue")
    page = visit.page
    expect(rows(page)).to_have_count(81)
    page.get_by_label("Search").fill("swin v2")
    page.keyboard.press("Enter")
    expect(rows(page)).to_have_count(3)
    page.get_by_label("Search").fill("zzz")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No network fits. Take a filter away.")).to_be_visible()
    row_of_swin = row(page, "swin_v2_t")
    page.get_by_label("Search").fill("swin v2")
    page.keyboard.press("Enter")
    row_of_swin.get_by_role("checkbox").press("Space")
    expect(page.get_by_role("region", name="Facts side by side")).to_contain_text("swin_v2_t")
    assert visit.problems == []


def test_on_a_phone_wide_things_scroll_inside_themselves(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    visit.open(
        "/catalogue?catalogue_compare=vgg16&catalogue_compare=resnet50&catalogue_compare=swin_t"
        "&catalogue_compare=convnext_tiny"
    )
    page = visit.page
    expect(rows(page)).to_have_count(81)
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    for box in (page.locator(".networks"), page.get_by_role("region", name="Facts side by side")):
        place = box.bounding_box()
        assert place
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 390
        assert box.evaluate("e => e.scrollWidth > e.clientWidth")
    head = page.locator(".networks th.what").first
    left = head.bounding_box()
    page.locator(".networks").evaluate("e => { e.scrollLeft = 200; }")
    assert head.bounding_box() == left  # names stay in sight
    assert visit.problems == []
