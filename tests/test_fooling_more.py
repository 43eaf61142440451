"""The linear view, noise, patches and defences, against what they say they are."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab import catalogue, digits, loading
from cnnlab.adversarial_patch import place, places, train_patch, tried
from cnnlab.checks import InputError
from cnnlab.defences import DEFENCES, answers, defend, through
from cnnlab.exercises.fooling import questions
from cnnlab.figures.fooling import epsilon_chart, linear_chart, magnified
from cnnlab.fooling import gradient, in_levels, pgd, probabilities, seen_levels
from cnnlab.linear_view import (
    TOY_WEIGHTS,
    TOY_X,
    expected_gain,
    linear_score,
    linear_view,
    nudged,
    sigmoid,
)
from cnnlab.noise_ascent import from_noise
from tests.real_weights import needs_weights
from tests.shared_model import untouched

FACTS = {
    fact["id"]: fact
    for fact in json.loads(
        (Path(__file__).parent / "golden" / "facts_fooling.json").read_text(encoding="utf-8")
    )
}
OWN = catalogue.OWN
SQUEEZE = "squeezenet1_0"


def digit(name="digit-7-1"):
    return digits.sample_digit(name).convert("RGB")


# The linear view -------------------------------------------------------------------------------


def test_ten_numbers_as_in_the_article():
    """Karpathy, "Breaking linear classifiers on ImageNet", 2015: 5 % becomes 88 %."""
    before, after = FACTS["fool-linear-before"], FACTS["fool-linear-after"]
    x, w = before["given"]["x"], before["given"]["w"]
    assert (list(TOY_X), list(TOY_WEIGHTS)) == (x, w)
    score = linear_score(x, w, before["given"]["b"])
    assert score == before["expect"]["score"]
    assert sigmoid(score) == pytest.approx(before["expect"]["sigmoid"], rel=1e-9)
    moved = nudged(x, w, after["given"]["alpha"])
    assert moved.tolist() == after["expect"]["x_adv"]
    raised = linear_score(moved, w)
    assert (raised, raised - score) == (after["expect"]["score"], after["expect"]["score_gain"])
    assert sigmoid(raised) == pytest.approx(after["expect"]["sigmoid"], rel=1e-9)
    assert FACTS["fool-fgsm-linear"]["expect"]["score"] == linear_score(
        nudged(x, w, FACTS["fool-fgsm-linear"]["given"]["eps"]), w
    )
    least = FACTS["fool-linear-min-alpha"]["expect"]
    assert linear_score(nudged(x, w, least), w) == pytest.approx(0, abs=1e-9)
    assert questions()[1].answer == pytest.approx(least, rel=1e-9)


def test_many_inputs_add_up():
    fact = FACTS["fool-dimension-effect"]
    given = fact["given"]
    found = expected_gain(given["n"], epsilon=given["eps"], mean_weight=given["mean_abs_w"])
    assert found == pytest.approx(fact["expect"], rel=1e-6)
    with pytest.raises(InputError, match="at least 1"):
        expected_gain(0, epsilon=1, mean_weight=1)


def test_the_gradient_of_a_linear_model_is_its_weights():
    weights = torch.tensor(TOY_WEIGHTS).double()

    def scores(x):
        score = x.flatten(1) @ weights
        return torch.stack([score, 0 * score], dim=1)  # the log-odds are the score itself

    x = torch.tensor(TOY_X).double().reshape(1, 1, 2, 5)
    assert torch.equal(gradient(scores, x, target=0).flatten(), weights)


def test_a_linear_network_follows_the_line():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).eval().requires_grad_(False)
    for towards in (True, False):
        view = linear_view(linear, digit(), OWN, target=3, towards=towards)
        np.testing.assert_allclose(view.actual, view.foretold, atol=1e-4)
        slope = linear[1].weight[3].abs() / 255
        rise = float(slope.sum()) * (1 if towards else -1)
        assert view.foretold[-1] - view.foretold[0] == pytest.approx(2 * rise, rel=1e-5)
        assert view.mean_gradient == pytest.approx(float(slope.mean()), rel=1e-5)
        assert view.n == 784


@needs_weights(SQUEEZE)
def test_a_network_bends_away_from_the_line():
    from cnnlab.samples import sample

    with loading.using(SQUEEZE) as model, untouched(model):
        view = linear_view(model, sample("cat"), SQUEEZE, target=859, towards=True)
    assert view.n == 150_528
    step = view.foretold[1] - view.foretold[0]
    assert view.actual[1] - view.actual[0] == pytest.approx(step, rel=0.25)  # near: right
    assert view.actual[-1] < view.foretold[-1] - 10  # further away: not


def test_no_gradient_no_line():
    constant = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)).requires_grad_(False)
    constant[1].weight.zero_()
    with pytest.raises(InputError, match="zero or no number"):
        linear_view(constant, digit(), OWN, target=0, towards=True)


# Noise -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [3, 5])
def test_noise_is_climbed_step_by_step(target):
    with loading.using(OWN) as model, untouched(model):
        scores = in_levels(model, OWN)
        found = from_noise(scores, (1, 28, 28), target=target, seed=1)
        again = probabilities(scores, torch.from_numpy(found.frames).permute(0, 3, 1, 2).float())
    np.testing.assert_allclose(found.shares, again[:, target], atol=1e-6)
    assert found.reached
    assert (found.shares[:-1] <= 0.99).all()
    assert found.shares[-1] > 0.99
    jumps = np.abs(np.diff(found.frames.astype(int), axis=0))
    assert jumps.max() == 2
    assert 0 < found.largest <= 2 * found.steps[-1]
    noise = np.random.default_rng(1).integers(0, 256, size=(1, 28, 28))
    assert np.array_equal(found.frames[0, ..., 0], noise[0])


def test_fewer_frames_keep_both_ends():
    with loading.using(OWN) as model:
        found = from_noise(in_levels(model, OWN), (1, 28, 28), target=3)
    few = found.thinned(4)
    assert (few.steps[0], few.steps[-1], len(few.frames)) == (0, found.steps[-1], 4)
    for step, frame, share in zip(few.steps, few.frames, few.shares, strict=True):
        assert np.array_equal(frame, found.frames[step])
        assert share == found.shares[step]


def test_too_few_steps_do_not_reach():
    with loading.using(OWN) as model:
        found = from_noise(in_levels(model, OWN), (1, 28, 28), target=3, steps=2)
        assert not found.reached
        assert found.steps == [0, 1, 2]
        with pytest.raises(InputError, match="confidence"):
            from_noise(in_levels(model, OWN), (1, 28, 28), target=3, confidence=1)


@needs_weights(SQUEEZE)
def test_noise_is_surely_a_goldfish():
    with loading.using(SQUEEZE) as model:
        found = from_noise(in_levels(model, SQUEEZE), (3, 224, 224), target=1)
    assert found.reached
    assert found.largest <= 16


# A patch ---------------------------------------------------------------------------------------


def test_a_patch_covers_its_place_and_nothing_else():
    x = torch.arange(32.0).reshape(2, 1, 4, 4)
    laid = place(x, torch.full((1, 2, 2), 99.0), top=1, left=2)
    assert (laid[:, :, 1:3, 2:4] == 99).all()
    changed = laid != x
    assert int(changed.sum()) == 8
    for top, left in ((3, 0), (0, 3), (-1, 0)):
        with pytest.raises(InputError, match="sticks out"):
            place(x, torch.zeros(1, 2, 2), top=top, left=left)


def test_places_reach_from_edge_to_edge():
    found = places((28, 20), 8, grid=3)
    assert found[0] == (0, 0)
    assert found[-1] == (20, 12)
    assert len(set(found)) == 9


def test_a_trained_patch_wins_more_often_than_noise():
    with loading.using(OWN) as model, untouched(model):
        scores = in_levels(model, OWN)
        pictures = torch.cat([seen_levels(digit(f"digit-{n}-2"), OWN) for n in range(10)])
        patch = train_patch(scores, pictures, target=8, side=12, steps=120)
        x = seen_levels(digit("digit-7-3"), OWN)  # not among the pictures of the training
        shares, wins = tried(scores, x, patch.pixels, target=8, grid=4)
        noise = np.random.default_rng(0).integers(0, 256, (12, 12, 1)).astype(np.uint8)
        before, _ = tried(scores, x, noise, target=8, grid=4)
        corner = place(x, torch.from_numpy(patch.pixels).permute(2, 0, 1).float(), top=16, left=16)
        last = probabilities(scores, corner)[0]
    assert patch.pixels.shape == (12, 12, 1)
    assert patch.n_pictures == 10
    assert shares.mean() > before.mean() + 0.1
    assert shares[-1, -1] == pytest.approx(float(last[8]), abs=1e-6)
    assert wins[-1, -1] == (int(last.argmax()) == 8)


def test_a_patch_is_the_same_for_the_same_seed():
    with loading.using(OWN) as model:
        scores, x = in_levels(model, OWN), seen_levels(digit(), OWN)
        one, same, other = (
            train_patch(scores, x, target=2, side=5, steps=3, seed=seed).pixels
            for seed in (0, 0, 1)
        )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_patch_must_fit_and_needs_pictures():
    with loading.using(OWN) as model:
        scores, x = in_levels(model, OWN), seen_levels(digit(), OWN)
        with pytest.raises(InputError, match="side must be at most 28"):
            train_patch(scores, x, target=2, side=29)
        with pytest.raises(InputError, match="at least one picture"):
            train_patch(scores, x[:0], target=2, side=5)


@needs_weights(SQUEEZE)
def test_a_patch_makes_a_toaster_of_the_cat():
    from cnnlab.samples import sample

    with loading.using(SQUEEZE) as model, untouched(model):
        scores = in_levels(model, SQUEEZE)
        names = ("astronaut", "coffee", "camera", "rocket", "coins", "grass")
        pictures = torch.cat([seen_levels(sample(name), SQUEEZE) for name in names])
        patch = train_patch(scores, pictures, target=859, side=90, steps=14)
        x = seen_levels(sample("cat"), SQUEEZE)
        _, wins = tried(scores, x, patch.pixels, target=859, grid=3)
    assert len(patch.shares) == 14
    assert wins.mean() > 0.5


# Defences --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DEFENCES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_defence_gives_a_picture_of_the_same_size(kind, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, channels)).astype(np.uint8)
    for strength in (DEFENCES[kind].low, DEFENCES[kind].high):
        found = defend(pixels, kind, strength)
        assert (found.shape, found.dtype) == (pixels.shape, np.uint8)
        assert not np.array_equal(found, pixels)
    even = np.full((20, 30, channels), 77, np.uint8)
    assert np.abs(defend(even, kind, DEFENCES[kind].usual).astype(int) - 77).max() <= 1


def test_defences_that_there_are_not():
    pixels = np.zeros((4, 4, 1), np.uint8)
    with pytest.raises(InputError, match="choose one of jpeg"):
        defend(pixels, "magic", 1)
    with pytest.raises(InputError, match="quality must be at most 95"):
        defend(pixels, "jpeg", 96)
    for sigma in (0.1, 10, float("nan")):
        with pytest.raises(InputError, match=r"σ must be from 0.2 to 3.0 pixels"):
            defend(pixels, "blur", sigma)


def test_the_blur_is_given_in_pixels():
    point = np.zeros((41, 41, 1), np.uint8)
    point[20, 20] = 255
    far = np.arange(-20, 21)[:, None] ** 2
    spread = defend(point, "blur", 2.0)[..., 0].astype(float)
    assert math.sqrt((spread * far).sum() / spread.sum()) == pytest.approx(2.0, abs=0.2)


def test_a_blur_takes_contrast_away():
    board = (255 * (np.indices((16, 16)).sum(0) % 2)).astype(np.uint8)[..., None]
    weak, strong = (defend(board, "blur", strength).std() for strength in (0.4, 2.0))
    assert board.std() > weak > strong


def test_the_way_back_goes_around_the_defence():
    """Forward through the defence; backward the gradient at the defended picture."""
    with loading.using(OWN) as model, untouched(model):
        scores, x = in_levels(model, OWN), seen_levels(digit(), OWN)

        def shift(pixels):
            return defend(pixels, "shift", 2)

        behind = through(scores, shift)
        moved = torch.roll(x, (2, 2), (2, 3))  # the rim of a digit is black all around
        assert torch.allclose(behind(x), scores(moved), atol=1e-5)
        assert torch.allclose(gradient(behind, x, target=4), gradient(scores, moved, target=4))


@needs_weights(SQUEEZE)
def test_who_knows_the_defence_goes_through_it():
    """What the page tells: JPEG brings the cat back, until the attacker knows of it."""
    from cnnlab.samples import sample

    limit, kind = torch.tensor([2]), "jpeg"
    with loading.using(SQUEEZE) as model, untouched(model):
        scores, x = in_levels(model, SQUEEZE), seen_levels(sample("cat"), SQUEEZE)
        behind = through(scores, lambda pixels: defend(pixels, kind, DEFENCES[kind].usual))
        plain = pgd(scores, x, epsilon=limit, target=859, towards=True)
        knowing = pgd(behind, x, epsilon=limit, target=859, towards=True)
        said = [
            int(probabilities(*pair)[0].argmax())
            for pair in ((scores, plain), (behind, plain), (behind, knowing))
        ]
    assert said[0] == 859
    assert said[1] == 285  # Egyptian cat
    assert said[2] != 285


def test_answers_behind_a_defence():
    with loading.using(OWN) as model:
        scores = in_levels(model, OWN)
        pictures = torch.cat([seen_levels(digit(f"digit-{n}-1"), OWN) for n in range(10)])
        plain = probabilities(scores, pictures).argmax(1)
        moved = probabilities(scores, torch.roll(pictures, (6, 6), (2, 3))).argmax(1)
        black = np.zeros((28, 28, 1), np.uint8)
        assert answers(scores, pictures).tolist() == plain.tolist()
        shifted = answers(scores, pictures, lambda pixels: np.roll(pixels, (6, 6), (0, 1)))
        assert shifted.tolist() == moved.tolist() != plain.tolist()
        assert len(set(answers(scores, pictures, lambda pixels: black).tolist())) == 1


# Figures and questions -------------------------------------------------------------------------


def test_the_change_is_magnified_as_it_says():
    change = np.zeros((2, 3, 3), dtype=np.int16)
    change[0, 1] = (5, -5, 2)
    picture, times = magnified(change, epsilon=5)
    assert times == 25
    assert picture.getpixel((1, 0)) == (128 + 125, 128 - 125, 128 + 50)
    assert picture.getpixel((0, 0)) == (128, 128, 128)
    assert magnified(change[..., :1], epsilon=5)[0].mode == "L"


def test_the_charts_hold_their_numbers():
    figure = epsilon_chart(
        [0, 1], [("cat", [0.9, 0.1]), ("toaster", [0.0, 0.8])], ["cat", "toaster"], epsilon=1
    )
    assert [trace.name for trace in figure.data] == ["cat", "toaster"]
    assert [trace.line.dash for trace in figure.data] == ["solid", "dash"]
    assert list(figure.data[1].y) == [0.0, 0.8]
    assert figure.layout.shapes[0].x0 == 1
    line = linear_chart([0, 1], [0, 2], [0, 1.5])
    assert [list(trace.y) for trace in line.data] == [[0, 2], [0, 1.5]]


def test_the_questions_have_their_answers():
    raised, smallest, gain, sentence = questions()
    assert raised.answer == -3 + sum(0.5 * abs(w) for w in TOY_WEIGHTS) == 2
    assert smallest.answer == pytest.approx(0.3)
    assert gain.answer == pytest.approx(math.prod((224, 224, 3)) * 0.0001)
    assert sentence.answer.startswith("No number")
    for answer in (15, 15.05, 15.1):
        assert abs(answer - gain.answer) <= gain.within
    for question, wrong in ((raised, 5), (raised, -0.5), (smallest, 0.6), (gain, 5.02)):
        assert min(abs(wrong - slip) for slip, _ in question.slips) <= max(question.within, 1e-9)
    assert {option for option, _ in sentence.slips} == set(sentence.options) - {sentence.answer}
    for question in (raised, smallest, gain):
        for slip, _ in question.slips:
            assert abs(slip - question.answer) > question.within
