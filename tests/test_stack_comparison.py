"""Two stacks side by side: their numbers against torchvision's own networks, and the words."""

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.checks import InputError
from cnnlab.cost import LayerError
from cnnlab.stack_comparison import say_difference, sees_all, view_from
from cnnlab.stacks import find_layer, layer_names, parse_stack


def view(name, layer, side=224):
    layers = parse_stack(name)
    return view_from(layers, find_layer(layer_names(layers), layer), side)


def with_ones(model):
    """Return a network whose cells are sums over paths: equal weights, means for maxima."""
    model.to_empty(device="cpu")
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.MaxPool2d):
                mean = nn.AvgPool2d(child.kernel_size, child.stride, child.padding)
                setattr(module, name, mean)
            elif isinstance(child, nn.BatchNorm2d | nn.ReLU):
                setattr(module, name, nn.Identity())
    for weight in model.parameters():
        nn.init.constant_(weight, 0.01 if weight.ndim > 1 else 0.0)
    return model.double().eval()


def reached(model, cell, side):
    """Return the first and last pixel (rows) that change a cell, and how many cells there are."""
    x = torch.zeros(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    out = model(x)
    out[0, :, cell, cell].sum().backward()
    rows = x.grad[0].abs().sum(dim=(0, 2)).nonzero().ravel()
    columns = x.grad[0].abs().sum(dim=(0, 1)).nonzero().ravel()
    assert rows.tolist() == columns.tolist()
    return int(rows[0]), int(rows[-1]) + 1, out.shape[-1]


def of_torchvision(name):
    """Return a network of torchvision's that has no weights yet."""
    with torch.device("meta"):
        return getattr(torchvision.models, name)()


def features(name, until):
    return with_ones(of_torchvision(name).features[:until])


def resnet(depth, stage, blocks):
    """Return torchvision's network up to a block, its shortcuts included."""
    model = of_torchvision(f"resnet{depth}")
    start = [model.conv1, model.bn1, model.relu, model.maxpool]
    whole = [getattr(model, f"layer{number}") for number in range(1, stage - 1)]
    return with_ones(nn.Sequential(*start, *whole, getattr(model, f"layer{stage - 1}")[:blocks]))


@pytest.mark.parametrize(
    ("name", "layer", "side", "model"),  # so large that the fields of both cells lie inside
    [
        ("vgg16", "conv4_3", 128, lambda: features("vgg16", 22)),
        ("vgg16", "pool3", 96, lambda: features("vgg16", 17)),
        ("alexnet", "pool5", 352, lambda: features("alexnet", 13)),
        ("resnet50", "conv4_6", 352, lambda: resnet(50, 4, 6)),
        ("resnet50", "conv3_1", 128, lambda: resnet(50, 3, 1)),
        ("resnet18", "conv4_2", 288, lambda: resnet(18, 4, 2)),
    ],
)
def test_numbers_are_those_of_torchvisions_network(name, layer, side, model):
    found, model = view(name, layer, side), model()
    cell = found.out // 2
    first, last, out = reached(model, cell, side)
    assert (first, last) == found.field.of_cell(cell)
    assert out == found.out
    following = reached(model, cell + 1, side)
    assert following[0] - first == found.field.jump


def test_the_shortcut_alone_sees_less():
    """The main branch is what counts: without it a block sees only what its input sees."""
    whole, block = resnet(18, 2, 2), view("resnet18", "conv2_2", 128)
    for module in whole[-1]:
        module.conv1, module.conv2 = nn.Identity(), nn.Identity()
    first, last, _ = reached(whole, block.out // 2, 128)
    assert last - first == view("resnet18", "maxpool").size < block.size


def test_vgg_against_resnet_at_conv4():
    one, other = view("vgg16", "conv4"), view("resnet50", "conv4")
    assert (one.title, one.size, one.field.jump, one.out) == ("VGG-16, conv4_3", 92, 8, 28)
    assert (other.title, other.size, other.field.jump) == ("ResNet-50, conv4_6c", 267, 16)
    assert (one.n_layers, other.n_layers, other.out) == (13, 41, 14)
    assert say_difference(one, other) == (
        "One cell of ResNet-50, conv4_6c sees a square 2.9 times as wide as one of VGG-16, "
        "conv4_3: in the middle it sees the whole picture. From one cell to the next the square "
        "moves by 8 pixels in VGG-16, by 16 in ResNet-50."
    )


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (
            "three",
            "seven",
            "Both cells see 7 × 7 pixels, after 3 layers and 1 layer. In both, the square moves by "
            "1 pixel per cell.",
        ),
        ("c3", "c3", "Both cells see 3 × 3 pixels. In both, the square moves by 1 pixel per cell."),
        (
            "c15d5",
            "c15d6",  # both see all of it: nothing to say
            "One cell of own stack, layer 1 sees a square 1.2 times as wide as one of own stack, "
            "layer 1. In both, the square moves by 1 pixel per cell.",
        ),
    ],
)
def test_what_is_said(one, other, words):
    views = (view_from(stack, len(stack), 32) for stack in map(parse_stack, (one, other)))
    assert say_difference(*views) == words


@pytest.mark.parametrize(
    ("text", "side", "all_of_it"),
    [
        ("c15", 15, True),
        ("c15", 16, False),
        ("c15d2", 16, True),
        ("c11s4p0", 12, False),
        ("c3", 32, False),
        ("lenet5", 32, True),
    ],
)
def test_whether_a_cell_sees_all(text, side, all_of_it):
    layers = parse_stack(text)
    found = view_from(layers, len(layers), side)
    ends = [found.field.of_cell(index) for index in range(found.out)]
    assert sees_all(found) == all_of_it == any(a <= 0 and b >= side for a, b in ends)


def test_refusals():
    with pytest.raises(InputError, match=r"^layer must be at most 3, got 4$"):
        view_from(parse_stack("three"), 4, 32)
    with pytest.raises(LayerError, match=r"^layer 6"):
        view_from(parse_stack("-".join(["p2"] * 6)), 6, 32)
    assert view_from(parse_stack("-".join(["p2"] * 6)), 5, 32).out == 1
