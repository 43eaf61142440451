"""The walk through a network by mouse and keyboard: tree, drawing, grid, one number, the link."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from playwright.sync_api import Page, expect

from cnnlab import loading, pretrained, samples
from cnnlab.ui.layer_walk_lab import _exact
from tests.browser.conftest import Visit

pytestmark = pytest.mark.browser

PATH = "/layer-walk?layer_walk_network=squeezenet1_0"
CHOSEN = ".tree [aria-selected=true]"


def arrive(visit: Visit, **query: str) -> Page:
    rest = "".join(f"&layer_walk_{name}={value}" for name, value in query.items())
    visit.open(PATH + rest)
    expect(visit.page.locator(".tree")).to_be_visible()
    expect(visit.page.locator(".maps").first).to_be_visible()
    return visit.page


def maps_of(features: int) -> np.ndarray:
    """Return what one of the first layers gives out for the cat, by torch alone."""
    model = loading.load("squeezenet1_0").features[: features + 1]
    with torch.inference_mode():
        return model(pretrained.preprocess(samples.sample("cat"), "squeezenet1_0"))[0].numpy()


def chosen(page: Page, layer: str) -> None:
    """Expect the tree, the drawing, the list and the link to agree on a layer."""
    short = layer.rpartition(".")[2]
    expect(page.locator(f"{CHOSEN} > .line .name")).to_have_text(short)
    expect(page.locator(".st-key-layer_walk_layer input")).to_have_value(layer)
    expect(page).to_have_url(re.compile(f"layer_walk_layer={re.escape(layer)}(&|$)"))


def test_a_click_in_the_tree_shows_that_layer(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    expect(page.locator(f"{CHOSEN} > .line .name")).to_have_text("0")
    page.locator(".tree .line", has_text="Max pool").first.click()
    chosen(page, "features.2")
    expect(page.locator(".drawing [aria-current=true]")).to_have_attribute("title", "features.2")
    expect(page.get_by_text("96 feature maps of 54 × 54")).to_be_visible()
    assert visit.problems == []


def test_the_tree_is_walked_with_keys(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(CHOSEN).focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    focused = "document.activeElement.shadowRoot.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused).startswith("squeeze_activation, ReLU")
    expect(page.locator(f"{CHOSEN} > .line .name")).to_have_text("0")  # not chosen yet
    page.keyboard.press("Enter")
    chosen(page, "features.3.squeeze_activation")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused).startswith("3, Fire")
    fold = page.locator(".tree li[aria-expanded]").filter(has_text="squeeze_activation").last
    expect(fold).to_have_attribute("aria-expanded", "false")
    assert visit.problems == []


def test_a_click_in_the_drawing_shows_what_the_block_gives_out(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit)
    page.locator(".drawing button", has_text="features.5").click()
    chosen(page, "features.5")
    expect(page.get_by_text("256 feature maps of 54 × 54")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    chosen(page, "features.6")
    expect(page.locator(CHOSEN)).to_be_visible()
    assert visit.problems == []


def test_a_click_on_a_map_chooses_its_channel_and_cell(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, layer="features.2", order="variance")
    want = maps_of(2)
    tile = page.locator(".maps button").nth(4)
    number = int(tile.locator(".number").inner_text())
    tile.scroll_into_view_if_needed()
    box = tile.locator("canvas").bounding_box()
    assert box
    row, column = 20, 33
    x, y = (
        box["x"] + (column + 0.5) * box["width"] / 54,
        box["y"] + (row + 0.5) * box["height"] / 54,
    )
    page.mouse.move(x, y)
    expect(page.locator(".maps .says").first).to_contain_text(
        f"channel {number}, row {row}, column {column}: "
    )
    page.mouse.click(x, y)
    says = page.locator(".one .says")
    exact = f"channel {number}, row {row}, column {column}: {_exact(want[number, row, column])}"
    expect(says).to_contain_text(f"{exact}output[0, {number}, {row}, {column}]")
    for name, value in {"channel": number, "row": row, "column": column}.items():
        expect(page).to_have_url(re.compile(f"layer_walk_{name}={value}(&|$)"))
    other = visitor()
    other.page.goto(page.url)
    expect(other.page.locator(".one .says")).to_contain_text(exact)
    assert visit.problems == other.problems == []


def test_the_cell_moves_with_keys_and_the_server_hears_when_it_rests(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    page = arrive(visit, layer="features.2", channel="3", row="10", column="10")
    want = maps_of(2)
    stage = page.locator(".one .stage")
    stage.focus()
    with visit.server.asleep():
        for step in range(1, 5):
            page.keyboard.press("ArrowRight")
            says = f"row 10, column {10 + step}: {_exact(want[3, 10, 10 + step])}output["
            expect(page.locator(".one .says")).to_contain_text(says)
    expect(page).to_have_url(re.compile("layer_walk_column=14(&|$)"))
    page.keyboard.press("PageDown")
    expect(page.locator(".one .says")).to_contain_text(
        f"channel 4, row 10, column 14: {_exact(want[4, 10, 14])}output["
    )
    expect(stage).to_be_focused()
    assert visit.problems == []


def test_tiles_are_walked_with_keys(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    page = arrive(visit, layer="features.2")
    page.locator(".maps button[aria-current=true]").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator(".one .says")).to_contain_text("channel 2, row 27, column 27")
    page.keyboard.press("r")  # Streamlit's own key: it must not start the page again
    assert visit.problems == []


def test_the_picture_is_the_numbers(visitor: Callable[..., Visit]) -> None:
    """Colours on the large canvas follow the numbers: 0 is white, signs differ."""
    visit = visitor()
    page = arrive(visit, layer="features.0", channel="3")
    values = maps_of(0)[3]
    expect(page.locator(".one .says")).to_contain_text("channel 3")
    shot = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll('*')];
          const host = all.find((e) => e.shadowRoot?.querySelector('.one'));
          const canvas = host.shadowRoot.querySelector('.one .stage canvas');
          const ink = canvas.getContext('2d'), out = [];
          for (let row = 0; row < 109; row += 4) for (let column = 0; column < 109; column += 4) {
            const at = [(column + 0.5) * canvas.width / 109, (row + 0.5) * canvas.height / 109];
            out.push([row, column, ...ink.getImageData(at[0], at[1], 1, 1).data.slice(0, 3)]);
          }
          return out;
        }"""
    )
    strong = 0.15 * np.abs(values).max()
    signs = [(values[row, column], red - blue) for row, column, red, _, blue in shot]
    assert sum(abs(value) > strong for value, _ in signs) > 20
    assert all(np.sign(tint) == np.sign(value) for value, tint in signs if abs(value) > strong)
    assert visit.problems == []


def test_the_number_leads_to_how_it_was_made(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    path = "/layer-walk?layer_walk_network=lenet_digits&layer_walk_layer=conv2"
    visit.open(f"{path}&layer_walk_channel=3&layer_walk_row=2&layer_walk_column=5")
    page = visit.page
    says = page.locator(".one .says")
    expect(says).to_contain_text("channel 3, row 2, column 5: ")
    (size,) = re.findall(r"column 5: −?([\d.]+)output", says.inner_text().replace("\n", ""))
    assert float(size) > 0.1
    page.get_by_text("How was this number made?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One neuron")
    made = page.get_by_role("heading", name="How conv2, channel 3, cell (2, 5) was made")
    expect(made).to_be_visible()
    expect(page.locator(".stMain")).to_contain_text(size[:6])
    assert visit.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(visitor: Callable[..., Visit], scheme: str) -> None:
    visit = visitor(width=390, height=844, scheme=scheme)
    page = arrive(visit, layer="features.3.expand3x3")
    expect(page.locator(".one .says")).to_contain_text("channel 0")
    assert page.locator(".stMain").evaluate("main => main.scrollWidth <= innerWidth + 1")
    assert visit.problems == []
