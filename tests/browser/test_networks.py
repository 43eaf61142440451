"""The pages with a network: uploads, answers, missing weights."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from cnnlab import samples
from tests.browser.conftest import Visit, start, stop
from tests.ill_formed import ill_formed
from tests.real_weights import needs_weights

pytestmark = pytest.mark.browser


def photograph(name: str = "coffee") -> bytes:
    file = io.BytesIO()
    samples.sample(name).save(file, "JPEG", quality=95)
    return file.getvalue()


def upload(visit: Visit, page: str, data: bytes, *, name: str = "picture.jpg") -> None:
    field = visit.page.locator(f".st-key-{page}_upload input[type=file]")
    field.set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


@needs_weights("squeezenet1_0")
def test_the_cat_is_an_egyptian_cat(visitor: Callable[..., Visit]) -> None:
    visit = visitor()
    visit.open("/classify")
    expect(visit.page.get_by_role("heading", name="Egyptian cat, 71")).to_be_visible()
    visit.open("/grad-cam")
    expect(visit.page.get_by_text("What speaks for “Egyptian cat”")).to_be_visible()
    assert visit.problems == []


@needs_weights("squeezenet1_0")
def test_an_upload_is_recognised_and_stays_for_the_next_page(
    visitor: Callable[..., Visit],
) -> None:
    visit = visitor()
    visit.open("/classify?classify_picture=Upload")
    upload(visit, "classify", photograph())
    expect(visit.page.get_by_role("heading", name="espresso")).to_be_visible()
    visit.page.get_by_role("link", name="Grad-CAM").click()
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("Grad-CAM")
    visit.page.locator(".st-key-grad_cam_picture").get_by_text("Upload").click()
    expect(visit.page.get_by_text("What speaks for “espresso”")).to_be_visible()
    visit.page.get_by_role("button", name="Forget my picture").click()
    expect(visit.page.get_by_text("Choose a picture.")).to_be_visible()
    assert visit.problems == []


def test_one_learner_never_sees_the_picture_of_another(visitor: Callable[..., Visit]) -> None:
    one, other = visitor(), visitor()
    one.open("/classify?classify_picture=Upload")
    upload(one, "classify", photograph())
    expect(one.page.get_by_text("As the network sees it").first).to_be_visible()
    other.open("/classify?classify_picture=Upload")
    expect(other.page.get_by_text("Choose a picture.")).to_be_visible()
    expect(other.page.get_by_role("button", name="Forget my picture")).to_have_count(0)


def test_ill_formed_uploads_give_one_clear_sentence_each(visitor: Callable[..., Visit]) -> None:
    bad = ill_formed()
    assert len(bad) >= 30
    visit = visitor()
    visit.open("/classify?classify_picture=Upload")
    upload(visit, "classify", photograph())  # a good one first: PyTorch is loaded now
    expect(visit.page.get_by_text("As the network sees it").first).to_be_visible()
    before = visit.server.rss()
    alert = visit.page.get_by_test_id("stAlertContentError")
    for number, (name, data) in enumerate(bad.items()):
        upload(visit, "classify", data, name=f"u{number}.jpg")
        expect(visit.page.locator(".st-key-classify_upload")).to_contain_text(f"u{number}.jpg")
        visit.settle()
        if len(data):
            expect(alert).to_have_count(1)
            sentence = alert.inner_text()
            assert sentence.endswith("."), (name, sentence)
            assert len(sentence) < 200, (name, sentence)
        assert visit.page.get_by_test_id("stException").count() == 0
    assert visit.server.rss() - before < 200e6
    upload(visit, "classify", photograph("cat"))
    expect(visit.page.get_by_text("As the network sees it").first).to_be_visible()
    expect(alert).to_have_count(0)


def test_a_sideways_picture_is_turned_upright(visitor: Callable[..., Visit]) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    samples.sample("coffee").resize((300, 200)).save(file, "JPEG", exif=exif)
    visit = visitor()
    visit.open("/classify?classify_picture=Upload")
    upload(visit, "classify", file.getvalue())
    expect(visit.page.get_by_text("200 wide, 300 high")).to_be_visible()


def test_without_weights_the_page_offers_them_and_says_why_it_failed(
    visitor: Callable[..., Visit], tmp_path: Path
) -> None:
    nowhere = "http://127.0.0.1:9"  # a proxy that is not there: every download fails at once
    running = start(tmp_path, tmp_path / "empty", https_proxy=nowhere, http_proxy=nowhere)
    try:
        visit = visitor(at=running)
        visit.open("/classify?classify_network=resnet18")
        page = visit.page
        expect(page.get_by_text("not on this computer yet: 47 MB")).to_be_visible()
        page.get_by_role("button", name="Download resnet18").click()
        alert = page.get_by_test_id("stAlertContentError")
        expect(alert).to_contain_text("python -m cnnlab weights pull resnet18")
        assert page.get_by_test_id("stException").count() == 0
        assert list(tmp_path.rglob("*.partial*")) == []
        assert list(tmp_path.rglob("*.pth")) == []
    finally:
        stop(running)
