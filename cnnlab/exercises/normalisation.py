"""Exercises on normalisation."""

from __future__ import annotations

import math

import numpy as np

from cnnlab.least_squares import Problem, condition_number, hessian
from cnnlab.normalisation import (
    RunningStatistics,
    batch_norm,
    statistics_sets,
    update_running,
)
from cnnlab.questions import Question

__all__ = ["questions"]


def questions() -> list[Question]:
    """Return the exercises of the lesson on normalisation."""
    batch = np.array([[2.0], [4.0], [6.0], [8.0]])
    last = float(batch_norm(batch, gamma=3, beta=1)[-1, 0])
    unbiased = 3 * 3 / math.sqrt(20 / 3) + 1
    running = update_running(RunningStatistics(0.0, 1.0), batch, momentum=0.1)
    shape = (8, 32, 14, 14)
    group = statistics_sets("group", shape, groups=4)
    shared = int((group == 0).sum())
    wide = Problem(np.array([[1.0, 10.0], [1.0, -10.0], [-1.0, 10.0], [-1.0, -10.0]]), np.zeros(4))
    return [
        Question(
            "x₁ and x₂ have mean 0 and nothing to do with each other; x₁ has deviation 1, x₂ has "
            "deviation 10. What is the condition number of the Hessian of the squared loss?",
            answer=round(condition_number(hessian(wide))),
            why="The curvature along a weight is the mean of the feature's squares: 100 against "
            "1. Dividing by the deviations makes it 1.",
            slips=(
                (10, "The features enter the curvature squared."),
                (1, "That is after the features have been divided by their deviations."),
            ),
        ),
        Question(
            "A channel has the values 2, 4, 6, 8 in a batch; γ = 3, β = 1. What does batch "
            "normalisation make of the 8 in training? Give two decimals.",
            answer=last,
            within=0.005,
            why="μ = 5, σ² = (9 + 1 + 1 + 9) / 4 = 5, x̂ = 3 / √5 = 1.34, and 3 · 1.34 + 1 = 5.02.",
            slips=(
                (round(unbiased, 2), "That divides by N − 1; the batch is normalised with N."),
                (round(3 / math.sqrt(5), 2), "That is x̂. Scale and shift are missing."),
            ),
        ),
        Question(
            "The same batch is the first one, with momentum 0.1; the running variance was 1. What "
            "is it in PyTorch afterwards? Give two decimals.",
            answer=float(np.ravel(running.var)[0]),
            within=0.005,
            why="0.9 · 1 + 0.1 · 20 / 3 = 1.57: for evaluation the variance is divided by N − 1.",
            slips=(
                (1.4, "That keeps the variance divided by N. PyTorch divides by N − 1."),
                (6.1, "The momentum is the share of the new batch, not of the old average."),
            ),
        ),
        Question(
            "A tensor has 8 pictures, 32 channels and 14 × 14 places. Group normalisation uses 4 "
            "groups. How many numbers share one mean?",
            answer=shared,
            why="8 channels of one picture: 8 · 14 · 14 = 1568.",
            slips=(
                (8 * shared, "The pictures of a batch share nothing in group normalisation."),
                (4 * 14 * 14, "4 groups of 32 channels have 8 channels each, not 4."),
            ),
        ),
        Question(
            "You train with batches of 2 pictures because memory is short. Which of them suffers?",
            options=("batch norm", "layer norm", "instance norm", "group norm"),
            answer="batch norm",
            why="Only its mean and variance are taken over the batch; with 2 pictures they are "
            "noisy, and unlike the running averages. The others look at one picture.",
        ),
    ]
