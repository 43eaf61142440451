"""Draws words, cells, grids and outlines on a picture."""

from __future__ import annotations

from functools import lru_cache
from math import ceil

from PIL import Image, ImageDraw

from cnnlab.animation.layout import Box, Plane
from cnnlab.animation.look import Colour, Font, Look, font

__all__ = ["SMALLEST_TEXT", "Brush", "text_size", "width_of"]

SMALLEST_TEXT = 8  # pixels; smaller numbers are left out
_HEIGHT_OF_DIGITS = 0.7  # of the size of the font


class Brush:
    """What draws on one picture.

    Parameters
    ----------
    picture : PIL.Image.Image
        The picture to draw on.
    look : Look
        The colours.
    """

    def __init__(self, picture: Image.Image, look: Look) -> None:
        self.pen = ImageDraw.Draw(picture)
        self.look = look

    def area(self, box: Box, role: str) -> None:
        """Fill a box with the colour of a role."""
        left, top, right, bottom = box
        self.pen.rectangle((left, top, right - 1, bottom - 1), fill=self.look.colour(role))

    def words(self, at: tuple[float, float], text: str, role: str, face: Font) -> None:
        """Write on a line that begins at `at`."""
        self.pen.text(at, text, fill=self.look.colour(role), font=face, anchor="ls")

    def in_the_middle(self, box: Box, text: str, ink: Colour, size: float) -> None:
        """Write into the middle of a box."""
        left, top, right, bottom = box
        line = round((top + bottom + _HEIGHT_OF_DIGITS * int(size)) / 2)
        face = font(max(1, int(size)))
        self.pen.text(((left + right) / 2, line), text, fill=ink, font=face, anchor="ms")

    def grid(self, plane: Plane) -> None:
        """Draw an empty grid."""
        left, top, right, bottom = plane.box
        line = self.look.colour("line")
        if not plane.has_lines:
            self.pen.rectangle((left - 1, top - 1, right, bottom), outline=line)
            return
        for row in range(plane.rows + 1):
            y = plane.around(row, 0)[1]
            self.pen.line((left, y, right - 1, y), fill=line)
        for column in range(plane.columns + 1):
            x = plane.around(0, column)[0]
            self.pen.line((x, top, x, bottom - 1), fill=line)

    def cell(
        self,
        plane: Plane,
        place: tuple[int, int],
        text: str,
        *,
        ground: Colour,
        ink: Colour,
        size: float,
    ) -> Box:
        """Fill a cell and write into it, smaller where the text is long; not at all at size 0."""
        left, top, right, bottom = box = plane.around(*place)
        line = 1 if plane.has_lines else 0
        self.pen.rectangle((left + line, top + line, right - 1 - line, bottom - 1 - line), ground)
        if size:
            length = width_of(text, font(round(size)))
            self.in_the_middle(box, text, ink, size * min(1.0, _room(plane) / length))
        return box

    def outline(self, box: Box, *, width: int) -> Box:
        """Draw a frame in the colour of the cursor; return the box that it needs."""
        out = width // 2
        left, top, right, bottom = box
        left, top, right, bottom = left - out, top - out, right + out, bottom + out
        colour = self.look.colour("cursor")
        self.pen.rectangle((left, top, right - 1, bottom - 1), outline=colour, width=width)
        return left, top, right, bottom


@lru_cache(maxsize=4096)
def width_of(text: str, face: Font) -> int:
    """Return the width of a text, in pixels."""
    return ceil(face.getlength(text))


def text_size(plane: Plane, texts: set[str], *, largest: float) -> float:
    """Return how large the numbers of a grid are written, 0 where there is no room for them all.

    Parameters
    ----------
    plane : Plane
        The grid.
    texts : set of str
        The numbers.
    largest : float
        How large they may be, in pixels.

    Returns
    -------
    float
        In pixels. The longest texts are written smaller, but still readable.
    """
    size = min(plane.cell * 0.48, largest)
    if size < SMALLEST_TEXT:
        return 0.0
    widest = max(width_of(text, font(round(size))) for text in texts)
    return size if size * _room(plane) / widest >= SMALLEST_TEXT else 0.0


def _room(plane: Plane) -> float:
    """Return how wide a number may be in a cell."""
    return 0.82 * plane.cell - 1
