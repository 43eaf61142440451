"""The exercises on pooling: every answer by torch or by simulation."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from cnnlab.exercises.pooling import questions


def answer(word: str) -> float | str:
    (found,) = [question.answer for question in questions() if word in question.asks]
    return found


def test_the_gradient_of_the_nine():
    x = torch.tensor([[[1.0, 3, 2], [4, 9, 5], [6, 7, 8]]], requires_grad=True)
    functional.max_pool2d(x, 2, 1).backward(torch.tensor([[[1.0, 2], [3, 4]]]))
    assert answer("gradient") == x.grad[0, 1, 1].item() == 10


def test_the_rows_of_googlenet():
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    assert answer("GoogLeNet") == pool(torch.zeros(1, 112, 112)).shape[1] == 56


def test_the_parameters_after_pooling():
    row = nn.Sequential(nn.MaxPool2d(2), nn.Flatten())(torch.zeros(1, 16, 28, 28))
    layer = nn.Linear(row.shape[1], 120)
    assert answer("fully connected") == sum(p.numel() for p in layer.parameters())


def test_the_share_of_seven_neighbours():
    row = torch.tensor(np.random.default_rng(1).normal(size=(1, 200_001)))
    pooled = functional.max_pool1d(row, 7, 1)[0]
    share = (pooled[1:] != pooled[:-1]).double().mean().item()
    assert answer("neighbours") == pytest.approx(100 * share, abs=0.5)


def test_the_claims():
    assert answer("inductive bias").startswith("shift invariance")
    assert "activations" in answer("75 percent")
    x = torch.tensor([[[1.0, 1], [5, 6]]])
    assert answer("keep the maximum") == functional.avg_pool2d(x, 2).item()


def test_no_slip_is_the_answer_and_slips_of_choices_are_choices():
    for question in questions():
        for slip, says in question.slips:
            assert slip != question.answer
            assert says
            assert not question.options or slip in question.options
