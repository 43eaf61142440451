"""The pixels of a picture by wheel, drag, buttons, keyboard and touch, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cnnlab import samples
from tests.browser.conftest import ROOT, Visit

pytestmark = pytest.mark.browser

PATH = "/images-as-tensors"
CAT = np.asarray(samples.sample("cat").resize((256, 170), Image.Resampling.BOX))


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open(PATH + query)
    expect(visit.page.locator(".stage[data-across]")).to_be_visible()
    return visit.page


def sentence(row: int, column: int) -> str:
    red, green, blue = CAT[row, column]
    return f"Row {row}, column {column}: red {red}, green {green}, blue {blue}"


def says(page: Page, row: int, column: int) -> None:
    expect(page.locator(".pixel-view .says")).to_have_text(sentence(row, column))


def across(page: Page) -> float:
    return float(page.locator(".stage").get_attribute("data-across") or "nan")


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".stage").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_link_opens_a_place_with_the_exact_numbers(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    place = {"row": 12, "column": 40, "across": 10}
    page = arrive(visit, "?" + "&".join(f"images_as_tensors_{n}={v}" for n, v in place.items()))
    says(page, 12, 40)
    assert across(page) == 10
    # The cells have the exact colours: the middle of the chosen one lies between two numbers.
    drawn = page.locator(".stage canvas").evaluate(
        """canvas => {
          const sharp = devicePixelRatio, stage = canvas.parentElement;
          const left = 2.8 * 12, top = 1.8 * 12, cell = (stage.clientWidth - left) / 10;
          const y = (top + (stage.clientHeight - top) / 2) * sharp;
          const pen = canvas.getContext("2d");
          return Array.from({length: 10}, (_, n) =>
            [...pen.getImageData((left + (n + 0.1) * cell) * sharp, y, 1, 1).data].slice(0, 3));
        }"""
    )
    assert [colour for n, colour in enumerate(drawn) if n not in (4, 5)] == [
        CAT[12, 36 + n].tolist() for n in range(10) if n not in (4, 5)
    ]
    assert visit.problems == []


def test_the_keyboard_walks_and_zooms_without_the_server(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    says(page, 57, 92)
    page.locator(".stage").focus()
    with visit.server.asleep():
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        says(page, 59, 93)
    page.keyboard.press("Shift+ArrowLeft")
    says(page, 59, 83)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"images_as_tensors_across=\d"))
    expect(page).to_have_url(re.compile("images_as_tensors_column=83"))
    assert across(page) < 20
    expect(page.get_by_text("x[59, 83, 0]")).to_be_visible()  # the table follows
    expect(page.locator(".stage")).to_be_focused()
    page.keyboard.press("0")
    expect(page).not_to_have_url(re.compile("images_as_tensors_across"))
    assert across(page) == pytest.approx(256, abs=2)
    page.keyboard.press("ArrowRight")
    says(page, 59, 84)
    expect(page).to_have_url(re.compile("images_as_tensors_column=84"))
    visit.settle()
    sent = visit.frames.count("sent")
    page.keyboard.press("r")  # Streamlit would run the page again
    page.wait_for_timeout(400)
    assert visit.frames.count("sent") == sent
    assert visit.problems == []


def test_the_wheel_zooms_at_the_pointer_and_dragging_pans(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.wait_for_timeout(300)
    x, y = middle(page)
    page.mouse.move(x, y)
    before = page.locator(".pixel-view .words").inner_text()
    for _ in range(8):
        page.mouse.wheel(0, -200)
    page.wait_for_timeout(200)
    assert across(page) < 40
    assert page.locator(".pixel-view .words").inner_text() == before  # the same pixel lies there
    scale = (page.locator(".stage").bounding_box() or {})["width"] / across(page)
    row, column = map(int, re.findall(r"\d+", before)[:2])
    page.mouse.down()
    page.mouse.move(x - 3 * scale, y - 2 * scale, steps=6)
    page.mouse.up()
    page.mouse.move(x + 1, y)
    found = page.locator(".pixel-view .words").inner_text()
    moved = [int(n) for n in re.findall(r"\d+", found)[:2]]
    assert abs(moved[0] - row - 2) <= 1
    assert abs(moved[1] - column - 3) <= 1
    page.mouse.click(x, y)
    visit.settle()
    chosen = re.findall(r"\d+", page.locator(".pixel-view .words").inner_text())[:2]
    expect(page).to_have_url(re.compile(f"images_as_tensors_row={chosen[0]}(&|$)"))
    assert visit.problems == []


def test_where_all_is_in_sight_the_wheel_scrolls_the_page(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.wheel(0, 300)
    page.wait_for_timeout(500)
    assert page.locator(".stMain").evaluate("main => main.scrollTop") > 100
    assert across(page) == pytest.approx(256, abs=2)


def test_numbers_are_sent_once(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    sizes: list[int] = []
    visit.page.on(
        "websocket", lambda ws: ws.on("framereceived", lambda data: sizes.append(len(data)))
    )
    page = arrive(visit)
    assert max(sizes) > 170 * 256 * 3  # the picture
    visit.settle()
    sizes.clear()
    page.get_by_role("button", name="Read the numbers").click()
    expect(page).to_have_url(re.compile("images_as_tensors_across"))
    visit.settle()
    assert sizes
    assert max(sizes) < 60_000  # the component's own code, but no numbers


def test_a_channel_is_seen_alone(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    group = page.get_by_role("group", name="Channels", exact=True)
    group.get_by_role("button", name="green").click()
    expect(group.get_by_role("button", name="green")).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile("images_as_tensors_channel=green"))
    canvas = group.get_by_role("button", name="green").locator("canvas")
    pixel = canvas.evaluate("c => [...c.getContext('2d').getImageData(92, 57, 1, 1).data]")
    assert pixel == [int(CAT[57, 92, 1])] * 3 + [255]
    assert visit.problems == []


def test_a_number_typed_moves_the_view(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?images_as_tensors_across=8")
    field = page.locator(".st-key-images_as_tensors_row input")
    field.fill("100")
    field.press("Enter")
    says(page, 100, 92)
    assert across(page) == 8
    # Another picture: the same place, its own numbers.
    page.locator(".st-key-images_as_tensors_side").get_by_text("32", exact=True).click()
    expect(page.locator(".pixel-view .says")).to_contain_text("Row 20, column 31")
    assert visit.problems == []


def test_coming_back_shows_the_same_place(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".stage").focus()
    page.keyboard.press("ArrowUp")
    expect(page).to_have_url(re.compile("images_as_tensors_row=56"))
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Output size").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Output size and cost")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Images as tensors").click()
    says(page, 56, 92)
    assert visit.problems == []


def test_on_a_phone_by_touch(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit)
    page.locator(".stage").scroll_into_view_if_needed()
    stage = page.locator(".stage")
    before = across(page)
    stage.evaluate(
        """stage => {
          const box = stage.getBoundingClientRect();
          const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
          const send = (type, pointerId, shift) => stage.dispatchEvent(new PointerEvent(type,
            {pointerId, pointerType: "touch", clientX: x + shift, clientY: y, button: 0}));
          stage.setPointerCapture = () => {}; // these fingers are not real
          send("pointerdown", 11, -20); send("pointerdown", 12, 20);
          for (let by = 30; by <= 100; by += 10) {
            send("pointermove", 11, -by);
            send("pointermove", 12, by);
          }
          send("pointerup", 11, -100); send("pointerup", 12, 100);
        }"""
    )
    assert across(page) == pytest.approx(before / 5, rel=0.1)
    box = stage.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page).to_have_url(re.compile("images_as_tensors_row="))
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []


def test_numbers_read_well_on_every_colour(visitor: Callable[..., Visit]) -> None:
    """Of black and white the component takes the one with the larger contrast."""
    visit = visitor()
    page = arrive(visit)
    source = (ROOT / "cnnlab" / "ui" / "pixel_view" / "pixel_view.js").read_text(encoding="utf-8")
    function = re.search(r"function blackReads.*?\n}\n", source, re.DOTALL)
    assert function
    colours = np.random.default_rng(0).integers(0, 256, (2000, 3))
    script = f"colours => {{ {function[0]} return colours.map(blackReads); }}"
    chosen = page.evaluate(script, colours.tolist())
    share = colours / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    contrast = np.where(chosen, (light + 0.05) / 0.05, 1.05 / (light + 0.05))
    assert contrast.min() >= 4.5
