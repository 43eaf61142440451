"""The end of a learner's session: in good time, and without leaving anything behind.

Streamlit keeps the session of a closed page for a while, so that a connection lost for a moment
does no harm. But it looks for sessions whose time is over only when yet another page is closed: the
picture of the last learner would stay for ever. So each session is watched
(`cnnlab.ui.cache.watched`), and ended here.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

__all__ = ["begin_to_end", "drop_upload", "drop_uploads", "free_memory_soon", "session_id"]

_waiting: dict[str, asyncio.TimerHandle] = {}  # sessions of closed pages; the event loop's own
_lock = threading.Lock()
_collection: threading.Timer | None = None
_PAUSE = 2.0  # seconds in which more may end: one look through the memory serves them all


def session_id() -> str:
    """Return the name of the session for which this script runs; empty outside of one."""
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def begin_to_end(name: str) -> None:
    """Give a session some time to get its page back; then end it.

    The time is ``server.disconnectedSessionTTL`` less five seconds: after that, Streamlit does not
    find the session any more, though it still holds it.

    Parameters
    ----------
    name : str
        The session, which has just lost its page or its connection.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:  # not in Streamlit's event loop: the server stops, or a cache was cleared
        return
    if earlier := _waiting.pop(name, None):
        earlier.cancel()
    seconds = max(1, int(st.get_option("server.disconnectedSessionTTL")) - 5)
    _waiting[name] = loop.call_later(seconds, _end, name)


def drop_upload(file: UploadedFile, *, key: str, keep_name: bool = False) -> None:
    """Let go of the bytes of an uploaded file: the picture in it has been read.

    What a learner uploads thus takes no more memory than its pixels, and goes with them.

    Parameters
    ----------
    file : UploadedFile
        The file.
    key : str
        The key of the uploader.
    keep_name : bool
        Whether the uploader gives out the file, now empty, in the next runs too, so that a page
        can see which of several files are still there.
    """
    if key in st.session_state:
        del st.session_state[key]
    context = get_script_run_ctx()
    if context is not None:
        files: Any = context.uploaded_file_mgr
        files.remove_file(context.session_id, file.file_id)
        if keep_name:
            empty = UploadedFileRec(file.file_id, file.name, file.type, b"")
            files.add_file(context.session_id, empty)


def drop_uploads() -> None:
    """Let go of every file that this session has uploaded."""
    context = get_script_run_ctx()
    if context is not None:
        context.uploaded_file_mgr.remove_session_files(context.session_id)


def free_memory_soon() -> None:
    """Look in a moment for objects that only hold each other, and free them.

    Streamlit would do it after every run, which costs more than most runs (``postScriptGC``).
    Python does it by itself now and then, but not while nothing happens. What a page that has run
    leaves behind, the picture too, is of this kind.
    """
    global _collection
    with _lock:
        if _collection is None:
            _collection = threading.Timer(_PAUSE, _collect)
            _collection.daemon = True
            _collection.start()


def _collect() -> None:
    global _collection
    with _lock:
        _collection = None
    gc.collect()


def _end(name: str) -> None:
    """End a session; if its page has come back, look again later.

    Streamlit tells of the next loss only if the page has run in between.
    """
    runtime = get_instance()
    if runtime.is_active_session(name):
        begin_to_end(name)
        return
    _waiting.pop(name, None)
    known = runtime._session_mgr.get_session_info(name)
    runtime.close_session(name)
    if known is not None:  # Streamlit's main loop still holds the session if it was the last one
        known.session.session_state.clear()
        known.session._fragment_storage.clear()
    free_memory_soon()
