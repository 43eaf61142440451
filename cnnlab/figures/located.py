"""Boxes found in pictures: masks, boxes, and how well they fit over a range of thresholds."""

from __future__ import annotations

from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw
from scipy import ndimage

from cnnlab.figures.theme import ROLES
from cnnlab.localisation import Box

__all__ = ["FOUND", "TRUE", "boxed", "masked", "overlap_columns"]

FOUND, TRUE = ROLES["kernel"].figure, ROLES["input"].figure
_SMALL = 64  # pixels; smaller pictures are enlarged before lines are drawn
_STYLE = f"""
<style>
.where-curve {{ max-width: 46rem; margin: 0 0 1rem; }}
.where-curve .plot {{ position: relative; height: 11rem; display: flex; gap: 1px;
  margin: 1.4rem 0 0 2.4rem; align-items: flex-end; border-bottom: 2px solid currentColor; }}
.where-curve .plot > i {{ flex: 1 1 0; background: {ROLES["padding"].figure}; min-height: 1px;
  position: relative; }}
.where-curve .plot > i.right {{ background: {ROLES["output"].figure}; }}
.where-curve .plot > i b {{ position: absolute; left: 50%; bottom: calc(100% + 2px);
  transform: translateX(-50%); font-style: normal; font-size: 0.8rem; white-space: nowrap; }}
.where-curve .plot > i.now {{ outline: 3px solid {ROLES["cursor"].figure}; }}
.where-curve .line {{ position: absolute; left: 0; right: 0; border-top: 1px dashed
  color-mix(in srgb, currentColor 55%, transparent); }}
.where-curve .line span {{ position: absolute; right: calc(100% + 0.4rem); top: -0.75em;
  font-size: 0.85rem; }}
.where-curve .names {{ display: flex; justify-content: space-between; margin-left: 2.4rem;
  font-size: 0.85rem; font-variant-numeric: tabular-nums; }}
</style>
"""


def masked(seen: Image.Image, mask: NDArray[np.bool_]) -> Image.Image:
    """Return a picture with all faded to grey where the mask is not true, and a line around it.

    Parameters
    ----------
    seen : PIL.Image.Image
        The picture, W × H; a small one is enlarged ten times, so that the line has room.
    mask : ndarray of shape (H, W)
        What stays.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    scale = _scale(seen)
    large = seen.convert("RGB").resize(
        (scale * seen.width, scale * seen.height), Image.Resampling.NEAREST
    )
    pixels = np.asarray(large, dtype=np.float64)
    mask = np.kron(mask, np.ones((scale, scale), dtype=bool))
    faint = 0.2 * pixels + 0.8 * np.array((128, 128, 128))
    shown = np.where(mask[..., None], pixels, faint)
    shown[mask & ~ndimage.binary_erosion(mask, iterations=2)] = ImageColor.getrgb(FOUND)
    return Image.fromarray(shown.astype(np.uint8))


def _scale(seen: Image.Image) -> int:
    return 1 if max(seen.size) > _SMALL else 10


def boxed(seen: Image.Image, found: Box, true: Box | None) -> Image.Image:
    """Return a picture with the box that was found, solid, and the object's own, dashed.

    Parameters
    ----------
    seen : PIL.Image.Image
        The picture; a small one is enlarged ten times, so that lines have room.
    found, true : Box
        In pixels of `seen`; None if nobody knows where the object is.

    Returns
    -------
    PIL.Image.Image
        Mode RGB.
    """
    scale = _scale(seen)
    size = seen.width * scale, seen.height * scale
    shown = seen.convert("RGB").resize(size, Image.Resampling.NEAREST)
    wide = max(2, round(max(size) / 80))
    _frame(shown, found, scale=scale, colour=FOUND, wide=wide, dash=0)
    if true is not None:
        _frame(shown, true, scale=scale, colour=TRUE, wide=wide, dash=max(6, max(size) // 24))
    return shown


def _frame(shown: Image.Image, box: Box, *, scale: int, colour: str, wide: int, dash: int) -> None:
    """Draw the outline of a box with a white seam; in dashes unless their length is 0."""
    draw = ImageDraw.Draw(shown)
    left, top, right, bottom = (round(edge * scale) for edge in box)
    right, bottom = max(left, right - 1), max(top, bottom - 1)
    sides = (
        (True, left, right, top),
        (True, left, right, bottom - wide + 1),
        (False, top, bottom, left),
        (False, top, bottom, right - wide + 1),
    )
    for seam, fill in ((1, "white"), (0, colour)):
        for across, low, high, at in sides:
            near, far = at - seam, max(at, at + wide - 1) + seam
            for begin in range(low, high + 1, 2 * dash or high - low + 1):
                end = min(begin + dash - 1, high) if dash else high
                ends = (begin, near, end, far) if across else (near, begin, far, end)
                draw.rectangle(ends, fill=fill)


def overlap_columns(
    ats: NDArray[np.float64], overlaps: NDArray[np.float64], *, at: float, right_from: float
) -> str:
    """Return columns that say how well a box fits for each threshold; the best one is marked.

    Parameters
    ----------
    ats, overlaps : ndarray of shape (N,)
        The thresholds, as shares, and the intersection over union for each.
    at : float
        The present threshold; the nearest column is framed.
    right_from : float
        From where on a box counts as right.

    Returns
    -------
    str
        HTML for ``st.html``, with a text alternative.
    """
    now, best = int(np.abs(ats - at).argmin()), int(overlaps.argmax())
    bars = "".join(
        f'<i class="{"right" if fits >= right_from else ""} {"now" if place == now else ""}" '
        f'style="height:{100 * fits:.1f}%" title="threshold {ats[place]:.2f}: {fits:.2f}">'
        + (f"<b>best: {fits:.2f}</b>" if place == best else "")
        + "</i>"
        for place, fits in enumerate(overlaps)
    )
    alt = (
        f"Intersection over union for thresholds from {ats[0]:.2f} to {ats[-1]:.2f}: best "
        f"{overlaps[best]:.2f} at {ats[best]:.2f}."
    )
    return (
        f'{_STYLE}<figure class="where-curve"><figcaption><strong>Intersection over union for '
        f"every threshold</strong>: best {overlaps[best]:.2f} at {ats[best]:.2f}. Green: at least "
        f"{right_from}. Framed: nearest to the present threshold. The best one was found with "
        "the dashed box; without such a box nobody knows where it is.</figcaption>"
        f'<div class="plot" role="img" aria-label="{escape(alt)}">'
        f'<div class="line" style="bottom:{100 * right_from:.0f}%"><span>{right_from}</span></div>'
        f'<div class="line" style="bottom:100%"><span>1</span></div>{bars}</div>'
        f'<div class="names"><span>{ats[0]:.2f}</span><span>threshold</span>'
        f"<span>{ats[-1]:.2f}</span></div></figure>"
    )
