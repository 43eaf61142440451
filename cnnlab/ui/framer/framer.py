"""Let a learner drag a square frame over a picture, by mouse, touch or keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from cnnlab.figures.pictures import data_link
from cnnlab.images import centre_square
from cnnlab.ui.component import component

__all__ = ["square_frame"]

_LARGEST = 640  # pixels; the browser needs no more to show where the frame is
_component = component(Path(__file__).parent)


def square_frame(
    picture: Image.Image, *, smallest: int, alt: str, key: str
) -> tuple[int, int, int]:
    """Show a picture under a square frame and return where the frame is.

    Parameters
    ----------
    picture : PIL.Image.Image
        Mode RGB or L, at least `smallest` pixels wide and high.
    smallest : int
        Least side of the frame, in pixels of the picture.
    alt : str
        What the picture shows, in words.
    key : str
        The component's key on this page; another picture needs another key.

    Returns
    -------
    tuple of int
        (left, top, side) in pixels of the picture; at first the largest square in its middle.
    """
    left, top, right, _ = centre_square(picture.size)
    shown = picture.convert("RGB")
    shown.thumbnail((_LARGEST, _LARGEST))
    data = {
        "src": data_link(shown),
        "width": picture.width,
        "height": picture.height,
        "smallest": smallest,
        "alt": alt,
        "frame": [left, top, right - left],
    }
    result = _component(data=data, key=key, default={"frame": None}, on_frame_change=_nothing)
    return _inside(result.frame, picture.size, smallest) or (left, top, right - left)


def _nothing() -> None:
    """Do nothing: the page runs again, and that is enough."""


def _inside(frame: Any, size: tuple[int, int], smallest: int) -> tuple[int, int, int] | None:
    """Return the frame that a browser sent, if it lies inside the picture."""
    if not isinstance(frame, list) or len(frame) != 3:
        return None
    if not all(isinstance(number, int) for number in frame):
        return None
    left, top, side = frame
    fits = side >= smallest and left >= 0 and top >= 0
    return (left, top, side) if fits and left + side <= size[0] and top + side <= size[1] else None
