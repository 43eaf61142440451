"""The facts about the networks, recomputed where that is cheap."""

import dataclasses

import pytest
import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.catalogue import every_name, facts, names, weights_of
from cnnlab.checks import InputError
from cnnlab.weights import cached_path
from tests.real_weights import needs_weights


def test_every_convolutional_network_and_nothing_else():
    everything = torchvision.models.list_models(module=torchvision.models)
    left_out = {name for name in everything if name not in names()}
    assert {name.split("_")[0] for name in left_out} == {"maxvit", "swin", "vit"}
    assert list(names()) == sorted(names())


@pytest.mark.parametrize("name", every_name())
def test_facts_are_complete_and_plausible(name):
    known = facts(name)
    assert known.name == name
    assert str(weights_of(name)) == known.weights
    assert torchvision.models.get_weight(known.weights).url == known.url
    assert all(getattr(known, field.name) for field in dataclasses.fields(known))
    assert 50 < known.acc1 < known.acc5 < 100
    assert 4 * known.n_params < known.file_bytes * 1.01  # float32, give or take 1 %
    assert 10**7 < known.macs < 2 * 10**12


def test_recommended_weights_are_the_default_ones():
    assert facts("resnet50").weights == "ResNet50_Weights.IMAGENET1K_V2"
    assert facts("resnet50").acc1 == 80.858


def test_the_one_licence_that_differs():
    assert facts("regnet_y_128gf").licence.startswith("https://")
    assert "BSD" in facts("resnet18").licence


@pytest.mark.parametrize("name", ["squeezenet1_0", "shufflenet_v2_x0_5", "mobilenet_v3_small"])
def test_parameters_and_macs_are_those_of_the_network(name):
    model = torchvision.models.get_model(name, weights=None).eval()
    assert sum(p.numel() for p in model.parameters()) == facts(name).n_params
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model(torch.zeros(1, 3, 224, 224))
    macs = counter.get_total_flops() / 2
    assert abs(macs - facts(name).macs) <= 0.5e6  # torchvision gives three digits after the G


@needs_weights("squeezenet1_0")
def test_file_size_is_that_of_the_real_file():
    real = cached_path("squeezenet1_0").stat().st_size
    assert abs(real - facts("squeezenet1_0").file_bytes) <= 0.0005 * 2**20 + 1


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("resnet-50", "did you mean resnet50"),
        ("VGG16", "did you mean vgg16"),
        ("zzz", "cnnlab weights list"),
    ],
)
def test_unknown_names_get_a_hint(name, near):
    with pytest.raises(InputError, match="no network called") as caught:
        facts(name)
    assert near in str(caught.value)


@pytest.mark.parametrize("name", ["fcn_resnet50", "raft_large", "resnet-18", "", None])
def test_what_classifies_nothing_is_refused(name):
    with pytest.raises(InputError, match="torchvision has no network called"):
        weights_of(name)
