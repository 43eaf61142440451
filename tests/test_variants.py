"""Layers that could stand in for another: same output, costs as torch counts them."""

import pytest
import torch
from hypothesis import assume, given, seed, settings
from hypothesis import strategies as st

from cnnlab.checks import InputError
from cnnlab.cost import summarize
from cnnlab.layers import Conv2d
from cnnlab.variants import connection_counts, variants


def built(layers, channels):
    """Return torch's modules for some convolutions."""
    modules = []
    for layer in layers:
        modules.append(
            torch.nn.Conv2d(
                channels,
                layer.out_channels,
                layer.kernel_size,
                stride=layer.stride,
                padding=layer.padding,
                dilation=layer.dilation,
                groups=layer.groups,
                bias=layer.bias,
            )
        )
        channels = layer.out_channels
    return torch.nn.Sequential(*modules)


@seed(1)
@settings(max_examples=150)
@given(
    channels=st.integers(1, 16),
    filters=st.integers(1, 16),
    kernel_size=st.integers(1, 7),
    stride=st.integers(1, 3),
    padding=st.integers(0, 3),
    bias=st.booleans(),
)
def test_all_make_the_same_shape_at_torchs_cost(
    channels, filters, kernel_size, stride, padding, bias
):
    layer = Conv2d(filters, kernel_size, stride=stride, padding=padding, bias=bias)
    shape = (channels, 20, 17)
    want = summarize([layer], shape)[-1].output_shape
    found = variants(layer, shape)
    assert found[0].layers == (layer,)
    for entry in found:
        network = built(entry.layers, channels)
        assert tuple(network(torch.zeros(shape)).shape) == want, entry.title
        assert entry.n_params == sum(p.numel() for p in network.parameters())
        gradient_in = torch.ones(1, *shape, requires_grad=True)
        out = network.apply(lambda m: hasattr(m, "weight") and m.weight.data.fill_(1))(gradient_in)
        middle = out[0, :, want[1] // 2, want[2] // 2].sum()
        (seen,) = torch.autograd.grad(middle, gradient_in)
        rows = seen.abs().sum(dim=(0, 1, 3)).nonzero().ravel()
        assert int(rows[-1] - rows[0]) + 1 <= entry.sees


def test_the_field_is_reached_where_there_is_room():
    for entry in variants(Conv2d(8, 7, padding=3), (8, 31, 31)):
        assert entry.sees == 7, entry.title


@pytest.mark.parametrize(
    ("layer", "shape", "counts"),
    [
        (Conv2d(5, 7), (3, 30, 30), {"shared": 735, "local": 423_360, "full": 7_776_000}),
        (Conv2d(1, 7), (3, 30, 30), {"shared": 147, "local": 84_672, "full": 1_555_200}),
    ],
)
def test_sharing(layer, shape, counts):
    assert connection_counts(layer, shape) == counts


@seed(2)
@settings(max_examples=50)
@given(kernel_size=st.integers(1, 4), stride=st.integers(1, 3), n=st.integers(1, 8))
def test_without_sharing_every_cell_has_its_own(kernel_size, stride, n):
    assume(kernel_size <= n)
    counts = connection_counts(Conv2d(2, kernel_size, stride=stride), (3, n, n))
    places = torch.nn.functional.unfold(torch.zeros(1, 3, n, n), kernel_size, stride=stride).shape[
        2
    ]
    assert counts["local"] == counts["shared"] * places


def test_a_grouped_layer_is_not_compared():
    with pytest.raises(InputError, match="this one has 2"):
        variants(Conv2d(4, 3, groups=2), (4, 8, 8))


def test_depthwise_separable_of_mobilenet():
    found = {v.title: v for v in variants(Conv2d(128, 3, padding=1, bias=False), (64, 56, 56))}
    assert found["Depthwise separable"].n_params == 8_768
    assert found["Depthwise separable"].macs == 27_496_448
    assert found["Convolution"].macs == 231_211_008
