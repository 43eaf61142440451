"""The measures of trust: by definition, on a linear network by hand, with real weights."""

import itertools
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import ndimage, stats
from skimage.metrics import structural_similarity
from torch import nn

from cnnlab import compute, digits, loading, trust
from cnnlab.checks import InputError
from cnnlab.explaining import METHODS, explain
from cnnlab.pretrained import preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights
from tests.shared_model import fingerprint, untouched

SIDE = 6


class TwoClasses(nn.Module):
    """Scores (w · x, 0): the probability of class 0 is the sigmoid of w · x."""

    def __init__(self, weights):
        super().__init__()
        self.sum = nn.Conv2d(1, 1, SIDE, bias=False)
        self.sum.weight.data = torch.tensor(weights, dtype=torch.float32)[None, None]
        self.eval().requires_grad_(False)

    def forward(self, x):
        score = self.sum(x).flatten(1)
        return torch.cat([score, 0 * score], dim=1)


def linear(seed=0):
    random = np.random.default_rng(seed)
    weights, image = random.normal(size=(2, SIDE, SIDE))
    return TwoClasses(weights), torch.tensor(image[None, None], dtype=torch.float32), weights


def small(seed=0):
    torch.manual_seed(seed)
    layers = [
        nn.Conv2d(3, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.Conv2d(6, 8, 3),
        nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 4),
    ]
    return nn.Sequential(*layers).eval().requires_grad_(False)


def colours(side=24, seed=0):
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(seed))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# Similarity ----------------------------------------------------------------------------------


@settings(max_examples=60)
@given(some.lists(some.integers(-4, 4), min_size=2, max_size=30), some.randoms())
def test_the_rank_correlation_is_scipys(numbers, random):
    one = np.array(numbers, float)
    other = np.array([random.choice(numbers) for _ in numbers], float)
    found = trust.spearman(one, other)
    if len(set(one)) == 1 or len(set(other)) == 1:
        assert found == 0
    else:
        assert found == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-6)


def test_similarity_compares_absolute_values_at_one_scale():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 20, 20))
    rank, ssim = trust.similarity(one, other)
    a, b = np.abs(one), np.abs(other)
    assert rank == pytest.approx(stats.spearmanr(a.ravel(), b.ravel()).statistic, abs=1e-6)
    assert ssim == pytest.approx(
        structural_similarity(a / a.max(), b / b.max(), data_range=1), abs=1e-6
    )
    assert trust.similarity(one, 100 * other) == (rank, ssim)
    assert trust.similarity(one, 0 * other)[0] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (2, 9), (28, 28)])
def test_similarity_of_maps_of_any_size(shape):
    values = np.random.default_rng(0).normal(size=shape)
    rank, ssim = trust.similarity(values, values)
    assert rank == (1 if values.size > 1 else 0)
    assert ssim == 1


# Randomised weights --------------------------------------------------------------------------


def test_layers_forget_from_the_top_down():
    model, image = small(), colours()
    changed = []
    with untouched(model):
        for names, twin in trust.randomised(model, image, 3, target=0):
            changed.append(
                {
                    name
                    for name, new in twin.named_parameters()
                    if new is not dict(model.named_parameters())[name]
                }
            )
            last = names
    assert last == ("7", "3", "1", "0")
    assert changed[0] == {"7.weight", "7.bias"}
    assert changed[1] == changed[0] | {"3.weight", "3.bias", "1.weight", "1.bias"}
    assert changed[2] == set(dict(model.named_parameters()))


def test_the_new_numbers_are_those_of_an_untrained_network():
    model = nn.Sequential(
        nn.Conv2d(3, 64, 5), nn.BatchNorm2d(64), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 50)
    )
    model[1].running_mean += 3
    model.eval().requires_grad_(False)
    *_, (_, twin) = trust.randomised(model, colours(8), 2)
    assert float(twin[0].weight.std()) == pytest.approx((2 / 75) ** 0.5, rel=0.05)
    assert float(twin[4].weight.std()) == pytest.approx((2 / 1024) ** 0.5, rel=0.05)
    assert abs(float(twin[4].weight.mean())) < 0.001
    assert not twin[0].bias.any()
    assert not twin[1].running_mean.any()
    assert bool((twin[1].running_var == 1).all())
    assert bool((model[1].running_mean == 3).all())


def test_the_numbers_come_from_the_seed():
    model, image = small(), colours()
    first, again, other = (
        trust.cascade(model, image, "saliency", target=1, seed=seed) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.maps, again.maps)
    assert not np.array_equal(first.maps, other.maps)
    assert first.counts == (1, 3, 4)  # three layers with weights, so three stages
    assert [trust.similarity(first.original, new)[0] for new in first.maps] == list(first.ranks)


def test_a_map_that_looks_only_at_the_picture_stays_as_it_is():
    image = colours()
    found = trust.cascade(small(), image, lambda network: image[0].sum(0).numpy())
    assert found.ranks.tolist() == [1, 1, 1]
    assert found.ssims.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "convnext_tiny", "googlenet"]
)
def test_every_family_can_forget_and_still_answers_in_numbers(name):
    model = loading.load(name, trained=False).cpu()
    with untouched(model):
        found = trust.cascade(model, colours(64), "saliency", target=3, n_stages=2)
    assert found.counts[-1] == sum(
        any(True for _ in module.parameters(recurse=False)) for module in model.modules()
    )
    assert np.isfinite(found.maps).all()
    assert found.maps[-1].any()


@needs_weights("squeezenet1_0")
def test_random_weights_destroy_grad_cam_and_saliency_but_hardly_guided_backpropagation():
    model = loading.load("squeezenet1_0")
    means = {}
    with untouched(model):
        for method, name in itertools.product(
            ("grad_cam", "saliency", "guided_backprop"), ("cat", "coffee")
        ):
            batch = preprocess(sample(name), "squeezenet1_0")
            target = int(model(batch).argmax())
            found = trust.cascade(model, batch, method, target=target)
            means[method, name] = float(found.ranks.mean())
    for name in ("cat", "coffee"):
        assert means["grad_cam", name] < 0.3
        assert means["saliency", name] < 0.45
        assert means["guided_backprop", name] > 0.5
        assert means["guided_backprop", name] > means["saliency", name] + 0.2


# Deletion and insertion ----------------------------------------------------------------------


def test_deletion_of_a_linear_network_in_closed_form():
    model, image, weights = linear()
    adds = weights * image[0, 0].numpy()  # what each pixel adds to the score
    found = trust.deletion(model, image, adds, target=0, n_steps=adds.size)
    left = np.sort(adds.ravel())[::-1]
    expected = sigmoid(left.sum() - np.concatenate([[0], np.cumsum(left)]))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)
    np.testing.assert_allclose(found.shares, np.linspace(0, 1, adds.size + 1))
    heights = (expected[1:] + expected[:-1]) / 2
    assert found.area == pytest.approx(heights.mean(), abs=1e-6)


def test_insertion_of_a_linear_network_in_closed_form():
    model, image, weights = linear(1)
    sharp, soft = (weights * x[0, 0].numpy() for x in (image, trust.blurred(image)))
    found = trust.insertion(model, image, sharp, target=0, n_steps=sharp.size)
    order = np.argsort(-sharp.ravel())
    gains = (sharp - soft).ravel()[order]
    expected = sigmoid(soft.sum() + np.concatenate([[0], np.cumsum(gains)]))
    np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)


def test_no_order_deletes_a_linear_network_faster_than_what_its_pixels_add():
    model, image, weights = linear(2)
    adds = weights * image[0, 0].numpy()
    best = trust.deletion(model, image, adds, target=0, n_steps=adds.size).area
    worst = trust.deletion(model, image, -adds, target=0, n_steps=adds.size).area
    chance = trust.random_areas(model, image, target=0, n_steps=adds.size)
    assert chance.shape == (3, 2)
    assert best < chance[:, 0].min() <= chance[:, 0].max() < worst


@pytest.mark.parametrize("tile", [1, 2, 5])
def test_pixels_change_one_after_the_other_in_the_order_of_their_tiles(tile):
    random = np.random.default_rng(0)
    values = random.normal(size=(11, 8))
    order = trust.pixel_order(values, tile=tile)
    assert sorted(order.ravel()) == list(range(88))
    means = []
    for top, left in itertools.product(range(0, 11, tile), range(0, 8, tile)):
        part = (slice(top, top + tile), slice(left, left + tile))
        places = np.sort(order[part].ravel())
        assert (np.diff(places) == 1).all()  # a tile goes as a whole
        means.append((places[0], values[part].mean()))
    assert [mean for _, mean in sorted(means)] == sorted((m for _, m in means), reverse=True)


def test_chance_decides_between_equal_values():
    values = np.zeros((20, 20))
    values[3, 4] = 1
    one, other = (trust.pixel_order(values, seed=seed) for seed in (0, 1))
    assert one[3, 4] == other[3, 4] == 0
    assert (one != other).mean() > 0.9
    assert abs(np.corrcoef(one.ravel(), np.arange(400))[0, 1]) < 0.2  # not row after row


def test_the_pictures_on_the_way():
    first, last = torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 2, 2)
    order = np.array([[3, 1], [0, 2]])
    pictures = trust.mixed(first, last, order, [0, 1, 3, 4])
    assert pictures[:, 0].tolist() == [
        [[0, 0], [0, 0]],
        [[0, 0], [1, 0]],
        [[0, 1], [1, 1]],
        [[1, 1], [1, 1]],
    ]


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (28, 28)])
def test_the_blur_is_scipys(shape):
    image = torch.randn(1, 3, *shape, dtype=torch.float64)
    theirs = ndimage.gaussian_filter(image.numpy(), (0, 0, 5, 5), mode="nearest", truncate=3)
    np.testing.assert_allclose(trust.blurred(image).numpy(), theirs, atol=1e-9)


@needs_weights("squeezenet1_0")
def test_grad_cam_names_the_pixels_of_the_cat_better_than_chance():
    model = loading.load("squeezenet1_0")
    batch = preprocess(sample("cat"), "squeezenet1_0")
    target = int(model(batch).argmax())
    values = explain("grad_cam", model, batch, target=target).values
    how = {"target": target, "n_steps": 10, "tile": 16}
    with untouched(model):
        down = trust.deletion(model, batch, values, **how)
        up = trust.insertion(model, batch, values, **how)
        (by_chance,) = trust.random_areas(model, batch, n_orders=1, **how)
    with torch.inference_mode():
        whole = float(model(batch).softmax(1)[0, target])
    assert down.probabilities[0] == pytest.approx(whole, abs=1e-5)
    assert up.probabilities[-1] == pytest.approx(whole, abs=1e-5)
    assert down.area < 0.8 * by_chance[0]
    assert up.area > by_chance[1] + 0.2


# Pointing game -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "distance", "hit"), [(5, 0, True), (3, 10.5, True), (2, 20.5, False)]
)
def test_a_maximum_near_the_box_still_hits(column, distance, hit):
    values = np.zeros((10, 10))
    values[5, column] = 1.0
    # a cell is 10 pixels wide; the view begins at x = 4: the middle of cell 3 lies at x = 39
    found = trust.point(values, [(49.5, 0, 80, 100)], view=(4, 0, 104, 100))
    assert (found.x, found.y) == pytest.approx((4 + 10 * column + 5, 55))
    assert (found.distance, found.hit) == (pytest.approx(distance), hit)


def test_how_often_a_place_by_lot_would_hit():
    values = np.arange(16.0).reshape(4, 4)
    half = trust.point(values, [(0, 0, 50, 100)], view=(0, 0, 100, 100), tolerance=0)
    assert half.by_chance == 0.5
    near = trust.point(values, [(0, 0, 50, 100)], view=(0, 0, 100, 100), tolerance=13)
    assert near.by_chance == 0.75  # the middles of the third column lie 12.5 beside the box
    assert trust.point(values, [(0, 0, 99, 99)], view=(20, 20, 80, 80)).by_chance == 1


def test_the_nearest_box_counts():
    values = np.eye(4)[::-1] * np.arange(4)  # largest at the lower left... of row 3, column 0
    row, column = np.unravel_index(values.argmax(), values.shape)
    found = trust.point(values, [(0, 0, 1, 1), (90, 0, 100, 10)], view=(0, 0, 100, 100))
    assert (found.x, found.y) == (25 * column + 12.5, 25 * row + 12.5)
    assert found.distance == pytest.approx(
        min(np.hypot(found.x - 1, found.y - 1), np.hypot(max(90 - found.x, 0), found.y - 10))
    )


# All methods, and what cannot be measured ----------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_be_measured_on_a_digit(method):
    model, batch = digits.load(), digits.preprocess(digits.sample_digit("digit-7-1"))
    with untouched(model):
        found = trust.cascade(model, batch, method, target=7, n_stages=2)
        down = trust.deletion(model, batch, found.original, target=7, tile=2)
        up = trust.insertion(model, batch, found.original, target=7, tile=2)
    assert found.maps.shape == (2, 28, 28)
    assert 0 <= down.area < up.area <= 1


def test_bad_input_is_one_sentence():
    model, image, weights = linear()
    with pytest.raises(InputError, match="the same value everywhere"):
        trust.deletion(model, image, np.zeros((SIDE, SIDE)), target=0)
    with pytest.raises(InputError, match=r"the map has the shape \(3, 3\), the picture \(6, 6\)"):
        trust.insertion(model, image, np.eye(3), target=0)
    with pytest.raises(InputError, match="the picture holds values that are no numbers"):
        trust.deletion(model, image * np.nan, weights, target=0)
    with pytest.raises(InputError, match="the map holds values that are no numbers"):
        trust.deletion(model, image, weights * np.inf, target=0)
    with pytest.raises(InputError, match="target"):
        trust.deletion(model, image, weights, target=2)
    with pytest.raises(InputError, match="one picture"):
        trust.deletion(model, colours(), weights, target=0)
    with pytest.raises(InputError, match="the network answers with values that are no numbers"):
        trust.deletion(TwoClasses(weights * np.nan), image, weights, target=0)
    with pytest.raises(InputError, match="the map is empty"):
        trust.cascade(model, image, lambda network: np.zeros((2, 2)))
    with pytest.raises(InputError, match="no map of finite numbers"):
        trust.cascade(model, image, lambda network: np.full((2, 2), np.nan))
    with pytest.raises(InputError, match="needs a target"):
        trust.cascade(model, image, "saliency")
    with pytest.raises(InputError, match="needs a box"):
        trust.point(weights, [], view=(0, 0, 1, 1))
    with pytest.raises(InputError, match="points nowhere"):
        trust.point(0 * weights, [(0, 0, 1, 1)], view=(0, 0, 1, 1))


def test_the_shared_network_is_the_same_after_an_error():
    model = small()

    def fails(network):
        if network is model:
            return np.eye(4)
        raise RuntimeError("on purpose")

    with untouched(model), pytest.raises(RuntimeError, match="on purpose"):
        trust.cascade(model, colours(), fails)


def test_the_shared_network_is_the_same_after_everyone_has_left():
    model, image, begun, left = small(), colours(), threading.Event(), threading.Event()
    before = fingerprint(model)

    def look(network):
        if network is not model:
            begun.set()
            assert left.wait(10)
        compute.progress(0.5)
        return np.eye(24)

    queue = compute.WorkQueue(workers=1, capacity=2)
    try:
        with queue.submit("x", lambda: trust.cascade(model, image, look, n_stages=3)) as ticket:
            assert begun.wait(10)
        left.set()
        with pytest.raises(compute.Cancelled):
            ticket.result()
    finally:
        queue.shutdown()
    with untouched(model):
        assert fingerprint(model) == before
