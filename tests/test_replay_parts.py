"""Concatenations that are put off: the same numbers with fewer of them, and never where needed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlab.occlusion import occlude
from cnnlab.replay_calls import record
from cnnlab.replay_parts import cats_put_off


class Joined(nn.Module):
    """Two groups of maps, joined, and what a network may do with them."""

    def __init__(self, then: Callable[[Joined, Tensor], Tensor]) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.one, self.two = nn.Conv2d(8, 6, 1), nn.Conv2d(8, 7, 3, padding=1)
        self.few, self.many = nn.Conv2d(13, 5, 1), nn.Conv2d(13, 9, 1)
        self.wide = nn.Conv2d(13, 4, 3, padding=1)
        self.grouped = nn.Conv2d(26, 4, 1, groups=2)
        self.then = then

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        parts = F.relu(self.one(x)), F.relu(self.two(x))
        return self.then(self, torch.cat(parts, 1)).mean((2, 3))


KINDS = {  # what is called in place of the concatenation and what follows it
    "few": (lambda net, y: net.few(y), ["conv2d", "conv2d", "add"]),
    "pooled": (
        lambda net, y: net.few(F.max_pool2d(y, 3, 2)),
        ["max_pool2d", "max_pool2d", "conv2d", "conv2d", "add"],
    ),
    "pooled, then many": (
        lambda net, y: net.many(F.avg_pool2d(y, 2)),
        ["avg_pool2d", "avg_pool2d", "cat", "conv2d"],
    ),
    "more channels than a part": (lambda net, y: net.many(y), ["cat", "conv2d"]),
    "a wide kernel": (lambda net, y: F.relu(net.wide(y)), ["cat", "conv2d", "relu"]),
    "two uses": (
        lambda net, y: net.few(y) + net.few(-y),
        ["cat", "conv2d", "neg", "conv2d", "add"],
    ),
    "joined again": (lambda net, y: net.grouped(torch.cat([y, y * 2], 1)), None),
    "a ReLU between": (
        lambda net, y: net.few(F.relu(y - 0.1)),
        ["cat", "sub", "relu", "conv2d"],
    ),
    "twice a ReLU": (
        lambda net, y: net.few(F.relu(y)),
        ["relu", "relu", "conv2d", "conv2d", "add"],
    ),
    "three parts": (
        lambda net, y: net.few(torch.cat([y[:, :5], y[:, 5:]], 1)),
        None,
    ),
}


def network(kind: str) -> Joined:
    torch.manual_seed(1)
    return Joined(KINDS[kind][0]).requires_grad_(False).eval()


def picture(size: int = 24) -> Tensor:
    return torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(2))


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_those_of_the_network(kind: str) -> None:
    settings = {"target": 1, "window": 5, "stride": 3}
    model, image = network(kind), picture()
    ours = occlude(model, image, 0 * image, **settings)
    plain = occlude(model, image, 0 * image, short=False, **settings)
    assert ours.short
    np.testing.assert_allclose(ours.score, plain.score, atol=1e-6)
    assert ours.clean_score == pytest.approx(plain.clean_score, abs=1e-6)


@pytest.mark.parametrize("kind", [kind for kind, (_, calls) in KINDS.items() if calls])
def test_what_is_called_instead(kind: str) -> None:
    calls = cats_put_off(record(network(kind), picture())).calls
    made = [call.kind for call in calls]
    start = ["conv2d", "relu", "conv2d", "relu", "conv2d", "relu"]
    assert made == [*start, *KINDS[kind][1], "mean"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_tensor_is_made_before_it_is_taken_and_keeps_its_number(kind: str) -> None:
    before = record(network(kind), picture())
    after = cats_put_off(before)
    assert after.values[: len(before.values)] == before.values
    known = {0}
    for call in after.calls:
        assert known >= set(call.takes)
        known |= set(call.gives)
    assert after.output in known


def test_a_layer_that_is_asked_for_is_put_together() -> None:
    class Named(Joined):
        def __init__(self) -> None:
            super().__init__(lambda net, y: net.few(net.joined(y)))
            self.joined = nn.Identity()

    torch.manual_seed(1)
    model, image = Named().requires_grad_(False).eval(), picture()
    settings = {"target": 1, "window": 5, "stride": 3, "layer": "joined"}
    ours = occlude(model, image, 0 * image, **settings)
    plain = occlude(model, image, 0 * image, short=False, **settings)
    assert ours.short
    assert ours.channel == plain.channel
    assert ours.clean_strength == pytest.approx(plain.clean_strength, rel=1e-5)
    np.testing.assert_allclose(ours.strength, plain.strength, rtol=1e-4)
