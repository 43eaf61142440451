"""Files of pretrained weights: where they lie, whether they are here, how to fetch one."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import torch.hub

from cnnlab import digits
from cnnlab.catalogue import OWN, every_name, facts
from cnnlab.checks import InputError
from cnnlab.download import Report, Unreachable, download

__all__ = ["cached_names", "cached_path", "download", "is_cached", "pull"]


def cached_path(name: str) -> Path:
    """Return where torchvision keeps the weights of `name`, whether or not they are there.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.every_name`.

    Returns
    -------
    Path
        A file in the folder ``checkpoints`` of ``torch.hub.get_dir()``; that of the lab's own
        network comes with the lab.

    Raises
    ------
    InputError
        If there is no such network.

    Examples
    --------
    >>> cached_path("resnet18").name
    'resnet18-f37072fd.pth'
    """
    if name == OWN:
        return digits.WEIGHTS
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlsplit(facts(name).url).path).name


def is_cached(name: str) -> bool:
    """Return whether the weights of `name` are on this computer.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.every_name`.

    Returns
    -------
    bool
        True if the file is there; its contents are not looked at.
    """
    return cached_path(name).is_file()


def cached_names() -> list[str]:
    """Return the networks whose weights are on this computer, the smallest file first.

    Returns
    -------
    list of str
        Names that `cnnlab.pretrained.load` takes without a network.
    """
    here = [name for name in every_name() if is_cached(name)]
    return sorted(here, key=lambda name: facts(name).file_bytes)


def pull(name: str, *, report: Report | None = None) -> Path:
    """Return the file of weights of `name`, downloading it if it is not here yet.

    Parameters
    ----------
    name : str
        One of `cnnlab.catalogue.every_name`.
    report : callable, optional
        Called with (done_bytes, total_bytes) after every piece; the total is None if the server
        does not tell. An exception that it raises cancels the download and comes out here.

    Returns
    -------
    Path
        The complete, checked file.

    Raises
    ------
    InputError
        If the file cannot be fetched; the message says why and what to do.
    """
    path = cached_path(name)
    if is_cached(name):
        return path
    match = torch.hub.HASH_REGEX.search(path.name)  # resnet18-f37072fd.pth
    prefix = match.group(1) if match else None
    try:
        return download(facts(name).url, path, sha256_prefix=prefix, report=report)
    except Unreachable as error:
        problem = str(error)[0].upper() + str(error)[1:]
        here = ", ".join(cached_names()) or "none yet"
        raise InputError(
            f"{problem}. Choose a model that is already here ({here}), or run `python -m cnnlab "
            f"weights pull {name}` where there is a network and copy the file to {path}."
        ) from error
