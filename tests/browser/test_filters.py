"""The lesson on filters in a browser: one cursor, exact numbers, the camera."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from cnnlab import samples
from cnnlab.filtering import direction, filter_picture, magnitude
from cnnlab.filters import Filter, binomial, classic, gabor, own_filter
from tests.browser.conftest import FLAGS, Server, Visit, watch
from tests.browser.find_chromium import chromium

pytestmark = pytest.mark.browser

WORLD = ".filter-view .world.input"
OUTPUT = ".filter-view .world.output"
RESULT = ".filter-view .result"


def arrive(visit: Visit, query: str = "") -> Page:
    visit.open("/filters" + query)
    expect(visit.page.locator('.filter-view[data-ready="true"]')).to_be_visible()
    return visit.page


def found(page: Page) -> tuple[int, int, float]:
    """Return where the cursor is and the exact result there."""
    result = page.locator(RESULT)
    row, column = (result.get_attribute("data-place") or "").split(",")
    return int(row), int(column), float(result.get_attribute("data-value") or "nan")


def point(page: Page, world: str, row: float, column: float) -> None:
    """Move the mouse to a place, in shares of the picture."""
    page.mouse.move(*place(page, world, row, column))
    page.wait_for_timeout(80)  # a frame or two


def place(page: Page, world: str, row: float, column: float) -> tuple[float, float]:
    """Return where on the screen a place of a picture is, once the picture is in its middle."""
    page.locator(world).evaluate("world => world.scrollIntoView({ block: 'center' })")
    box = page.locator(world).bounding_box()
    assert box
    return box["x"] + column * box["width"], box["y"] + row * box["height"]


CASES = {
    "filters_filter=Gaussian+blur&filters_size=7": ("grey", binomial(7), "mirror"),
    "filters_filter=Gabor&filters_direction=22.5%C2%B0": ("grey", gabor(22.5, 3), "mirror"),
    "filters_filter=own+kernel&filters_kernel=0.1+-2+1/3;1+0+7;5+5+0.7&filters_divisor=7"
    "&filters_bias=-3.3&filters_border=zeros&filters_channels=blue": (
        "blue",
        own_filter("0.1 -2 1/3;1 0 7;5 5 0.7", "7", "-3.3"),
        "zeros",
    ),
    "filters_filter=emboss&filters_border=repeat+the+edge": (
        "grey",
        classic("emboss"),
        "repeat the edge",
    ),
}


@pytest.mark.parametrize("query", CASES)
def test_numbers_are_to_the_last_bit_those_of_python(
    visitor: Callable[..., Visit], query: str
) -> None:
    channel, kind, border = CASES[query]
    cat = samples.sample("cat")
    plane = np.asarray(cat.convert("L") if channel == "grey" else cat.split()[2], dtype=float)
    want = filter_picture(
        plane[None], kind.kernel, divisor=kind.divisor, bias=kind.bias, border=border
    )[0]
    visit = visitor()
    page = arrive(visit, f"?{query}")
    for row, column in ((0.001, 0.001), (0.3, 0.4), (0.61, 0.2), (0.998, 0.998), (0.999, 0.5)):
        point(page, WORLD, row, column)
        where = found(page)
        assert where[:2] == pytest.approx((row * 300, column * 451), abs=2)
        assert where[2] == want[where[:2]]
    assert visit.problems == []


@pytest.mark.parametrize("part", ["magnitude", "angle"])
def test_gradients_too(visitor: Callable[..., Visit], part: str) -> None:
    plane = np.asarray(samples.sample("cat").convert("L"), dtype=float)[None]
    gx, gy = (filter_picture(plane, classic(f"Scharr {axis}").kernel)[0] for axis in "xy")
    want = (magnitude if part == "magnitude" else direction)(gx, gy)
    page = arrive(visitor(), f"?filters_filter=Scharr&filters_part={part}")
    for row, column in ((0.3, 0.4), (0.61, 0.2), (0.9, 0.7)):
        point(page, WORLD, row, column)
        where = found(page)
        assert where[2] == pytest.approx(want[where[:2]], rel=1e-14)


def test_pointing_shows_one_place_on_both_and_tells_the_server_nothing(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit, "?filters_filter=sharpen")
    visit.settle()
    frames = len(visit.frames)
    point(page, OUTPUT, 0.5, 0.25)
    row, column, value = found(page)
    assert (row, column) == pytest.approx((150, 112), abs=1)
    plane = np.asarray(samples.sample("cat").convert("L"), dtype=float)
    cells = page.locator(".close.input td").all_text_contents()
    assert cells == [f"{n:.0f}" for n in plane[row - 1 : row + 2, column - 1 : column + 2].ravel()]
    middle = page.locator(".close.output td.middle").text_content()
    assert middle == page.locator(RESULT).text_content() == f"{value:.0f}"
    weights = page.locator(".kernels td").all_text_contents()
    assert weights == ["0", "−1", "0", "−1", "5", "−1", "0", "−1", "0"]
    for world in (WORLD, OUTPUT):  # the same place on both
        frame, whole = (page.locator(s).bounding_box() for s in (f"{world} .frame", world))
        assert frame
        assert whole
        middle_x = (frame["x"] + frame["width"] / 2 - whole["x"]) / whole["width"]
        assert middle_x == pytest.approx((column + 0.5) / 451, abs=0.01)
    page.locator(WORLD).focus()
    for key, step in (("ArrowRight", (0, 1)), ("ArrowDown", (1, 0)), ("Shift+ArrowLeft", (0, -10))):
        before = found(page)[:2]
        page.keyboard.press(key)
        page.wait_for_timeout(80)
        assert found(page)[:2] == (before[0] + step[0], before[1] + step[1])
    expect(page.locator(".said")).to_contain_text("Row {}, column {}:".format(*found(page)))
    assert len(visit.frames) == frames
    assert visit.problems == []


def test_a_click_holds_the_place(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor())
    page.mouse.click(*place(page, WORLD, 0.5, 0.5))
    point(page, WORLD, 0.2, 0.2)
    assert found(page)[:2] == pytest.approx((150, 225), abs=1)
    page.mouse.click(*place(page, WORLD, 0.4, 0.4))
    point(page, WORLD, 0.2, 0.2)
    assert found(page)[:2] == pytest.approx((60, 90), abs=1)


def test_a_finger_points_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    page = arrive(visit, "?filters_filter=box+blur&filters_size=7")
    page.touchscreen.tap(*place(page, WORLD, 0.5, 0.3))
    page.wait_for_timeout(80)
    row, column, _ = found(page)
    assert abs(row - 150) <= 1
    assert abs(column - 135) <= 1
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")


def test_the_numbers_of_each_colour(visitor: Callable[..., Visit]) -> None:
    page = arrive(visitor(), "?filters_filter=identity&filters_channels=colour")
    point(page, WORLD, 0.5, 0.5)
    row, column, _ = found(page)
    pixel = samples.sample("cat").getpixel((column, row))
    assert isinstance(pixel, tuple)
    for name, value in zip(("red", "green", "blue"), pixel, strict=True):
        page.locator(".channels button", has_text=name).click()
        expect(page.locator(RESULT)).to_have_text(str(value))


def test_the_pixels_travel_once(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    sizes: list[int] = []
    visit.page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))),
    )
    page = arrive(visit, "?filters_filter=sharpen")
    visit.settle()
    assert max(sizes) > 451 * 300
    sizes.clear()
    page.locator(".st-key-filters_border").get_by_text("zeros").click()
    visit.settle()
    assert sizes
    assert max(sizes) < 451 * 300  # the output, as a JPEG, and no pixels
    point(page, WORLD, 0.001, 0.001)
    plane = np.asarray(samples.sample("cat").convert("L"), dtype=float)[None]
    want = filter_picture(plane, classic("sharpen").kernel, border="zeros")[0]
    assert found(page) == (0, 0, want[0, 0])


def test_a_tiny_upload(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/filters?filters_picture=Upload&filters_filter=Gaussian+blur&filters_size=7")
    file = io.BytesIO()
    tiny = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    Image.fromarray(tiny).save(file, "PNG")
    field = visit.page.locator(".st-key-filters_upload input[type=file]")
    field.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()})
    expect(visit.page.locator('.filter-view[data-ready="true"]')).to_be_visible()
    blur = binomial(7)
    want = filter_picture(tiny[None].astype(float), blur.kernel, divisor=blur.divisor)[0]
    for row, column in ((0, 0), (1, 2)):
        point(visit.page, WORLD, (row + 0.5) / 2, (column + 0.5) / 3)
        assert found(visit.page) == (row, column, want[row, column])
    assert visit.problems == []


def test_a_wrong_kernel_is_refused_and_mended(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, "?filters_filter=own+kernel")
    field = page.locator(".st-key-filters_kernel textarea")
    field.fill("1 2\nthree 4")
    field.press("Control+Enter")
    expect(page.get_by_text("This cannot be used: ")).to_contain_text("has no middle")
    field.fill("0 0 0\n0 2 0\n0 0 0")
    field.press("Control+Enter")
    expect(page.get_by_text("This cannot be used: ")).to_have_count(0)
    expect(page.locator(".kernels td").nth(4)).to_have_text("2")
    assert "filters_kernel=" in page.url
    assert visit.problems == []


# The camera ----------------------------------------------------------------------------------


@pytest.fixture
def filming(browser: Browser, server: Server) -> Iterator[Visit]:
    """Give a visitor whose browser has a camera that shows a test film, and may use it."""
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    running = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, *fake])
    visit = Visit(running.new_context(permissions=["camera"]).new_page(), server)
    watch(visit)
    yield visit
    running.close()


BOTH = """
(section) => [...section.querySelectorAll("canvas")].map((canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  return { width, height, red: [...data].filter((_, at) => at % 4 === 0) };
})
"""


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("filters_filter=Gaussian+blur&filters_size=5", binomial(5)),
        ("filters_filter=Laplacian&filters_border=zeros", classic("Laplacian")),
    ],
)
def test_the_camera_is_filtered_in_the_browser(filming: Visit, query: str, kind: Filter) -> None:
    page = arrive(filming, f"?{query}")
    live = page.locator(".live-filter")
    live.get_by_role("button", name="Start the camera").click()
    expect(live.locator(".words")).to_contain_text("no picture leaves it")
    filming.settle()
    frames = len(filming.frames)
    page.wait_for_timeout(300)
    grey, filtered = live.evaluate(BOTH)  # between two frames of the film
    plane, shown = (
        np.array(side["red"], dtype=float).reshape(side["height"], side["width"])
        for side in (grey, filtered)
    )
    assert plane.std() > 10
    border = "zeros" if "zeros" in query else "mirror"
    want = filter_picture(plane[None], kind.kernel, divisor=kind.divisor, border=border)[0]
    if kind.total == 0:  # grey is 0; the scale follows the film and is at least the largest
        slope = np.polyfit(want.ravel(), shown.ravel(), 1)
        assert slope[1] == pytest.approx(127.5, abs=1)
        want = np.polyval(slope, want)
    assert np.abs(np.clip(want, 0, 255) - shown).max() <= 1.5  # rounding
    assert len(filming.frames) == frames
    live.get_by_role("button", name="Stop the camera").click()
    expect(live.get_by_role("button", name="Start the camera")).to_be_visible()
    assert filming.problems == []


def test_without_a_camera_a_sentence_says_so(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".live-filter button").click()
    says = re.compile(r"^No camera was found\.$|^The camera is not available: .*\.$")
    expect(page.locator(".live-filter .words")).to_have_text(says)
    expect(page.get_by_role("button", name="Start the camera")).to_be_enabled()


def test_where_the_page_came_by_plain_http_a_sentence_says_so(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    # On such a page the browser leaves this out; the test's own address, localhost, has it.
    visit.page.add_init_script(
        "Object.defineProperty(Navigator.prototype, 'mediaDevices', { value: undefined })"
    )
    page = arrive(visit)
    expect(page.locator(".live-filter button")).to_be_disabled()
    expect(page.locator(".live-filter .words")).to_contain_text("by https or from localhost")
