"""How a picture is moved in front of a network: shifted, scaled, turned; and series of such moves.

No pixel is touched here: `cnnlab.moving` does that, with torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from cnnlab.checks import InputError, in_range

__all__ = ["FILLS", "KINDS", "LIMITS", "Move", "describe", "first_change", "series"]

FILLS = ("mean grey", "black", "edge")
"""What stands where the picture has been moved away; "edge" repeats its outermost pixels."""

KINDS: Mapping[str, str] = MappingProxyType(
    {"rotation": "angle", "scale": "scale", "shift right": "right", "shift down": "down"}
)
"""What a series changes, and the number of a `Move` that it changes."""

LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"right": (-150, 150), "down": (-150, 150), "scale": (0.3, 3), "angle": (0, 360)}
)
"""Lowest and highest value of each number of a `Move` that a learner can choose."""

_REACH = 12  # steps of a shift to each side
_SIDE = 224  # pixels; here one step of a shift is 5 pixels


@dataclass(frozen=True)
class Move:
    """Where a picture stands in front of the network.

    The picture is scaled and turned around its centre, then shifted.

    Parameters
    ----------
    right, down : float
        Shift in pixels of what the network gets; negative numbers go left and up.
    scale : float
        1 leaves the size as it is, 2 doubles both sides.
    angle : float
        Turn in degrees, clockwise.

    Raises
    ------
    InputError
        If a number is not finite, or the scale is not above 0.

    Examples
    --------
    >>> Move(angle=360).changes_nothing, Move(right=1).changes_nothing
    (True, False)
    >>> Move(scale=0)
    Traceback (most recent call last):
        ...
    cnnlab.checks.InputError: scale must be above 0, got 0
    """

    right: float = 0
    down: float = 0
    scale: float = 1
    angle: float = 0

    def __post_init__(self) -> None:
        """Refuse what is no place for a picture."""
        for name in ("right", "down", "scale", "angle"):
            if not math.isfinite(getattr(self, name)):
                raise InputError(f"{name} must be a finite number, got {getattr(self, name)}")
        if self.scale <= 0:
            raise InputError(f"scale must be above 0, got {self.scale:g}")

    @property
    def changes_nothing(self) -> bool:
        """Whether the picture stands where it was."""
        return self.right == self.down == 0 and self.scale == 1 and self.angle % 360 == 0

    def varies_only(self, kind: str) -> bool:
        """Return whether nothing but the number of `kind`, one of `KINDS`, differs from usual.

        Examples
        --------
        >>> Move(right=3).varies_only("shift right"), Move(right=3).varies_only("scale")
        (True, False)
        """
        name = KINDS[kind]
        return replace(self, **{name: getattr(Move(), name)}).changes_nothing


def series(kind: str, side: int) -> list[Move]:
    """Return the moves of a curve: one number changes in equal steps, the rest stays.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    side : int
        Side of what the network gets, in pixels: shifts go 60 pixels to each side of 224, and as
        far in proportion in other sizes, in whole pixels.

    Returns
    -------
    list of Move
        In rising order; one of them changes nothing.

    Raises
    ------
    InputError
        If there is no such kind, or `side` is below 1.

    Examples
    --------
    >>> [move.right for move in series("shift right", 224)][:3]
    [-60, -55, -50]
    >>> [move.angle for move in series("rotation", 28)][-2:]
    [345, 360]
    """
    if kind not in KINDS:
        raise InputError(f"there is no series {kind!r}, choose one of {', '.join(KINDS)}")
    step = max(1, round(5 * in_range(side, name="side", low=1) / _SIDE))
    match kind:
        case "rotation":
            return [Move(angle=angle) for angle in range(0, 361, 15)]
        case "scale":
            return [Move(scale=percent / 100) for percent in range(50, 185, 5)]
        case "shift right":
            return [Move(right=step * place) for place in range(-_REACH, _REACH + 1)]
        case _:
            return [Move(down=step * place) for place in range(-_REACH, _REACH + 1)]


def describe(move: Move) -> str:
    """Return a move in words.

    Examples
    --------
    >>> describe(Move(right=-12, scale=1.5, angle=90))
    '12 px left, × 1.5, turned 90°'
    >>> describe(Move())
    'as it was'
    """
    words = []
    for distance, ways in ((move.right, ("left", "right")), (move.down, ("up", "down"))):
        if distance:
            words.append(f"{abs(distance):g} px {ways[distance > 0]}")
    if move.scale != 1:
        words.append(f"× {move.scale:g}")
    if move.angle % 360:
        words.append(f"turned {move.angle:g}°")
    return ", ".join(words) or "as it was"


def first_change(moves: Sequence[Move], guesses: Sequence[int], kind: str) -> Move | None:
    """Return the smallest move of a series at which the first guess is another one.

    Parameters
    ----------
    moves : sequence of Move
        A `series` of this kind.
    guesses : sequence of int
        The class that is guessed first at each of them.
    kind : str
        One of `KINDS`.

    Returns
    -------
    Move or None
        Of two that are equally far, the one that comes first in the series; None if the guess
        never changes. Scales are compared by their ratio to 1, angles by the shorter way round.

    Examples
    --------
    >>> moves = series("shift right", 28)[10:15]
    >>> [move.right for move in moves]
    [-2, -1, 0, 1, 2]
    >>> first_change(moves, [7, 9, 9, 9, 4], "shift right")
    Move(right=-2, down=0, scale=1, angle=0)
    """
    usual = next(guess for move, guess in zip(moves, guesses, strict=True) if move.changes_nothing)
    others = [move for move, guess in zip(moves, guesses, strict=True) if guess != usual]
    return min(others, key=lambda move: _size(move, kind), default=None)


def _size(move: Move, kind: str) -> float:
    """Return how large a move of one kind is."""
    match kind:
        case "rotation":
            return min(move.angle % 360, -move.angle % 360)
        case "scale":
            return abs(math.log(move.scale))
        case _:
            return abs(float(getattr(move, KINDS[kind])))
