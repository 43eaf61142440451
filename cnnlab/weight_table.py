"""Every version of torchvision's classification weights, read from a table, without torchvision.

Loading torchvision takes seconds; this table opens a page at once. ``python -m tools.weight_table``
writes it anew from torchvision's own metadata, and a test compares the two.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from cnnlab.checks import InputError

__all__ = [
    "IMAGENET",
    "TABLE",
    "Weights",
    "download_seconds",
    "first",
    "recommended",
    "versions",
    "weight_table",
]

IMAGENET = "ImageNet-1K"  # the 1000 classes of the challenge; as torchvision calls it
TABLE = Path(__file__).resolve().parents[1] / "assets" / "torchvision_weights.csv"


@dataclass(frozen=True)
class Weights:
    """One version of the weights of one network, as torchvision describes it.

    Attributes
    ----------
    name : str
        torchvision's name of the network.
    version : str
        Name of the version: IMAGENET1K_V1, IMAGENET1K_V2, ...
    recommended : bool
        Whether torchvision recommends it (``DEFAULT``); the lab loads this one.
    n_params : int
        Parameters.
    macs : int
        Multiply-accumulates for one picture of the size `crop`; torchvision calls them FLOPS.
    data : str
        What it was trained and measured on; only accuracies on the same data can be compared.
    acc1, acc5 : float or None
        Share of the pictures kept for validation, in percent, whose label is the first guess, or
        among the first five; None where the weights name no classes.
    file_bytes : int
        Size of the file, to about 1 kB.
    n_categories : int
        Classes that can be answered; 0 where the weights give no classes.
    resize, crop : int
        The shorter side is resized to `resize` pixels, then the middle square of `crop` is cut out.
    interpolation : str
        How the picture is resized.
    mean, std : tuple of float
        Taken away from each colour, then divided by: red, green, blue between 0 and 1.
    min_size : int
        Side of the smallest picture that the network takes.
    url : str
        Where the file comes from.
    recipe : str
        A page that says how these weights were trained.
    licence : str
        Address of their licence, or that there is none of their own.
    """

    name: str
    version: str
    recommended: bool
    n_params: int
    macs: int
    data: str
    acc1: float | None
    acc5: float | None
    file_bytes: int
    n_categories: int
    resize: int
    crop: int
    interpolation: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    min_size: int
    url: str
    recipe: str
    licence: str

    @property
    def file_name(self) -> str:
        """What the file is called in torch's cache."""
        return Path(urlsplit(self.url).path).name

    @property
    def sha256_prefix(self) -> str:
        """How the file's SHA-256 sum begins, as its name says."""
        return self.file_name.removesuffix(".pth").rpartition("-")[2]


@cache
def weight_table() -> tuple[Weights, ...]:
    """Return every version of the weights of every classification network, by name.

    Returns
    -------
    tuple of Weights
        The versions of one network stand together, the oldest first.

    Examples
    --------
    >>> [entry.version for entry in weight_table() if entry.name == "resnet50"]
    ['IMAGENET1K_V1', 'IMAGENET1K_V2']
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_read(line) for line in csv.DictReader(file))


@cache
def versions(name: str) -> tuple[Weights, ...]:
    """Return all versions of the weights of the network `name`, the oldest first.

    Parameters
    ----------
    name : str
        torchvision's name of a network.

    Returns
    -------
    tuple of Weights
        At least one.

    Raises
    ------
    InputError
        If the table has no such network.
    """
    found = tuple(entry for entry in weight_table() if entry.name == name)
    if not found:
        raise InputError(f"torchvision's table has no network called {name!r}")
    return found


def recommended(name: str) -> Weights:
    """Return the weights that torchvision recommends for `name`; the lab loads these.

    Examples
    --------
    >>> recommended("resnet50").version
    'IMAGENET1K_V2'
    """
    return next(entry for entry in versions(name) if entry.recommended)


def first(name: str) -> Weights:
    """Return the first weights that torchvision published for `name`.

    Examples
    --------
    >>> first("resnet50").version
    'IMAGENET1K_V1'
    """
    return versions(name)[0]


def download_seconds(file_bytes: int, *, mbit_per_s: float) -> float:
    """Return how long a file takes to arrive if nothing else slows it down.

    Parameters
    ----------
    file_bytes : int
        Size of the file.
    mbit_per_s : float
        Speed of the connection in 10⁶ bits per second; a byte has 8 bits.

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> download_seconds(5_000_000, mbit_per_s=10)
    4.0
    """
    return 8 * file_bytes / (mbit_per_s * 1e6)


def _read(line: dict[str, str]) -> Weights:
    """Return one line of the table."""
    whole = ("n_params", "macs", "file_bytes", "n_categories", "resize", "crop", "min_size")
    triples = ("mean", "std")
    values: dict[str, object] = dict(line)
    values |= {name: int(line[name]) for name in whole}
    values |= {name: tuple(float(x) for x in line[name].split()) for name in triples}
    values |= {name: float(line[name]) if line[name] else None for name in ("acc1", "acc5")}
    values["recommended"] = line["recommended"] == "yes"
    return Weights(**values)  # type: ignore[arg-type]
