"""Exercises on normalisation: each answer by torch or by counting."""

from __future__ import annotations

import pytest
import torch

from cnnlab.exercises.normalisation import questions

KAPPA, OUTPUT, RUNNING, SHARED, SUFFERS = questions()
BATCH = torch.tensor([[2.0], [4.0], [6.0], [8.0]], dtype=torch.float64)


def test_the_condition_number() -> None:
    x = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 10])
    values = torch.linalg.eigvalsh(x.T @ x / len(x))
    assert KAPPA.answer == pytest.approx((values[1] / values[0]).item(), rel=0.02)


def test_the_output_and_the_running_variance() -> None:
    layer = torch.nn.BatchNorm1d(1, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.fill_(3)
        layer.bias.fill_(1)
    assert OUTPUT.answer == pytest.approx(layer(BATCH)[-1].item())
    assert RUNNING.answer == pytest.approx(layer.running_var.item())
    assert round(OUTPUT.answer, 2) == 5.02
    assert round(RUNNING.answer, 2) == 1.57


def test_how_many_share_a_mean() -> None:
    x = torch.zeros(8, 32, 14, 14, requires_grad=True)
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    out = torch.nn.functional.group_norm(x + noise, 4)
    (slope,) = torch.autograd.grad(out[0, 0, 0, 0], x)
    assert int((slope != 0).sum()) == SHARED.answer


def test_who_suffers_from_small_batches() -> None:
    noise = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    x = noise.requires_grad_()
    modules = [
        torch.nn.BatchNorm2d(4),
        torch.nn.LayerNorm([4, 3, 3]),
        torch.nn.InstanceNorm2d(4),
        torch.nn.GroupNorm(2, 4),
    ]
    feels = []
    for module in modules:
        (slope,) = torch.autograd.grad((module(x)[0] ** 3).sum(), x)
        feels.append(bool(slope[1].abs().max() > 1e-6))
    assert [option for option, felt in zip(SUFFERS.options, feels, strict=True) if felt] == [
        SUFFERS.answer
    ]


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.asks[:20])
def test_slips_are_no_right_answers(question) -> None:
    for wrong, _ in question.slips:
        assert abs(wrong - question.answer) > question.within
