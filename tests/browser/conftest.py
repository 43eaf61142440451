"""A real server and a real Chromium for the browser tests."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.find_chromium import chromium

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
expect.set_options(timeout=20_000)


@dataclass
class Server:
    """A running app."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def rss(self) -> int:
        """Return the memory that the server holds, in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop the server for a while: what happens now, happens in the browser alone."""
        process = psutil.Process(self.process.pid)
        process.suspend()
        try:
            yield
        finally:
            process.resume()


@dataclass
class Visit:
    """What one visitor's browser noticed."""

    page: Page
    server: Server
    problems: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Go to an address of the app and wait until its script has run."""
        self.page.goto(self.server.url + path)
        self.settle()

    def settle(self) -> None:
        """Wait until the page's script has run and stays so."""
        ready = '[data-testid="stApp"][data-test-script-state="notRunning"]'
        for _ in range(2):  # right after a click the script has not started yet
            self.page.wait_for_selector(ready, timeout=90_000)
            self.page.wait_for_timeout(120)
            for _ in range(100):  # what was sent last has no answer yet: the server is slow
                if self.frames[-1:] != ["sent"]:
                    break
                self.page.wait_for_timeout(100)

    def until(self, condition: str) -> None:
        """Wait until a condition, written in JavaScript, holds on the page.

        Playwright's own way evaluates text again and again, which the page's policy forbids.
        """
        says = json.dumps(f"still not after 20 s: {condition}")
        self.page.evaluate(
            f"""() => new Promise((done, fail) => {{
                const end = performance.now() + 20000;
                const look = () => {{
                    if ({condition}) done();
                    else if (performance.now() > end) fail(new Error({says}));
                    else setTimeout(look, 50);
                }};
                look();
            }})"""
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    folder: Path,
    torch_home: Path | None = None,
    *,
    script: str = "app.py",
    root: Path = ROOT,
    **environment: str,
) -> Server:
    """Start the app that lies in `root` as `streamlit run app.py` does."""
    port, log = free_port(), folder / "server.log"
    settings = {**os.environ, **environment}
    if torch_home is not None:
        settings["TORCH_HOME"] = str(torch_home)
    command = [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=settings, stdout=output, stderr=output)
    url = f"http://localhost:{port}"
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return Server(url, process, log)
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def stop(server: Server) -> None:
    server.process.terminate()
    server.process.wait(timeout=20)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, torch_home: Path) -> Iterator[Server]:
    running = start(tmp_path_factory.mktemp("server"), torch_home)
    yield running
    stop(running)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run one Chromium for this folder only: Playwright keeps an event loop of its own running."""
    path = chromium()
    assert path, "no Chromium here: `make test` installs one"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visitor(browser: Browser, server: Server) -> Iterator[Callable[..., Visit]]:
    """Give a function that opens a new browser window, as a new visitor."""
    contexts = []

    def arrive(
        *,
        width: int = 1280,
        height: int = 1000,
        scheme: str = "light",
        touch: bool = False,
        at: Server = server,
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, has_touch=touch
        )
        contexts.append(context)
        visit = Visit(context.new_page(), at)
        watch(visit)
        return visit

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture(params=[(1280, 1000), (390, 844)], ids=["laptop", "phone"])
def arriving(visitor: Callable[..., Visit], request: pytest.FixtureRequest) -> Visit:
    """Return a new visitor on a laptop, then one on a phone."""
    return visitor(width=request.param[0], height=request.param[1])


def watch(visit: Visit) -> None:
    """Note every error of the page, every request to another host, every websocket frame."""

    def note_console(message) -> None:
        # On a deep link Streamlit's own page looks for its server at two places; one is not there.
        if message.type == "error" and "/_stcore/" not in message.location.get("url", ""):
            visit.problems.append(f"console: {message.text} {message.location}")

    def note_request(request) -> None:
        if not request.url.startswith((visit.server.url, "data:", "blob:")):
            visit.problems.append(f"foreign host: {request.url}")

    def note_socket(socket) -> None:
        socket.on("framesent", lambda _: visit.frames.append("sent"))
        socket.on("framereceived", lambda _: visit.frames.append("received"))

    visit.page.on("console", note_console)
    visit.page.on("pageerror", lambda error: visit.problems.append(f"error: {error}"))
    visit.page.on("request", note_request)
    visit.page.on("websocket", note_socket)
