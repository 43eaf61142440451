"""Frames as an animated GIF: one palette for all of them, and of each frame only what changes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import GifImagePlugin, Image

from cnnlab.animation.layout import Box
from cnnlab.animation.look import Colour

__all__ = ["GifWriter", "palette_of"]

_MOST_COLOURS = 255
_SAME = 255  # the number of the colour that leaves a pixel as it is


def palette_of(flat: list[Colour], pictures: list[Image.Image]) -> list[Colour]:
    """Return the colours that an animation is drawn with.

    Parameters
    ----------
    flat : list of Colour
        Those that it must have.
    pictures : list of PIL.Image.Image
        Some of its frames; what is left of the palette goes to their most frequent colours.

    Returns
    -------
    list of Colour
        At most 255.
    """
    counts: dict[int, int] = {}
    for picture in pictures:
        numbers, n_pixels = np.unique(_numbered(picture), return_counts=True)
        for number, count in zip(numbers.tolist(), n_pixels.tolist(), strict=True):
            counts[number] = counts.get(number, 0) + count
    frequent = sorted(counts, key=lambda number: (-counts[number], number))
    colours = [*flat, *((n >> 16, n >> 8 & 255, n & 255) for n in frequent)]
    return list(dict.fromkeys(colours))[:_MOST_COLOURS]


class GifWriter:
    """Collects frames and returns the file.

    Parameters
    ----------
    size : (width, height)
        In pixels.
    palette : list of Colour
        At most 255; other colours are replaced by the nearest of them.
    """

    def __init__(self, size: tuple[int, int], palette: list[Colour]) -> None:
        self.palette = np.array(palette, dtype=np.int32)
        # The number in the palette of every colour there is, found when it first occurs.
        self.nearest = np.full(1 << 24, _SAME, dtype=np.uint8)
        reference = Image.new("P", size)
        reference.putpalette([n for colour in palette for n in colour])
        header, _ = GifImagePlugin.getheader(reference, info={"loop": 0})
        self.parts: list[bytes] = [b"".join(header)]
        self.now: NDArray[np.uint8] | None = None

    def add(self, picture: Image.Image, boxes: list[Box], *, milliseconds: int) -> None:
        """Add a frame that differs from the one before in some boxes at most."""
        if self.now is None:
            self.now = self._indices(picture)
            self._append(self.now, (0, 0), milliseconds)
            return
        new = self.now.copy()
        for left, top, right, bottom in boxes:
            new[top:bottom, left:right] = self._indices(picture.crop((left, top, right, bottom)))
        changed = new != self.now
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        # A frame has at least one pixel.
        top, bottom = (int(rows[0]), int(rows[-1]) + 1) if rows.size else (0, 1)
        left, right = (int(columns[0]), int(columns[-1]) + 1) if columns.size else (0, 1)
        window = np.s_[top:bottom, left:right]
        self._append(np.where(changed[window], new[window], _SAME), (left, top), milliseconds)
        self.now = new

    def finished(self) -> bytes:
        """Return the file."""
        return b"".join([*self.parts, b";"])

    def _append(self, indices: NDArray[np.uint8], at: tuple[int, int], milliseconds: int) -> None:
        frame = Image.fromarray(indices.astype(np.uint8))
        self.parts += GifImagePlugin.getdata(
            frame, at, duration=milliseconds, transparency=_SAME, disposal=1
        )

    def _indices(self, picture: Image.Image) -> NDArray[np.uint8]:
        numbers = _numbered(picture)
        indices = self.nearest[numbers]
        unknown = np.unique(numbers[indices == _SAME])
        if unknown.size:
            colours = np.stack([unknown >> 16, unknown >> 8 & 255, unknown & 255], axis=1)
            distance = ((colours[:, None] - self.palette) ** 2).sum(axis=2)
            self.nearest[unknown] = distance.argmin(axis=1)
            indices = self.nearest[numbers]
        return indices


def _numbered(picture: Image.Image) -> NDArray[np.int32]:
    """Return each pixel as one number, red × 65536 + green × 256 + blue."""
    pixels = np.asarray(picture).astype(np.int32)
    numbers: NDArray[np.int32] = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    return numbers
