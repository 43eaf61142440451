"""Download one large file: with progress, cancel, checks, and nothing half done left behind."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import shutil
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from cnnlab.checks import InputError

__all__ = ["Report", "Unreachable", "download", "is_abandoned"]

Report = Callable[[int, int | None], None]  # (done_bytes, total_bytes); None: the server is silent
PIECE = 2**18  # bytes asked for at once; what has arrived is taken without waiting for the rest
MARK = ".cnnlab-"  # tells our unfinished files from those of other programs
PATIENCE = 3600.0  # seconds without a change after which an unfinished file counts as left behind
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Unreachable(InputError):
    """There is no connection from this computer to the server."""


def download(
    url: str,
    destination: str | os.PathLike[str],
    *,
    sha256_prefix: str | None = None,
    report: Report | None = None,
    timeout: float = 30.0,
) -> Path:
    """Return `destination` once it holds the complete file at `url`.

    The file takes its name in one step, when it is complete and checked. After a failure or a
    cancel nothing new is there.

    Parameters
    ----------
    url : str
        An http or https address. Proxies are taken from the environment, as always in urllib.
    destination : path
        File to write; folders that are missing are made.
    sha256_prefix : str, optional
        How the file's SHA-256 sum must begin, in hexadecimal digits.
    report : callable, optional
        Called with (done_bytes, total_bytes) after every piece, thousands of times for a large
        file. An exception that it raises cancels the download and comes out here.
    timeout : float
        Seconds to wait for the connection, and for each next piece.

    Returns
    -------
    Path
        `destination`.

    Raises
    ------
    Unreachable
        If there is no connection to the server.
    InputError
        If the server, the disk or the file's contents stand in the way.

    Examples
    --------
    >>> download("ftp://example.org/weights.pth", "weights.pth")
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: only http and https can be downloaded, \
got 'ftp://example.org/weights.pth'
    """
    path, host = Path(destination), urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or host is None:
        raise InputError(f"only http and https can be downloaded, got {url!r}")
    done, digest = 0, hashlib.sha256()
    with _open(url, host, timeout) as response:
        total = response.length  # None if the server does not tell
        with _new_file(path, total or 0) as file:
            for piece in _pieces(response, host, timeout):
                with _disk_errors(path):
                    file.write(piece)
                digest.update(piece)
                done += len(piece)
                if report is not None:
                    report(done, total)
            _check(host, done, total, digest.hexdigest(), sha256_prefix or "")
    return path


def _check(host: str, done: int, total: int | None, digest: str, prefix: str) -> None:
    """Refuse a file that is too short or is not the one that was meant."""
    if total is not None and done < total:
        raise InputError(
            f"the connection to {host} ended after {done / 1e6:.1f} of {total / 1e6:.1f} MB; "
            "start the download again"
        )
    if not digest.startswith(prefix.lower()):
        raise InputError(
            f"what {host} sent is not the expected file (its SHA-256 begins with "
            f"{digest[: len(prefix)]}, not {prefix}); start the download again, and if that does "
            "not help, ask whether a proxy stands in between"
        )


# The network


def _open(url: str, host: str, timeout: float) -> http.client.HTTPResponse:
    """Return the server's answer, its body not yet read. A redirect cannot leave http(s)."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPRedirectHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.UnknownHandler,
    ):
        opener.add_handler(handler())
    request = urllib.request.Request(url, headers={"User-Agent": "cnnlab"})
    try:
        return cast(http.client.HTTPResponse, opener.open(request, timeout=timeout))
    except HTTPError as error:
        with error:
            meaning = http.client.responses.get(error.code, "")
            raise InputError(
                f"{host} answered {error.code} {meaning} for {url}; try again later, or choose "
                "another model"
            ) from error
    except URLError as error:
        raise Unreachable(f"this computer cannot reach {host} ({error.reason})") from error
    except (OSError, http.client.HTTPException) as error:
        raise _broken(host, timeout, error) from error


def _pieces(response: http.client.HTTPResponse, host: str, timeout: float) -> Iterator[bytes]:
    """Yield the body piece by piece, as it arrives."""
    while True:
        try:
            piece = response.read1(PIECE)
        except (OSError, http.client.HTTPException) as error:
            raise _broken(host, timeout, error) from error
        if not piece:
            return
        yield piece


def _broken(host: str, timeout: float, error: Exception) -> InputError:
    if isinstance(error, TimeoutError):
        return InputError(f"{host} sent nothing for {timeout:g} seconds; start the download again")
    reason = getattr(error, "strerror", None) or type(error).__name__  # no words of the server
    return InputError(f"the connection to {host} broke off ({reason}); start the download again")


# The disk


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's complaints about `path` into advice."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise _no_room(path, str(error.strerror)) from error
        raise InputError(
            f"cannot write {path.name} into {path.parent} ({error.strerror or error}); set the "
            "environment variable TORCH_HOME to a folder where you may write"
        ) from error


def _no_room(path: Path, reason: str) -> InputError:
    return InputError(
        f"there is no room for {path.name} in {path.parent} ({reason}); make room, or set the "
        "environment variable TORCH_HOME to a folder on another disk"
    )


@contextmanager
def _new_file(path: Path, n_bytes: int) -> Iterator[BinaryIO]:
    """Yield a file that becomes `path` when the block ends, and vanishes if the block fails."""
    with _disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        free = shutil.disk_usage(path.parent).free
        if free < n_bytes:
            raise _no_room(path, f"it takes {n_bytes / 1e6:.1f} MB, {free / 1e6:.1f} MB are free")
        file = _claim(path)
    try:
        yield file
        with _disk_errors(path):
            file.flush()
            os.fsync(file.fileno())
            if sys.platform == "win32":
                file.close()  # an open file cannot be renamed there
            os.replace(file.name, path)
    finally:
        with suppress(OSError):  # after a failed write, close fails once more
            file.close()
        with suppress(OSError):
            os.unlink(file.name)  # already gone if it was renamed


def _claim(path: Path) -> BinaryIO:
    """Return a new unfinished file beside `path`; the lock on it says that it is in use."""
    while True:
        name = f"{path}{MARK}{uuid.uuid4().hex}.partial"
        file = open(name, "xb")  # noqa: SIM115  closed by _new_file
        _lock(file, wait=True)
        if os.path.exists(name):  # else a sweep came between the two lines above
            return file
        file.close()


def _sweep(folder: Path) -> None:
    """Remove the unfinished files whose process died; the system has dropped their locks."""
    for partial in folder.glob(f"*{MARK}*.partial"):
        with suppress(OSError), open(partial, "r+b") as file:
            if _lock(file, wait=False):
                partial.unlink()


def is_abandoned(partial: Path) -> bool:
    """Return whether nobody writes an unfinished file any more.

    Parameters
    ----------
    partial : Path
        A file whose name ends in ``.partial``.

    Returns
    -------
    bool
        Of our own files the lock tells; those of other programs count as abandoned when nothing
        was written for an hour (``PATIENCE`` seconds).
    """
    if MARK not in partial.name:
        return time.time() - partial.lstat().st_mtime > PATIENCE
    try:
        with open(partial, "r+b") as file:
            return _lock(file, wait=False)
    except OSError:
        return False


if sys.platform == "win32":

    def _lock(file: BinaryIO, *, wait: bool) -> bool:
        """Return whether a file is free: not written for an hour, for want of such locks."""
        return not wait and time.time() - os.fstat(file.fileno()).st_mtime > PATIENCE

else:
    import fcntl

    def _lock(file: BinaryIO, *, wait: bool) -> bool:
        """Return whether the lock on an open file could be had; it ends with the process."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # in use, or a file system without locks: then nothing is swept
            return False
        return True
