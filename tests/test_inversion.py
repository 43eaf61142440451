"""Feature inversion: the loss falls, shallow layers give the picture back, nothing is changed."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab import compute, digits
from cnnlab.checks import InputError
from cnnlab.inversion import Inversion, correlation, invert, total_variation
from cnnlab.loading import using
from cnnlab.pretrained import as_seen, preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights
from tests.test_patches import fingerprint

NAME, OWN = "squeezenet1_0", "lenet_digits"


def cat(layer: str, *, trained: bool, steps: int, side: int = 64) -> Inversion:
    with using(NAME, trained=trained) as model:
        return invert(model, sample("cat"), NAME, layer=layer, steps=steps, side=side)


def test_a_first_layer_gives_the_picture_back() -> None:
    found = cat("features.1", trained=False, steps=60)
    assert found.losses.shape == (61,)
    assert found.losses[-1] < 0.05 * found.losses[0]
    assert found.similarities[0] < 0.2  # noise
    assert found.similarities[-1] > 0.95
    assert found.frames.shape[1:] == found.target.shape == (64, 64, 3)
    assert len(found.frames) == len(found.steps) == len(found.similarities)
    assert (found.steps[0], found.steps[-1]) == (0, 60)
    assert found.steps == sorted(set(found.steps))


@needs_weights(NAME)
def test_with_real_weights_a_deeper_layer_knows_less_of_the_picture() -> None:
    shallow, deep = (cat(layer, trained=True, steps=60) for layer in ("features.1", "features.12"))
    assert shallow.similarities[-1] > 0.95
    assert deep.similarities[-1] < shallow.similarities[-1]
    for found in (shallow, deep):
        assert found.losses[-1] < 0.6 * found.losses[0]


def test_a_digit_from_its_second_layer() -> None:
    with using(OWN) as model:
        found = invert(model, digits.sample_digit("digit-3-1"), OWN, layer="relu2", steps=80)
    assert found.frames.shape[1:] == (28, 28, 3)
    assert (found.target[..., 0] == np.asarray(digits.sample_digit("digit-3-1"))).all()
    assert found.losses[-1] < 0.1 * found.losses[0]
    assert found.similarities[-1] > 0.6
    assert (found.frames[..., 0] == found.frames[..., 2]).all()  # grey


def test_the_target_is_what_the_network_sees_made_smaller() -> None:
    found = cat("features.1", trained=False, steps=1, side=224)
    seen = as_seen(preprocess(sample("cat"), NAME), NAME)
    assert np.abs(found.target.astype(int) - np.asarray(seen).astype(int)).max() <= 1
    assert cat("features.1", trained=False, steps=1, side=500).target.shape[:2] == (224, 224)


def test_the_first_loss_is_the_distance_of_the_features() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(nn.Conv2d(3, 2, 3)).requires_grad_(False)
    found = invert(model, sample("coffee"), NAME, layer="0", steps=5, side=224)
    target = preprocess(sample("coffee"), NAME)
    noise = torch.rand(target.shape, generator=torch.Generator().manual_seed(0))
    mean, std = (
        torch.tensor(values)[None, :, None, None]
        for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    start = (0.5 + 0.05 * (noise - 0.5) - mean) / std
    wanted, had = model(target), model(start)
    assert found.losses[0] == pytest.approx(
        float((had - wanted).norm() ** 2 / wanted.norm() ** 2), rel=1e-4
    )
    frame = torch.from_numpy(found.frames[0]).permute(2, 0, 1)[None] / 255
    assert (frame - (start * std + mean)).abs().max() <= 0.5 / 255 + 1e-6


def test_it_is_the_same_every_time_and_changes_with_the_seed() -> None:
    one, other = (cat("features.5", trained=False, steps=6) for _ in range(2))
    assert (one.frames == other.frames).all()
    assert (one.losses == other.losses).all()
    with using(NAME, trained=False) as model:
        third = invert(model, sample("cat"), NAME, layer="features.5", steps=6, side=64, seed=1)
    assert (third.frames[0] != one.frames[0]).any()


def test_the_shared_network_is_as_before_after_success_error_and_leaving() -> None:
    with using(OWN) as model:
        before = fingerprint(model)
        digit = digits.sample_digit("digit-8-1")
        invert(model, digit, OWN, layer="conv2", steps=2)
        with pytest.raises(InputError):
            invert(model, digit, OWN, layer="conv9", steps=2)
        ended: list[Any] = []

        def run() -> None:
            try:
                invert(model, digit, OWN, layer="relu2", steps=2000)
            except BaseException as error:
                ended.append(error)
                raise

        queue = compute.WorkQueue(workers=1, capacity=1)
        with queue.submit("invert", run) as ticket:
            while not ticket.fraction and not ticket.wait(0.01):
                pass
            assert 0 < (ticket.fraction or 0) < 1
        while not ended:
            threading.Event().wait(0.01)
        assert isinstance(ended[0], compute.Cancelled)
        queue.shutdown()
        assert fingerprint(model) == before
        assert not any(p.requires_grad or p.grad is not None for p in model.parameters())


def test_total_variation_against_a_loop() -> None:
    x = torch.randn(1, 2, 4, 5, generator=torch.Generator().manual_seed(3))
    down = [
        (x[0, c, i + 1, j] - x[0, c, i, j]) ** 2
        for c in range(2)
        for i in range(3)
        for j in range(5)
    ]
    right = [
        (x[0, c, i, j + 1] - x[0, c, i, j]) ** 2
        for c in range(2)
        for i in range(4)
        for j in range(4)
    ]
    want = sum(down) / len(down) + sum(right) / len(right)
    assert float(total_variation(x)) == pytest.approx(float(want), rel=1e-5)
    assert float(total_variation(torch.full((1, 3, 4, 4), 0.7))) == 0


def test_correlation_is_pearsons() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.integers(0, 256, (2, 6, 7, 3), dtype=np.uint8)
    assert correlation(one, other) == pytest.approx(
        np.corrcoef(one.ravel(), other.ravel())[0, 1], abs=1e-6
    )
    assert correlation(one, 255 - one) == -1
    assert correlation(one, np.zeros_like(one)) == 0


class Silent(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(x)


@pytest.mark.parametrize(
    ("model", "layer", "steps", "words"),
    [
        (nn.Sequential(nn.Conv2d(3, 1, 1), Silent()), "1", 5, "answers 0 everywhere"),
        (nn.Sequential(nn.Conv2d(3, 1, 1)), "7", 5, "the network has no layer '7'"),
        (nn.Sequential(nn.Conv2d(3, 1, 1)), "0", 0, "steps must be at least 1, got 0"),
    ],
)
def test_refusals(model: nn.Module, layer: str, steps: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        invert(model, sample("cat"), NAME, layer=layer, steps=steps)
