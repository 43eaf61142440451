"""The lab with windows into its memory, for tests that look for what should be gone.

``/peep?mark=HEX`` says what holds these bytes; ``/seal`` lets the server write no more files.
"""

import gc
import io
import resource
import threading
from collections import Counter

import numpy as np
import streamlit as st
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from cnnlab import compute
from cnnlab.ui import server, sessions

KINDS = (bytes, bytearray, io.BytesIO, Image.Image, np.ndarray)
_jobs: list[str] = []  # the keys of all jobs that have run
_really_take, _really_collect = compute.WorkQueue._take, sessions._collect
_looking = threading.Lock()  # who looks at all objects holds them: nothing could be freed


def peep(request: Request) -> JSONResponse:
    """Return how many objects of each kind hold the bytes, without freeing anything first."""
    with _looking:
        found = look(bytes.fromhex(request.query_params["mark"]))
    queues = compute._shared.values()
    return JSONResponse(
        {
            "found": found,
            "jobs": _jobs,
            "remembered": [repr(key) for queue in queues for key in queue._done._values],
        }
    )


def look(mark: bytes) -> dict[str, int]:
    tracked = gc.get_objects()
    reached = [*tracked, *gc.get_referents(*tracked)]
    different = {id(thing): thing for thing in reached if issubclass(type(thing), KINDS)}
    return Counter(type(thing).__name__ for thing in different.values() if holds(thing, mark))


def holds(thing: object, mark: bytes) -> bool:
    """Return whether these bytes stand in an object, as part of something longer."""
    if isinstance(thing, (bytes, bytearray)):
        return len(thing) > 4 * len(mark) and mark in thing
    if isinstance(thing, io.BytesIO):
        return not thing.closed and mark in thing.getbuffer().tobytes()
    if isinstance(thing, np.ma.MaskedArray):
        return False
    return thing.size != 0 and mark in thing.tobytes()


def seal(request: Request) -> JSONResponse:
    """From now on, let every attempt to write into a file fail."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    return JSONResponse({})


def noting_take(queue: compute.WorkQueue) -> compute._Job | None:
    job = _really_take(queue)
    if job is not None:
        _jobs.append(repr(job.key))
    return job


def collect() -> None:
    with _looking:
        _really_collect()


gc.disable()  # a server where nothing happens never collects by itself either
compute.WorkQueue._take = noting_take
sessions._collect = collect
app = st.App(
    server.ASSETS.parent / "cnnlab" / "ui" / "shell.py",
    lifespan=server.lifespan,
    middleware=server.middleware(),
    routes=[*server.routes(), Route("/peep", peep), Route("/seal", seal)],
    on_script_error=server.explain_crash,
)
