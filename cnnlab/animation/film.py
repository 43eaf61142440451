"""The two things to take away: the steps as an animated GIF, one step as a still picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from cnnlab.animation.board import Board
from cnnlab.animation.gif import GifWriter, palette_of
from cnnlab.checks import InputError, in_range
from cnnlab.trace import Trace

__all__ = ["MOST_FRAMES", "animated_gif", "still_png"]

MOST_FRAMES = 400
_HEIGHTS = (240, 1080)  # pixels
_SPEEDS = (0.1, 25.0)  # steps per second; browsers show no GIF faster than 50 frames per second
_LAST_FRAME = 2000  # milliseconds


def animated_gif(
    trace: Trace,
    *,
    height: int = 540,
    steps_per_second: float = 2.0,
    dark: bool = False,
    first: int = 0,
    last: int | None = None,
) -> bytes:
    """Return the steps of a layer as an animated GIF that loops.

    Each frame shows one step: the input with the window of the step, the kernel that is laid on
    it, the output filled in as far as the step, and the calculation below. Numbers are left out
    where a cell is too small for them.

    Parameters
    ----------
    trace : Trace
        The steps.
    height : int
        Of the picture, in pixels, from 240 to 1080. The width follows from the layer.
    steps_per_second : float
        From 0.1 to 25. The last frame stays for 2 seconds.
    dark : bool
        For a dark background.
    first, last : int
        The steps to show, both included, counted from 0; None for the last one.

    Returns
    -------
    bytes
        The file. More than 400 steps are thinned evenly to 400 frames, the first and the last
        step among them; the frames between then fill in several output cells at once.

    Raises
    ------
    InputError
        If height, speed or steps lie outside their limits.

    Examples
    --------
    >>> from cnnlab.conv_steps import trace_conv2d
    >>> animated_gif(trace_conv2d([[[1, 2, 3]]], [[[[1]]]]), height=240)[:6]
    b'GIF89a'
    """
    height = _checked_height(height)
    milliseconds = _milliseconds(steps_per_second)
    first = in_range(first, name="first", low=0, high=len(trace) - 1)
    end = len(trace) - 1 if last is None else last
    end = in_range(end, name="last", low=first, high=len(trace) - 1)
    steps = _thinned(first, end)
    ending, _ = Board(trace, steps, height=height, dark=dark).frame(end)
    board = Board(trace, steps, height=height, dark=dark)
    picture, boxes = board.frame(first)
    gif = GifWriter(picture.size, palette_of(board.colours(), [picture, ending]))
    for step in steps:
        if step != first:
            picture, boxes = board.frame(step)
        gif.add(picture, boxes, milliseconds=_LAST_FRAME if step == end else milliseconds)
    return gif.finished()


def still_png(trace: Trace, step: int, *, height: int = 540, dark: bool = False) -> bytes:
    """Return one step of a layer as a still picture, as `animated_gif` shows it.

    Parameters
    ----------
    trace : Trace
        The steps.
    step : int
        Which one, counted from 0.
    height : int
        Of the picture, in pixels, from 240 to 1080.
    dark : bool
        For a dark background.

    Returns
    -------
    bytes
        The file, a PNG.

    Raises
    ------
    InputError
        If height or step lie outside their limits.

    Examples
    --------
    >>> from cnnlab.conv_steps import trace_conv2d
    >>> still_png(trace_conv2d([[[1, 2, 3]]], [[[[1]]]]), 0, height=240)[1:4]
    b'PNG'
    """
    height = _checked_height(height)
    step = in_range(step, name="step", low=0, high=len(trace) - 1)
    picture, _ = Board(trace, [step], height=height, dark=dark).frame(step)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _checked_height(height: Any) -> int:
    return in_range(height, name="height", low=_HEIGHTS[0], high=_HEIGHTS[1])


def _milliseconds(steps_per_second: Any) -> int:
    """Return how long a frame stays; a GIF counts in hundredths of a second."""
    if isinstance(steps_per_second, bool) or not isinstance(steps_per_second, int | float):
        raise TypeError(f"steps_per_second must be a number, got {steps_per_second!r}")
    low, high = _SPEEDS
    if not low <= steps_per_second <= high:
        raise InputError(
            f"steps_per_second must be from {low:g} to {high:g}, got {steps_per_second:g}"
        )
    return 10 * round(100 / steps_per_second)


def _thinned(first: int, last: int) -> list[int]:
    """Return at most `MOST_FRAMES` steps, evenly spaced."""
    count = min(last - first + 1, MOST_FRAMES)
    return [int(step) for step in np.linspace(first, last, count).round()]
