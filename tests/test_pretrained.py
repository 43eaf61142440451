"""From a picture to the classes: the same as torchvision, and what the network sees of it."""

import threading

import pytest
import skimage.data
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from torchvision.transforms import functional

from cnnlab.catalogue import names, weights_of
from cnnlab.checks import InputError
from cnnlab.loading import load
from cnnlab.pretrained import (
    MAX_ASPECT,
    Prediction,
    as_seen,
    categories,
    classify,
    crop_box,
    preprocess,
)
from tests.real_weights import needs_weights

# The colour photographs that come inside scikit-image; nothing is downloaded for them.
PHOTOS = ["astronaut", "cat", "coffee", "rocket", "retina", "hubble_deep_field"]
# Different sizes, interpolations and mean values; the third is cut out without a margin.
SOME = ["resnet18", "efficientnet_b0", "efficientnet_b2", "efficientnet_v2_l", "inception_v3"]
REAL = "squeezenet1_0"


def photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(skimage.data, name)()).convert("RGB")


def bare_torchvision(image: Image.Image, k: int) -> list[Prediction]:
    weights = weights_of(REAL)
    model = torchvision.models.get_model(REAL, weights=weights).eval()
    device = next(load(REAL).parameters()).device
    with torch.inference_mode():
        batch = weights.transforms()(image).unsqueeze(0).to(device)
        best = model.to(device)(batch).squeeze(0).softmax(0).topk(k)
    labels = weights.meta["categories"]
    return [
        Prediction(int(index), labels[index], float(share))
        for index, share in zip(best.indices, best.values, strict=True)
    ]


# Preparing a picture


@pytest.mark.parametrize("name", SOME)
def test_preprocess_is_the_weights_own(name):
    image = photo("cat")
    expected = weights_of(name).transforms()(image).unsqueeze(0)
    assert torch.equal(preprocess(image, name), expected)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1", "CMYK", "I;16", "F"])
def test_every_mode_is_taken_as_rgb(mode):
    batch = preprocess(Image.new(mode, (30, 20)), "resnet18")
    assert batch.shape == (1, 3, 224, 224)


@pytest.mark.parametrize("size", [(1, 1), (1, MAX_ASPECT), (MAX_ASPECT, 1), (3, 200), (4000, 41)])
def test_odd_sizes_work(size):
    image = Image.new("RGB", size, (10, 200, 30))
    assert as_seen(preprocess(image, "resnet18"), "resnet18").getpixel((112, 112)) == (10, 200, 30)
    left, top, right, bottom = crop_box(image, "resnet18")
    assert 0 <= left < right <= size[0]
    assert 0 <= top < bottom <= size[1]


@pytest.mark.parametrize("size", [(1, 101), (30_000, 2)])
def test_a_thread_of_a_picture_is_refused(size):
    with pytest.raises(InputError, match="more than 100 times the other; cut out a part"):
        preprocess(Image.new("RGB", size), "resnet18")


@pytest.mark.parametrize("name", SOME)
def test_as_seen_undoes_the_normalisation_exactly(name):
    image, transforms = photo("coffee"), weights_of(name).transforms()
    resized = functional.resize(image, transforms.resize_size, transforms.interpolation)
    expected = functional.center_crop(resized, transforms.crop_size)
    assert as_seen(preprocess(image, name), name).tobytes() == expected.tobytes()


@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 3, 8, 8), (1, 1, 8, 8)])
def test_as_seen_takes_one_colour_picture(shape):
    with pytest.raises(InputError, match="batch must have the shape"):
        as_seen(torch.zeros(shape), "resnet18")


@settings(max_examples=40)
@given(width=st.integers(40, 700), height=st.integers(40, 700), name=st.sampled_from(SOME))
def test_crop_box_is_what_the_network_sees(width, height, name):
    """What lies outside the box is never seen, and its inner border always is."""
    box = crop_box(Image.new("RGB", (width, height)), name)
    crop, short = weights_of(name).transforms().crop_size[0], min(width, height)
    # An output pixel mixes input pixels up to twice this far away (bicubic; bilinear: once).
    reach = 2 * max(1, short / crop) + 1
    outside = Image.new("RGB", (width, height), "red")
    left, top, right, bottom = (round(edge) for edge in box)
    grown = (left - reach, top - reach, right + reach, bottom + reach)
    ImageDraw.Draw(outside).rectangle(grown, fill="black")
    assert as_seen(preprocess(outside, name), name).getextrema() == ((0, 0), (0, 0), (0, 0))

    frame = Image.new("RGB", (width, height), "black")
    ImageDraw.Draw(frame).rectangle((left, top, right - 1, bottom - 1), outline="white", width=4)
    seen = as_seen(preprocess(frame, name), name).convert("L")
    last, far = seen.width - 1, seen.width // 2
    near_edge = round(3 * max(1, crop / short))
    strips = [
        (0, far, near_edge, far + 1),
        (last - near_edge, far, last, far + 1),
        (far, 0, far + 1, near_edge),
        (far, last - near_edge, far + 1, last),
    ]
    for strip in strips:
        assert seen.crop(strip).getextrema()[1] > 60, (strip, box)


@pytest.mark.parametrize("size", [(512, 384), (300, 451), (100, 100)])
def test_crop_box_measures_a_ruler_through_the_real_transform(size):
    """Brightness is the column (or row) number: the middle of the crop's first pixel tells."""
    width, height = size
    box = crop_box(Image.new("RGB", size), "resnet18")
    columns = torch.arange(width).expand(height, width).float()
    rows = torch.arange(height)[:, None].expand(height, width).float()
    transforms = weights_of("resnet18").transforms()
    ruler = transforms(torch.stack([columns, rows, rows]))  # floats stay as they are
    mean, std = (torch.tensor(t)[:, None, None] for t in (transforms.mean, transforms.std))
    x, y, _ = ruler * std + mean
    for seen, low, high in ((x[112], box[0], box[2]), (y[:, 112], box[1], box[3])):
        step = (high - low) / 224
        # Pixel number i covers i to i + 1, so its middle is i + 0.5. The smoothing that goes with
        # making smaller samples its triangle at whole pixels, which moves the mean a little.
        assert float(seen[0]) == pytest.approx(low + step / 2 - 0.5, abs=0.15)
        assert float(seen[-1]) == pytest.approx(high - step / 2 - 0.5, abs=0.15)


@pytest.mark.parametrize("name", names())
def test_every_network_has_its_picture_and_its_labels(name):
    transforms = weights_of(name).transforms()
    crop = transforms.crop_size[0]
    assert transforms.resize_size[0] >= crop  # so the crop never reaches beyond the picture
    assert preprocess(Image.new("RGB", (50, 40)), name).shape == (1, 3, crop, crop)
    assert len(categories(name)) == 1000


def test_labels_are_a_copy():
    categories("resnet18").clear()
    assert len(categories("resnet18")) == 1000


# Classifying, with real weights


@needs_weights(REAL)
@pytest.mark.parametrize(
    ("name", "category", "share"),
    [("cat", "Egyptian cat", 0.71), ("coffee", "espresso", 0.81), ("camera", "tripod", 0.99)],
)
def test_known_photographs_get_known_names(name, category, share):
    best = classify(photo(name), REAL)[0]
    assert best.category == category == categories(REAL)[best.index]
    assert best.probability == pytest.approx(share, abs=0.02)


@needs_weights(REAL)
@pytest.mark.parametrize("name", PHOTOS)
def test_classify_equals_bare_torchvision_exactly(name):
    image = photo(name)
    assert classify(image, REAL) == bare_torchvision(image, 5)


@needs_weights(REAL)
def test_all_classes_add_up_to_one():
    everything = classify(photo("cat"), REAL, k=1000)
    assert sum(p.probability for p in everything) == pytest.approx(1, abs=1e-5)
    assert sorted(p.index for p in everything) == list(range(1000))
    shares = [p.probability for p in everything]
    assert shares == sorted(shares, reverse=True)


@needs_weights(REAL)
def test_threads_share_one_network_and_get_the_serial_answers():
    images = [photo(name) for name in ("cat", "coffee", "rocket", "astronaut")]
    expected = [classify(image, REAL) for image in images]
    wrong = []

    def work(image, answer):
        wrong.extend(1 for _ in range(8) if classify(image, REAL) != answer)

    threads = [
        threading.Thread(target=work, args=pair) for pair in zip(images, expected, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("k", [0, 1001])
def test_k_must_fit_the_number_of_classes(k):
    with pytest.raises(InputError, match="k must be at"):
        classify(Image.new("RGB", (9, 9)), REAL, k=k)
