"""The exercises on Grad-CAM: right answers, and checks that know right from not yet."""

from dataclasses import replace

import numpy as np
import pytest

from cnnlab import features, loading, pretrained, samples
from cnnlab.attribution import grad_cam
from cnnlab.exercises.grad_cam import Scene, lost_layer, misleads, questions
from cnnlab.two_pictures import Place, above, places
from tests.real_weights import needs_weights

CAT = Place("cat", (285,), (0.0, 0.0, 4.0, 8.0))
SCENE = Scene((CAT,), (0, 0, 8, 8), 285, "Egyptian cat", 285, "b", "c")


def spot(row, column):
    values = np.zeros((8, 8))
    values[row, column] = 1.0
    return values


ON, OFF, EMPTY = spot(4, 1), spot(4, 6), np.zeros((8, 8))


def test_the_answers_are_those_of_numpy():
    maps = np.array([[[1, 0], [2, 1]], [[0, 3], [1, 0]]], float)
    slopes = np.array([[[1, 1], [1, 1]], [[-1, 0], [0, -1]]], float)
    weights = slopes.mean((1, 2))
    heat = np.maximum((weights[:, None, None] * maps).sum(0), 0)
    asked = questions()
    assert [q.answer for q in asked[:3]] == [weights[1], heat[1, 0], heat[0, 1]]
    assert asked[3].answer == 32
    for question in asked:
        assert question.answer not in [slip for slip, _ in question.slips]


@pytest.mark.parametrize(
    ("maps", "solved", "words"),
    [
        ([("c", ON), ("b", OFF)], True, "Yes. At b"),
        ([("c", ON), ("b", EMPTY)], True, "the map is empty"),
        ([("c", ON), ("b", ON), ("a", OFF)], False, "still on the cat"),
        ([("c", OFF), ("b", OFF)], False, "a layer nearer to the end"),
    ],
)
def test_the_first_layer_that_misses_the_cat(maps, solved, words):
    check = lost_layer(SCENE, iter(maps), offered=3)
    assert check.solved == solved
    assert words in check.says


def test_no_layer_may_lose_it():
    found = lost_layer(SCENE, iter([("c", ON), ("b", ON)]), offered=2)
    assert found.solved
    assert "no such layer" in found.says


def test_only_as_many_layers_are_computed_as_needed():
    def maps():
        yield "c", OFF
        raise AssertionError("one was enough")

    assert not lost_layer(SCENE, maps(), offered=9).solved


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"places": ()}, "does not know where something lies"),
        ({"target": 3, "category": "tiger shark"}, "“tiger shark” does not name the cat"),
        ({"crop": (0, 0, 4, 8)}, "fills all that the network sees"),
        ({"crop": (5, 0, 8, 8)}, "lies outside of what is cut out"),
    ],
)
def test_what_cannot_be_checked_says_why(changed, words):
    scene = replace(SCENE, **changed)
    for check in (lost_layer(scene, iter([("b", OFF)]), offered=1), misleads(scene, OFF)):
        assert not check.solved
        assert check.says.startswith("Not yet, because")
        assert words in check.says


def test_a_map_misleads_if_the_answer_is_right_and_the_map_is_not():
    scene = replace(SCENE, layer="c")
    assert misleads(scene, OFF).solved
    assert "2 pixels outside the box of the cat" in misleads(scene, OFF).says
    assert not misleads(scene, ON).solved
    assert "the map is right" in misleads(scene, ON).says
    assert "is not the network's answer" in misleads(replace(scene, first_guess=1), OFF).says
    assert "recommended layer, c" in misleads(SCENE, OFF).says


# There are solutions --------------------------------------------------------------------------


def scene(sample, below, *, target=None, layer="features"):
    name = "squeezenet1_0"
    image = samples.sample(sample)
    if below:
        image = above(image, samples.sample(below))
    first = pretrained.classify(image, name, k=1)[0].index
    chosen = first if target is None else target
    category = pretrained.categories(name)[chosen]
    crop = pretrained.crop_box(image, name)
    found = Scene(places(sample, below), crop, chosen, category, first, layer, "features")
    return found, pretrained.preprocess(image, name)


@needs_weights("squeezenet1_0")
def test_squeezenet_loses_the_cat_above_the_cup_at_one_layer():
    model = loading.load("squeezenet1_0").cpu()
    layers = list(reversed(features.spatial_layers(model)))
    _, batch = scene("cat", "coffee", target=285)
    maps = {layer: grad_cam(model, batch, target=285, layer=layer) for layer in layers[:9]}
    solved = [
        layer
        for layer in maps
        if lost_layer(
            scene("cat", "coffee", target=285, layer=layer)[0],
            iter(maps.items()),
            offered=len(layers),
        ).solved
    ]
    assert solved == ["features.9"]


@needs_weights("squeezenet1_0")
@pytest.mark.parametrize(
    ("sample", "below", "solved"),
    [("rocket", "", True), ("writing", "clock", True), ("coffee", "", False), ("cat", "", False)],
)
def test_grad_cam_misleads_on_some_samples(sample, below, solved):
    chosen, batch = scene(sample, below)
    heat = grad_cam(
        loading.load("squeezenet1_0").cpu(), batch, target=chosen.target, layer="features"
    )
    assert misleads(chosen, heat).solved == solved
