"""Files of weights on this computer: what is there, whether it is whole, what can go.

Nothing here loads PyTorch as long as every file stands in `cnnlab.weight_table`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from cnnlab.checks import InputError
from cnnlab.download import is_abandoned
from cnnlab.weight_table import Weights, weight_table

__all__ = [
    "Found",
    "State",
    "Verdict",
    "folder",
    "leftovers",
    "remove",
    "sha256_of",
    "state_of",
    "verify",
]

State = Literal["here", "damaged", "missing"]
Verdict = Literal[
    "good",
    "damaged",
    "unfinished",
    "in use",
    "unchecked",
    "unknown",
    "unreadable",
    "not a file",
]
Progress = Callable[[str, int, int], None]  # (file, bytes looked at, its size)

PIECE = 2**20  # bytes read at once
SLACK = 0.01  # torchvision rounds sizes; a file cut off while copying misses far more
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag
_SUM = re.compile(r"-([0-9a-f]{8,})\.")  # resnet18-f37072fd.pth


@dataclass(frozen=True)
class Found:
    """One thing in the folder of weights.

    Parameters
    ----------
    path : Path
        Where it lies.
    n_bytes : int
        Its size.
    verdict : str
        One word, or two: ``good``, ``damaged``, ``unfinished``, ...
    says : str
        What that means, in words.
    mark : tuple of int
        Device, number, size and time of change: tells whether the name still means the same file.
    """

    path: Path
    n_bytes: int
    verdict: Verdict
    says: str
    mark: tuple[int, ...]


def folder() -> Path:
    """Return where torch keeps files of weights, without loading torch.

    Returns
    -------
    Path
        ``hub/checkpoints`` in TORCH_HOME, or else in ``torch`` in XDG_CACHE_HOME, or else in
        ``~/.cache/torch``.

    References
    ----------
    .. [1] ``torch.hub.get_dir``, which is asked itself if torch is loaded already.
    """
    ask_torch = getattr(sys.modules.get("torch.hub"), "get_dir", None)
    if ask_torch is not None:
        return Path(ask_torch()) / "checkpoints"
    usual = os.path.join(os.getenv("XDG_CACHE_HOME", "~/.cache"), "torch")
    return Path(os.path.expanduser(os.getenv("TORCH_HOME", usual))) / "hub" / "checkpoints"


def state_of(weights: Weights) -> State:
    """Return whether a file of weights is on this computer, at a glance.

    Parameters
    ----------
    weights : Weights
        One version of the weights of a network.

    Returns
    -------
    str
        ``here``, ``missing``, or ``damaged`` if its size is wrong. What is in the file is not
        looked at: `verify` does that.
    """
    try:
        found = os.stat(folder() / weights.file_name)
    except OSError:
        return "missing"
    if not stat.S_ISREG(found.st_mode):
        return "missing"
    off = abs(found.st_size - weights.file_bytes) > SLACK * weights.file_bytes
    return "damaged" if off else "here"


def sha256_of(path: Path, report: Callable[[int], None] | None = None) -> str:
    """Return the SHA-256 sum of a file in hexadecimal digits; a link is not followed.

    Parameters
    ----------
    path : Path
        The file.
    report : callable, optional
        Called with the number of bytes read so far.

    Returns
    -------
    str
        64 digits.
    """
    digest, done = hashlib.sha256(), 0
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_LINK)) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            done += len(piece)
            if report is not None:
                report(done)
    return digest.hexdigest()


def verify(report: Progress | None = None) -> Iterator[Found]:
    """Yield what lies in the folder of weights, each file compared with torchvision's sum.

    Parameters
    ----------
    report : callable, optional
        Called with (name of the file, bytes read, size) while a file is read.

    Yields
    ------
    Found
        By name. Nothing is changed, no link is followed, no other folder is looked at.

    Raises
    ------
    InputError
        If the folder cannot be read.
    """
    place = folder()
    try:
        with os.scandir(place) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InputError(f"cannot look into {place} ({error.strerror or error})") from error
    for entry in inside:
        try:
            yield _look(place / entry.name, report)
        except FileNotFoundError:
            continue  # it went while we were looking at the others


def leftovers(found: Iterable[Found]) -> list[Found]:
    """Return what can go: damaged and unfinished files, and those that torchvision does not know.

    Parameters
    ----------
    found : iterable of Found
        What `verify` yields.

    Returns
    -------
    list of Found
        Plain files only.
    """
    return [one for one in found if one.verdict in ("damaged", "unfinished", "unknown")]


def remove(found: Found) -> None:
    """Remove one leftover, unless it has changed since it was looked at.

    Parameters
    ----------
    found : Found
        One of `leftovers`.

    Raises
    ------
    InputError
        If it is another file by now, does not lie in the folder of weights, or cannot be removed.
    """
    path, place = found.path, folder()
    if path.parent != place:
        raise InputError(f"{path} does not lie in {place}; it stays")
    if place.is_symlink():
        raise InputError(
            f"{place} is a link, and no link is followed here; set the environment variable "
            "TORCH_HOME to the folder that it means"
        )
    try:
        if _mark(os.lstat(path)) != found.mark:
            raise InputError(f"{path.name} has changed in the meantime; it stays")
        path.unlink()  # of a link, this would remove the link alone
    except OSError as error:
        raise InputError(f"cannot remove {path} ({error.strerror or error})") from error


def _look(path: Path, report: Progress | None) -> Found:
    """Return what one thing in the folder is."""
    about = os.lstat(path)

    def found(verdict: Verdict, says: str) -> Found:
        return Found(path, about.st_size, verdict, says, _mark(about))

    if not stat.S_ISREG(about.st_mode):
        kind = "a link" if stat.S_ISLNK(about.st_mode) else "no plain file"
        return found("not a file", f"{kind}; it is not looked at")
    if path.name.endswith(".partial"):
        if is_abandoned(path):
            return found("unfinished", "a download that was never finished")
        return found("in use", "a download that is perhaps still going on")
    known = _expected(path.name)
    if known is None:
        return found("unknown", "torchvision does not know this file; another program may need it")
    if not known[0]:
        return found("unchecked", f"{known[1]}; torchvision publishes no sum for it")
    try:
        digest = sha256_of(path, lambda done: report and report(path.name, done, about.st_size))
    except FileNotFoundError:
        raise
    except OSError as error:
        return found("unreadable", f"it cannot be read ({error.strerror or error})")
    if digest.startswith(known[0]):
        return found("good", known[1])
    return found("damaged", _what_is_wrong(path.name, about.st_size, digest, known[0]))


def _what_is_wrong(name: str, n_bytes: int, digest: str, prefix: str) -> str:
    """Return in words why a file is not the one that its name promises."""
    says = f"its SHA-256 begins with {digest[: len(prefix)]}, not {prefix}"
    for entry in weight_table():
        if digest.startswith(entry.sha256_prefix):
            return f"{says}: these are the weights of {entry.name}, {entry.version}"
    for entry in weight_table():
        if entry.file_name == name and n_bytes < (1 - SLACK) * entry.file_bytes:
            return f"{says}: {n_bytes / 1e6:.1f} of {entry.file_bytes / 1e6:.1f} MB are there"
    return says


def _expected(name: str) -> tuple[str, str] | None:
    """Return how the SHA-256 of a file of torchvision begins, and what it holds."""
    for entry in weight_table():
        if entry.file_name == name:
            return entry.sha256_prefix, f"{entry.name}, {entry.version}"
    return _other_tasks().get(name)


@cache
def _other_tasks() -> dict[str, tuple[str, str]]:
    """Return torchvision's files for other tasks, as detection; this loads torchvision."""
    from torchvision import models

    files = {}
    for name in models.list_models():
        for entry in models.get_model_weights(name):
            file = Path(str(entry.url)).name
            prefix = _SUM.search(file)
            files[file] = (prefix[1] if prefix else "", f"{name}, {entry.name}")
    return files


def _mark(about: os.stat_result) -> tuple[int, ...]:
    return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns
