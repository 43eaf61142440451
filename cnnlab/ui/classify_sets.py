"""One picture under several networks, and several pictures under one network."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnlab import images
from cnnlab.checks import InputError
from cnnlab.compute import BusyError
from cnnlab.figures.class_bars import bar_cards
from cnnlab.percent import finely
from cnnlab.samples import SAMPLES
from cnnlab.ui import cache, controls, layout, networks, panels, sessions, work
from cnnlab.ui.classify_lab import MODES, OPENED, PAGE, guesses
from cnnlab.ui.controls import Picture, choice

if TYPE_CHECKING:
    from cnnlab.answers import Answer

__all__ = ["several_networks", "several_pictures"]

Shown = tuple[tuple[str, Picture], "Answer"]  # a picture under its key, and what was said of it

MOST_NETWORKS = 4
MOST_PICTURES = 8
SIDE = 512  # pixels; of own pictures that are asked about together, so that memory stays small
_FORGOTTEN = "classify_times_forgotten"
_SET = "classify_own_pictures"  # what a learner uploaded together, for as long as the session lasts


# Several networks ----------------------------------------------------------------------------


def several_networks() -> str:
    """Show what up to four networks say of one picture, side by side.

    Returns
    -------
    str
        The code that does the same.
    """
    from cnnlab.classify_code import classify_code

    left, right = st.columns([2, 3], gap="large")
    with left:
        main = networks.picker(PAGE, transformers=True)
        picture = networks.picture_picker(PAGE, main)
    with right:
        chosen = [main, *_others(main)]
        k = guesses()
        st.image(picture.image, caption=picture.title, alt=picture.alt, width=260)
    ready = [name for name in chosen if _is_here(name)]
    answers = _ask_all(picture, ready)
    if answers:
        st.subheader(_verdict(answers), anchor=False)
        smallest = "15rem" if len(answers) == 3 else "19rem"
        st.html(bar_cards([_card(answer, k) for answer in answers], smallest=smallest))
    for name in chosen:
        if name not in ready:
            networks.offer_download(f"{PAGE}_{name}", name)
    if len(answers) > 1:
        _side_by_side(answers)
        layout.prose(
            "**What to see.** Networks that were trained on the same pictures often disagree on "
            "the class and agree on the kind of thing. Each prepares the picture by its own "
            "recipe. A larger one is more often right on ImageNet, not on every picture."
        )
    elif len(chosen) == 1:
        st.info("Choose a second network under “Compare with”.", icon=":material/add:")
    return classify_code(*ready, k=k)


def _ask_all(picture: Picture, names: list[str]) -> list[Answer]:
    """Ask one network after the other; one that cannot answer is left out, with a reason."""
    answers = []
    for name in names:
        try:
            answers.append(networks.answer(picture, name))
        except BusyError:
            raise
        except InputError as error:
            st.error(f"{name}: {error}")
    return answers


def _others(main: str) -> list[str]:
    """Let a learner choose what to compare with; other networks that are ready come chosen."""
    from cnnlab import catalogue, loading, weights

    here = [*weights.cached_names(), catalogue.OWN]
    usual = [name for name in here[:-1] if name != loading.default_name()]
    chosen = st.multiselect(
        "Compare with",
        [*here, *(name for name in catalogue.every_name() if name not in here)],
        default=usual[: MOST_NETWORKS - 1],
        max_selections=MOST_NETWORKS - 1,
        key=f"{PAGE}_others",
        bind="query-params",
        help=f"Up to {MOST_NETWORKS - 1} more. Ready on this computer: {', '.join(here)}.",
    )
    return [name for name in chosen if name != main][: MOST_NETWORKS - 1]


def _is_here(name: str) -> bool:
    from cnnlab import weights

    return weights.is_cached(name)


def _card(answer: Answer, k: int) -> tuple[str, str, list[tuple[str, float]]]:
    from cnnlab import catalogue

    facts = catalogue.facts(answer.name)
    says = (
        f"{facts.n_params / 1e6:.1f} million parameters, {facts.acc1:.1f} % right on {facts.data}\n"
        f"{answer.seconds * 1000:.0f} ms on this computer"
    )
    rows = [(guess.category, guess.probability) for guess in answer.top(min(k, len(answer.logits)))]
    return answer.name, says, rows


def _verdict(answers: list[Answer]) -> str:
    """Say in a few words whether the networks agree."""
    first = [answer.best[0].category for answer in answers]
    if len(first) == 1:
        return f"{first[0]}, {finely(answers[0].best[0].probability)}"
    if len(set(first)) == 1:
        return f"{'Both' if len(first) == 2 else f'All {len(first)}'} say {first[0]}"
    most = max(first, key=first.count)
    if first.count(most) == 1:
        return f"{len(first)} networks, {len(first)} answers"
    return f"{first.count(most)} of {len(first)} say {most}"


def _side_by_side(answers: list[Answer]) -> None:
    """Show the best classes of each network under all networks that know them."""
    from cnnlab.pretrained import categories

    known = {answer.name: categories(answer.name) for answer in answers}
    wanted = list(dict.fromkeys(guess.category for a in answers for guess in a.top(3)))

    def cell(answer: Answer, category: str) -> str:
        if category not in known[answer.name]:
            return "does not know it"
        index = known[answer.name].index(category)
        rank = answer.ranks[index]
        return f"{finely(answer.probability(index))} (no.\u00a0{rank})"

    st.markdown("**The first three of each, under all**")
    panels.table(
        ["Class", *(answer.name for answer in answers)],
        [[category, *(cell(answer, category) for answer in answers)] for category in wanted],
        align="l" * (len(answers) + 1),
    )


# Several pictures ----------------------------------------------------------------------------


def several_pictures() -> str:
    """Show what one network says of several pictures, each of which can be opened.

    Returns
    -------
    str
        The code that does the same.
    """
    from cnnlab.catalogue import OWN
    from cnnlab.classify_code import classify_code

    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        with st.container(width=280):
            name = networks.picker(PAGE, transformers=True)
        source = choice("Pictures", ["All samples", "My own"], key=f"{PAGE}_set")
        order = choice("Order", ["as they come", "surest first"], key=f"{PAGE}_pictures_order")
    digits = name == OWN
    pictures = _own_pictures() if source == "My own" else _digits() if digits else _samples()
    shown = _ask_each(pictures, name)
    if order == "surest first":
        shown.sort(key=lambda entry: -entry[1].best[0].probability)
    labels = _labels() if digits and source != "My own" else {}
    if shown:
        st.subheader(_summary(name, shown, labels), anchor=False)
    with st.grid("auto", min_column_width=100 if labels else 150, gap="medium"):
        for (key, picture), answer in shown:
            _gallery_card(key, picture, answer, label=labels.get(key))
    layout.prose(
        "**What to see.** The network always answers, and one of its classes always comes first: "
        "it has no word for “none of these”. Look for the pictures of which it is least sure. The "
        "button below a picture opens it alone."
    )
    photos = [
        f"photo{number}.jpg" for number in range(1, min(max(len(shown), 2), MOST_PICTURES) + 1)
    ]
    return classify_code(name, k=1, photos=photos)


def _ask_each(pictures: dict[str, Picture], name: str) -> list[Shown]:
    """Ask about one picture after the other; one that cannot be used is left out, with a reason."""
    shown: list[Shown] = []
    box = st.empty()
    for number, (key, picture) in enumerate(pictures.items(), 1):
        box.caption(f"Picture {number} of {len(pictures)}")
        try:
            shown.append(((key, picture), networks.answer(picture, name)))
        except BusyError:
            raise
        except InputError as error:
            st.error(f"{picture.title}: {error}")
    box.empty()
    return shown


def _samples() -> dict[str, Picture]:
    return {
        name: controls.as_picture(cache.sample(name), sample.title, sample.alt)
        for name, sample in SAMPLES.items()
    }


def _digits() -> dict[str, Picture]:
    from cnnlab.digits import SAMPLES as DIGITS

    return {
        name: controls.as_picture(cache.sample_digit(name), sample.title, sample.alt)
        for name, sample in DIGITS.items()
    }


def _own_pictures() -> dict[str, Picture]:
    """Let a learner upload several pictures; stop until there are some."""
    key = f"{PAGE}_uploads_{st.session_state.get(_FORGOTTEN, 0)}"  # an empty one after that
    files = st.file_uploader(
        f"2 to {MOST_PICTURES} pictures: JPEG, PNG, WebP, GIF, BMP or TIFF, at most 10 MB each",
        type="image",
        accept_multiple_files=True,
        max_upload_size=10,
        key=key,
    )
    kept: dict[str, Picture] = st.session_state.get(_SET, {})
    if files:
        if len(files) > MOST_PICTURES:
            st.warning(f"{MOST_PICTURES} pictures at most: the first {MOST_PICTURES} are shown.")
        read = {
            file.file_id: kept.get(file.file_id) or _read(file, key, number)
            for number, file in enumerate(files[:MOST_PICTURES], 1)
        }
        kept = {key: picture for key, picture in read.items() if picture is not None}
        st.session_state[_SET] = kept
    if not kept:
        st.info(
            "Choose pictures. They stay in the memory of this server for as long as your page is "
            "open, and nobody else can see them.",
            icon=":material/lock:",
        )
        st.stop()
    st.button(
        "Forget my pictures", icon=":material/delete:", key=f"{PAGE}_forget_set", on_click=_forget
    )
    return kept


def _read(file: UploadedFile, key: str, number: int) -> Picture | None:
    """Return the picture in an uploaded file, or say in one sentence why there is none."""
    try:
        image = images.load_image(file.getvalue(), max_side=SIDE)
    except InputError as error:
        st.error(f"Picture {number}: {error}")
        return None
    sessions.drop_upload(file, key=key, keep_name=True)
    title = f"Picture {number}"
    return replace(controls.as_picture(image, title, "A picture that you chose."), own=True)


def _forget() -> None:
    st.session_state.pop(_SET, None)
    st.session_state[_FORGOTTEN] = st.session_state.get(_FORGOTTEN, 0) + 1
    work.forget_own_results()


def _labels() -> dict[str, int]:
    """Return what each sample digit is."""
    from cnnlab.digits import SAMPLES as DIGITS
    from cnnlab.digits import label_of

    return {name: label_of(name) for name in DIGITS}


def _summary(name: str, shown: Sequence[Shown], labels: dict[str, int]) -> str:
    """Say in a few words how it went."""
    n_pictures = "1 picture" if len(shown) == 1 else f"{len(shown)} pictures"
    if labels:
        right = sum(answer.best[0].index == labels[key] for (key, _), answer in shown)
        return f"{name} reads {right} of {len(shown)} digits right"
    kinds = len({answer.best[0].index for _, answer in shown})
    return f"{name} sees {'1 class' if kinds == 1 else f'{kinds} classes'} in {n_pictures}"


def _gallery_card(key: str, picture: Picture, answer: Answer, *, label: int | None) -> None:
    """Show a picture with the first guess, which opens it."""
    best = answer.best[0]
    mark = "" if label is None else "✓ " if label == best.index else "✗ "
    with st.container(gap="xsmall"):
        st.image(_thumbnail(picture.image), caption=picture.title, alt=picture.alt, width="stretch")
        st.button(
            f"{mark}{best.category}, {finely(best.probability)}",
            key=f"{PAGE}_open_{key}",
            on_click=_open,
            args=(key,),  # Streamlit keeps this: it must hold no picture
            width="stretch",
        )


def _thumbnail(image: Image.Image) -> Image.Image:
    """Return a picture as wide as a card, small ones with their pixels as blocks."""
    if max(image.size) <= 64:
        times = 196 // max(image.size)
        return image.resize((times * image.width, times * image.height), Image.Resampling.NEAREST)
    square = image.crop(images.centre_square(image.size))
    square.thumbnail((240, 240))
    return square


def _open(key: str) -> None:
    """Show one picture of the gallery alone, at the top of the page, as its link does."""
    own: Picture | None = st.session_state.get(_SET, {}).get(key)
    wanted = {f"{PAGE}_mode": MODES[0], f"{PAGE}_picture": "Upload" if own else "Sample"}
    if own is not None:
        controls.keep_own(own)
    else:
        wanted[f"{PAGE}_{'sample' if key in SAMPLES else 'digit'}"] = key
    for name, value in wanted.items():
        st.session_state[name] = value
        with suppress(StreamlitAPIException):  # a field that stands here writes it itself
            st.query_params[name] = value
    st.session_state[OPENED] = st.session_state.get(OPENED, 0) + 1
