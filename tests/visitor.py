"""One visitor without a browser, over Streamlit's websocket: opens a page, changes it, reads it."""

from __future__ import annotations

import time
import urllib.request
import uuid
from types import TracebackType
from typing import Any

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.NumberInput_pb2 import NumberInput
from websockets.sync.client import connect

__all__ = ["Visitor"]

PATIENCE = 120.0  # seconds without any message after which a visitor gives up
FIELDS = {  # how the browser sends the value of a widget, by kind
    "button": "trigger_value",
    "button_group": "string_array_value",
    "checkbox": "bool_value",
    "file_uploader": "file_uploader_state_value",
    "selectbox": "string_value",
    "slider": "double_array_value",
    "text_input": "string_value",
}
TEXTS = ("alert", "heading", "html", "markdown", "text")
DONE = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Visitor:
    """A page and its session; use it in a ``with`` block, which opens and closes both.

    Parameters
    ----------
    url : str
        Address of the server.
    path : str
        Address of the page: "classify".
    query : str
        The settings in the link: "classify_picture=Upload".
    session : str
        A session that lost its connection, to go on with it; empty for a new one.
    runs : bool
        Whether the page runs at once, as it does for a new session.
    """

    def __init__(
        self, url: str, path: str = "", query: str = "", *, session: str = "", runs: bool = True
    ) -> None:
        self.url, self.path, self.query = url, path, query
        self.session_id, self._runs = session, runs
        self.seconds: list[float] = []  # how long each run took
        self.shown: dict[tuple[int, ...], Any] = {}  # what stands on the page, by place
        self._page_hash = ""
        self._widgets: dict[str, Any] = {}  # by key
        self._values: dict[str, object] = {}

    def __enter__(self) -> Visitor:
        """Open the page and wait until it has run."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        # The browser names the session to go on with as a third "subprotocol".
        protocols = ["streamlit", "none", self.session_id] if self.session_id else ["streamlit"]
        self._connection = connect(address, subprotocols=protocols, max_size=None)
        self._socket = self._connection.__enter__()
        try:
            if self._runs:
                self.run()
        except BaseException:
            self._socket.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the page."""
        self._connection.__exit__(kind, error, traceback)

    def run(self, **changes: object) -> float:
        """Change widgets, by key, and wait until the page has run; return the seconds it took."""
        start = time.perf_counter()
        self.ask(**changes)
        self.wait()
        self.seconds.append(time.perf_counter() - start)
        return self.seconds[-1]

    def visit(self, path: str, query: str = "") -> float:
        """Go to another page in the same session, and wait until it has run."""
        self.path, self.query, self._page_hash, self._values = path, query, "", {}
        return self.run()

    def ask(self, **changes: object) -> None:
        """Change widgets, by key, and ask for a run of the page without waiting for it."""
        self._values |= changes
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self._page_hash
        if not self._page_hash:
            message.rerun_script.page_name = self.path
        for key, value in self._values.items():
            self._set(message.rerun_script.widget_states.widgets.add(), key, value)
        self._values = {key: value for key, value in self._values.items() if not self._clicks(key)}
        self._socket.send(message.SerializeToString())

    def wait(self) -> None:
        """Read what the server sends until a run of the page has finished."""
        while True:
            message = ForwardMsg.FromString(self._socket.recv(timeout=PATIENCE))
            kind = message.WhichOneof("type")
            if kind == "new_session":
                self.shown = {}
                self.session_id = message.new_session.initialize.session_id or self.session_id
            elif kind == "navigation":
                self._page_hash = message.navigation.page_script_hash
            elif kind == "delta":
                self._take(tuple(message.metadata.delta_path), message.delta)
            elif kind == "script_finished" and message.script_finished in DONE:
                return
            elif kind == "script_finished":
                assert message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN

    @property
    def elements(self) -> list[tuple[str, Any]]:
        """What stands on the page, from top to bottom: its kind, and Streamlit's message."""
        places = sorted(self.shown)
        kinds = [self.shown[place].WhichOneof("type") for place in places]
        return [
            (kind, getattr(self.shown[place], kind))
            for place, kind in zip(places, kinds, strict=True)
            if kind
        ]

    @property
    def keys(self) -> list[str]:
        """The keys of the widgets on the page."""
        return [key for key, element in self._widgets.items() if element in self.shown.values()]

    @property
    def texts(self) -> list[str]:
        """The words on the page, as Markdown or HTML."""
        return [element.body for kind, element in self.elements if kind in TEXTS]

    @property
    def headings(self) -> list[str]:
        """The headings on the page."""
        return [element.body for kind, element in self.elements if kind == "heading"]

    @property
    def problems(self) -> list[str]:
        """The errors on the page: what a crash leaves, and what a page says in red."""
        return [
            element.message if kind == "exception" else element.body
            for kind, element in self.elements
            if kind == "exception" or (kind == "alert" and element.format == Alert.ERROR)
        ]

    def upload(self, key: str, data: bytes, *, name: str = "photo.png") -> None:
        """Put a file into an uploader and wait until the page has run."""
        self.run(**{key: self.put(data, name)})

    def put(self, data: bytes, name: str = "photo.png") -> tuple[str, str, int]:
        """Send a file to the server as the browser does; return what goes into the uploader."""
        file_id, cookie = str(uuid.uuid4()), self.cookie()
        request = urllib.request.Request(
            self.url + self.address_of(file_id),
            self.form(data, name),
            {
                "Content-Type": "multipart/form-data; boundary=end",
                "X-Xsrftoken": cookie.partition("=")[2],
                "Cookie": cookie,
            },
            method="PUT",
        )
        urllib.request.urlopen(request).close()
        return file_id, name, len(data)

    def cookie(self) -> str:
        """Return the server's cookie against forged requests, as name=value."""
        with urllib.request.urlopen(f"{self.url}/_stcore/health") as answer:
            return str(answer.headers.get("set-cookie", "").partition(";")[0])

    def form(self, data: bytes, name: str = "photo.png") -> bytes:
        """Return a file as the body of a form, with the boundary "end"."""
        head = (
            '--end\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        )
        return head.encode() + data + b"\r\n--end--\r\n"

    def address_of(self, file_id: str) -> str:
        """Return where a file of this session is put."""
        return f"/_stcore/upload_file/{self.session_id}/{file_id}"

    def _take(self, place: tuple[int, ...], delta: Any) -> None:
        """Put what came where it belongs."""
        if delta.WhichOneof("type") == "add_block":
            self.shown = {at: it for at, it in self.shown.items() if at[: len(place)] != place}
            return
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        self.shown[place] = element
        widget = getattr(element, element.WhichOneof("type") or "", None)
        name = getattr(widget, "id", "")
        if isinstance(name, str) and name.startswith("$$ID-"):
            self._widgets[name.split("-", 2)[2]] = element

    def _clicks(self, key: str) -> bool:
        return bool(self._widgets[key].WhichOneof("type") == "button")

    def _set(self, state: Any, key: str, value: Any) -> None:
        """Write the value of a widget as the browser does."""
        element = self._widgets[key]
        kind = element.WhichOneof("type")
        widget = getattr(element, kind)
        state.id = widget.id
        if kind == "number_input":
            whole = widget.data_type == NumberInput.INT
            setattr(state, "int_value" if whole else "double_value", value)
        elif kind == "file_uploader":
            for file_id, name, size in value if isinstance(value, list) else [value]:
                info = state.file_uploader_state_value.uploaded_file_info.add()
                info.file_id, info.name, info.size = file_id, name, size
                info.file_urls.file_id = file_id
                info.file_urls.upload_url = info.file_urls.delete_url = self.address_of(file_id)
        elif kind in ("slider", "button_group"):
            values = value if isinstance(value, list) else [value]
            getattr(state, FIELDS[kind]).data.extend(values)
        else:
            setattr(state, FIELDS[kind], value)
