"""Which changes keep the label of a picture and which do not: drawn pictures and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from cnnlab.checks import InputError
from cnnlab.pixels import pixels_only
from cnnlab.samples import sample

__all__ = ["KINDS", "SUBJECTS", "Verdict", "drawn", "keeps_all", "verdict"]

SUBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "Digit 6": "A black 6 on white.",
        "Digit 8": "A black 8 on white.",
        "Red traffic light": "A traffic light: the red lamp on top is lit, two below are dark.",
        "Turn left sign": "A round blue sign with a white arrow that points to the left.",
        "Cat": "The face of a ginger tabby cat with green eyes, looking past the camera.",
    }
)
"""The pictures, each with what it shows in words."""
KINDS = ("Flip left-right", "Half turn", "Turn by 10°", "Hue + ⅓ turn")
"""The changes whose effect on the label is told."""


@dataclass(frozen=True)
class Verdict:
    """What a change does to a label.

    Parameters
    ----------
    label : {"keeps", "changes", "doubtful"}
        Whether the picture still is of its class.
    why : str
        The reason, in a sentence or two.
    """

    label: Literal["keeps", "changes", "doubtful"]
    why: str


_GREY = Verdict("keeps", "Black and white have no hue, so not one pixel changes.")
_TILT = "People write at such angles, so the network should know it."
_VERDICTS: dict[str, tuple[Verdict, ...]] = {  # in the order of KINDS
    "Digit 6": (
        Verdict("changes", "A mirrored 6 is no digit. The network would learn a shape that nobody "
                "writes, under a label that is wrong."),
        Verdict("changes", "Upside down, a 6 is a 9. The label says 6: a wrong example."),
        Verdict("keeps", _TILT),
        _GREY,
    ),
    "Digit 8": (
        Verdict("keeps", "An 8 is almost its own mirror image. But a network for digits sees all "
                "ten, and the others do not survive it."),
        Verdict("keeps", "An 8 upside down is an 8. But a network for digits sees all ten, and "
                "6 and 9 change places."),
        Verdict("keeps", _TILT),
        _GREY,
    ),
    "Red traffic light": (
        Verdict("keeps", "The red lamp is still on top and still red."),
        Verdict("doubtful", "It is red, but at the bottom, where green belongs. A network that "
                "learns this can no longer use the place of the lamp."),
        Verdict("keeps", "Poles lean and cameras are tilted, so such pictures exist."),
        Verdict("changes", "The lit lamp is green now, and the label says red. With traffic "
                "lights, colour is what the label is about."),
    ),
    "Turn left sign": (
        Verdict("changes", "It says turn right now. Flip such pictures only if you swap the two "
                "labels as well."),
        Verdict("changes", "The arrow points to the right now: another sign."),
        Verdict("keeps", "A sign may hang a little askew; it means the same."),
        Verdict("doubtful", "The arrow still points left, but the colour of a sign has a "
                "meaning too, and this one does not exist."),
    ),
    "Cat": (
        Verdict("keeps", "A cat seen in a mirror is a cat. That is why almost all networks for "
                "photographs are trained with this flip."),
        Verdict("doubtful", "It is still a cat, but photographs are rarely upside down. The "
                "network spends effort on pictures it will hardly meet."),
        Verdict("keeps", "Cameras and cats are tilted."),
        Verdict("doubtful", "It is still a cat, but no cat is green. Small changes of hue are "
                "common, as lamps and cameras have them too."),
    ),
}  # fmt: skip


def verdict(subject: str, kind: str) -> Verdict:
    """Return what a change does to the label of a picture.

    Parameters
    ----------
    subject : str
        A key of `SUBJECTS`.
    kind : str
        One of `KINDS`.

    Raises
    ------
    InputError
        If there is no such picture or change.

    Examples
    --------
    >>> verdict("Digit 6", "Half turn").label
    'changes'
    """
    if subject not in _VERDICTS or kind not in KINDS:
        raise InputError(f"nothing is known of {kind!r} on {subject!r}")
    return _VERDICTS[subject][KINDS.index(kind)]


def keeps_all(kind: str, subjects: tuple[str, ...]) -> bool:
    """Return whether a change keeps the label of all the pictures.

    Examples
    --------
    >>> keeps_all("Half turn", ("Digit 6", "Digit 8"))
    False
    """
    return all(verdict(subject, kind).label == "keeps" for subject in subjects)


def drawn(subject: str, *, side: int = 224) -> Image.Image:
    """Return the picture of a subject.

    Parameters
    ----------
    subject : str
        A key of `SUBJECTS`, or "Digit " and a digit.
    side : int
        Its width and height, in pixels.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.

    Raises
    ------
    InputError
        If there is no such subject.

    Examples
    --------
    >>> drawn("Red traffic light").getpixel((112, 60))
    (225, 30, 30)
    """
    if subject.startswith("Digit ") and subject[6:] in "0123456789" and len(subject) == 7:
        picture = _digit(subject[6:])
    elif subject == "Red traffic light":
        picture = _traffic_light()
    elif subject == "Turn left sign":
        picture = _sign()
    elif subject == "Cat":
        cat = sample("cat")
        picture = cat.crop((100, 0, 400, 300))
    else:
        raise InputError(f"there is no picture {subject!r}, choose one of {', '.join(SUBJECTS)}")
    return pixels_only(picture.resize((side, side), Image.Resampling.LANCZOS))


def _digit(digit: str) -> Image.Image:
    """Return a digit, black on white, its box in the middle."""
    picture = Image.new("RGB", (448, 448), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(size=400)
    left, top, right, bottom = pen.textbbox((0, 0), digit, font=font)
    pen.text((224 - (left + right) / 2, 224 - (top + bottom) / 2), digit, fill="black", font=font)
    return picture


def _traffic_light() -> Image.Image:
    """Return a traffic light, red on top."""
    picture = Image.new("RGB", (448, 448), (170, 195, 215))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((214, 400, 234, 448), fill=(70, 70, 75))
    pen.rounded_rectangle((154, 40, 294, 410), 26, fill=(35, 38, 42))
    for middle, colour in ((120, (225, 30, 30)), (225, (70, 60, 25)), (330, (25, 60, 35))):
        pen.ellipse((176, middle - 48, 272, middle + 48), fill=colour)
    return picture


def _sign() -> Image.Image:
    """Return a round blue sign with an arrow to the left."""
    picture = Image.new("RGB", (448, 448), (225, 228, 222))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((34, 34, 413, 413), fill="white")
    pen.ellipse((44, 44, 403, 403), fill=(15, 80, 170))
    arrow = ((86, 224), (206, 114), (206, 184), (366, 184), (366, 263), (206, 263), (206, 333))
    pen.polygon(arrow, fill="white")
    return picture
