"""A small web server on this computer that answers well, badly, or not at all."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = bytes(range(256)) * 8192  # 2 MiB


class Handler(BaseHTTPRequestHandler):
    """The last part of the path says how to answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        how = self.path.rpartition("/")[2].partition(".")[0].partition("-")[0]
        self.close_connection = True
        getattr(self, how)()

    def start(self, length: int | None = len(BODY), status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Connection", "close")
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def good(self) -> None:
        self.start()
        self.wfile.write(BODY)

    def missing(self) -> None:
        self.start(0, 404)

    def failing(self) -> None:
        self.start(0, 500)

    def truncated(self) -> None:
        self.start()
        self.wfile.write(BODY[:100_000])

    def stalling(self) -> None:
        self.start()
        self.wfile.write(BODY[:100_000])
        self.wfile.flush()
        self.server.released.wait(30)

    def mute(self) -> None:
        self.server.released.wait(30)

    def garbage(self) -> None:
        self.wfile.write(b"I am not a web server\r\n\r\n")

    def redirect(self) -> None:
        self.start(0, 302, Location="/good.pth")

    def elsewhere(self) -> None:
        self.start(0, 302, Location="ftp://127.0.0.1/good.pth")

    def unsized(self) -> None:
        self.start(None)
        self.wfile.write(BODY)

    def chunked(self) -> None:
        self.start(None, Transfer_Encoding="chunked")
        for piece in (BODY[:1_000_000], BODY[1_000_000:], b""):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))

    def cut(self) -> None:
        """Announce a chunk of 100 bytes and send 5."""
        self.start(None, Transfer_Encoding="chunked")
        self.wfile.write(b"64\r\nhello")

    def huge(self) -> None:
        self.start(10**17)

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@contextmanager
def local_server() -> Iterator[ThreadingHTTPServer]:
    """Yield the running server; `url` is its address and `paths` what it was asked for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.paths, server.released = [], threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
