"""The page that classifies, in a real browser: strip, temperature, gallery, several pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from cnnlab import samples
from cnnlab.percent import finely
from cnnlab.softmax import entropy, softmax
from tests.browser.conftest import Visit
from tests.real_weights import needs_weights

pytestmark = pytest.mark.browser

PARTS = ("All+classes", "Preprocessing", "Temperature", "Flips+and+crops")
QUERIES = [
    *(f"classify_part={part}&classify_list=true" for part in PARTS),
    "classify_part=Flips+and+crops&classify_crops=Ten+crops",
    *(f"classify_network=lenet_digits&classify_part={part}" for part in PARTS),
    "classify_mode=Networks&classify_others=lenet_digits&classify_others=alexnet",
    "classify_mode=Pictures",
    "classify_mode=Pictures&classify_network=lenet_digits",
    "lecture=true&classify_list=true",
    "lecture=true&classify_part=Preprocessing",
    "lecture=true&classify_mode=Networks&classify_others=lenet_digits",
]


def chosen(visit: Visit, key: str) -> Locator:
    return visit.page.locator(f".st-key-classify_{key} [aria-checked=true]")


@pytest.mark.parametrize("query", QUERIES)
def test_nothing_is_wider_than_a_phone(visitor: Callable[..., Visit], query: str) -> None:
    visit = visitor(width=390, height=844)
    visit.open(f"/classify?{query}")
    expect(visit.page.locator("table.class-bars, .stImage").first).to_be_visible()
    assert visit.page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    pictures = visit.page.locator(".stMain img")
    assert all(pictures.nth(i).get_attribute("alt") for i in range(pictures.count()))
    assert visit.page.get_by_test_id("stException").count() == 0
    assert visit.problems == []


@needs_weights("squeezenet1_0")
def test_the_strip_reads_classes_without_the_server(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/classify")
    rows, read = visit.page.locator(".class-strip .rows"), visit.page.locator(".class-strip .read")
    expect(read).to_contain_text("Egyptian cat, 71")
    expect(read).to_contain_text("domestic cats: 98")
    rows.focus()
    with visit.server.asleep():
        visit.page.keyboard.press("ArrowLeft")
        expect(read).to_contain_text("Siamese cat")
        expect(rows).to_have_attribute("aria-valuenow", "284")
        visit.page.keyboard.press("Home")
        expect(read).to_contain_text("tench")
        visit.page.keyboard.press("End")
        expect(read).to_contain_text("toilet tissue")
        expect(read).to_contain_text("made things")
        column = visit.page.locator(".class-strip .columns").nth(1).locator("i").nth(207 - 151)
        box = column.bounding_box()
        assert box
        visit.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 5)
        expect(read).to_contain_text("golden retriever")
        expect(read).to_contain_text("dogs:")
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 5)
    expect(visit.page).to_have_url(re.compile(r"classify_class=golden\+retriever"))
    expect(visit.page.get_by_role("cell", name="n02099601")).to_be_visible()
    assert visit.problems == []


@needs_weights("squeezenet1_0")
def test_bars_follow_the_temperature_without_the_server(visitor: Callable[..., Visit]) -> None:
    from cnnlab.answers import ask

    logits = ask(samples.sample("cat"), "squeezenet1_0").logits.astype(float)
    visit = visitor()
    visit.open("/classify?classify_part=Temperature")
    view = visit.page.locator(".temperature-view")
    slider = view.locator("input[type=range]")
    expect(view.locator(".at")).to_have_text("T = 1")
    visit.settle()
    slider.focus()
    with visit.server.asleep():
        for key, times in (("ArrowRight", 25), ("End", 1), ("Home", 1)):
            for _ in range(times):
                visit.page.keyboard.press(key)
            temperature = float(view.locator(".at").inner_text().removeprefix("T = "))
            shares = softmax(logits, temperature=temperature)
            top = sorted(shares, reverse=True)[:5]
            numbers = view.locator("td.number").all_text_contents()
            assert numbers == [finely(float(share)) for share in top], temperature
            expect(view.locator(".says")).to_contain_text(f"Entropy {entropy(shares):.2f} of 9.97")
            fill = view.locator(".fill").first.evaluate("e => parseFloat(e.style.width)")
            assert fill == pytest.approx(100 * top[0], abs=0.01)
        assert temperature == 0.05
        expect(view.locator(".says b")).to_have_text(f"Egyptian cat, {finely(float(top[0]))}")
    expect(visit.page).to_have_url(re.compile(r"classify_temperature=0\.05"))  # once it rests
    expect(slider).to_be_focused()
    assert visit.problems == []


def test_a_link_opens_a_temperature_beside_the_steps_of_the_slider(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open("/classify?classify_part=Temperature&classify_temperature=2.35")
    expect(visit.page.locator(".temperature-view .at")).to_have_text("T = 2.35")
    field = visit.page.locator(".st-key-classify_temperature input")
    field.fill("3.1")
    field.press("Enter")
    expect(visit.page.locator(".temperature-view .at")).to_have_text("T = 3.1")
    assert visit.problems == []


def test_a_picture_of_the_gallery_is_opened_at_the_top(arriving: Visit) -> None:
    visit = arriving
    visit.open("/classify?classify_mode=Pictures")
    opens = visit.page.locator(".st-key-classify_open_coins button")
    says = opens.inner_text()
    opens.scroll_into_view_if_needed()
    opens.click()
    expect(visit.page.get_by_role("heading", name=says)).to_be_visible()
    expect(visit.page).to_have_url(re.compile(r"classify_sample=coins"))
    expect(chosen(visit, "mode")).to_have_text("Nothing")
    expect(visit.page.get_by_role("heading", level=1)).to_be_in_viewport()
    visit.page.locator(".st-key-classify_mode").get_by_text("Pictures").click()
    visit.page.locator(".st-key-classify_open_brick button").click()  # its field stood before
    expect(visit.page).to_have_url(re.compile(r"classify_sample=brick"))
    assert visit.problems == []


def test_own_pictures_are_seen_by_their_owner_alone(visitor: Callable[..., Visit]) -> None:
    one, other = visitor(), visitor()
    link = "/classify?classify_mode=Pictures&classify_set=My+own"
    files = []
    for name in ("cat", "coffee", "rocket"):
        file = io.BytesIO()
        samples.sample(name).save(file, "JPEG")
        files.append({"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()})
    one.open(link)
    one.page.locator("input[type=file]").set_input_files(files)
    cards = one.page.locator("[class*=st-key-classify_open_] button")
    expect(cards).to_have_count(3)
    expect(one.page.get_by_text("in 3 pictures")).to_be_visible()
    other.open(link)
    expect(other.page.get_by_text("Choose pictures.")).to_be_visible()
    says = cards.nth(1).inner_text()
    cards.nth(1).click()
    expect(one.page.get_by_role("heading", name=says)).to_be_visible()
    one.page.locator(".st-key-classify_mode").get_by_text("Pictures").click()
    one.page.locator(".st-key-classify_set").get_by_text("My own").click()
    expect(cards).to_have_count(3)
    one.page.get_by_role("button", name="Forget my pictures").click()
    expect(one.page.get_by_text("Choose pictures.")).to_be_visible()
    expect(cards).to_have_count(0)
    assert one.problems == other.problems == []
