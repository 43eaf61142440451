"""Downloads from a real server on this computer, with real failures where they can be had."""

import errno
import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from cnnlab import download as module
from cnnlab.checks import InputError
from cnnlab.download import Unreachable, download
from tests.local_server import BODY, local_server

SHA = hashlib.sha256(BODY).hexdigest()
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def server():
    with local_server() as running:
        yield running


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def refused_address() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/good.pth"


# It works


@pytest.mark.parametrize("how", ["good", "redirect", "unsized", "chunked"])
def test_the_file_arrives_complete_and_alone(server, tmp_path, how):
    path = tmp_path / "new" / "folder" / "a.pth"
    assert download(f"{server.url}/{how}.pth", path, sha256_prefix=SHA[:8]) == path
    assert path.read_bytes() == BODY
    assert list(path.parent.iterdir()) == [path]


def test_the_new_file_has_the_usual_permissions(server, tmp_path):
    (tmp_path / "usual").touch()
    path = download(f"{server.url}/good.pth", tmp_path / "a.pth")
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize(("how", "total"), [("good", len(BODY)), ("chunked", None)])
def test_progress_grows_to_the_full_size(server, tmp_path, how, total):
    seen = []
    download(f"{server.url}/{how}.pth", tmp_path / "a", report=lambda *now: seen.append(now))
    assert [all_of_it for _, all_of_it in seen] == [total] * len(seen)
    done = [part for part, _ in seen]
    assert done == sorted(set(done))
    assert done[-1] == len(BODY)
    assert len(done) >= len(BODY) / module.PIECE


def test_an_old_file_is_replaced(server, tmp_path):
    path = tmp_path / "a.pth"
    path.write_text("old")
    download(f"{server.url}/good.pth", path)
    assert path.read_bytes() == BODY


def test_a_proxy_from_the_environment_is_used(server, tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("http_proxy", server.url)
    download("http://weights.example/good.pth", tmp_path / "a.pth", sha256_prefix=SHA)
    assert server.paths[-1] == "http://weights.example/good.pth"


# It fails, says why, and leaves nothing


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "127.0.0.1 answered 404 Not Found for http.*; try again later, or choose"),
        ("failing", "answered 500 Internal Server Error"),
        ("truncated", r"ended after 0.1 of 2.1 MB; start the download again"),
        ("cut", "the connection to 127.0.0.1 broke off .*start the download again"),
        (
            "garbage",
            r"connection to 127.0.0.1 broke off \(BadStatusLine\); start the download again",
        ),
        ("stalling", "127.0.0.1 sent nothing for 0.3 seconds; start the download again"),
        ("mute", "127.0.0.1 sent nothing for 0.3 seconds; start the download again"),
        ("elsewhere", "unknown url type: ftp"),
        ("huge", r"no room for a.pth in .*it takes 100000000000.0 MB, .* free\); make room"),
    ],
)
def test_a_bad_answer_is_explained(server, tmp_path, how, words):
    path = tmp_path / "a.pth"
    with pytest.raises(InputError, match=words):
        download(f"{server.url}/{how}.pth", path, timeout=0.3)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_hash_is_refused_and_the_old_file_stays(server, tmp_path):
    path = tmp_path / "a.pth"
    path.write_text("old")
    with pytest.raises(InputError, match=f"not the expected file .*begins with {SHA[:8]}, not 0f"):
        download(f"{server.url}/good.pth", path, sha256_prefix="0f0f0f0f")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_closed_door_is_unreachable(tmp_path):
    with pytest.raises(Unreachable, match=r"this computer cannot reach 127.0.0.1 .*refused"):
        download(refused_address(), tmp_path / "a.pth")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_host_is_unreachable(tmp_path, monkeypatch):
    def no_name(*_arguments, **_settings):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    with pytest.raises(Unreachable, match=r"cannot reach nowhere.invalid .*Name or service"):
        download("https://nowhere.invalid/a.pth", tmp_path / "a.pth")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://a/b", "data:,x", "a.pth", ""])
def test_only_the_web_is_asked(tmp_path, url):
    with pytest.raises(InputError, match="only http and https can be downloaded"):
        download(url, tmp_path / "a.pth")


def test_a_folder_that_cannot_be_made_is_named(server, tmp_path):
    (tmp_path / "taken").touch()  # a file where a folder should be: refused even for root
    with pytest.raises(InputError, match=r"cannot write a.pth into .*taken.*TORCH_HOME"):
        download(f"{server.url}/good.pth", tmp_path / "taken" / "a.pth")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(server, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match=r"cannot write a.pth into .*Permission denied"):
        download(f"{server.url}/good.pth", tmp_path / "a.pth")
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_a_disk_that_fills_up_while_writing(server, tmp_path):
    script = f"""
import resource
from cnnlab.download import InputError, download
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    download("{server.url}/good.pth", {str(tmp_path / "a.pth")!r})
except InputError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert "there is no room for a.pth in" in run.stdout
    assert "make room" in run.stdout
    assert list(tmp_path.iterdir()) == []


def can_mount() -> bool:
    """Return whether this computer lets an ordinary program have a file system of its own."""
    try:
        trial = subprocess.run(["unshare", "-Urm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
    except OSError:
        return False
    return trial.returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs user namespaces: unshare -Urm")
@pytest.mark.parametrize(
    ("options", "how", "words"),
    [
        ("size=1m", "good", "there is no room for a.pth in .*it takes 2.1 MB, 1.0 MB are free"),
        (
            "size=1m",
            "unsized",
            r"there is no room for a.pth in .*\(No space left on device\)",
        ),
        ("ro", "good", r"cannot write a.pth into .*\(Read-only file system\); set the environment"),
    ],
    ids=["too small", "too small, size unknown", "read-only"],
)
def test_a_real_file_system_without_room(server, tmp_path, options, how, words):
    script = f"""
import os
from cnnlab.download import InputError, download
try:
    download("{server.url}/{how}.pth", {str(tmp_path / "a.pth")!r})
except InputError as error:
    print(error)
print(os.listdir({str(tmp_path)!r}))
"""
    mounted = f'mount -t tmpfs -o {options} tmpfs "$0" && exec "$1" -W error -c "$2"'
    command = ["unshare", "-Urm", "sh", "-c", mounted, str(tmp_path), sys.executable, script]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.stderr == ""
    said, left = run.stdout.splitlines()
    assert re.match(words, said)
    assert left == "[]"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become another")
def test_a_folder_of_somebody_else(server):
    """The same as without permission, where the tests run as root, who may write everywhere."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        script = f"""
import encodings.idna, os  # what is loaded late may not be readable for others
from cnnlab.download import InputError, download
os.setgid(65534)
os.setuid(65534)
try:
    download("{server.url}/good.pth", {place + "/a.pth"!r})
except InputError as error:
    print(error)
"""
        run = subprocess.run(
            [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True
        )
        assert run.stderr == ""
        assert re.match(r"cannot write a.pth into .*\(Permission denied\); set the env", run.stdout)
        assert os.listdir(place) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_is_full_at_the_end(server, tmp_path, monkeypatch, code, step):
    def full(*_arguments):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, step, full)
    with pytest.raises(InputError, match=r"there is no room for a.pth"):
        download(f"{server.url}/good.pth", tmp_path / "a.pth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RuntimeError, OSError, InputError])
def test_a_cancel_comes_out_unchanged_and_leaves_nothing(server, tmp_path, problem):
    reason = problem("enough")

    def cancel(done, _total):
        if done > len(BODY) // 4:
            raise reason

    with pytest.raises(problem) as caught:
        download(f"{server.url}/good.pth", tmp_path / "a.pth", report=cancel)
    assert caught.value is reason
    assert list(tmp_path.iterdir()) == []


def test_progress_comes_while_the_server_stalls(server, tmp_path):
    """A cancel button works although the next piece never comes: what is there is reported."""
    seen = []
    with pytest.raises(InputError, match="sent nothing"):
        download(
            f"{server.url}/stalling.pth",
            tmp_path / "a",
            timeout=0.3,
            report=lambda done, _total: seen.append(done),
        )
    assert seen[-1] == 100_000


# Several at once


def test_two_downloads_of_one_file_do_not_disturb_each_other(server, tmp_path):
    path, counts = tmp_path / "a.pth", []

    def second(_done, _total):
        if not counts:
            counts.append(len(list(tmp_path.iterdir())))
            download(f"{server.url}/good.pth", path, sha256_prefix=SHA)
            counts.append(len(list(tmp_path.iterdir())))
            with pytest.raises(InputError):
                download(f"{server.url}/truncated.pth", path)
            counts.append(len(list(tmp_path.iterdir())))

    download(f"{server.url}/good.pth", path, sha256_prefix=SHA, report=second)
    assert counts == [1, 2, 2]  # the first one's unfinished file was left alone
    assert path.read_bytes() == BODY
    assert list(tmp_path.iterdir()) == [path]


def test_many_threads_fetch_one_file(server, tmp_path):
    path, errors = tmp_path / "a.pth", []

    def fetch():
        try:
            download(f"{server.url}/good.pth", path, sha256_prefix=SHA)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="there, unfinished files go after an hour")
def test_what_a_killed_process_left_is_swept_away(server, tmp_path):
    script = f"""
import os, signal
from cnnlab.download import download
download("{server.url}/good.pth", {str(tmp_path / "a.pth")!r},
         report=lambda done, total: os.kill(os.getpid(), signal.SIGKILL))
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True)
    assert run.returncode == -9
    assert len(list(tmp_path.glob("a.pth.cnnlab-*.partial"))) == 1
    (tmp_path / "b.pth.0123.partial").touch()  # of another program: not ours to remove
    download(f"{server.url}/good.pth", tmp_path / "b.pth")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.pth", "b.pth.0123.partial"]


def test_an_unfinished_file_swept_before_it_was_locked_is_begun_again(tmp_path, monkeypatch):
    real, names = module._lock, []

    def too_late(file, *, wait):
        names.append(file.name)
        if len(names) == 1:
            os.unlink(file.name)
        return real(file, wait=wait)

    monkeypatch.setattr(module, "_lock", too_late)
    with module._claim(tmp_path / "a.pth") as file:
        assert os.path.exists(file.name)
    assert len(set(names)) == 2
