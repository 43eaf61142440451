"""A learner's own picture: nobody else sees it, nothing writes it down, and it goes in the end.

The server here is the lab's own, with a window into its memory (`tests.peep_app`).
"""

import io
import json
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image

from cnnlab.lessons import LESSONS
from cnnlab.pretrained import classify
from cnnlab.ui import cache
from tests.browser.conftest import ROOT, Server, start, stop
from tests.visitor import Visitor

NAME = "squeezenet1_0"
TTL = 8  # seconds from closing a page until Streamlit would give its session up; the lab is earlier
SOON = 40.0  # seconds; only a test that fails waits that long

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="looks into Linux's /proc"),
]


def start_server(folder: Path, torch_home: Path) -> Server:
    (folder / "tmp").mkdir()
    return start(
        folder,
        torch_home,
        script="tests/peep_app.py",
        PYTHONPATH=str(ROOT),
        STREAMLIT_SERVER_DISCONNECTED_SESSION_TTL=str(TTL),
        TMPDIR=str(folder / "tmp"),
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, torch_home: Path) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("server"), torch_home)
    yield running
    stop(running)


class Photograph:
    """A picture of noise, its file, and bytes that stand in no other picture or file."""

    def __init__(self, seed: int, *, width: int = 300, height: int = 260) -> None:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        self.image = Image.fromarray(pixels)
        file = io.BytesIO()
        self.image.save(file, "PNG")
        self.data = file.getvalue()
        middle = len(self.data) // 2
        self.marks = (pixels[0, :16].tobytes(), self.data[middle : middle + 48])


def peep(server: Server, mark: bytes = b"nothing has these bytes") -> SimpleNamespace:
    with urllib.request.urlopen(f"{server.url}/peep?mark={mark.hex()}", timeout=60) as answer:
        return SimpleNamespace(**json.load(answer))


def holders(server: Server, photograph: Photograph) -> dict[str, int]:
    """Return what holds the pixels or the file."""
    found: dict[str, int] = {}
    for mark in photograph.marks:
        found |= peep(server, mark).found
    return found


def assert_gone_soon(server: Server, photograph: Photograph) -> None:
    end = time.monotonic() + SOON
    while (found := holders(server, photograph)) and time.monotonic() < end:
        time.sleep(0.5)
    assert found == {}


def walk(visitor: Visitor) -> list[str]:
    """Take the picture to every page that shows one; return the pages that took it."""
    taken = []
    for lesson in LESSONS:
        stem = Path(lesson.file).stem
        visitor.visit(lesson.url_path, f"{stem}_picture=Upload&filters_learned=true")
        assert not any("our fault" in problem for problem in visitor.problems)
        if f"{stem}_forget" in visitor.keys:
            taken.append(stem)
    return taken


# When it goes ----------------------------------------------------------------------------------


def test_nothing_of_a_picture_is_left_once_its_page_is_closed(server):
    photograph = Photograph(1)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        assert holders(server, photograph)  # the window shows what is there
        taken = walk(learner)
        assert {"classify", "grad_cam", "filters", "images_as_tensors", "augmentation"} <= set(
            taken
        )
    assert_gone_soon(server, photograph)


def test_a_picture_goes_while_other_learners_stay(server):
    photograph, other = Photograph(2), Photograph(3)
    with Visitor(server.url, "grad-cam", "grad_cam_picture=Upload") as stays:
        stays.upload("grad_cam_upload", other.data)
        with Visitor(server.url, "grad-cam", "grad_cam_picture=Upload") as leaves:
            leaves.upload("grad_cam_upload", photograph.data)
        assert_gone_soon(server, photograph)
        assert holders(server, other)
        assert stays.run(grad_cam_opacity=0.3)
        assert stays.problems == []
        assert "grad_cam_forget" in stays.keys


@pytest.mark.parametrize("width", [300, 24])  # some pages keep small ones as they are
def test_forgetting_a_picture_leaves_nothing_of_it(server, width):
    photograph = Photograph(4, width=width, height=20 + width // 2)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        walk(learner)
        learner.visit("classify", "classify_picture=Upload")
        learner.run(classify_forget=True)
        assert "Choose a picture. " in " ".join(learner.texts)
        assert "classify_forget" not in learner.keys
        assert_gone_soon(server, photograph)
        again = Photograph(5)
        learner.upload("classify_upload_1", again.data)  # the field is a new one
        assert "classify_forget" in learner.keys
        assert holders(server, again)


def test_the_file_goes_as_soon_as_its_picture_is_read(server):
    photograph = Photograph(6)
    pixels, file = photograph.marks
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        before = learner.headings
        learner.run()
        assert learner.headings == before
        assert peep(server, pixels).found
        assert_gone_soon(server, SimpleNamespace(marks=[file]))


def test_several_pictures_go_like_one(server):
    photographs = [Photograph(40 + n) for n in range(3)]
    query = "classify_mode=Pictures&classify_set=My+own"
    with Visitor(server.url, "classify", query) as learner:
        files = [learner.put(photograph.data) for photograph in photographs]
        learner.run(classify_uploads_0=files[:2])
        assert learner.headings[1].endswith("in 2 pictures")
        learner.run(classify_uploads_0=files)
        assert learner.headings[1].endswith("in 3 pictures")
        learner.run(classify_uploads_0=files[1:])
        assert learner.headings[1].endswith("in 2 pictures")
        assert learner.problems == []
        for photograph in photographs:
            assert_gone_soon(server, SimpleNamespace(marks=photograph.marks[1:]))
        assert holders(server, photographs[1])
        learner.run(classify_forget_set=True)
        for photograph in photographs:
            assert_gone_soon(server, photograph)


def test_a_refused_picture_goes_too(server):
    """Too long for a network: the error knows the frames in which it was raised."""
    photograph = Photograph(7, width=900, height=8)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        assert "ne side of the picture is more than 100 times the other" in learner.problems[0]
        learner.run(classify_forget=True)
        assert_gone_soon(server, photograph)


def test_a_learner_who_is_back_in_time_finds_the_picture(server):
    photograph = Photograph(8)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        name = learner.session_id
    time.sleep(1)
    with Visitor(server.url, "classify", "classify_picture=Upload", session=name) as learner:
        assert learner.session_id == name
        assert "classify_forget" in learner.keys
        time.sleep(TTL)  # the end that was planned when the connection was lost
        learner.run()
        assert "classify_forget" in learner.keys
    assert_gone_soon(server, photograph)


def test_a_connection_that_is_lost_twice_ends_its_session_too(server):
    """Streamlit does not say so the second time, since the page has not run in between."""
    photograph = Photograph(9)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        learner.upload("classify_upload", photograph.data)
        name = learner.session_id
    with Visitor(server.url, session=name, runs=False):
        time.sleep(TTL - 4)
        assert holders(server, photograph)
    assert_gone_soon(server, photograph)


# Who sees it -----------------------------------------------------------------------------------


def test_answers_about_own_pictures_are_not_shared(server):
    """Two learners with one and the same picture: each has a job, and neither is remembered."""
    photograph = Photograph(10)
    digest = cache.digest(photograph.image)
    shown = []
    for _ in range(2):
        with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
            assert any(text.startswith("Choose a picture.") for text in learner.texts)
            learner.upload("classify_upload", photograph.data)
            learner.run()  # asks again: its own session knows the answer
            shown.append((learner.session_id, learner.headings))
    seen = peep(server)
    jobs = [job for job in seen.jobs if digest in job]
    assert len(jobs) == 2
    assert all(f"'own', '{name}'" in job for (name, _), job in zip(shown, jobs, strict=True))
    assert not any(digest in key or "'own'" in key for key in seen.remembered)
    assert shown[0][1] == shown[1][1]


def test_learners_with_different_pictures_get_their_own_answers(server, torch_home, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(torch_home))
    photographs = [Photograph(20 + n) for n in range(4)]
    expected = [classify(photograph.image, NAME, k=1)[0].category for photograph in photographs]
    query = f"classify_picture=Upload&classify_network={NAME}"
    learners = [Visitor(server.url, "classify", query) for _ in photographs]
    try:
        for learner in learners:
            learner.__enter__()
        for learner, photograph in zip(learners, photographs, strict=True):
            learner.ask(classify_upload=learner.put(photograph.data))  # all at once
        for learner, category in zip(learners, expected, strict=True):
            learner.wait()
            assert learner.headings[1].startswith(f"{category}, ")
            assert learner.problems == []
    finally:
        for learner in learners:
            learner.__exit__(None, None, None)


def test_a_class_that_opens_one_link_runs_one_job(server):
    query = "classify_sample=coffee"
    before = len(peep(server).jobs)
    learners = [Visitor(server.url, "classify") for _ in range(12)]
    try:
        for learner in learners:
            learner.__enter__()
        for learner in learners:
            learner.query = query
            learner.ask(classify_sample="coffee")
        for learner in learners:
            learner.wait()
        assert len({tuple(learner.headings) for learner in learners}) == 1
    finally:
        for learner in learners:
            learner.__exit__(None, None, None)
    new = peep(server).jobs[before:]
    assert len([job for job in new if job.startswith("('classify'")]) == len(set(new)) <= 2


# On the disk -----------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [100, 1500], ids=["small", "large"])
def test_an_upload_works_where_no_file_can_be_written(tmp_path, torch_home, side):
    """Starlette would put what is larger than 1 MB into a temporary file."""
    running = start_server(tmp_path, torch_home)
    try:
        with Visitor(running.url, "classify", "classify_picture=Upload") as learner:
            learner.upload("classify_upload", Photograph(30).data)  # all is loaded now
            urllib.request.urlopen(f"{running.url}/seal").close()
            learner.upload("classify_upload", Photograph(31, width=side, height=side).data)
            assert learner.problems == []
            assert "classify_forget" in learner.keys
    finally:
        stop(running)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_half_an_upload_stands_in_no_open_file(server):
    photograph = Photograph(32, width=1500, height=1500)
    process = psutil.Process(server.process.pid)
    with Visitor(server.url, "classify", "classify_picture=Upload") as learner:
        before = open_files(process)
        body = learner.form(photograph.data)
        address = server.url.removeprefix("http://").split(":")
        with socket.create_connection((address[0], int(address[1]))) as line:
            cookie = learner.cookie()
            line.sendall(
                f"PUT {learner.address_of('half')} HTTP/1.1\r\nHost: {':'.join(address)}\r\n"
                "Content-Type: multipart/form-data; boundary=end\r\n"
                f"X-Xsrftoken: {cookie.partition('=')[2]}\r\nCookie: {cookie}\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
            )
            line.sendall(body[: len(body) * 3 // 4])
            mark = photograph.data[100_000:100_048]
            end = time.monotonic() + SOON
            while not peep(server, mark).found and time.monotonic() < end:
                time.sleep(0.1)  # until the server has what was sent
            assert peep(server, mark).found
            assert open_files(process) <= before
            line.sendall(body[len(body) * 3 // 4 :])
            assert line.recv(100).startswith(b"HTTP/1.1 204")


def open_files(process: psutil.Process) -> set[str]:
    """Return the files that a process has open, deleted ones too."""
    folder = Path(f"/proc/{process.pid}/fd")
    names = set()
    for descriptor in folder.iterdir():
        try:
            names.add(os.readlink(descriptor))
        except OSError:
            continue
    return {name for name in names if name.startswith("/") and not name.startswith("/dev/")}
