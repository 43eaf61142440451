"""The lesson on designing a network in a real browser: mouse, keyboard, links, phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from cnnlab.network_presets import NETWORK_PRESETS
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

SMALL = "/design?design_network=1x28x28_c8k3"


def row(page: Page, text: str) -> Locator:
    return page.locator(".layers tbody tr", has_text=text)


def address(visit: Visit, text: str) -> None:
    """Wait until the link holds this network."""
    expect(visit.page).to_have_url(f"{visit.server.url}/design?design_network={text}")


def arrive(visitor: Callable[..., Visit], path: str = SMALL, **how: object) -> Visit:
    visit = visitor(**how)
    visit.open(path)
    expect(row(visit.page, "Input")).to_be_visible()
    return visit


def add(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def test_a_network_by_mouse_then_reload_and_another_browser(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor)
    page = visit.page
    row(page, "Conv 3×3, 8").click()
    expect(page.get_by_text("Row 1: Conv 3×3, 8")).to_be_visible()
    for label, part in (
        ("Activation", "_relu"),
        ("Max pooling", "_p2"),
        ("Flatten", "_flat"),
        ("Fully connected", "_fc10"),
    ):
        before = page.url.partition("design_network=")[2]
        add(page, label)
        address(visit, before + part)
    expect(row(page, "Fully connected 10")).to_contain_text("13,530")
    outputs = page.locator("[class*=st-key-design_edit_out_features] input")
    outputs.fill("2")
    outputs.press("Enter")
    address(visit, "1x28x28_c8k3_relu_p2_flat_fc2")
    row(page, "Max pool").click()
    page.get_by_role("button", name="Up", exact=True).click()
    final = "1x28x28_c8k3_p2_relu_flat_fc2"
    address(visit, final)
    expect(page.locator(".layers tr.chosen")).to_contain_text("2Max pool")
    shown = page.locator(".layers tbody tr").all_text_contents()
    page.reload()
    expect(row(page, "Fully connected 2")).to_be_visible()
    address(visit, final)
    assert page.locator(".layers tbody tr").all_text_contents() == shown
    other = arrive(visitor, f"/design?design_network={final}", scheme="dark")
    assert other.page.locator(".layers tbody tr").all_text_contents() == shown
    assert visit.problems == other.problems == []


def test_a_network_by_keyboard(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor, "/design?design_network=1x28x28_c8k3_relu_p2")
    page = visit.page
    page.locator(".layers tr.chosen button").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Alt+ArrowUp"):
        page.keyboard.press(key)
    address(visit, "1x28x28_c8k3_p2_relu")
    page.keyboard.press("Control+d")
    address(visit, "1x28x28_c8k3_p2_p2_relu")
    page.keyboard.press("Delete")
    address(visit, "1x28x28_c8k3_p2_relu")
    page.keyboard.press("Control+z")
    address(visit, "1x28x28_c8k3_p2_p2_relu")
    page.keyboard.press("Control+y")
    address(visit, "1x28x28_c8k3_p2_relu")
    page.keyboard.press("r")  # Streamlit's key for a rerun, and its cache's: nothing happens
    page.keyboard.press("c")
    page.keyboard.press("End")
    expect(page.locator(".layers tr.chosen")).to_contain_text("ReLU")
    expect(page.locator(".layers tr.chosen button")).to_be_focused()
    button = page.get_by_role("button", name="Fully connected", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    address(visit, "1x28x28_c8k3_p2_relu_fc10")
    expect(page.locator(".layers tr.problem")).to_contain_text("put Flatten")
    assert visit.problems == []


def middle(page: Page, text: str) -> tuple[float, float]:
    box = row(page, text).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_row_is_dragged_by_mouse(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor, "/design?design_network=3x8x8_c4k3_relu_bn_res_tanh_add_gap")
    page = visit.page
    line = page.locator(".layers .landing")
    page.mouse.move(*middle(page, "Conv 3×3, 4"))
    page.mouse.down()
    x, y = middle(page, "Batch norm")
    page.mouse.move(x, y + 10, steps=5)
    expect(line).to_be_visible()
    expect(page.locator(".layers .carried")).to_have_count(1)
    box, below = line.bounding_box(), row(page, "Residual block").bounding_box()
    assert abs(box["y"] + 2 - below["y"]) < 3  # the line lies between the two rows
    page.mouse.up()
    address(visit, "3x8x8_relu_bn_c4k3_res_tanh_add_gap")
    expect(line).to_have_count(0)
    expect(page.locator(".layers tr.chosen")).to_contain_text("3Conv 3×3, 4")
    page.mouse.move(*middle(page, "Add"))  # a block goes as a whole
    page.mouse.down()
    x, y = middle(page, "ReLU")
    page.mouse.move(x, y - 10, steps=5)
    expect(page.locator(".layers .carried")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(line).to_have_count(0)
    page.mouse.up()
    page.mouse.move(*middle(page, "Add"))
    page.mouse.down()
    page.mouse.move(x, y - 10, steps=5)
    page.mouse.up()
    final = "3x8x8_res_tanh_add_relu_bn_c4k3_gap"
    address(visit, final)
    row(page, "ReLU").click()  # a click still is a click
    expect(page.get_by_text("Row 4: ReLU")).to_be_visible()
    address(visit, final)
    page.get_by_role("button", name="Undo").click()
    address(visit, "3x8x8_relu_bn_c4k3_res_tanh_add_gap")
    assert visit.problems == []


def test_a_row_is_dragged_by_touch(visitor: Callable[..., Visit]) -> None:
    visit = arrive(
        visitor,
        "/design?design_network=3x8x8_c4k3_relu_bn",
        width=390,
        height=844,
        touch=True,
    )
    page = visit.page
    page.locator(".layers").scroll_into_view_if_needed()
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    handle = row(page, "Conv 3×3, 4").locator(".handle").bounding_box()
    assert handle["width"] >= 24
    assert handle["height"] >= 24
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    end = middle(page, "ReLU")[1] + 8
    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x, y + (end - y) * step / 5))
    expect(page.locator(".layers .landing")).to_be_visible()
    touch("touchEnd")
    address(visit, "3x8x8_relu_c4k3_bn")
    assert visit.problems == []


def test_well_known_networks_to_begin_with(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor)
    page = visit.page
    page.locator(".st-key-design_example input").click()
    page.get_by_role("option", name="ResNet-18", exact=True).click()
    address(visit, NETWORK_PRESETS["ResNet-18"].text)
    expect(page.get_by_text("11,689,512", exact=True)).to_be_visible()
    assert visit.problems == []


def test_the_way_to_torchvisions_networks(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor)
    visit.page.get_by_role("link", name="Read any of torchvision's 80 networks").click()
    heading = visit.page.get_by_role("heading", name="Every layer of a network")
    expect(heading).to_be_visible()
    assert visit.problems == []


def test_undo_and_presets(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor)
    page = visit.page
    page.locator(".st-key-design_example input").click()
    page.get_by_role("option", name="VGG-16", exact=True).click()
    address(visit, NETWORK_PRESETS["VGG-16"].text)
    expect(page.get_by_text("138,357,544", exact=True)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    address(visit, "1x28x28_c8k3")
    page.get_by_role("button", name="Redo").click()
    address(visit, NETWORK_PRESETS["VGG-16"].text)
    assert visit.problems == []


def test_a_damaged_link(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor, "/design?design_network=1x28x28_c8k3_x")
    expect(visit.page.get_by_text("part 3, 'x', is no layer")).to_be_visible()
    expect(row(visit.page, "Conv 5×5, 16")).to_be_visible()
    row(visit.page, "Conv 5×5, 16").click()
    add(visit.page, "Batch norm")
    address(visit, NETWORK_PRESETS["LeNet-5"].text.replace("c16k5", "c16k5_bn"))


def test_on_a_phone(visitor: Callable[..., Visit]) -> None:
    path = f"/design?design_network={NETWORK_PRESETS['ResNet-20 for CIFAR-10'].text}"
    visit = arrive(visitor, path, width=390, height=844, touch=True)
    page = visit.page
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    drawing = page.get_by_role("img", name="The network from input to output")
    assert drawing.evaluate("e => e.scrollWidth > e.clientWidth && e.clientWidth < 390")
    assert page.locator(".layers").evaluate("e => e.clientHeight < innerHeight")
    row(page, "Conv 3×3, 16").first.tap()
    expect(page.get_by_text("Row 1: Conv 3×3, 16")).to_be_visible()
    page.get_by_role("button", name="Delete").tap()
    expect(page.get_by_text("Row 1: Batch norm")).to_be_visible()
    assert visit.problems == []


def test_the_code_is_taken_away(visitor: Callable[..., Visit]) -> None:
    visit = arrive(visitor)
    page = visit.page
    page.locator("summary", has_text="The network as code").click()
    with page.expect_download() as waited:
        page.get_by_role("button", name="Download network_pytorch.py").click()
    script = waited.value.path().read_text(encoding="utf-8")
    assert "nn.Conv2d(1, 8, kernel_size=3)" in script
    assert "print(sum(p.numel() for p in model.parameters()))  # 80" in script
    assert visit.problems == []


def test_deleting_and_undoing_by_keyboard_keeps_the_focus(visitor: Callable[..., Visit]) -> None:
    """Also where a message appears because the network breaks."""
    text = "1x28x28_c8k3_relu_p2_flat_fc10"
    visit = arrive(visitor, f"/design?design_network={text}")
    page = visit.page
    row(page, "Flatten").click()
    page.keyboard.press("Delete")
    address(visit, "1x28x28_c8k3_relu_p2_fc10")
    expect(page.get_by_role("alert").first).to_be_visible()
    page.keyboard.press("Control+z")
    address(visit, text)
    page.keyboard.press("Delete")
    address(visit, "1x28x28_c8k3_relu_p2_fc10")


def test_keys_and_buttons_faster_than_the_server_lose_nothing(
    visitor: Callable[..., Visit],
) -> None:
    visit = arrive(visitor, "/design?design_network=1x28x28_c8k3_relu_p2")
    page = visit.page
    page.locator(".layers tr.chosen button").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "Control+d", "Control+d", "Alt+ArrowUp"):
        page.keyboard.press(key)
    for key in ("Delete", "ArrowUp", "Delete", "Control+z", "ArrowUp", "Alt+ArrowDown"):
        page.keyboard.press(key)
    address(visit, "1x28x28_c8k3_p2_relu_p2")
    row(page, "Max pool").last.click()
    for label in ("Batch norm", "Flatten", "Fully connected"):  # wherever the page has moved them
        page.get_by_role("button", name=label, exact=True).dispatch_event("click")
    address(visit, "1x28x28_c8k3_p2_relu_p2_bn_flat_fc10")
    visit.settle()
    address(visit, "1x28x28_c8k3_p2_relu_p2_bn_flat_fc10")
    assert visit.problems == []
