"""Put networks side by side: their facts in words, and which of them is best in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cnnlab.choosing import Entry, best_places
from cnnlab.weight_table import IMAGENET, Weights, download_seconds

__all__ = ["Fact", "compare", "duration", "in_a_sentence", "picture_words"]

_HERE = {"here": "yes", "missing": "no", "damaged": "damaged: its size is wrong"}


@dataclass(frozen=True)
class Fact:
    """One fact about several networks.

    Parameters
    ----------
    label : str
        What is said, with its unit or its meaning.
    texts : tuple of str
        One for each network.
    best : frozenset of int
        Places of the best; empty where there is no better or worse.
    mark : str
        What the best are called: "highest", "lowest".
    addresses : tuple of str
        A page to read more for each network; empty where there is none.
    """

    label: str
    texts: tuple[str, ...]
    best: frozenset[int] = frozenset()
    mark: str = ""
    addresses: tuple[str, ...] = ()


def compare(chosen: Sequence[Entry]) -> list[Fact]:
    """Return the facts about some networks, row by row.

    Parameters
    ----------
    chosen : sequence of Entry
        One or more.

    Returns
    -------
    list of Fact
        With the best of each row, where the numbers can be compared.

    Examples
    --------
    >>> from cnnlab.choosing import entries
    >>> two = [entry for entry in entries() if entry.name in ("resnet18", "vgg16")]
    >>> rows = {fact.label: fact for fact in compare(two)}
    >>> rows["Parameters"].texts, rows["Parameters"].best
    (('138,357,544', '11,689,512'), frozenset({1}))
    """
    weights = [entry.weights for entry in chosen]

    def words(label: str, text: Callable[[Entry], str]) -> Fact:
        return Fact(label, tuple(map(text, chosen)))

    def numbers(
        label: str,
        value: Callable[[Weights], float | None],
        text: Callable[[Weights], str],
        *,
        higher: bool = False,
    ) -> Fact:
        comparable = [value(one) for one in weights]
        best = frozenset(best_places(comparable, higher=higher))
        return Fact(label, tuple(map(text, weights)), best, "highest" if higher else "lowest")

    def linked(label: str, pairs: Sequence[tuple[str, str]]) -> Fact:
        texts, addresses = zip(*pairs, strict=True)
        return Fact(label, texts, addresses=addresses)

    return [
        words("Family", lambda entry: f"{entry.family.title}, {entry.family.year}"),
        words("Good to show", lambda entry: ", ".join(entry.family.teaches)),
        linked("Paper", [(entry.family.venue, entry.family.address) for entry in chosen]),
        words("Weights", lambda entry: _version(entry.weights)),
        numbers(
            "Right at the first guess",
            lambda one: one.acc1 if one.data == IMAGENET else None,
            lambda one: _percent(one.acc1, one),
            higher=True,
        ),
        numbers(
            "Right within five guesses",
            lambda one: one.acc5 if one.data == IMAGENET else None,
            lambda one: _percent(one.acc5, one),
            higher=True,
        ),
        numbers("Parameters", lambda one: one.n_params, lambda one: f"{one.n_params:,}"),
        numbers("MACs for one picture", lambda one: one.macs, lambda one: _billions(one.macs)),
        words("FLOPs: two for each MAC", lambda entry: _billions(2 * entry.weights.macs)),
        numbers("File", lambda one: one.file_bytes, lambda one: f"{one.file_bytes / 1e6:,.1f} MB"),
        words("Download at 10 Mbit/s", lambda entry: _download(entry, 10)),
        words("Download at 50 Mbit/s", lambda entry: _download(entry, 50)),
        words("On this computer", lambda entry: _HERE[entry.state]),
        words("Classes", lambda entry: f"{entry.weights.n_categories:,}"),
        words("Picture", lambda entry: picture_words(entry.weights)),
        words("Colours", lambda entry: _colours(entry.weights)),
        words("Smallest picture", lambda entry: _square(entry.weights.min_size)),
        linked(
            "How it was trained",
            [
                ("torchvision's recipe", one.recipe) if one.recipe else ("by this project", "")
                for one in weights
            ],
        ),
        linked(
            "Licence of the weights",
            [
                ("see its page", one.licence)
                if one.licence.startswith("https:")
                else (one.licence, "")
                for one in weights
            ],
        ),
    ]


def in_a_sentence(one: Entry, other: Entry) -> str:
    """Return in words what one network gives and costs beside another.

    Examples
    --------
    >>> from cnnlab.choosing import entries
    >>> by_name = {entry.name: entry for entry in entries("first")}
    >>> in_a_sentence(by_name["resnet50"], by_name["efficientnet_b0"])
    'Of 1,000 pictures, efficientnet_b0 gets 16 more right at the first guess than resnet50; it \
needs 10.6 times fewer operations and has 4.83 times fewer parameters.'
    """
    if one.accuracy is None or other.accuracy is None:
        return "They were trained on different pictures, so their accuracies cannot be compared."
    worse, better = sorted((one, other), key=lambda entry: entry.accuracy or 0.0)
    more = round(10 * ((better.accuracy or 0.0) - (worse.accuracy or 0.0)))
    gain = (
        f"Of 1,000 pictures, {better.name} gets {more} more right at the first guess than "
        f"{worse.name}"
        if more
        else f"{better.name} and {worse.name} are right equally often"
    )
    macs = _times(better.weights.macs, worse.weights.macs, "operations")
    n_params = _times(better.weights.n_params, worse.weights.n_params, "parameters")
    subject = "it" if more else better.name
    return f"{gain}; {subject} needs {macs} and has {n_params}."


def picture_words(weights: Weights) -> str:
    """Return what is done to a picture before the network sees it.

    Examples
    --------
    >>> from cnnlab.weight_table import recommended
    >>> picture_words(recommended("resnet50"))
    'shorter side to 232 pixels (bilinear), middle 224 × 224'
    """
    if weights.data != IMAGENET:
        return f"grey, scaled and centred on {_square(weights.crop)}"
    return (
        f"shorter side to {weights.resize} pixels ({weights.interpolation}), "
        f"middle {_square(weights.crop)}"
    )


def duration(seconds: float) -> str:
    """Return a time in words of two digits.

    Examples
    --------
    >>> duration(0.8), duration(16.4), duration(2066)
    ('0.8 s', '16 s', '34 min')
    """
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 119.5 else f"{seconds / 60:.0f} min"


def _times(new: int, old: int, what: str) -> str:
    """Return how many times more or fewer of something there are."""
    if new == old:
        return f"the same number of {what}"
    more = new > old
    return f"{max(new, old) / min(new, old):.3g} times {'more' if more else 'fewer'} {what}"


def _version(weights: Weights) -> str:
    if weights.data != IMAGENET:
        return weights.version
    return f"{weights.version}, {'recommended' if weights.recommended else 'not recommended'}"


def _percent(accuracy: float | None, weights: Weights) -> str:
    if accuracy is None:
        return "not measured"
    on = "" if weights.data == IMAGENET else f" on {weights.data}"
    return f"{accuracy:.1f}\u202f%{on}"


def _billions(number: int) -> str:
    return f"{number / 1e9:,.3f} G" if number >= 10**7 else f"{number / 1e6:,.3f} M"


def _download(entry: Entry, mbit_per_s: int) -> str:
    if not entry.weights.url:
        return "comes with the lab"
    return duration(download_seconds(entry.weights.file_bytes, mbit_per_s=mbit_per_s))


def _colours(weights: Weights) -> str:
    if weights.data != IMAGENET:
        return "0 to 1, nothing more"
    mean, std = (", ".join(f"{x:.3g}" for x in values) for values in (weights.mean, weights.std))
    return f"minus ({mean}), divided by ({std})"


def _square(side: int) -> str:
    return f"{side} × {side}"
