"""Choose among networks: filter, sort, and find those that give most for their cost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from cnnlab import digits
from cnnlab.families import FAMILIES, Family
from cnnlab.weight_files import State, state_of
from cnnlab.weight_table import IMAGENET, Weights, first, recommended

__all__ = [
    "COSTS",
    "ORDERS",
    "OWN",
    "Entry",
    "Wanted",
    "best_places",
    "entries",
    "frontier",
    "in_order",
    "own_weights",
    "select",
]

OWN = "lenet_digits"  # the lab's own network


@dataclass(frozen=True)
class Entry:
    """One network with one version of its weights.

    Parameters
    ----------
    name : str
        torchvision's name of the network.
    family : Family
        Where it belongs.
    weights : Weights
        The version of its weights.
    state : str
        Whether their file is on this computer: ``here``, ``damaged`` or ``missing``.
    """

    name: str
    family: Family
    weights: Weights
    state: State

    @property
    def accuracy(self) -> float | None:
        """The accuracy on ImageNet in percent, which is what entries are compared by."""
        return self.weights.acc1 if self.weights.data == IMAGENET else None


@dataclass(frozen=True)
class Wanted:
    """What a learner looks for; what is left as it is, is not looked at.

    Parameters
    ----------
    family, topic : str
        Title of a family; a key of `cnnlab.families.TOPICS`.
    since, until : int
        First and last year.
    max_bytes : int or None
        Largest file.
    here : bool
        Only networks whose weights are on this computer.
    words : str
        Each of these words must stand in the name, the family or what it teaches.
    """

    family: str = ""
    topic: str = ""
    since: int = 0
    until: int = 9999
    max_bytes: int | None = None
    here: bool = False
    words: str = ""


COSTS: dict[str, Callable[[Entry], int]] = {
    "MACs": lambda entry: entry.weights.macs,
    "parameters": lambda entry: entry.weights.n_params,
    "file size": lambda entry: entry.weights.file_bytes,
}

ORDERS: dict[str, Callable[[Entry], str | float]] = {
    "year": lambda entry: entry.family.year,
    "name": lambda entry: entry.name,
    "accuracy": lambda entry: entry.accuracy or 0.0,
    **COSTS,
}


def entries(version: str = "recommended") -> list[Entry]:
    """Return every network once, with one version of its weights.

    Parameters
    ----------
    version : {"recommended", "first"}
        The weights that torchvision recommends, or the first that it published.

    Returns
    -------
    list of Entry
        In the order of their families' years.

    Examples
    --------
    >>> found = {entry.name: entry for entry in entries("first")}
    >>> found["resnet50"].weights.acc1
    76.13
    """
    choose = {"recommended": recommended, "first": first}[version]
    found = []
    for family in FAMILIES:
        for name in family.members:
            if name == OWN:
                state: State = "here" if digits.WEIGHTS.is_file() else "missing"
                found.append(Entry(name, family, own_weights(), state))
            else:
                weights = choose(name)
                found.append(Entry(name, family, weights, state_of(weights)))
    return found


def own_weights() -> Weights:
    """Return what there is to say about the weights of the lab's own digit network.

    Examples
    --------
    >>> own_weights().data, own_weights().n_categories
    ('MNIST', 10)
    """
    known = digits.FACTS
    return Weights(
        name=OWN,
        version="MNIST",
        recommended=True,
        n_params=known.n_params,
        macs=known.macs,
        data="MNIST",
        acc1=100 * known.accuracy,
        acc5=None,
        file_bytes=known.file_bytes,
        n_categories=len(digits.CATEGORIES),
        resize=digits.SIDE,
        crop=digits.SIDE,
        interpolation="",
        mean=(0.0,),
        std=(1.0,),
        min_size=digits.SIDE,
        url="",
        recipe="",
        licence=known.licence,
    )


def select(among: Iterable[Entry], wanted: Wanted) -> list[Entry]:
    """Return the entries that fit all that is wanted, in the order in which they come.

    Parameters
    ----------
    among : iterable of Entry
        Those to look through.
    wanted : Wanted
        What is looked for.

    Returns
    -------
    list of Entry
        Perhaps none.

    Examples
    --------
    >>> [entry.name for entry in select(entries(), Wanted(words="mobile small"))]
    ['mobilenet_v3_small']
    """
    words = wanted.words.lower().split()

    def fits(entry: Entry) -> bool:
        text = " ".join((entry.name, entry.family.title, *entry.family.teaches)).lower()
        return (
            wanted.family in ("", entry.family.title)
            and (not wanted.topic or wanted.topic in entry.family.teaches)
            and wanted.since <= entry.family.year <= wanted.until
            and (wanted.max_bytes is None or entry.weights.file_bytes <= wanted.max_bytes)
            and (not wanted.here or entry.state == "here")
            and all(word in text for word in words)
        )

    return [entry for entry in among if fits(entry)]


def in_order(among: Iterable[Entry], order: str, *, descending: bool = False) -> list[Entry]:
    """Return the entries sorted; equal ones keep the order in which they come.

    Parameters
    ----------
    among : iterable of Entry
        Those to sort.
    order : str
        A key of `ORDERS`.
    descending : bool
        Whether the largest comes first.
    """
    return sorted(among, key=ORDERS[order], reverse=descending)


def frontier(among: Iterable[Entry], cost: str) -> list[Entry]:
    """Return the entries that no other beats: none is as accurate and costs less.

    Parameters
    ----------
    among : iterable of Entry
        Those to compare; entries without an accuracy on ImageNet are left out.
    cost : str
        A key of `COSTS`.

    Returns
    -------
    list of Entry
        From the cheapest to the most accurate.

    Notes
    -----
    Such a line is called a Pareto front.

    Examples
    --------
    >>> small = select(entries(), Wanted(words="resnet", until=2016))
    >>> [entry.name for entry in frontier(small, "MACs")]
    ['resnet18', 'resnet34', 'resnet50', 'resnet101', 'resnet152', 'wide_resnet101_2']
    """
    rated = [entry for entry in among if entry.accuracy is not None]
    rated.sort(key=lambda entry: (COSTS[cost](entry), -_accuracy(entry)))
    best: list[Entry] = []
    for entry in rated:  # from the cheapest on, only what is more accurate than all before
        if not best or _accuracy(entry) > _accuracy(best[-1]):
            best.append(entry)
    return best


def best_places(values: Sequence[float | None], *, higher: bool) -> set[int]:
    """Return the places of the best values; several where they are equal.

    Parameters
    ----------
    values : sequence of float or None
        What is compared; None cannot be compared.
    higher : bool
        Whether more is better.

    Returns
    -------
    set of int
        Empty where all values are equal, or fewer than two can be compared.

    Examples
    --------
    >>> best_places([69.8, 80.9, None, 80.9], higher=True)
    {1, 3}
    >>> best_places([4.1, 4.1], higher=False)
    set()
    """
    known = [value for value in values if value is not None]
    if len(set(known)) < 2:
        return set()
    best = max(known) if higher else min(known)
    return {place for place, value in enumerate(values) if value == best}


def _accuracy(entry: Entry) -> float:
    return entry.accuracy or 0.0
