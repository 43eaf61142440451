"""The classic kernels: their weights, what they do to flat areas, and examples by hand."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnnlab.checks import InputError
from cnnlab.convolution import conv2d
from cnnlab.kernels import KERNELS, kernel

GOLDEN = json.loads((Path(__file__).parent / "golden" / "kernels.json").read_text(encoding="utf-8"))

# What the weights of each add up to.
TOTALS = {
    "cross": 5,
    "identity": 1,
    "box blur": 1,
    "Gaussian blur": 1,
    "sharpen": 1,
    "Laplacian": 0,
    "edges": 0,
    "Sobel x": 0,
    "plus": 1.2,
    "ones": 9,
    "curve": 180,
    "causal mean": 1,
    "Sobel y": 0,
    "emboss": 1,
    "Prewitt x": 0,
    "Prewitt y": 0,
    "Scharr x": 0,
    "Scharr y": 0,
}
SEQUENCES = {"causal mean"}  # kernels of height 1

# What the worked examples call the kernels of the list.
NAMES = {
    "sharpen": "sharpen",
    "box-blur": "box blur",
    "gaussian-blur": "Gaussian blur",
    "sobel-x": "Sobel x",
    "sobel-y": "Sobel y",
    "101-010-101": "cross",
}


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_is_small_odd_and_square_and_says_what_it_does(name):
    entry = KERNELS[name]
    assert entry.name == name
    rows, columns = entry.values.shape
    assert rows == (1 if name in SEQUENCES else columns)
    assert columns % 2 == 1
    assert columns <= 7
    assert entry.values.dtype == np.float64
    assert np.isfinite(entry.values).all()
    assert entry.does.endswith(".")
    assert entry.source


@pytest.mark.parametrize(("name", "total"), TOTALS.items())
def test_blurs_keep_the_brightness_and_edge_finders_answer_zero_on_flat_areas(name, total):
    # Nine weights of 1/9 add up to 1 only to within rounding.
    assert kernel(name).sum() == pytest.approx(total, rel=1e-15, abs=1e-15)
    flat = conv2d(np.full((1, 8, 8), 7.0), [[kernel(name)]])
    np.testing.assert_allclose(flat, 7 * total, rtol=1e-14, atol=1e-14)


def test_no_kernel_goes_untested():
    assert list(TOTALS) == list(KERNELS)


def test_sobel_smooths_along_the_edge_and_subtracts_across_it():
    assert (kernel("Sobel x") == np.outer([1, 2, 1], [-1, 0, 1])).all()
    assert (kernel("Sobel y") == kernel("Sobel x").T).all()


def test_blurs_are_separable():
    assert (kernel("Gaussian blur") == np.outer([1, 2, 1], [1, 2, 1]) / 16).all()
    assert (kernel("box blur") == np.ones((3, 3)) / 9).all()


@pytest.mark.parametrize(
    ("name", "weights"), [("Sobel", [1, 2, 1]), ("Prewitt", [1, 1, 1]), ("Scharr", [3, 10, 3])]
)
def test_a_gradient_kernel_is_a_mean_times_a_difference(name, weights):
    assert (kernel(f"{name} x") == np.outer(weights, [-1, 0, 1])).all()
    assert (kernel(f"{name} y") == kernel(f"{name} x").T).all()


def test_sobel_is_positive_from_dark_to_bright():
    step = np.repeat([[0.0, 0, 10, 10]], 4, axis=0)
    assert (conv2d([step], [[kernel("Sobel x")]]) == 40).all()
    assert (conv2d([step.T], [[kernel("Sobel y")]]) == 40).all()
    assert (conv2d([step], [[kernel("Sobel y")]]) == 0).all()


def test_plus_weighs_the_pixel_as_much_as_two_of_its_neighbours():
    assert (10 * kernel("plus")).tolist() == [[0, 2, 0], [2, 4, 2], [0, 2, 0]]


def test_the_causal_mean_lets_the_present_count_half():
    assert kernel("causal mean").tolist() == [[0.25, 0.25, 0.5]]


def test_the_curve_answers_to_itself_and_not_to_itself_turned_over():
    curve = kernel("curve")
    assert sorted(set(curve.ravel().tolist())) == [0, 30]
    own = (curve * curve).sum()
    assert own == 6 * 30 * 30
    assert (curve * curve[::-1, ::-1]).sum() < own


def test_identity_copies():
    x = np.random.default_rng(1).normal(size=(1, 5, 6))
    assert (conv2d(x, [[kernel("identity")]], padding=1) == x).all()


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(
        InputError, match=r"^there is no kernel 'sobel'; known are cross, .*Sobel y"
    ):
        kernel("sobel")


def test_who_changes_a_kernel_changes_only_a_copy():
    kernel("cross")[0, 0] = 99
    assert kernel("cross")[0, 0] == 1


def scaled(given: dict[str, Any]) -> np.ndarray:
    return np.array(given["kernel"]) * float(Fraction(given.get("scale", "1")))


def one_map(image: Any, weights: Any, **layer: Any) -> np.ndarray:
    return conv2d([image], [[weights]], **layer)[0]


@pytest.mark.parametrize("fact", GOLDEN, ids=[fact["id"] for fact in GOLDEN])
def test_worked_example(fact):
    given, expect = fact["given"], fact["expect"]
    match given["op"]:
        case "kernel_props":
            weights = scaled(given)
            assert weights.sum() == pytest.approx(expect["sum"], abs=1e-15)
            assert (weights.sum() == 0) == expect["zero_sum"]
            assert (weights == weights[::-1, ::-1]).all() == expect["symmetric_180"]
            rank = np.linalg.matrix_rank(weights)
            assert (rank, rank == 1) == (expect["rank"], expect["separable"])
            known = NAMES.get(fact["id"].removeprefix("kernel-"))
            if known:
                np.testing.assert_allclose(weights, kernel(known), rtol=1e-15)
        case "kernel_on_constant":
            flat = one_map(np.full((4, 4), given["value"]), scaled(given))
            np.testing.assert_allclose(flat, expect, rtol=1e-14, atol=1e-14)
        case "outer":
            assert np.outer(given["col"], given["row"]).tolist() == expect
            assert any((np.array(expect) == np.array(k.rows)).all() for k in KERNELS.values())
        case "kernel_combo":
            total = sum(factor * np.array(weights) for factor, weights in given["terms"])
            assert total.tolist() == expect
            assert any((total == k.values).all() for k in KERNELS.values())
        case "flip180":
            assert kernel("Sobel x").tolist() == given["kernel"]
            assert kernel("Sobel x")[::-1, ::-1].tolist() == expect
        case "separable_equals":
            column, row = np.transpose([given["col"]]), [given["row"]]
            two_steps = one_map(one_map(given["image"], row), column)
            assert (one_map(given["image"], given["kernel"]) == two_steps).all()
            assert two_steps.tolist() == expect["map"]
        case "two_convs_equal_one":
            two = one_map(one_map(given["image"], given["a"]), given["b"])
            # The kernel of both: the full true convolution of one with the other.
            both = one_map(given["a"], np.array(given["b"])[::-1, ::-1], padding=2)
            assert both.shape == (5, 5)
            assert (one_map(given["image"], both) == two).all()
            assert list(two.shape) == expect["output_size"]
        case other:
            pytest.fail(f"no test for {other}")


def test_worked_examples_cover_the_kernels_that_they_name():
    props = {fact["id"] for fact in GOLDEN if fact["given"]["op"] == "kernel_props"}
    assert {f"kernel-{name}" for name in NAMES} <= props
