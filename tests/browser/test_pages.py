"""Every page in a real browser: no errors, no foreign host, both themes, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from cnnlab.figures.theme import BACKGROUND
from cnnlab.lessons import HOME, LESSONS
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATHS = ["/", *(f"/{lesson.url_path}" for lesson in LESSONS)]
TITLES = {"/": "CNN Lab"} | {f"/{lesson.url_path}": lesson.title for lesson in LESSONS}


@pytest.mark.parametrize("path", PATHS)
def test_in_both_themes_wide_and_narrow(visitor: Callable[..., Visit], path: str) -> None:
    for scheme in ("light", "dark"):
        for width in (1280, 390):
            visit = visitor(width=width, scheme=scheme)
            visit.open(path)
            page = visit.page
            expect(page.get_by_role("heading", level=1)).to_have_text(TITLES[path])
            assert page.get_by_test_id("stException").count() == 0
            # A slow computer lays the page out a moment later.
            visit.until("document.querySelector('.stMain').scrollWidth <= innerWidth + 1")
            red, green, blue = (int(BACKGROUND[scheme][i : i + 2], 16) for i in (1, 3, 5))
            expect(page.get_by_test_id("stApp")).to_have_css(
                "background-color", f"rgb({red}, {green}, {blue})"
            )
            visit.until("document.fonts.check('16px \"IBM Plex Sans\"')")
            pictures = page.locator(".stMain img, .stMain [role=figure]")
            for place in range(pictures.count()):
                words = pictures.nth(place).evaluate(
                    "e => e.getAttribute('alt') || e.getAttribute('aria-label')"
                )
                assert words, f"picture {place} has no text alternative"
            assert visit.problems == []


def test_the_map_leads_to_every_lesson(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    for lesson in LESSONS:
        visit.open("/")
        card = visit.page.locator(f".st-key-card_{lesson.url_path}")
        card.get_by_text(lesson.title, exact=True).click()
        expect(visit.page.get_by_role("heading", level=1)).to_have_text(lesson.title)
        assert visit.page.title() == lesson.title
    assert visit.problems == []


def test_a_link_carries_the_state(visitor: Callable[..., Visit]) -> None:
    one = visitor()
    one.open("/convolution")
    page = one.page
    page.locator("summary", has_text="More settings").click()
    page.get_by_label("Numbers of the kernel").select_option("sobel-y")
    page.get_by_label("Padding", exact=True).select_option("2")
    expect(page.get_by_text("Step 1 of 49", exact=True)).to_be_visible()
    address = "/convolution?kernel=sobel-y&padding=2"
    expect(page).to_have_url(f"{one.server.url}{address}")

    other = visitor()
    other.open(address)
    expect(other.page.get_by_text("Step 1 of 49", exact=True)).to_be_visible()
    weights = other.page.locator(".work .role-kernel text.value").all_text_contents()
    assert weights == ["−1", "−2", "−1", "0", "0", "0", "1", "2", "1"]


def test_a_try_link_opens_that_state(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/")
    visit.page.get_by_text("Find the edges of a cat").click()
    expect(visit.page.get_by_text("Step 1 of 100", exact=True)).to_be_visible()
    expect(visit.page.get_by_text("12 × 12, black 0, white 255")).to_be_visible()
    assert "kernel=sobel-x" in visit.page.url


def test_lecture_view_by_switch_and_by_link(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/convolution")
    page = visit.page
    size = "document.documentElement.computedStyleMap().get('font-size').value"
    before = page.evaluate(size)
    page.locator(".st-key-lecture label").first.click()
    visit.settle()
    assert page.evaluate(size) > before
    expect(page.get_by_text("slides over the")).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
    assert "lecture=true" in page.url

    other = visitor()
    other.open("/convolution?lecture=true")
    expect(other.page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    expect(other.page.get_by_test_id("stSidebar")).to_have_count(0)
    other.page.get_by_text("Networks", exact=True).click()
    other.page.get_by_test_id("stTopNavDropdownLink").filter(has_text="Classify").click()
    expect(other.page.get_by_role("heading", level=1)).to_have_text("Classify a photograph")
    expect(other.page.get_by_test_id("stSidebar")).to_have_count(0)


def test_on_a_phone_the_menu_closes_by_itself_and_by_its_button(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor(width=390, height=844, touch=True)
    visit.open("/output-size")
    page = visit.page
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.get_by_role("link", name="Occlusion").scroll_into_view_if_needed()
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").tap()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    assert "lecture" not in page.url
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.get_by_role("link", name="Pooling", exact=True).tap()
    expect(page.get_by_role("heading", name="Pooling", exact=True)).to_be_visible()
    expect(page.get_by_test_id("stExpandSidebarButton")).to_be_visible()
    assert visit.problems == []


def test_an_unknown_address_leads_home(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.page.goto(f"{visit.server.url}/nowhere")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text(TITLES["/"])
    assert HOME.title == "Home"


def test_switching_the_theme_recolours_the_player(visitor: Callable[..., Visit]) -> None:
    visit = visitor(scheme="light")
    visit.open("/convolution")
    cell = visit.page.locator(".board .now rect.mark").first
    expect(cell).to_be_attached()
    light = cell.evaluate("e => getComputedStyle(e).stroke")
    visit.page.emulate_media(color_scheme="dark")
    expect(cell).not_to_have_css("stroke", light)


def test_a_page_below_the_root_finds_its_server_at_once(visitor: Callable[..., Visit]) -> None:
    asked: list[str] = []
    visit = visitor()
    visit.page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    visit.page.goto(f"{visit.server.url}/output-size")
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Output size and cost")
    assert asked[0] == "/output-size"
    assert not [path for path in asked[1:] if path.startswith("/output-size")]
