"""A small table of numbers as a grid of cells, shaded by value: for tensors one can read."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray

from cnnlab.figures.theme import ROLES
from cnnlab.numerals import written

__all__ = ["number_grid"]

_MOST_CELLS = 400


def number_grid(
    values: NDArray[np.floating] | NDArray[np.integer],
    *,
    title: str,
    role: str = "input",
    decimals: int = 2,
    digits: int | None = None,
    extent: float | None = None,
    marked: NDArray[np.bool_] | None = None,
    tinted: bool = True,
) -> str:
    """Return a grid of numbers as HTML; the larger a number's size, the stronger its cell.

    A negative number is hatched, so that the sign is seen without colour and without reading.

    Parameters
    ----------
    values : (H, W) array
        At most 400 numbers; a missing value (NaN) is drawn as an empty cell.
    title : str
        What the grid shows; it stands above it and is read by screen readers.
    role : str
        The colour of the cells, one of ``theme.ROLES``.
    decimals : int
        Digits after the point at most; whole numbers are written without a point.
    digits : int, optional
        Significant digits of each number, in place of `decimals`; see ``numerals.written``.
    extent : float, optional
        The size that has the strongest shade; the largest size in `values` if left out.
    marked : (H, W) array of bool, optional
        Cells with a frame, for instance the winners of max pooling.
    tinted : bool
        Whether cells are shaded at all.

    Returns
    -------
    str
        HTML for ``st.html``.

    Raises
    ------
    ValueError
        If `values` is no table or has more than 400 cells.

    Examples
    --------
    >>> number_grid(np.array([[1.5, -2.0]]), title="two numbers").count("<td")
    2
    """
    cells = np.asarray(values, dtype=np.float64)
    if cells.ndim != 2 or cells.size > _MOST_CELLS:
        raise ValueError(f"a grid of numbers has rows, columns and at most {_MOST_CELLS} cells")
    finite = np.abs(cells[np.isfinite(cells)])
    strongest = extent if extent is not None else float(finite.max(initial=0.0))
    frames = np.zeros(cells.shape, bool) if marked is None else marked
    colour = ROLES[role].figure
    lines = []
    for row, framed in zip(cells, frames, strict=True):
        parts = [
            _cell(
                value,
                frame,
                colour if tinted else "",
                strongest,
                _written(value, decimals) if digits is None else written(value, digits),
            )
            for value, frame in zip(row, framed, strict=True)
        ]
        lines.append(f"<tr>{''.join(parts)}</tr>")
    return (
        '<figure style="margin:0 0 0.8rem;display:inline-block;max-width:100%;overflow-x:auto">'
        f'<figcaption style="font-weight:600;margin-bottom:0.3rem">{escape(title)}</figcaption>'
        f'<table aria-label="{escape(title)}" style="border-collapse:separate;border-spacing:2px;'
        'font-variant-numeric:tabular-nums">'
        f"<tbody>{''.join(lines)}</tbody></table></figure>"
    )


def _cell(value: float, framed: bool, colour: str, strongest: float, text: str) -> str:
    style = "min-width:2.4em;padding:0.35em 0.4em;text-align:center;border-radius:3px;"
    if np.isnan(value):
        return f'<td style="{style}"></td>'
    share = round(45 * min(abs(value) / strongest, 1.0)) if strongest and colour else 0
    if share:
        fill = f"color-mix(in srgb, {colour} {share}%, transparent)"
        stripes = f"repeating-linear-gradient(135deg, {fill} 0 4px, transparent 4px 7px)"
        style += f"background:{stripes if value < 0 else fill};"
    edge = (
        "3px solid currentColor"
        if framed
        else "1px solid color-mix(in srgb, currentColor 25%, transparent)"
    )
    style += f"border:{edge};"
    return f'<td style="{style}">{f"<strong>{text}</strong>" if framed else text}</td>'


def _written(value: float, decimals: int) -> str:
    """Write a number with at most `decimals` digits after the point and a true minus sign."""
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "\u2212")
