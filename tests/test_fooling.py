"""Fooled pictures against Captum, the definition, and the file that they are saved in."""

import io

import numpy as np
import pytest
import torch
from captum.robust import FGSM, PGD
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import nn

from cnnlab import catalogue, digits, fooling, loading
from cnnlab.checks import InputError
from cnnlab.fooling import (
    GOALS,
    METHODS,
    STEPS,
    aim,
    as_file,
    attack,
    curve,
    fgsm,
    gradient,
    in_levels,
    log_odds,
    pgd,
    probabilities,
    seen_levels,
)
from cnnlab.images import load_image
from cnnlab.pixels import to_png
from cnnlab.pretrained import classify, preprocess
from cnnlab.samples import SAMPLES, sample
from tests.real_weights import needs_weights
from tests.shared_model import untouched

OWN = catalogue.OWN
SQUEEZE = "squeezenet1_0"


def small(seed=0, classes=4):
    torch.manual_seed(seed)
    layers = [
        nn.Conv2d(3, 6, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, classes),
    ]
    return nn.Sequential(*layers).double().eval().requires_grad_(False)


def levels(seed=0, size=12):
    numbers = np.random.default_rng(seed).integers(0, 256, size=(1, 3, size, size))
    return torch.from_numpy(numbers).double()


def digit(name="digit-7-1"):
    return digits.sample_digit(name).convert("RGB")


# Attacks against Captum ------------------------------------------------------------------------


@pytest.mark.parametrize("towards", [False, True])
@pytest.mark.parametrize("epsilon", [1, 7])
def test_fgsm_is_that_of_captum(towards, epsilon):
    model, x = small(), levels()
    ours = fgsm(model, x, epsilon=torch.tensor([epsilon]), target=2, towards=towards)
    theirs = FGSM(
        model, nn.CrossEntropyLoss(reduction="none"), lower_bound=0, upper_bound=255
    ).perturb(
        x.clone().requires_grad_(), epsilon=epsilon, target=torch.tensor([2]), targeted=towards
    )
    assert not torch.equal(ours, x)
    assert torch.equal(ours, theirs.round())


@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients")
@pytest.mark.parametrize("towards", [False, True])
def test_pgd_is_that_of_captum(towards):
    model, x, epsilon = small(), levels(), 6
    ours = pgd(model, x, epsilon=torch.tensor([epsilon]), target=1, towards=towards)
    theirs = PGD(
        model, nn.CrossEntropyLoss(reduction="none"), lower_bound=0, upper_bound=255
    ).perturb(
        x.clone().requires_grad_(),
        radius=epsilon,
        step_size=2.5 * epsilon / STEPS,
        step_num=STEPS,
        target=torch.tensor([1]),
        targeted=towards,
    )
    assert torch.equal(ours, theirs.round())


def test_several_epsilons_at_once_are_those_alone():
    model, x = small(), levels()
    for method in (fgsm, pgd):
        limits = torch.arange(1, 8)
        together = method(model, x, epsilon=limits, target=0, towards=True)
        for place, limit in enumerate(limits):
            alone = method(model, x, epsilon=limit[None], target=0, towards=True)
            assert torch.equal(together[place], alone[0])


@settings(max_examples=25)
@given(
    seed=st.integers(0, 999),
    epsilon=st.integers(0, 80),
    method=st.sampled_from([fgsm, pgd]),
    towards=st.booleans(),
)
def test_the_result_is_a_picture_within_epsilon(seed, epsilon, method, towards):
    model, x = small(), levels(seed, size=8)
    result = method(model, x, epsilon=torch.tensor([epsilon]), target=3, towards=towards)
    assert torch.equal(result, result.round())
    assert result.min() >= 0
    assert result.max() <= 255
    assert (result - x).abs().max() <= epsilon


def test_log_odds_are_those_of_the_probability():
    scores = torch.tensor([[1.0, -2.0, 0.5], [0.0, 3.0, 3.0]], dtype=torch.float64)
    p = scores.softmax(1)[:, 1]
    assert torch.allclose(log_odds(scores, 1), (p / (1 - p)).log())


def test_the_gradient_lives_where_that_of_the_probability_is_lost():
    """A probability that rounds to 0 or to 1 has no gradient in float32."""
    for sure in (300.0, -300.0):
        given_scores = torch.tensor([[sure, 0.0]], requires_grad=True)
        given_scores.softmax(1)[0, 0].backward()
        assert not given_scores.grad.any()
        found = gradient(
            lambda x, sure=sure: torch.cat([x.sum((2, 3)) + sure, 0 * x.sum((2, 3))], dim=1),
            torch.ones(1, 1, 2, 2),
            target=0,
        )
        assert torch.equal(found, torch.ones(1, 1, 2, 2))


def test_without_a_gradient_it_says_what_to_do():
    constant = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    constant.requires_grad_(False)[0].weight.zero_()
    with pytest.raises(InputError, match=r"gradient is zero .* Choose another class"):
        gradient(constant, torch.ones(1, 3, 4, 4), target=0)


def test_a_network_of_nan_is_refused():
    with loading.using(OWN) as model:
        broken = digits.build().eval().requires_grad_(False)
        broken.load_state_dict(model.state_dict())
    broken.conv1.weight[0] = torch.nan
    with pytest.raises(InputError, match="no numbers"):
        attack(broken, digit(), OWN, method="FGSM", goal=GOALS[0], epsilon=3)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"method": "CW"}, "method must be one of FGSM, PGD"),
        ({"goal": "all"}, "goal must be one of"),
        ({"epsilon": 81}, "epsilon must be at most 80"),
        ({"goal": GOALS[1], "chosen": 10}, "class must be at most 9"),
    ],
)
def test_refusals(wrong, says):
    usual = {"method": "FGSM", "goal": GOALS[0], "epsilon": 3}
    with loading.using(OWN) as model, pytest.raises(InputError, match=says):
        attack(model, digit(), OWN, **{**usual, **wrong})


def test_one_class_alone_cannot_be_fooled():
    with pytest.raises(InputError, match="two or more classes"):
        log_odds(torch.zeros(1, 1), 0)


# What an attack tells --------------------------------------------------------------------------


def test_aims():
    scores = np.array([0.1, 0.6, 0.05, 0.25])
    assert aim(scores, GOALS[0], 3) == (1, False)
    assert aim(scores, GOALS[1], 3) == (3, True)
    assert aim(scores, GOALS[2], 3) == (2, True)


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("method", METHODS)
def test_what_is_told_is_so(method, goal):
    with loading.using(OWN) as model, untouched(model):
        fooled = attack(model, digit(), OWN, method=method, goal=goal, epsilon=40, chosen=3)
        batch = torch.from_numpy(fooled.result).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            again = model(batch)[0].softmax(0).numpy()
    np.testing.assert_allclose(again, fooled.after, atol=1e-6)
    change = fooled.result.astype(int) - fooled.original.astype(int)
    assert fooled.largest == np.abs(change).max() <= 40
    assert fooled.changed == (change != 0).any(axis=2).mean()
    first, last = fooled.answers
    assert fooled.worked is (last == fooled.target if fooled.towards else last != first)


def test_epsilon_zero_changes_nothing():
    with loading.using(OWN) as model:
        fooled = attack(model, digit(), OWN, method="PGD", goal=GOALS[0], epsilon=0)
    assert (fooled.largest, fooled.changed, fooled.worked) == (0, 0.0, False)


def test_the_curve_is_made_of_attacks():
    with loading.using(OWN) as model:
        found = curve(model, digit(), OWN, method="FGSM", goal=GOALS[0], largest=32)
        for epsilon in (0, 9, 32):
            fooled = attack(model, digit(), OWN, method="FGSM", goal=GOALS[0], epsilon=epsilon)
            assert found.answers[epsilon] == fooled.answers[1]
            assert found.first[epsilon] == pytest.approx(fooled.after[7], abs=1e-6)
            rest = np.delete(fooled.after, 7).max()
            assert found.other[epsilon] == pytest.approx(rest, abs=1e-6)
    reached = np.flatnonzero(found.answers != 7)
    assert found.smallest == reached[0] > 0


def test_a_curve_that_never_gets_there_says_none():
    with loading.using(OWN) as model:
        one = digit("digit-0-2")
        found = curve(model, one, OWN, method="FGSM", goal=GOALS[1], chosen=1, largest=4)
    assert found.smallest is None


# The file --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", catalogue.every_name())
def test_the_file_is_seen_as_the_pixels_were(name):
    """No resizing, no rounding, for each network's own preparation."""
    image = sample("rocket")
    seen = seen_levels(image, name)
    drawn = np.random.default_rng(0).integers(0, 256, size=tuple(seen.shape[1:]))
    pixels = drawn.transpose(1, 2, 0).astype(np.uint8)
    file = load_image(to_png(as_file(image, pixels, name)))
    assert torch.equal(seen_levels(file, name)[0], torch.from_numpy(drawn).float())


@pytest.mark.parametrize("name", list(digits.SAMPLES)[::5])
@pytest.mark.parametrize("epsilon", [3, 80])
def test_a_fooled_digit_is_read_again_with_the_same_answer(name, epsilon):
    with loading.using(OWN) as model:
        fooled = attack(model, digit(name), OWN, method="PGD", goal=GOALS[0], epsilon=epsilon)
    file = load_image(io.BytesIO(to_png(as_file(digit(name), fooled.result, OWN))))
    best = classify(file, OWN, k=1)[0]
    assert best.index == fooled.answers[1]
    assert best.probability == pytest.approx(fooled.after.max(), abs=1e-5)


@needs_weights(SQUEEZE)
@pytest.mark.parametrize("name", ["cat", "astronaut", "page"])
def test_a_fooled_photograph_is_classified_again_with_the_same_answer(name):
    with loading.using(SQUEEZE) as model, untouched(model):
        fooled = attack(model, sample(name), SQUEEZE, method="FGSM", goal=GOALS[0], epsilon=2)
    file = load_image(to_png(as_file(sample(name), fooled.result, SQUEEZE)))
    best = classify(file, SQUEEZE, k=1)[0]
    assert fooled.worked
    assert best.index == fooled.answers[1]
    assert best.probability == pytest.approx(fooled.after.max(), abs=1e-5)


@needs_weights(SQUEEZE)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_can_be_fooled_with_two_grey_levels(name):
    with loading.using(SQUEEZE) as model:
        fooled = attack(model, sample(name), SQUEEZE, method="FGSM", goal=GOALS[0], epsilon=2)
    assert fooled.worked
    assert fooled.largest <= 2


@needs_weights(SQUEEZE)
@pytest.mark.parametrize("name", ["cat", "coffee", "rocket"])
def test_a_photograph_becomes_a_toaster(name):
    """The second exercise of the page has a solution."""
    with loading.using(SQUEEZE) as model:
        fooled = attack(
            model, sample(name), SQUEEZE, method="PGD", goal=GOALS[1], epsilon=2, chosen=859
        )
    assert fooled.answers[1] == 859
    assert fooled.after[859] > 0.9


def test_the_exercises_on_digits_have_solutions():
    with loading.using(OWN) as model:
        little = attack(model, digit(), OWN, method="PGD", goal=GOALS[0], epsilon=24)
        three = attack(model, digit(), OWN, method="PGD", goal=GOALS[1], epsilon=40, chosen=3)
    assert little.worked
    assert three.after[3] > 0.9


# Odd pictures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 100), (300, 3)])
@pytest.mark.parametrize("name", [OWN, "squeezenet1_1"])
def test_tiny_and_even_pictures(size, name):
    image = Image.new("RGB", size, (120, 30, 200))
    with loading.using(name, trained=name == OWN) as model, untouched(model):
        fooled = attack(model, image, name, method="FGSM", goal=GOALS[2], epsilon=5)
    file = as_file(image, fooled.result, name)
    again = seen_levels(file, name)[0].permute(1, 2, 0).numpy()
    assert np.array_equal(again, fooled.result)


def test_a_very_long_picture_is_refused_in_a_sentence():
    with (
        loading.using("squeezenet1_1", trained=False) as model,
        pytest.raises(InputError, match="cut out a part"),
    ):
        attack(
            model,
            Image.new("RGB", (1, 10_000)),
            "squeezenet1_1",
            method="FGSM",
            goal=GOALS[0],
            epsilon=2,
        )


def test_grey_levels_are_what_the_network_gets():
    image = sample("cat")
    with loading.using("squeezenet1_1", trained=False) as model, torch.no_grad():
        expected = model(preprocess(image, "squeezenet1_1"))
        scores = in_levels(model, "squeezenet1_1")
        found = scores(seen_levels(image, "squeezenet1_1"))
        shares = probabilities(scores, seen_levels(image, "squeezenet1_1").repeat(7, 1, 1, 1))
    assert torch.allclose(found, expected, atol=1e-5)
    assert torch.allclose(shares, expected.softmax(1).expand(7, -1), atol=1e-6)


def test_at_once_has_no_say():
    with loading.using(OWN) as model:
        scores, x = in_levels(model, OWN), seen_levels(digit(), OWN)
        limits = torch.arange(fooling.AT_ONCE * 2 + 1)
        found = pgd(scores, x, epsilon=limits, target=7, towards=False)
    assert len(found) == len(limits)
    assert torch.equal(found[0], x[0])
