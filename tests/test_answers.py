"""What a network answers, against bare torchvision, for real weights and for random ones."""

import time

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T

from cnnlab import compute
from cnnlab.answers import Answer, ask, ask_views
from cnnlab.catalogue import weights_of
from cnnlab.checks import InputError
from cnnlab.ensembling import CROPS, combine
from cnnlab.loading import load, using
from cnnlab.pretrained import categories, classify
from cnnlab.samples import sample
from tests.real_weights import needs_weights

REAL = "squeezenet1_0"
FAMILIES = ["mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5", "regnet_y_400mf"]
PHOTOS = ["astronaut", "cat", "coffee", "rocket", "galaxies", "camera"]


def bare(model: torch.nn.Module, name: str, picture: Image.Image) -> torch.Tensor:
    """Return the logits by torchvision's own recipe."""
    with torch.inference_mode():
        return model(weights_of(name).transforms()(picture).unsqueeze(0)).squeeze(0)


def agrees(answer: Answer, logits: torch.Tensor) -> None:
    assert torch.equal(torch.from_numpy(answer.logits), logits)
    assert torch.equal(torch.from_numpy(answer.probabilities), logits.softmax(0))
    labels = categories(answer.name)
    for k in (1, 5, 20):
        expected = logits.softmax(0).topk(k)
        found = answer.top(k)
        assert [guess.index for guess in found] == expected.indices.tolist()
        assert [guess.probability for guess in found] == expected.values.tolist()
        assert [guess.category for guess in found] == [labels[guess.index] for guess in found]


@needs_weights(REAL)
@pytest.mark.parametrize("photo", PHOTOS)
def test_an_answer_is_bare_torchvisions(photo):
    model = torchvision.models.get_model(REAL, weights=weights_of(REAL)).eval()
    agrees(ask(sample(photo), REAL), bare(model, REAL, sample(photo)))


@needs_weights(REAL)
def test_an_answer_is_what_classify_says():
    assert ask(sample("cat"), REAL).predictions == classify(sample("cat"), REAL, k=1000)


@pytest.mark.parametrize("name", FAMILIES)
def test_with_random_numbers_too(name):
    model = load(name, trained=False)
    agrees(ask(sample("cat"), name, trained=False), bare(model, name, sample("cat")))


def test_ranks_count_from_one():
    logits = np.array([0.5, 3.0, 0.5, -1.0], dtype=np.float32)
    answer = Answer(REAL, logits, logits, 0.0, 0.0)
    assert answer.order.tolist() == [1, 0, 2, 3]
    assert answer.ranks == [2, 1, 3, 4]
    assert [guess.category for guess in answer.best] == [categories(REAL)[i] for i in (1, 0, 2, 3)]


def test_all_classes_are_ranked_once():
    answer = ask(sample("coffee"), FAMILIES[0], trained=False)
    assert sorted(answer.ranks) == list(range(1, 1001))
    assert answer.ranks[answer.best[0].index] == 1
    assert 0 < answer.preparing < answer.seconds


@pytest.mark.parametrize("k", [0, 1001])
def test_k_must_fit_the_number_of_classes(k):
    with pytest.raises(InputError, match="k must be at"):
        ask(sample("cat"), FAMILIES[0], trained=False).top(k)


# Several views


def by_torchvision(model: torch.nn.Module, name: str, picture: Image.Image) -> dict:
    """Return the logits for each choice of views by torchvision's own transforms."""
    recipe = weights_of(name).transforms()
    side = recipe.crop_size[0]
    head = T.Resize(recipe.resize_size[0], recipe.interpolation)
    tail = T.Compose([T.ToTensor(), T.Normalize(recipe.mean, recipe.std)])
    cuts = {
        "Middle": lambda x: (T.CenterCrop(side)(x),),
        "Middle and mirrored": lambda x: (
            T.CenterCrop(side)(x),
            T.functional.hflip(T.CenterCrop(side)(x)),
        ),
        "Five crops": T.FiveCrop(side),
        "Ten crops": T.TenCrop(side),
    }
    with torch.inference_mode():
        return {
            crops: torch.cat([model(tail(cut)[None]) for cut in function(head(picture))])
            for crops, function in cuts.items()
        }


def check_views(name: str, *, trained: bool, photo: str) -> None:
    model = load(name, trained=trained)
    expected = by_torchvision(model, name, sample(photo))
    assert expected.keys() == CROPS.keys()
    for crops, logits in expected.items():
        found, seconds = ask_views(sample(photo), name, crops=crops, trained=trained)
        assert torch.equal(torch.from_numpy(found), logits), crops
        assert seconds > 0
        # float64 against float32: as close as the smaller type can be
        torch.testing.assert_close(
            torch.from_numpy(combine(found)).float(), logits.softmax(1).mean(0), atol=1e-6, rtol=0
        )
        torch.testing.assert_close(
            torch.from_numpy(combine(found, mean="logits")).float(),
            logits.mean(0).softmax(0),
            atol=1e-6,
            rtol=0,
        )


@needs_weights(REAL)
def test_views_are_bare_torchvisions():
    check_views(REAL, trained=True, photo="cat")


@pytest.mark.parametrize("name", FAMILIES[:2])
def test_views_with_random_numbers(name):
    check_views(name, trained=False, photo="coffee")


@needs_weights(REAL)
def test_the_first_view_is_the_plain_answer():
    logits, _ = ask_views(sample("cat"), REAL, crops="Middle")
    assert np.array_equal(logits[0], ask(sample("cat"), REAL).logits)


def test_views_report_progress_and_can_be_left():
    queue, ended = compute.WorkQueue(workers=1, capacity=4), []

    def work() -> None:
        try:
            ask_views(sample("cat"), FAMILIES[3], crops="Ten crops", trained=False)
            ended.append("done")
        except compute.Cancelled:
            ended.append("left")

    try:
        with queue.submit("views", work) as ticket:
            while not ticket.fraction:  # until the first view is done
                assert not ticket.wait(0.001)
            assert ticket.fraction in {number / 10 for number in range(1, 10)}
        deadline = time.monotonic() + 20
        while not ended and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ended == ["left"]
    finally:
        queue.shutdown()


def test_nothing_is_left_on_the_shared_network():
    name = FAMILIES[0]
    with using(name, trained=False) as model:
        before = {key: value.clone() for key, value in model.state_dict().items()}
        ask(sample("cat"), name, trained=False)
        ask_views(sample("cat"), name, crops="Ten crops", trained=False)
        with pytest.raises(InputError):
            ask(Image.new("RGB", (1, 1000)), name, trained=False)
        after = model.state_dict()
        assert all(torch.equal(before[key], after[key]) for key in before)
        assert all(not module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (1, 1), "red"),
        Image.new("RGB", (640, 480), (7, 7, 7)),
        Image.new("I;16", (60, 40), 40_000),
        Image.new("RGB", (1, 100)),
        Image.new("RGB", (6000, 4000), "white"),
    ],
    ids=["one pixel", "constant", "16 bits", "long", "huge"],
)
def test_odd_pictures_get_an_answer(picture):
    answer = ask(picture, FAMILIES[0], trained=False)
    assert np.isfinite(answer.logits).all()
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    logits, _ = ask_views(picture, FAMILIES[0], crops="Five crops", trained=False)
    assert np.isfinite(logits).all()
