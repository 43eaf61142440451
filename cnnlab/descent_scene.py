"""What two runs of gradient descent look like: contours, ways and distances, as plain numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cnnlab.least_squares import (
    Problem,
    condition_number,
    gradient_descent,
    hessian,
    loss,
    minimum,
    steps_needed,
)

__all__ = ["MOST_STEPS", "Run", "contour_axes", "scene"]

MOST_STEPS = 200  # that are drawn; more are only counted
_ROOM = 1.35  # half the window, in first distances to the minimum


@dataclass(frozen=True)
class Run:
    """One problem and the learning rate with which it is solved."""

    title: str
    problem: Problem
    rate: float

    @property
    def curvature(self) -> tuple[float, float]:
        """The smallest and the largest eigenvalue of the Hessian."""
        low, high = np.linalg.eigvalsh(hessian(self.problem))
        return float(low), float(high)

    @property
    def condition(self) -> float:
        """The condition number of the Hessian."""
        return condition_number(hessian(self.problem))

    @property
    def steps(self) -> int | None:
        """How many steps it takes until one percent of the way is left."""
        return steps_needed(self.problem, rate=self.rate)


def contour_axes(problem: Problem, *, reach: float) -> tuple[float, list[tuple[float, float]]]:
    """Return the ellipses on which the loss is the same.

    Parameters
    ----------
    problem : Problem
        With two weights.
    reach : float
        How far from the minimum ellipses are wanted, in weights.

    Returns
    -------
    angle : float
        Of the first half axis, against the first weight, in radians.
    lines : list of (float, float)
        Both half axes of each ellipse. The fifth goes through the start at zero; from one to
        the next the loss above its minimum doubles.

    Examples
    --------
    >>> angle, lines = contour_axes(Problem(np.eye(2), np.array([3.0, 4.0])), reach=12)
    >>> [round(a, 2) for a, b in lines]
    [1.25, 1.77, 2.5, 3.54, 5.0, 7.07, 10.0, 14.14]
    """
    values, axes = np.linalg.eigh(hessian(problem))
    start = loss(problem, [0, 0]) - loss(problem, minimum(problem))
    first = np.sqrt(2 * start / values)  # loss above the minimum is ½ · λ · distance²
    most = max(0, math.ceil(2 * math.log2(reach / first.min())))
    lines = [(float(a), float(b)) for a, b in (first * 2 ** (n / 2) for n in range(-4, most + 1))]
    return math.atan2(axes[1, 0], axes[0, 0]), lines


def scene(runs: list[Run]) -> dict[str, Any]:
    """Return what the browser needs to play some runs beside each other.

    Parameters
    ----------
    runs : list of Run
        Each with two weights, and a start that is not its minimum.

    Returns
    -------
    dict
        Plain JSON types: how many steps are shown, and for each run its contours, window, way,
        share of the first distance that is left after each step, and data.
    """
    wanted = [run.steps for run in runs]
    known = [steps for steps in wanted if steps is not None]
    steps = min(MOST_STEPS, max([10, *known]) + 2)
    if len(known) < len(runs):
        steps = max(steps, 30)
    return {
        "steps": steps,
        "sides": [_side(run, reached, steps) for run, reached in zip(runs, wanted, strict=True)],
    }


def _side(run: Run, reached: int | None, steps: int) -> dict[str, Any]:
    goal = minimum(run.problem)
    distance = float(np.linalg.norm(goal))
    half = _ROOM * float(np.abs(goal).max())
    way = gradient_descent(run.problem, rate=run.rate, steps=steps)
    left = np.linalg.norm(way - goal, axis=1) / distance
    angle, lines = contour_axes(run.problem, reach=half * math.sqrt(2))
    spread = 1.1 * float(np.abs(run.problem.x).max())
    ends = [(float(column.min()), float(column.max())) for column in run.problem.x.T]
    return {
        "title": run.title,
        "contours": {"centre": goal.tolist(), "angle": angle, "lines": [*map(list, lines)]},
        "middle": goal.tolist(),
        "half": half,
        "way": way.tolist(),
        "left": left.tolist(),
        "reached": reached,
        "points": run.problem.x.tolist(),
        "spread": spread,
        "alt": (
            f"Contours of the loss over two weights, condition number {run.condition:.4g}; the "
            f"minimum is at {goal[0]:.3g} and {goal[1]:.3g}, the start at 0 and 0."
        ),
        "data_alt": (
            f"Data: x₁ from {ends[0][0]:.3g} to {ends[0][1]:.3g}, "
            f"x₂ from {ends[1][0]:.3g} to {ends[1][1]:.3g}."
        ),
    }
