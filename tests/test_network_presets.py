"""Well-known networks as designs: nothing of what they cost is lost, and none is offered twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cnnlab.architectures import NETWORKS
from cnnlab.checks import InputError
from cnnlab.cost import summarize, totals
from cnnlab.layers import Block, Conv2d, Pool2d, Residual
from cnnlab.network_presets import NETWORK_PRESETS, text_of
from cnnlab.network_text import network_from_text

REFUSED = {
    "googlenet": "GoogLeNet cannot be a design: it has branches side by side",
    "squeezenet1_0": "it has branches side by side",
    "densenet121": "it stacks maps of earlier layers",
    "resnet101": "at most 200 layers here, this has 345",
    "resnet152": "at most 200 layers here, this has 515",
    "se_resnet50": "it has gates",
    "efficientnet_b0": "it has gates",
    "mobilenet_v3_large": "it has gates",
    "inception_v3": "it has branches side by side",
    "shufflenet_v2_x1_0": "it has branches side by side",
    "convnext_tiny": "it has layer norm",
    "inception_v2": "it has branches side by side",
    "nasnet_mobile": "it has branches side by side",
    "highway50": "it mixes its input with what is new by gates",
    "resnet110_stochastic": "its shortcuts add maps of zeros",
}


@pytest.mark.parametrize("key", [key for key in NETWORKS if key not in REFUSED])
def test_a_network_and_its_design_cost_the_same(key: str) -> None:
    design = network_from_text(text_of(NETWORKS[key]))
    found, meant = totals(summarize(design.layers, design.input_shape)), NETWORKS[key].total
    assert (found.n_params, found.macs) == (meant.n_params, meant.macs)
    assert found.output_shape == meant.output_shape


@pytest.mark.parametrize("key", REFUSED)
def test_why_a_network_cannot_be_a_design(key: str) -> None:
    with pytest.raises(InputError, match=REFUSED[key]):
        text_of(NETWORKS[key])


@pytest.mark.parametrize(
    ("layer", "why"),
    [
        (Residual((Block((Residual((Conv2d(3, 1),)),)),)), "cannot stand in another one"),
        (Pool2d(3, ceil_mode=True), "no way to say"),
    ],
)
def test_layers_that_a_design_cannot_say(layer: Residual | Pool2d, why: str) -> None:
    with pytest.raises(InputError, match=f"LeNet-5 cannot be a design: .*{why}"):
        text_of(replace(NETWORKS["lenet5"], stages=(Block((layer,)),)))


def test_names_and_groups_of_layers_are_left_out() -> None:
    stages = (Block((Block((Conv2d(4, 3, name="first"),)), Residual((Block((Conv2d(4, 1),)),)))),)
    assert text_of(replace(NETWORKS["lenet5"], stages=stages)) == "1x32x32_c4k3_res_c4k1_add"


def test_each_network_is_offered_once() -> None:
    texts = [preset.text for preset in NETWORK_PRESETS.values()]
    assert len(set(texts)) == len(texts) == 20
    assert "VGG-16 (D)" not in NETWORK_PRESETS  # it is offered as VGG-16
    for key in set(NETWORKS) - set(REFUSED) - {"lenet5", "alexnet", "vgg16"}:
        preset = NETWORK_PRESETS[NETWORKS[key].title]
        assert preset.text == text_of(NETWORKS[key])
        assert preset.says.startswith(NETWORKS[key].idea)
