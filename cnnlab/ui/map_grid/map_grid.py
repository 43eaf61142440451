"""Send feature maps to the browser, which draws them and tells which cell is chosen."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnlab.figures.map_colours import palette
from cnnlab.map_statistics import ColourRange
from cnnlab.ui.component import component

__all__ = ["Span", "map_grid", "one_map"]

_component = component(Path(__file__).parent)


class Span(NamedTuple):
    """What stands with one map of the grid.

    Parameters
    ----------
    number : int
        The channel, or whatever the maps are numbered by.
    note : str
        A few words below the map.
    range : ColourRange
        What its colours stand for.
    """

    number: int
    note: str
    range: ColourRange


def map_grid(
    codes: NDArray[np.uint8],
    spans: Sequence[Span],
    *,
    digest: str,
    noun: str,
    label: str,
    selected: tuple[int, int, int],
    signed: bool,
    key: str,
    on_cell: Callable[[], None],
) -> None:
    """Draw maps side by side; maps of one cell each become one picture of squares.

    Parameters
    ----------
    codes : ndarray of shape (n, H, W) or (n, H, W, 3)
        As ``cnnlab.map_statistics.encode`` returns them; the latter are red, green and blue.
    spans : sequence of Span
        One for each map.
    digest : str
        A name for exactly these numbers.
    noun : str
        What a map belongs to: "channel".
    label : str
        What is drawn, in words.
    selected : (number, row, column)
        The chosen cell; its map may be one that is not drawn.
    signed : bool
        Whether the colours have a sign.
    key : str
        The component's key on this page.
    on_cell : callable
        Called before the next run when another cell was chosen; ``[number, row, column]`` stands
        in ``st.session_state[key]["cell"]``.

    Notes
    -----
    The numbers travel in a message of their own, which Streamlit sends once.
    """
    n, rows, columns = codes.shape[:3]
    numbers = {
        "kind": "codes",
        "digest": digest,
        "shape": [n, rows, columns, 3 if codes.ndim == 4 else 1],
        "values": _base64(codes),
    }
    view = {
        "kind": "grid",
        "digest": digest,
        "noun": noun,
        "label": label,
        "selected": list(selected),
        "tiles": [[s.number, s.note, s.range.low, s.range.high] for s in spans],
        "palette": _base64(palette(signed=signed)),
    }
    with st.container(gap=None):  # what only carries numbers takes no room
        _component(data=numbers, key=f"{key}_numbers")
        _component(data=view, key=key, on_cell_change=on_cell)


def one_map(
    values: NDArray[np.float32],
    view: dict[str, Any],
    *,
    span: ColourRange,
    digest: str,
    photo: tuple[str, str],
    key: str,
    on_cell: Callable[[], None],
) -> None:
    """Draw one map large, its numbers exact, beside the picture it was made of.

    Parameters
    ----------
    values : ndarray of shape (H, W)
        The numbers.
    view : dict
        ``number`` (of the channel), ``row``, ``column``, ``last`` (the number of the last
        channel), ``index`` (where a number stands in the layer's tensor, with ``{c}``, ``{r}``,
        ``{k}`` or ``{t}`` for channel, row, column and token), ``field`` (None, or what a cell
        sees of the picture: ``side``, the picture's rows and columns, and for either axis
        ``start``, ``jump``, ``size``), ``label``, ``alt`` (of the picture), ``says`` (about its
        frame); plain JSON types only.
    span : ColourRange
        What the colours stand for.
    digest : str
        A name for exactly these numbers.
    photo : (str, str)
        A name for the picture and the picture as a link.
    key, on_cell
        As in `map_grid`.
    """
    rows, columns = values.shape
    numbers = {
        "kind": "floats",
        "digest": digest,
        "shape": [rows, columns],
        "values": _base64(np.ascontiguousarray(values, dtype="<f4")),
    }
    shown = {
        **view,
        "kind": "one",
        "digest": digest,
        "photo": photo[0],
        "low": span.low,
        "high": span.high,
        "palette": _base64(palette(signed=span.signed)),
    }
    with st.container(gap=None):
        _component(data=numbers, key=f"{key}_numbers")
        _component(data={"kind": "photo", "digest": photo[0], "src": photo[1]}, key=f"{key}_photo")
        _component(data=shown, key=key, on_cell_change=on_cell)


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
