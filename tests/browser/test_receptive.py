"""The receptive field on a picture, by mouse, keyboard and touch, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/receptive-field"
BOTH = "&".join(
    f"receptive_field_{name}={value}"
    for name, value in {
        "stack": "vgg16",
        "layer": "conv4",
        "other": "ResNet-50",
        "other_layer": "conv4_6",
    }.items()
)


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open(PATH + query)
    expect(visit.page.locator(".field-view .world")).to_be_visible()
    return visit.page


def says(page: Page, text: str) -> None:
    expect(page.locator(".field-view .says")).to_contain_text(text)


def chosen(page: Page, text: str) -> None:
    expect(page.locator(".field-view .maps figcaption").first).to_contain_text(text)


def box(page: Page, selector: str) -> dict[str, float]:
    found = page.locator(selector).bounding_box()
    assert found
    return dict(found)


def test_a_link_opens_an_example_at_a_layer(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?receptive_field_stack=vgg16&receptive_field_layer=10")
    says(page, "Layer 10 of 18, pool3 (pool 2 × 2): one cell sees 44 × 44 pixels.")
    assert page.locator(".chip").count() == 18
    assert page.locator(".chip[aria-pressed=true]").inner_text().split()[0] == "10"
    whole, frame = box(page, ".world img"), box(page, ".frame.current")
    assert frame["width"] / whole["width"] == pytest.approx(44 / 224, rel=0.03)
    assert page.locator(".frame:visible").count() == 10
    assert visit.problems == []


def test_scrubbing_moves_the_page_and_the_link_once_it_rests(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit, "?receptive_field_stack=alexnet")
    slider = page.get_by_label("Layer", exact=True).and_(page.locator("[type=range]"))
    slider.focus()
    with visit.server.asleep():
        for number in (7, 6, 5, 4):
            page.keyboard.press("ArrowLeft")
            says(page, f"Layer {number} of 8")
    expect(page).to_have_url(re.compile("receptive_field_layer=pool2"))
    expect(page.get_by_text("51 + (3 − 1) · 1 · 8")).to_be_visible()
    expect(slider).to_be_focused()
    assert visit.problems == []


def test_the_cell_moves_by_arrows_and_by_a_click(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?receptive_field_stack=vgg16&receptive_field_layer=conv5_3")
    chosen(page, "row 7, column 7")
    page.locator(".world").focus()
    before = box(page, ".frame.current")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen(page, "row 9, column 8")
    moved = box(page, ".frame.current")
    pixel = box(page, ".world img")["width"] / 224
    assert moved["x"] - before["x"] == pytest.approx(16 * pixel, abs=1)  # the jump
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
    chosen(page, "row 0, column 0")
    caption = page.locator(".seen figcaption")
    expect(caption).to_contain_text("106 × 106 of them (rows × columns) in the picture")
    whole = box(page, ".world img")
    page.mouse.click(whole["x"] + whole["width"] - 2, whole["y"] + 2)
    chosen(page, "row 0, column 13")
    assert visit.problems == []


def test_the_chosen_cell_is_part_of_the_link(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?receptive_field_stack=vgg16&receptive_field_layer=conv4_3")
    chosen(page, "row 14, column 14")
    assert "receptive_field_cell" not in page.url  # the middle one is usual
    sent = visit.frames.count("sent")
    page.locator(".world").focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("receptive_field_cell=11-15"))
    page.locator(".map:not(.rival)").scroll_into_view_if_needed()
    map_box = box(page, ".map:not(.rival)")
    page.mouse.click(map_box["x"] + map_box["width"] - 4, map_box["y"] + 4)
    expect(page).to_have_url(re.compile("receptive_field_cell=0-27"))
    assert visit.frames.count("sent") == sent  # all of it in the browser
    page.locator(".chip").nth(2).click()  # another layer: the cell above the same place
    expect(page).to_have_url(re.compile("receptive_field_cell=2-110"))
    expect(page).to_have_url(re.compile("receptive_field_layer=pool1"))
    copied, words = page.url, page.locator(".maps figcaption").first.inner_text()
    other = visitor()
    other.page.goto(copied)
    chosen(other.page, words)
    assert visit.problems == other.problems == []


@pytest.mark.parametrize("cell", ["28-3", "3-28", "-1-3", "3", "x-y", "99999-3", "", "<b>"])
def test_a_cell_that_is_not_there_is_the_middle_one(
    visitor: Callable[..., Visit], cell: str
) -> None:
    visit = visitor()
    query = "?receptive_field_stack=vgg16&receptive_field_layer=conv4_3"
    page = arrive(visit, f"{query}&receptive_field_cell={quote(cell)}")
    chosen(page, "row 14, column 14")
    expect(page.locator(".notice")).to_contain_text("not among the 28 × 28 cells")
    expect(page).not_to_have_url(re.compile("receptive_field_cell"))
    assert visit.problems == []


def test_a_stage_in_the_link_becomes_the_name_of_its_layer(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit, f"?{BOTH}")
    expect(page).to_have_url(re.compile("receptive_field_layer=conv4_3"))
    expect(page).to_have_url(re.compile("receptive_field_other_layer=conv4_6c"))
    field = page.locator(".st-key-receptive_field_layer input")
    field.click()
    page.get_by_role("option", name="pool5", exact=True).click()
    says(page, "Layer 18 of 18")
    expect(page).not_to_have_url(re.compile("receptive_field_layer="))  # the last one is usual
    assert visit.problems == []


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lecture", ["", "&lecture=true"])
def test_two_networks_on_one_picture(
    visitor: Callable[..., Visit], width: int, lecture: str
) -> None:
    visit = visitor(width=width)
    page = arrive(visit, f"?{BOTH}{lecture}")
    whole = box(page, ".world img")
    one, other = box(page, ".frame.current"), box(page, ".frame.rival")
    assert one["width"] / whole["width"] == pytest.approx(92 / 224, rel=0.03)
    assert other["width"] / whole["width"] == pytest.approx(267 / 224, rel=0.03)
    rows = page.locator(".versus tr").all_inner_texts()
    assert [" ".join(row.split()) for row in rows[1:4]] == [
        "one cell sees 92 × 92 267 × 267",
        "jump 8 16",
        "start −42 −133",
    ]
    expect(page.locator(".difference")).to_contain_text("2.9 times as wide")
    assert page.locator(".frame:visible").count() == 2
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    page.locator(".world").focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")  # 2 cells of 8 pixels, so one of 16
    before = other["y"] - whole["y"]  # the page itself may have scrolled
    moved = box(page, ".frame.rival")["y"] - box(page, ".world img")["y"]
    assert moved - before == pytest.approx(16 * whole["width"] / 224, abs=1)
    assert visit.problems == []


def test_scrubbing_beside_another_network(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, f"?{BOTH}")
    page.get_by_role("button", name="One layer back").click()
    first = page.locator(".versus tr").nth(1)
    expect(first).to_contain_text("76 × 76")  # at once; the sentence waits for Python
    expect(page.locator(".difference")).to_contain_text("3.5 times as wide")
    expect(first).to_contain_text("267 × 267")
    assert visit.problems == []


def test_playing_grows_the_field_and_ends(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.get_by_role("button", name="Play or pause").click()
    for size in (3, 5, 7):
        says(page, f"sees {size} × {size} pixels")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Play")
    assert visit.problems == []


def test_layers_are_changed_added_and_removed(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".chip").nth(1).click()
    says(page, "Layer 2 of 3")
    page.get_by_role("button", name="Add a pooling after this layer").click()
    says(page, "Layer 3 of 4, pool 2 × 2: one cell sees 6 × 6 pixels.")
    expect(page).to_have_url(re.compile("receptive_field_stack=c3-c3-p2-c3"))
    page.locator(".chip").nth(3).click()
    page.get_by_label("Dilation").select_option("2")
    says(page, "Layer 4 of 4, conv 3 × 3, dilation 2: one cell sees 14 × 14 pixels.")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".chip")).to_have_count(3)
    expect(page.get_by_label("The stack as a text", exact=True)).to_have_value("c3-c3-p2")
    page.get_by_label("Kind").select_option("c")
    says(page, "Layer 3 of 3, conv 3 × 3: one cell sees 7 × 7 pixels.")
    expect(page.get_by_label("The stack as a text", exact=True)).to_have_value("c3-c3-c3")
    assert visit.problems == []


def test_a_layer_that_does_not_fit_can_be_mended(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive_anyway(visit, "?receptive_field_stack=p2-p2-p2-p2-p2-p2&receptive_field_size=32")
    expect(page.get_by_role("alert")).to_contain_text("Layer 6: a window of 2")
    page.get_by_role("button", name="Remove").click()
    says(page, "Layer 5 of 5")
    assert visit.problems == []


def arrive_anyway(visit: Visit, query: str) -> Page:
    visit.open(PATH + query)
    return visit.page


def test_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit, "?receptive_field_stack=dilated")
    world = page.locator(".world")
    world.scroll_into_view_if_needed()
    whole = box(page, ".world img")
    page.touchscreen.tap(whole["x"] + 2, whole["y"] + whole["height"] / 2)
    chosen(page, "column 0")
    page.get_by_role("button", name="One layer back").tap()
    says(page, "Layer 3 of 4")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []


def test_who_wants_less_motion_gets_the_frame_at_once(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.page.emulate_media(reduced_motion="reduce")
    page = arrive(visit)
    animations = "view => view.getRootNode().getAnimations?.().length ?? 0"
    page.get_by_role("button", name="One layer back").click()
    assert page.locator(".field-view").evaluate(animations) == 0
    says(page, "sees 5 × 5")
    page.emulate_media(reduced_motion="no-preference")
    page.get_by_role("button", name="One layer back").click()
    assert page.locator(".field-view").evaluate(animations) == 1
