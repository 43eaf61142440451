"""How the pictures look: colours by role, fonts, and numbers as they are read on a slide."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import ImageColor, ImageFont

__all__ = ["DARK", "LIGHT", "Colour", "Font", "Look", "font", "mixed", "written"]

Colour = tuple[int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
_FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"


@dataclass(frozen=True)
class Look:
    """The colours of one mode, as #RRGGBB; the same as in ``figures/theme.py``."""

    ground: str
    text: str
    line: str
    input: str
    kernel: str
    output: str
    cursor: str
    padding: str

    def colour(self, role: str) -> Colour:
        """Return the colour of a role as red, green and blue."""
        return _rgb(getattr(self, role))

    def tint(self, role: str, percent: int) -> Colour:
        """Return the ground with some of a role's colour in it."""
        return mixed(self.colour(role), self.colour("ground"), percent)


LIGHT = Look(
    ground="#FFFFFF",
    text="#1B2430",
    line="#D5DBE1",
    input="#0462B9",
    kernel="#A74A03",
    output="#016F4E",
    cursor="#9E1C86",
    padding="#5F6870",
)
DARK = Look(
    ground="#12161B",
    text="#E8ECF0",
    line="#37414C",
    input="#62ACFF",
    kernel="#F5A13D",
    output="#52D7A2",
    cursor="#FDA9DC",
    padding="#9CA5AE",
)


@cache
def _rgb(colour: str) -> Colour:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def mixed(colour: Colour, ground: Colour, percent: int) -> Colour:
    """Return `percent` of one colour and the rest of the other.

    Examples
    --------
    >>> mixed((255, 0, 0), (255, 255, 255), 20)
    (255, 204, 204)
    """
    red, green, blue = (
        round((c * percent + g * (100 - percent)) / 100)
        for c, g in zip(colour, ground, strict=True)
    )
    return red, green, blue


@cache
def font(size: int, *, bold: bool = False) -> Font:
    """Return the font of the app; Pillow's own where this Pillow cannot read it.

    Parameters
    ----------
    size : int
        In pixels.
    bold : bool
        For headings.

    Returns
    -------
    Font
        For ``ImageDraw.text``.
    """
    file = _FONTS / "ibm-plex-sans-latin-wght-normal.woff2"
    try:
        plex = ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
        plex.set_variation_by_axes([600 if bold else 400])
    except (OSError, NotImplementedError):  # a Pillow without Brotli or without variable fonts
        return ImageFont.load_default(size)
    return plex


def written(value: float, digits: int = 4) -> str:
    """Return a number as it is read on a slide: whole if it is whole, else a few digits.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Significant digits of one that is not whole; those before the point are all kept.

    Returns
    -------
    str
        With a real minus.

    Examples
    --------
    >>> written(-3.0), written(2 / 3, 3), written(0.00012345), written(1085.59, 3)
    ('−3', '0.667', '1.23e−4', '1,086')
    """
    size = abs(value)
    if float(value).is_integer() and size < 1e7:
        text = f"{int(value):,}"
    elif size >= 1e6 or 0 < size < 1e-3:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    else:
        most = max(digits, len(str(int(size))))
        text = f"{float(f'{value:.{most}g}'):,}".removesuffix(".0")
    return text.replace("-", "−")
