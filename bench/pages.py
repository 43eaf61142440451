"""How fast pages appear and run again, against a blank Streamlit page on its own server."""

from __future__ import annotations

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from bench.result import Result
from cnnlab.lessons import HOME, LESSONS
from tests.browser.conftest import FLAGS, ROOT, Server, start, stop
from tests.browser.find_chromium import chromium
from tests.visitor import Visitor

__all__ = ["cold_start", "first_renders", "reruns", "stepping"]

BLANK = "bench/blank_app.py"
TITLES = {"": "CNN Lab"} | {lesson.url_path: lesson.title for lesson in LESSONS}
# What must be on screen before a page counts as there: its own main thing, not only its title.
MAIN = {
    "convolution": "section.player",
    "classify": "table.class-bars",
    "grad-cam": ".cam-cards img",
}


@contextmanager
def server(
    folder: Path, torch_home: Path, *, script: str = "app.py", root: Path = ROOT
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    running = start(folder, torch_home, script=script, root=root)
    try:
        yield running
    finally:
        stop(running)


@contextmanager
def window() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


# The page itself looks at every frame for what is to be seen, shadow roots included; asking it
# from outside would add up to half a second, since Playwright waits longer after each refusal.
WATCH = """
([title, main]) => new Promise((seen) => {
  const anywhere = () =>
    document.querySelector(main) ||
    [...document.querySelectorAll("*")].some((host) => host.shadowRoot?.querySelector(main));
  const look = () => {
    const heading = [...document.querySelectorAll("h1")].some((h) => h.textContent === title);
    if (!heading || (main && !anywhere())) requestAnimationFrame(look);
    else requestAnimationFrame(() => seen(performance.now() / 1000));
  };
  look();
})
"""


def paint(browser: Browser, url: str, title: str, main: str | None) -> float:
    """Return the seconds from asking for a page to the frame that shows it, as a new visitor."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url, wait_until="commit")
    seconds: float = page.evaluate(WATCH, [title, main])
    context.close()
    return seconds


def with_an_empty_page(folder: Path) -> Path:
    """Return a copy of the app whose convolution lesson is a title and nothing else.

    Against it one sees what a lesson itself costs; against a blank page outside of the app, what
    the app's navigation, fonts and theme cost as well.
    """
    for part in ("app.py", "cnnlab", "pages", "assets", ".streamlit"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    (folder / "pages" / "convolution.py").write_text(
        '"""An empty page."""\n\nimport streamlit as st\n\nst.title("Convolution", anchor=False)\n'
    )
    return folder


def first_renders(folder: Path, torch_home: Path, *, rounds: int) -> list[Result]:
    """Return how long each page takes to appear to a new visitor of a warm server."""
    (folder / "emptied").mkdir(parents=True)
    emptied = with_an_empty_page(folder / "emptied")
    pages = [(HOME.title, "")] + [(lesson.title, lesson.url_path) for lesson in LESSONS]
    times: dict[str, list[float]] = {path: [] for _, path in pages}
    blanks: list[float] = []
    empties: list[float] = []
    with (
        server(folder / "app", torch_home) as ours,
        server(folder / "empty", torch_home, root=emptied) as empty,
        server(folder / "blank", torch_home, script=BLANK) as blank,
        window() as browser,
    ):
        for round_ in range(rounds + 1):  # the first round warms both servers up
            blank_time = paint(browser, blank.url, "Blank", None)
            empty_time = paint(browser, f"{empty.url}/convolution", "Convolution", None)
            seen = {
                path: paint(browser, f"{ours.url}/{path}", TITLES[path], MAIN.get(path))
                for _, path in pages
            }
            if round_:
                blanks.append(blank_time)
                empties.append(empty_time)
                for path, seconds in seen.items():
                    times[path].append(seconds)
    base, inside = statistics.median(blanks), statistics.median(empties)
    lesson = statistics.median(times["convolution"])
    return [
        Result("first render, Convolution", "empty page in this app", lesson, inside),
        Result("first render, empty page in this app", "blank page", inside, base),
        *(
            Result(f"first render, {title}", "blank page", statistics.median(times[path]), base)
            for title, path in pages
        ),
    ]


LARGEST = "input=random.1&size=4x16x16&kernel=random.2&kernel_size=7&filters=4&bias=1_1_1_1"
STEPS = """
(section) => {
  const press = (key) =>
    section.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("Home");
  const start = performance.now();
  for (let i = 0; i < 300; i += 1) press("ArrowRight");
  return (performance.now() - start) / 300 / 1000;
}
"""


def stepping(folder: Path, torch_home: Path, *, rounds: int) -> list[Result]:
    """Return the script time of one step in the largest layer, against the budget of 4 ms."""
    results = []
    with server(folder / "steps", torch_home) as running, window() as browser:
        for level in ("layer", "filter", "channel"):
            page = browser.new_page()
            page.goto(f"{running.url}/convolution?{LARGEST}#level={level}")
            player = page.locator("section.player")
            player.locator(".transport").wait_for(timeout=120_000)
            seconds = statistics.median(player.evaluate(STEPS) for _ in range(rounds))
            page.close()
            results.append(Result(f"one step, largest layer, {level}", "budget", seconds, 0.004))
    return results


def cold_start(folder: Path, torch_home: Path) -> list[Result]:
    """Return the time from starting the server to the first visitor's first page."""
    seconds = {}
    with window() as browser:
        for script, title in ((BLANK, "Blank"), ("app.py", "CNN Lab")):
            start = time.perf_counter()
            with server(folder / f"cold-{title}", torch_home, script=script) as running:
                paint(browser, running.url, title, None)
                seconds[title] = time.perf_counter() - start
    return [Result("cold server to first paint", "blank app", seconds["CNN Lab"], seconds["Blank"])]


def reruns(folder: Path, torch_home: Path, *, rounds: int) -> list[Result]:
    """Return how long the server needs to run a page again, over the websocket."""
    pages = [(HOME.title, "")] + [(lesson.title, lesson.url_path) for lesson in LESSONS]
    results = []
    with (
        server(folder / "app", torch_home) as ours,
        server(folder / "blank", torch_home, script=BLANK) as blank,
    ):
        for title, path in pages:
            with Visitor(ours.url, path) as mine, Visitor(blank.url) as base:
                pairs = [(mine.run(), base.run()) for _ in range(rounds + 1)][1:]
                assert mine.headings[0] == TITLES[path]  # and not the home page
            ours_s, base_s = (statistics.median(column) for column in zip(*pairs, strict=True))
            results.append(Result(f"rerun, {title}", "blank page", ours_s, base_s))
    return results
