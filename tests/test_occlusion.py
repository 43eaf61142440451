"""Occlusion against Captum, against the plain way on every family, and by hand."""

import numpy as np
import pytest
import torch
from captum.attr import Occlusion as CaptumOcclusion
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnlab import compute, digits, loading, occlusion
from cnnlab.checks import InputError
from cnnlab.correspondence import (
    RANDOM,
    SAME_PLACE,
    Part,
    compare_parts,
    part_changes,
    prepared,
    sign_change,
)
from cnnlab.exercises.occlusion import falls_of_a_linear_network, questions
from cnnlab.occlusion import FILLS, filling, grid_shape, occlude, spread, window_boxes
from cnnlab.pretrained import classify, preprocess
from cnnlab.samples import sample
from cnnlab.window_replay import WindowReplay
from cnnlab.window_spans import Span, touched
from tests.real_weights import needs_weights

FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "resnet18",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
    "vgg11",
]


def small(seed=0):
    torch.manual_seed(seed)
    layers = [
        nn.Conv2d(3, 6, 5, stride=2, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(6, 8, 3, padding=2, dilation=2, bias=False),
        nn.ReLU6(inplace=True),
        nn.AvgPool2d(2, 1, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ]
    return nn.Sequential(*layers).eval().requires_grad_(False)


def picture(size=64, seed=0, channels=3):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(1, channels, size, size, generator=random)


def captums(model, image, baseline, target, window, stride):
    channels = image.shape[1]
    with torch.no_grad():
        found = CaptumOcclusion(model).attribute(
            image,
            sliding_window_shapes=(channels, window, window),
            strides=(channels, stride, stride),
            baselines=baseline,
            target=target,
            perturbations_per_eval=8,
        )
    return found[0, 0].numpy()


# Captum --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("window", "stride"), [(16, 8), (15, 7), (20, 20), (9, 4), (64, 5)])
@pytest.mark.parametrize("short", [True, False])
def test_the_map_is_captums_with_its_cut_windows_at_the_border(window, stride, short):
    model, image, baseline = small(), picture(), picture(seed=1)
    found = occlude(model, image, baseline, target=2, window=window, stride=stride, short=short)
    theirs = captums(model, image, baseline, 2, window, stride)
    np.testing.assert_allclose(found.attribution(), theirs, atol=1e-5)
    assert found.short == short


@needs_weights("squeezenet1_0")
def test_the_cat_is_explained_as_captum_does():
    model, image = loading.load("squeezenet1_0"), preprocess(sample("cat"), "squeezenet1_0")
    best = classify(sample("cat"), "squeezenet1_0", k=1)[0]
    before = [(id(p), p._version) for p in model.parameters()]
    found = occlude(model, image, 0 * image, target=best.index, window=48, stride=44)
    theirs = captums(model, image, 0, best.index, 48, 44)
    np.testing.assert_allclose(found.attribution(), theirs, atol=1e-5 * float(abs(theirs).max()))
    assert found.short
    assert found.clean_best == best.index
    assert found.clean_probability == pytest.approx(best.probability, rel=1e-4)
    assert [(id(p), p._version) for p in model.parameters()] == before
    assert not any(m._forward_hooks for m in model.modules())


# The short way -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_the_short_way_gives_the_numbers_of_the_whole_network(name):
    model = loading.load(name, trained=False).cpu()
    image, baseline = picture(80), picture(80, seed=1)
    settings = {"target": 3, "window": 18, "stride": 17}
    layer = {"vgg11": "features.5", "resnet18": "layer1"}.get(name)
    ours = occlude(model, image, baseline, layer=layer, **settings)
    plain = occlude(model, image, baseline, layer=layer, short=False, **settings)
    assert ours.short
    assert not plain.short
    scale = float(np.abs(plain.score).max())
    rounding = 3e-5 if name in ("densenet121", "shufflenet_v2_x0_5") else 1e-5  # many layers
    np.testing.assert_allclose(ours.score, plain.score, atol=rounding * scale)
    np.testing.assert_array_equal(ours.best, plain.best)
    if layer:
        assert ours.channel == plain.channel
        np.testing.assert_allclose(ours.strength, plain.strength, rtol=1e-4)


@pytest.mark.parametrize("name", ["squeezenet1_0", "resnet18", "googlenet", "densenet121"])
def test_the_short_way_computes_only_a_part(name):
    """At 224 pixels, most calls before the last stage have a region."""
    model, image = loading.load(name, trained=False).cpu(), picture(224)
    replay = WindowReplay(model, image, np.array([[96, 96, 128, 128]]), 0 * image)
    parts = [step.region is not None for step in replay._steps]
    assert np.mean(parts) > 0.2
    assert parts[0]


class Adder(nn.Module):
    """Adds in place, calls plain functions, and cuts channels out."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        y = F.relu(self.conv(x), inplace=True)
        y += x
        first = torch.unsqueeze(x[:, 0], 1) * 0.5
        return torch.cat([y, first], 1).mean((2, 3))


def test_functions_that_write_in_place_are_followed():
    torch.manual_seed(0)
    model, image = Adder().requires_grad_(False), picture(20)
    ours = occlude(model, image, 0 * image, target=1, window=4, stride=3)
    plain = occlude(model, image, 0 * image, target=1, window=4, stride=3, short=False)
    assert ours.short
    np.testing.assert_allclose(ours.score, plain.score, atol=1e-6)


class Writer(nn.Module):
    """Writes into a tensor without using what the function returns: this cannot be followed."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        y = self.conv(x)
        torch.clamp_(y, min=0)
        y.mul_(2)
        return y.mean((2, 3))


def test_what_cannot_be_followed_is_computed_the_plain_way():
    torch.manual_seed(0)
    model, image = Writer().requires_grad_(False), picture(20)
    found = occlude(model, image, 0 * image, target=1, window=10, stride=10)
    assert not found.short
    x = image.clone()
    x[:, :, :10, :10] = 0
    assert found.score[0, 0] == pytest.approx(model(x)[0, 1].item(), rel=1e-4)


@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
    start=st.integers(0, 18),
    size=st.integers(1, 5),
)
@settings(max_examples=60)
def test_the_outputs_that_see_a_span_are_those_that_change(
    kernel, stride, dilation, padding, start, size
):
    padding = min(padding, kernel // 2)
    length, stop = 20, min(start + size, 20)
    x = torch.zeros(1, 1, length)
    x[..., start:stop] = 1
    weight = torch.ones(1, 1, kernel)
    y = F.conv1d(x, weight, stride=stride, padding=padding, dilation=dilation)[0, 0]
    changed = np.flatnonzero(y.numpy())
    span = touched(
        Span.of(np.array([start]), np.array([stop]), length),
        kernel_size=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        length=len(y),
    )
    if len(changed):  # between the taps of a dilated kernel nothing may change: a span too wide
        assert span.low[0] <= changed[0]
        assert changed[-1] < span.high[0]
        assert dilation > 1 or (span.low[0], span.high[0]) == (changed[0], changed[-1] + 1)


# By hand -------------------------------------------------------------------------------------


def test_a_linear_network_falls_by_what_the_window_added():
    expected = [[3, 2, -2], [5, 4, 0], [2, 2, 5]]  # worked out by hand
    np.testing.assert_allclose(falls_of_a_linear_network(), expected)


def test_probability_class_and_strength_are_those_of_a_loop():
    model, image, baseline = small(), picture(), picture(seed=3)
    found = occlude(model, image, baseline, target=1, window=24, stride=20, layer="4")
    assert found.score.shape == (3, 3)
    maps = model[:5](image)[0].sum((1, 2))
    assert found.channel == int(maps.argmax())
    assert found.clean_strength == pytest.approx(maps.max().item(), rel=1e-4)
    for place, (top, left, bottom, right) in enumerate(found.boxes):
        x = image.clone()
        x[:, :, top:bottom, left:right] = baseline[:, :, top:bottom, left:right]
        scores = model(x)[0]
        at = divmod(place, 3)
        assert found.score[at] == pytest.approx(scores[1].item(), abs=1e-5)
        assert found.probability[at] == pytest.approx(scores.softmax(0)[1].item(), abs=1e-6)
        assert found.best[at] == int(scores.argmax())
        strength = model[:5](x)[0, found.channel].sum().item()
        assert found.strength[at] == pytest.approx(strength, rel=1e-4, abs=1e-4)


def test_the_digit_network_and_a_picture_of_one_pixel():
    model, batch = digits.load(), digits.preprocess(digits.sample_digit("digit-7-1"))
    found = occlude(model, batch, 0 * batch, target=7, window=6, stride=2, layer="relu2")
    assert found.score.shape == (12, 12)
    assert found.attribution().shape == (28, 28)
    assert found.probability.min() < found.clean_probability
    one = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert occlude(one, picture(1), 0 * picture(1), target=0, window=1, stride=1).score.size == 1


def test_a_constant_picture_behind_its_own_colour_changes_nothing():
    flat = torch.zeros(1, 3, 32, 32)
    found = occlude(small(), flat, flat, target=0, window=8, stride=8)
    assert np.abs(found.attribution()).max() < 1e-5


# Fillings and refusals -----------------------------------------------------------------------


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("name", ["resnet18", "lenet_digits"])
def test_fillings_are_prepared_pictures(fill, name):
    batch = preprocess(sample("cat"), name)
    found = filling(batch, name, fill)
    assert found.shape == batch.shape
    black, white = (filling(batch, name, end) for end in ("black", "white"))
    assert (found >= black - 1e-5).all()
    assert (found <= white + 1e-5).all()
    assert torch.equal(found, filling(batch, name, fill))
    if fill == "blur":
        assert found.var() < batch.var()


def test_bad_settings_are_one_sentence():
    model, image = small(), picture()

    def refused(words, **changed):
        wanted = {"target": 0, "window": 16, "stride": 8, **changed}
        with pytest.raises(InputError, match=words):
            occlude(model, wanted.pop("image", image), wanted.pop("fill", image), **wanted)

    refused("window of 65 pixels is larger than the picture", window=65)
    refused("longer than the window of 16: it would leave gaps", stride=17)
    refused("4096 positions, and 2500 are the most", window=1, stride=1)
    refused("target", target=4)
    refused("gives out no feature maps", layer="9")
    refused("no layer 'nothing'", layer="nothing")
    refused("no numbers", image=image * float("nan"))
    refused(r"one picture, shape \(1, 3, H, W\)", image=image[:, :1])
    with pytest.raises(InputError, match="no filling 'pink'"):
        filling(image, "resnet18", "pink")
    broken = small()
    broken[9].weight.fill_(float("nan"))
    with pytest.raises(InputError, match="answers with values that are no numbers"):
        occlude(broken, image, image, target=0, window=16, stride=8)


def test_it_stops_when_nobody_waits(monkeypatch):
    calls = []

    def leave(fraction):
        calls.append(fraction)
        if fraction > 0:
            raise compute.Cancelled

    monkeypatch.setattr(occlusion, "progress", leave)
    with pytest.raises(compute.Cancelled):
        occlude(small(), picture(), picture(), target=0, window=16, stride=4)
    assert len(calls) == 2


@given(height=st.integers(4, 40), width=st.integers(4, 40), data=st.data())
@settings(max_examples=40)
def test_windows_hide_every_pixel(height, width, data):
    window = data.draw(st.integers(1, min(height, width)))
    stride = data.draw(st.integers(1, window))
    boxes = window_boxes((height, width), window=window, stride=stride)
    assert len(boxes) == np.prod(grid_shape((height, width), window=window, stride=stride))
    ones = spread(np.ones(len(boxes)), boxes, (height, width))
    assert (ones == 1).all()


# Correspondence ------------------------------------------------------------------------------


def test_the_signs_are_counted_as_in_the_paper():
    found = sign_change(np.array([[1, -2, 0.5, -1], [2, -1, -0.5, -1], [1, 1, 0.5, -2]]))
    assert found.total == 8
    assert found.mean == pytest.approx(1 / 3)
    with pytest.raises(InputError, match="two pictures"):
        sign_change(np.ones((1, 4)))


def test_changes_are_the_features_less_those_without_the_part():
    model, image = small(), picture()
    found = part_changes(model, [image, image], [(0, 0, 20, 30)] * 2, layer="1")
    hidden = image.clone()
    hidden[:, :, :20, :30] = image.mean((2, 3), keepdim=True)
    expected = (model[:2](image) - model[:2](hidden)).flatten()
    np.testing.assert_allclose(found["1"][0], expected, atol=1e-5)
    np.testing.assert_allclose(
        found["class scores"][1], (model(image) - model(hidden))[0], atol=1e-5
    )
    assert sign_change(found["1"]).mean == 0


@pytest.mark.parametrize("name", ["resnet18", "lenet_digits"])
def test_parts_lie_inside_their_pictures(name):
    group = prepared(name)
    assert len(group.images) >= 4
    for part in group.parts:
        assert 0 <= part.left <= 1 - group.width
        assert 0 <= part.top <= 1 - group.height


def test_parts_are_compared_with_random_ones():
    model, group = digits.load(), prepared("lenet_digits")
    batches = [digits.preprocess(image) for image in group.images]
    size = (group.width, group.height)
    found = compare_parts(
        model, batches, [*group.parts, Part("mine", 0, 0)], size=size, layer="relu2"
    )
    assert list(found)[-3:] == ["mine", SAME_PLACE, RANDOM]
    again = compare_parts(model, batches, group.parts, size=size, layer="relu2")
    assert again[RANDOM] == found[RANDOM]
    assert all(0 <= value.mean <= 1 for row in found.values() for value in row.values())


# Exercises -----------------------------------------------------------------------------------


def test_the_exercises_have_their_answers():
    assert [question.answer for question in questions()] == [36, 3.0, 3.0, 0.25]
    positions = len(range(0, 224 - 64 + 1, 32)) ** 2
    assert positions == 36
