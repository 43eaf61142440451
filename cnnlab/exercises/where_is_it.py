"""Exercises on boxes, their overlap and thresholds."""

from __future__ import annotations

import numpy as np

from cnnlab.localisation import RIGHT_FROM, Box, iou, level_of, locate
from cnnlab.questions import Question

__all__ = ["questions"]

OBJECT, FOUND = Box(20, 20, 120, 100), Box(60, 40, 140, 100)
CLOSE = Box(40, 20, 120, 100)
HEAT = (
    (0, 0, 0, 0, 9, 0),
    (0, 5, 6, 0, 0, 0),
    (0, 7, 8, 5, 0, 0),
    (0, 0, 6, 0, 0, 1),
)
YES, BOX, CLASS = "Yes", "No: the box is wrong", "No: the class is wrong"


def questions() -> list[Question]:
    """Return the exercises of the lesson that finds objects."""
    overlap, close = iou(OBJECT, FOUND), iou(OBJECT, CLOSE)
    both = Box(60, 40, 120, 100).area
    heat = np.array(HEAT, dtype=float)
    level = level_of(heat, at=0.5, rule="share of the largest value")
    found = locate(heat, level=level)
    area = int(found.box.area)
    rows = "; ".join(" ".join(str(value) for value in row) for row in HEAT)
    return [
        Question(
            f"The object's box has {_edges(OBJECT)}. The box that was found has {_edges(FOUND)}. "
            "What is the intersection over union? Give two decimals.",
            answer=overlap,
            within=0.005,
            why=f"Both cover 60 × 60 = {both:.0f} pixels. The object has {OBJECT.area:.0f}, the "
            f"box {FOUND.area:.0f}, together {OBJECT.area + FOUND.area - both:.0f}: {both:.0f} / "
            f"{OBJECT.area + FOUND.area - both:.0f} = {overlap:.2f}.",
            slips=(
                (both / OBJECT.area, "That is the share of the object that was found."),
                (both / FOUND.area, "That is the share of the box that lies on the object."),
                (
                    both / (OBJECT.area + FOUND.area),
                    "What both cover was counted twice below the line.",
                ),
            ),
        ),
        Question(
            f"A box has {close:.2f} with an espresso cup, and the network's first guess is "
            "“soup bowl”. Is the object localised by the rule of ILSVRC?",
            options=(YES, BOX, CLASS),
            answer=CLASS if close >= RIGHT_FROM else BOX,
            why=f"{close:.2f} is {'at least' if close >= RIGHT_FROM else 'less than'} "
            f"{RIGHT_FROM}, so the box would do. But the rule asks for the right class too.",
            slips=(
                (YES, "Look at both conditions: the class and the box."),
                (BOX, f"A box is right from {RIGHT_FROM} on."),
            ),
        ),
        Question(
            f"A map has four rows: {rows}. The threshold is half of the largest value, the largest "
            "connected part counts. How many pixels has its box?",
            answer=area,
            why=f"The threshold is {level:g}. It leaves {int(found.mask.sum())} pixels in "
            f"{found.n_parts} parts; the largest has {int(found.part.sum())}. Its box has "
            f"{found.box.bottom - found.box.top:.0f} rows and "
            f"{found.box.right - found.box.left:.0f} columns: {area} pixels. The 9, alone at the "
            "top, is the largest value and yet not in the box.",
            slips=(
                (int(found.part.sum()), "That counts the part; its box also has empty corners."),
                (int(found.mask.sum()), "That counts all pixels above the threshold."),
                (16, "The 9 is a part of its own: it touches no other pixel above 4.5."),
            ),
        ),
    ]


def _edges(box: Box) -> str:
    """Return where the edges of a box lie, in words."""
    return f"its edges at x {box.left:g} and {box.right:g}, y {box.top:g} and {box.bottom:g}"
