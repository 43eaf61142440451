"""Exercises on texture, shape and the shape bias."""

from __future__ import annotations

from math import factorial

from cnnlab.questions import Question
from cnnlab.shape_bias import Winner, shape_bias

__all__ = ["questions"]

DECISIONS: tuple[tuple[Winner, int], ...] = (("shape", 3), ("texture", 9), ("neither", 8))
SIDE, N = 224, 4
TEXTURE, SHAPE, COLOUR = "Its texture", "Its shape", "Neither of them"


def questions() -> list[Question]:
    """Return the exercises of the lesson on texture and shape."""
    count = dict(DECISIONS)
    bias = shape_bias([winner for winner, times in DECISIONS for _ in range(times)])
    if bias is None:
        raise ValueError("the exercise needs a decision")
    return [
        Question(
            f"Of {sum(count.values())} conflicts a network names {count['shape']} by their shape "
            f"and {count['texture']} by their texture; {count['neither']} times its first guess is "
            "something else. What is its shape bias? Give two decimals.",
            answer=bias,
            within=0.005,
            why=f"{count['shape']} / ({count['shape']} + {count['texture']}) = {bias:.2f}. What is "
            "neither does not count, so always ask how many decisions a shape bias stands on.",
            slips=(
                (
                    count["shape"] / sum(count.values()),
                    "Pictures that were named neither way do not count.",
                ),
                (count["texture"] / (count["shape"] + count["texture"]), "That is for texture."),
                (count["shape"] / count["texture"], "It is a share: divide by both together."),
            ),
        ),
        Question(
            f"A picture of {SIDE} × {SIDE} pixels is cut into {N} × {N} patches, which are "
            "shuffled. How many pixels has one patch?",
            answer=(SIDE // N) ** 2,
            why=f"{SIDE} / {N} = {SIDE // N}, and {SIDE // N} × {SIDE // N} = {(SIDE // N) ** 2}. "
            f"Inside a patch nothing changes; only their order does, one of {N * N}! "
            f"= {factorial(N * N):.1e} orders.".replace("e+", " · 10^"),
            slips=(
                (SIDE // N, "That is the side of a patch."),
                (SIDE * SIDE // N, f"There are {N} × {N} patches."),
            ),
        ),
        Question(
            "A network names a cat, and names it just as well after the patches of the picture "
            f"were shuffled in {N} × {N}. What did it need of the cat?",
            options=(TEXTURE, SHAPE, COLOUR),
            answer=TEXTURE,
            why="The outline is gone, what lies inside each patch is not. Its colours stay too: "
            "the grey picture tells whether they matter. Shuffling does not prove that the network "
            "cannot use shape, only that it need not.",
            slips=(
                (SHAPE, "Where would the outline be, after the patches were shuffled?"),
                (COLOUR, "It needs something, and the patches still hold it."),
            ),
        ),
    ]
