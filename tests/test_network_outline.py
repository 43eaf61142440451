"""What is known of every network before a number is computed."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from cnnlab import model_cost
from cnnlab.catalogue import OWN, every_name
from cnnlab.checks import InputError
from cnnlab.feature_maps import several_feature_maps
from cnnlab.map_layouts import as_maps, map_shape
from cnnlab.network_outline import Outline, outline
from tests.test_feature_maps import FAMILIES, network, picture

NAMES = (*every_name(), OWN)


@cache
def of(name: str) -> Outline:
    return outline(name)


# Every network ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_network_has_a_tree_and_a_drawing(name):
    found = of(name)
    rows = {row.name: row for row in found.rows}
    assert (found.name, found.rows[0].name) == (name, name)
    for layer in found.layouts:
        runs = [run for name_, run in found.shapes if name_ == layer]
        assert runs == list(range(1, rows[layer].calls + 1))
        assert min(found.map_shape((layer, runs[-1]))) > 0
        assert found.shapes[layer, runs[-1]] == rows[layer].output_shape
    # The drawing: from the picture to the classes, everything that runs in exactly one block.
    assert 5 <= len(found.stages) <= 40
    assert found.stages[-1].shape == (10 if name == OWN else 1000, 1, 1)
    for row in found.rows[1:]:
        if row.is_leaf and row.name in found.layouts:
            assert sum(stage.holds(row.name) for stage in found.stages) == 1, row.name
    for stage in found.stages:
        last = stage.names[-1]
        layout = found.layouts.get(last)
        if layout is not None:
            assert stage.shape == map_shape(rows[last].output_shape, layout)
    # The layer to begin with reads the picture.
    first = found.filters[found.first_layer]
    assert first.in_channels == (1 if name == OWN else 3)
    assert found.first_layer in found.layouts
    # Chains: they begin with a convolution or a fully connected layer, and keep the size.
    for place, chain in found.chains.items():
        assert place in chain
        assert rows[chain[0][0]].kind.startswith(("Conv", "Fully connected"))
        assert len({found.shapes[part] for part in chain}) == 1
    for layer, shape in found.filters.items():
        assert rows[layer].n_weights == shape.out_channels * shape.slices * np.prod(
            shape.kernel_size
        )


def shapes_at(model: nn.Module, side: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    hooks = [
        module.register_forward_hook(
            lambda _m, _i, out, name=name: found.update({name: tuple(out.shape)})
        )
        for name, module in model.named_modules()
    ]
    with torch.no_grad():
        model(torch.empty(1, 3, side, side, device="meta"))
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - {"vit_b_32", "maxvit_t"}))
def test_the_channels_are_what_a_larger_picture_leaves_as_they_are(name):
    """An independent way to find the channels: give the network a larger picture."""
    model, side = model_cost.empty_model(name), model_cost.input_shape(name)[1]
    usual, larger = shapes_at(model, side), shapes_at(model, side + 128)
    changed = 0
    for layer, layout in of(name).layouts.items():
        before, after = (shapes[layer if layer != name else ""] for shapes in (usual, larger))
        if layout == "vector":
            assert before == after
        elif layout == "maps":
            assert before[1] == after[1], layer
        else:
            assert layout == "channels last", layer
            assert before[3] == after[3], layer
        changed += before != after
    assert changed > 5


# Chosen networks ----------------------------------------------------------------------------------


def test_tokens_stand_where_their_patch_is():
    model, batch = network("vit_b_32"), picture(224)
    patches, tokens = several_feature_maps(model, batch, [("conv_proj", 1), ("encoder.dropout", 1)])
    layouts = of("vit_b_32").layouts
    assert (layouts["conv_proj"], layouts["encoder.dropout"]) == ("maps", "tokens")
    added = as_maps(model.encoder.pos_embedding.numpy(), "tokens")
    maps = as_maps(tokens, "tokens")
    assert np.allclose(maps.values, patches[0] + added.values, atol=1e-6)
    token = model.class_token.numpy()[0, 0]
    assert np.allclose(maps.class_token, token + added.class_token, atol=1e-6)


def test_groups_are_windows_of_the_maps():
    block = "blocks.0.layers.0.layers"
    places = [(f"{block}.MBconv", 1), (f"{block}.window_attention.partition_op", 1)]
    maps, groups = several_feature_maps(network("maxvit_t"), picture(224), places)
    assert of("maxvit_t").layouts[places[1][0]] == "groups"
    values = as_maps(groups, "groups").values  # (C, groups, members)
    assert np.array_equal(values[:, 0].reshape(-1, 7, 7), maps[0, :, :7, :7])
    assert np.array_equal(values[:, 1].reshape(-1, 7, 7), maps[0, :, :7, 7:14])


def test_channels_that_come_last_are_the_maps_before_they_were_turned():
    places = [("features.0.0", 1), ("features.0.1", 1)]
    maps, turned = several_feature_maps(network("swin_t"), picture(64), places)
    assert [of("swin_t").layouts[name] for name, _ in places] == ["maps", "channels last"]
    assert np.array_equal(as_maps(turned, "channels last").values, maps[0])


@pytest.mark.parametrize(
    ("name", "place", "chain"),
    [
        ("resnet50", ("layer1.0.relu", 2), ["layer1.0.conv2", "layer1.0.bn2", "layer1.0.relu"]),
        ("resnet50", ("layer1.0.bn3", 1), ["layer1.0.conv3", "layer1.0.bn3"]),
        ("vgg16", ("features.1", 1), ["features.0", "features.1"]),
        ("densenet121", ("features.norm0", 1), ["features.conv0", "features.norm0"]),
        ("googlenet", ("conv1.conv", 1), ["conv1.conv", "conv1.bn", "conv1"]),
        ("mobilenet_v2", ("features.0.0", 1), ["features.0.0", "features.0.1", "features.0.2"]),
        ("resnet50", ("layer1", 1), ["layer1"]),
        ("resnet50", ("layer1.0.relu", 3), ["layer1.0.relu"]),  # of a sum, not of a batch norm
    ],
)
def test_what_belongs_to_a_convolution(name, place, chain):
    found = [part for part, _ in of(name).chain(place)]
    assert found[: len(chain)] == chain
    assert place in of(name).chain(place)


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v3_small", "vgg11_bn"])
def test_each_link_of_a_chain_is_computed_from_the_one_before(name):
    model, batch = network(name), picture(64)
    modules = dict(model.named_modules())
    chains = list(dict.fromkeys(of(name).chains.values()))
    assert len(chains) > 5
    places = [place for chain in chains for place in chain]
    outputs = dict(zip(places, several_feature_maps(model, batch, places), strict=True))
    for chain in chains:
        for (source, run), (follower, next_run) in pairwise(chain):
            with torch.inference_mode():
                given = torch.from_numpy(outputs[source, run])
                module = modules[follower]
                # GoogLeNet's block ends with a ReLU that is no module.
                want = given.relu() if source.startswith(f"{follower}.") else module(given.clone())
            assert np.array_equal(want.numpy(), outputs[follower, next_run]), (source, follower)


def test_a_layer_that_runs_several_times_has_a_shape_for_each():
    shapes = of("resnet50").shapes
    assert [shapes["layer1.0.relu", run][0] for run in (1, 2, 3)] == [64, 64, 256]
    assert of("resnet50").map_shape(("layer1.0.relu", 1)) == (64, 56, 56)


def test_filters_of_grouped_and_depthwise_convolutions():
    filters = of("resnext50_32x4d").filters["layer1.0.conv2"]
    assert (filters.groups, filters.slices, filters.depthwise) == (32, 4, False)
    assert (filters.inputs_of(0), filters.inputs_of(9)) == (range(4), range(8, 12))
    assert filters.readers_of(5) == range(4, 8)
    depthwise = of("mobilenet_v2").filters["features.1.conv.0.0"]
    assert (depthwise.slices, depthwise.depthwise) == (1, True)
    assert (depthwise.inputs_of(7), depthwise.readers_of(7)) == (range(7, 8), range(7, 8))
    plain = of("resnet18").filters["layer1.0.conv1"]
    assert (plain.inputs_of(3), plain.readers_of(3)) == (range(64), range(64))
    assert not of("resnet18").filters["conv1"].depthwise


def test_an_unknown_network_and_an_unknown_layer_are_refused():
    with pytest.raises(InputError, match="no classification network called 'resnet20'"):
        outline("resnet20")
    with pytest.raises(InputError, match="resnet18 has no layer 'layer9'"):
        of("resnet18").row("layer9")
