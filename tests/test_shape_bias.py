"""Who wins a conflict of cues, and how often; and the networks' own answers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cnnlab import digits, loading, samples
from cnnlab.checks import InputError
from cnnlab.cue_answers import answers_to, conflicts, seen_pixels
from cnnlab.cues import Recipe, conflict, patch_shuffle
from cnnlab.exercises.texture_or_shape import questions
from cnnlab.pretrained import preprocess
from cnnlab.sample_boxes import boxes_of
from cnnlab.shape_bias import judge, shape_bias
from tests.real_weights import needs_weights

OWN = "lenet_digits"


def test_the_first_guess_decides_and_groups_are_added_up():
    p = np.array([0.1, 0.3, 0.25, 0.35])
    one = judge(p, shape={0, 1}, texture={2})
    assert (one.winner, one.ahead, one.guess) == ("neither", "shape", 3)
    assert (one.shape, one.texture) == pytest.approx((0.4, 0.25))
    assert judge(p, shape={0}, texture={3}).winner == "texture"
    assert judge(p, shape={3}).winner == "shape"
    assert judge(np.array([1.0, 0.0, 0.0]), shape={1}, texture={2}).ahead == "neither"


def test_a_class_cannot_stand_for_both():
    with pytest.raises(InputError, match="neither cue could win"):
        judge(np.ones(3) / 3, shape={0, 1}, texture={1})
    with pytest.raises(InputError, match="no numbers"):
        judge(np.array([np.nan, 1.0]), shape={0})


@given(st.lists(st.sampled_from(["shape", "texture", "neither"])))
def test_the_shape_bias_is_geirhos_ratio(winners):
    bias = shape_bias(winners)
    shape, texture = winners.count("shape"), winners.count("texture")
    if shape + texture:
        assert bias == pytest.approx(shape / (shape + texture))
    else:
        assert bias is None


# The network -----------------------------------------------------------------------------------


def test_pixels_go_to_the_network_as_they_are():
    image = digits.sample_digit("digit-4-1")
    pixels = seen_pixels(image, OWN)
    assert pixels.shape == (28, 28, 3)
    model = loading.load(OWN)
    with torch.inference_mode():
        expected = model(preprocess(image, OWN)).softmax(1).numpy()[0]
    found = answers_to([pixels, 255 - pixels], OWN)
    np.testing.assert_allclose(found[0], expected, atol=1e-4)
    with torch.inference_mode():  # dark on light stays so: it is not turned round
        inverted = model(1 - preprocess(image, OWN)).softmax(1).numpy()[0]
    np.testing.assert_allclose(found[1], inverted, atol=1e-4)


@needs_weights("squeezenet1_0")
def test_a_photograph_is_answered_as_by_torchvision():
    image, name = samples.sample("cat"), "squeezenet1_0"
    model = loading.load(name)
    with torch.inference_mode():
        expected = model(preprocess(image, name)).softmax(1).numpy()[0]
    found = answers_to([seen_pixels(image, name)], name)[0]
    np.testing.assert_allclose(found, expected, atol=0.01)  # pixels are whole numbers here


@needs_weights("squeezenet1_0")
def test_what_the_lesson_says_of_the_samples():
    name = "squeezenet1_0"
    seen = {s: seen_pixels(samples.sample(s), name) for s in ("cat", "coffee", "rocket")}
    classes = {s: frozenset(c for b in boxes_of(s) for c in b.classes) for s in seen}

    def won(cue, shape, texture, recipe):
        pixels = conflict(cue, seen[shape], seen[texture], recipe)
        answer = answers_to([pixels], name)[0]
        return judge(answer, shape=classes[shape], texture=classes[texture]).winner

    assert won("fine", "cat", "coffee", Recipe()) == "texture"
    assert won("fine", "coffee", "cat", Recipe(patches=3)) == "texture"
    assert won("inside", "rocket", "coffee", Recipe()) == "shape"
    shuffled = {n: patch_shuffle(seen["cat"], n=n, seed=0) for n in (4, 8)}
    winners = [
        judge(a, shape=classes["cat"]).winner for a in answers_to([*shuffled.values()], name)
    ]
    assert winners == ["shape", "neither"]


def test_the_digit_network_follows_the_shape():
    names = [f"digit-{d}-1" for d in range(10)]
    seen = {name: seen_pixels(digits.sample_digit(name), OWN) for name in names}
    classes = {name: frozenset({digits.label_of(name)}) for name in names}
    recipe = Recipe(sigma=0.8, dark_ground=True)
    found = conflicts(
        seen, classes, lambda one, other: conflict("fine", seen[one], seen[other], recipe), OWN
    )
    assert len(found) == 90
    assert all(c.shape != c.texture for c in found)
    bias = shape_bias([c.verdict.winner for c in found])
    assert bias is not None
    assert bias > 0.9


def test_too_few_pictures_are_refused():
    x = np.zeros((28, 28, 3), dtype=np.uint8)
    with pytest.raises(InputError, match="fewer than two"):
        conflicts({"a": x}, {"a": frozenset({1})}, lambda a, b: x, OWN)
    with pytest.raises(InputError, match="no picture"):
        answers_to([], OWN)


def test_asking_leaves_the_shared_network_as_it_was():
    model = loading.load(OWN)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    answers_to([np.zeros((28, 28, 3), dtype=np.uint8)] * 5, OWN)
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


# Exercises -------------------------------------------------------------------------------------


def test_the_exercises_have_their_answers():
    first, second, third = questions()
    assert first.answer == 3 / 12
    assert second.answer == 224 * 224 / 16
    assert third.answer == "Its texture"
    for question in (first, second, third):
        assert question.answer not in [slip for slip, _ in question.slips]
