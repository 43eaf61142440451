"""Feature maps of a shifted picture: what agrees with the shifted maps, and what cannot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cnnlab import loading
from cnnlab.checks import InputError
from cnnlab.equivariance import shift_test
from cnnlab.features import private_copy
from cnnlab.moves import Move
from cnnlab.pretrained import preprocess
from cnnlab.samples import sample
from tests.real_weights import needs_weights
from tests.test_features import n_hooks, network
from tests.test_moving import FILL, affine, numbers_of


@pytest.fixture(scope="module")
def picture() -> Tensor:
    return torch.rand(1, 3, 20, 28, generator=torch.Generator().manual_seed(0))


def test_a_convolution_with_stride_1_moves_with_the_picture(picture) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1)).eval()
    test = shift_test(model, picture, layer="0", pixels=[0, 1, 5], fill=FILL)
    assert test.stride == 1
    assert test.middle[0] == 0
    inner = test.away[:, 1:-1, 7:-1]
    assert np.nanmax(inner) < 1e-4
    assert np.isnan(test.away[2, :, :5]).all()
    assert np.isfinite(test.away[2, :, 5:]).all()


def test_with_a_stride_only_whole_strides_agree(picture) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4, padding=1)).eval()
    test = shift_test(model, picture, layer="0", fill=FILL)
    assert (test.stride, test.pixels) == (4, (1, 2, 4))
    assert test.middle[2] < 1e-4
    assert test.middle[0] > 0.05
    assert np.isfinite(test.away[2]).sum() == 5 * 6  # the first column has no counterpart


def test_differences_are_those_of_a_loop(picture) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1, stride=2)).eval()
    test = shift_test(model, picture, layer="0", pixels=[1, 2, 3], fill=FILL)
    with torch.inference_mode():
        before = model(picture)[0]
        usual = np.sqrt(float((before**2).sum(0).mean()))
        for place, step in enumerate(test.pixels):
            after = model(affine(picture, Move(right=step), FILL))[0]
            for column in range(14):
                near, far = column - step // 2, column - step // 2 - step % 2
                if far < 0:
                    assert np.isnan(test.away[place, :, column]).all()
                    continue
                expected = (before[..., near] + before[..., far]) / 2
                difference = (after[..., column] - expected).norm(dim=0).numpy() / usual
                np.testing.assert_allclose(test.away[place, :, column], difference, atol=1e-4)


def test_cells_that_see_no_edge_agree_after_whole_strides() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 8, 5, padding=2, stride=2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, padding=1),
        nn.Conv2d(8, 8, 3, padding=1),
    ).eval()
    batch = torch.rand(1, 3, 64, 64)
    test = shift_test(model, batch, layer="3", fill=FILL)
    assert (test.stride, test.pixels, test.whole) == (4, (1, 2, 4), False)
    # One cell sees 17 pixels: 5 + 2 · 2 + 2 · 4. So rows 2 to 13 of 16 see no padding, and columns
    # 3 to 13 neither before nor after the shift.
    expected = np.zeros((16, 16), bool)
    expected[2:14, 3:14] = True
    assert (test.clear[2] == expected).all()
    assert test.away[2][expected].max() < 1e-4
    assert test.away[2][~expected & np.isfinite(test.away[2])].max() > 0.1
    assert test.clear_mean[2] < 1e-4
    assert min(test.clear_mean[:2]) > 0.02


def test_nothing_is_clear_where_a_branch_averages_over_the_picture() -> None:
    model, batch = network("efficientnet_b0"), torch.rand(1, 3, 96, 96)
    test = shift_test(model, batch, layer="features.1", fill=FILL)
    assert (test.stride, test.whole) == (2, True)
    assert not test.clear.any()
    assert np.isnan(test.clear_mean).all()
    assert np.isfinite(test.middle).all()


def test_a_layer_without_places_has_no_shift_test() -> None:
    model, batch = network("resnet18"), torch.rand(1, 3, 64, 64)
    for layer in ("avgpool", "fc"):
        with pytest.raises(InputError, match="have no place in the picture"):
            shift_test(model, batch, layer=layer)
    with pytest.raises(InputError, match="has no layer 'layer9'"):
        shift_test(model, batch, layer="layer9")
    with pytest.raises(InputError, match="shift must be at most 64, got 65"):
        shift_test(model, batch, layer="layer1", pixels=[65])


@needs_weights("squeezenet1_0")
def test_sixteen_pixels_agree_in_the_middle_and_one_does_not() -> None:
    model, batch = loading.load("squeezenet1_0"), preprocess(sample("cat"), "squeezenet1_0")
    test = shift_test(model, batch, layer="features", fill=torch.zeros(3))
    assert (test.stride, test.pixels) == (16, (1, 8, 16))
    assert test.clear[2].sum() == 20
    assert test.clear_mean[0] > 0.1
    assert test.away[2][test.clear[2]].max() < 1e-3
    assert test.middle[0] > 10 * test.middle[2]


def test_no_hook_is_left(picture, monkeypatch) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True)).eval()
    before, twins = numbers_of(model), []

    def watched(given: nn.Module) -> nn.Module:
        twins.append(private_copy(given))
        return twins[-1]

    monkeypatch.setattr("cnnlab.equivariance.private_copy", watched)
    shift_test(model, picture, layer="1")
    with pytest.raises(RuntimeError):  # a channel too few
        shift_test(model, picture[:, :2], layer="1")
    assert len(twins) > 1
    assert [n_hooks(twin) for twin in (model, *twins)] == [0] * (1 + len(twins))
    assert numbers_of(model) == before
