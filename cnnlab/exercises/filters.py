"""Exercises on filters."""

from __future__ import annotations

import numpy as np

from cnnlab.filtering import filter_picture, products_per_pixel, separate
from cnnlab.filters import binomial, classic
from cnnlab.questions import Question

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on filters."""
    plus, sobel = classic("plus"), classic("Sobel x")
    flat = filter_picture(np.full((1, 3, 3), 10.0), plus.kernel)
    edge = filter_picture(np.array([[[0.0, 100.0, 100.0]] * 3]), sobel.kernel)
    names = ("sharpen", "Laplacian", "Sobel y", "emboss")
    once, twice = products_per_pixel(binomial(7).kernel)
    return [
        Question(
            "A flat area has the value 10 everywhere. The kernel has 0.4 in the middle, 0.2 above, "
            "below, left and right of it, and 0 in the corners. What comes out?",
            answer=float(flat[0, 1, 1]),
            within=0.001,
            why="The weights add up to 0.4 + 4 · 0.2 = 1.2, and 10 · 1.2 = 12: the area becomes "
            "brighter.",
            slips=((10, "That would be so if the weights added up to 1. Add them up."),),
        ),
        Question(
            "Left of a vertical edge all pixels are 0, right of it all are 100. The middle of "
            "Sobel x lies on the first column of 100. What does it answer?",
            answer=float(edge[0, 1, 1]),
            why="The right column of the kernel adds 1 · 100 + 2 · 100 + 1 · 100 = 400, the left "
            "column lies on zeros.",
            slips=(
                (-400, "From dark to bright the answer is positive: the right column is positive."),
                (100, "Three pixels of the right column count, the middle one twice."),
                (300, "The middle one counts twice."),
            ),
        ),
        Question(
            "A 7 × 7 Gaussian blur is done in two passes, first along the rows, then down the "
            "columns. How many products does each pixel take?",
            answer=twice,
            why=f"7 + 7 = {twice} instead of 7 · 7 = {once}.",
            slips=(
                (once, "That is one pass with the whole kernel."),
                (7, "That is one of the two passes."),
            ),
        ),
        Question(
            "Which of these kernels can be done in two passes of one dimension? Try them above.",
            options=names,
            answer=next(name for name in names if separate(classic(name).kernel).rank == 1),
            why="Sobel y is the column (−1, 0, 1) times the row (1, 2, 1): its rank is 1. The "
            "others have rank 2.",
            slips=(
                ("sharpen", "Its rows are no multiples of one row: its rank is 2."),
                ("Laplacian", "Its rows are no multiples of one row: its rank is 2."),
                ("emboss", "Its rows are no multiples of one row."),
            ),
        ),
    ]
