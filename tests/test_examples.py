"""The small inputs: as they stand on the lecture slides."""

import numpy as np
import pytest

from cnnlab.convolution import conv2d
from cnnlab.examples import EXAMPLES
from cnnlab.kernels import KERNELS


@pytest.mark.parametrize(
    ("name", "shape", "total"),
    [
        ("binary 5 × 5", (1, 5, 5), 13),
        ("step edge", (1, 6, 6), 18 * 10 + 18 * 80),
        ("single bright pixel", (1, 7, 7), 1),
    ],
)
def test_shape_and_sum(name, shape, total):
    values = EXAMPLES[name].values
    assert values.shape == shape
    assert values.dtype == np.float64
    assert values.sum() == total


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_its_own_name_and_a_source(name):
    assert EXAMPLES[name].name == name
    assert EXAMPLES[name].source
    assert len(EXAMPLES[name].values) == 1


def test_the_first_example_is_the_one_with_nine_steps():
    first = next(iter(EXAMPLES.values()))
    assert conv2d(first.values, [[KERNELS["cross"].values]]).tolist() == [
        [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    ]


@pytest.mark.parametrize("name", KERNELS)
def test_a_single_bright_pixel_shows_the_kernel_turned_by_half_a_turn(name):
    weights = KERNELS[name].values
    shown = conv2d(EXAMPLES["single bright pixel"].values, [[weights]], padding=1)[0]
    assert (shown[2:5, 2:5] == weights[::-1, ::-1]).all()
    shown[2:5, 2:5] = 0
    assert not shown.any()


def test_sobel_finds_the_step_edge_and_nothing_else():
    edge = EXAMPLES["step edge"].values
    across = conv2d(edge, [[KERNELS["Sobel x"].values]])
    assert across.tolist() == [[[0, 280, 280, 0]] * 4]
    assert not conv2d(edge, [[KERNELS["Sobel y"].values]]).any()
