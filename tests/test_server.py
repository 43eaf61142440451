"""What stands around the pages: headers on every answer, own files served, all others refused."""

import asyncio
import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from cnnlab import compute
from cnnlab.ui import server
from cnnlab.ui.server import ASSETS, content_policy

ROOT = Path(__file__).resolve().parents[1]
FONTS = sorted((ASSETS / "fonts").glob("*.woff2"))
OUTSIDE = [
    "/assets/../app.py",
    "/assets/%2e%2e/app.py",
    "/assets/..%2fapp.py",
    "/assets/..%5capp.py",
    "/assets/fonts/../../app.py",
    "/assets/%2e%2e/.streamlit/config.toml",
    "/assets//etc/passwd",
    "/assets/%00favicon.png",
]
PATHS = ["/", "/convolution", "/nowhere", "/_stcore/health", "/assets/favicon.png"]
PATHS += ["/assets/none.png", "/assets", "/assets/fonts", *OUTSIDE]

Answer = tuple[int, list[list[str]], bytes]  # status, headers, the first bytes of the body


async def answer(app: Any, path: str) -> Answer:
    """Ask an ASGI application for an address, written as a browser would send it."""
    sent: list[dict[str, Any]] = []
    asked = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not asked:
            await asyncio.Event().wait()  # the browser stays
        return asked.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"accept", b"text/html,*/*;q=0.8"),
            (b"accept-encoding", b"gzip, deflate, br"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "state": {},
    }
    await app(scope, receive, send)
    headers = [[name.decode(), value.decode()] for name, value in sent[0]["headers"]]
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent)


async def answers(app: Any, paths: Sequence[str]) -> dict[str, Answer]:
    """Start an ASGI application, ask for all addresses, and stop it again."""
    said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.create_task(app(scope, said.get, heard.put))
    await said.put({"type": "lifespan.startup"})
    started = await heard.get()
    if started["type"] != "lifespan.startup.complete":
        raise RuntimeError(started.get("message"))
    found = {path: await answer(app, path) for path in paths}
    await said.put({"type": "lifespan.shutdown"})
    assert (await heard.get())["type"] == "lifespan.shutdown.complete"
    await life
    return found


def print_answers() -> None:
    """Run in a fresh process: ask the real application and print what it says."""
    from app import app

    found = asyncio.run(answers(app, PATHS))
    plain = {
        path: (status, head, body[: None if path == "/" else 80].hex())
        for path, (status, head, body) in found.items()
    }
    print("ANSWERS", json.dumps(plain))


def fresh_process(folder: Path) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import tests.test_server as t"
    return subprocess.run(
        [sys.executable, "-c", f"{code}; t.print_answers()"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def app_says() -> dict[str, Answer]:
    """Return what the whole application answers; Streamlit allows one of it in a process."""
    done = fresh_process(ROOT)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWERS "))
    return {
        path: (status, headers, bytes.fromhex(body))
        for path, (status, headers, body) in json.loads(line.removeprefix("ANSWERS ")).items()
    }


def own_says(*paths: str) -> dict[str, Answer]:
    """Return what our routes and headers answer alone, without Streamlit's own protection."""
    home = Route("/", lambda request: PlainTextResponse("home"))
    app = Starlette(routes=[home, *server.routes()], middleware=server.middleware())
    return asyncio.run(answers(app, paths))


def directives(policy: str) -> dict[str, list[str]]:
    """Return a content security policy by directive."""
    parts = (part.split() for part in policy.split(";"))
    return {name: sources for name, *sources in parts}


# Headers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_each_protective_header_once(app_says, path):
    status, headers, _ = app_says[path]
    assert 200 <= status < 500
    names = [name.lower() for name, _ in headers]
    for name in (
        "content-security-policy",
        "x-content-type-options",
        "referrer-policy",
        "cross-origin-opener-policy",
        "permissions-policy",
    ):
        assert names.count(name) == 1, name
    values = dict(headers)
    assert values["x-content-type-options"] == "nosniff"
    assert values["referrer-policy"] == "no-referrer"
    assert "camera=(self)" in values["permissions-policy"]  # pages take photographs
    assert "microphone=()" in values["permissions-policy"]


def test_an_answer_keeps_its_own_headers():
    status, headers, body = own_says("/")["/"]
    assert (status, body) == (200, b"home")
    assert dict(headers)["content-type"] == "text/plain; charset=utf-8"


def test_what_is_no_http_passes_untouched():
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    scope, receive, send = {"type": "websocket"}, object(), object()
    asyncio.run(server.SecurityHeaders(app)(scope, receive, send))
    assert seen == [(scope, receive, send)]


# The page that knows its server ---------------------------------------------------------------


def test_the_page_is_streamlits_with_one_script_before_the_modules(app_says):
    _, headers, body = app_says["/"]
    script = f"<script>{server.SERVER_IS_HERE}</script>\n    {server.MENU}\n    "
    assert body.decode().replace(script, "", 1) == server.INDEX.read_text(encoding="utf-8")
    assert 0 < body.index(b"window.__streamlit") < body.index(b'<script type="module"')
    assert dict(headers)["content-length"] == str(len(body))


def test_other_pages_stay_as_they_are():
    page = b'<html><script type="module" src="x.js"></script></html>'
    own = Starlette(
        routes=[Route("/", lambda request: HTMLResponse(page))], middleware=server.middleware()
    )
    status, headers, body = asyncio.run(answers(own, ["/"]))["/"]
    assert (status, body) == (200, page)
    assert dict(headers)["content-length"] == str(len(page))


# The content security policy -----------------------------------------------------------------


class InlineScripts(HTMLParser):
    """Collect the scripts that are written inside a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script" and "src" not in dict(attributes)

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found.append(data)


def digest(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_scripts_come_from_here_or_are_known_word_by_word(app_says):
    policy = directives(dict(app_says["/"][1])["content-security-policy"])
    assert "'unsafe-inline'" not in policy["script-src"]
    assert "'unsafe-eval'" not in policy["script-src"]
    assert "data:" not in policy["script-src"]
    assert policy["script-src"][0] == "'self'"
    inline = InlineScripts(app_says["/"][2].decode()).found
    assert inline
    hashes = {source for source in policy["script-src"] if source.startswith("'sha256-")}
    assert hashes == {digest(script) for script in inline}


def test_the_hash_is_that_of_the_exact_text():
    policy = content_policy("<p>x</p><script>\n let a = 1;\n</script><script src='b.js'></script>")
    assert directives(policy)["script-src"] == ["'self'", digest("\n let a = 1;\n"), "blob:"]


def test_no_host_but_this_one_may_be_reached(app_says):
    policy = directives(dict(app_says["/"][1])["content-security-policy"])
    assert policy["default-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'"]
    assert policy["object-src"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == policy["form-action"] == ["'self'"]
    for name, sources in policy.items():
        for source in sources:
            assert source.startswith("'") or source in ("blob:", "data:"), (name, source)


# Files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("font", FONTS, ids=lambda font: font.name)
def test_fonts_are_served_whole_and_kept_for_a_day(font):
    path = f"/assets/fonts/{font.name}"
    status, headers, body = own_says(path)[path]
    assert (status, body) == (200, font.read_bytes())
    assert dict(headers)["content-type"] == "font/woff2"
    assert dict(headers)["cache-control"] == "public, max-age=86400"


def test_the_app_serves_its_own_files(app_says):
    status, headers, body = app_says["/assets/favicon.png"]
    assert (status, body[:4]) == (200, b"\x89PNG")
    assert dict(headers)["cache-control"] == "public, max-age=86400"
    assert app_says["/"][0] == 200
    assert app_says["/convolution"][2] == app_says["/"][2][:80]


@pytest.mark.parametrize("path", ["/assets/none.png", "/assets/fonts"])
def test_what_is_not_there_and_folders_are_not_found(app_says, path):
    assert app_says[path][0] == 404
    assert own_says(path)[path][0] == 404


def test_a_missing_file_is_not_kept():
    headers = dict(own_says("/assets/none.png")["/assets/none.png"][1])
    assert "cache-control" not in headers


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_leads_out_of_the_folder(app_says, path):
    assert app_says[path][0] in (400, 404)
    status, _, body = own_says(path)[path]
    assert status in (400, 404)
    assert b"import" not in body + app_says[path][2]


# Start and end -------------------------------------------------------------------------------


async def live(app: Any = None) -> dict[str, Any]:
    async with server.lifespan(app) as state:
        return state


def test_the_end_closes_the_work_queue(monkeypatch):
    monkeypatch.setattr(server.st, "get_option", lambda name: False)
    queue = compute.shared_queue()
    assert asyncio.run(live()) == {}
    with pytest.raises(compute.BusyError, match="The server is stopping"):
        queue.submit("key", lambda: None)


def test_without_its_settings_the_app_does_not_start(tmp_path):
    done = fresh_process(tmp_path)
    assert done.returncode != 0
    assert f"were not read: start in {ROOT}" in done.stderr


def test_a_page_that_fails_says_so_calmly(monkeypatch):
    said = []
    monkeypatch.setattr(server.st, "error", lambda text, **settings: said.append(text))
    assert server.explain_crash(ZeroDivisionError("/home/me/secret.py")) is True
    (text,) = said
    assert text.startswith("This is our fault, not yours (ZeroDivisionError).")
    assert "secret" not in text
