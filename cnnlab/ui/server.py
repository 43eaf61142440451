"""What stands around the pages: security headers, the app's own files, start and end."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "ASSETS",
    "KnownServer",
    "SecurityHeaders",
    "content_policy",
    "explain_crash",
    "keep_uploads_in_memory",
    "lifespan",
    "middleware",
    "routes",
]

ASSETS = Path(__file__).resolve().parents[2] / "assets"
INDEX = Path(st.__file__).parent / "static" / "index.html"
# Streamlit's page looks for its server: it asks two addresses for health and settings, one path
# after the other, before it opens the connection. The files come from where the server is, so the
# page can know. The settings are those that the server would have sent, without foreign hosts.
SERVER_IS_HERE = """
      window.__streamlit = {
        BACKEND_BASE_URL: new URL("./", location.href).href,
        HOST_CONFIG: {
          allowedOrigins: [location.origin],
          useExternalAuthToken: false,
          enableCustomParentMessages: false,
          blockErrorDialogs: false,
        },
      }
    """

# The lab's own script for every page: it folds the menu away on a phone.
MENU = '<script async src="./assets/menu.js"></script>'


def content_policy(index_html: str) -> str:
    """Return the content security policy: everything from this server, nothing from elsewhere.

    Parameters
    ----------
    index_html : str
        The page that loads Streamlit; the scripts written inside it are allowed by their hash.

    Returns
    -------
    str
        The value of the header.
    """
    inline = re.findall(r"<script>(.*?)</script>", index_html, flags=re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in inline)
    hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {hashes} blob:",  # blob: the step player's own module
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",  # Streamlit styles its elements in place
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class KnownServer:
    """Write into Streamlit's page where its server is, so that it need not search, and our script.

    Parameters
    ----------
    app : ASGIApp
        The application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.index = INDEX.read_bytes()
        page = self.index.decode()
        before, module, after = page.partition('<script type="module"')
        script = f"<script>{SERVER_IS_HERE}</script>\n    {MENU}\n    "
        self.changed = f"{before}{script}{module}{after}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; where the page comes back, send the changed one."""
        if scope["type"] != "http" or not _asks_for_page(scope):
            await self.app(scope, receive, send)
            return
        # Uncompressed, or the page could not be read here.
        headers = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
        held: list[Message] = []  # the answer, until it is complete

        async def send_changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
            elif held and message["type"] == "http.response.body":
                held.append(message)
                if not message.get("more_body", False):
                    for part in self._page(held):
                        await send(part)
                    held.clear()
            else:
                await send(message)

        await self.app({**scope, "headers": headers}, receive, send_changed)

    def _page(self, messages: list[Message]) -> list[Message]:
        """Return the answer with the changed page, or as it is if it holds something else."""
        start, *parts = messages
        if b"".join(part.get("body", b"") for part in parts) != self.index:
            return messages
        length = (b"content-length", str(len(self.changed)).encode())
        others = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        body: Message = {"type": "http.response.body", "body": self.changed}
        return [{**start, "headers": [*others, length]}, body]


def _asks_for_page(scope: Scope) -> bool:
    """Return whether a browser asks for something to show, not for a part of a page."""
    accepted = [value for name, value in scope["headers"] if name.lower() == b"accept"]
    return scope["method"] == "GET" and any(b"text/html" in value for value in accepted)


class SecurityHeaders:
    """Add the same protective headers to every answer.

    Parameters
    ----------
    app : ASGIApp
        The application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        page = f"{INDEX.read_text(encoding='utf-8')}<script>{SERVER_IS_HERE}</script>"
        headers = {
            "content-security-policy": content_policy(page),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(self), microphone=(), geolocation=(), payment=()",
        }
        self.headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *self.headers]
            await send(message)

        await self.app(scope, receive, send_with_headers)


class _CachedFiles(StaticFiles):
    """Files that a browser may keep for a day."""

    def file_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().file_response(*args, **kwargs)
        response.headers["cache-control"] = "public, max-age=86400"
        return response


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Check the settings at the start; at the end, stop the work that still waits.

    Raises
    ------
    RuntimeError
        If ``.streamlit/config.toml`` was not read, as when uvicorn is started in another folder:
        without it the app would be slow, look wrong and report to a third party.
    """
    if st.get_option("browser.gatherUsageStats"):
        raise RuntimeError(
            f"the settings in .streamlit/config.toml were not read: start in {ASSETS.parent}"
        )
    keep_uploads_in_memory()
    yield {}
    from cnnlab import compute

    compute.shutdown()


def keep_uploads_in_memory() -> None:
    """Let Starlette write no part of an uploaded file to the disk.

    It puts files above 1 MB into a temporary file while they arrive. How large they may be is
    bounded by Streamlit, which counts while it reads (``server.maxUploadSize``).
    """
    MultiPartParser.spool_max_size = 0  # 0: however large


def explain_crash(error: Exception) -> bool:
    """Show one calm sentence where a page has failed; Streamlit still writes the error to the log.

    Parameters
    ----------
    error : Exception
        A bug: what learners can mend is an ``InputError``, which pages show themselves.

    Returns
    -------
    bool
        True: the message stands in place of Streamlit's own.
    """
    st.error(
        f"This is our fault, not yours ({type(error).__name__}). Reload the page to go on; the "
        "server's log says what happened.",
        icon=":material/bug_report:",
    )
    return True


def middleware() -> list[Middleware]:
    """Return what every request passes through."""
    return [Middleware(SecurityHeaders), Middleware(KnownServer)]


def routes() -> list[BaseRoute]:
    """Return the addresses that serve the app's own files, fonts above all."""
    return [Mount("/assets", _CachedFiles(directory=ASSETS))]
