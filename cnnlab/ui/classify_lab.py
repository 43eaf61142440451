"""The parts of the page that classifies: one picture, several networks, several pictures."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from PIL import Image

from cnnlab import class_names
from cnnlab.ensembling import CROPS, MEANS, combine
from cnnlab.figures.class_bars import bar_cards, class_bars, class_table, fact_list
from cnnlab.figures.number_grid import number_grid
from cnnlab.figures.prepared import picture_cards, shaded
from cnnlab.figures.signed_maps import signed_picture
from cnnlab.percent import finely
from cnnlab.softmax import softmax
from cnnlab.ui import explanations, layout, networks, panels, work
from cnnlab.ui.class_strip import class_strip
from cnnlab.ui.controls import Picture, choice, whole_number
from cnnlab.ui.scroll import scroll
from cnnlab.ui.temperature_view import temperature_view

if TYPE_CHECKING:
    from cnnlab.answers import Answer
    from cnnlab.preprocessing import DigitPreparation, Preparation

__all__ = [
    "MODES",
    "OPENED",
    "PAGE",
    "PARTS",
    "all_classes",
    "first_answer",
    "flips_and_crops",
    "guesses",
    "one_picture",
    "preprocessing",
    "temperature",
    "what_it_sees",
]

PAGE = "classify"
MOST_GUESSES = 20
LOW, HIGH = 0.05, 20.0  # of the temperature
MODES = ("Nothing", "Networks", "Pictures")  # to compare
OPENED = "classify_opened"  # how often a picture of the gallery was opened in this session
PARTS = ("All classes", "Preprocessing", "Temperature", "Flips and crops")
_GROUPS_SHOWN = 7
_PATCH = 4  # numbers of a tensor along each side
_COLOURS = ("red", "green", "blue")


def one_picture() -> str:
    """Show what one network says of one picture, and let the learner look closer.

    Returns
    -------
    str
        The code that does the same.
    """
    scroll(st.session_state.get(OPENED, 0), key=_key("scroll"), to_top=True)
    left, right = st.columns([2, 3], gap="large")
    with left:
        name = networks.picker(PAGE, transformers=True)
        picture = networks.picture_picker(PAGE, name)
    with right:
        answer, k = first_answer(picture, name)
    with left:
        what_it_sees(picture, name)
    chosen: dict[str, Any] = {"k": k}
    look = choice("Look closer", list(PARTS), key=_key("part"))
    if look == "All classes":
        all_classes(answer)
    elif look == "Preprocessing":
        preprocessing(picture, name)
    elif look == "Temperature":
        chosen["temperature"] = temperature(answer, k)
    else:
        chosen["crops"], chosen["mean"] = flips_and_crops(picture, answer, k)
    with st.expander(f"About {name}", icon=":material/info:"):
        networks.facts_table(name)
    from cnnlab.classify_code import classify_code

    return classify_code(name, **chosen)


def guesses() -> int:
    """Let a learner choose how many classes are shown."""
    return whole_number("Guesses", 1, MOST_GUESSES, 5, key=_key("k"))


def first_answer(picture: Picture, name: str) -> tuple[Answer, int]:
    """Show what a network says of a picture: its best guesses as bars, and how long it took.

    Returns
    -------
    Answer
        The scores of all classes.
    int
        How many guesses are shown.
    """
    answer = networks.answer(picture, name)
    best = answer.best[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.subheader(f"{best.category}, {finely(best.probability)}", anchor=False)
        k = min(guesses(), len(answer.logits))
    st.html(class_bars(_rows(answer, k)))
    st.caption(
        f"The {k} most probable of {len(answer.logits)} classes. {name} took "
        f"{_milliseconds(answer.seconds)} on this computer, {_milliseconds(answer.preparing)} of "
        "them to prepare the picture."
    )
    return answer, k


def what_it_sees(picture: Picture, name: str) -> None:
    """Show the picture with the part that is cut out, beside what the network gets."""
    pretrained = work.networks()
    seen = pretrained.as_seen(pretrained.preprocess(picture.image, name), name)
    explanations.seen_by_network(picture, seen, pretrained.crop_box(picture.image, name))


# All classes ---------------------------------------------------------------------------------


def all_classes(answer: Answer) -> None:
    """Find a class by name; show all in WordNet's order, in groups, and as a list."""
    labels = networks.class_labels(answer.name)
    is_imagenet = len(labels) == class_names.N_CLASSES
    left, right = st.columns([2, 3], gap="large")
    with left:
        index = networks.pick_class(PAGE, answer.name, answer, label="Find a class")
        st.html(_facts_of_class(answer, index, labels[index]))
    with right:
        if is_imagenet:
            _groups(answer)
    if is_imagenet:
        _strip(answer, labels, index)
    _list(answer, labels)


def _facts_of_class(answer: Answer, index: int, label: str) -> str:
    facts = [
        ("Rank", f"{answer.ranks[index]} of {len(answer.logits)}"),
        ("Probability", finely(answer.probability(index))),
        ("Logit", _signed(float(answer.logits[index]))),
        ("Index", str(index)),
    ]
    if len(answer.logits) == class_names.N_CLASSES:
        facts += [
            ("WordNet", class_names.synset(index)),
            ("Group", class_names.group_of(index).name),
        ]
    return fact_list(label, facts)


def _groups(answer: Answer) -> None:
    """Show how much of the probability each group of classes gets together."""
    shares = class_names.group_shares(answer.probabilities)
    shown = [(group, share) for group, share in shares[:_GROUPS_SHOWN] if share >= 5e-4]
    rest = 1 - sum(share for _, share in shown)
    rows = [(f"{group.name} ({len(group.indices)})", share) for group, share in shown]
    st.markdown("**Kinds of things, the classes of each added up**")
    st.html(class_bars([*rows, (f"the other {len(shares) - len(shown)} kinds", max(rest, 0.0))]))


def _strip(answer: Answer, labels: list[str], index: int) -> None:
    """Show all classes in the order of their index, which is WordNet's."""
    st.markdown("**All 1000 classes in WordNet's order**")
    scale = choice("Axis", ["logarithmic", "linear"], key=_key("axis"))
    shares = dict(class_names.group_shares(answer.probabilities))
    data = {
        "names": labels,
        "shares": [float(f"{p:.4g}") for p in answer.probabilities.tolist()],
        "groups": [
            {"name": group.name, "spans": [list(span) for span in group.spans], "share": share}
            for group, share in ((group, shares[group]) for group in class_names.GROUPS)
        ],
        "parts": [
            {"title": title, "first": first, "last": last}
            for title, first, last in class_names.PARTS
        ],
        "log": scale == "logarithmic",
        "chosen": index,
    }
    class_strip(data, key=_key("strip"), on_choice=partial(_take_class, labels))
    layout.prose(
        "**What to see.** The index of a class is its place in the list of WordNet's numbers, and "
        "WordNet numbers things of a kind one after the other: all dogs are neighbours, 151 to "
        "268. So probability gathers in runs: what looks like one cat looks like other cats. From "
        "398 on, made things follow the alphabet, and there neighbours have nothing in common. "
        "Point at a column to read it, or use the arrow keys."
    )


def _list(answer: Answer, labels: list[str]) -> None:
    """Show every class in a list that can be searched."""
    panel = st.expander(
        f"All {len(labels)} classes as a list",
        icon=":material/list:",
        key=_key("list"),
        on_change="rerun",
        bind="query-params",
    )
    if not panel.open:
        return
    with panel:
        with st.container(horizontal=True, gap="medium"):
            text = st.text_input(
                "Find by name", "", max_chars=60, key=_key("find"), bind="query-params", width=260
            )
            order = choice("Order", ["by probability", "by index"], key=_key("order"))
        found = class_names.search(labels, text)
        if order == "by probability":
            found.sort(key=answer.ranks.__getitem__)
        if text.strip():
            st.caption(f"{len(found)} of {len(labels)} classes")
        if not found:
            st.info("No class of this network has such a name: it knows no other words than these.")
            return
        st.html(_class_rows(answer, labels, found))


def _class_rows(answer: Answer, labels: list[str], found: list[int]) -> str:
    ranks, is_imagenet = answer.ranks, len(labels) == class_names.N_CLASSES
    rows = [
        [
            str(ranks[i]),
            labels[i],
            finely(answer.probability(i)),
            _signed(float(answer.logits[i])),
            str(i),
            *([class_names.synset(i), class_names.group_of(i).name] if is_imagenet else []),
        ]
        for i in found
    ]
    head = ["Rank", "Class", "Probability", "Logit", "Index", "WordNet", "Kind"]
    widths = [8, 23, 14, 10, 8, 14, 23]
    columns = len(rows[0])
    return class_table(
        head[:columns],
        rows,
        title="Classes",
        widths=widths[:columns],
        wide_only=[4, 5, 6],
    )


# Preprocessing -------------------------------------------------------------------------------


def preprocessing(picture: Picture, name: str) -> None:
    """Show a picture after each step on its way into the network."""
    work.networks()
    from cnnlab import catalogue, preprocessing

    if name == catalogue.OWN:
        _digit_steps(preprocessing.prepare_digit(picture.image))
    else:
        _steps(preprocessing.prepare(picture.image, name), picture)


def _steps(steps: Preparation, picture: Picture) -> None:
    work.networks()
    from cnnlab.preprocessing import lost_share

    lost = lost_share(steps.original.size, steps.box)
    values = steps.normalised.double().numpy()  # (3, H, W)
    lost_words = f"Shaded: {finely(lost)} of it is cut away." if lost > 1e-9 else "All of it stays."
    cards = [
        (
            "1. The picture",
            f"{_size(steps.original)}\n{lost_words}",
            shaded(steps.original, steps.box),
            f"{picture.alt} What is cut away is shaded.",
        ),
        (
            "2. Resized",
            f"{_size(steps.resized)}\nThe shorter side becomes {steps.resize_size} "
            f"({steps.interpolation}).",
            steps.resized,
            f"The same, {_size(steps.resized)}.",
        ),
        (
            "3. Cut out",
            f"{_size(steps.cropped)}\nThe middle square of {steps.crop_size}.",
            steps.cropped,
            "The middle of it.",
        ),
    ]
    channels = [
        (
            f"4. Normalised, {colour}",
            f"From {_signed(channel.min())} to {_signed(channel.max())}.\nMiddle grey is 0.",
            signed_picture(channel),
            f"The {colour} channel after normalising, 0 in middle grey.",
        )
        for colour, channel in zip(_COLOURS, values, strict=True)
    ]
    st.html(picture_cards(cards) + picture_cards(channels))
    _channel_table(steps)
    rows, columns = values.shape[1:]
    with st.container(horizontal=True, gap="medium"):
        row = whole_number("Row", 0, rows - _PATCH, rows // 2, key=_key("row"))
        column = whole_number("Column", 0, columns - _PATCH, columns // 2, key=_key("column"))
    part = np.s_[:, row : row + _PATCH, column : column + _PATCH]
    for words, numbers in (
        ("divided by 255", steps.scaled.double().numpy()),
        ("normalised", values),
    ):
        with st.grid(3, min_column_width=270):
            for colour, patch in zip(_COLOURS, numbers[part], strict=True):
                st.html(number_grid(patch, title=f"{colour}, {words}", decimals=3))
    layout.prose(
        f"**The network's tensor** has the shape (1, 3, {rows}, {columns}): one picture, three "
        f"channels, rows, columns; {values.size:,} numbers. Its training used the same recipe. "
        "Leave a step out, and the numbers are others than those that its weights were made for."
    )


def _channel_table(steps: Preparation) -> None:
    panels.table(
        ["Channel", "before", "mean", "std", "after", "mean after"],
        [
            [
                colour,
                f"{float(before.min()):.3f} to {float(before.max()):.3f}",
                f"{mean:g}",
                f"{std:g}",
                f"{_signed(float(after.min()))} to {_signed(float(after.max()))}",
                _signed(float(after.mean())),
            ]
            for colour, before, after, mean, std in zip(
                _COLOURS, steps.scaled, steps.normalised, steps.mean, steps.std, strict=True
            )
        ],
        align="lrrrrr",
        wide_only=[5],
    )
    st.caption(
        "Before: the pixels divided by 255. After: minus the mean, divided by the standard "
        "deviation (std) of the channel. Both were measured on ImageNet's training pictures, so "
        "that a usual picture has a mean near 0 and a spread near 1."
        if steps.mean != steps.std
        else "Before: the pixels divided by 255. After: minus the mean, divided by the standard "
        "deviation (std). This recipe uses 0.5 for both: 0 to 1 becomes −1 to 1."
    )


def _digit_steps(steps: DigitPreparation) -> None:
    grey = _grey(steps.grey)
    turned = (
        "Its border is light: black and white change places." if steps.inverted else "As it is."
    )
    centred = (
        "It has 28 × 28 pixels already."
        if steps.as_it_was
        else "The figure, scaled to 20 pixels and moved until its mass is in the middle."
    )
    cards = [
        ("1. The picture", _size(steps.original), steps.original, "The picture."),
        ("2. Grey, light on dark", turned, grey, "The same in grey, light on dark."),
        ("3. As in MNIST", centred, _grey(steps.pixels), "The digit, 28 × 28 pixels."),
    ]
    st.html(picture_cards(cards))
    side, most = len(steps.pixels), 10
    with st.container(horizontal=True, gap="medium"):
        row = whole_number("Row", 0, side - most, side // 2 - most // 2, key=_key("digit_row"))
        column = whole_number(
            "Column", 0, side - most, side // 2 - most // 2, key=_key("digit_column")
        )
    part = steps.pixels[row : row + most, column : column + most]
    st.html(number_grid(part, title="The numbers: 0 is black, 1 is white", extent=1.0))
    layout.prose(
        "**The network's tensor** has the shape (1, 1, 28, 28): one picture, one channel, rows, "
        "columns; 784 numbers. MNIST's digits were made in the same way, so a digit anywhere in "
        "your picture becomes one that looks like those of the training."
    )


# Temperature ---------------------------------------------------------------------------------


def temperature(answer: Answer, k: int) -> float:
    """Show how the probabilities follow the temperature of the softmax.

    Returns
    -------
    float
        The temperature.
    """
    value = st.number_input(
        "Temperature T", LOW, HIGH, 1.0, 0.05, key=_key("temperature"), bind="query-params",
        width=160,
    )  # fmt: skip
    data = {
        "logits": [round(z, 4) for z in answer.logits[answer.order].tolist()],
        "names": [name for name, _ in _rows(answer, k)],
        "at": float(value),
        "low": LOW,
        "high": HIGH,
    }
    temperature_view(data, key=_key("temperature_view"), on_rest=_take_temperature)
    layout.prose(
        "**What to see.** The scores z are divided by T before the softmax: p = softmax(z / T). "
        "Below 1 the first guess takes all; above 1 all classes come closer to each other. The "
        "order never changes. The violet lines are the probabilities at T = 1. *Entropy* says how "
        "undecided the answer is: 0 bits where one class has everything."
    )
    return float(value)


# Flips and crops -----------------------------------------------------------------------------


def flips_and_crops(picture: Picture, answer: Answer, k: int) -> tuple[str, str]:
    """Ask the network about several views of the picture and take the mean.

    Returns
    -------
    crops, mean : str
        What was chosen.
    """
    work.networks()
    from cnnlab import answers, catalogue

    own_network = answer.name == catalogue.OWN
    offered = [crops for crops, names in CROPS.items() if len(names) <= (2 if own_network else 10)]
    with st.container(horizontal=True, gap="medium"):
        crops = choice("Views", offered, key=_key("crops"), default="Middle and mirrored")
        mean = choice("Mean of the", list(MEANS), key=_key("mean"))
    logits, seconds = work.in_queue(
        ("views", answer.name, picture.digest, crops),
        lambda: answers.ask_views(picture.image, answer.name, crops=crops),
        label=f"Asking {answer.name} about {len(CROPS[crops])} views",
        own=picture.own,
    )
    together = combine(logits, mean=mean)
    labels = networks.class_labels(answer.name)
    order = np.argsort(-together, kind="stable")
    st.html(
        bar_cards(
            [
                ("The middle alone", "What the network says as usual.", _rows(answer, k)),
                (
                    f"Mean of {len(logits)} views",
                    _agreement(logits, int(order[0]), labels, seconds),
                    [(labels[i], float(together[i])) for i in order[:k].tolist()],
                ),
            ]
        )
    )
    pictures = _views(picture, answer.name, crops)
    cards: dict[str, list[tuple[str, str, Image.Image, str]]] = {"": [], "mirrored": []}
    for (view, seen), scores in zip(pictures.items(), logits.astype(np.float64), strict=True):
        shares = softmax(scores)
        first = int(shares.argmax())
        says = f"{labels[first]}\n{finely(float(shares[first]))}"
        place, _, turned = view.partition(", ")
        row = cards[turned if len(pictures) > 2 else ""]
        row.append((f"{place} ⇋" if turned else place, says, seen, f"View {view}: {says}"))
    st.html("".join(picture_cards(row, smallest="7.5rem") for row in cards.values() if row))
    layout.prose(
        "**What to see.** A cat in the mirror is a cat, and so is one a little further to the "
        "left; yet the network's answer moves. The mean of several views is steadier, and on "
        "ImageNet a little more often right. AlexNet's results are means of ten crops."
        if not own_network
        else "**What to see.** A mirrored 0 or 8 is still one, a mirrored 2 or 7 is no digit: "
        "which changes keep a label depends on the task. The network finds the figure by itself, "
        "so there are no crops."
    )
    return crops, mean


def _views(picture: Picture, name: str, crops: str) -> dict[str, Image.Image]:
    """Return the views as pictures."""
    from cnnlab import catalogue, preprocessing, pretrained

    if name != catalogue.OWN:
        return preprocessing.views(picture.image, name, crops=crops)
    batches = preprocessing.view_batches(picture.image, name, crops=crops)
    return {view: pretrained.as_seen(batch, name) for view, batch in batches.items()}


def _agreement(logits: np.ndarray[Any, Any], first: int, labels: list[str], seconds: float) -> str:
    agree = int((logits.argmax(axis=1) == first).sum())
    return (
        f"{agree} of {len(logits)} views have “{labels[first]}” first.\n"
        f"{_milliseconds(seconds)} for all."
    )


# Words and numbers ---------------------------------------------------------------------------


def _rows(answer: Answer, k: int) -> list[tuple[str, float]]:
    return [(guess.category, guess.probability) for guess in answer.top(k)]


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.0095 else f"{seconds * 1000:.1f} ms"


def _size(picture: Image.Image) -> str:
    return f"{picture.width} × {picture.height} pixels"


def _signed(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def _grey(values: np.ndarray[Any, Any]) -> Image.Image:
    return Image.fromarray(np.round(255 * values).astype(np.uint8))


def _key(name: str) -> str:
    return f"{PAGE}_{name}"


def _take_class(labels: list[str]) -> None:
    """Choose the class that was clicked in the strip."""
    sent: Any = st.session_state[_key("strip")].get("choice")
    if isinstance(sent, int) and 0 <= sent < len(labels):
        st.session_state[_key("class")] = labels[sent]


def _take_temperature() -> None:
    """Take over the temperature at which the slider came to rest."""
    sent: Any = st.session_state[_key("temperature_view")].get("temperature")
    if isinstance(sent, int | float) and LOW <= sent <= HIGH:
        st.session_state[_key("temperature")] = float(sent)
