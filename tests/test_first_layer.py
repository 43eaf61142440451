"""The first layer of a network, against torch alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torchvision import models

from cnnlab import loading, pretrained, samples
from cnnlab.checks import InputError
from cnnlab.first_layer import first_convolution, first_layer

NAME = "squeezenet1_0"


@pytest.fixture
def _weights(torch_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(torch_home))


@pytest.mark.usefixtures("_weights")
def test_kernels_and_answers_are_torchs() -> None:
    found = first_layer(samples.sample("cat"), NAME)
    model = loading.load(NAME)
    layer = model.get_submodule("features.0")
    batch = pretrained.preprocess(samples.sample("cat"), NAME)
    with torch.inference_mode():
        theirs = nn.functional.conv2d(batch, layer.weight, layer.bias, stride=2)[0]  # type: ignore[arg-type]
    assert found.layer == "features.0"
    assert (found.stride, found.padding) == (2, 0)
    assert (found.weight == layer.weight.detach().numpy()).all()  # type: ignore[operator]
    np.testing.assert_allclose(found.maps, theirs.numpy(), rtol=1e-4, atol=1e-3)  # float32
    assert found.seen.size == (224, 224)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.usefixtures("_weights")
def test_an_answer_reads_the_pixels_of_its_window() -> None:
    found = first_layer(samples.sample("cat"), NAME)
    left, top, right, bottom = found.window(10, 20)
    assert (left, top, right - left, bottom - top) == (40, 20, 7, 7)
    batch = pretrained.preprocess(samples.sample("cat"), NAME)[0]
    bias = loading.load(NAME).get_submodule("features.0").bias[3].item()  # type: ignore[index]
    patch = batch[:, top:bottom, left:right].numpy()
    assert (patch * found.weight[3]).sum() + bias == pytest.approx(found.maps[3, 10, 20], rel=1e-3)


FAMILIES = ("alexnet", "vgg11", "resnet18", "densenet121", "mobilenet_v2", "shufflenet_v2_x0_5")


@pytest.mark.parametrize("name", FAMILIES)
def test_the_first_convolution_is_the_first_to_be_called(name: str) -> None:
    model = models.get_model(name, weights=None).eval()
    called: list[str] = []
    for layer, module in model.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda *_, layer=layer: called.append(layer))
    with torch.inference_mode():
        model(torch.zeros(1, 3, 64, 64))
    assert first_convolution(model) == called[0]
    assert model.get_submodule(called[0]).in_channels == 3


def test_a_network_without_colours_is_refused() -> None:
    with pytest.raises(InputError, match="no convolution that reads red, green and blue"):
        first_convolution(nn.Sequential(nn.Conv2d(1, 2, 3)))
