"""What the digit pad computes in the browser, against PyTorch and against Python."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Page

from cnnlab import digits
from cnnlab.digit_link import drawing_to_text
from cnnlab.digit_pixels import centred
from cnnlab.ui.digit_pad import arithmetic
from cnnlab.ui.digits_lab import pad_data
from tests.browser.conftest import Visit
from tests.digit_scores import expected

pytestmark = pytest.mark.browser

# Four figures that no sample has: a dot, a frame on the border, a lean line, two heavy spots.
SYNTHETIC = np.zeros((5, 28, 28))
SYNTHETIC[0, 3, 25] = 1
SYNTHETIC[1, [0, -1]] = SYNTHETIC[1, :, [0, -1]] = 0.5
SYNTHETIC[2, range(5, 26), range(5, 26)] = 0.8
SYNTHETIC[3, 0:9, 0:9] = SYNTHETIC[3, 27, 27] = 0.3
SYNTHETIC[4, 10:13, 4:21] = np.random.default_rng(0).random((3, 17))


SCRIPT = """async ({ weights, stages }) => {
  ARITHMETIC
  const file = await (await fetch(weights.address)).arrayBuffer();
  const tensors = {};
  for (const [name, [start, count]] of Object.entries(weights.tensors))
    tensors[name] = new Float32Array(file.slice(start, start + 4 * count));
  const run = (pixels) => forward(pixels, tensors, stages);
  window.lab = {
    centred: (pixels, height, width) => [...centred(pixels, height, width)],
    all: (pixels) =>
      Object.fromEntries(Object.entries(run(pixels)).map(([name, values]) => [name, [...values]])),
    scores: (pixels) => [...run(centred(pixels)).fc2],
    derive: (pixels, cells) => {
      const found = run(pixels);
      return cells.map((cell) => {
        const { value, sum, channels } = derive(found, tensors, stages, cell);
        return { value, sum, parts: channels.map((channel) => channel.sum) };
      });
    },
    toText: (pixels) => drawingToText(Uint8Array.from(pixels)),
    fromText: (text) => drawingFromText(text) && [...drawingFromText(text)],
    cell: (text) => cellFromText(text, stages),
    stroke: (from, to, brush) => {
      const pixels = new Uint8Array(784).fill(brush.erase ? 255 : 0);
      stroke(pixels, from, to, brush);
      return [...pixels];
    },
  };
}"""


@pytest.fixture
def lab(visitor: Callable[..., Visit]) -> Page:
    """Return a page that has the arithmetic of the pad, its stages and the weights."""
    visit = visitor()
    page = visit.page
    page.goto(f"{visit.server.url}/assets/favicon.png")
    page.evaluate(SCRIPT.replace("ARITHMETIC", arithmetic()), pad_data())
    return page


def test_drawings_are_prepared_as_in_python(lab: Page) -> None:
    samples = [np.asarray(digits.sample_digit(name)) / 255 for name in digits.SAMPLES]
    generator = np.random.default_rng(3)
    others = [generator.random(shape) for shape in ((9, 33), (60, 41), (1, 30), (7, 7))]
    for pixels in [*samples, *SYNTHETIC, np.zeros((28, 28)), *others]:
        found = lab.evaluate(
            "([p, h, w]) => lab.centred(p, h, w)", [pixels.ravel().tolist(), *pixels.shape]
        )
        np.testing.assert_allclose(np.reshape(found, (28, 28)), centred(pixels), atol=1e-12)


def test_all_scores_are_those_of_torch(lab: Page) -> None:
    samples = [np.asarray(digits.sample_digit(name)) / 255 for name in digits.SAMPLES]
    for pixels in [*samples, *SYNTHETIC]:
        want = expected(centred(pixels))
        found = lab.evaluate("pixels => lab.scores(pixels)", pixels.ravel().tolist())
        # both add in their own order; the largest score sets the scale
        np.testing.assert_allclose(found, want, atol=1e-5 * np.abs(want).max())


@pytest.mark.parametrize("name", ["digit-3-1", "digit-8-2"])
def test_every_tensor_and_every_derivation_is_that_of_torch(lab: Page, name: str) -> None:
    batch = digits.preprocess(digits.sample_digit(name))
    want, x = {}, batch
    for layer, module in digits.load().named_children():
        x = module(x)
        want[{"relu1": "conv1", "relu2": "conv2", "relu3": "fc1"}.get(layer, layer)] = x[0]
    pixels = batch.ravel().tolist()
    found = lab.evaluate("pixels => lab.all(pixels)", pixels)
    for stage in ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2"):
        values = want[stage].ravel()
        np.testing.assert_allclose(found[stage], values, atol=1e-5 * float(values.abs().max()))
    np.testing.assert_allclose(found["probabilities"], want["fc2"].softmax(0), atol=1e-5)

    generator = np.random.default_rng(1)
    cells = [
        {"stage": stage, "map": int(m), "row": int(r), "column": int(c)}
        for stage in ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2")
        for m, r, c in (generator.integers(0, (*want[stage].shape, 1, 1)[:3]) for _ in range(8))
    ]
    made = lab.evaluate("([pixels, cells]) => lab.derive(pixels, cells)", [pixels, cells])
    sizes = {"conv1": 1, "conv2": 20, "fc1": 50, "fc2": 500}
    for cell, derived in zip(cells, made, strict=True):
        tensor = want[cell["stage"]].reshape((*want[cell["stage"]].shape, 1, 1)[:3])
        value = float(tensor[cell["map"], cell["row"], cell["column"]])
        assert derived["value"] == pytest.approx(value, rel=1e-5, abs=1e-5), cell
        assert len(derived["parts"]) == sizes.get(cell["stage"], 1)
        if cell["stage"] in sizes:
            assert sum(derived["parts"]) == pytest.approx(derived["sum"])


def test_drawings_in_links_are_those_of_python(lab: Page) -> None:
    generator = np.random.default_rng(2)
    noise = generator.choice([0, 0, 0, 7, 255, 255], size=(28, 28)).astype(np.uint8)
    samples = [np.asarray(digits.sample_digit(name)) for name in digits.SAMPLES]
    for pixels in [*samples, noise, np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)]:
        text = drawing_to_text(pixels)
        assert lab.evaluate("pixels => lab.toText(pixels)", pixels.ravel().tolist()) == text
        assert lab.evaluate("text => lab.fromText(text)", text) == pixels.ravel().tolist()


@pytest.mark.parametrize(
    "text",
    ["", "A", "AP8A_wD_ABI", "AP8A_wD_ABMA", "AP8A_wD_ABN_", "AAAA", "A" * 3000, "é", "A B="],
)
def test_damaged_drawings_are_none(lab: Page, text: str) -> None:
    assert lab.evaluate("text => lab.fromText(text)", text) is None


def test_cells_in_links(lab: Page) -> None:
    found = lab.evaluate("lab.cell('conv2.49.7.0')")
    assert found == {"stage": "conv2", "map": 49, "row": 7, "column": 0}
    assert lab.evaluate("lab.cell('fc1.499')")["map"] == 499
    for text in (
        "conv2.50.0.0",
        "conv2.0.8.0",
        "conv2.1",
        "fc1.1.0.0",
        "conv3.0.0.0",
        "fc2.-1",
        "",
    ):
        assert lab.evaluate("text => lab.cell(text)", text) is None, text


def test_a_stroke_is_as_wide_as_its_brush(lab: Page) -> None:
    ink = lab.evaluate("lab.stroke([4.5, 10.5], [20.5, 10.5], { radius: 1.5, erase: false })")
    column = np.reshape(ink, (28, 28))[:, 12]
    assert column.tolist()[8:14] == [0, 255, 255, 255, 0, 0]  # 3 pixels
    rubbed = lab.evaluate("lab.stroke([4.5, 10.5], [20.5, 10.5], { radius: 1.5, erase: true })")
    np.testing.assert_array_equal(255 - np.array(rubbed), ink)
