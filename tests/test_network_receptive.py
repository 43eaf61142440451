"""Receptive fields in torchvision's networks against the extent of the gradient."""

from __future__ import annotations

import math
from functools import cache

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision import models

from cnnlab.checks import InputError
from cnnlab.model_cost import input_shape, model_names
from cnnlab.network_receptive import (
    NetworkField,
    box_of_cell,
    model_fields,
    network_fields,
    receptive_field_of,
)
from cnnlab.receptive import ReceptiveField

LAYERS = {  # of each family: a shallow and a deeper one
    "alexnet": ("features.3", "features.12"),
    "vgg11": ("features.6", "features.20"),
    "resnet18": ("layer2.0.conv1", "layer4"),
    "resnet50": ("layer1.1", "layer4.2"),
    "squeezenet1_0": ("features.4", "features.12"),
    "googlenet": ("inception3a", "inception5b"),
    "inception_v3": ("Mixed_5b", "Mixed_7a"),
    "densenet121": ("features.denseblock1", "features.denseblock3"),
    "mobilenet_v2": ("features.4", "features.18"),
    "mobilenet_v3_small": ("features.3", "features.12"),
    "mnasnet0_5": ("layers.8", "layers.16"),
    "shufflenet_v2_x0_5": ("stage2", "conv5"),
    "efficientnet_b0": ("features.2", "features.5"),
    "regnet_x_400mf": ("trunk_output.block2", "trunk_output.block3"),
    "regnet_y_400mf": ("trunk_output.block1", "trunk_output.block4"),
    "convnext_tiny": ("features.1", "features.5"),
}
CASES = [(name, layer) for name, layers in LAYERS.items() for layer in layers]


class NothingCancels(TorchFunctionMode):
    """Means for maxima, and no activation or normalisation that could make a gradient zero."""

    def __init__(self, *, without_gates: bool) -> None:
        super().__init__()
        self.without_gates = without_gates

    def __torch_function__(self, func, types, args=(), kwargs=None):
        """Replace some operations."""
        kwargs = dict(kwargs or {})
        if func in (F.relu, F.hardtanh, F.silu, F.hardswish, F.gelu, F.hardsigmoid, F.layer_norm):
            return args[0]
        if func is F.max_pool2d:
            kwargs = {k: v for k, v in kwargs.items() if k not in ("dilation", "return_indices")}
            return F.avg_pool2d(*args[:4], **kwargs)
        if func is F.adaptive_avg_pool2d and self.without_gates:
            args = (args[0].detach(), *args[1:])
        return func(*args, **kwargs)


@cache
def positive(name: str) -> nn.Module:
    """Return the network with positive weights that average."""
    settings = {"init_weights": False} if name in ("googlenet", "inception_v3", "vgg11") else {}
    model = models.get_model(name, weights=None, **settings).double().eval()
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.weight.data.fill_(1 / math.prod(module.weight.shape[1:]))
            if module.bias is not None:
                module.bias.data.fill_(0.1)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.data.fill_(1)
            module.bias.data.fill_(0)
    for key, value in model.named_parameters():
        if "layer_scale" in key:
            value.data.fill_(1)
    return model.requires_grad_(False)


class Reached(Exception):
    """The layer has given its output: the rest of the network need not run."""


def touched(
    name: str, layer: str, size: tuple[int, int], cell: tuple[int, int], *, without_gates: bool
) -> Tensor:
    """Return which pixels of a picture have a gradient from one cell, over all its channels."""
    model, kept = positive(name), []

    def keep(_module, _inputs, output):
        kept.append(output)
        raise Reached

    handle = model.get_submodule(layer).register_forward_hook(keep)
    x = torch.ones(1, 3, *size, dtype=torch.float64, requires_grad=True)
    try:
        with NothingCancels(without_gates=without_gates):
            model(x)
    except Reached:
        pass
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(kept[0][0, :, cell[0], cell[1]].sum(), x)
    assert (gradient >= 0).all()
    return gradient[0].sum(0) > 0


def extent(places: Tensor, axis: int) -> tuple[int, int]:
    found = places.any(1 - axis).nonzero().flatten().tolist()
    return found[0], found[-1] + 1


@pytest.mark.parametrize(("name", "layer"), CASES)
@pytest.mark.parametrize("axis", [0, 1], ids=["rows", "columns"])
def test_a_cell_sees_what_its_gradient_reaches(name: str, layer: str, axis: int) -> None:
    """In a strip that is as long as the field, and a bit more on both sides."""
    field = receptive_field_of(name, layer)
    along = (field.rows, field.columns)[axis]
    index = -(along.start // along.jump) + 1  # the first cell that sees no padding, and one more
    first, last = along.of_cell(index)
    size, cell = [96, 96], [0, 0]
    size[axis], cell[axis] = last + 5, index
    seen = touched(name, layer, (size[0], size[1]), (cell[0], cell[1]), without_gates=True)
    assert extent(seen, axis) == (first, last)
    assert 0 < first < last < size[axis]


@pytest.mark.parametrize(("name", "layer"), CASES)
def test_at_the_border_the_picture_cuts_the_box(name: str, layer: str) -> None:
    # Windows without padding must fit, or they leave the last rows unread.
    size = (139, 171) if name == "inception_v3" else (128, 160)
    seen = touched(name, layer, size, (0, 1), without_gates=True)
    top, left, bottom, right = receptive_field_of(name, layer).box((0, 1))
    assert extent(seen, 0) == (max(top, 0), min(bottom, size[0]))
    assert extent(seen, 1) == (max(left, 0), min(right, size[1]))


@pytest.mark.parametrize(("name", "layer"), CASES)
def test_squeeze_and_excitation_shows_the_whole_picture(name: str, layer: str) -> None:
    field = receptive_field_of(name, layer)
    gated = name.startswith(("mobilenet_v3", "efficientnet", "regnet_y"))
    assert field.whole == gated
    if gated:
        seen = touched(name, layer, (128, 160), (0, 1), without_gates=False)
        assert seen.all()


# Published values, by others who computed them in other ways: Araujo, Norris and Sim (2019).
@pytest.mark.parametrize(
    ("name", "layer", "size", "jump"),
    [
        ("alexnet", "features.12", 195, 32),
        ("vgg16", "features.30", 212, 32),
        ("inception_v3", "Mixed_7c", 1311, 32),
    ],
)
def test_published_sizes(name: str, layer: str, size: int, jump: int) -> None:
    field = receptive_field_of(name, layer)
    assert field.size == (size, size)
    assert field.jump == (jump, jump)


@pytest.mark.slow
def test_every_convolutional_network_is_followed_to_its_last_feature_maps() -> None:
    small = [name for name in model_names() if not name.startswith(("vit", "swin", "maxvit"))]
    assert len(small) > 60
    for name in small:
        assert receptive_field_of(name, "").size is None  # the classes
        assert all(field.jump[0] >= 1 for field in network_fields(name).values())


def test_the_labs_own_network() -> None:
    fields = network_fields("lenet_digits")
    assert [fields[name].size for name in ("conv1", "pool1", "relu2", "pool2")] == [
        (5, 5),
        (6, 6),
        (14, 14),
        (16, 16),
    ]
    assert box_of_cell("lenet_digits", "relu2", (2, 7)) == (4, 14, 18, 28)
    assert box_of_cell("lenet_digits", "fc1", (0, 0)) == (0, 0, 28, 28)


def test_a_kernel_that_is_not_square_sees_differently_along_the_axes() -> None:
    field = receptive_field_of("inception_v3", "Mixed_6b.branch7x7_2")  # 1 x 7
    before = receptive_field_of("inception_v3", "Mixed_6b.branch7x7_1")
    assert field.rows == before.rows
    assert field.columns.size == before.columns.size + 6 * before.columns.jump


def test_boxes_of_cells() -> None:
    assert box_of_cell("squeezenet1_0", "features.0", (0, 0)) == (0, 0, 7, 7)
    assert box_of_cell("squeezenet1_0", "features.0", (2, 5)) == (4, 10, 11, 17)
    assert box_of_cell("squeezenet1_0", "", (0, 0)) == (0, 0, 224, 224)
    assert box_of_cell("inception_v3", "fc", (0, 0)) == (0, 0, 299, 299)
    height = input_shape("resnet18")[1]
    top, _, bottom, _ = box_of_cell("resnet18", "layer4", (6, 6))
    assert top < 0
    assert bottom > height  # not clipped: what is outside is padding


@pytest.mark.parametrize(
    ("name", "layer", "words"),
    [
        ("resnet20", "conv1", "torchvision has no classification network called 'resnet20'"),
        ("resnet18", "conv", r"resnet18 has no layer 'conv'; it has, for example, \['conv1'"),
        ("vit_b_16", "encoder", r"the receptive field of 'encoder' of vit_b_16 is not known"),
        ("swin_t", "features.1", "for which there is no rule"),
    ],
)
def test_refusals(name: str, layer: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        receptive_field_of(name, layer)


def test_before_the_attention_a_transformer_is_known() -> None:
    assert receptive_field_of("vit_b_16", "conv_proj").size == (16, 16)
    assert "encoder" not in network_fields("vit_b_16")


class Odd(nn.Module):
    """A join of ways, a dilation, and a flattening."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Conv2d(2, 2, 3, padding=2, dilation=2)
        self.pool = nn.AvgPool2d((1, 2), stride=(1, 2))
        self.fixed = nn.AdaptiveAvgPool2d((4, 2))
        self.flat = nn.Flatten()
        self.last = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = x.add(self.wide(x))
        return self.last(self.flat(self.fixed(self.pool(x))))


def test_any_network_of_ones_own_is_followed_and_left_as_it_was() -> None:
    model = Odd()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = model_fields(model, (2, 8, 8))
    assert found["wide"] == NetworkField(ReceptiveField(5, 1, -2), ReceptiveField(5, 1, -2))
    assert found["pool"].columns == ReceptiveField(6, 2, -2)
    assert found["fixed"].rows == ReceptiveField(6, 2, -2)
    assert found["fixed"].columns == ReceptiveField(8, 4, -2)
    assert found["flat"].size is found["last"].size is None
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert all(value.device.type == "cpu" for value in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())


def test_adaptive_pooling_with_uneven_windows_is_not_known() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 3), nn.AdaptiveAvgPool2d(4))
    assert "1" not in model_fields(model, (1, 12, 12))  # 10 rows make 4 windows
    assert model_fields(model, (1, 10, 10))["1"].size == (4, 4)
    assert model_fields(model, (1, 6, 6))["1"].size == (3, 3)  # one cell, one window
