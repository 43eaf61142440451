"""Widgets that several pages use. Every key is ``<page>_<name>`` and, where it can, in the link."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cnnlab import images
from cnnlab.checks import InputError
from cnnlab.samples import SAMPLES
from cnnlab.ui import cache, layout, sessions, work

__all__ = [
    "Picture",
    "as_picture",
    "choice",
    "keep_own",
    "pick",
    "picture_picker",
    "say_unknown",
    "whole_number",
]

T = TypeVar("T")
_OWN = "own_picture"  # what a learner uploaded or photographed, kept for all pages of the session
_FORGOTTEN = "own_pictures_forgotten"  # how many times


@dataclass(frozen=True)
class Picture:
    """A chosen picture.

    Parameters
    ----------
    image : PIL.Image.Image
        The pixels, RGB.
    title : str
        What to call it.
    alt : str
        What it shows, in words.
    digest : str
        A name for its exact pixels.
    own : bool
        Whether it is the learner's own: what is made from it must not outlive the session.
    """

    image: Image.Image
    title: str
    alt: str
    digest: str
    own: bool = False


def picture_picker(page: str, *, digits: bool = False, first: str | None = None) -> Picture:
    """Let a learner choose a sample, upload a file or take a photograph; stop until there is one.

    Parameters
    ----------
    page : str
        Prefix of the widgets' keys.
    digits : bool
        Whether the samples are handwritten digits instead of photographs.
    first : str, optional
        The photograph to begin with; the first of the list if left out.

    Returns
    -------
    Picture
        The choice. An own picture stays chosen on every page until it is forgotten.
    """
    source = choice("Picture", ["Sample", "Upload", "Camera"], key=f"{page}_picture")
    if source == "Sample" and digits:
        return _digit_picker(page)
    if source == "Sample":
        place = list(SAMPLES).index(first) if first else 0
        name = pick("Sample", list(SAMPLES), key=f"{page}_sample", first=place)
        sample = SAMPLES[name]
        return as_picture(cache.sample(name), sample.title, sample.alt)
    again = st.session_state.get(_FORGOTTEN, 0)  # another field: the old one shows the old name
    key = f"{page}_{source.lower()}" + (f"_{again}" if again else "")
    with st.container():
        if source == "Upload":
            file = st.file_uploader(
                "JPEG, PNG, WebP, GIF, BMP or TIFF, at most 10 MB",
                type="image",
                max_upload_size=10,
                key=key,
            )
        else:
            file = st.camera_input("Take a photograph", key=key)
    if file is not None:
        _take(file, key)
    own: tuple[str, Picture] | None = st.session_state.get(_OWN)
    if own is None:
        st.info(
            "Choose a picture. It stays in the memory of this server for as long as your page is "
            "open, and nobody else can see it.",
            icon=":material/lock:",
        )
        st.stop()
    if st.button("Forget my picture", icon=":material/delete:", key=f"{page}_forget"):
        _forget()
        st.rerun()
    return own[1]


def _digit_picker(page: str) -> Picture:
    from cnnlab.digits import SAMPLES as DIGITS

    name = pick("Digit", list(DIGITS), key=f"{page}_digit", first=list(DIGITS).index("digit-7-1"))
    return as_picture(cache.sample_digit(name), DIGITS[name].title, DIGITS[name].alt)


def choice(label: str, options: list[T], *, key: str, default: T | None = None) -> T:
    """Return one of a few `options`, all of them in sight; the choice is part of the link."""
    usual = options[0] if default is None else default
    chosen = st.segmented_control(
        label, options, default=usual, required=True, key=key, bind="query-params"
    )
    return usual if chosen is None else chosen  # a link that ends in "stride=" chooses nothing


def whole_number(label: str, low: int, high: int, default: int, *, key: str) -> int:
    """Return a whole number from `low` to `high`; it is part of the link."""
    width = 180 if layout.is_lecture() else 132  # room for the larger type
    return st.number_input(
        label, low, high, default, step=1, key=key, bind="query-params", width=width
    )


def pick(
    label: str,
    options: list[str],
    *,
    key: str,
    help: str | None = None,
    width: int | Literal["stretch"] = "stretch",
    first: int = 0,
    own: bool = False,
    on_change: Callable[[], None] | None = None,
) -> str:
    """Return one of many `options` from a list; the choice is part of the link.

    It begins with the one at place `first`. Where `own`, a text that is no option can be typed.
    """
    if width != "stretch" and layout.is_lecture():
        width = round(width * 1.4)  # room for the larger type
    chosen = st.selectbox(
        label,
        options,
        first,
        key=key,
        bind="query-params",
        help=help,
        width=width,
        accept_new_options=own,
        on_change=on_change,
    )
    return str(chosen or "")


def say_unknown(key: str, options: Collection[str], *, what: str) -> None:
    """Say in a sentence that a link asks for something that does not exist.

    Call it before the widget is drawn, which drops such a value without a word.

    Parameters
    ----------
    key : str
        The widget's key, which is the name of the parameter.
    options : collection of str
        What exists.
    what : str
        What it is called: "network".
    """
    for value in dict.fromkeys(st.query_params.get_all(key)):
        if not value or value in options:
            continue
        # Only plain names are written out: a link must not bring words of its own to the page.
        name = f" called `{value}`" if re.fullmatch(r"[\w.-]{1,40}", value, re.ASCII) else ""
        small = {option.lower(): option for option in options}
        near = difflib.get_close_matches(value.lower(), small, n=2, cutoff=0.7)
        hint = f" Did you mean {' or '.join(small[key] for key in near)}?" if near else ""
        st.warning(
            f"The link asks for a {what}{name} that does not exist here; the page goes on without "
            f"it.{hint}",
            icon=":material/link_off:",
        )


def _take(file: UploadedFile, key: str) -> None:
    """Keep the picture in an uploaded file; stop with one sentence if it is none."""
    own: tuple[str, Picture] | None = st.session_state.get(_OWN)
    if own is not None and own[0] == file.file_id:
        return
    try:
        image = images.load_image(file.getvalue())
    except InputError as error:
        st.error(str(error))
        st.stop()
    picture = replace(as_picture(image, "Your picture", "The picture that you chose."), own=True)
    st.session_state[_OWN] = (file.file_id, picture)
    sessions.drop_upload(file, key=key)


def _forget() -> None:
    """Let go of the learner's picture and of all that was made of it."""
    del st.session_state[_OWN]
    st.session_state[_FORGOTTEN] = st.session_state.get(_FORGOTTEN, 0) + 1
    work.forget_own_results()


def keep_own(picture: Picture) -> None:
    """Take a picture for the learner's own on every page, as if it had been uploaded there."""
    st.session_state[_OWN] = (picture.digest, picture)


def as_picture(image: Image.Image, title: str, alt: str) -> Picture:
    """Return a picture with its title, its description and the name of its exact pixels."""
    return Picture(image, title, alt, cache.digest(image))
