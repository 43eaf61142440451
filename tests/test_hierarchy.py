"""A picture at several layers: against the bare network, for every family."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnlab.checks import InputError
from cnnlab.features import record, spatial_layers
from cnnlab.hierarchy import answers, usual_layers
from cnnlab.loading import using
from cnnlab.pretrained import preprocess
from cnnlab.samples import sample
from tests.test_patches import fingerprint

USUAL = {
    "alexnet": ["features.1", "features.4", "features.11"],
    "convnext_tiny": ["features.1", "features.3", "features.5", "features.7"],
    "densenet121": [
        "features.relu0",
        "features.denseblock1",
        "features.denseblock3",
        "features.norm5",
    ],
    "efficientnet_b0": ["features.1", "features.2", "features.5", "features.8"],
    "googlenet": ["conv1", "conv3", "inception4e", "inception5b"],
    "inception_v3": ["Conv2d_1a_3x3", "Conv2d_3b_1x1", "Mixed_5d", "Mixed_7c"],
    "lenet_digits": ["relu1", "relu2"],
    "mnasnet0_5": ["layers.7", "layers.8", "layers.11", "layers.16"],
    "mobilenet_v3_small": ["features.0", "features.1", "features.8", "features.12"],
    "regnet_y_400mf": [
        "stem",
        "trunk_output.block1",
        "trunk_output.block3",
        "trunk_output.block4",
    ],
    "resnet18": ["relu", "layer1", "layer3", "layer4"],
    "shufflenet_v2_x0_5": ["conv1", "stage2", "stage3", "conv5"],
    "squeezenet1_0": ["features.1", "features.5", "features.10", "features.12"],
    "vgg11": ["features.1", "features.4", "features.14", "features.19"],
}


@pytest.mark.parametrize("name", USUAL)
def test_usual_layers_and_their_answers_in_every_family(name: str) -> None:
    batch = preprocess(sample("cat"), name)
    with using(name, trained=False) as model:
        before = fingerprint(model)
        sizes = spatial_layers(model, size=(batch.shape[2], batch.shape[3]))
        layers = usual_layers(model, sizes)
        assert layers == USUAL[name]
        extents = [sizes[layer][1] * sizes[layer][2] for layer in layers]
        assert extents == sorted(extents, reverse=True)  # ever smaller maps
        found = answers(model, batch, layers=layers)
        for layer in layers:
            with torch.inference_mode(), record(model, layer) as seen:
                seen.model(batch)
            output = seen.output[0]
            means = output.mean((1, 2))
            assert found[layer].shape == tuple(output.shape) == sizes[layer]
            assert found[layer].means.tolist() == sorted(means.tolist(), reverse=True)[:4]
            for channel, mean, values in zip(
                found[layer].channels, found[layer].means, found[layer].maps, strict=True
            ):
                assert means[channel] == mean
                assert torch.equal(torch.from_numpy(values), output[channel])
            row, column = found[layer].peak(0)
            assert found[layer].maps[0][row, column] == found[layer].maps[0].max()
        assert fingerprint(model) == before


def test_one_channel_by_its_number() -> None:
    batch = preprocess(sample("coffee"), "squeezenet1_0")
    with using("squeezenet1_0", trained=False) as model:
        found = answers(model, batch, layers=["features.5"], channel=200)
        with torch.inference_mode(), record(model, "features.5") as seen:
            seen.model(batch)
    assert found["features.5"].channels == [200]
    assert torch.equal(torch.from_numpy(found["features.5"].maps[0]), seen.output[0, 200])


def test_fewer_channels_than_asked_for() -> None:
    tiny = nn.Sequential(nn.Conv2d(1, 2, 1))
    found = answers(tiny, torch.rand(1, 1, 3, 3), layers=["0"], count=9)
    assert sorted(found["0"].channels) == [0, 1]


@pytest.mark.parametrize(
    ("layer", "channel", "words"),
    [
        ("relu9", None, "the network has no layer 'relu9'"),
        ("fc1", None, "the layer 'fc1' has no feature maps; choose another one"),
        ("relu1", 20, "channel must be at most 19, got 20"),
    ],
)
def test_refusals(layer: str, channel: int | None, words: str) -> None:
    batch = torch.zeros(1, 1, 28, 28)
    with using("lenet_digits") as model:
        before = fingerprint(model)
        with pytest.raises(InputError, match=words):
            answers(model, batch, layers=[layer], channel=channel)
        assert fingerprint(model) == before
