"""Activation maximisation: the score climbs, each regulariser does its part, nothing is changed."""

from __future__ import annotations

import math
import threading
from dataclasses import fields

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from skimage.restoration import denoise_tv_chambolle
from torch import nn

from cnnlab import compute, digits, exciting
from cnnlab.checks import InputError
from cnnlab.exciting import (
    USUAL,
    Excited,
    Goal,
    Regularisers,
    coarse,
    each_alone,
    excite,
    total_variation,
)
from cnnlab.loading import using
from cnnlab.pretrained import as_seen, preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights
from tests.test_patches import fingerprint

NAME, OWN = "squeezenet1_0", "lenet_digits"
NONE = Regularisers()


def digit(goal: Goal, **settings) -> Excited:
    with using(OWN) as model:
        return excite(model, OWN, goal, **{"steps": 40, **settings})


def linear(weights: torch.Tensor) -> nn.Module:
    """Return a network whose class scores are sums of the picture's numbers times weights."""
    layer = nn.Linear(weights[0].numel(), len(weights), bias=False)
    layer.weight = nn.Parameter(weights.flatten(1))
    return nn.Sequential(nn.Conv2d(3, 3, 1, groups=3, bias=False), nn.Flatten(), layer)


# The steps, by hand -------------------------------------------------------------------------------


def test_one_step_on_a_linear_network_by_hand() -> None:
    torch.manual_seed(3)
    weights = torch.randn(2, 3, 32, 32)
    model = linear(weights)
    model[0].weight = nn.Parameter(torch.ones(3, 1, 1, 1))
    decay = 0.25
    found = excite(
        model.requires_grad_(False),
        NAME,
        Goal(1),
        regularisers=Regularisers(decay=decay),
        start="grey",
        side=32,
        steps=2,
    )
    up = exciting.RATE * weights[1] / weights[1].square().mean().sqrt()
    one = up
    two = one * (1 - decay) + up
    assert found.scores[0] == 0
    assert found.scores[1] == pytest.approx(float((one * weights[1]).sum()), rel=1e-5)
    assert found.scores[2] == pytest.approx(float((two * weights[1]).sum()), rel=1e-5)
    assert found.sizes[2] == pytest.approx(float(two.square().mean()), rel=1e-5)
    assert found.steps == [0, 1, 2]
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = (two * std[:, None, None] + mean[:, None, None]).clamp(0, 1) * 255
    got = torch.from_numpy(found.frames[-1]).permute(2, 0, 1)
    assert (got - pixels).abs().max() <= 0.5 + 1e-3


def test_l2_is_ascent_on_the_score_less_the_squares() -> None:
    """Two steps of 0.1 on w·I − 0.5 |I|² from 0, and where they lead: to w."""
    w = torch.tensor([3.0, -1.0, 2.0]).view(1, 3, 1, 1)
    length = float((w.square().mean()).sqrt())  # by which each step is divided
    x, regularisers = torch.zeros_like(w), Regularisers(decay=2 * 0.1 * 0.5)
    for step in range(2):
        x = exciting.one_step(x, w, step, regularisers)
    assert (x * length).flatten().tolist() == pytest.approx([0.57, -0.19, 0.38], abs=1e-6)
    for step in range(300):
        x = exciting.one_step(x, w, step, regularisers)
    assert (x * length).flatten().tolist() == pytest.approx([3, -1, 2], abs=1e-5)


def test_the_answer_is_that_of_the_last_frame() -> None:
    found = digit(Goal(3))
    with using(OWN) as model, torch.inference_mode():
        last = torch.from_numpy(found.frames[-1][None, None, ..., 0] / 255).float()
        shares = model(last).softmax(1)[0]
    assert found.best[0] == (3, pytest.approx(float(shares[3]), abs=1e-6))
    assert found.probability == pytest.approx(float(shares[3]), abs=1e-6)
    assert found.peak == pytest.approx(found.scores[-1], rel=0.02)  # whole grey levels


def test_the_score_is_the_mean_of_the_map_or_its_middle_cell() -> None:
    picture = digits.sample_digit("digit-3-1")
    with using(OWN) as model, torch.inference_mode():
        batch = preprocess(picture, OWN)
        cells = model[:5](batch)[0, 7]  # conv1, relu1, pool1, conv2, relu2
    assert cells.shape == (8, 8)
    mean = digit(Goal(7, "relu2"), start=picture, steps=1, regularisers=NONE)
    middle = digit(Goal(7, "relu2", one_cell=True), start=picture, steps=1, regularisers=NONE)
    assert mean.scores[0] == pytest.approx(float(cells.mean()), rel=1e-5)
    assert middle.scores[0] == pytest.approx(float(cells[4, 4]), rel=1e-5)
    assert math.isnan(mean.probability)
    assert mean.peak >= mean.scores[-1]


# What comes out -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_digit_is_made_from_noise_and_believed(number: int) -> None:
    found = digit(Goal(number), steps=60)
    assert found.best[0][0] == number
    assert found.probability > 0.99
    assert found.scores[-1] > found.scores[0] + 10
    assert found.frames.shape[1:] == (28, 28, 3)
    assert (found.frames[..., 0] == found.frames[..., 2]).all()  # grey
    assert len(found.scores) == len(found.sizes) == len(found.variations) == 61
    assert (found.steps[0], found.steps[-1], found.silent) == (0, 60, 0)


@needs_weights(NAME)
def test_with_real_weights_a_flamingo_is_made_from_noise() -> None:
    with using(NAME) as model:
        found = excite(model, NAME, Goal(130), steps=30, side=96)
    assert found.best[0][0] == 130
    assert found.probability > 0.99
    assert found.frames.shape[1:] == (96, 96, 3)


def test_a_channel_and_a_cell_climb_and_a_cell_changes_only_its_field() -> None:
    mean = digit(Goal(3, "relu1"), regularisers=NONE)
    cell = digit(Goal(3, "relu1", one_cell=True), regularisers=NONE)
    for found in (mean, cell):
        assert found.scores[-1] > found.scores[0]
    rows, columns, _ = np.nonzero(cell.frames[-1] != cell.frames[0])
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (12, 16, 12, 16)  # 5 × 5


def test_a_dream_begins_with_the_photograph() -> None:
    with using(NAME, trained=False) as model:
        found = excite(model, NAME, Goal(5, "features.1"), start=sample("cat"), side=224, steps=1)
    seen = np.asarray(as_seen(preprocess(sample("cat"), NAME), NAME))
    assert np.abs(found.frames[0].astype(int) - seen.astype(int)).max() <= 1


def test_grey_is_the_mean_colour_and_noise_is_around_it() -> None:
    with using(NAME, trained=False) as model:
        goal = Goal(5)
        grey = excite(model, NAME, goal, start="grey", side=64, steps=1).frames[0]
        noise = excite(model, NAME, goal, side=64, steps=1).frames[0]
    assert (grey == np.round(np.array([0.485, 0.456, 0.406]) * 255)).all()
    want = 0.3 * np.array([0.229, 0.224, 0.225]) * 255
    assert noise.std(axis=(0, 1)) == pytest.approx(want, rel=0.05)


# The regularisers ---------------------------------------------------------------------------------


def test_each_regulariser_lowers_what_it_is_there_to_lower() -> None:
    found = {
        name: digit(Goal(3), regularisers=chosen) for name, chosen in each_alone(USUAL).items()
    }
    none = found["none"]
    assert found["decay"].sizes[-1] < none.sizes[-1]
    assert found["variation"].variations[-1] < 0.8 * none.variations[-1]
    assert found["blur"].variations[-1] < 0.8 * none.variations[-1]
    assert found["fourier"].variations[-1] < none.variations[-1]
    assert found["all"].variations[-1] < 0.5 * none.variations[-1]
    assert len({one.frames[-1].tobytes() for one in found.values()}) == 7
    # A picture made without shifts is right at one place only.
    with using(OWN) as model, torch.inference_mode():
        kept = {}
        for name in ("none", "jitter"):
            last = torch.from_numpy(found[name].frames[-1][None, None, ..., 0] / 255).float()
            shifted = [model(torch.roll(last, (dy, 3), (2, 3)))[0, 3] for dy in (-3, 0, 3)]
            kept[name] = float(torch.stack(shifted).mean() / model(last)[0, 3])
    assert kept["jitter"] > kept["none"] + 0.05


def test_jitter_is_off_for_the_last_score_and_the_shifts_stay_in_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shifts = []
    roll = torch.roll
    monkeypatch.setattr(
        torch, "roll", lambda x, by, dims: shifts.append(tuple(by)) or roll(x, by, dims)
    )
    digit(Goal(3), regularisers=Regularisers(jitter=2), steps=80)
    assert shifts[-1] == (0, 0)
    assert {n for shift in shifts for n in shift} == {-2, -1, 0, 1, 2}
    assert len(set(shifts)) > 15  # of 25


def test_the_blur_is_scipys() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 1, 20, 30)
    got = exciting.one_step(x, torch.zeros_like(x), 3, Regularisers(blur=0.8))
    want = ndimage.gaussian_filter(x[0, 0].numpy(), 0.8, mode="mirror", truncate=3.4)
    assert np.abs(got[0, 0].numpy() - want).max() < 1e-3
    untouched = exciting.one_step(x, torch.zeros_like(x), 2, Regularisers(blur=0.8))
    assert (untouched == x).all()


def test_total_variation_keeps_an_edge_and_flattens_ripples() -> None:
    edge = torch.zeros(1, 1, 16, 16)
    edge[..., 8:] = 1
    soft = torch.linspace(0, 1, 16).expand(1, 1, 16, 16)
    assert total_variation(edge) == pytest.approx(float(total_variation(soft)), rel=0.02)
    torch.manual_seed(0)
    x = edge + 0.1 * torch.randn_like(edge)
    for _ in range(60):
        x = exciting.one_step(x, torch.zeros_like(x), 0, Regularisers(variation=0.01))
    clean = denoise_tv_chambolle(edge[0, 0].numpy(), weight=0.1)
    assert np.abs(x[0, 0].numpy() - clean).mean() < 0.08
    assert float(x[..., 10:].mean() - x[..., :6].mean()) > 0.75


def test_the_weighting_of_frequencies_against_numpy() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 9))
    fy, fx = np.fft.fftfreq(12)[:, None], np.fft.fftfreq(9)[None]
    weight = 1 / np.maximum(np.hypot(fy, fx), 1 / 12)
    want = np.fft.ifft2(np.fft.fft2(x) * weight).real
    got = coarse(torch.from_numpy(x)[None, None])[0, 0].numpy()
    assert np.abs(got - want).max() < 1e-5  # torch's frequencies are float32


def test_all_on_means_all() -> None:
    assert USUAL.all_on
    for part in fields(Regularisers):
        off = {name: value for name, value in vars(USUAL).items() if name != part.name}
        assert not Regularisers(**off).all_on
        alone = each_alone(Regularisers())[part.name]
        assert [name for name, value in vars(alone).items() if value] == [part.name]
    assert each_alone(Regularisers(jitter=9))["all"].jitter == 9


@pytest.mark.parametrize("bad", [{"decay": -0.1}, {"blur": math.nan}, {"jitter": 40}])
def test_strengths_that_are_none_are_refused(bad: dict) -> None:
    with pytest.raises(InputError, match=f"{next(iter(bad))} must be from 0 to"):
        Regularisers(**bad)


# Seeds, sharing, refusals -------------------------------------------------------------------------


def test_it_is_the_same_every_time_and_changes_with_the_seed() -> None:
    one, other, third = (digit(Goal(4), steps=5, seed=seed) for seed in (1, 1, 2))
    assert (one.frames == other.frames).all()
    assert (one.scores == other.scores).all()
    assert (third.frames[0] != one.frames[0]).any()


def test_the_shared_network_is_as_before_after_success_error_and_leaving() -> None:
    with using(OWN) as model:
        before = fingerprint(model)
        excite(model, OWN, Goal(3), steps=2)
        excite(model, OWN, Goal(3, "conv2"), steps=2)
        with pytest.raises(InputError):
            excite(model, OWN, Goal(3, "conv9"), steps=2)
        running, ended = threading.Event(), []

        def run() -> None:
            running.set()
            try:
                excite(model, OWN, Goal(3, "relu2"), steps=2000)
            except compute.Cancelled:
                ended.append("left")
                raise

        with compute.shared_queue("networks").submit("excite, left", run):
            running.wait(10)
        for _ in range(100):
            if ended:
                break
            threading.Event().wait(0.05)
        assert ended == ["left"]
        assert fingerprint(model) == before
        assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    compute.shutdown()


def dead() -> nn.Module:
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model[0].weight.data.zero_()
    model[0].bias.data = torch.tensor([-1.0, math.nan])
    return model.requires_grad_(False)


def test_a_dead_channel_is_said_with_ways_out() -> None:
    with pytest.raises(InputError, match=r"no pixel changes channel 0 of 1.*try another seed"):
        excite(dead(), NAME, Goal(0, "1"), side=64, steps=3)
    with pytest.raises(InputError, match="no pixel changes this class score"):
        excite(dead(), NAME, Goal(0), side=64, steps=3)


def bright(threshold: float) -> nn.Module:
    """Return a network with one channel: the sum of the colours above a threshold."""
    model = nn.Sequential(nn.Conv2d(3, 1, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    model[0].weight.data.fill_(1.0)
    model[0].bias.data.fill_(-threshold)
    return model.requires_grad_(False)


def test_where_a_relu_is_closed_everywhere_the_signal_is_let_through() -> None:
    settings = {"start": "grey", "side": 64, "regularisers": NONE}
    found = excite(bright(1.05), NAME, Goal(0, "1"), steps=10, **settings)
    # Each step adds 0.1 to each of three colours: 0.3, 0.6, 0.9, and 1.2 is above 1.05.
    assert found.silent == 4
    assert (found.scores[:4] == 0).all()
    assert found.scores[4] == pytest.approx(0.15, abs=1e-4)
    assert excite(bright(-1.0), NAME, Goal(0, "1"), steps=10, **settings).silent == 0


@needs_weights(NAME)
def test_a_class_score_behind_a_closed_relu_climbs_too() -> None:
    """SqueezeNet's class scores pass a ReLU: many are 0 for noise, and so is their gradient."""
    with using(NAME) as model:
        found = excite(model, NAME, Goal(130), side=96, steps=30, start="grey")
    assert found.scores[0] == 0
    assert 0 < found.silent < 10
    assert found.probability > 0.99


def test_what_is_no_number_is_said() -> None:
    with pytest.raises(InputError, match="NaN"):
        excite(dead(), NAME, Goal(1), side=64, steps=3)


@pytest.mark.parametrize(
    ("goal", "settings", "says"),
    [
        (Goal(10), {}, "class must be at most 9, got 10"),
        (Goal(20, "conv1"), {}, "channel must be at most 19, got 20"),
        (Goal(0, "fc1"), {}, "'fc1' has no feature maps"),
        (Goal(0, "conv9"), {}, "no layer 'conv9'"),
        (Goal(0), {"steps": 0}, "steps must be"),
        (Goal(0), {"start": "sunset"}, "start must be 'noise', 'grey' or a picture"),
        (Goal(0), {"start": Image.new("RGB", (1, 10_000))}, "100 times"),
        (Goal(0), {"side": 8}, "side must be at least 28, got 8"),
    ],
)
def test_bad_input_gives_one_sentence(goal: Goal, settings: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        digit(goal, **settings)


@pytest.mark.parametrize("size", [(1, 1), (40, 40)])
def test_a_tiny_and_an_even_picture_are_a_start_too(size: tuple[int, int]) -> None:
    with using(NAME, trained=False) as model:
        found = excite(model, NAME, Goal(1), start=Image.new("RGB", size, "red"), side=64, steps=2)
    assert found.frames.shape[1:] == (64, 64, 3)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "googlenet", "inception_v3"])
def test_other_families_with_random_numbers(name: str) -> None:
    with using(name, trained=False) as model:
        before = fingerprint(model)
        found = excite(model, name, Goal(7), side=96, steps=2)
        assert fingerprint(model) == before
    assert np.isfinite(found.scores).all()
    assert (found.frames[-1] != found.frames[0]).mean() > 0.5
