"""The small inputs: as they stand on the lecture slides."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from cnnlab.convolution import conv2d
from cnnlab.examples import EXAMPLES
from cnnlab.kernels import KERNELS


@pytest.mark.parametrize(
    ("name", "shape", "total"),
    [
        ("binary", (1, 5, 5), 13),
        ("grey", (1, 5, 5), 12 + 167 + 124 + 74 + 104),
        ("edge", (1, 6, 6), 18 * 10 + 18 * 80),
        ("pixel", (1, 7, 7), 1),
        ("volume", (3, 5, 5), 75),
        ("curve", (1, 12, 12), 2 * 6 * 50),
        ("sequence", (1, 1, 12), 13),
        ("square", (1, 2, 2), 10),
    ],
)
def test_shape_and_sum(name, shape, total):
    values = EXAMPLES[name].values
    assert values.shape == shape
    assert values.dtype == np.float64
    assert values.sum() == total


def test_no_example_goes_untested():
    tested = [mark.args[1] for mark in test_shape_and_sum.pytestmark]
    assert [name for name, *_ in tested[0]] == list(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_has_its_own_name_and_a_source(name):
    entry = EXAMPLES[name]
    assert entry.name == name
    assert re.fullmatch("[a-z]+", name)  # it stands in links
    assert entry.title
    assert entry.source
    assert sum(other.title == entry.title for other in EXAMPLES.values()) == 1
    channels, rows, columns = entry.values.shape
    assert channels <= 4
    assert max(rows, columns) <= 16
    assert np.isfinite(entry.values).all()


def test_the_first_example_is_the_one_with_nine_steps():
    first = next(iter(EXAMPLES.values()))
    assert conv2d(first.values, [[KERNELS["cross"].values]]).tolist() == [
        [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    ]


@pytest.mark.parametrize("name", KERNELS)
def test_a_single_bright_pixel_shows_the_kernel_turned_by_half_a_turn(name):
    weights = KERNELS[name].values
    shown = conv2d(EXAMPLES["pixel"].values, [[weights]], padding="same")[0]
    below, right = (n // 2 for n in weights.shape)
    place = slice(3 - below, 4 + below), slice(3 - right, 4 + right)
    assert (shown[place] == weights[::-1, ::-1]).all()
    shown[place] = 0
    assert not shown.any()


def test_the_grey_example_is_that_of_the_worked_examples():
    file = Path(__file__).parent / "golden" / "convolutions.json"
    facts = json.loads(file.read_text(encoding="utf-8"))
    pictures = [fact["given"]["image"] for fact in facts if "img80" in fact["id"]]
    assert pictures
    for picture in pictures:
        assert EXAMPLES["grey"].values.tolist() == [picture]


def test_the_middle_of_the_grey_example_is_forty():
    answer = conv2d(EXAMPLES["grey"].values, [[KERNELS["plus"].values]])[0]
    assert answer[1, 1] == 40
    assert EXAMPLES["grey"].values[0, 2, 2] == 80


def test_the_curve_detector_finds_the_curve_and_not_the_same_curve_turned_over():
    answer = conv2d(EXAMPLES["curve"].values, [[KERNELS["curve"].values]])[0]
    assert answer.max() == 9000
    assert np.argwhere(answer == 9000).tolist() == [[0, 5]]  # the curve stands at the upper right
    assert (EXAMPLES["curve"].values[0, 0:7, 5:12] * 30 == KERNELS["curve"].values * 50).all()


def test_the_two_curves_are_the_same_but_for_half_a_turn():
    picture = EXAMPLES["curve"].values[0]
    assert (picture[0:7, 5:12] == picture[5:12, 0:7][::-1, ::-1]).all()


def test_sobel_finds_the_step_edge_and_nothing_else():
    edge = EXAMPLES["edge"].values
    across = conv2d(edge, [[KERNELS["Sobel x"].values]])
    assert across.tolist() == [[[0, 280, 280, 0]] * 4]
    assert not conv2d(edge, [[KERNELS["Sobel y"].values]]).any()


def test_who_changes_an_example_changes_only_a_copy():
    EXAMPLES["binary"].values[0, 0, 0] = 99
    assert EXAMPLES["binary"].values[0, 0, 0] == 1


def test_the_volume_holds_as_many_zeros_ones_and_twos():
    values, counts = np.unique(EXAMPLES["volume"].values, return_counts=True)
    assert values.tolist() == [0, 1, 2]
    assert counts.tolist() == [25, 25, 25]
    assert EXAMPLES["volume"].values[:, 0, 0].tolist() == [0, 1, 2]  # channels differ
