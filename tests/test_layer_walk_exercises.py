"""The exercises of the walk: each answer against torch."""

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.exercises.layer_walk import questions


def test_there_are_four_and_each_helps_on():
    found = questions()
    assert len(found) == 4
    for question in found:
        assert question.slips
        assert all(answer != question.answer for answer, _ in question.slips)


def test_the_output_of_the_first_pooling():
    model = torchvision.models.resnet18().eval()
    with torch.no_grad():
        output = model.maxpool(model.relu(model.bn1(model.conv1(torch.zeros(1, 3, 224, 224)))))
    assert questions()[0].answer == output.numel() == 200_704
    assert "200,704" in questions()[0].why


def test_the_share_of_zeros_after_relu():
    values = torch.tensor([-2, 1, 0.5, -1, 3, -0.5, 2, -4])
    assert questions()[1].answer == 100 * (values.relu() == 0).double().mean() == 50


def test_the_place_of_a_constant_map():
    maps = torch.stack([torch.full((4, 4), 3.0), torch.rand(4, 4), torch.rand(4, 4) * 5])
    order = maps.flatten(1).var(1, unbiased=False).argsort(descending=True)
    assert order.tolist()[-1] == 0
    assert questions()[2].answer == "last"


@pytest.mark.parametrize(("groups", "slices"), [(1, 1024), (32, 32)])
def test_the_slices_of_a_depthwise_layer(groups, slices):
    weight = nn.Conv2d(32, 32, 3, groups=groups).weight
    assert weight.shape[0] * weight.shape[1] == slices
    question = questions()[3]
    assert question.answer == 32
    assert "1,024 slices" in question.asks
    model = torchvision.models.mobilenet_v2()
    assert model.get_submodule("features.1.conv.0.0").weight.shape == (32, 1, 3, 3)
