"""The boxes of the sample pictures: inside the pictures, around the object, rightly named."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.sample_boxes import boxes_of, samples_with_boxes
from cnnlab.samples import SAMPLES, sample


@pytest.mark.parametrize("name", SAMPLES)
def test_boxes_lie_in_their_picture(name: str) -> None:
    width, height = sample(name).size
    boxes = boxes_of(name)
    assert bool(boxes) == (name in samples_with_boxes())
    for box in boxes:
        assert 0 <= box.left < box.right <= width
        assert 0 <= box.top < box.bottom <= height


def test_the_box_of_the_horse_holds_its_silhouette_and_little_more() -> None:
    black = np.argwhere(np.asarray(sample("horse").convert("L")) < 128)  # rows, columns
    (top, left), (bottom, right) = black.min(0), black.max(0) + 1
    assert np.abs(np.subtract(boxes_of("horse")[0].corners, (left, top, right, bottom))).max() <= 4


def test_class_numbers_are_those_of_the_names() -> None:
    from cnnlab.pretrained import categories

    names = categories("squeezenet1_0")
    said = {box.label: {names[i] for i in box.classes} for s in SAMPLES for box in boxes_of(s)}
    assert said == {
        "cat": {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"},
        "model of a space shuttle": {"space shuttle"},
        "cup of espresso": {"coffee mug", "espresso", "cup"},
        "rocket": {"missile", "projectile"},
        "tripod": {"tripod"},
        "camera": {"Polaroid camera", "reflex camera"},
        "horse": {"sorrel"},
        "clock": {"analog clock", "wall clock"},
    }


def test_an_unknown_sample_is_named() -> None:
    with pytest.raises(InputError, match="no sample 'dog'"):
        boxes_of("dog")
