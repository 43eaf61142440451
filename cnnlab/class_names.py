"""The 1000 classes of ImageNet: found by name, in the order of WordNet, and in groups of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnlab.checks import in_range

__all__ = ["GROUPS", "PARTS", "Group", "group_of", "group_shares", "search", "synset"]

N_CLASSES = 1000
_SYNSETS = Path(__file__).resolve().parents[1] / "assets" / "imagenet_synsets.txt"


@dataclass(frozen=True)
class Group:
    """Classes of one kind.

    Parameters
    ----------
    name : str
        What they are.
    spans : tuple of (int, int)
        The first and the last index of each run of neighbours that belongs to it.
    """

    name: str
    spans: tuple[tuple[int, int], ...]

    @property
    def indices(self) -> tuple[int, ...]:
        """The indices of its classes, in order."""
        return tuple(i for first, last in self.spans for i in range(first, last + 1))


# The index of a class is its place in the order of WordNet's numbers, and WordNet numbers things
# of a kind one after the other. So most kinds are a few runs of neighbours. Each class is in one
# group. The numbers of made things follow the alphabet, so there neighbours have nothing in common.
GROUPS = (
    Group("fish", ((0, 6), (389, 397))),
    Group("birds", ((7, 24), (80, 100), (127, 146))),
    Group("salamanders and frogs", ((25, 32),)),
    Group("turtles", ((33, 37),)),
    Group("lizards", ((38, 48),)),
    Group("crocodiles and a dinosaur", ((49, 51),)),
    Group("snakes", ((52, 68),)),
    Group("spiders, scorpions and ticks", ((70, 78),)),
    Group("worms, corals, starfish and the like", ((69, 69), (79, 79), (107, 111), (327, 329))),
    Group("elephants and other tuskers", ((101, 101), (385, 386))),
    Group("marsupials, echidna and platypus", ((102, 106),)),
    Group("snails and other molluscs", ((112, 117),)),
    Group("crabs and lobsters", ((118, 126),)),
    Group("whales, dugong and sea lion", ((147, 150),)),
    Group("dogs", ((151, 268),)),
    Group("wolves and wild dogs", ((269, 275),)),
    Group("hyena, mongoose and meerkat", ((276, 276), (298, 299))),
    Group("foxes", ((277, 280),)),
    Group("domestic cats", ((281, 285),)),
    Group("wild cats", ((286, 293),)),
    Group("bears", ((294, 297),)),
    Group("insects", ((300, 326),)),
    Group("rabbits and hares", ((330, 332),)),
    Group("rodents", ((333, 338),)),
    Group("hoofed animals", ((339, 355),)),
    Group("weasels, otter, skunk and badger", ((356, 362),)),
    Group("armadillo and sloth", ((363, 364),)),
    Group("apes, monkeys and lemurs", ((365, 384),)),
    Group("pandas", ((387, 388),)),
    Group("made things", ((398, 915), (999, 999))),
    Group("signs and printed matter", ((916, 922),)),
    Group("dishes and drinks", ((923, 935), (959, 969))),
    Group("vegetables", ((936, 947),)),
    Group("fruit", ((948, 957),)),
    Group("plants and seeds", ((958, 958), (984, 990), (998, 998))),
    Group("mountains, shores and other nature", ((970, 980),)),
    Group("people", ((981, 983),)),
    Group("fungi", ((991, 997),)),
)

# The same order in pieces that fit side by side on a screen.
PARTS = (
    ("Animals: fish to sea lion", 0, 150),
    ("Animals: dogs to pandas and fish", 151, 397),
    ("Made things, A to M", 398, 659),
    ("Made things, M to Z, and printed matter", 660, 922),
    ("Food, nature, people, plants", 923, 999),
)


@cache
def _group_numbers() -> tuple[int, ...]:
    """Return for each class the place of its group in `GROUPS`."""
    places = {i: place for place, group in enumerate(GROUPS) for i in group.indices}
    return tuple(places[i] for i in range(N_CLASSES))


def group_of(index: int) -> Group:
    """Return the group that a class belongs to.

    Parameters
    ----------
    index : int
        0 to 999.

    Returns
    -------
    Group
        Its kind.

    Raises
    ------
    InputError
        If there is no such class.

    Examples
    --------
    >>> group_of(285).name
    'domestic cats'
    """
    return GROUPS[_group_numbers()[in_range(index, name="index", low=0, high=N_CLASSES - 1)]]


def group_shares(probabilities: NDArray[np.floating]) -> list[tuple[Group, float]]:
    """Return how much of the probability each group gets, the largest share first.

    Parameters
    ----------
    probabilities : ndarray of shape (1000,)
        One for each class, in the order of the index.

    Returns
    -------
    list of (Group, float)
        Every group with the sum of its classes; together they have the sum of all classes.

    Raises
    ------
    ValueError
        If there are not 1000 numbers.

    Examples
    --------
    >>> alike = np.full(1000, 1 / 1000)
    >>> [(group.name, round(share, 3)) for group, share in group_shares(alike)][:2]
    [('made things', 0.519), ('dogs', 0.118)]
    """
    if np.shape(probabilities) != (N_CLASSES,):
        raise ValueError(f"one number for each of {N_CLASSES} classes, got {probabilities.shape}")
    sums = np.bincount(_group_numbers(), weights=probabilities, minlength=len(GROUPS))
    order = np.argsort(-sums, kind="stable")
    return [(GROUPS[place], float(sums[place])) for place in order]


def search(names: list[str], text: str) -> list[int]:
    """Return the classes whose name holds all words of a text, in any order and any case.

    Parameters
    ----------
    names : list of str
        The names of the classes.
    text : str
        Parts of words; an empty text finds every class.

    Returns
    -------
    list of int
        Indices: the name itself first, then names that begin with the text, then the others.

    Examples
    --------
    >>> search(["tabby", "tiger cat", "tiger", "catamaran"], "tiger")
    [2, 1]
    >>> search(["tabby", "tiger cat", "tiger", "catamaran"], "cat ti")
    [1]
    """
    wanted = text.casefold().split()
    whole = " ".join(wanted)

    def distance(index: int) -> int:
        name = names[index].casefold()
        return 0 if name == whole else 1 if name.startswith(whole) else 2

    found = [i for i, name in enumerate(names) if all(word in name.casefold() for word in wanted)]
    return sorted(found, key=distance) if wanted else found


@cache
def _synsets() -> tuple[str, ...]:
    return tuple(_SYNSETS.read_text(encoding="ascii").split())


def synset(index: int) -> str:
    """Return WordNet's number (version 3.0) of what a class shows.

    ImageNet took its classes from WordNet, a dictionary of meanings: each meaning, called a
    synset, has a number. Sorted by it, the classes have the indices that networks use.

    Parameters
    ----------
    index : int
        0 to 999.

    Returns
    -------
    str
        ``n`` for noun and eight digits.

    Raises
    ------
    InputError
        If there is no such class.

    References
    ----------
    .. [1] Deng and others, 2009, ImageNet: A large-scale hierarchical image database.

    Examples
    --------
    >>> synset(0), synset(999)
    ('n01440764', 'n15075141')
    """
    return _synsets()[in_range(index, name="index", low=0, high=N_CLASSES - 1)]
