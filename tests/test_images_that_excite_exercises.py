"""The answers of the exercises on images that excite, found another way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from cnnlab.exercises.images_that_excite import questions

JITTER, DECAY, LINEAR, TV, DEAD = questions()


def test_the_shifts_are_counted() -> None:
    shifts = set(itertools.product(range(-4, 5), repeat=2))
    assert JITTER.answer == len(shifts)


def test_what_decay_leaves() -> None:
    assert DECAY.answer == pytest.approx(np.exp(100 * np.log(0.98)), rel=1e-6)
    assert DECAY.within == 0.005  # 13 % and 0.13 are right
    assert DECAY.asks.count("2 %") == 1


def test_decay_knows_what_students_answer() -> None:
    known = [wrong for wrong, _ in DECAY.slips]
    for wrong in (
        -1,
        0,
        0.98,
        1 - 0.98**100,
        98,
        13,
    ):  # 1 − 100 · 0.02; one step; taken; 100 · 0.98
        assert min(abs(wrong - slip) for slip in known) <= DECAY.within


def test_the_best_picture_of_a_linear_score() -> None:
    a = np.linspace(-10, 10, 2001)
    assert LINEAR.answer == pytest.approx(a[np.argmax(3 * a - 0.5 * a**2)], abs=1e-9)
    x = torch.zeros(3, requires_grad=True)
    climb = torch.optim.SGD([x], lr=0.1, maximize=True)
    for _ in range(200):
        climb.zero_grad()
        (x @ torch.tensor([3.0, -1.0, 2.0]) - 0.5 * x.square().sum()).backward()
        climb.step()
    assert LINEAR.answer == pytest.approx(float(x[0].detach()), abs=1e-4)


def test_total_variation_of_two_rows() -> None:
    ripples, edge = (np.abs(np.diff(row)).sum() for row in ([0, 1, 0, 1], [0, 0, 1, 1]))
    assert TV.answer == ripples / edge == 3


def test_a_closed_relu_has_no_gradient() -> None:
    x = torch.tensor([-2.0, -0.5], requires_grad=True)
    torch.nn.functional.relu(x).mean().backward()
    assert not x.grad.any()
    assert DEAD.answer == DEAD.options[0]


@pytest.mark.parametrize("question", questions())
def test_no_slip_is_the_answer(question) -> None:
    for wrong, why in question.slips:
        assert why.endswith((".", ".)"))
        if question.options:
            assert wrong != question.answer
        else:
            assert abs(wrong - question.answer) > question.within
