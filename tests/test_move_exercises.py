"""The exercises on moved pictures: every answer found in another way."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional as V

from cnnlab import digits
from cnnlab.exercises.move_the_picture import questions
from cnnlab.questions import Question


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    return questions()


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return digits.load()


def test_the_six_that_becomes_a_nine(asked, network) -> None:
    six = digits.preprocess(digits.sample_digit("digit-6-2"))
    read = []
    for angle in range(0, 360, 15):
        turned = V.rotate(six, -angle, interpolation=InterpolationMode.BILINEAR)
        read.append(int(network(turned).argmax()))
    first = read.index(9)
    assert asked[0].answer == 15 * first == 135
    assert read[180 // 15] == 9  # as the hint on 180 says
    wrong = next(place for place, digit in enumerate(read) if digit != 6)
    assert asked[0].slips[1][0] == 15 * wrong
    assert f"but a {read[wrong]}." in asked[0].slips[1][1]


def test_four_pixels_shift_the_maps_by_one_cell(asked, network) -> None:
    three = digits.preprocess(digits.sample_digit("digit-3-1"))
    maps = network[:6]
    assert list(dict(network.named_children()))[5] == "pool2"
    agree = []
    for step in range(1, 9):
        shifted = maps(three.roll(step, dims=3))[..., 1:]
        agree.append(torch.allclose(shifted, maps(three)[..., :-1], atol=1e-4))
    assert agree.index(True) + 1 == asked[1].answer == 4


def test_one_pixel_moves_the_first_layer_most(asked, network) -> None:
    three = digits.preprocess(digits.sample_digit("digit-3-1"))
    shares = []
    for end in (2, 5, 10):  # behind relu1, relu2, and before fc2
        before, after = network[:end](three), network[:end](three.roll(1, dims=3))
        shares.append(float((after - before).norm() / before.norm()))
    place = shares.index(max(shares))
    assert asked[2].answer == asked[2].options[place] == "the first layer"
    for name, share in zip(asked[2].options, shares, strict=True):
        assert f"{name} {share:.2f}" in asked[2].why


def test_no_slip_is_the_answer(asked) -> None:
    for question in asked:
        slips = [slip for slip, _ in question.slips]
        assert question.answer not in slips
        assert len(set(slips)) == len(slips)
        assert not question.options or set(slips) <= set(question.options)
