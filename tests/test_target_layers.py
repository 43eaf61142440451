"""The table of layers against the networks themselves."""

import pytest
import torch
from torchvision import models

from cnnlab import catalogue, loading
from cnnlab.attribution import grad_cam
from cnnlab.checks import InputError
from cnnlab.families import FAMILIES, family_of
from cnnlab.features import default_layer, spatial_layers
from cnnlab.hierarchy import usual_layers
from cnnlab.target_layers import NOT_FOR, TARGETS, four_layers, spread, why_not


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.network)
def test_a_row_says_what_the_network_has(target):
    model = loading.load(target.network, trained=False)
    sizes = spatial_layers(model, size=28 if target.network == catalogue.OWN else 224)
    assert default_layer(model) == target.layer
    assert sizes[target.layer] == target.shape
    assert family_of(target.network).title == target.family
    four = four_layers(model, sizes)
    assert len(four) == 4
    assert four[-1] == target.layer
    assert set(usual_layers(model, sizes)[:-1]) <= set(four)
    assert four == [name for name in sizes if name in four]


def test_every_family_is_in_the_table_or_has_a_reason():
    titles = [target.family for target in TARGETS]
    assert len(titles) == len(set(titles))
    assert set(titles) | set(NOT_FOR) == {family.title for family in FAMILIES}
    assert not set(titles) & set(NOT_FOR)
    for name in catalogue.every_name():
        assert bool(why_not(name)) == (name not in catalogue.names())


def test_a_transformer_has_no_maps_to_weigh():
    model = models.VisionTransformer(
        image_size=32, patch_size=16, num_layers=1, num_heads=1, hidden_dim=8, mlp_dim=8
    )
    with pytest.raises(InputError, match="no maps with positions"):
        grad_cam(model.eval(), torch.zeros(1, 3, 32, 32), target=0, layer="encoder.layers")
    with pytest.raises(InputError, match="no usual layer"):
        default_layer(model)


def test_vgg_16_ends_where_the_table_says():
    with torch.device("meta"):
        assert default_layer(models.vgg16(init_weights=False)) == "features.29"


def test_layers_are_filled_up_evenly():
    assert spread("abcdefgh", "h") == ["a", "c", "e", "h"]
    assert spread("abcdefgh", "bdfh") == ["b", "d", "f", "h"]
    assert spread("ab", "b") == ["a", "b"]
