"""Picture every page, light and dark, wide and narrow: `make screenshots`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from cnnlab.lessons import HOME, LESSONS
from tests.browser.conftest import FLAGS, Visit, start, stop
from tests.browser.find_chromium import chromium
from tests.conftest import home_with_weights

OUT = Path(__file__).resolve().parents[2] / "assets" / "screenshots"


def main(out: Path) -> None:
    """Write one PNG file for each page, theme and width."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        running = start(Path(name), home_with_weights(Path(name)))
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for lesson in (HOME, *LESSONS):
            for scheme in ("light", "dark"):
                for width, suffix in ((1280, ""), (390, "-narrow")):
                    context = browser.new_context(
                        viewport={"width": width, "height": 900}, color_scheme=scheme
                    )
                    visit = Visit(context.new_page(), running)
                    visit.open("/" if lesson is HOME else f"/{lesson.url_path}")
                    visit.page.wait_for_timeout(1500)
                    if lesson.url_path == "convolution":
                        visit.page.get_by_label("Step", exact=True).fill("5")
                        visit.page.get_by_role("heading", level=1).click()  # no focus ring
                    visit.page.screenshot(path=out / f"{lesson.url_path}-{scheme}{suffix}.png")
                    context.close()
        browser.close()
        stop(running)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
