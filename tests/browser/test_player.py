"""The step player, by mouse, keyboard and touch, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from cnnlab.images import patch, to_array
from cnnlab.samples import sample
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

FINAL = ["4", "3", "4", "2", "4", "3", "2", "3", "4"]
NOT_YET = "·"


def player(page: Page) -> Locator:
    return page.locator("section.player")


def output(page: Page) -> list[str]:
    return page.locator(".board .role-output text.value").all_text_contents()


def press(page: Page, label: str) -> None:
    page.get_by_role("button", name=label).click()


@pytest.fixture
def visit(visitor: Callable[..., Visit]) -> Visit:
    visit = visitor()
    visit.open("/convolution")
    expect(player(visit.page)).to_be_visible()
    return visit


@pytest.fixture(params=[(1280, 1000), (390, 844)], ids=["wide", "narrow"])
def anywhere(visitor: Callable[..., Visit], request: pytest.FixtureRequest) -> Visit:
    """On a laptop and on a phone, the settings open."""
    visit = visitor(width=request.param[0], height=request.param[1])
    visit.open("/convolution")
    expect(player(visit.page)).to_be_visible()
    if visit.page.locator(".main-fields").is_hidden():
        press(visit.page, "Settings")
    return visit


def test_nine_steps_by_mouse(anywhere: Visit) -> None:
    page = anywhere.page
    for step in range(1, 10):
        expect(page.get_by_text(f"Step {step} of 9", exact=True)).to_be_visible()
        assert output(page) == FINAL[:step] + [NOT_YET] * (9 - step)
        if step < 9:
            press(page, "One step forward")
    expect(page.get_by_role("button", name="One step forward")).to_be_disabled()
    press(page, "One step back")
    assert output(page) == [*FINAL[:8], NOT_YET]
    press(page, "Back to the first step")
    assert output(page) == FINAL[:1] + [NOT_YET] * 8
    assert anywhere.problems == []


def test_nine_steps_by_keyboard(anywhere: Visit) -> None:
    page = anywhere.page
    player(page).focus()
    for step in range(1, 9):
        page.keyboard.press("ArrowRight")
        assert output(page) == FINAL[: step + 1] + [NOT_YET] * (8 - step)
    page.keyboard.press("ArrowRight")  # there is no tenth step
    assert output(page) == FINAL
    page.keyboard.press("ArrowLeft")
    assert output(page) == [*FINAL[:8], NOT_YET]
    page.keyboard.press("Home")
    assert output(page) == FINAL[:1] + [NOT_YET] * 8
    page.keyboard.press("End")
    assert output(page) == FINAL


def test_play_pause_and_speed_by_keyboard(anywhere: Visit) -> None:
    page = anywhere.page
    player(page).focus()
    speed = page.get_by_label("Speed, steps per second")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Pause")
    expect(page.get_by_text("Step 2 of 9", exact=True)).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Play")
    paused = output(page)
    page.wait_for_timeout(1300)
    assert output(page) == paused
    page.keyboard.press("-")
    expect(speed).to_have_value("0.5")
    for _ in range(6):
        page.keyboard.press("+")
    expect(speed).to_have_value("8")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play or pause")).to_have_text("Again")
    assert output(page) == FINAL


def test_play_by_mouse_ends_and_plays_again(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Speed, steps per second").select_option("8")
    press(page, "Play or pause")
    expect(page.get_by_text("Step 9 of 9", exact=True)).to_be_visible()
    assert output(page) == FINAL
    press(page, "Play or pause")
    expect(page.get_by_text("Step 2 of 9", exact=True)).to_be_visible()


def test_scrubbing(anywhere: Visit) -> None:
    page = anywhere.page
    scrubber = page.get_by_label("Step", exact=True)
    scrubber.fill("6")
    assert output(page) == FINAL[:6] + [NOT_YET] * 3
    scrubber.press("ArrowLeft")
    assert output(page) == FINAL[:5] + [NOT_YET] * 4


def test_each_step_is_written_out(anywhere: Visit) -> None:
    page = anywhere.page
    player(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".written")).to_have_text(
        "output[0, 1] = 1·1 + 1·0 + 0·1 + 1·0 + 1·1 + 1·0 + 0·1 + 1·0 + 1·1 = 3"
    )
    expect(page.locator(".indices")).to_have_text(
        "output[0, 1] = Σ(i, j) input[0 + i, 1 + j] · kernel[i, j]"
    )
    work = page.locator(".work")
    assert work.locator("text.value").all_text_contents() == [
        *("1", "1", "0", "1", "1", "1", "0", "1", "1"),
        *("1", "0", "1", "0", "1", "0", "1", "0", "1"),
        *("1", "0", "0", "0", "1", "0", "0", "0", "1"),
    ]
    expect(work.locator(".sum b")).to_have_text("3")
    expect(page.locator(".board .role-input g.now rect.mark")).to_have_count(9)
    expect(page.locator("[aria-live=polite]")).to_contain_text("Step 2 of 9: 1 times 1, plus")


def test_stepping_sends_nothing_to_the_server(visit: Visit) -> None:
    page = visit.page
    page.wait_for_timeout(500)
    before = len(visit.frames)
    assert before > 0, "the websocket was not seen at all"
    player(page).focus()
    page.get_by_label("Speed, steps per second").select_option("8")
    press(page, "Play or pause")
    expect(page.get_by_text("Step 9 of 9", exact=True)).to_be_visible()
    for key in ("Home", "ArrowRight", "End", "ArrowLeft", "r", "c"):
        page.keyboard.press(key)
    page.get_by_label("Step", exact=True).fill("3")
    page.wait_for_timeout(500)
    assert len(visit.frames) == before


def field(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True)


def cell(page: Page, role: str, number: int) -> Locator:
    return page.locator(f".board .role-{role} g.cell").nth(number)


def test_keeps_its_place_when_the_page_runs_again(visit: Visit) -> None:
    page = visit.page
    page.get_by_label("Step", exact=True).fill("5")
    page.locator(".st-key-lecture label").first.click()
    visit.settle()
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    settings = page.get_by_role("button", name="Settings")
    expect(settings).to_have_attribute("aria-expanded", "false")  # the lecture view folds them away
    settings.click()
    page.locator("summary", has_text="More settings").click()
    field(page, "Numbers of the kernel").select_option("box-blur")
    expect(page.locator(".work .role-kernel text.value").first).to_have_text("0.111")
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    field(page, "Padding").select_option("1")
    expect(page.get_by_text("Step 1 of 25", exact=True)).to_be_visible()
    assert visit.problems == []


def test_padding_is_shown_and_counted_from_minus_one(visit: Visit) -> None:
    visit.open("/convolution?padding=1")
    page = visit.page
    expect(page.get_by_text("5 × 5, with padding 7 × 7")).to_be_visible()
    labels = page.locator(".board .role-input text.index").all_text_contents()
    assert labels[:7] == ["−1", "0", "1", "2", "3", "4", "5"]
    expect(page.locator(".board .role-input g.pad")).to_have_count(24)


def test_a_link_opens_numbers_settings_and_step_in_another_browser(
    visit: Visit, visitor: Callable[..., Visit]
) -> None:
    page = visit.page
    cell(page, "input", 0).click()
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    expect(cell(page, "input", 0)).to_have_text("7.5")
    page.get_by_label("Stride, rows: more").click()
    expect(page.get_by_text("Step 1 of 4", exact=True)).to_be_visible()
    press(page, "One step forward")
    expect(page).to_have_url(re.compile("#step=2$"))
    other = visitor()
    other.page.goto(page.url)
    expect(other.page.get_by_text("Step 2 of 4", exact=True)).to_be_visible()
    expect(cell(other.page, "input", 0)).to_have_text("7.5")
    assert output(other.page) == output(page)
    assert output(page)[0] == "10.5"
    assert other.page.url == page.url
    assert visit.problems == []
    assert other.problems == []


def test_a_link_in_the_same_window_that_changes_only_the_step_is_followed(visit: Visit) -> None:
    visit.page.evaluate("location.hash = '#step=4'")
    expect(visit.page.get_by_text("Step 4 of 9", exact=True)).to_be_visible()
    assert output(visit.page) == FINAL[:4] + [NOT_YET] * 5


@pytest.mark.parametrize("typed", ["2000000", "abc", "1e99"])
def test_what_is_no_number_is_refused_in_place(visit: Visit, typed: str) -> None:
    page = visit.page
    cell(page, "kernel", 4).dblclick()
    page.locator("input.editor").fill(typed)
    page.keyboard.press("Enter")
    expect(page.locator(".hint")).to_contain_text("The old value, 1, stays.")
    page.keyboard.press("Escape")
    expect(cell(page, "kernel", 4)).to_have_text("1")
    assert "kernel" not in page.url


def test_editing_by_keyboard_alone(anywhere: Visit) -> None:
    page = anywhere.page
    plane = page.locator(".board .role-kernel svg.plane")
    plane.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".hint")).to_contain_text("kernel[0, 1] = 0 multiplies 9 inputs")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(cell(page, "kernel", 1)).to_have_text("3")
    expect(page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    assert output(page)[0] == "7"


def test_numbers_are_typed_in_a_row(anywhere: Visit) -> None:
    """Faster than the server answers, with Tab, with arrows: no number is lost."""
    page = anywhere.page
    numbers = ["1", "20", "-3", "0.5", "12", "7", "8", "9", "10"]
    cell(page, "kernel", 0).dblclick()
    for number in numbers[:6]:
        page.keyboard.type(number)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    for number in numbers[6:]:
        page.keyboard.type(number)
        page.keyboard.press("Enter")
        page.wait_for_timeout(250)  # as slowly as the server answers
        page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("kernel=1_20_-3_0.5_12_7_8_9_10$"))
    shown = page.locator(".board .role-kernel text.value").all_text_contents()
    assert shown == [number.replace("-", "−") for number in numbers]
    expect(page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    expect(page.get_by_label("Speed, steps per second")).to_have_value("1")
    assert anywhere.problems == []


def test_a_table_is_pasted(visit: Visit) -> None:
    page = visit.page
    cell(page, "input", 6).click()
    page.evaluate(
        """() => {
          const hosts = [...document.querySelectorAll("*")];
          const root = hosts.find((e) => e.shadowRoot?.querySelector(".player")).shadowRoot;
          const data = new DataTransfer();
          data.setData("text", "1.5\\t-2\\n3\\t4");
          root.querySelector(".board").dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }"""
    )
    expect(cell(page, "input", 6)).to_have_text("1.5")
    assert [cell(page, "input", n).text_content() for n in (7, 11, 12, 13)] == ["−2", "3", "4", "1"]


def test_an_example_picture_comes_in_its_own_size(visit: Visit) -> None:
    page = visit.page
    field(page, "Numbers of the input").select_option("pixel")
    expect(page.get_by_text("Step 1 of 25", exact=True)).to_be_visible()
    expect(page.get_by_label("Input, rows", exact=True)).to_have_value("7")
    field(page, "Example").select_option("turned")
    expect(cell(page, "kernel", 8)).to_have_text("9")
    player(page).focus()
    page.keyboard.press("End")
    middle = [value for value in output(page) if value != "0"]
    assert middle == ["9", "8", "7", "6", "5", "4", "3", "2", "1"]


def test_a_presenter_steps_without_clicking_first(visit: Visit) -> None:
    visit.open("/convolution?lecture=true")
    page = visit.page
    expect(page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    for key in ("PageDown", "PageDown", "ArrowRight", "PageUp"):
        page.keyboard.press(key)
    expect(page.get_by_text("Step 3 of 9", exact=True)).to_be_visible()


def test_undo_takes_changes_back_one_by_one(anywhere: Visit) -> None:
    page = anywhere.page
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_disabled()
    page.get_by_label("Stride, rows: more").click()
    expect(page.get_by_text("Step 1 of 4", exact=True)).to_be_visible()
    cell(page, "kernel", 4).dblclick()
    page.keyboard.type("6")
    page.keyboard.press("Enter")
    expect(cell(page, "kernel", 4)).to_have_text("6")
    page.keyboard.press("Control+z")
    expect(cell(page, "kernel", 4)).to_have_text("1")
    undo.click()
    expect(page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    expect(undo).to_be_disabled()
    expect(page).to_have_url(re.compile("/convolution$"))


def test_painting(anywhere: Visit) -> None:
    page = anywhere.page
    page.get_by_text("Paint", exact=True).click()
    page.get_by_label("Value to paint with").fill("9")
    page.get_by_label("Value to paint with").press("Tab")
    boxes = [cell(page, "input", n).bounding_box() for n in (0, 1, 2)]
    page.mouse.move(boxes[0]["x"] + 8, boxes[0]["y"] + 8)
    page.mouse.down()
    for box in boxes:
        page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.up()
    expect(page.locator(".work .sum b")).to_have_text("20")
    assert [cell(page, "input", n).text_content() for n in range(4)] == ["9", "9", "9", "0"]


def test_pointing_shows_what_a_cell_has_to_do_with(visit: Visit) -> None:
    page = visit.page
    hint = page.locator(".hint")
    cell(page, "input", 0).hover()
    expect(hint).to_contain_text("input[0, 0] = 1 reaches 1 of 9 outputs")
    cell(page, "input", 12).hover()
    expect(hint).to_contain_text("reaches 9 of 9 outputs")
    expect(page.locator(".board .role-output g.peek rect.mark")).to_have_count(9)
    cell(page, "kernel", 0).hover()
    expect(page.locator(".board .role-input g.peek rect.mark")).to_have_count(9)
    cell(page, "output", 8).hover()
    expect(hint).to_contain_text("output[2, 2] is made at step 9 of 9")
    cell(page, "output", 4).click()
    expect(page.get_by_text("Step 5 of 9", exact=True)).to_be_visible()
    player(page).hover(position={"x": 5, "y": 5})
    expect(hint).to_contain_text("output[1, 1] = 4")  # it stays pinned


def test_what_cannot_be_is_explained_and_mended_by_a_button(anywhere: Visit) -> None:
    anywhere.open("/convolution?size=1x9x9&kernel_size=5&dilation=3")
    page = anywhere.page
    problem = page.locator(".problem")
    expect(problem).to_contain_text("covers 13 rows, the padded input has 9")
    page.get_by_role("button", name="Padding 2").click()
    expect(page.get_by_text("Step 1 of 1", exact=True)).to_be_visible()
    expect(problem).to_be_hidden()


@pytest.mark.parametrize("query", ["stride=0", "input=z.AAAA", "size=1x99x2", "padding=%00"])
def test_a_damaged_link_gives_one_sentence_and_the_first_example(visit: Visit, query: str) -> None:
    visit.open(f"/convolution?{query}")
    expect(visit.page.locator(".problem p")).to_have_count(1)
    expect(visit.page.locator(".problem")).to_contain_text("This link is damaged")
    expect(visit.page.get_by_text("Step 1 of 9", exact=True)).to_be_visible()
    assert visit.problems == []


def test_every_channel_has_its_numbers_and_a_closer_look(anywhere: Visit) -> None:
    anywhere.open("/convolution?input=volume&kernel=volume&bias=1_0&stride=2&padding=1")
    page = anywhere.page
    expect(page.get_by_role("button", name="Layer", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert page.locator(".sums .chip b").all_text_contents() == ["1", "−2", "3", "1", "3"]
    page.get_by_role("button", name="Filter 1", exact=True).click()
    expect(page.get_by_text("Step 10 of 18", exact=True)).to_be_visible()
    expect(page.locator(".work .channel")).to_have_count(3)
    page.get_by_role("button", name="Channel", exact=True).click()
    expect(page.locator(".work .channel")).to_have_count(1)
    expect(page.get_by_text("Sum of channel 0")).to_be_visible()
    page.get_by_role("button", name="Cell", exact=True).click()
    expect(page.locator(".board")).to_be_hidden()
    expect(page).to_have_url(re.compile("#step=10&level=cell$"))


def test_predict_then_check(anywhere: Visit) -> None:
    anywhere.open("/convolution?bias=2&padding=1")
    page = anywhere.page
    expect(page.get_by_text("Output size =")).to_be_visible()
    page.get_by_text("Predict first").click()
    expect(page.get_by_label("Rows of the output")).to_be_focused()
    expect(page.get_by_text("Output size =")).to_be_hidden()  # that would be the answer
    answer = page.locator(".answer")
    page.get_by_label("Rows of the output").fill("3")
    page.get_by_label("Columns of the output").fill("3")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("You forgot the padding.")
    page.get_by_label("Rows of the output").fill("5")
    page.get_by_label("Columns of the output").fill("5")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("Right: 5 × 5.")
    press(page, "Next")
    assert output(page)[0] == "?"
    page.get_by_label("Your answer").fill("2")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("You forgot the bias.")
    page.get_by_label("Your answer").fill("four")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("Type a number.")
    page.get_by_label("Your answer").fill("8/2")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("Right: output[0, 0] = 4.")
    assert output(page)[0] == "4"
    press(page, "Next")
    expect(page).to_have_url(re.compile("#step=2&predict=1$"))
    page.reload()
    expect(page.get_by_text("Step 2 of 25", exact=True)).to_be_visible()
    assert output(page)[:3] == ["4", "?", NOT_YET]
    page.get_by_label("Your answer").fill("6")
    page.keyboard.press("Enter")
    expect(answer).to_contain_text("You used the wrong window")


def test_copy_link_pressed_twice_in_a_row_has_its_own_label_again(visit: Visit) -> None:
    page = visit.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    copy = page.locator(".share button.link")
    expect(copy).to_have_text("Copy link")
    for _ in range(2):
        copy.click()
        expect(copy).to_have_text("✓ Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    page.wait_for_timeout(3000)  # each press says so for two seconds
    assert copy.text_content() == "Copy link"


def test_the_present_step_as_a_picture(anywhere: Visit) -> None:
    page = anywhere.page
    with page.expect_download() as svg:
        press(page, "SVG")
    text = Path(svg.value.path()).read_text(encoding="utf-8")
    assert "<svg" in text
    assert "= 4" in text
    with page.expect_download() as png:
        press(page, "PNG")
    with Image.open(png.value.path()) as picture:
        assert min(picture.size) > 400
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 5


def test_transposed_and_its_spread_out_input(visit: Visit) -> None:
    visit.open("/convolution?operation=transposed&input=square&kernel=ones&stride=2")
    page = visit.page
    player(page).focus()
    page.keyboard.press("End")
    want = "1 1 3 2 2 1 1 3 2 2 4 4 10 6 6 3 3 7 4 4 3 3 7 4 4"
    assert output(page) == want.split()
    expect(page.get_by_text("2 × 2, spread out to 7 × 7")).to_be_visible()


def test_on_a_phone(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844)
    visit.open("/convolution")
    page = visit.page
    expect(player(page)).to_be_visible()
    press(page, "One step forward")
    assert output(page) == FINAL[:2] + [NOT_YET] * 7
    sizes = page.locator(".transport button:visible").evaluate_all(
        "buttons => buttons.map(b => [b.offsetWidth, b.offsetHeight])"
    )
    assert len(sizes) == 4
    assert all(width >= 44 and height >= 44 for width, height in sizes)
    boxes = [
        page.locator(f".board .block.role-{role}").bounding_box() for role in ("input", "output")
    ]
    assert None not in boxes
    assert boxes[1]["x"] + boxes[1]["width"] <= 390
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 5, "input and output stand side by side"


def test_everything_by_touch(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    visit.open("/convolution")
    page = visit.page
    main = page.locator(".main-fields")
    expect(main).to_be_hidden()
    expect(page.get_by_text("input 5 × 5, kernel 3 × 3, stride 1, padding 0")).to_be_visible()
    for name in ("One step forward", "One step back", "Play or pause"):
        page.get_by_role("button", name=name).tap()
    expect(page.get_by_text("Step 3 of 9", exact=True)).to_be_visible()
    page.get_by_role("button", name="Play or pause").tap()
    cell(page, "output", 8).tap()
    expect(page.get_by_text("Step 9 of 9", exact=True)).to_be_visible()
    cell(page, "kernel", 4).tap()
    expect(page.locator(".hint")).to_contain_text("kernel[1, 1] = 1 multiplies 9 inputs")
    cell(page, "kernel", 4).tap()
    page.locator("input.editor").fill("5")
    page.keyboard.press("Enter")
    expect(cell(page, "output", 8)).to_have_text("8")
    page.get_by_role("button", name="Settings", exact=True).tap()
    page.get_by_label("Stride, rows: more").tap()
    expect(page.get_by_text("Step 1 of 4", exact=True)).to_be_visible()
    page.locator("summary", has_text="More settings").tap()
    expect(field(page, "Activation")).to_be_visible()
    page.get_by_text("Predict first").tap()
    expect(page.get_by_label("Rows of the output")).to_be_visible()
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []


def test_painting_by_touch(visitor: Callable[..., Visit]) -> None:
    visit = visitor(width=390, height=844, touch=True)
    visit.open("/convolution")
    page = visit.page
    page.get_by_text("Paint", exact=True).tap()
    page.get_by_label("Value to paint with").fill("9")
    page.get_by_label("Value to paint with").press("Tab")
    boxes = [cell(page, "input", n).bounding_box() for n in (0, 1, 2)]
    finger = page.context.new_cdp_session(page)
    points = [{"x": box["x"] + 8, "y": box["y"] + 8} for box in boxes]
    kinds = ["touchStart", *["touchMove"] * len(points)]
    for kind, point in zip(kinds, [points[0], *points], strict=True):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".work .sum b")).to_have_text("20")
    assert [cell(page, "input", n).text_content() for n in range(4)] == ["9", "9", "9", "0"]


def test_playing_at_eight_times_drops_no_step(visit: Visit) -> None:
    visit.open("/convolution?padding=1")
    page = visit.page
    page.locator(".transport output").evaluate(
        """counter => {
          window.seen = [counter.textContent];
          const note = () => window.seen.push(counter.textContent);
          new MutationObserver(note).observe(counter, { childList: true, characterData: true });
        }"""
    )
    page.get_by_label("Speed, steps per second").select_option("8")
    press(page, "Play or pause")
    expect(page.get_by_text("Step 25 of 25", exact=True)).to_be_visible(timeout=15_000)
    seen = list(dict.fromkeys(page.evaluate("window.seen")))
    assert seen == [f"Step {step} of 25" for step in range(1, 26)]


def test_the_lecture_view_folds_the_settings(visit: Visit) -> None:
    page = visit.page
    main = page.locator(".main-fields")
    expect(main).to_be_visible()
    visit.open("/convolution?lecture=true&stride=2&filters=2")
    expect(page.get_by_text("input 5 × 5, 2 kernels 3 × 3, stride 2, padding 0")).to_be_visible()
    expect(main).to_be_hidden()
    play = page.get_by_role("button", name="Play or pause").bounding_box()
    assert play["y"] + play["height"] <= 1000, "play is in sight without scrolling"
    press(page, "Settings")
    expect(field(page, "Padding")).to_be_visible()
    field(page, "Padding").select_option("1")
    expect(page.get_by_text("Step 1 of 18", exact=True)).to_be_visible()
    expect(main).to_be_visible()
    assert visit.problems == []


def window(visit: Visit, button: str) -> Locator:
    """Open one of the windows of the player."""
    visit.page.get_by_role("button", name=button, exact=True).click()
    dialog = visit.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_the_offline_page_plays_without_a_server(visit: Visit, browser: Browser) -> None:
    visit.open("/convolution?padding=1")
    dialog = window(visit, "HTML …")
    with visit.page.expect_download() as download:
        dialog.get_by_role("button", name="Save the page").click()
    context = browser.new_context(offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    folder = Path(download.value.path()).parent
    file = folder / "offline.html"
    download.value.save_as(file)
    page.goto(file.as_uri())
    player(page).focus()
    page.keyboard.press("End")
    assert output(page)[-5:] == ["0", "2", "2", "1", "1"]
    expect(page.get_by_text("Step 25 of 25", exact=True)).to_be_visible()
    page.locator(".board .role-input g.cell").nth(10).dblclick()
    expect(page.locator("input.editor")).to_have_count(0)
    assert page.get_by_role("button", name="Code …").is_hidden()
    assert problems == []
    context.close()


def test_code_to_take_away(anywhere: Visit) -> None:
    dialog = window(anywhere, "Code …")
    imports = {"NumPy": "import numpy", "PyTorch": "import torch", "Keras": "import keras"}
    for library, first in imports.items():
        dialog.get_by_text(library, exact=True).click()
        expect(dialog.get_by_test_id("stCode")).to_contain_text(first)
    dialog.get_by_text("plain loops").click()
    expect(dialog.get_by_test_id("stCode")).to_contain_text("def conv2d_by_loops")
    anywhere.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    press(anywhere.page, "One step forward")
    expect(anywhere.page.get_by_text("Step 2 of 9", exact=True)).to_be_visible()
    anywhere.page.get_by_label("Stride, rows: more").click()
    expect(anywhere.page.get_by_text("Step 1 of 4", exact=True)).to_be_visible()
    expect(dialog).to_be_hidden()  # it opens when asked for, not again at every change
    assert anywhere.problems == []


def test_all_steps_as_a_film(visit: Visit) -> None:
    dialog = window(visit, "GIF …")
    dialog.get_by_text("small", exact=True).click()
    dialog.get_by_text("dark", exact=True).click()
    visit.settle()
    with visit.page.expect_download() as download:
        dialog.get_by_role("button", name="Save the GIF").click()
    with Image.open(download.value.path()) as film:
        assert film.format == "GIF"
        assert film.height == 360
        assert film.n_frames == 9
        assert film.info["duration"] == 500
        film.seek(8)
        assert sum(film.convert("RGB").getpixel((2, 2))) < 150
    assert visit.problems == []


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
def test_a_part_of_a_photograph_becomes_the_input(visit: Visit, by: str) -> None:
    dialog = window(visit, "Photograph …")
    page = visit.page
    frame = dialog.locator(".frame")
    expect(frame).to_have_attribute("aria-label", re.compile("^Frame of 300 by 300 pixels"))
    side = dialog.get_by_label("Side of the frame")
    if by == "mouse":
        side.fill("12")
        box = dialog.locator(".picture").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] - 50, box["y"] - 50)
        page.mouse.up()
    else:
        side.press("Home")
        frame.focus()
        for key in ["ArrowLeft"] * 40 + ["ArrowUp"] * 40:
            page.keyboard.press(key)
    corner = re.compile("^Frame of 12 by 12 pixels at column 0, row 0")
    expect(frame).to_have_attribute("aria-label", corner)
    page.wait_for_timeout(400)  # the keyboard's last move waits for more of them
    visit.settle()
    dialog.get_by_role("button", name="Use it as the input").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("12 × 12, black 0, white 255")).to_be_visible()
    want = to_array(patch(sample("cat"), top=0, left=0, height=12, width=12), channels="grey")
    shown = page.locator(".board .role-input text.value").all_text_contents()
    assert shown == [str(int(value)) for value in want.round().ravel()]
    expect(page).to_have_url(re.compile(r"input=p\."))
    assert visit.problems == []
