"""Probabilities of versions: the same as bare torchvision gives."""

import numpy as np
import pytest
import torch
import torchvision

from cnnlab.augmentation import Change
from cnnlab.augmenting import prepare, to_picture, version
from cnnlab.catalogue import weights_of
from cnnlab.checks import InputError
from cnnlab.pretrained import classify, preprocess
from cnnlab.samples import sample
from cnnlab.version_answers import class_probabilities, normalised
from tests.real_weights import needs_weights

REAL = "squeezenet1_0"
CAT = prepare(sample("cat"))


def middle() -> torch.Tensor:
    return version(CAT, [Change("centre_crop")], seed=0, epoch=0)


@pytest.mark.parametrize("name", [REAL, "resnet18"])
def test_the_middle_is_what_the_network_is_tested_with(name):
    """A square of 256 pixels needs no resizing, so the weights' own transform only cuts."""
    assert torch.allclose(
        normalised([middle()], name), preprocess(to_picture(CAT), name), atol=1e-6
    )


@needs_weights(REAL)
def test_the_numbers_are_torchvisions():
    recipe = [Change("random_crop"), Change("flip")]
    pictures = [version(CAT, recipe, seed=0, epoch=epoch) for epoch in range(11)]
    got = class_probabilities(pictures, REAL)  # in two batches
    weights = weights_of(REAL)
    model = torchvision.models.get_model(REAL, weights=weights).eval()
    mean, std = (
        torch.tensor(t)[:, None, None] for t in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    for row, picture in zip(got, pictures, strict=True):
        with torch.inference_mode():
            want = model(((picture / 255 - mean) / std)[None]).softmax(1)[0]
        assert np.allclose(row, want, atol=1e-5)  # batches change the order of sums
    assert got.shape == (11, 1000)


@needs_weights(REAL)
def test_unchanged_it_is_the_answer_of_the_classify_page():
    best = classify(to_picture(CAT), REAL, k=1)[0]
    row = class_probabilities([middle()], REAL)[0]
    assert row.argmax() == best.index
    assert row.max() == pytest.approx(best.probability, abs=1e-4)


def test_without_weights_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="the weights of resnet18"):
        class_probabilities([middle()], "resnet18")
