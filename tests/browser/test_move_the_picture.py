"""The picture that is moved, by mouse, keyboard and fingers, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/move-the-picture"


def link(**query: str) -> str:
    settings = {"network": "lenet_digits", "digit": "digit-6-2", "fill": "black", **query}
    return "?" + "&".join(f"move_the_picture_{k}={quote(v)}" for k, v in settings.items())


def arrive(visit: Visit, **query: str) -> Page:
    visit.open(PATH + link(**query))
    expect(visit.page.locator(".move-curves .plots > svg")).to_be_visible()
    answered(visit.page)
    visit.settle()
    return visit.page


def answered(page: Page) -> None:
    expect(page.locator(".move-stage .right")).not_to_have_class(re.compile("asking"))


def where(page: Page, text: str) -> None:
    expect(page.locator(".move-stage .where")).to_have_text(text)


def head(page: Page, text: str) -> None:
    expect(page.locator(".move-stage .head")).to_contain_text(text)


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pixel(page: Page) -> float:
    """Return how wide a pixel of the digit is on the screen."""
    box = page.locator(".move-stage .window").bounding_box()
    assert box
    return box["width"] / 28


def test_the_picture_follows_the_mouse_without_the_server_and_then_the_answer_comes(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    head(page, "6, ")
    x, y = middle(page, ".move-stage .window")
    step = pixel(page)
    with visit.server.asleep():
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 4 * step, y - 7 * step, steps=5)
        where(page, "4 px right, 7 px up")
        page.mouse.up()
        page.wait_for_timeout(600)
        head(page, "Asking lenet_digits …")  # never the answer for another place
        expect(page.locator(".move-stage .right")).to_have_attribute("aria-busy", "true")
        shift = page.locator(".move-stage .window .picture").evaluate(
            "image => image.style.transform"
        )
        assert "translate(14.2857%, -25%)" in shift
    answered(page)
    expect(page).to_have_url(re.compile(r"move_the_picture_right=4&move_the_picture_down=-7"))
    expect(page.locator(".st-key-move_the_picture_down input")).to_have_value("-7")
    found = page.locator(".move-stage .head").inner_text()

    other = visitor()
    head(arrive(other, right="4", down="-7"), found)
    assert visit.problems == other.problems == []


def test_the_knobs_scale_and_turn(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    centre = middle(page, ".move-stage .window")
    x, y = middle(page, ".move-stage .knob.turn")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(centre[0] + (centre[1] - y), centre[1], steps=6)  # a quarter turn
    page.mouse.up()
    where(page, "turned 90°")
    x, y = middle(page, ".move-stage .knob.size")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + centre[0]) / 2, (y + centre[1]) / 2, steps=6)
    page.mouse.up()
    where(page, "× 0.5, turned 90°")
    answered(page)
    page.get_by_role("button", name="Put the picture back").click()
    where(page, "As it was")
    head(page, "6, > 99.9")
    assert visit.problems == []


def test_keys(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".move-stage .world").focus()
    with visit.server.asleep():
        for key in ("ArrowRight", "ArrowRight", "ArrowUp", "+", "]", "]", "["):
            page.keyboard.press(key)
        where(page, "2 px right, 1 px up, × 1.05, turned 5°")
        page.keyboard.press("0")
        where(page, "As it was")
        for _ in range(27):
            page.keyboard.press("]")
    where(page, "turned 135°")
    head(page, "9, ")
    expect(page.locator(".move-stage .world")).to_be_focused()
    expect(page.get_by_text("✓ found: a turn")).to_be_visible()
    page.keyboard.press("r")  # no shortcut of Streamlit's
    where(page, "turned 135°")
    assert visit.problems == []


def test_two_fingers_scale_and_turn(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit)
    x, y = middle(page, ".move-stage .window")
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x + dx, "y": y + dy, "id": i} for i, (dx, dy) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (-40, 0))
    touch("touchStart", (-40, 0), (40, 0))
    touch("touchMove", (-30, -20), (30, 20))
    touch("touchMove", (0, -60), (0, 60))
    where(page, "× 1.5, turned 90°")
    touch("touchEnd")
    answered(page)
    expect(page).to_have_url(re.compile("move_the_picture_scale=1.5&move_the_picture_angle=90"))
    assert visit.problems == []


def test_a_number_moves_the_picture(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    field = page.locator(".st-key-move_the_picture_angle input")
    field.fill("180")
    field.press("Enter")
    where(page, "turned 180°")
    head(page, "9, ")
    assert visit.problems == []


def test_a_click_on_the_curve_moves_the_picture_and_the_line_follows_a_drag(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    plots = page.locator(".move-curves .plots")
    plots.scroll_into_view_if_needed()
    circle = page.locator(".move-curves circle.dot").nth(9)  # at 135°
    box = circle.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] - 30)
    where(page, "turned 135°")
    head(page, "9, ")
    line = page.locator(".move-curves line.here")
    across = line.evaluate("line => line.getBoundingClientRect().x")
    assert across == pytest.approx(box["x"] + box["width"] / 2, abs=2)
    plots.focus()
    with visit.server.asleep():
        page.keyboard.press("ArrowRight")
        where(page, "turned 150°")
        assert line.evaluate("line => line.getBoundingClientRect().x") > across + 10
        page.locator(".move-stage .world").focus()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".move-curves line.here.beside")).to_have_count(1)
        expect(page.locator(".move-curves .at")).to_contain_text("moved in other ways too")
    answered(page)
    assert visit.problems == []


def test_what_is_asked_while_an_answer_is_on_its_way_is_not_taken_back(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".move-stage .world").focus()
    for number in range(1, 8):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(330)  # each is sent; some answers come after the next key
        where(page, f"{number} px right")
    expect(page).to_have_url(re.compile("move_the_picture_right=7"))
    answered(page)
    where(page, "7 px right")
    assert visit.problems == []


def test_on_a_phone_nothing_is_wider_than_the_screen(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit, curve="shift right", scale="1.8", angle="45")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    for part in (".move-stage", ".move-curves", ".shifted-maps"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 391
    assert visit.problems == []
