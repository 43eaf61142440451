"""The lesson on drawing a digit in a browser: the network there is the network in Python."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect

from cnnlab import digits
from cnnlab.digit_link import drawing_from_text, drawing_to_text
from cnnlab.digit_pixels import centred
from tests.browser.conftest import Visit
from tests.digit_scores import expected

pytestmark = pytest.mark.browser

ROOT = ".digit-pad"
ANSWER = ".digit-pad .answer"
READY = '.digit-pad[data-ready="true"]'
PAD = ".digit-pad .pad"
WORK = ".digit-pad .work"


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open("/draw-a-digit" + query)
    expect(visit.page.locator(READY)).to_be_visible()
    return visit.page


def scores(page: Page) -> NDArray[np.float64]:
    """Return the ten scores that the pad shows, unrounded."""
    page.wait_for_timeout(60)  # some frames
    text = page.locator(ROOT).get_attribute("data-scores") or ""
    return np.array([float(part) for part in text.split()])


def drawing(page: Page) -> NDArray[np.uint8]:
    """Return the drawing in the address, once it is written there."""
    page.wait_for_timeout(400)
    text = page.evaluate("new URLSearchParams(location.search).get('draw_a_digit_drawing')")
    if text in digits.SAMPLES:
        return np.asarray(digits.sample_digit(text))
    return drawing_from_text(text)


def place(page: Page, selector: str, x: float, y: float) -> tuple[float, float]:
    """Return where on the screen a place is, in shares of an element that is scrolled to."""
    found = page.locator(selector)
    found.evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = found.bounding_box()
    assert box
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def draw(page: Page, *points: tuple[float, float]) -> None:
    page.mouse.move(*place(page, PAD, *points[0]))
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(*place(page, PAD, x, y), steps=8)
    page.mouse.up()


def test_a_digit_is_there_at_once_with_its_answer(arriving: Visit) -> None:
    page = arrive(arriving)
    expect(page.locator(ANSWER)).to_have_text("3")
    want = expected(np.asarray(digits.sample_digit("digit-3-1")) / 255)
    np.testing.assert_allclose(scores(page), want, atol=1e-4)
    shown = page.locator(".bars .score").all_text_contents()
    assert shown == [f"{score:.2f}".replace("-", "−") for score in want]
    assert page.locator(".stage").count() == 6
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert arriving.problems == []


def test_each_stroke_is_answered_within_100_ms_in_the_browser_alone(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    visit.settle()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".share-of")).to_have_text("Nothing is drawn, but it must choose.")
    frames = len(visit.frames)
    times = []
    with visit.server.asleep():
        page.mouse.move(*place(page, PAD, 0.5, 0.2))
        page.mouse.down()
        for step in range(1, 13):
            before = scores(page)
            page.mouse.move(*place(page, PAD, 0.5, 0.2 + 0.05 * step))
            page.wait_for_timeout(60)
            assert not np.array_equal(before, scores(page))
            times.append(float(page.locator(ROOT).get_attribute("data-ms") or "nan"))
        page.mouse.up()
        expect(page.locator(ANSWER)).to_have_text("1")
    assert len(visit.frames) == frames
    print(
        f"{statistics.median(times):.0f} ms, of them",
        page.locator(ROOT).get_attribute("data-forward"),
        "forward",
    )
    assert statistics.median(times) < 100, times
    np.testing.assert_allclose(scores(page), expected(centred(drawing(page) / 255)), atol=1e-4)
    assert visit.problems == []


def test_erase_undo_and_clear(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor(), "?draw_a_digit_drawing=digit-1-1")
    before = scores(page)
    page.get_by_role("button", name="Erase").click()
    draw(page, (0.2, 0.5), (0.8, 0.5))
    rubbed = scores(page)
    assert not np.array_equal(rubbed, before)
    assert drawing(page).sum() < np.asarray(digits.sample_digit("digit-1-1")).sum()
    page.locator(PAD).focus()
    page.keyboard.press("Control+z")
    np.testing.assert_array_equal(scores(page), before)
    expect(page).to_have_url(re.compile("draw_a_digit_drawing=digit-1-1$"))
    page.get_by_role("button", name="Clear").click()
    assert drawing(page).max() == 0
    page.get_by_role("button", name="Undo").click()
    np.testing.assert_array_equal(scores(page), before)
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_drawing_with_keys(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.get_by_role("button", name="Clear").click()
    page.locator(PAD).focus()
    page.keyboard.press("Space")
    expect(page.locator(".pen")).to_contain_text("Pen down")
    for _ in range(14):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    expect(page.locator(".pen")).to_have_text("")
    page.keyboard.press("Shift+ArrowRight")
    visit.settle()
    frames = len(visit.frames)
    page.keyboard.press("r")  # Streamlit's shortcut for a rerun must not fire here
    page.wait_for_timeout(300)
    assert len(visit.frames) == frames
    expect(page.locator(ANSWER)).to_have_text("1")
    ink = drawing(page) == 255
    rows, columns = np.nonzero(ink)
    assert (rows.min(), rows.max()) == (7, 21)
    assert set(columns) == {14}
    expect(page.locator(".unseen")).to_contain_text("It reads 1")
    assert visit.problems == []


def test_a_finger_draws_and_points_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit)
    before = drawing_or_start(page)
    page.touchscreen.tap(*place(page, PAD, 0.1, 0.9))
    assert drawing(page)[25, 2] > before[25, 2]
    assert page.locator(PAD).evaluate("pad => getComputedStyle(pad).touchAction") == "none"
    page.touchscreen.tap(*place(page, ".stage.conv1 .world", 0.5, 0.5))
    expect(page.locator(f"{WORK} .total")).to_contain_text("This is the cell")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []


def drawing_or_start(page: Page) -> NDArray[np.uint8]:
    return drawing(page) if "drawing=" in page.url else np.asarray(digits.sample_digit("digit-3-1"))


def test_the_address_carries_drawing_switch_and_cell(visitor: Callable[..., Visit]) -> None:
    one = visitor()
    page = arrive(one)
    page.get_by_role("button", name="A 4 from the test set").click()
    expect(page.locator(".whose")).to_contain_text("Digit 4, no. 1")
    page.get_by_role("button", name="A 4 from the test set").click()
    expect(page.locator(".whose")).to_contain_text("Digit 4, no. 2")
    draw(page, (0.05, 0.05), (0.3, 0.2))
    page.get_by_label("Scale and centre").click()
    page.mouse.click(*place(page, ".stage.fc1 .world", 0.5, 0.5))
    expect(page).to_have_url(re.compile("draw_a_digit_from=digit-4-2.*draw_a_digit_cell=fc1"))
    shown = scores(page)
    np.testing.assert_allclose(shown, expected(drawing(page) / 255), atol=1e-4)  # not centred

    two = visitor()
    other = arrive(two, page.url.removeprefix(f"{one.server.url}/draw-a-digit"))
    np.testing.assert_array_equal(scores(other), shown)
    expect(other.get_by_label("Scale and centre")).not_to_be_checked()
    title = page.locator(f"{WORK} .title").text_content() or ""
    assert title.startswith("fc1, cell ")
    expect(other.locator(f"{WORK} .title")).to_have_text(title)
    expect(other.locator(".whose")).to_contain_text(
        "Digit 4, no. 2 of 4, from the test set, changed"
    )
    expect(other).to_have_url(page.url)
    assert one.problems == two.problems == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("draw_a_digit_drawing=AAAA", "The drawing in the link is damaged: here is a 3 instead."),
        ("draw_a_digit_drawing=toString", "The drawing in the link is damaged"),
        ("draw_a_digit_cell=conv9.1.2.3", "a cell that the network does not have"),
    ],
)
def test_a_damaged_link_is_said(visitor: Callable[..., Visit], query: str, says: str) -> None:
    visit = visitor()
    page = arrive(visit, f"?{query}")
    expect(page.locator(".notice")).to_contain_text(says)
    expect(page.locator(ANSWER)).to_have_text("3")
    assert visit.problems == []


@pytest.mark.parametrize(
    ("stage", "frame"),
    [
        ("conv1", (5, 1)),
        ("pool1", (6, 2)),
        ("conv2", (14, 2)),
        ("pool2", (16, 4)),
        ("fc1", (28, 1)),
    ],
)
def test_a_cell_shows_what_made_it(
    visitor: Callable[..., Visit], stage: str, frame: tuple[int, int]
) -> None:
    visit = visitor()
    page = arrive(visit, "?draw_a_digit_drawing=digit-8-1")
    world = f".stage.{stage} .world"
    page.mouse.move(*place(page, world, 0.61, 0.4))
    expect(page.locator(f"{WORK} .brief")).to_contain_text(stage)
    expect(page.locator(f"{WORK} .body")).to_be_hidden()
    page.mouse.click(*place(page, world, 0.61, 0.4))
    expect(page.locator(f"{WORK} .total")).to_contain_text("This is the cell")
    data = page.locator(WORK).evaluate("work => [work.dataset.total, work.dataset.cell]")
    assert float(data[0]) == pytest.approx(float(data[1]), rel=1e-5, abs=1e-6)

    expect(page).to_have_url(re.compile("draw_a_digit_cell="))
    text = page.evaluate("new URLSearchParams(location.search).get('draw_a_digit_cell')")
    name, _, *where = text.split(".")
    assert name == stage
    row, column = [int(part) for part in where] or [0, 0]
    size, jump = frame
    outer, inner = (
        page.locator(selector).bounding_box() for selector in (".seen canvas", ".seen .window")
    )
    assert outer
    assert inner
    pixel = outer["width"] / 28
    assert (inner["x"] - outer["x"]) / pixel == pytest.approx(column * jump, abs=0.1)
    assert (inner["y"] - outer["y"]) / pixel == pytest.approx(row * jump, abs=0.1)
    assert inner["width"] / pixel == pytest.approx(size, abs=0.1)

    before = page.locator(f"{WORK} .title").text_content()
    page.mouse.move(*place(page, world, 0.2, 0.8))  # held
    expect(page.locator(f"{WORK} .title")).to_have_text(before or "")
    page.locator(world).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(f"{WORK} .title")).not_to_have_text(before or "")
    page.get_by_role("button", name="Close the work").click()
    expect(page.locator(f"{WORK} .body")).to_be_hidden()
    expect(page.locator(world)).to_be_focused()
    assert visit.problems == []


def test_arrows_and_page_keys_walk_over_the_maps(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor(), "?draw_a_digit_cell=conv2.17.0.7")
    title = page.locator(f"{WORK} .title")
    page.locator(".stage.conv2 .world").focus()
    for key, words in (
        ("ArrowRight", "map 18, row 0, column 0"),
        ("ArrowUp", "map 1, row 7, column 0"),  # 17 maps in a row
        ("ArrowUp", "map 1, row 6, column 0"),
        ("PageDown", "map 2, row 6, column 0"),
        ("ArrowLeft", "map 1, row 6, column 7"),
    ):
        page.keyboard.press(key)
        expect(title).to_have_text(f"conv2, {words}")
    page.locator(".stage.fc1 .world").focus()
    page.keyboard.press("ArrowDown")
    expect(title).to_have_text("fc1, cell 100")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("fc1, cell 99")


def test_the_work_of_a_cell_adds_up_as_shown(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor(), "?draw_a_digit_cell=conv1.3.10.12")
    tables = page.locator(f"{WORK} table")
    patch, kernel, products = (
        [float(t.replace("−", "-")) for t in tables.nth(i).locator("td").all_text_contents()]
        for i in range(3)
    )
    sample = np.asarray(digits.sample_digit("digit-3-1"))[10:15, 12:17] / 255
    weights = digits.read_weights()["conv1.weight"][3, 0]
    np.testing.assert_allclose(patch, sample.ravel(), atol=0.00501)
    np.testing.assert_allclose(kernel, weights.ravel(), atol=0.00501)
    np.testing.assert_allclose(products, (sample * weights).ravel(), atol=0.00501)
    lines = page.locator(f"{WORK} dd").all_text_contents()
    total = float((sample * weights).sum())
    bias = float(digits.read_weights()["conv1.bias"][3])
    want = [total, bias, total + bias, max(0, total + bias)]
    assert [float(t.replace("−", "-")) for t in lines] == pytest.approx(want, abs=0.00051)


def test_channels_are_sorted_and_can_be_chosen(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor(), "?draw_a_digit_cell=conv2.17.3.4")
    lines = page.locator(f"{WORK} .channels button")
    assert lines.count() == 13
    amounts = [
        float(text.replace("−", "-"))
        for text in page.locator(".channels .amount").all_text_contents()
    ]
    assert [abs(a) for a in amounts[:12]] == sorted((abs(a) for a in amounts[:12]), reverse=True)
    expect(lines.last).to_contain_text("8 others")
    whole = page.locator(f"{WORK} dd").nth(1).text_content() or ""
    assert sum(amounts) == pytest.approx(float(whole.replace("−", "-")), abs=0.07)
    name = lines.nth(4).locator("span").first.text_content()
    lines.nth(4).click()
    expect(page.locator(f"{WORK} caption").first).to_have_text(f"Patch of pool1, {name}")
    draw(page, (0.1, 0.1), (0.5, 0.5))  # the choice stays while one draws
    expect(page.locator(f"{WORK} caption").first).to_have_text(f"Patch of pool1, {name}")


def test_a_score_shows_what_made_it(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor())
    page.locator(".bars button").nth(3).click()
    expect(page.locator(f"{WORK} .title")).to_have_text("fc2, score of the digit 3")
    expect(page.locator(f"{WORK} .channels")).to_contain_text("488 others")
    expect(page.locator(f"{WORK} .total")).to_contain_text("This is the cell")


def test_a_one_that_is_read_as_seven_solves_the_exercise(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?draw_a_digit_drawing=digit-1-1")
    fool = page.locator(".fool")
    expect(fool).to_contain_text("Now it reads 1, with 0 pixels changed")
    for name in (n for n in digits.SAMPLES if n.startswith("digit-1-")):
        found = bar_on_top(name)
        if found is not None:
            break
    else:
        pytest.fail("no bar makes a 7 of a sample 1")
    page = arrive(visit, f"?draw_a_digit_drawing={drawing_to_text(found)}&draw_a_digit_from={name}")
    count = int((found != np.asarray(digits.sample_digit(name))).sum())
    expect(fool).to_contain_text(f"Solved with {count} pixels changed: it reads 7")
    page.get_by_role("button", name="Clear").click()
    expect(fool).to_contain_text("Choose a 1 of the test set")


def bar_on_top(name: str) -> NDArray[np.uint8] | None:
    """Return a sample 1 with a bar to the left of its top that the network reads as a 7."""
    for row in range(3, 9):
        for left in range(5, 13):
            pixels = np.asarray(digits.sample_digit(name)).copy()
            right = int(np.flatnonzero(pixels[row])[-1]) if pixels[row].any() else 16
            pixels[row : row + 2, left : right + 1] = 255
            if expected(centred(pixels / 255)).argmax() == 7:
                return pixels
    return None


def test_the_weights_come_once_and_can_be_asked_for_again(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    asked: list[str] = []

    def refuse_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, body="")
        else:
            route.continue_()

    visit.page.route("**/lenet_digits.npz*", refuse_first)
    visit.open("/draw-a-digit")
    expect(visit.page.locator(".notice")).to_contain_text("could not be fetched")
    visit.page.get_by_role("button", name="Try again").click()
    expect(visit.page.locator(READY)).to_be_visible()
    expect(visit.page.locator(ANSWER)).to_have_text("3")
    visit.page.get_by_role("button", name="A 7 from the test set").click()
    expect(visit.page.locator(ANSWER)).to_have_text("7")
    visit.page.locator(".st-key-lecture label").first.click()
    visit.settle()
    expect(visit.page.locator(".fool")).to_be_hidden()
    expect(visit.page.locator(ANSWER)).to_have_text("7")
    assert len(asked) == 2
    problems = [problem for problem in visit.problems if "503" not in problem]
    assert problems == []


def test_a_drawing_is_still_there_after_a_visit_elsewhere(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?draw_a_digit_drawing=digit-6-2")
    visit.settle()
    before = scores(page)
    links = page.get_by_test_id("stSidebarNavLink")
    links.filter(has_text="Pooling").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pooling")
    visit.settle()
    links.filter(has_text="Draw a digit").click()
    expect(page.locator(READY)).to_be_visible()
    np.testing.assert_array_equal(scores(page), before)
    expect(page).to_have_url(re.compile("draw_a_digit_drawing=digit-6-2"))
