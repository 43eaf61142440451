"""Boxes from maps: overlap against torchvision, parts against scikit-image, worked examples."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor
from skimage import measure
from torchvision.ops import box_iou

from cnnlab import explaining, loading, samples
from cnnlab.checks import InputError
from cnnlab.exercises.where_is_it import questions
from cnnlab.figures.located import FOUND, TRUE, boxed, masked, overlap_columns
from cnnlab.localisation import (
    RIGHT_FROM,
    RULES,
    Box,
    box_in_view,
    ink_box,
    iou,
    iou_curve,
    level_of,
    locate,
    positive_part,
)
from cnnlab.pretrained import crop_box, preprocess
from cnnlab.sample_boxes import boxes_of
from tests.real_weights import needs_weights

edge = st.integers(0, 40)


@st.composite
def boxes(draw):
    left, top = draw(edge), draw(edge)
    return Box(left, top, left + draw(st.integers(1, 30)), top + draw(st.integers(1, 30)))


def noisy(seed=0, shape=(23, 31)):
    return np.random.default_rng(seed).random(shape) ** 3


# Overlap ---------------------------------------------------------------------------------------


@given(boxes(), boxes())
def test_the_overlap_is_torchvisions(first, second):
    expected = box_iou(torch.tensor([first]).double(), torch.tensor([second]).double()).item()
    assert iou(first, second) == pytest.approx(expected, abs=1e-12)
    assert iou(first, second) == iou(second, first)
    assert iou(first, first) == 1


def test_boxes_apart_and_boxes_without_area_have_no_overlap():
    assert iou(Box(0, 0, 5, 5), Box(5, 0, 9, 5)) == 0
    assert iou(Box(3, 3, 3, 3), Box(3, 3, 3, 3)) == 0
    assert Box(9, 0, 3, 5).area == 0


# Map, threshold, part, box -----------------------------------------------------------------------


def test_simonyans_steps_on_a_small_map():
    heat = np.array(
        [[0, 0, 0, 0, 0], [0, 1, 5, 6, 0], [0, 0, 7, 8, 0], [0, 0, 0, 1, 0], [2, 0, 0, 0, 0]],
        dtype=float,
    )
    found = locate(heat, level=4)
    assert found.box == Box(2, 1, 4, 3)  # columns 2 and 3, rows 1 and 2
    assert (found.n_parts, int(found.mask.sum()), int(found.part.sum())) == (1, 4, 4)
    assert locate(heat, level=1).n_parts == 2


@given(seed=st.integers(0, 200), at=st.floats(0.05, 0.99), rule=st.sampled_from(list(RULES)))
def test_the_box_is_that_of_scikit_images_largest_part(seed, at, rule):
    heat = noisy(seed)
    level = level_of(heat, at=at, rule=rule)
    found = locate(heat, level=level)
    regions = measure.regionprops(measure.label(heat >= level, connectivity=2))
    assert found.n_parts == len(regions)
    largest = max(region.area for region in regions)
    assert found.part.sum() == largest
    fitting = [region.bbox for region in regions if region.area == largest]
    top, left, bottom, right = (found.box[k] for k in (1, 0, 3, 2))
    assert (top, left, bottom, right) in fitting
    assert (found.mask >= found.part).all()


@given(seed=st.integers(0, 50), at=st.floats(0, 1))
def test_the_threshold_leaves_the_share_that_was_asked_for(seed, at):
    heat = noisy(seed)
    below = (heat < level_of(heat, at=at, rule="share of the pixels")).mean()
    assert below == pytest.approx(at, abs=1.5 / heat.size)
    assert level_of(heat, at=at, rule="share of the largest value") == at * heat.max()


def test_zero_never_counts_even_where_the_threshold_is_zero():
    heat = np.zeros((10, 10))
    heat[2:5, 3:7] = 2.0
    level = level_of(heat, at=0.5, rule="share of the pixels")
    assert level == 0
    assert locate(heat, level=level).box == Box(3, 2, 7, 5)


def test_negative_numbers_do_not_speak_for_the_class():
    values = np.array([[-5.0, 1.0], [0.0, 3.0]])
    np.testing.assert_array_equal(positive_part(values), [[0, 1], [0, 3]])


def test_smoothing_keeps_the_sum_inside_and_joins_neighbours():
    heat = np.zeros((41, 41))
    heat[20, 18] = heat[20, 22] = 1.0
    smooth = positive_part(heat, sigma=2.0)
    assert smooth.sum() == pytest.approx(2.0, abs=1e-6)
    assert locate(heat, level=0.5).n_parts == 2
    assert locate(smooth, level=smooth.max() / 2).n_parts == 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros((4, 4)), "nowhere above zero"),
        (-np.ones((4, 4)), "nowhere above zero"),
        (np.ones((4, 4)), "the map is flat"),
        (np.ones((1, 1)), "the map is flat"),
        (np.array([[np.nan, 1.0]]), "no numbers"),
        (np.ones(4), "must have the shape"),
    ],
)
def test_a_map_that_shows_no_place_says_why(values, says):
    for sigma in (0.0, 2.0):
        with pytest.raises(InputError, match=says):
            positive_part(values, sigma=sigma)


def test_a_threshold_that_nothing_reaches_says_so():
    with pytest.raises(InputError, match="nothing in the map reaches"):
        locate(noisy(), level=2.0)
    with pytest.raises(InputError, match="a share from 0 to 1"):
        level_of(noisy(), at=1.2, rule="share of the pixels")
    with pytest.raises(InputError, match="there is no rule"):
        level_of(noisy(), at=0.2, rule="magic")


def test_the_curve_is_what_each_threshold_gives():
    heat, true = positive_part(noisy(3), sigma=2.0), Box(5, 5, 15, 15)
    ats = np.array([0.2, 0.6, 0.9])
    for rule in RULES:
        curve = iou_curve(heat, true, ats=ats, rule=rule)
        for at, fits in zip(ats, curve, strict=True):
            box = locate(heat, level=level_of(heat, at=float(at), rule=rule)).box
            assert fits == iou(box, true)


# Where the object is -----------------------------------------------------------------------------


def test_a_box_moves_into_what_the_network_sees():
    view = Box(144.0, 16.0, 368.0, 240.0)  # what resnet18 sees of 512 × 256 pixels
    assert box_in_view(view, view, width=224, height=224) == Box(0, 0, 224, 224)
    seen = box_in_view(Box(100, 40, 200, 80), view, width=224, height=224)
    assert seen == Box(0, 24, 56, 64)
    with pytest.raises(InputError, match="cut away"):
        box_in_view(Box(0, 0, 100, 100), view, width=224, height=224)


def test_ink_has_a_box():
    light = np.zeros((28, 28))
    light[5:20, 9:12] = 0.9
    light[25, 25] = 0.3  # too faint
    assert ink_box(light) == Box(9, 5, 12, 20)
    with pytest.raises(InputError, match="no stroke"):
        ink_box(np.zeros((28, 28)))


@needs_weights("squeezenet1_0")
def test_what_the_lesson_says_of_the_samples():
    name, model = "squeezenet1_0", loading.load("squeezenet1_0")

    def best(sample, method, target, sigma):
        image = samples.sample(sample)
        batch = preprocess(image, name)
        view = Box(*crop_box(image, name))
        true = box_in_view(Box(*boxes_of(sample)[0].corners), view, width=224, height=224)
        heat = explaining.explain(method, model, batch, target=target).values
        ats = np.round(np.arange(0.04, 1.0, 0.04), 2)
        values = positive_part(heat, sigma=sigma)
        return iou_curve(values, true, ats=ats, rule="share of the pixels"), ats

    curve, ats = best("coffee", "saliency", 967, 3.0)
    assert curve.max() >= 0.65
    assert curve[ats == 0.92][0] < RIGHT_FROM  # as the page opens, it is not yet found
    curve, ats = best("camera", "grad_cam", 872, 3.0)
    assert curve[ats == 0.88][0] >= RIGHT_FROM


# Figures ---------------------------------------------------------------------------------------


def test_boxes_are_drawn_where_they_are():
    ground = Image.new("RGB", (200, 200), (0, 0, 0))
    drawn = boxed(ground, Box(20, 30, 120, 150), None)
    mine = np.all(np.asarray(drawn) == ImageColor.getrgb(FOUND), axis=2)
    rows, columns = np.flatnonzero(mine.any(1)), np.flatnonzero(mine.any(0))
    assert (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) == (20, 30, 120, 150)
    both = np.asarray(boxed(ground, Box(20, 30, 120, 150), Box(0, 0, 200, 200)))
    dashed = np.all(both == ImageColor.getrgb(TRUE), axis=2)
    assert 0.3 < dashed[0].mean() < 0.8  # a dashed line has gaps
    assert boxed(Image.new("L", (28, 28)), Box(0, 0, 1, 1), None).size == (280, 280)


def test_a_mask_leaves_what_is_inside():
    mask = np.zeros((4, 4), dtype=bool)
    mask[1, 2] = True
    shown = masked(Image.new("RGB", (4, 4), (250, 10, 10)), mask)
    assert shown.size == (40, 40)  # enlarged ten times, so that the line has room
    assert shown.getpixel((25, 15)) == (250, 10, 10)
    assert shown.getpixel((20, 10)) == shown.getpixel((29, 19)) == ImageColor.getrgb(FOUND)
    assert shown.getpixel((5, 5)) not in ((250, 10, 10), ImageColor.getrgb(FOUND))
    mask = np.zeros((100, 100), dtype=bool)
    mask[20:60, 30:80] = True
    shown = masked(Image.new("RGB", (100, 100), (250, 10, 10)), mask)
    assert shown.getpixel((50, 40)) == (250, 10, 10)
    assert shown.getpixel((30, 20)) == shown.getpixel((79, 59)) == ImageColor.getrgb(FOUND)


def test_the_columns_mark_the_best_the_present_and_the_right_ones():
    html = overlap_columns(
        np.array([0.2, 0.4, 0.6]), np.array([0.1, 0.7, 0.5]), at=0.58, right_from=0.5
    )
    assert html.count('class="right') == 2
    assert "best 0.70 at 0.40" in html
    assert html.count(' now"') == 1
    assert html.index("<b>best: 0.70</b>") < html.index('class="right now"')


# Exercises -------------------------------------------------------------------------------------


def test_the_exercises_have_their_answers():
    first, second, third = questions()
    pair = torch.tensor([[20.0, 20, 120, 100]]), torch.tensor([[60.0, 40, 140, 100]])
    assert first.answer == pytest.approx(box_iou(*pair).item())
    assert second.answer == "No: the class is wrong"
    assert third.answer == 9
    for question in (first, second, third):
        assert question.answer not in [slip for slip, _ in question.slips]
