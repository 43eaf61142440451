"""A picture on its way into a network: each step equals torchvision's own transforms."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision import transforms as T

from cnnlab.catalogue import OWN, every_name, weights_of
from cnnlab.checks import InputError
from cnnlab.digits import sample_digit
from cnnlab.ensembling import CROPS, view_names
from cnnlab.preprocessing import lost_share, prepare, prepare_digit, view_batches, views
from cnnlab.pretrained import preprocess
from cnnlab.samples import sample

# Bilinear and bicubic, other sizes, other mean values, no margin, a transformer.
SOME = ["resnet18", "efficientnet_b0", "efficientnet_b2", "efficientnet_v2_l", "inception_v3"]
SOME += ["vit_b_16"]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.mode == other.mode and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("size", [(451, 300), (200, 640), (64, 64), (1, 1), (100, 1)])
def test_each_step_is_torchvisions_own(name, size):
    image, recipe = noise(*size), weights_of(name).transforms()
    steps = prepare(image, name)
    resize = T.Resize(recipe.resize_size[0], recipe.interpolation)
    crop = T.CenterCrop(recipe.crop_size[0])
    assert same(steps.original, image)
    assert same(steps.resized, resize(image))
    assert same(steps.cropped, crop(resize(image)))
    assert torch.equal(steps.scaled, T.ToTensor()(crop(resize(image))))
    whole = T.Compose([resize, crop, T.ToTensor(), T.Normalize(recipe.mean, recipe.std)])
    assert torch.equal(steps.normalised, whole(image))
    assert torch.equal(steps.normalised[None], preprocess(image, name))
    assert (steps.resize_size, steps.crop_size) == (min(steps.resized.size), steps.cropped.width)
    assert steps.interpolation == recipe.interpolation.value


@pytest.mark.parametrize("name", every_name())
def test_the_last_step_is_what_every_network_gets(name):
    image = noise(320, 200)
    assert torch.equal(prepare(image, name).normalised[None], preprocess(image, name))


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1", "CMYK", "I;16", "F"])
def test_every_mode_is_taken_as_rgb(mode):
    steps = prepare(Image.new(mode, (30, 20)), "resnet18")
    assert steps.original.mode == "RGB"
    assert steps.normalised.shape == (3, 224, 224)


@settings(max_examples=60)
@given(st.integers(1, 600), st.integers(1, 600), st.sampled_from(SOME))
def test_what_is_lost_is_what_the_crop_leaves_out(width, height, name):
    if max(width, height) > 100 * min(width, height):
        return
    steps = prepare(Image.new("RGB", (width, height)), name)
    resized = steps.resized.width * steps.resized.height
    kept = steps.cropped.width * steps.cropped.height
    lost = lost_share((width, height), steps.box)
    assert lost == pytest.approx(1 - kept / resized, abs=1e-9)
    assert 0 <= lost < 1


def test_lost_shares_by_hand():
    assert lost_share((640, 480), (0, 0, 640, 480)) == 0
    assert lost_share((100, 100), (-10, 20, 110, 80)) == pytest.approx(0.4)
    # 640 × 480 becomes 341 × 256, of which 224 × 224 are kept.
    box = prepare(Image.new("RGB", (640, 480)), "resnet18").box
    assert lost_share((640, 480), box) == pytest.approx(1 - 224 * 224 / (341 * 256))


@pytest.mark.parametrize("function", [prepare, lambda i, n: views(i, n, crops="Ten crops")])
def test_a_thread_of_a_picture_is_refused(function):
    with pytest.raises(InputError, match=r"more than 100 times the other.*cut out a part"):
        function(Image.new("RGB", (1, 10_000)), "resnet18")


# Views


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("size", [(451, 300), (64, 200), (1, 1)])
def test_views_are_torchvisions_five_and_ten_crops(name, size):
    image, recipe = noise(*size), weights_of(name).transforms()
    resized = T.Resize(recipe.resize_size[0], recipe.interpolation)(image)
    side = recipe.crop_size[0]
    expected = {
        "Middle": [T.CenterCrop(side)(resized)],
        "Middle and mirrored": [
            T.CenterCrop(side)(resized),
            T.RandomHorizontalFlip(1.0)(T.CenterCrop(side)(resized)),
        ],
        "Five crops": T.FiveCrop(side)(resized),
        "Ten crops": T.TenCrop(side)(resized),
    }
    assert expected.keys() == CROPS.keys()
    for crops, pictures in expected.items():
        found = views(image, name, crops=crops)
        assert list(found) == list(view_names(crops))
        pairs = zip(found.values(), pictures, strict=True)
        assert all(same(cut, picture) for cut, picture in pairs), crops


@pytest.mark.parametrize("name", SOME)
def test_the_view_of_the_middle_is_what_the_network_gets(name):
    image = sample("cat")
    middle = view_batches(image, name, crops="Middle")["middle"]
    assert torch.equal(middle, preprocess(image, name))


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("crops", CROPS)
def test_batches_of_views_are_the_views_made_tensors(name, crops):
    image, recipe = noise(451, 300), weights_of(name).transforms()
    tail = T.Compose([T.ToTensor(), T.Normalize(recipe.mean, recipe.std)])
    cuts, batches = views(image, name, crops=crops), view_batches(image, name, crops=crops)
    assert list(batches) == list(cuts) == list(view_names(crops))
    assert all(torch.equal(batches[place][0], tail(cuts[place])) for place in cuts)


# The lab's own network


@pytest.mark.parametrize("name", ["digit-0-1", "digit-7-1"])
def test_a_sample_digit_stays_as_it_is(name):
    steps = prepare_digit(sample_digit(name))
    digit = np.asarray(sample_digit(name)) / 255
    assert steps.as_it_was
    assert not steps.inverted
    assert np.array_equal(steps.pixels, digit)
    assert np.allclose(steps.grey, digit)


@pytest.mark.parametrize("size", [(451, 300), (40, 90), (1, 1), (1500, 700)])
def test_the_last_step_is_what_the_digit_network_gets(size):
    steps = prepare_digit(noise(*size))
    expected = preprocess(noise(*size), OWN)[0, 0]
    assert torch.equal(torch.from_numpy(steps.pixels.astype(np.float32)), expected)


@pytest.mark.parametrize(("ground", "ink", "inverted"), [(255, 0, True), (0, 255, False)])
def test_ink_on_paper_is_inverted(ground, ink, inverted):
    page = Image.new("L", (100, 60), ground)
    page.paste(ink, (40, 10, 44, 50))
    steps = prepare_digit(page)
    assert steps.inverted is inverted
    assert steps.grey.shape == (60, 100)
    assert steps.grey[30, 41] == 1
    assert steps.grey[0, 0] == 0
    assert steps.pixels.sum() == 40  # 20 rows of 2 columns


def test_the_digit_network_takes_no_crops():
    digit = sample_digit("digit-2-1")
    batches = view_batches(digit, OWN, crops="Middle and mirrored")
    assert torch.equal(batches["middle"], preprocess(digit, OWN))
    mirrored = preprocess(digit.transpose(Image.Transpose.FLIP_LEFT_RIGHT), OWN)
    assert torch.equal(batches["middle, mirrored"], mirrored)
    assert list(view_batches(digit, OWN, crops="Middle")) == ["middle"]
    with pytest.raises(InputError, match="so there are no ten crops"):
        view_batches(digit, OWN, crops="Ten crops")


def test_views_by_another_name_are_refused():
    with pytest.raises(InputError, match="crops must be one of Middle, "):
        views(Image.new("RGB", (9, 9)), "resnet18", crops="Nine crops")
